"""Compiles a callback with all that it calls into one function over the frame and the context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FunctionType

from omega.compiling import frame_reads
from omega.compiling.events import has_trade
from omega.compiling.kinds import FILL, NONE, TRADE, ArrayKind, Refused, Value, refusal
from omega.compiling.sources import Source, source_of
from omega.compiling.statements import write_body
from omega.compiling.writer import Scope, Writer

_DEEPEST = 20
"""Calls within calls at most: each is written where it stands, so that one of itself never ends."""


class Compiler(Writer):
    """Writes one callback."""

    def callback(self, function: FunctionType) -> None:
        """Write a callback: its strategy, its bar, and no result."""
        self._called(function, frame_reads.root(self))

    def events(self, on_fill: FunctionType | None, on_exit: FunctionType | None) -> None:
        """Write what is called for each fill: `on_fill`, and `on_exit` where it closed a trade."""
        event = self.emit.event
        if on_fill is not None:
            self._called(on_fill, Value(FILL, [event]))
        if on_exit is not None:
            with self.emit.builder.if_then(has_trade(self, event)):
                self._called(on_exit, Value(TRADE, [event]))

    def _called(self, function: FunctionType, given: Value) -> None:
        result = self.inline(function, [self.me, given], {})
        if result.kind != NONE:
            source = source_of(function)
            raise refusal(
                source.place(1),
                f"it returns {result.kind}; call self.buy, self.sell, self.close, self.cancel or "
                "self.modify in place of returning actions",
            )

    def inline(
        self, function: FunctionType, given: Sequence[Value], named: Mapping[str, Value]
    ) -> Value:
        """Write a function where it is called."""
        source = source_of(function)
        if len(self.scopes) >= _DEEPEST:
            raise Refused(f"{function.__qualname__} calls itself, or calls go too deep")
        caller = (*self.scope.path, self.emit.line) if self.scopes else ()
        scope = Scope(
            source,
            (*caller, function.__qualname__, len(self.scopes)),
            self.emit.builder.append_basic_block("exit"),
        )
        values = self._bound(source, given, named)
        line, loops, arrays = self.emit.line, self.loops, self.arrays_kept
        self.loops = []
        self.scopes.append(scope)
        try:
            for name, value in values.items():
                self.assign(name, value, is_argument=True)
            write_body(self, source.tree.body)
            if not self.emit.builder.block.is_terminated:
                self.assign("<result>", self.emit.none)
                self.emit.builder.branch(scope.exit)
            self.emit.builder.position_at_end(scope.exit)
            result = scope.statics.get("<result>", self.emit.none)
            if "<result>" in scope.slots:
                result = self.load("<result>")
            if not isinstance(result.kind, ArrayKind):  # then its own arrays are needed no more
                self.arrays_kept = arrays
        finally:
            self.scopes.pop()
            self.emit.line, self.loops = line, loops
        return result

    def _bound(
        self, source: Source, given: Sequence[Value], named: Mapping[str, Value]
    ) -> dict[str, Value]:
        arguments = source.tree.args
        if arguments.vararg or arguments.kwarg:
            raise Refused(f"{source.function.__name__} has * or ** in its arguments")
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        values = dict(zip(names, given, strict=False)) | dict(named)
        defaults = source.function.__defaults__ or ()
        known = dict(zip(reversed(names), reversed(defaults), strict=False))
        known |= source.function.__kwdefaults__ or {}
        expected = [*names, *(one.arg for one in arguments.kwonlyargs)]
        for name in expected:
            if name not in values and name in known:
                values[name] = self.constant(known[name])
        if len(given) > len(names) or set(values) != set(expected):
            raise Refused(
                f"{source.function.__name__} takes {', '.join(expected)}, and is given others"
            )
        return {name: values[name] for name in expected}

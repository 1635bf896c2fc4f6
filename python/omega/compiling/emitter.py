"""Machine code, one instruction after the other: numbers, branches, loads, failures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from omega.compiling import ir
from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    INT,
    MAYBE,
    NONE,
    POSITION,
    Kind,
    PartKind,
    Refused,
    Value,
)

WHOLE, SMALL, BYTE, BIT, REAL = (
    ir.Type("i64"),
    ir.Type("i32"),
    ir.Type("i8"),
    ir.Type("i1"),
    ir.Type("double"),
)
PARTS: dict[str, Any] = {"i": WHOLE, "f": REAL, "b": BIT}
EXACT = 1 << 53
"""Whole numbers up to here are floats exactly."""

_FLOATS = frozenset(
    {
        *("balance", "equity", "lots", "entry_price", "stop_loss", "take_profit", "rate"),
        *("contract_size", "entry_rate", "price", "ask_offset", "fee", "slippage", "trade_lots"),
        *("exit_price", "gross_pnl", "net_pnl", "fees", "swap", "r_multiple"),
    }
)
"""Fields of the structs that are floats; all others are whole numbers or addresses."""

_FIXED = frozenset(
    {
        *(("omega_frame", "tracks"), ("omega_frame", "columns"), ("omega_frame", "symbol_count")),
        *(("omega_column", "values"), ("omega_column", "track"), ("omega_track", "symbol")),
    }
)
"""Fields that are the same in the whole run: a loop over bars loads them once."""

Layout = dict[str, dict[str, int]]


class Emitter:
    """Writes the instructions of one function.

    Attributes:
        line: The line that they are of.
        read: What they read of the frame and of its tracks.
        remembers: Whether they change what the next call reads.
        is_never_idle: Whether each call reads the account or changes something, at once.
    """

    def __init__(
        self,
        module: ir.Module,
        function: ir.Function,
        layout: Layout,
        *,
        ends_at_account: bool = False,
    ) -> None:
        self.module, self.function, self.layout = module, function, layout
        self._ends_at_account, self.is_never_idle = ends_at_account, False
        self.entry = function.append_basic_block("entry")
        self.builder = ir.Builder(function.append_basic_block("body"))
        self.line = 0
        self.read: set[str] = set()
        self.remembers = False
        # What ends at the account is given its bars, which nothing then writes to in its loop.
        pointers, self._bars = function.args, None
        if ends_at_account:
            *pointers, self._bars = function.args
        addresses = [ir.Builder(self.entry).ptrtoint(one, WHOLE) for one in pointers]
        # Of what is called for fills, the event stands between.
        self.frame, *events, self.context = addresses
        self.event = events[0] if events else None

    def finish(self) -> None:
        """End the function: 0, all went well."""
        if not self.builder.block.is_terminated:
            self.builder.ret(SMALL(0))
        ir.Builder(self.entry).branch(self.function.basic_blocks[1])

    # Constants.

    def whole(self, number: int) -> Value:
        """Return a whole number.

        Raises:
            Refused: It has more than 64 bits.
        """
        if not -(1 << 63) <= number < 1 << 63:
            raise Refused(f"{number} has more than 64 bits")
        return Value(INT, [WHOLE(number)], number)

    def float(self, number: float) -> Value:
        """Return a float."""
        return Value(FLOAT, [REAL(number)], number)

    def truth(self, truth: bool) -> Value:
        """Return a truth."""
        return Value(BOOL, [BIT(int(truth))], truth)

    @property
    def none(self) -> Value:
        """Return None."""
        return Value(NONE, [], None)

    # Failures.

    def fail_if(self, problem: Any) -> None:
        """End the run with the number of the line where a problem is there."""
        with self.builder.if_then(problem, likely=False):
            self.builder.ret(SMALL(max(self.line, 1)))

    def fail(self) -> None:
        """End the run here."""
        self.builder.ret(SMALL(max(self.line, 1)))
        self.builder.position_at_end(self.builder.append_basic_block("after"))

    def touch(self) -> None:
        """Note that the account is read here, or something is changed."""
        self.is_never_idle |= self.builder.block is self.function.basic_blocks[1]
        if self._ends_at_account:
            self.builder.ret(SMALL(-1))
            self.builder.position_at_end(self.builder.append_basic_block("after"))

    def change(self) -> None:
        """Note that what the next call reads is changed here."""
        self.remembers = True
        self.touch()

    # Memory.

    def alloca(self, kind: Any, size: int | None = None) -> Any:
        """Return a place on the stack that lives as long as the call."""
        builder = ir.Builder(self.entry)
        return builder.alloca(kind, size)

    def load_at(self, address: Any, kind: Any, offset: int = 0, *, is_fixed: bool = False) -> Any:
        """Load what stands at an address; what is fixed is the same in the whole run."""
        if offset:
            address = self.builder.add(address, WHOLE(offset))
        pointer = self.builder.inttoptr(address, kind.as_pointer())
        return self.builder.load(pointer, is_fixed=is_fixed)

    def store_at(self, address: Any, value: Any, offset: int = 0) -> None:
        """Write to an address."""
        if offset:
            address = self.builder.add(address, WHOLE(offset))
        self.builder.store(value, self.builder.inttoptr(address, value.type.as_pointer()))

    def field(self, address: Any, struct: str, name: str) -> Any:
        """Load a field of a struct."""
        if self._bars is not None and (struct, name) == ("omega_track", "bars"):
            return self._bars  # it is called for markets of one track
        kind = REAL if name in _FLOATS else WHOLE
        if struct in ("omega_frame", "omega_track"):
            self.read.add(name)
        offset = self.layout[struct][name]
        return self.load_at(address, kind, offset, is_fixed=(struct, name) in _FIXED)

    def of_frame(self, name: str) -> Any:
        """Load a field of the frame."""
        if ("omega_frame", name) not in _FIXED:
            self.touch()
        return self.field(self.frame, "omega_frame", name)

    def element(self, address: Any, place: Any, size: int = 8) -> Any:
        """Return the address of an element."""
        return self.builder.add(address, self.builder.mul(place, WHOLE(size)))

    # Branches.

    @contextlib.contextmanager
    def loop(self) -> Iterator[tuple[Any, Any]]:
        """Repeat what is written inside until it branches to the second block."""
        again = self.builder.append_basic_block("loop")
        after = self.builder.append_basic_block("after")
        self.builder.branch(again)
        self.builder.position_at_end(again)
        yield again, after
        if not self.builder.block.is_terminated:
            self.builder.branch(again)
        self.builder.position_at_end(after)

    def call(self, name: str, result: Any, arguments: Sequence[Any]) -> Any:
        """Call a function by the name under which it was made known."""
        function = self.module.globals.get(name)
        if function is None:
            kind = ir.FunctionType(result, [one.type for one in arguments])
            function = ir.Function(self.module, kind, name)
        return self.builder.call(function, arguments)

    # Kinds.

    def coerced(self, value: Value, kind: Kind) -> Value:
        """Return a value as one of another kind, which holds it.

        Raises:
            Refused: That kind does not hold it.
        """
        made = value
        if value.kind == kind:
            pass
        elif kind in MAYBE:
            made = self._perhaps(value, kind)
        elif value.kind in MAYBE:
            made = self.coerced(self.unwrapped(value), kind)
        elif kind == INT and value.kind == BOOL:
            static = int(value.static) if value.is_static else value.static
            made = Value(INT, [self.builder.zext(value.part, WHOLE)], static)
        elif kind == FLOAT and value.kind in (INT, BOOL):
            made = self._as_float(self.coerced(value, INT))
        elif kind == POSITION and value.kind == NONE:
            made = Value(POSITION, [WHOLE(0)])
        elif joined_parts(value.kind, kind):
            made = Value(kind, value.parts)
        else:
            raise Refused(f"{value.kind} stands where {kind} is needed")
        return made

    def _perhaps(self, value: Value, kind: Kind) -> Value:
        """Return a value as one that may be None."""
        if value.kind == NONE:
            return Value(kind, [BIT(0), PARTS[kind.parts[1]](0)])
        if value.kind in MAYBE:
            has, inner = value.parts
            # Where it is None, what stands there is no number to look at.
            inner = self.builder.select(has, inner, PARTS[value.kind.parts[1]](0))
            inside = self.coerced(Value(MAYBE[value.kind], [inner]), MAYBE[kind])
            return Value(kind, [has, inside.part])
        return Value(kind, [BIT(1), self.coerced(value, MAYBE[kind]).part])

    def _as_float(self, value: Value) -> Value:
        if value.is_static:
            if abs(value.static) > EXACT:
                raise Refused(f"{value.static} is no float exactly")
            return self.float(float(value.static))
        # Python compares and divides whole numbers exactly, which floats beyond 2**53 are not.
        shifted = self.builder.add(value.part, WHOLE(EXACT))
        self.fail_if(self.builder.icmp_unsigned(">", shifted, WHOLE(2 * EXACT)))
        return Value(FLOAT, [self.builder.sitofp(value.part, REAL)])

    def unwrapped(self, value: Value) -> Value:
        """Return what may be None as what it is where it is not; None ends the run."""
        if value.kind not in MAYBE:
            return value
        has, inner = value.parts
        self.fail_if(self.builder.not_(has))
        return Value(MAYBE[value.kind], [inner])

    def number(self, value: Value) -> Value:
        """Return a number.

        Raises:
            Refused: It is none.
        """
        value = self.unwrapped(value)
        if value.kind == BOOL:
            return self.coerced(value, INT)
        if value.kind not in (INT, FLOAT):
            raise Refused(f"{value.kind} stands where a number is needed")
        return value

    def as_int(self, value: Value) -> Value:
        """Return a whole number.

        Raises:
            Refused: It is none.
        """
        value = self.number(value)
        if value.kind != INT:
            raise Refused(f"{value.kind} stands where a whole number is needed; write int(...)")
        return value

    def as_float(self, value: Value) -> Value:
        """Return a number as a float."""
        return self.coerced(self.number(value), FLOAT)

    def as_truth(self, value: Value) -> Any:
        """Return whether Python takes a value for true."""
        if value.kind in MAYBE:
            has, inner = value.parts
            return self.builder.and_(has, self.as_truth(Value(MAYBE[value.kind], [inner])))
        if value.kind == NONE:
            return BIT(0)
        if value.kind == BOOL:
            return value.part
        if value.kind in (INT, POSITION):
            return self.builder.icmp_signed("!=", value.part, WHOLE(0))
        if value.kind == FLOAT:
            return self.builder.fcmp_unordered("!=", value.part, REAL(0.0))
        raise Refused(f"{value.kind} stands where a truth is needed; write a comparison")

    def chosen(self, condition: Any, one: Value, other: Value) -> Value:
        """Return the one where a condition holds, else the other; both are of one kind."""
        pairs = zip(one.parts, other.parts, strict=True)
        return Value(one.kind, [self.builder.select(condition, a, b) for a, b in pairs])


def joined_parts(one: Kind, other: Kind) -> bool:
    """Return whether two kinds of arrays are laid out alike."""
    if isinstance(one, PartKind) and isinstance(other, PartKind):
        # Of one source they are of one kind when all is known.
        return one.source == other.source or one.item == other.item
    item = getattr(one, "item", None)
    return item is not None and item == getattr(other, "item", None) and one.parts == other.parts

"""State of the compiler for one callback: its variables, texts and arrays."""

from __future__ import annotations

import abc
import ast
import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any

from omega.compiling import ir
from omega.compiling.emitter import BIT, BYTE, PARTS, WHOLE, Emitter
from omega.compiling.fields import Fields
from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    INT,
    MAYBE,
    NONE,
    OBJECT,
    SYMBOLS,
    TEXT,
    ArrayKind,
    Kind,
    ListKind,
    Refused,
    Value,
    joined,
    refusal,
)
from omega.compiling.sources import Globals, Source

WORDS, TRACKS, TIMEFRAMES, SYMBOL_WORDS, WORD_COUNT, SCRATCH, SCRATCH_LEFT = range(0, 56, 8)
PER_SECOND, REQUESTED, ZONES = range(56, 80, 8)
"""Where the context has the tables of texts, the room for arrays of the moment, the unit of times,
whether something was requested, and by symbol the table of its time zone."""


@dataclasses.dataclass
class Slot:
    """A variable: its kind, its parts on the stack, and whether it has a value."""

    kind: Kind
    parts: list[Any]
    bound: Any


@dataclasses.dataclass(frozen=True)
class Own:
    """The strategy, or an object that it has: the path to it."""

    path: str

    def to(self, name: str) -> str:
        """Return the path to an attribute of it."""
        return f"{self.path}.{name}" if self.path else name


class Scope:
    """The variables of one call of a function."""

    def __init__(self, source: Source, path: tuple[object, ...], exit_block: Any) -> None:
        self.source, self.path, self.exit = source, path, exit_block
        self.slots: dict[str, Slot] = {}
        self.statics: dict[str, Value] = {}


class Writer(abc.ABC):
    """Writes one callback; what of it is seen, called and requested is written beside it."""

    def __init__(
        self,
        emit: Emitter,
        sizes: Mapping[str, int],
        fields: Fields,
        kinds: dict[object, Kind],
        known: Globals,
    ) -> None:
        self.emit, self.sizes, self.fields, self.kinds = emit, sizes, fields, kinds
        self.globals = known
        self.loops: list[tuple[Any, Any]] = []
        self.scopes: list[Scope] = []
        self.is_complete = True
        self.arrays_kept = 0
        self.push_type = ir.FunctionType(WHOLE, [BYTE.as_pointer(), BYTE.as_pointer()])

    @property
    def scope(self) -> Scope:
        """The variables of the function that is being written."""
        return self.scopes[-1]

    @abc.abstractmethod
    def inline(
        self, function: FunctionType, given: Sequence[Value], named: Mapping[str, Value]
    ) -> Value:
        """Write a function where it is called."""

    @property
    def me(self) -> Value:
        """The strategy itself."""
        return Value(OBJECT, [], Own(""))

    @contextlib.contextmanager
    def at(self, node: ast.AST) -> Iterator[None]:
        """Write what stands at a place; what is refused there is told with it."""
        line = getattr(node, "lineno", None)
        source = self.scope.source
        if line is not None:
            self.emit.line = source.line(line)
        try:
            yield
        except Refused as refused:
            raise refusal(source.place(line or 1), _told(node, refused)) from None

    # Variables.

    def assign(self, name: str, value: Value, *, is_argument: bool = False) -> None:
        """Return a variable a value."""
        scope = self.scope
        fixed = is_argument and name not in scope.source.assigned
        is_whole = value.kind == OBJECT or isinstance(value.kind, ListKind)
        if is_whole or (fixed and value.is_static):
            before = scope.statics.get(name)
            if name in scope.slots or (before is not None and before.static != value.static):
                raise Refused(f"{name} stands for different things; use two names")
            scope.statics[name] = value
            return
        self.arrays_kept += isinstance(value.kind, ArrayKind)
        if value.kind.name == "tuple":
            raise Refused("a tuple is compiled where its parts are taken, as in a, b = x, y")
        if name in scope.statics:
            raise Refused(f"{name} stands for different things; use two names")
        kind = self.note((scope.path, name), value.kind)
        slot = scope.slots.get(name)
        if slot is None or slot.kind != kind:
            parts = [self.emit.alloca(PARTS[part]) for part in kind.parts]
            bound = self.emit.alloca(BIT)
            ir.Builder(self.emit.entry).store(BIT(0), bound)
            slot = scope.slots[name] = Slot(kind, parts, bound)
        made = self.emit.coerced(value, kind)
        for part, place in zip(made.parts, slot.parts, strict=True):
            self.emit.builder.store(part, place)
        self.emit.builder.store(BIT(1), slot.bound)

    def note(self, key: object, kind: Kind) -> Kind:
        """Widen what is known of a variable; where that changes it, all is written again."""
        before = self.kinds.get(key)
        after = joined(before, kind)
        if before is not None and after != before:
            self.is_complete = False
        self.kinds[key] = after
        return after

    def load(self, name: str) -> Value:
        """Return the value of a variable; one that has none ends the run."""
        slot = self.scope.slots[name]
        builder = self.emit.builder
        self.emit.fail_if(builder.not_(builder.load(slot.bound)))
        return Value(slot.kind, [builder.load(part) for part in slot.parts])

    def constant(self, given: Any) -> Value:
        """Return something that is known before the run."""
        if given is None:
            return self.emit.none
        if isinstance(given, bool):
            return self.emit.truth(given)
        if isinstance(given, int):
            return self.emit.whole(int(given))
        if isinstance(given, float):
            return self.emit.float(float(given))
        if isinstance(given, str):
            return self.text(given)
        return Value(OBJECT, [], given)

    # Texts: numbers of a table that the context has.

    def text(self, given: str) -> Value:
        """Return a text."""
        return Value(TEXT, [WHOLE(self.fields.number_of_text(given))], given)

    def table(self, place: int) -> Any:
        """Return where a table of texts is."""
        self.fields.has_texts = True
        return self.emit.load_at(self.emit.context, WHOLE, place)

    def address_of_text(self, number: Any) -> Any:
        """Return where a text stands in memory."""
        return self.emit.load_at(self.emit.element(self.table(WORDS), number), WHOLE)

    def text_of_symbol(self, place: Any) -> Value:
        """Return the name of a symbol."""
        table = self.table(SYMBOL_WORDS)
        return Value(TEXT, [self.emit.load_at(self.emit.element(table, place), WHOLE)])

    def track_of_text(self, name: Value) -> Any:
        """Return the track of a symbol by its name; one that the run has not ends it."""
        name = self.emit.unwrapped(name)
        if name.kind != TEXT:
            raise Refused(f"{name.kind} stands where the name of a symbol is needed")
        found = self.emit.load_at(self.emit.element(self.table(TRACKS), name.part), WHOLE)
        self.emit.fail_if(self.emit.builder.icmp_signed("<", found, WHOLE(0)))
        return found

    def symbols(self) -> Value:
        """Return the names of the symbols that are ready."""
        self.fields.has_texts = True
        return Value(SYMBOLS)

    # Arrays.

    @contextlib.contextmanager
    def for_a_moment(self) -> Iterator[None]:
        """Free the room of arrays that a statement makes, unless a variable has one of them."""
        before, kept = self.emit.builder.load(self.scratch_place), self.arrays_kept
        yield
        if kept == self.arrays_kept and not self.emit.builder.block.is_terminated:
            self.emit.builder.store(before, self.scratch_place)

    def scratch(self, count: Any) -> Any:
        """Return room for some floats, until the callback returns."""
        emit = self.emit
        builder = emit.builder
        self.fields.has_scratch = True
        place = builder.load(self.scratch_place)
        after = builder.add(place, count)
        limit = emit.load_at(emit.context, WHOLE, SCRATCH_LEFT)
        emit.fail_if(builder.icmp_unsigned(">", after, limit))
        builder.store(after, self.scratch_place)
        return emit.element(emit.load_at(emit.context, WHOLE, SCRATCH), place)

    @property
    def scratch_place(self) -> Any:
        """How much of that room is taken."""
        if not hasattr(self, "_scratch_place"):
            self._scratch_place = self.emit.alloca(WHOLE)
            ir.Builder(self.emit.entry).store(WHOLE(0), self._scratch_place)
        return self._scratch_place

    def item(self, kind: Kind, address: Any, place: Any) -> Value:
        """Load an item of an array of one dimension."""
        item = kind.item if isinstance(kind, ArrayKind) else FLOAT
        if item == BOOL:
            byte = self.emit.load_at(self.emit.builder.add(address, place), BYTE)
            return Value(BOOL, [self.emit.builder.icmp_signed("!=", byte, BYTE(0))])
        part = PARTS[item.parts]
        return Value(item, [self.emit.load_at(self.emit.element(address, place), part)])

    # What the strategy has of its own.

    def read_field(self, path: str) -> Value:
        """Read an attribute of the strategy."""
        field = self.fields.of(path)
        if field.kind == OBJECT or isinstance(field.kind, ListKind):
            return Value(field.kind, [], Own(path))
        kind = self.note(("field", path), field.kind)
        emit, offset = self.emit, field.offset
        if isinstance(kind, ArrayKind):
            parts = [
                emit.load_at(emit.context, WHOLE, offset + 8 * k) for k in range(len(kind.parts))
            ]
            return Value(kind, parts)
        if kind == NONE:
            return emit.none
        if kind in MAYBE:
            has = emit.builder.icmp_signed(
                "!=", emit.load_at(emit.context, WHOLE, offset), WHOLE(0)
            )
            part = emit.load_at(emit.context, PARTS[kind.parts[1]], offset + 8)
            return Value(kind, [has, part])
        part = emit.load_at(emit.context, WHOLE if kind == BOOL else PARTS[kind.parts], offset + 8)
        is_truth = kind == BOOL
        return Value(kind, [emit.builder.icmp_signed("!=", part, WHOLE(0)) if is_truth else part])

    def write_field(self, path: str, value: Value) -> None:
        """Change an attribute of the strategy."""
        field = self.fields.of(path)
        if isinstance(field.kind, ListKind):
            raise Refused(
                f"self.{path} is a list and cannot be replaced; empty it with self.{path}.clear(), "
                "and put numbers in with append"
            )
        if field.kind == OBJECT or field.column is not None or isinstance(field.kind, ArrayKind):
            raise Refused(
                f"self.{path} is {field.told} and cannot be replaced; change the items of an array,"
                f" as in self.{path}[:] = ..."
            )
        if value.kind not in (INT, FLOAT, BOOL, TEXT, NONE) and value.kind not in MAYBE:
            raise Refused(
                f"self.{path} is set to {value.kind}, which lasts until the callback returns; keep "
                "its numbers"
            )
        self.note(("field", path), field.kind)
        kind = self.note(("field", path), value.kind)
        field.is_written = True
        made, emit, offset = self.emit.coerced(value, kind), self.emit, field.offset
        emit.change()
        if kind in MAYBE:
            emit.store_at(emit.context, emit.builder.zext(made.parts[0], WHOLE), offset)
            emit.store_at(emit.context, made.parts[1], offset + 8)
        elif kind == BOOL:
            emit.store_at(emit.context, emit.builder.zext(made.part, WHOLE), offset + 8)
        elif kind != NONE:
            emit.store_at(emit.context, made.part, offset + 8)


def _told(node: ast.AST, refused: Refused) -> str:
    try:
        text = ast.unparse(node).splitlines()[0]
    except (AttributeError, ValueError):
        return str(refused)
    return f"{text!r}: {refused}"

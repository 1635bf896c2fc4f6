"""Lists of numbers in compiled code: memory of the context that grows.

A field has the address of the items, how many there are, and how many there is room for. What an
item is follows from what is put in, as for variables: of whole numbers and floats all are floats.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from omega.compiling.arithmetic import binary, compared
from omega.compiling.arrays import fold
from omega.compiling.emitter import BYTE, PARTS, WHOLE
from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    INT,
    TUPLE,
    Kind,
    ListKind,
    PartKind,
    Refused,
    Value,
)
from omega.compiling.writer import Own, Writer

_LEAST_ROOM = 16
_ADD, _EQUAL = ast.Add(), ast.Eq()
ADDRESS, LENGTH, ROOM = 0, 8, 16
"""Where a field has what."""


class Grown:
    """A list in code: its place in the context, and the kind of its items."""

    def __init__(self, writer: Writer, given: Value) -> None:
        if not isinstance(given.kind, ListKind) or not isinstance(given.static, Own):
            raise Refused(f"{given.kind} is no list of the strategy")
        self.writer, self.emit = writer, writer.emit
        self.field = writer.fields.of(given.static.path)
        key = ("items", self.field.path)
        # The narrowest kind, where nothing has been put in yet as far as is written.
        known = given.kind.held or writer.kinds.get(key) or BOOL
        self.key, self.item = key, writer.note(key, known)
        if given.kind.has_whole:
            note_whole_numbers(writer, self.field.path)

    def _load(self, place: int) -> Any:
        return self.emit.load_at(self.emit.context, WHOLE, self.field.offset + place)

    def _store(self, place: int, number: Any) -> None:
        self._change()
        self.emit.store_at(self.emit.context, number, self.field.offset + place)

    def _change(self) -> None:
        self.field.is_written = True
        self.emit.change()

    @property
    def length(self) -> Any:
        """How many there are."""
        return self._load(LENGTH)

    def _address(self, place: Any) -> Any:
        return self.emit.element(self._load(ADDRESS), place)

    def at(self, place: Any) -> Value:
        """Load an item that is there."""
        if self.item == BOOL:
            whole = self.emit.load_at(self._address(place), WHOLE)
            return Value(BOOL, [self.emit.builder.icmp_signed("!=", whole, WHOLE(0))])
        part = self.emit.load_at(self._address(place), PARTS[self.item.parts])
        return Value(self.item, [part])

    def put(self, place: Any, given: Value) -> None:
        """Write an item that is there."""
        number = self.emit.number(given) if given.kind != BOOL else given
        self.item = self.writer.note(self.key, number.kind)
        if number.kind != FLOAT:
            note_whole_numbers(self.writer, self.field.path)
        part = self.emit.coerced(number, self.item).part
        self._change()
        if self.item == BOOL:
            part = self.emit.builder.zext(part, WHOLE)
        self.emit.store_at(self._address(place), part)

    def place(self, key: Value) -> Any:
        """Return a place by its index; one that is not there ends the run."""
        builder, length = self.emit.builder, self.length
        index = self.emit.as_int(key).part
        below = builder.icmp_signed("<", index, WHOLE(0))
        index = builder.select(below, builder.add(index, length), index)
        self.emit.fail_if(builder.icmp_unsigned(">=", index, length))
        return index

    def append(self, given: Value) -> None:
        """Put an item at the end."""
        self._change()  # before room is made
        builder, length = self.emit.builder, self.length
        with builder.if_then(builder.icmp_signed(">=", length, self._load(ROOM)), likely=False):
            least = WHOLE(_LEAST_ROOM)
            more = builder.mul(length, WHOLE(2))
            more = builder.select(builder.icmp_signed("<", more, least), least, more)
            pointer = builder.inttoptr(self._load(ADDRESS), BYTE.as_pointer())
            size = builder.mul(more, WHOLE(8))
            moved = self.emit.call("omega_realloc", BYTE.as_pointer(), [pointer, size])
            moved = builder.ptrtoint(moved, WHOLE)
            self.emit.fail_if(builder.icmp_signed("==", moved, WHOLE(0)))
            self._store(ADDRESS, moved)
            self._store(ROOM, more)
        self.put(length, given)
        self._store(LENGTH, builder.add(length, WHOLE(1)))

    def extend(self, given: Value) -> None:
        """Put the items of a list, of a part of one, or of a tuple at the end."""
        if given.kind == TUPLE:
            for one in given.static:
                self.append(one)
        elif isinstance(given.kind, PartKind):
            fold(self.writer, given, lambda _, one: self.append(one))
        elif isinstance(given.kind, ListKind):
            # As many as it has now: it may be the list itself.
            other = Grown(self.writer, given)
            self.extend(other.part(WHOLE(0), other.length))
        else:
            raise Refused(
                f"{given.kind} is given; a list takes items of lists, their parts, tuples"
            )

    def replace(self, given: Value) -> None:
        """Put other items in the place of all."""
        if isinstance(given.kind, ListKind):
            other = Grown(self.writer, given)
            given = other.part(WHOLE(0), other.length)
        self.clear()
        self.extend(given)

    def taken(self, place: Any) -> Value:
        """Take an item out; those after it move up."""
        found = self.at(place)
        self.cut(place, WHOLE(1))
        return found

    def part(self, first: Any, count: Any) -> Value:
        """Return a part of it, which is a list of its own until the statement ends."""
        emit = self.emit
        address = self.writer.scratch(count)
        size = 1 if self.item == BOOL else 8
        place = emit.alloca(WHOLE)
        emit.builder.store(WHOLE(0), place)
        with emit.loop() as (_, after):
            now = emit.builder.load(place)
            inside = emit.builder.append_basic_block("inside")
            emit.builder.cbranch(emit.builder.icmp_signed("<", now, count), inside, after)
            emit.builder.position_at_end(inside)
            part = self.at(emit.builder.add(first, now)).part
            part = emit.builder.zext(part, BYTE) if self.item == BOOL else part
            emit.store_at(emit.element(address, now, size), part)
            emit.builder.store(emit.builder.add(now, WHOLE(1)), place)
        kind = PartKind(
            "part of a list",
            "ii",
            item=self.item,
            dimensions=1,
            writeable=False,
            source=self.field.path,
        )
        return Value(kind, [address, count])

    def cut(self, first: Any, count: Any) -> None:
        """Take a part out; the items after it move up."""
        self._change()
        builder = self.emit.builder
        length = self.length
        place = self.emit.alloca(WHOLE)
        builder.store(builder.add(first, count), place)
        with self.emit.loop() as (_, after):
            now = builder.load(place)
            inside = builder.append_basic_block("inside")
            builder.cbranch(builder.icmp_signed("<", now, length), inside, after)
            builder.position_at_end(inside)
            item = self.emit.load_at(self._address(now), WHOLE)
            self.emit.store_at(self._address(builder.sub(now, count)), item)
            builder.store(builder.add(now, WHOLE(1)), place)
        self._store(LENGTH, builder.sub(length, count))

    def clear(self) -> None:
        """Take all items out."""
        self._store(LENGTH, WHOLE(0))

    def each(self, visit: Callable[[Value], None]) -> None:
        """Visit all items, those too that are put in meanwhile."""
        builder = self.emit.builder
        place = self.emit.alloca(WHOLE)
        builder.store(WHOLE(0), place)
        with self.emit.loop() as (again, after):
            now = builder.load(place)
            inside = builder.append_basic_block("inside")
            builder.cbranch(builder.icmp_signed("<", now, self.length), inside, after)
            builder.position_at_end(inside)
            builder.store(builder.add(now, WHOLE(1)), place)
            self.writer.loops.append((again, after))
            visit(self.at(now))
            self.writer.loops.pop()


def note_whole_numbers(writer: Writer, source: str) -> None:
    """Note that a list has items that are no floats, whatever else it has."""
    if ("whole", source) not in writer.kinds:
        writer.kinds["whole", source] = INT
        writer.is_complete = False  # what was written before may depend on it


def has_whole_numbers(writer: Writer, source: str, item: Kind) -> bool:
    """Return whether a list may have items that are no floats."""
    return item != FLOAT or ("whole", source) in writer.kinds


def called(writer: Writer, given: Value, name: str, arguments: Sequence[Value]) -> Value:
    """Call a method of a list.

    Raises:
        Refused: It is not compiled.
    """
    if name == "count" and len(arguments) == 1:
        return Value(INT, [_counted(writer, given, arguments[0])])
    if isinstance(given.kind, PartKind):
        raise Refused(f"a part of a list has no compiled {name!r}; it is read, and lasts no longer")
    grown, none = Grown(writer, given), writer.emit.none
    if name == "append" and len(arguments) == 1:
        grown.append(arguments[0])
        return none
    if name == "extend" and len(arguments) == 1:
        grown.extend(arguments[0])
        return none
    if name == "clear" and not arguments:
        grown.clear()
        return none
    if name == "pop" and len(arguments) <= 1:
        key = arguments[0] if arguments else writer.emit.whole(-1)
        return grown.taken(grown.place(key))
    raise Refused(
        f"a list has no compiled {name!r}; it has append(x), extend(xs), pop(), pop(i), clear(), "
        "count(x), len, items, in and loops"
    )


def _each(writer: Writer, given: Value) -> Callable[[Callable[[Value], None]], None]:
    """Return what visits the items of a list, or of a part of one."""
    if isinstance(given.kind, PartKind):
        return lambda visit: fold(writer, given, lambda _, one: visit(one))
    return Grown(writer, given).each


def _counted(writer: Writer, given: Value, wanted: Value) -> Any:
    emit = writer.emit
    found = emit.alloca(WHOLE)
    emit.builder.store(WHOLE(0), found)
    bare = emit.unwrapped(wanted)
    if bare.kind == FLOAT:  # NaN is found by which object it is, and code has no objects
        emit.fail_if(emit.builder.fcmp_unordered("uno", bare.part, bare.part))

    def look(one: Value) -> None:
        same = compared(emit, _EQUAL, one, bare).part
        now = Value(INT, [emit.builder.load(found)])
        more = binary(emit, _ADD, now, Value(INT, [emit.builder.zext(same, WHOLE)]))
        emit.builder.store(more.part, found)

    _each(writer, given)(look)
    return emit.builder.load(found)


def has(writer: Writer, given: Value, wanted: Value) -> Any:
    """Return whether a list, or a part of one, has a number."""
    count = _counted(writer, given, wanted)
    return writer.emit.builder.icmp_signed("!=", count, WHOLE(0))


def extreme(writer: Writer, given: Value, word: str) -> Value:
    """Return the least or greatest item, as `min` and `max` find it."""
    emit = writer.emit
    if isinstance(given.kind, PartKind):
        emit.fail_if(emit.builder.icmp_signed("==", given.parts[1], WHOLE(0)))
        first = writer.item(given.kind, given.parts[0], WHOLE(0))
    else:
        grown = Grown(writer, given)
        emit.fail_if(emit.builder.icmp_signed("==", grown.length, WHOLE(0)))
        first = grown.at(WHOLE(0))
    first = emit.number(first) if first.kind == BOOL else first
    best = emit.alloca(first.part.type)
    emit.builder.store(first.part, best)

    def look(one: Value) -> None:
        one = emit.number(one)
        now = emit.builder.load(best)
        if one.kind == INT:
            better = emit.builder.icmp_signed(word, one.part, now)
        else:
            better = emit.builder.fcmp_ordered(word, one.part, now)
        with emit.builder.if_then(better):
            emit.builder.store(one.part, best)

    _each(writer, given)(look)
    return Value(first.kind, [emit.builder.load(best)])


def truth(writer: Writer, given: Value) -> Any:
    """Return whether a list, or a part of one, has any item."""
    if isinstance(given.kind, PartKind):
        return writer.emit.builder.icmp_signed("!=", given.parts[1], WHOLE(0))
    return writer.emit.builder.icmp_signed("!=", Grown(writer, given).length, WHOLE(0))

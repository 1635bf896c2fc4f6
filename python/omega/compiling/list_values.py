"""What Python makes of whole lists: `xs + ys`, `xs == ys`, `xs < ys`, `sum(xs)`, `sorted(xs)`.

A list that is made here is read until the callback returns, as a part of a list is.
"""

from __future__ import annotations

import ast
import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import Any

from omega.compiling.arithmetic import binary
from omega.compiling.arithmetic import compared as compared_numbers
from omega.compiling.arrays import fold
from omega.compiling.emitter import BIT, BYTE, REAL, WHOLE
from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    INT,
    NUMBERS,
    TUPLE,
    ArrayKind,
    Kind,
    ListKind,
    PartKind,
    Refused,
    Value,
    joined,
)
from omega.compiling.lists import Grown, has_whole_numbers, note_whole_numbers
from omega.compiling.writer import Writer

_ADDS_ONE_BY_ONE = sys.version_info < (3, 12)
"""Whether `sum` adds floats as `+` does.

Since 3.12 it adds what rounding lost, but not from the first number of NumPy on.
"""
_ORDERS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_KINDS = {FLOAT: 0, INT: 1, BOOL: 2}


@dataclasses.dataclass(frozen=True)
class _Items:
    """The items of a list, of a part of one, or of one that is written out."""

    count: Any
    item: Kind
    source: str
    at: Callable[[Any], Value]


def is_list(given: Value) -> bool:
    """Return whether something is a list, or a part of one."""
    return isinstance(given.kind, (ListKind, PartKind))


def _written_out(writer: Writer, node: ast.expr, given: Value) -> Value:
    """Return `[a, b]` as a list where it stands beside one; anything else as it is."""
    if not isinstance(node, ast.List) or given.kind != TUPLE:
        return given
    item: Kind = BOOL
    for one in given.static:
        if one.kind not in NUMBERS:
            raise Refused(f"a list holds {one.kind}; compiled are lists of numbers")
        item = joined(item, one.kind)
    is_whole = any(one.kind != FLOAT for one in given.static)
    source = "[whole numbers]" if is_whole else "[floats]"
    if is_whole:
        note_whole_numbers(writer, source)
    address = writer.scratch(WHOLE(len(given.static)))
    made = Value(_kind(item, source), [address, WHOLE(len(given.static))])
    for place, one in enumerate(given.static):
        _put(writer, made, WHOLE(place), one)
    return made


def _kind(item: Kind, source: str) -> PartKind:
    return PartKind("list", "ii", item=item, dimensions=1, writeable=False, source=source)


def _put(writer: Writer, made: Value, place: Any, one: Value) -> None:
    """Write an item of a list that is being made."""
    emit, item = writer.emit, _items(writer, made).item
    part = emit.coerced(one, item).part
    part = emit.builder.zext(part, BYTE) if item == BOOL else part
    emit.store_at(emit.element(made.parts[0], place, 1 if item == BOOL else 8), part)


def _items(writer: Writer, given: Value) -> _Items:
    kind = given.kind
    if isinstance(kind, PartKind):
        address, count = given.parts
        return _Items(count, kind.item, kind.source, lambda k: writer.item(kind, address, k))
    if isinstance(kind, ListKind):
        grown = Grown(writer, given)
        return _Items(grown.length, grown.item, grown.field.path, grown.at)
    raise Refused(f"{kind} stands where a list is needed; write [a, b] for one")


def binary_of(
    writer: Writer, operator: ast.operator, *given: tuple[ast.expr, Value]
) -> Value | None:
    """Return `xs + ys`: what is of whole numbers and floats is a list of floats.

    None where neither is a list.

    Raises:
        Refused: It is another operator, or one of them is no list.
    """
    if not any(is_list(one) for _, one in given):
        return None
    if not isinstance(operator, ast.Add):
        raise Refused("of lists + alone is compiled; write a loop over their items")
    both = [_items(writer, _written_out(writer, *one)) for one in given]
    source = " + ".join(one.source for one in both)
    item = writer.note(("items", source), joined(both[0].item, both[1].item))
    if any(has_whole_numbers(writer, one.source, one.item) for one in both):
        note_whole_numbers(writer, source)
    builder = writer.emit.builder
    first, count = both[0].count, builder.add(both[0].count, both[1].count)
    made = Value(_kind(item, source), [writer.scratch(count), count])
    for one, begin in zip(both, (WHOLE(0), first), strict=True):
        _copy(writer, one, made, begin)
    return made


def _copy(writer: Writer, items: _Items, made: Value, begin: Any) -> None:
    """Write items into a list that is being made, from a place on."""
    builder = writer.emit.builder
    place = writer.emit.alloca(WHOLE)
    builder.store(WHOLE(0), place)
    with writer.emit.loop() as (_, after):
        now = builder.load(place)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.icmp_signed("<", now, items.count), inside, after)
        builder.position_at_end(inside)
        _put(writer, made, builder.add(begin, now), items.at(now))
        builder.store(builder.add(now, WHOLE(1)), place)


def compared(writer: Writer, operator: ast.cmpop, *given: tuple[ast.expr, Value]) -> Value | None:
    """Compare two lists: by the first items that differ, else by their lengths.

    None where neither is a list. Two NaN at the same place end the run: Python finds out whether
    they are one object.

    Raises:
        Refused: It is no comparison, or one of them is no list.
    """
    if not any(is_list(one) for _, one in given):
        return None
    emit = writer.emit
    one, other = (_items(writer, _written_out(writer, *each)) for each in given)
    builder = emit.builder
    is_equality = isinstance(operator, (ast.Eq, ast.NotEq))
    if not is_equality and type(operator) not in _ORDERS:
        raise Refused("lists are compared by <, <=, >, >=, == and !=")
    as_long = builder.icmp_signed("==", one.count, other.count)
    shorter = builder.icmp_signed("<", one.count, other.count)
    least = builder.select(shorter, one.count, other.count)
    if is_equality:  # lists of other lengths are not looked into
        least = builder.select(as_long, least, WHOLE(0))
    place, result = emit.alloca(WHOLE), emit.alloca(BIT)
    builder.store(WHOLE(0), place)
    if is_equality:
        builder.store(as_long, result)
    else:
        by_length = builder.icmp_signed(_ORDERS[type(operator)], one.count, other.count)
        builder.store(by_length, result)
    with emit.loop() as (_, after):
        now = builder.load(place)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.icmp_signed("<", now, least), inside, after)
        builder.position_at_end(inside)
        pair = one.at(now), other.at(now)
        if pair[0].kind == pair[1].kind == FLOAT:
            unknown = [builder.fcmp_unordered("uno", of.part, of.part) for of in pair]
            emit.fail_if(builder.and_(*unknown))
        builder.store(builder.add(now, WHOLE(1)), place)
        differ = compared_numbers(emit, ast.NotEq(), *pair).part
        with builder.if_then(differ):
            told = BIT(0) if is_equality else compared_numbers(emit, operator, *pair).part
            builder.store(told, result)
            builder.branch(after)
            builder.position_at_end(builder.append_basic_block("dead"))
    found = builder.load(result)
    return Value(BOOL, [builder.not_(found) if isinstance(operator, ast.NotEq) else found])


def total(writer: Writer, given: Sequence[Value]) -> Value:
    """Return `sum(xs)` of a list, or of a window or array of floats, from the first item on.

    Raises:
        Refused: It is of something else, or of whole numbers and floats in one list.
    """
    if len(given) != 1:
        raise Refused("sum() is compiled with a list alone")
    (one,) = given
    if isinstance(one.kind, ArrayKind) and not isinstance(one.kind, PartKind):
        if one.kind.item != FLOAT or one.kind.dimensions != 1:
            raise Refused(f"sum() of {one.kind} is not compiled; write np.sum(array)")
        return _added(writer, lambda visit: fold(writer, one, lambda _, item: visit(item)), FLOAT)
    items = _items(writer, one)
    if items.item == FLOAT and not _ADDS_ONE_BY_ONE:
        raise Refused(
            "sum() of a list of floats depends since Python 3.12 on which of them are numbers of "
            "NumPy; write np.sum(xs[:]), or a loop"
        )
    if items.item == FLOAT and has_whole_numbers(writer, items.source, items.item):
        raise Refused(
            "sum() of a list that has whole numbers and floats, which Python adds apart; put "
            "floats in alone, as in [0.0] or append(float(x))"
        )

    def each(visit: Callable[[Value], None]) -> None:
        if isinstance(one.kind, PartKind):
            fold(writer, one, lambda _, item: visit(item))
        else:
            Grown(writer, one).each(visit)

    return _added(writer, each, items.item)


def _added(writer: Writer, each: Callable[[Callable[[Value], None]], None], item: Kind) -> Value:
    emit = writer.emit
    builder = emit.builder
    kind = FLOAT if item == FLOAT else INT
    begin = REAL(0.0) if kind == FLOAT else WHOLE(0)
    found = emit.alloca(begin.type)
    builder.store(begin, found)

    def add(one: Value) -> None:
        more = binary(emit, ast.Add(), Value(kind, [builder.load(found)]), one)
        builder.store(more.part, found)

    each(add)
    return Value(kind, [builder.load(found)])


def ordered(writer: Writer, given: Sequence[Value]) -> Value:
    """Return `sorted(xs)`; NaN in it ends the run, as no order has a place for it.

    Raises:
        Refused: It is of something else than a list.
    """
    if len(given) != 1 or not is_list(given[0]):
        raise Refused("sorted() is compiled with a list alone")
    emit = writer.emit
    items = _items(writer, given[0])
    made = Value(_kind(items.item, items.source), [writer.scratch(items.count), items.count])
    _copy(writer, items, made, WHOLE(0))
    pointer = emit.builder.inttoptr(made.parts[0], BYTE.as_pointer())
    kind = WHOLE(_KINDS[items.item])
    done = emit.call("omega_sort", WHOLE, [pointer, items.count, kind])
    emit.fail_if(emit.builder.icmp_signed("==", done, WHOLE(0)))
    return made

"""Items, rows and slices of arrays."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from omega.compiling.emitter import WHOLE
from omega.compiling.kinds import BOOL, ArrayKind, Refused, Value
from omega.compiling.writer import Writer

Read = Callable[[Writer, ast.expr], Value]
"""Writes an expression."""


def item_of(writer: Writer, array: Value, key: ast.expr, value: Read) -> Value:
    """Read an item, a row or a part of an array."""
    kind = array.kind
    if not isinstance(kind, ArrayKind):
        raise Refused(f"{kind} is no array")
    if isinstance(key, ast.Slice):
        return _part_of(writer, array, key, value)
    keys = key.elts if isinstance(key, ast.Tuple) else [key]
    address, places = place_of(writer, array, keys, value)
    if places == kind.dimensions:
        return writer.item(kind, address, WHOLE(0))
    name, parts = kind.name, "ii"
    row = ArrayKind(name, parts, item=kind.item, dimensions=1, writeable=kind.writeable)
    return Value(row, [address, array.parts[2]])


def place_of(writer: Writer, array: Value, keys: list[ast.expr], value: Read) -> tuple[Any, int]:
    """Return the address of an item or a row, and by how many indices; one outside ends the run."""
    kind, emit = array.kind, writer.emit
    if not isinstance(kind, ArrayKind) or len(keys) > kind.dimensions:
        raise Refused(f"{kind} has no {len(keys)} indices")
    builder = emit.builder
    flat: Any = WHOLE(0)
    for number, key in enumerate(keys):
        length = array.parts[1 + number]
        index = emit.as_int(value(writer, key)).part
        below = builder.icmp_signed("<", index, WHOLE(0))
        index = builder.select(below, builder.add(index, length), index)
        emit.fail_if(builder.icmp_unsigned(">=", index, length))
        flat = builder.add(builder.mul(flat, length), index)
    if len(keys) < kind.dimensions:
        flat = builder.mul(flat, array.parts[2])
    size = 1 if kind.item == BOOL else 8
    return emit.element(array.parts[0], flat, size), len(keys)


def _part_of(writer: Writer, array: Value, key: ast.Slice, value: Read) -> Value:
    """Return a part of an array, which shares its memory."""
    emit, kind = writer.emit, array.kind
    if not isinstance(kind, ArrayKind) or kind.dimensions != 1:
        raise Refused("parts are compiled of arrays of one dimension")
    first, count = bounds(writer, key, array.parts[1], value)
    size = 1 if kind.item == BOOL else 8
    return Value(kind, [emit.element(array.parts[0], first, size), count])


def bounds(writer: Writer, key: ast.Slice, length: Any, value: Read) -> tuple[Any, Any]:
    """Return where a part begins, and how many items it has."""
    if key.step is not None:
        raise Refused("parts are compiled without a step")
    emit = writer.emit
    builder = emit.builder

    def bound(node: ast.expr | None, missing: Any) -> Any:
        if node is None:
            return missing
        index = emit.as_int(value(writer, node)).part
        below = builder.icmp_signed("<", index, WHOLE(0))
        index = builder.select(below, builder.add(index, length), index)
        index = builder.select(builder.icmp_signed("<", index, WHOLE(0)), WHOLE(0), index)
        return builder.select(builder.icmp_signed(">", index, length), length, index)

    first, past = bound(key.lower, WHOLE(0)), bound(key.upper, length)
    empty = builder.icmp_signed("<", past, first)
    return first, builder.select(empty, WHOLE(0), builder.sub(past, first))


def fold(writer: Writer, array: Value, visit: Callable[[Any, Value], None]) -> None:
    """Visit the items of an array, with their places."""
    emit = writer.emit
    builder = emit.builder
    address, count = array.parts
    place = emit.alloca(WHOLE)
    builder.store(WHOLE(0), place)
    with emit.loop() as (_, after):
        now = builder.load(place)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.icmp_signed("<", now, count), inside, after)
        builder.position_at_end(inside)
        visit(now, writer.item(array.kind, address, now))
        builder.store(builder.add(now, WHOLE(1)), place)

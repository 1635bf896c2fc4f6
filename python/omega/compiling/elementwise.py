"""Arithmetic and comparison of whole arrays, item by item, as NumPy does it.

Whole numbers have 64 bits and wrap around; they become floats where one of two is a float, and in a
division. What is made lies in the room of the context, until the statement ends that made it, or
the callback returns where a variable has it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from omega.compiling import arithmetic
from omega.compiling.arrays import fold
from omega.compiling.emitter import BYTE, REAL, WHOLE
from omega.compiling.kinds import BOOL, FLOAT, INT, MAYBE, ArrayKind, Kind, PartKind, Refused, Value
from omega.compiling.writer import Writer

FLOATS = ArrayKind("array of float64", "ii", item=FLOAT, dimensions=1)
WHOLES = ArrayKind("array of int64", "ii", item=INT, dimensions=1)
TRUTHS = ArrayKind("array of bool", "ii", item=BOOL, dimensions=1)

Item = Callable[[Sequence[Any]], Any]
"""Combines numbers of the same place, which are floats or whole numbers."""


def binary(writer: Writer, operator: ast.operator, left: Value, right: Value) -> Value:
    """Combine an array and an array or number by an operator.

    Raises:
        Refused: They are no numbers, or the operator is not compiled for arrays.
    """
    builder = writer.emit.builder
    if isinstance(operator, ast.Pow):
        if not right.is_static or right.static != 2:  # noqa: PLR2004 - a square
            raise Refused("** of an array is compiled as a square, array ** 2; or write a loop")
        # As NumPy does, which multiplies here alone.
        return binary(writer, ast.Mult(), left, left)
    name = _WORDS.get(type(operator))
    if name is None:
        raise Refused(f"{type(operator).__name__} of arrays is not compiled; there are + - * /")
    numbers = FLOAT if name == "div" else _kind_of(left, right)
    word = name if numbers == INT else f"f{name}"

    def item(both: Sequence[Any]) -> Any:
        if name == "div":
            writer.emit.fail_if(builder.fcmp_ordered("==", both[1], REAL(0.0)))
        return getattr(builder, word)(*both)

    return _made(writer, _ARRAYS[numbers], numbers, [left, right], item)


_WORDS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}


def compared(writer: Writer, operator: ast.cmpop, left: Value, right: Value) -> Value:
    """Compare an array with an array or number: an array of truths.

    Raises:
        Refused: They are no numbers, or it is no comparison of numbers.
    """
    word = _COMPARISONS.get(type(operator))
    if word is None:
        raise Refused("arrays are compared by <, <=, >, >=, == and !=")
    builder = writer.emit.builder
    how = builder.fcmp_unordered if word == "!=" else builder.fcmp_ordered
    numbers = _kind_of(left, right)
    how = builder.icmp_signed if numbers == INT else how
    return _made(writer, TRUTHS, numbers, [left, right], lambda both: how(word, *both))


_COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def negative(writer: Writer, given: Value) -> Value:
    """Return -array; the least whole number is its own."""
    builder, numbers = writer.emit.builder, _kind_of(given)
    negated = builder.neg if numbers == INT else builder.fneg
    return _made(writer, _ARRAYS[numbers], numbers, [given], lambda one: negated(one[0]))


def absolute(writer: Writer, given: Value) -> Value:
    """Return np.abs(array)."""
    emit, numbers = writer.emit, _kind_of(given)
    builder = emit.builder

    def item(one: Sequence[Any]) -> Any:
        if numbers == FLOAT:
            return arithmetic.intrinsic(emit, "llvm.fabs", one[0])
        below = builder.icmp_signed("<", one[0], WHOLE(0))
        return builder.select(below, builder.neg(one[0]), one[0])

    return _made(writer, _ARRAYS[numbers], numbers, [given], item)


def as_floats(writer: Writer, given: Value) -> Value:
    """Return an array of numbers as one of floats."""
    if _kind_of(given) == FLOAT:
        return given
    return _made(writer, FLOATS, FLOAT, [given], lambda one: one[0])


def _kind_of(*given: Value) -> Kind:
    """Return what numbers are where arrays and numbers meet."""
    bare = [MAYBE.get(one.kind, one.kind) for one in given]
    items = {kind.item if isinstance(kind, ArrayKind) else kind for kind in bare}
    return INT if items <= {INT, BOOL} else FLOAT


def _require_numbers(arrays: Sequence[Value]) -> None:
    for one in arrays:
        if not isinstance(one.kind, ArrayKind) or one.kind.dimensions != 1:
            raise Refused("arithmetic of arrays of two dimensions is not compiled; take a row")
        if isinstance(one.kind, PartKind):
            raise Refused(
                "of lists + and comparisons are compiled; loop over their items for the rest"
            )
        if one.kind.item == BOOL:
            raise Refused(
                f"arithmetic of {one.kind} is not compiled; count with np.sum, or write np.any or "
                "np.all"
            )


_ARRAYS = {FLOAT: FLOATS, INT: WHOLES}


def _made(
    writer: Writer, kind: ArrayKind, numbers: Kind, given: Sequence[Value], item: Item
) -> Value:
    """Make an array of others and of numbers, all floats or all whole numbers.

    Two arrays of different lengths end the run.
    """
    emit = writer.emit
    builder = emit.builder
    arrays = [one for one in given if isinstance(one.kind, ArrayKind)]
    _require_numbers(arrays)
    known = {
        place: (emit.as_float(one) if numbers == FLOAT else emit.as_int(one)).part
        for place, one in enumerate(given)
        if not isinstance(one.kind, ArrayKind)
    }
    count = arrays[0].parts[1]
    for other in arrays[1:]:
        emit.fail_if(builder.icmp_signed("!=", other.parts[1], count))
    result = writer.scratch(count)
    size = 1 if kind.item == BOOL else 8

    def number(one: Value) -> Any:
        # Rounded beyond 2**53, as NumPy does it and Python does not.
        is_moved = one.kind == INT and numbers == FLOAT
        return builder.sitofp(one.part, REAL) if is_moved else one.part

    def write(place: Any, first: Value) -> None:
        parts = []
        for argument, one in enumerate(given):
            if argument in known:
                parts.append(known[argument])
            elif one is arrays[0]:
                parts.append(number(first))
            else:
                parts.append(number(writer.item(one.kind, one.parts[0], place)))
        made = item(parts)
        stored = builder.zext(made, BYTE) if kind.item == BOOL else made
        emit.store_at(emit.element(result, place, size), stored)

    fold(writer, arrays[0], write)
    return Value(kind, [result, count])

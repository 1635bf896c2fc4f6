"""Arithmetic and comparison of whole arrays of floats, item by item, as NumPy does it.

What is made lies in the room of the context, until the statement ends that made it, or the callback
returns where a variable has it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from omega.compiling import arithmetic
from omega.compiling.arrays import fold
from omega.compiling.emitter import BYTE, REAL
from omega.compiling.kinds import BOOL, FLOAT, ArrayKind, Refused, Value
from omega.compiling.writer import Writer

FLOATS = ArrayKind("array of float64", "ii", item=FLOAT, dimensions=1)
TRUTHS = ArrayKind("array of bool", "ii", item=BOOL, dimensions=1)

Item = Callable[[Sequence[Any]], Any]
"""Combines floats of the same place."""


def binary(writer: Writer, operator: ast.operator, left: Value, right: Value) -> Value:
    """Combine an array and an array or number by an operator.

    Raises:
        Refused: They are no floats, or the operator is not compiled for arrays.
    """
    builder = writer.emit.builder
    if isinstance(operator, ast.Pow):
        if not right.is_static or right.static != 2:  # noqa: PLR2004 - a square
            raise Refused("** of an array is compiled as a square, array ** 2; or write a loop")
        # As NumPy does, which multiplies here alone.
        return _made(writer, FLOATS, [left], lambda one: builder.fmul(one[0], one[0]))
    name = _WORDS.get(type(operator))
    if name is None:
        raise Refused(f"{type(operator).__name__} of arrays is not compiled; there are + - * /")

    def item(both: Sequence[Any]) -> Any:
        if name == "fdiv":
            writer.emit.fail_if(builder.fcmp_ordered("==", both[1], REAL(0.0)))
        return getattr(builder, name)(*both)

    return _made(writer, FLOATS, [left, right], item)


_WORDS = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}


def compared(writer: Writer, operator: ast.cmpop, left: Value, right: Value) -> Value:
    """Compare an array with an array or number: an array of truths.

    Raises:
        Refused: They are no floats, or it is no comparison of numbers.
    """
    word = _COMPARISONS.get(type(operator))
    if word is None:
        raise Refused("arrays are compared by <, <=, >, >=, == and !=")
    builder = writer.emit.builder
    how = builder.fcmp_unordered if word == "!=" else builder.fcmp_ordered
    return _made(writer, TRUTHS, [left, right], lambda both: how(word, *both))


_COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def negative(writer: Writer, given: Value) -> Value:
    """Return -array."""
    return _made(writer, FLOATS, [given], lambda one: writer.emit.builder.fneg(one[0]))


def absolute(writer: Writer, given: Value) -> Value:
    """Return np.abs(array)."""
    emit = writer.emit
    return _made(
        writer, FLOATS, [given], lambda one: arithmetic.intrinsic(emit, "llvm.fabs", one[0])
    )


def _made(writer: Writer, kind: ArrayKind, given: Sequence[Value], item: Item) -> Value:
    """Make an array of others and of numbers; of two arrays of other lengths it ends the run."""
    emit = writer.emit
    builder = emit.builder
    arrays = [one for one in given if isinstance(one.kind, ArrayKind)]
    for one in arrays:
        if not isinstance(one.kind, ArrayKind) or one.kind.dimensions != 1:
            raise Refused("arithmetic of arrays of two dimensions is not compiled; take a row")
        if one.kind.item != FLOAT:
            raise Refused(
                f"arithmetic of {one.kind} is not compiled, as whole numbers of NumPy wrap around; "
                "make it an array of float64"
            )
    numbers = {
        place: emit.as_float(one).part
        for place, one in enumerate(given)
        if not isinstance(one.kind, ArrayKind)
    }
    count = arrays[0].parts[1]
    for other in arrays[1:]:
        emit.fail_if(builder.icmp_signed("!=", other.parts[1], count))
    result = writer.scratch(count)
    size = 8 if kind.item == FLOAT else 1

    def write(place: Any, first: Value) -> None:
        parts = []
        for number, one in enumerate(given):
            if number in numbers:
                parts.append(numbers[number])
            elif one is arrays[0]:
                parts.append(first.part)
            else:
                parts.append(writer.item(one.kind, one.parts[0], place).part)
        made = item(parts)
        stored = made if kind.item == FLOAT else builder.zext(made, BYTE)
        emit.store_at(emit.element(result, place, size), stored)

    fold(writer, arrays[0], write)
    return Value(kind, [result, count])

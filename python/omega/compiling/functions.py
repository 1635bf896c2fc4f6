"""Functions that compiled code may call: builtins, `math`, parts of NumPy, `omega.crossover`.

`math` calls the C library that Python itself calls. Sums of NumPy are added in its own order.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import ctypes.util
import functools
import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from omega._native import core
from omega.compiling import arithmetic, elementwise, frame_reads, lists, orders, positions
from omega.compiling.arrays import fold
from omega.compiling.emitter import BIT, REAL, WHOLE
from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    INDICATOR,
    INT,
    ORDERS,
    POSITIONS,
    TUPLE,
    ArrayKind,
    ListKind,
    PartKind,
    Refused,
    Value,
)
from omega.compiling.list_values import is_list, ordered, total
from omega.compiling.writer import Writer
from omega.config.distances import Distance
from omega.strategy.crossings import crossover, crossunder

Arguments = Sequence[Value]
Made = Callable[[Writer, Arguments], Value]

OF_ONE = (
    *("exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos"),
    *("atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)
_BUFFER = 8192
"""Items that NumPy converts at a time."""
OF_TWO = ["atan2", "fmod", "pow"]


@functools.cache
def _c_library() -> ctypes.CDLL:
    """Return the library that Python's own `math` calls."""
    if os.name == "nt":
        return ctypes.CDLL("ucrtbase")
    own = ctypes.CDLL(None)  # what this process is linked with
    return own if hasattr(own, "expm1") else ctypes.CDLL(ctypes.util.find_library("m"))


def addresses() -> dict[str, int]:
    """Return the functions of the C library, under names that the optimiser does not know.

    It would replace pow(x, 2) by a product, whose last bit may differ.
    """
    library = _c_library()
    found = {}
    for name in (*OF_ONE, *OF_TWO, "realloc"):
        address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
        found[f"omega_{name}"] = address or 0
    return found


def memory_of(size: int) -> int:
    """Return memory of so many bytes, which `freed` frees."""
    allocate = _c_library().malloc
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    found: int | None = allocate(size)
    if found is None:
        raise MemoryError
    return found


def freed(address: int) -> None:
    """Free memory that `memory_of`, or code, took; 0 is none."""
    free = _c_library().free
    free.restype, free.argtypes = None, [ctypes.c_void_p]
    free(address)


def _numbers(writer: Writer, given: Arguments, count: int) -> list[Any]:
    if len(given) != count:
        raise Refused(f"given {len(given)} arguments, expected {count}")
    return [writer.emit.as_float(one).part for one in given]


def _of_one(name: str) -> Made:
    def made(writer: Writer, given: Arguments) -> Value:
        emit = writer.emit
        if name == "log" and len(given) == 2:  # noqa: PLR2004 - with a base
            return arithmetic.binary(
                emit, _DIVIDE, made(writer, given[:1]), made(writer, given[1:])
            )
        (value,) = _numbers(writer, given, 1)
        result = emit.call(f"omega_{name}", REAL, [value])
        # What Python refuses gives NaN or infinity of a number that is neither.
        bad = emit.builder.not_(arithmetic.is_finite(emit, result))
        emit.fail_if(emit.builder.and_(bad, arithmetic.is_finite(emit, value)))
        if name in ("sin", "cos", "tan", "log", "log2", "log10", "log1p"):
            known = emit.builder.fcmp_ordered("ord", value, value)
            lost = emit.builder.fcmp_unordered("uno", result, result)
            emit.fail_if(emit.builder.and_(known, lost))
        return Value(FLOAT, [result])

    return made


def _of_two(name: str) -> Made:
    def made(writer: Writer, given: Arguments) -> Value:
        emit = writer.emit
        a, b = _numbers(writer, given, 2)
        if name == "pow":
            return arithmetic.float_power(emit, Value(FLOAT, [a]), Value(FLOAT, [b]))
        result = emit.call(f"omega_{name}", REAL, [a, b])
        both = emit.builder.fcmp_ordered("ord", a, b)
        lost = emit.builder.fcmp_unordered("uno", result, result)
        emit.fail_if(emit.builder.and_(both, lost))
        return Value(FLOAT, [result])

    return made


def _square_root(writer: Writer, given: Arguments) -> Value:
    emit = writer.emit
    (value,) = _numbers(writer, given, 1)
    emit.fail_if(emit.builder.fcmp_ordered("<", value, REAL(0.0)))
    return Value(FLOAT, [arithmetic.intrinsic(emit, "llvm.sqrt", value)])


def _rounded(name: str) -> Made:
    def made(writer: Writer, given: Arguments) -> Value:
        emit = writer.emit
        if len(given) != 1:
            raise Refused("given several arguments, expected one number")
        number = emit.number(given[0])
        if number.kind == INT:
            return number
        return arithmetic.whole_of(emit, arithmetic.intrinsic(emit, name, number.part))

    return made


def _tested(test: Callable[[Any, Any], Any]) -> Made:
    def made(writer: Writer, given: Arguments) -> Value:
        (value,) = _numbers(writer, given, 1)
        return Value(BOOL, [test(writer.emit, value)])

    return made


def _is_nan(emit: Any, value: Any) -> Any:
    return emit.builder.fcmp_unordered("uno", value, value)


def _is_infinite(emit: Any, value: Any) -> Any:
    return emit.builder.fcmp_ordered(
        "==", arithmetic.intrinsic(emit, "llvm.fabs", value), REAL(math.inf)
    )


def _absolute(writer: Writer, given: Arguments) -> Value:
    (value,) = given
    if isinstance(value.kind, ArrayKind):
        return elementwise.absolute(writer, value)
    return arithmetic.absolute(writer.emit, value)


def _float_absolute(writer: Writer, given: Arguments) -> Value:
    (value,) = given
    return arithmetic.absolute(writer.emit, writer.emit.as_float(value))


def _copysign(writer: Writer, given: Arguments) -> Value:
    a, b = _numbers(writer, given, 2)
    return Value(FLOAT, [arithmetic.copysign(writer.emit, a, b)])


def _as_int(writer: Writer, given: Arguments) -> Value:
    return _rounded("llvm.trunc")(writer, given)


def _as_float(writer: Writer, given: Arguments) -> Value:
    (value,) = given
    return writer.emit.as_float(value)


def _length(writer: Writer, given: Arguments) -> Value:
    (value,) = given
    if value.kind in (POSITIONS, ORDERS):
        return positions.counted(writer, value)
    if value.kind == INDICATOR:
        return frame_reads.known_values(writer, value)
    if isinstance(value.kind, ArrayKind):
        return Value(INT, [value.parts[1]])
    if isinstance(value.kind, ListKind):
        return Value(INT, [lists.Grown(writer, value).length])
    if value.kind == TUPLE:
        return writer.emit.whole(len(value.static))
    raise Refused(f"len() of {value.kind} is not compiled")


def _extreme(word: str) -> Made:
    def made(writer: Writer, given: Arguments) -> Value:
        emit = writer.emit
        if len(given) == 1 and is_list(given[0]):
            return lists.extreme(writer, given[0], word)
        if len(given) == 1 and isinstance(given[0].kind, ArrayKind):
            raise Refused("min() and max() of an array; write np.min(array) or np.max(array)")
        if len(given) == 1 and given[0].kind == TUPLE:
            given = given[0].static
        if not given:
            raise Refused("min() and max() need numbers")
        numbers = [emit.number(one) for one in given]
        if any(one.kind == FLOAT for one in numbers):
            numbers = [emit.as_float(one) for one in numbers]
        best = numbers[0]
        for one in numbers[1:]:
            # As Python does: another takes its place only where the comparison holds.
            if one.kind == FLOAT:
                better = emit.builder.fcmp_ordered(word, one.part, best.part)
            else:
                better = emit.builder.icmp_signed(word, one.part, best.part)
            best = emit.chosen(better, Value(one.kind, one.parts), Value(best.kind, best.parts))
        return best

    return made


# Arrays.


def _array(given: Arguments) -> Value:
    if len(given) != 1 or not isinstance(given[0].kind, ArrayKind):
        raise Refused("expected one array, such as a window")
    if given[0].kind.dimensions != 1:
        raise Refused("expected an array of one dimension; take a row, as in array[0]")
    if isinstance(given[0].kind, PartKind) and given[0].kind.item != FLOAT:
        # Of a list without items NumPy makes an array of floats.
        raise Refused("expected an array, or a part of a list of floats")
    return given[0]


def _floats(given: Arguments) -> Value:
    array = _array(given)
    if not isinstance(array.kind, ArrayKind) or array.kind.item != FLOAT:
        raise Refused("expected an array of floats")
    return array


def _numbers_of(writer: Writer, given: Arguments) -> Value:
    """Return an array of numbers as floats, as NumPy does for a mean."""
    array = _array(given)
    if not isinstance(array.kind, ArrayKind) or array.kind.item == BOOL:
        raise Refused("expected an array of numbers")
    if array.kind.item == INT:
        # What NumPy converts it adds in pieces of its buffer.
        too_many = writer.emit.builder.icmp_signed(">", array.parts[1], WHOLE(_BUFFER))
        writer.emit.fail_if(too_many)
    return elementwise.as_floats(writer, array)


def _sum(writer: Writer, given: Arguments) -> Value:
    emit = writer.emit
    array = _array(given)
    item = array.kind.item if isinstance(array.kind, ArrayKind) else FLOAT
    if item == FLOAT:
        return Value(FLOAT, [_sum_of(writer, array)])
    total = emit.alloca(WHOLE)
    emit.builder.store(WHOLE(0), total)

    def add(_: Any, value: Value) -> None:
        # It wraps around, as in NumPy.
        more = emit.builder.add(emit.builder.load(total), emit.number(value).part)
        emit.builder.store(more, total)

    fold(writer, array, add)
    return Value(INT, [emit.builder.load(total)])


def _sum_of(writer: Writer, array: Value) -> Any:
    builder = writer.emit.builder
    pointer = builder.inttoptr(array.parts[0], REAL.as_pointer())
    total = writer.emit.call("omega_sum", REAL, [pointer, array.parts[1]])
    return builder.fadd(REAL(0.0), total)


def _mean(writer: Writer, given: Arguments) -> Value:
    array = _numbers_of(writer, given)
    return Value(FLOAT, [_mean_of(writer, array)])


def _mean_of(writer: Writer, array: Value) -> Any:
    builder = writer.emit.builder
    writer.emit.fail_if(builder.icmp_signed("==", array.parts[1], WHOLE(0)))
    return builder.fdiv(_sum_of(writer, array), builder.sitofp(array.parts[1], REAL))


def _variance(writer: Writer, given: Arguments) -> Value:
    """Of all values, as `numpy.var` without more arguments."""
    emit = writer.emit
    array = _numbers_of(writer, given)
    mean = _mean_of(writer, array)
    squares = writer.scratch(array.parts[1])

    def square(place: Any, value: Value) -> None:
        distance = emit.builder.fsub(value.part, mean)
        emit.store_at(emit.element(squares, place), emit.builder.fmul(distance, distance))

    fold(writer, array, square)
    made = Value(frame_reads.WINDOW, [squares, array.parts[1]])
    return Value(FLOAT, [_mean_of(writer, made)])


def _deviation(writer: Writer, given: Arguments) -> Value:
    return Value(
        FLOAT,
        [arithmetic.intrinsic(writer.emit, "llvm.sqrt", _variance(writer, given).part)],
    )


def _best(word: str, *, place_of: bool) -> Made:
    """The least or greatest of an array, or its place; NaN is both, as in NumPy."""

    def made(writer: Writer, given: Arguments) -> Value:
        emit = writer.emit
        builder = emit.builder
        array = _array(given)
        address, count = array.parts
        emit.fail_if(builder.icmp_signed("==", count, WHOLE(0)))
        first = writer.item(array.kind, address, WHOLE(0))
        best, at = emit.alloca(first.part.type), emit.alloca(WHOLE)
        builder.store(first.part, best)
        builder.store(WHOLE(0), at)

        def look(place: Any, value: Value) -> None:
            now = builder.load(best)
            if value.kind == FLOAT:
                # The first NaN stays: it is unordered with all, and what it meets is no NaN.
                better = builder.fcmp_unordered(word, value.part, now)
                better = builder.and_(better, builder.fcmp_ordered("ord", now, now))
            elif value.kind == INT:
                better = builder.icmp_signed(word, value.part, now)
            else:
                raise Refused("an array of truths has no least; write np.any or np.all")
            with builder.if_then(better):
                builder.store(value.part, best)
                builder.store(place, at)

        fold(writer, array, look)
        if place_of:
            return Value(INT, [builder.load(at)])
        return Value(first.kind, [builder.load(best)])

    return made


def _any(wanted: int) -> Made:
    def made(writer: Writer, given: Arguments) -> Value:
        emit = writer.emit
        array = _array(given)
        found = emit.alloca(BIT)
        emit.builder.store(BIT(1 - wanted), found)

        def look(_: Any, value: Value) -> None:
            truth = emit.as_truth(value)
            hit = truth if wanted else emit.builder.not_(truth)
            with emit.builder.if_then(hit):
                emit.builder.store(BIT(wanted), found)

        fold(writer, array, look)
        return Value(BOOL, [emit.builder.load(found)])

    return made


# Crossings.


def _crossing(*, above: bool) -> Made:
    def made(writer: Writer, given: Arguments) -> Value:
        if len(given) != 2:  # noqa: PLR2004 - a pair
            raise Refused("a crossing is of two")
        builder = writer.emit.builder
        (before, now), (other_before, other_now) = (_last_two(writer, one) for one in given)
        first, second = ("<=", ">") if above else (">=", "<")
        return Value(
            BOOL,
            [
                builder.and_(
                    builder.fcmp_ordered(first, before, other_before),
                    builder.fcmp_ordered(second, now, other_now),
                )
            ],
        )

    return made


def _last_two(writer: Writer, given: Value) -> tuple[Any, Any]:
    emit = writer.emit
    if given.kind == INDICATOR:
        before = frame_reads.value_at(writer, given, emit.whole(-2))
        return before.part, frame_reads.value_at(writer, given, emit.whole(-1)).part
    if isinstance(given.kind, ArrayKind) and not isinstance(given.kind, PartKind):
        array = _floats([given])
        count = array.parts[1]
        emit.fail_if(emit.builder.icmp_signed("<", count, WHOLE(2)))
        last = [emit.builder.sub(count, WHOLE(back)) for back in (2, 1)]
        before, now = (writer.item(array.kind, array.parts[0], place).part for place in last)
        return before, now
    number = emit.as_float(given).part
    return number, number


_DIVIDE = ast.Div()

TABLE: dict[Any, Made] = {
    crossover: _crossing(above=True),
    crossunder: _crossing(above=False),
    core.crossover: _crossing(above=True),
    core.crossunder: _crossing(above=False),
    builtins.abs: _absolute,
    builtins.int: _as_int,
    builtins.float: _as_float,
    builtins.len: _length,
    builtins.min: _extreme("<"),
    builtins.max: _extreme(">"),
    builtins.sum: total,
    builtins.sorted: ordered,
    builtins.round: _rounded("llvm.roundeven"),
    math.sqrt: _square_root,
    math.fabs: _float_absolute,
    math.floor: _rounded("llvm.floor"),
    math.ceil: _rounded("llvm.ceil"),
    math.trunc: _rounded("llvm.trunc"),
    math.copysign: _copysign,
    math.isnan: _tested(_is_nan),
    math.isinf: _tested(_is_infinite),
    math.isfinite: _tested(arithmetic.is_finite),
    np.isnan: _tested(_is_nan),
    np.isinf: _tested(_is_infinite),
    np.isfinite: _tested(arithmetic.is_finite),
    np.sqrt: _square_root,
    np.abs: _absolute,
    np.sum: _sum,
    np.mean: _mean,
    np.var: _variance,
    np.std: _deviation,
    np.min: _best("<", place_of=False),
    np.max: _best(">", place_of=False),
    np.argmin: _best("<", place_of=True),
    np.argmax: _best(">", place_of=True),
    np.any: _any(1),
    np.all: _any(0),
    Distance: lambda writer, given: _distance(writer, given, percent=False),
    **{getattr(math, name): _of_one(name) for name in OF_ONE},
    **{getattr(math, name): _of_two(name) for name in OF_TWO},
}
"""By what a name stands for, how a call of it is compiled."""

METHODS: dict[str, Made] = {
    "sum": _sum,
    "mean": _mean,
    "var": _variance,
    "std": _deviation,
    "min": _best("<", place_of=False),
    "max": _best(">", place_of=False),
    "argmin": _best("<", place_of=True),
    "argmax": _best(">", place_of=True),
    "any": _any(1),
    "all": _any(0),
}
"""The same of methods of arrays."""


def _distance(writer: Writer, given: Arguments, *, percent: bool) -> Value:
    return orders.distance(writer, given, percent=percent)


def of_static(function: Any) -> Made | None:
    """Return how a call of a function is compiled; None where it is not."""
    if getattr(function, "__func__", None) is vars(Distance)["percent"].__func__:
        return lambda writer, given: _distance(writer, given, percent=True)
    try:
        return TABLE.get(function)
    except TypeError:  # it has no hash
        return None

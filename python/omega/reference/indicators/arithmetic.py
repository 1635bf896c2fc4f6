"""Arithmetic over columns: what the operators of indicators make (E2)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence

from omega.reference.indicators.registry import Columns, Entry, Outputs, whole


def _divided(a: float, b: float) -> float:
    """Divide as IEEE 754 does, where Python refuses 0.

    Example:
        >>> _divided(-1.0, 0.0), _divided(0.0, 0.0)
        (-inf, nan)
    """
    if b != 0.0:
        return a / b
    return math.nan if a == 0.0 else math.copysign(math.inf, a) * math.copysign(1.0, b)


OPERATIONS: Sequence[Callable[[float, float], float]] = (
    operator.add,
    operator.sub,
    operator.mul,
    _divided,
    min,
    max,
)


def together(place: int, a: float, b: float) -> float:
    """Put two numbers together; NaN where one of them is.

    Example:
        >>> together(1, 3.0, 2.0), together(4, 1.0, math.nan)
        (1.0, nan)
    """
    return math.nan if math.isnan(a) or math.isnan(b) else OPERATIONS[place](a, b)


def _of_two(parameters: Sequence[float], columns: Columns) -> Outputs:
    pairs = zip(*columns.values, strict=True)
    return [[_plain(together(whole(parameters), a, b)) for a, b in pairs]]


def _with_number(parameters: Sequence[float], columns: Columns) -> Outputs:
    operation, number, is_first = whole(parameters), parameters[1], parameters[2] == 1.0
    return [
        [
            _plain(together(operation, number, a) if is_first else together(operation, a, number))
            for a in columns.values[0]
        ]
    ]


def _plain(value: float) -> float:
    """The number itself, or the one NaN: others differ in their bits."""
    return math.nan if math.isnan(value) else value


ENTRIES: Mapping[str, Entry] = {
    "of_two": Entry(("source", "second"), lambda _: 0, _of_two),
    "with_number": Entry(("source",), lambda _: 0, _with_number),
    "absolute": Entry(
        ("source",), lambda _: 0, lambda _, columns: [[abs(a) for a in columns.values[0]]]
    ),
}
"""None of them is in the catalog: strategies write operators."""

"""Indicators by name: their inputs and their function.

Parameters are floats in the catalog's order, a choice by its place and None as NaN. Each output is
one list of values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Values = Sequence[float]
Outputs = list[list[float]]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a request, in order, and where each day (UTC) begins a new count."""

    values: tuple[Values, ...]
    days: Sequence[int] = ()

    def of_three(self) -> tuple[Values, Values, Values]:
        """Return the columns of an indicator that needs three."""
        first, second, third = self.values
        return first, second, third

    def bars(self) -> tuple[Values, Values, Values]:
        """Return the first three: highs, lows and closes.

        Example:
            >>> Columns(([3.0], [1.0], [2.0], [9.0])).bars()
            ([3.0], [1.0], [2.0])
        """
        high, low, close, *_ = self.values
        return high, low, close


@dataclass(frozen=True, slots=True)
class Entry:
    """An indicator: the columns that it needs, its warm-up in bars, and its definition.

    `needs` names columns of a side of the candles; `source` and `second` are the caller's.
    """

    needs: tuple[str, ...]
    warmup: Callable[[Sequence[float]], int]
    compute: Callable[[Sequence[float], Columns], Outputs]


def whole(parameters: Sequence[float], place: int = 0) -> int:
    """Read a whole number.

    Example:
        >>> whole([14.0])
        14
    """
    return int(parameters[place])


def optional(parameters: Sequence[float], place: int) -> float | None:
    """Read a number that may be left out.

    Example:
        >>> optional([math.nan], 0) is None
        True
    """
    return None if math.isnan(parameters[place]) else parameters[place]


def delayed(values: Values, bars: int) -> list[float]:
    """Return the values of so many bars ago; NaN before there are any.

    Example:
        >>> delayed([1.0, 2.0], 1)
        [nan, 1.0]
    """
    bars = min(bars, len(values))
    return [math.nan] * bars + list(values[: len(values) - bars])


def over_window(of: Callable[[Values, int], list[float]], more: int = 0) -> Entry:
    """Describe an indicator of one column and one window."""
    return Entry(
        ("source",),
        lambda parameters: whole(parameters) + more,
        lambda parameters, columns: [of(columns.values[0], whole(parameters))],
    )


def over_candles(of: Callable[..., list[float]], needs: str, more: int = 0) -> Entry:
    """Describe an indicator of fixed columns (`"high low close"`) and one window."""
    return Entry(
        tuple(needs.split()),
        lambda parameters: whole(parameters) + more,
        lambda parameters, columns: [of(*columns.values, whole(parameters))],
    )

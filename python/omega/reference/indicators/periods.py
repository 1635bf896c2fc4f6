"""Indicators that restart with each day, week, month, quarter or year of the calendar (T4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from omega.reference.indicators.momentum import typical
from omega.reference.indicators.registry import Columns, Entry, Outputs, whole

Values = Sequence[float]


def _month(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(int))


PERIODS: Sequence[Callable[[int], int]] = (
    lambda day: day,
    lambda day: (day + 3) // 7,
    _month,
    lambda day: _month(day) // 3,
    lambda day: _month(day) // 12,
)
"""The number of a period that a day belongs to, by the places of their words."""


def beginnings(days: Sequence[int], period: int) -> list[bool]:
    """Return whether each bar is the first of its period.

    Example:
        >>> beginnings([3, 3, 4, 5], 1)
        [True, False, True, False]
    """
    numbers = [PERIODS[period](day) for day in days]
    earlier = [None, *numbers]
    return [this != before for this, before in zip(numbers, earlier, strict=False)]


def weighed_since(prices: Values, volume: Values, begins: Sequence[bool]) -> list[float]:
    """Mean of prices weighed by volume since the last bar that begins; NaN before it.

    Example:
        >>> weighed_since([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], [False, True, False])
        [nan, 2.0, 3.0]
    """
    money = traded = 0.0
    begun, result = False, []
    for price, amount, is_new in zip(prices, volume, begins, strict=True):
        if is_new:
            money, traded, begun = 0.0, 0.0, True
        if math.isnan(price * amount):
            result.append(math.nan)
            continue
        money += price * amount
        traded += amount
        result.append(money / traded if begun and traded > 0.0 else math.nan)
    return result


Levels = tuple[float, ...]
Prices = tuple[float, ...]


def _around(pivot: float, high: float, low: float) -> Levels:
    above, below, span = pivot - low, high - pivot, high - low
    resistances = (pivot + above, pivot + span, high + 2.0 * above)
    return pivot, *resistances, pivot - below, pivot - span, low - 2.0 * below


def _classic(before: Prices, _: float) -> Levels:
    _, high, low, close = before
    return _around((high + low + close) / 3.0, high, low)


def _fibonacci(before: Prices, _: float) -> Levels:
    _, high, low, close = before
    pivot, span = (high + low + close) / 3.0, high - low
    steps = (0.382 * span, 0.618 * span, span)
    return pivot, *(pivot + step for step in steps), *(pivot - step for step in steps)


def _camarilla(before: Prices, _: float) -> Levels:
    _, high, low, close = before
    pivot, span = (high + low + close) / 3.0, 1.1 * (high - low)
    steps = (span / 12.0, span / 6.0, span / 4.0)
    return pivot, *(close + step for step in steps), *(close - step for step in steps)


def _woodie(before: Prices, opened: float) -> Levels:
    """By the open of the period itself, as TradingView has it."""
    _, high, low, _ = before
    return _around((high + low + 2.0 * opened) / 4.0, high, low)


def _demark(before: Prices, _: float) -> Levels:
    """The end that the period closed towards counts twice; one level either way."""
    opened, high, low, close = before
    if close < opened:
        total = high + 2.0 * low + close
    elif close > opened:
        total = 2.0 * high + low + close
    else:
        total = high + low + 2.0 * close
    none = (math.nan, math.nan)
    return total / 4.0, total / 2.0 - low, *none, total / 2.0 - high, *none


KINDS: Sequence[Callable[[Prices, float], Levels]] = (
    _classic, _fibonacci, _camarilla, _woodie, _demark,
)  # fmt: skip
"""How levels are made of open, high, low and close of the period before, and the open of the
period itself, by the places of their words."""


def pivots(bars: Sequence[Values], days: Sequence[int], kind: int, period: int) -> Outputs:
    """Pivot, three resistances and three supports from the period before; NaN in the first.

    Example:
        >>> rows = pivots(([10.0, 1.0], [12.0, 1.0], [9.0, 1.0], [10.5, 1.0]), [0, 1], 0, 0)
        >>> [column[1] for column in rows]
        [10.5, 12.0, 13.5, 15.0, 9.0, 7.5, 6.0]
    """
    rows: list[Levels] = []
    levels: Levels = (math.nan,) * 7
    so_far: list[Prices] = []
    for bar, is_new in zip(zip(*bars, strict=True), beginnings(days, period), strict=True):
        if is_new and so_far:
            opens, highs, lows, closes = zip(*so_far, strict=True)
            levels, so_far = KINDS[kind]((opens[0], max(highs), min(lows), closes[-1]), bar[0]), []
        if not any(map(math.isnan, bar)):
            so_far.append(bar)
        rows.append(levels)
    return [[row[place] for row in rows] for place in range(7)]


def _anchored(columns: Columns) -> list[float]:
    prices, volume, anchors = columns.of_three()
    return weighed_since(prices, volume, [not math.isnan(a) and a != 0.0 for a in anchors])


ENTRIES = {
    "pivots": Entry(
        ("open", "high", "low", "close"),
        lambda _: 2,
        lambda p, columns: pivots(columns.values, columns.days, whole(p), whole(p, 1)),
    ),
    "typical_price": Entry(
        ("high", "low", "close"), lambda _: 1, lambda _, columns: [typical(*columns.values)]
    ),
    "anchored_vwap": Entry(
        ("source", "second", "third"), lambda _: 1, lambda _, columns: [_anchored(columns)]
    ),
}
"""What this family is known by."""

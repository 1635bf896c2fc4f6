"""Volatility: the true range, its average, and choppiness."""

from __future__ import annotations

import math
from collections.abc import Sequence

from omega.reference.indicators.averages import rma, window_sums
from omega.reference.indicators.registry import Entry, over_candles
from omega.reference.indicators.statistics import rolling_max, rolling_min


def true_range(high: Sequence[float], low: Sequence[float], close: Sequence[float]) -> list[float]:
    """Range of the bar and the close before together; the first bar has none.

    Example:
        >>> true_range([10.0, 12.0], [9.0, 11.0], [9.5, 11.5])
        [nan, 2.5]
    """
    before = [math.nan, *close[:-1]]
    return [
        math.nan if math.isnan(b) else max(h - low_, abs(h - b), abs(low_ - b))
        for h, low_, b in zip(high, low, before, strict=True)
    ]


def atr(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> list[float]:
    """Wilder's average of the true range.

    Example:
        >>> atr([10.0, 12.0, 11.0], [9.0, 11.0, 8.0], [9.5, 11.5, 9.0], 2)
        [nan, nan, 3.0]
    """
    return rma(true_range(high, low, close), n)


def natr(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int
) -> list[float]:
    """Average true range in percent of the close; NaN where that is 0.

    Example:
        >>> natr([10.0, 12.0], [8.0, 11.0], [9.0, 10.0], 1)
        [nan, 30.0]
    """
    pairs = zip(atr(high, low, close, n), close, strict=True)
    return [span / c * 100.0 if c != 0.0 else math.nan for span, c in pairs]


def choppiness(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int
) -> list[float]:
    """Logarithm of the way walked over the distance covered, in percent of that of n.

    Example:
        >>> choppiness([2.0, 2.0, 2.0], [1.0, 1.0, 1.0], [1.5, 1.5, 1.5], 2)
        [nan, nan, 100.0]
    """
    walked = window_sums(true_range(high, low, close), n)
    most, least = rolling_max(high, n), rolling_min(low, n)
    scale = math.log10(n)
    return [
        100.0 * math.log10(way / (top - bottom)) / scale
        if top - bottom > 0.0 and way > 0.0
        else math.nan
        for way, top, bottom in zip(walked, most, least, strict=True)
    ]


ENTRIES = {
    "true_range": Entry(
        ("high", "low", "close"), lambda _: 2, lambda _, columns: [true_range(*columns.of_three())]
    ),
    "atr": over_candles(atr, "high low close", more=1),
    "natr": over_candles(natr, "high low close", more=1),
    "choppiness": over_candles(choppiness, "high low close", more=1),
}
"""What this family is known by."""

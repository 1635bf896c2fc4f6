"""Transformed candles, and turning points."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from omega.reference.indicators.registry import Entry, whole

Values = Sequence[float]


def heikin_ashi(open_: Values, high: Values, low: Values, close: Values) -> list[list[float]]:
    """Heikin-Ashi candles: open, high, low, close; a bar with a NaN is left out.

    Example:
        >>> heikin_ashi([1.0], [3.0], [0.5], [2.0])
        [[1.5], [3.0], [0.5], [1.625]]
    """
    rows, before = [], None
    for bar in zip(open_, high, low, close, strict=True):
        if any(map(math.isnan, bar)):
            rows.append((math.nan,) * 4)
            continue
        o, h, lo, c = bar
        middle = (((o + h) + lo) + c) / 4.0
        start, end = before or (o, c)
        begin = (start + end) / 2.0
        before = (begin, middle)
        rows.append((begin, max(h, begin, middle), min(lo, begin, middle), middle))
    return [[row[place] for row in rows] for place in range(4)]


def fractals(high: Values, low: Values, left: int, right: int) -> list[list[float]]:
    """The last swing high and low that are known, and 1 at the bar where one becomes known.

    A swing is known when the bars to its right are over.

    Example:
        >>> fractals([1.0, 3.0, 2.0], [1.0, 1.0, 1.0], 1, 1)
        [[nan, nan, 3.0], [nan, nan, nan], [nan, nan, 1.0], [nan, nan, 0.0]]
    """
    highs, new_highs = _swings(high, left, right, operator.gt)
    lows, new_lows = _swings(low, left, right, operator.lt)
    return [highs, lows, new_highs, new_lows]


def _swings(
    values: Values, left: int, right: int, beats: Callable[[float, float], bool]
) -> tuple[list[float], list[float]]:
    last, kept, new = math.nan, [], []
    for end in range(1, len(values) + 1):
        window = list(values[max(end - left - right - 1, 0) : end])
        if len(window) <= left + right or any(map(math.isnan, window)):
            new.append(math.nan)
        else:
            centre = window.pop(left)
            stands = all(beats(centre, other) for other in window)
            last = centre if stands else last
            new.append(float(stands))
        kept.append(last)
    return kept, new


ENTRIES = {
    "heikin_ashi": Entry(
        ("open", "high", "low", "close"),
        lambda _: 1,
        lambda _, columns: heikin_ashi(*columns.values),
    ),
    "fractals": Entry(
        ("high", "low"),
        lambda p: whole(p) + whole(p, 1) + 1,
        lambda p, columns: fractals(columns.values[0], columns.values[1], whole(p), whole(p, 1)),
    ),
}
"""What this family is known by."""

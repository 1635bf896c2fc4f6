"""Bands, channels and trailing stops around the price."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from omega.reference.indicators.averages import rma
from omega.reference.indicators.registry import Entry, delayed, whole
from omega.reference.indicators.smoothing import AVERAGES, EMA
from omega.reference.indicators.statistics import rolling_max, rolling_min, rolling_std
from omega.reference.indicators.volatility import atr, true_range

Lines = list[list[float]]


def bollinger(values: Sequence[float], n: int, k: float, kind: int = 0) -> Lines:
    """Mean of a kind, and k population deviations above and below: upper, middle, lower.

    Example:
        >>> bollinger([1.0, 3.0], 2, 2.0)
        [[nan, 4.0], [nan, 2.0], [nan, 0.0]]
    """
    average, _ = AVERAGES[kind]
    return _around(average(values, n), rolling_std(values, n, 0), k)


def keltner(
    bars: tuple[Sequence[float], Sequence[float], Sequence[float]],
    n: int,
    k: float,
    atr_n: int,
    kind: int = EMA,
) -> Lines:
    """Average of a kind, and k average true ranges above and below: upper, middle, lower.

    The average is that of the typical price. Both averages start with the mean that ends at the
    first bar where both can stand.

    Example:
        >>> keltner(([10.0, 12.0], [9.0, 11.0], [9.5, 11.5]), 1, 2.0, 1)
        [[nan, 16.5], [nan, 11.5], [nan, 6.5]]
    """
    typical = [(h + low_ + c) / 3.0 for h, low_, c in zip(*bars, strict=True)]
    average, first_of = AVERAGES[kind]
    first = max(first_of(n) - 1, atr_n)
    middle = average(_without(typical, first + 1 - first_of(n)), n)
    width = rma(_without(true_range(*bars), first + 1 - atr_n), atr_n)
    return _around(middle, width, k)


def _without(values: Sequence[float], first: int) -> list[float]:
    first = min(first, len(values))
    return [math.nan] * first + list(values[first:])


def _around(middle: Sequence[float], width: Sequence[float], k: float) -> Lines:
    upper = [m + k * w for m, w in zip(middle, width, strict=True)]
    lower = [m - k * w for m, w in zip(middle, width, strict=True)]
    middle = [math.nan if math.isnan(u) else m for m, u in zip(middle, upper, strict=True)]
    return [upper, middle, lower]


def donchian(high: Sequence[float], low: Sequence[float], n: int) -> Lines:
    """Highest high and lowest low of the last n, and what lies half way: upper, middle, lower.

    Example:
        >>> donchian([2.0, 3.0], [1.0, 2.0], 2)
        [[nan, 3.0], [nan, 2.0], [nan, 1.0]]
    """
    upper, lower = rolling_max(high, n), rolling_min(low, n)
    return [upper, _middles(upper, lower), lower]


def _middles(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [0.5 * (x + y) for x, y in zip(a, b, strict=True)]


def supertrend(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int, k: float
) -> Lines:
    """Line of the trend, and its direction, 1 up and -1 down.

    The lines are the middle of the bar plus and less k average true ranges; the upper one only
    falls and the lower only rises, unless the close before was beyond it.

    Example:
        >>> supertrend([2.0, 3.0, 1.0], [1.0, 2.0, 0.0], [1.5, 2.5, 0.0], 1, 1.0)
        [[nan, 1.0, 3.0], [nan, 1.0, -1.0]]
    """
    line, direction = [], []
    upper, lower, before, up = math.inf, -math.inf, math.nan, True
    for h, low_, c, step in zip(high, low, close, atr(high, low, close, n), strict=True):
        middle, width = 0.5 * (h + low_), k * step
        if math.isnan(middle + width) or math.isnan(c):
            line.append(math.nan)
            direction.append(math.nan)
            continue
        if middle + width < upper or before > upper:
            upper = middle + width
        if middle - width > lower or before < lower:
            lower = middle - width
        up = c >= lower if up else c > upper
        before = c
        line.append(lower if up else upper)
        direction.append(1.0 if up else -1.0)
    return [line, direction]


def parabolic_sar(
    high: Sequence[float], low: Sequence[float], step: float, most: float
) -> list[float]:
    """Wilder's stop and reverse, started as TA-Lib's is; what has no high or low is left out.

    Example:
        >>> parabolic_sar([10.0, 11.0, 12.0], [9.0, 10.0, 11.0], 0.02, 0.2)
        [nan, 9.0, 9.04]
    """
    step = min(step, most)
    result = [math.nan] * len(high)
    bars = [i for i in range(len(high)) if not (math.isnan(high[i]) or math.isnan(low[i]))]
    if len(bars) < 2:  # noqa: PLR2004 - the direction is that of the second bar from the first
        return result
    first, last = bars[:2]
    rise, fall = high[last] - high[first], low[first] - low[last]
    long = not (fall > 0.0 and rise < fall)
    stop, extreme = (low[first], high[last]) if long else (high[first], low[last])
    factor = step
    for now in bars[1:]:
        if (low[now] <= stop) if long else (high[now] >= stop):
            long = not long
            stop = _outside(extreme, (last, now), low if long else high, long=long)
            extreme, factor = high[now] if long else low[now], step
        elif (high[now] > extreme) if long else (low[now] < extreme):
            extreme = high[now] if long else low[now]
            factor = min(factor + step, most)
        result[now] = stop
        stop = stop + factor * (extreme - stop)
        stop = _outside(stop, (last, now), low if long else high, long=long)
        last = now
    return result


def _outside(stop: float, bars: tuple[int, int], edge: Sequence[float], *, long: bool) -> float:
    """Keep a stop out of two bars."""
    choose = min if long else max
    return choose(stop, edge[bars[0]], edge[bars[1]])


def ichimoku(
    high: Sequence[float], low: Sequence[float], lengths: tuple[int, int, int], shift: int
) -> Lines:
    """Conversion line, base line and both leading spans, these `shift` bars later.

    Example:
        >>> ichimoku([2.0, 3.0], [1.0, 2.0], (1, 1, 2), 1)
        [[1.5, 2.5], [1.5, 2.5], [nan, 1.5], [nan, nan]]
    """
    conversion, base, slow = (_middles(rolling_max(high, n), rolling_min(low, n)) for n in lengths)
    fast = _middles(conversion, base)
    return [conversion, base, delayed(fast, shift), delayed(slow, shift)]


def _of_candles(
    needs: str, warmup: Callable[[Sequence[float]], int], of: Callable[..., Lines]
) -> Entry:
    """Describe an indicator of fixed columns; `of` gets them and then the parameters."""
    return Entry(tuple(needs.split()), warmup, lambda p, columns: of(*columns.values, p))


ENTRIES = {
    "bollinger": Entry(
        ("source",),
        lambda p: AVERAGES[whole(p, 2)][1](whole(p)),
        lambda p, columns: bollinger(columns.values[0], whole(p), p[1], whole(p, 2)),
    ),
    "keltner": _of_candles(
        "high low close",
        lambda p: max(AVERAGES[whole(p, 3)][1](whole(p)), whole(p, 2) + 1),
        lambda high, low, close, p: keltner(
            (high, low, close), whole(p), p[1], whole(p, 2), whole(p, 3)
        ),
    ),
    "donchian": _of_candles("high low", whole, lambda high, low, p: donchian(high, low, whole(p))),
    "supertrend": _of_candles(
        "high low close",
        lambda p: whole(p) + 1,
        lambda high, low, close, p: supertrend(high, low, close, whole(p), p[1]),
    ),
    "parabolic_sar": _of_candles(
        "high low", lambda _: 2, lambda high, low, p: [parabolic_sar(high, low, p[0], p[1])]
    ),
    "ichimoku": _of_candles(
        "high low",
        lambda p: max(whole(p, place) for place in range(3)) + whole(p, 3),
        lambda high, low, p: ichimoku(high, low, (whole(p), whole(p, 1), whole(p, 2)), whole(p, 3)),
    ),
}
"""What this family is known by."""

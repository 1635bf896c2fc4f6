"""Momentum oscillators."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from omega.reference.indicators.averages import of_windows, whole_numbers, window_sums
from omega.reference.indicators.registry import Entry, over_candles, over_window, whole
from omega.reference.indicators.smoothing import AVERAGES, EMA, without

Values = Sequence[float]


def momentum(values: Values, n: int) -> list[float]:
    """The value less the one n bars before.

    Example:
        >>> momentum([1.0, 3.0], 1)
        [nan, 2.0]
    """
    return _against(values, n, lambda now, before: now - before)


def roc(values: Values, n: int) -> list[float]:
    """Change from n bars before in percent; NaN where that was 0.

    Example:
        >>> roc([2.0, 3.0], 1)
        [nan, 50.0]
    """
    return _against(
        values, n, lambda now, before: (now / before - 1.0) * 100.0 if before else math.nan
    )


def _against(values: Values, n: int, of: Callable[[float, float], float]) -> list[float]:
    return [
        math.nan if index < n else of(value, values[index - n])
        for index, value in enumerate(values)
    ]


def rsi(values: Values, n: int) -> list[float]:
    """The average gain in percent of average gain and loss together; NaN where nothing moved.

    Both averages are Wilder's, and start with the plain mean of the first n changes.

    Example:
        >>> rsi([1.0, 2.0, 1.0], 2)
        [nan, nan, 50.0]
    """
    return _strength(values, n, lambda gain, _: gain)


def _strength(values: Values, n: int, of: Callable[[float, float], float]) -> list[float]:
    """What `of` makes of Wilder's averages of gains and losses, in percent of both together."""
    last, gain, loss, seen = math.nan, 0.0, 0.0, 0
    result = []
    for value in values:
        change = value - last
        last = last if math.isnan(value) else value
        if math.isnan(change):
            result.append(math.nan)
            continue
        up, down = max(change, 0.0), max(-change, 0.0)
        seen += 1
        if seen > n:
            gain += 1.0 / n * (up - gain)
            loss += 1.0 / n * (down - loss)
        else:
            gain, loss = gain + up, loss + down
            if seen == n:
                gain, loss = gain / n, loss / n
        known = seen >= n and gain + loss > 0.0
        result.append(100.0 * (of(gain, loss) / (gain + loss)) if known else math.nan)
    return result


def cmo(values: Values, n: int, *, is_smoothed: bool) -> list[float]:
    """Gains less losses in percent of both: of the last n changes, or of Wilder's averages.

    Example:
        >>> cmo([1.0, 4.0, 3.0], 2, is_smoothed=False)
        [nan, nan, 50.0]
    """
    if is_smoothed:
        return _strength(values, n, lambda gain, loss: gain - loss)
    changes = momentum(values, 1)
    ups, downs = (
        window_sums([max(sign * change, 0.0) for change in changes], n) for sign in (1.0, -1.0)
    )
    pairs = zip(ups, downs, strict=True)
    return [100.0 * ((up - down) / (up + down)) if up + down > 0.0 else math.nan
            for up, down in pairs]  # fmt: skip


def _first_of(kind: int, n: int) -> int:
    """How many bars the first value of an average needs."""
    return AVERAGES[kind][1](n)


def macd(values: Values, fast: int, slow: int, signal: int, kind: int = EMA) -> list[list[float]]:
    """Fast less slow mean of a kind, the mean of that, and the distance of both.

    The fast mean leaves out the first values, so that both means have their first value at one bar.

    Example:
        >>> macd([1.0, 2.0, 3.0, 4.0], 2, 3, 1)[0]
        [nan, nan, 0.5, 0.5]
    """
    (average, first), fast, slow = AVERAGES[kind], min(fast, slow), max(fast, slow)
    later = without(values, first(slow) - first(fast))
    line = [a - b for a, b in zip(average(later, fast), average(values, slow), strict=True)]
    smooth = average(line, signal)
    return [line, smooth, [a - b for a, b in zip(line, smooth, strict=True)]]


def stochastic(
    bars: tuple[Values, Values, Values], n: int, smooth: int, signal: int, kind: int = 0
) -> list[list[float]]:
    """Where the close stands in the range of the last n bars, in percent, smoothed twice.

    Example:
        >>> stochastic(([3.0, 4.0], [1.0, 0.0], [2.0, 1.0]), 2, 1, 1)
        [[nan, 25.0], [nan, 25.0]]
    """
    average, _ = AVERAGES[kind]
    k = average(_between(*bars, n, lambda c, h, lo: 100.0 * ((c - lo) / (h - lo))), smooth)
    return [k, average(k, signal)]


def williams_r(high: Values, low: Values, close: Values, n: int) -> list[float]:
    """How far the close is below the highest high of the last n bars, in percent of their range.

    Example:
        >>> williams_r([3.0, 4.0], [1.0, 0.0], [2.0, 1.0], 2)
        [nan, -75.0]
    """
    return _between(high, low, close, n, lambda c, h, lo: -100.0 * ((h - c) / (h - lo)))


def _between(
    high: Values, low: Values, close: Values, n: int, of: Callable[[float, float, float], float]
) -> list[float]:
    """Compare closes with the range of the last n bars; NaN where that is a point."""
    ranges = zip(close, of_windows(high, n, max), of_windows(low, n, min), strict=True)
    return [of(c, h, lo) if h > lo else math.nan for c, h, lo in ranges]


def typical(high: Values, low: Values, close: Values) -> list[float]:
    """A bar's middle.

    Example:
        >>> typical([3.0], [1.0], [2.0])
        [2.0]
    """
    return [(h + lo + c) / 3.0 for h, lo, c in zip(high, low, close, strict=True)]


def cci(high: Values, low: Values, close: Values, n: int) -> list[float]:
    """Distance of the typical price from its mean, in 0.015 mean distances from that mean.

    Example:
        >>> cci([1.0, 3.0], [1.0, 3.0], [1.0, 3.0], 2)[1] == 1.0 / 0.015
        True
    """
    prices = typical(high, low, close)
    return of_windows(prices, n, _from_mean)


def _from_mean(window: Values) -> float:
    """Distances from the mean as whole numbers, n times too large; their mean n² times."""
    n = len(window)
    whole, _ = whole_numbers(window)
    total = sum(whole)
    distances = [n * value - total for value in whole]
    around = sum(map(abs, distances))
    return n * float(distances[-1]) / (0.015 * float(around)) if around else math.nan


ENTRIES = {
    "momentum": over_window(momentum, more=1),
    "roc": over_window(roc, more=1),
    "rsi": over_window(rsi, more=1),
    "cmo": Entry(
        ("source",),
        lambda of: whole(of) + 1,
        lambda of, columns: [cmo(columns.values[0], whole(of), is_smoothed=of[1] == 1.0)],
    ),
    "macd": Entry(
        ("source",),
        lambda of: (
            _first_of(whole(of, 3), max(whole(of, 0), whole(of, 1)))
            + _first_of(whole(of, 3), whole(of, 2))
            - 1
        ),
        lambda of, columns: macd(columns.values[0], *map(int, of)),
    ),
    "stochastic": Entry(
        ("high", "low", "close"),
        lambda of: (
            whole(of, 0)
            + _first_of(whole(of, 3), whole(of, 1))
            + _first_of(whole(of, 3), whole(of, 2))
            - 2
        ),
        lambda of, columns: stochastic(columns.bars(), *map(int, of)),
    ),
    "williams_r": over_candles(williams_r, "high low close"),
    "cci": over_candles(cci, "high low close"),
}
"""What this family is known by."""

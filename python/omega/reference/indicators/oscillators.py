"""Oscillators: distances between averages, and the rank of a value in its window."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from omega.reference.indicators.averages import ema, sma, window_sums
from omega.reference.indicators.momentum import momentum, rsi
from omega.reference.indicators.registry import Entry, delayed, over_window, whole
from omega.reference.indicators.smoothing import AVERAGES
from omega.reference.indicators.special import volatility_rank
from omega.reference.indicators.statistics import rolling_max, rolling_min
from omega.reference.indicators.volatility import true_range

Values = Sequence[float]
Bars = tuple[Values, Values, Values]


def _paired(a: Values, b: Values, of: Callable[[float, float], float]) -> list[float]:
    return [of(x, y) for x, y in zip(a, b, strict=True)]


def apo(values: Values, fast: int, slow: int, kind: int) -> list[float]:
    """Fast mean of a kind less a slow one; each starts by itself.

    Example:
        >>> apo([1.0, 2.0, 4.0], 1, 2, 0)
        [nan, 0.5, 1.0]
    """
    return _paired(*_averages(values, fast, slow, kind), lambda a, b: a - b)


def ppo(values: Values, fast: int, slow: int, kind: int) -> list[float]:
    """The same in percent of the slow one; NaN where that is 0.

    Example:
        >>> ppo([1.0, 3.0, 5.0], 1, 2, 0)
        [nan, 50.0, 25.0]
    """
    means = _averages(values, fast, slow, kind)
    return _paired(*means, lambda a, b: 100.0 * ((a - b) / b) if b != 0.0 else math.nan)


def _averages(values: Values, fast: int, slow: int, kind: int) -> tuple[list[float], list[float]]:
    of, _ = AVERAGES[kind]
    return of(values, min(fast, slow)), of(values, max(fast, slow))


def trix(values: Values, n: int) -> list[float]:
    """Change of a threefold exponential mean in percent; NaN where the one before was 0.

    Example:
        >>> trix([1.0, 2.0, 3.0], 1)
        [nan, 100.0, 50.0]
    """
    third = ema(ema(ema(values, n), n), n)
    last = [math.nan, *third][: len(third)]
    return _paired(third, last, lambda a, b: (a / b - 1.0) * 100.0 if b != 0.0 else math.nan)


def tsi(values: Values, long: int, short: int) -> list[float]:
    """Twice smoothed change over twice smoothed size of the change, in percent.

    Example:
        >>> tsi([1.0, 2.0, 3.0, 4.0], 2, 1)
        [nan, nan, 100.0, 100.0]
    """
    changes = momentum(values, 1)
    moved = ema(ema(changes, long), short)
    sizes = ema(ema([abs(change) for change in changes], long), short)
    return _paired(moved, sizes, lambda a, b: 100.0 * (a / b) if b > 0.0 else math.nan)


def stochastic_rsi(
    values: Values, n: int, length: int, smooth: int, signal: int
) -> list[list[float]]:
    """Where the relative strength stands in its own range, in percent, smoothed twice.

    Example:
        >>> stochastic_rsi([1.0, 2.0, 1.0, 3.0], 1, 2, 1, 1)[0]
        [nan, nan, 0.0, 100.0]
    """
    strength = rsi(values, n)
    rows = zip(strength, rolling_max(strength, length), rolling_min(strength, length), strict=True)
    raw = [100.0 * ((x - lo) / (hi - lo)) if hi > lo else math.nan for x, hi, lo in rows]
    k = sma(raw, smooth)
    return [k, sma(k, signal)]


def ao(high: Values, low: Values, fast: int, slow: int) -> list[float]:
    """Mean of the middles of a few bars less that of more.

    Example:
        >>> ao([2.0, 4.0], [0.0, 2.0], 1, 2)
        [nan, 1.0]
    """
    middles = _paired(high, low, lambda a, b: (a + b) / 2.0)
    means = sma(middles, min(fast, slow)), sma(middles, max(fast, slow))
    return _paired(*means, lambda a, b: a - b)


def dpo(values: Values, n: int) -> list[float]:
    """The value of `n / 2 + 1` bars ago less the mean of the last n.

    Example:
        >>> dpo([1.0, 2.0, 3.0], 2)
        [nan, nan, -1.5]
    """
    lag = n // 2 + 1
    return _paired(delayed(values, lag), sma(values, n), lambda a, b: a - b)


def ultimate_oscillator(bars: Bars, windows: Sequence[int]) -> list[float]:
    """Buying pressure in percent of the true range, of three windows, weighed 4, 2 and 1.

    Example:
        >>> ultimate_oscillator(([1.0, 3.0], [0.0, 1.0], [1.0, 2.0]), (1, 1, 1))
        [nan, 50.0]
    """
    _, low, close = bars
    ranges = [
        math.nan if math.isnan(c) else span
        for span, c in zip(true_range(*bars), close, strict=True)
    ]
    before = [math.nan, *close][: len(close)]
    pressure = [
        math.nan if math.isnan(span) else c - (min(lo, b))
        for span, c, b, lo in zip(ranges, close, before, low, strict=True)
    ]
    shares = [
        [
            a / b if b > 0.0 else math.nan
            for a, b in zip(window_sums(pressure, n), window_sums(ranges, n), strict=True)
        ]
        for n in sorted(windows)
    ]
    return [100.0 * (((4.0 * a + 2.0 * b) + c) / 7.0) for a, b, c in zip(*shares, strict=True)]


def _longer(p: Sequence[float]) -> int:
    return max(whole(p), whole(p, 1))


def _of_kind(of: Callable[[Values, int, int, int], list[float]]) -> Entry:
    return Entry(
        ("source",),
        lambda p: AVERAGES[whole(p, 2)][1](_longer(p)),
        lambda p, columns: [of(columns.values[0], whole(p), whole(p, 1), whole(p, 2))],
    )


ENTRIES = {
    "apo": _of_kind(apo),
    "ppo": _of_kind(ppo),
    "trix": Entry(
        ("source",),
        lambda p: 3 * whole(p) - 1,
        lambda p, columns: [trix(columns.values[0], whole(p))],
    ),
    "tsi": Entry(
        ("source",),
        lambda p: whole(p) + whole(p, 1),
        lambda p, columns: [tsi(columns.values[0], whole(p), whole(p, 1))],
    ),
    "stochastic_rsi": Entry(
        ("source",),
        lambda p: sum(map(int, p)) - 2,
        lambda p, columns: stochastic_rsi(columns.values[0], *map(int, p)),
    ),
    "ao": Entry(
        ("high", "low"),
        _longer,
        lambda p, columns: [ao(columns.values[0], columns.values[1], whole(p), whole(p, 1))],
    ),
    "dpo": Entry(
        ("source",),
        lambda p: max(whole(p), whole(p) // 2 + 2),
        lambda p, columns: [dpo(columns.values[0], whole(p))],
    ),
    "ultimate_oscillator": Entry(
        ("high", "low", "close"),
        lambda p: int(max(p)) + 1,
        lambda p, columns: [ultimate_oscillator(columns.bars(), [int(n) for n in p])],
    ),
    "percent_rank": over_window(lambda values, n: volatility_rank(values, n + 1), more=1),
}
"""What this family is known by."""

"""Trend direction and strength."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from omega.reference.indicators.averages import of_windows, rma, window_sums
from omega.reference.indicators.registry import Entry, delayed, whole
from omega.reference.indicators.volatility import true_range

Values = Sequence[float]


def dmi(high: Values, low: Values, close: Values, n: int) -> list[list[float]]:
    """Wilder's directional indicators: plus, minus, the index of their distance, its average.

    A bar with a NaN is skipped. NaN where there is no range, or no movement either way.

    Example:
        >>> dmi([1.0, 2.0, 3.0], [0.0, 1.0, 2.0], [1.0, 2.0, 3.0], 2)[0]
        [nan, nan, 100.0]
    """
    bars = list(zip(high, low, close, strict=True))
    kept = [index for index, bar in enumerate(bars) if not any(map(math.isnan, bar))]
    plus, minus, index = ([math.nan] * len(bars) for _ in range(3))
    up_sum = down_sum = range_sum = 0.0
    for count, (before, now) in enumerate(itertools.pairwise(kept), 1):
        up, down, span = _movement(bars[before], bars[now])
        if count >= n:
            up_sum -= up_sum / n
            down_sum -= down_sum / n
            range_sum -= range_sum / n
        up_sum, down_sum, range_sum = up_sum + up, down_sum + down, range_sum + span
        if count >= n and range_sum > 0.0:
            plus[now] = 100.0 * (up_sum / range_sum)
            minus[now] = 100.0 * (down_sum / range_sum)
            both = plus[now] + minus[now]
            if both > 0.0:
                index[now] = 100.0 * (abs(plus[now] - minus[now]) / both)
    return [plus, minus, index, rma(index, n)]


Bar = tuple[float, float, float]


def _movement(before: Bar, now: Bar) -> Bar:
    """Movement up, movement down, and the true range."""
    (last_high, last_low, last_close), (high, low, _) = before, now
    up, down = high - last_high, last_low - low
    span = max(high - low, abs(high - last_close), abs(low - last_close))
    return up if up > max(down, 0.0) else 0.0, down if down > max(up, 0.0) else 0.0, span


def adxr(high: Values, low: Values, close: Values, n: int) -> list[float]:
    """Mean of the average directional index and its value n - 1 bars ago.

    Example:
        >>> adxr([1.0, 2.0, 3.0], [0.0, 1.0, 2.0], [1.0, 2.0, 3.0], 1)
        [nan, 100.0, 100.0]
    """
    average = dmi(high, low, close, n)[3]
    before = delayed(average, n - 1)
    return [(now + then) / 2.0 for now, then in zip(average, before, strict=True)]


def vortex(high: Values, low: Values, close: Values, n: int) -> list[list[float]]:
    """Ways from low to high and from high to low of the next bar, over the true ranges.

    Example:
        >>> vortex([1.0, 2.0], [0.0, 1.0], [1.0, 2.0], 1)
        [[nan, 2.0], [nan, 0.0]]
    """

    def sums(values: Values) -> list[float]:
        return window_sums(values, n)

    ranges = sums(true_range(high, low, close))
    lines = []
    for now, before in ((high, low), (low, high)):
        ways = [abs(x - y) for x, y in zip(now[1:], before, strict=False)]
        pairs = zip(sums([math.nan, *ways][: len(now)]), ranges, strict=True)
        lines.append([way / span if span > 0.0 else math.nan for way, span in pairs])
    return lines


def aroon(high: Values, low: Values, n: int) -> list[list[float]]:
    """How recent the lowest low and the highest high of n + 1 bars are, and the difference.

    100 now, 0 n bars ago; of equal ones the newest counts.

    Example:
        >>> aroon([3.0, 1.0, 3.0], [1.0, 0.5, 2.0], 2)
        [[nan, nan, 50.0], [nan, nan, 100.0], [nan, nan, 50.0]]
    """

    def recency(values: Values, sign: float) -> list[float]:
        def of(window: Values) -> float:
            newest_first = [sign * value for value in reversed(window)]
            return 100.0 / n * (n - newest_first.index(max(newest_first)))

        return of_windows(values, n + 1, of)

    down, up = recency(low, -1.0), recency(high, 1.0)
    return [down, up, [a - b for a, b in zip(up, down, strict=True)]]


ENTRIES = {
    "dmi": Entry(
        ("high", "low", "close"),
        lambda of: 2 * whole(of),
        lambda of, columns: dmi(*columns.bars(), whole(of)),
    ),
    "adx": Entry(
        ("high", "low", "close"),
        lambda of: 2 * whole(of),
        lambda of, columns: dmi(*columns.bars(), whole(of))[3:],
    ),
    "adxr": Entry(
        ("high", "low", "close"),
        lambda of: 3 * whole(of) - 1,
        lambda of, columns: [adxr(*columns.bars(), whole(of))],
    ),
    "vortex": Entry(
        ("high", "low", "close"),
        lambda of: whole(of) + 1,
        lambda of, columns: vortex(*columns.bars(), whole(of)),
    ),
    "aroon": Entry(
        ("high", "low"),
        lambda of: whole(of) + 1,
        lambda of, columns: aroon(columns.values[0], columns.values[1], whole(of)),
    ),
}
"""What this family is known by."""

"""Smoothed averages, and the moving-average kinds that other indicators take by name."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from omega.reference.indicators import averages
from omega.reference.indicators.averages import ema, sma, window_sums
from omega.reference.indicators.registry import Entry, delayed, over_window, whole

Values = Sequence[float]


def trima(values: Values, n: int) -> list[float]:
    """Mean of means, which weighs the middle of the last n most.

    Example:
        >>> trima([1.0, 2.0, 5.0], 3)
        [nan, nan, 2.5]
    """
    return sma(sma(values, -(-n // 2)), n // 2 + 1)


def zlema(values: Values, n: int) -> list[float]:
    """Exponential mean of `2 x - (x of half a window ago)`.

    Example:
        >>> zlema([1.0, 2.0, 4.0, 5.0], 3)
        [nan, nan, nan, 5.0]
    """
    lag = (n - 1) // 2
    pairs = zip(values, delayed(values, lag), strict=True)
    return ema([2.0 * x - before for x, before in pairs], n)


def t3(values: Values, n: int, factor: float) -> list[float]:
    """Tillson's mean of six exponential ones.

    Example:
        >>> t3([1.0, 2.0, 4.0], 1, 0.7)[2]
        4.0
    """
    square, cube = factor * factor, factor * factor * factor
    a, b = -cube, 3.0 * (square + cube)
    c = -6.0 * square - 3.0 * (factor + cube)
    d = ((1.0 + 3.0 * factor) + cube) + 3.0 * square
    chain = [ema(values, n)]
    for _ in range(5):
        chain.append(ema(chain[-1], n))
    columns = zip(*chain[2:], strict=True)
    return [((a * six + b * five) + c * four) + d * three for three, four, five, six in columns]


def kama(values: Values, n: int, fast: int = 2, slow: int = 30) -> list[float]:
    """Kaufman's mean: as fast as the way of the last n changes was straight.

    Example:
        >>> kama([1.0, 2.0, 3.0], 2)  # 2 + (2 / 3)²
        [nan, nan, 2.444444444444444]
    """
    changes = [abs(now - before) for before, now in itertools.pairwise(values)]
    changes = [math.nan, *changes][: len(values)]
    walked = window_sums(changes, n)
    quick, calm = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    level, result = math.nan, []
    for index, way in enumerate(walked):
        if math.isnan(way):
            result.append(math.nan)
            continue
        distance = abs(values[index] - values[index - n])
        weight = (distance / way if way > distance else 1.0) * (quick - calm) + calm
        before = values[index - 1] if math.isnan(level) else level
        level = before + weight * weight * (values[index] - before)
        result.append(level)
    return result


Average = tuple[Callable[[Values, int], list[float]], Callable[[int], int]]

AVERAGES: Sequence[Average] = (
    (sma, lambda n: n),
    (ema, lambda n: n),
    (averages.wma, lambda n: n),
    (averages.dema, lambda n: 2 * n - 1),
    (averages.tema, lambda n: 3 * n - 2),
    (averages.hma, lambda n: n + math.isqrt(n) - 1),
    (averages.rma, lambda n: n),
    (trima, lambda n: n),
    (kama, lambda n: n + 1),
    (lambda values, n: t3(values, n, 0.7), lambda n: 6 * n - 5),
    (zlema, lambda n: n + (n - 1) // 2),
)
"""Averages by the places of their words, and how many bars the first value of each needs."""


EMA = 1
"""The place of the exponential mean."""


def without(values: Values, count: int) -> list[float]:
    """Make NaN the first so many that are numbers, so that an average starts later.

    Example:
        >>> without([math.nan, 1.0, 2.0], 1)
        [nan, nan, 2.0]
    """
    result = []
    for value in values:
        result.append(math.nan if count > 0 else value)
        count -= count > 0 and not math.isnan(value)
    return result


ENTRIES = {
    "trima": over_window(trima),
    "zlema": Entry(
        ("source",),
        lambda p: whole(p) + (whole(p) - 1) // 2,
        lambda p, columns: [zlema(columns.values[0], whole(p))],
    ),
    "t3": Entry(
        ("source",),
        lambda p: 6 * whole(p) - 5,
        lambda p, columns: [t3(columns.values[0], whole(p), p[1])],
    ),
    "kama": Entry(
        ("source",),
        lambda p: whole(p) + 1,
        lambda p, columns: [kama(columns.values[0], whole(p), whole(p, 1), whole(p, 2))],
    ),
}
"""What this family is known by."""

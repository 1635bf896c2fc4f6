"""Returns beside those of a benchmark."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from omega.measures.rates import RiskFree
from omega.report._metrics import BESIDE_A_BENCHMARK

Value: TypeAlias = float | None


def paired(
    own: Mapping[int, float],
    other: Mapping[int, float],
    initial: tuple[float | None, float | None] = (None, None),
) -> tuple[list[int], list[float], list[float]]:
    """Return the returns of two curves from one day that both have to the next.

    Args:
        own: Closes by day.
        other: Those of the other.
        initial: What stands before the first close of each; where both have it, and begin on one
            day, the first day has returns too.

    Returns:
        The days and both returns; after an equity of 0 or less they are 0.

    Example:
        >>> paired({1: 2.0, 2: 3.0, 4: 6.0}, {2: 8.0, 3: 1.0, 4: 4.0})
        ([4], [1.0], [-0.5])
    """
    days = sorted(own.keys() & other.keys())
    closes = [[curve[day] for day in days] for curve in (own, other)]
    if days and None not in initial and days[0] == min(own) == min(other):
        closes = [[first or 0.0, *those] for first, those in zip(initial, closes, strict=True)]
    else:
        days = days[1:]
    return days, _changes(closes[0]), _changes(closes[1])


def _changes(closes: Sequence[float]) -> list[float]:
    pairs = itertools.pairwise(closes)
    return [max(now / before - 1.0, -1.0) if before > 0.0 else 0.0 for before, now in pairs]


def relative(
    days: Sequence[int],
    returns: Sequence[float],
    benchmark: Sequence[float],
    per_year: float | None,
    free: RiskFree,
) -> dict[str, Value]:
    """Return how returns lie to those of a benchmark; None for what is undefined.

    The drawdown of the benchmark is that of its closes by day, and its Sharpe ratio that of its
    returns above the risk-free rate.

    `alpha` and `beta` are those of the regression of both above the risk-free rate (Jensen 1968),
    alpha times the returns a year. `tracking_error` is the sample deviation of the difference,
    annualised, and `information_ratio` its mean over its deviation, annualised. The captures are
    the geometric means of returns over the days on which the benchmark rose, or fell, each divided
    by that of the benchmark.

    Example:
        >>> found = relative([1, 2, 3], [0.5, -0.25, 0.25], [0.25, -0.125, 0.125], None,
        ...                  RiskFree((0,), (0.0,)))
        >>> found["beta"], found["up_capture"] > 1.0, found["alpha"]
        (2.0, True, None)
    """
    found: dict[str, Value] = dict.fromkeys(BESIDE_A_BENCHMARK)
    n = len(returns)
    if not n:
        return found
    found["benchmark_return"] = math.prod(1.0 + b for b in benchmark) - 1.0
    found["benchmark_drawdown"] = _deepest(benchmark)
    found["up_capture"] = _capture([p for p in zip(returns, benchmark, strict=True) if p[1] > 0.0])
    found["down_capture"] = _capture(
        [p for p in zip(returns, benchmark, strict=True) if p[1] < 0.0]
    )
    if n == 1:
        return found
    rates = [0.0] * n if free.is_zero or per_year is None else free.of(days, per_year)
    own = [r - rate for r, rate in zip(returns, rates, strict=True)]
    other = [b - rate for b, rate in zip(benchmark, rates, strict=True)]
    mean, middle = _mean(own), _mean(other)
    shared = _sum_of(own, mean, other, middle)
    spread, width = _sum_of(own, mean, own, mean), _sum_of(other, middle, other, middle)
    beta = shared / width if width > 0.0 else None
    found["beta"] = beta
    if spread > 0.0 and width > 0.0:
        found["correlation"] = shared / (math.sqrt(spread) * math.sqrt(width))
    apart = [r - b for r, b in zip(returns, benchmark, strict=True)]
    gap = _mean(apart)
    deviation = math.sqrt(_sum_of(apart, gap, apart, gap) / (n - 1))
    if per_year is not None:
        if width > 0.0:
            found["benchmark_sharpe"] = middle / math.sqrt(width / (n - 1)) * math.sqrt(per_year)
        found["alpha"] = None if beta is None else (mean - beta * middle) * per_year
        found["tracking_error"] = deviation * math.sqrt(per_year)
        if deviation > 0.0:
            found["information_ratio"] = gap / deviation * math.sqrt(per_year)
    return {
        name: one if one is not None and math.isfinite(one) else None for name, one in found.items()
    }


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _sum_of(a: Sequence[float], mean_a: float, b: Sequence[float], mean_b: float) -> float:
    return math.fsum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))


def _deepest(returns: Sequence[float]) -> float:
    """Return the largest fall from a peak, as a share of it."""
    levels = list(itertools.accumulate(returns, lambda level, r: level * (1.0 + r), initial=1.0))
    peaks = itertools.accumulate(levels, max)
    return max(1.0 - level / peak for level, peak in zip(levels, peaks, strict=True))


def _capture(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the geometric mean of some returns over that of the benchmark on the same days."""
    if not pairs:
        return None
    own, other = (_geometric([pair[side] for pair in pairs]) for side in (0, 1))
    return own / other if other != 0.0 else None


def _geometric(returns: Sequence[float]) -> float:
    growth = math.prod(1.0 + r for r in returns)
    return growth ** (1.0 / len(returns)) - 1.0 if growth > 0.0 else -1.0

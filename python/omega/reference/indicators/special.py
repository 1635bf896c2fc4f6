"""Models of level and volatility: Kalman filter, GARCH(1,1), volatility clusters."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from omega.reference.indicators import averages
from omega.reference.indicators.averages import exact_mean, ratio, whole_numbers
from omega.reference.indicators.registry import Columns, Entry, optional, whole
from omega.reference.indicators.statistics import (
    of_windows,
    quantile_of,
    rolling_std,
    scores,
    spread,
)
from omega.reference.indicators.volatility import atr

ROUNDS = 30


def kalman_mean(values: Sequence[float], measurement: float, process: float) -> list[float]:
    """Level of a random walk that is measured with noise; it starts at the first value.

    Example:
        >>> kalman_mean([2.0, 5.0], 1.0, 1.0)
        [2.0, 4.0]
    """
    level = variance = 0.0
    started = False
    result = []
    for value in values:
        if math.isnan(value):
            result.append(math.nan)
            continue
        if not started:
            level, variance, started = value, measurement, True
        else:
            predicted = variance + process
            gain = predicted / (predicted + measurement)
            level = level + gain * (value - level)
            variance = (1.0 - gain) * predicted
        result.append(level)
    return result


def kalman_zscore(
    values: Sequence[float], n: int, measurement: float, process: float
) -> list[float]:
    """Distance from the Kalman mean, in sample deviations of its last n.

    Example:
        >>> kalman_zscore([1.0, 1.0, 4.0], 2, 1.0, 1.0)
        [nan, nan, 1.4142135623730951]
    """
    levels = kalman_mean(values, measurement, process)
    residuals = [x - m for x, m in zip(values, levels, strict=True)]
    return scores(residuals, rolling_std(residuals, n, 1))


@dataclass(frozen=True)
class Garch:
    """Weights and start of a GARCH(1,1) volatility.

    Example:
        >>> Garch(0.1, 0.85, None, 50, True, 100.0, None).beta
        0.85
    """

    alpha: float
    beta: float
    omega: float | None
    min_periods: int
    log_returns: bool
    scale: float
    lookback: int | None


def garch_volatility(values: Sequence[float], garch: Garch) -> list[float]:
    """Deviation of the next return as the returns before it predict.

    Example:
        >>> garch_volatility([1.0, 2.0, 2.0], Garch(0.25, 0.5, None, 2, False, 1.0, None))
        [nan, nan, 0.7071067811865476]
    """
    if garch.lookback is None:
        return _along(values, garch)
    result = [math.nan] * len(values)
    for index in range(garch.lookback - 1, len(values)):
        window = values[index + 1 - garch.lookback : index + 1]
        result[index] = _anew(window, garch) if 0.0 < window[-1] < math.inf else math.nan
    return result


def _anew(window: Sequence[float], garch: Garch) -> float:
    """From a window alone: what is left of its first variance, and of the shocks since."""
    known = [value for value in window if 0.0 < value < math.inf]
    steps = [garch.scale * _return(b, a, garch) for a, b in itertools.pairwise(known)]
    n = garch.min_periods
    if len(steps) < n or not all(map(math.isfinite, steps[:n])):
        return math.nan
    mean = exact_mean(steps[:n], [1] * n)
    variance = spread(steps[:n], steps[:n]) / (float(n) * (float(n) - 1.0))
    level = (1.0 - garch.alpha - garch.beta) * variance
    omega = level if garch.omega is None else garch.omega
    of_all = Shocks.of(steps[n - 1 : -1], garch.beta)
    if of_all is not None:
        distance = of_all.mean - mean
        squares = of_all.squares + of_all.weight * (distance * distance)
        variance = of_all.share * variance + (omega * of_all.weight + garch.alpha * squares)
    return math.sqrt(variance) / garch.scale


@dataclass(frozen=True)
class Shocks:
    """Shocks after each other, each newer one counted `1 / β` times as much.

    `share` is what they leave of a variance before them, `weight` is `Σ β^j`, `squares` the sum of
    squared distances from the mean by these weights.
    """

    share: float
    weight: float
    mean: float
    squares: float

    @classmethod
    def of(cls, steps: Sequence[float], beta: float) -> Shocks | None:
        """Put together the newest 1, 2, 4 and so on, by their number in binary.

        Example:
            >>> Shocks.of([1.0, 3.0], 0.5)
            Shocks(share=0.25, weight=1.5, mean=2.3333333333333335, squares=1.3333333333333333)
        """
        end, length = len(steps), 1
        runs: Shocks | None = None
        while end:
            if len(steps) & length:
                run = cls._run(steps[end - length : end], beta)
                runs = run if runs is None else runs.after(run)
                end -= length
            length *= 2
        return runs

    @classmethod
    def _run(cls, steps: Sequence[float], beta: float) -> Shocks:
        """Half of a power of two after the other half."""
        if len(steps) == 1:
            return cls(beta, 1.0, steps[0], 0.0)
        half = len(steps) // 2
        return cls._run(steps[half:], beta).after(cls._run(steps[:half], beta))

    def after(self, older: Shocks) -> Shocks:
        """Put these after older ones (Chan, Golub and LeVeque 1979, with weights)."""
        left = self.share * older.weight
        weight = left + self.weight
        part = left / weight
        distance = older.mean - self.mean
        return Shocks(
            self.share * older.share,
            weight,
            self.mean + part * distance,
            (self.share * older.squares + self.squares)
            + (distance * distance) * (part * self.weight),
        )


def _along(values: Sequence[float], garch: Garch) -> list[float]:
    steps: list[float] = []
    variance = mean = omega = last = math.nan
    result = [math.nan] * len(values)
    for index, value in enumerate(values):
        if not 0.0 < value < math.inf:
            continue
        step = garch.scale * _return(value, last, garch)
        last = value
        if math.isnan(step):
            continue
        if len(steps) >= garch.min_periods:
            shock = steps[-1] - mean
            variance = omega + garch.alpha * (shock * shock) + garch.beta * variance
        steps.append(step)
        if len(steps) == garch.min_periods:
            mean, variance = _moments(steps)
            level = (1.0 - garch.alpha - garch.beta) * variance
            omega = level if garch.omega is None else garch.omega
        if len(steps) >= garch.min_periods:
            result[index] = math.sqrt(variance) / garch.scale
    return result


def _return(value: float, last: float, garch: Garch) -> float:
    ratio = value / last
    if not garch.log_returns:
        return ratio - 1.0
    return math.log(ratio) if ratio != 0.0 else -math.inf


def _moments(steps: Sequence[float]) -> tuple[float, float]:
    """Mean and sample variance, summed from the first on."""
    added = squares = 0.0
    for step in steps:
        added += step
    mean = added / len(steps)
    for step in steps:
        squares += (step - mean) * (step - mean)
    return mean, squares / (len(steps) - 1.0)


def kalman_garch_zscore(
    values: Sequence[float], measurement: float, process: float, garch: Garch
) -> list[float]:
    """Distance from the Kalman mean as a part of the value, over the GARCH volatility.

    Example:
        >>> garch = Garch(0.25, 0.5, None, 2, False, 1.0, None)
        >>> kalman_garch_zscore([1.0, 2.0, 2.0], 1.0, 1.0, garch)
        [nan, nan, 0.08838834764831843]
    """
    levels = kalman_mean(values, measurement, process)
    residuals = [x - m for x, m in zip(values, levels, strict=True)]
    deviations = garch_volatility(values, garch)
    return scores(residuals, [abs(x) * d for x, d in zip(values, deviations, strict=True)])


def volatility_cluster(feature: Sequence[float], n: int, k: int) -> list[float]:
    """Group of each value among the last n, 0 the lowest of k, by their logarithms.

    Example:
        >>> volatility_cluster([1.0, 8.0, 64.0, 1.0], 3, 3)
        [nan, nan, 2.0, 0.0]
    """
    logarithms = [math.log(value) if value > 0.0 else math.nan for value in feature]
    return averages.of_windows(logarithms, n, lambda window: _group(window, k))


def _group(window: Sequence[float], k: int) -> float:
    """k-means in one dimension, from quantiles on; a border belongs to the lower group."""
    ordered = sorted(window)
    if ordered[0] == ordered[-1]:
        return 0.0
    values, unit = whole_numbers(ordered)
    sums = [0, *itertools.accumulate(values)]
    centres = [quantile_of(ordered, (2.0 * j + 1.0) / (2.0 * k)) for j in range(k)]
    ends: list[int] = []
    for _ in range(ROUNDS):
        borders = _borders(centres)
        divided = [bisect.bisect_right(ordered, border) for border in borders]
        divided.append(len(ordered))
        if divided == ends:
            break
        ends = divided
        start = 0
        for j, end in enumerate(ends):
            if end > start:
                centres[j] = ratio(sums[end] - sums[start], unit) / float(end - start)
                start = end
    label = 0
    for border in _borders(centres):
        if not border < window[-1]:
            break
        label += 1
    return float(label)


def _borders(centres: Sequence[float]) -> list[float]:
    return [0.5 * (a + b) for a, b in itertools.pairwise(centres)]


def volatility_rank(feature: Sequence[float], n: int) -> list[float]:
    """How many of the n - 1 values before this one lie below it, in percent.

    Example:
        >>> volatility_rank([3.0, 1.0, 2.0], 3)
        [nan, nan, 50.0]
    """

    def rank(window: Sequence[float]) -> float:
        below = sum(other < window[-1] for other in window[:-1])
        return 100.0 * below / (n - 1.0)

    return of_windows(feature, n, rank)


def _garch(parameters: Sequence[float]) -> Garch:
    """Read seven parameters, in the order of the fields."""
    alpha, beta, _, min_periods, log_returns, scale, _ = parameters
    lookback = optional(parameters, 6)
    return Garch(
        alpha,
        beta,
        optional(parameters, 2),
        int(min_periods),
        log_returns > 0.0,
        scale,
        None if lookback is None else int(lookback),
    )


def _garch_warmup(parameters: Sequence[float]) -> int:
    garch = _garch(parameters)
    return garch.min_periods + 1 if garch.lookback is None else garch.lookback


def _cluster_warmup(parameters: Sequence[float]) -> int:
    of_garch = parameters[0] > 0.0
    first = _garch_warmup(parameters[4:]) if of_garch else whole(parameters, 3) + 1
    return first + whole(parameters, 1) - 1


def _cluster(parameters: Sequence[float], columns: Columns) -> list[list[float]]:
    if parameters[0] > 0.0:
        feature = garch_volatility(columns.values[2], _garch(parameters[4:]))
    else:
        feature = atr(*columns.of_three(), whole(parameters, 3))
    return [volatility_cluster(feature, whole(parameters, 1), whole(parameters, 2))]


ENTRIES = {
    "kalman_mean": Entry(
        ("source",), lambda _: 1, lambda p, columns: [kalman_mean(columns.values[0], p[0], p[1])]
    ),
    "kalman_zscore": Entry(
        ("source",),
        whole,
        lambda p, columns: [kalman_zscore(columns.values[0], whole(p), p[1], p[2])],
    ),
    "garch_volatility": Entry(
        ("source",),
        _garch_warmup,
        lambda p, columns: [garch_volatility(columns.values[0], _garch(p))],
    ),
    "kalman_garch_zscore": Entry(
        ("source",),
        lambda p: _garch_warmup(p[2:]),
        lambda p, columns: [kalman_garch_zscore(columns.values[0], p[0], p[1], _garch(p[2:]))],
    ),
    "volatility_cluster": Entry(("high", "low", "close"), _cluster_warmup, _cluster),
    "volatility_rank": Entry(
        ("high", "low", "close"),
        lambda p: whole(p) + whole(p, 1),
        lambda p, columns: [volatility_rank(atr(*columns.of_three(), whole(p, 1)), whole(p))],
    ),
}
"""What this family is known by."""

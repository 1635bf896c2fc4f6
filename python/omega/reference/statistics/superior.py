"""Tests of whether the best of many trials beats a benchmark."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from omega.reference.statistics.moments import Numbers, column_totals, means_of, total

_NO_WEIGHT = 1e-18

Outcome = tuple[float, float, Numbers, int, list[int], NDArray[np.uint64]]


def superior(returns: Numbers, resamples: NDArray[np.uint32], deviations: Numbers) -> Outcome:
    """The statistics of the reality check, of Hansen's test and of each trial, and their counts."""
    rows, trials = returns.shape
    root, means = math.sqrt(float(rows)), means_of(returns)
    statistics = _over(root * means, deviations)
    white, spa = float(np.max(root * means)), _positive(float(np.max(statistics)))
    centres = _centres(means, deviations, float(rows))
    ascending = sorted(range(trials), key=lambda trial: (statistics[trial], -trial))
    count, counts = 0, [0, 0, 0]
    of_trials = np.zeros(trials, dtype=np.uint64)
    for draw in resamples.reshape(-1, rows):
        times = np.bincount(draw, minlength=rows).astype(float)
        weighted = (n * row for n, row in zip(times, returns, strict=True))
        drawn = column_totals(weighted, trials) / float(rows)
        apart = root * (drawn - means)
        count += bool(np.max(apart) >= white)
        for way, centre in enumerate(centres):
            largest = float(np.max(_over(root * (drawn - centre), deviations)))
            counts[way] += _positive(largest) >= spa
        own = _over(apart, deviations)[ascending]
        reached = np.maximum.accumulate(own) >= statistics[ascending]
        of_trials[ascending] += reached.astype(np.uint64)
    return white, spa, statistics, count, counts, of_trials


def _centres(means: Numbers, deviations: Numbers, n: float) -> tuple[Numbers, Numbers, Numbers]:
    """What the lower, the consistent and the upper way of recentring take off."""
    inner = math.log(n)
    threshold = 2.0 * _positive(math.log(inner) if inner > 0.0 else 0.0)
    least = 0.0 - np.sqrt(deviations * deviations / n * threshold)
    lower = np.where(means > 0.0, means, 0.0)
    return lower, np.where(means >= least, means, 0.0), means


def _over(values: Numbers, deviations: Numbers) -> Numbers:
    """0 for a trial that never varies: it is not better than anything."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(deviations > 0.0, values / deviations, 0.0)


def _positive(value: float) -> float:
    return max(0.0, value)


def deviations(returns: Numbers, block: float) -> Numbers:
    """The deviation of the root of `n` times the mean of each column, in closed form."""
    n = returns.shape[0]
    weights = _weights(n, 1.0 / block)
    found = []
    for values, mean in zip(returns.T.tolist(), means_of(returns).tolist(), strict=True):
        if all(value == values[0] for value in values):
            found.append(0.0)
            continue
        apart = [value - mean for value in values]
        variance = _covariance(apart, 0)
        for lag, weight in weights:
            variance += 2.0 * weight * _covariance(apart, lag)
        found.append(math.sqrt(_positive(variance)))
    return np.array(found)


def _weights(n: int, p: float) -> list[tuple[int, float]]:
    powers = [1.0]
    for _ in range(n):
        powers.append(powers[-1] * (1.0 - p))
    found = []
    for i in range(1, n):
        one, rest = float(i), float(n - i)
        weight = rest / float(n) * powers[i] + one / float(n) * powers[n - i]
        if weight > _NO_WEIGHT:
            found.append((i, weight))
    return found


def _covariance(apart: list[float], lag: int) -> float:
    return total(a * b for a, b in zip(apart[lag:], apart, strict=False)) / float(len(apart))

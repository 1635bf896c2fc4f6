"""The probability of backtest overfitting, from block moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from omega.reference.statistics.moments import Numbers, total

_ROUNDING = 2.0**-40
"""Below this part of its terms a difference is rounding."""

Outcome = tuple[float, Numbers, Numbers, Numbers, float | None, float | None, float]


def overfitting(
    lengths: Sequence[int], offsets: Numbers, sums: Numbers, squares: Numbers
) -> Outcome:
    """Probability, logits, ratios inside and outside, slope, intercept, probability of a loss."""
    blocks = len(lengths)
    offsets = np.asarray(offsets, dtype=float)
    by_block = [np.asarray(s, dtype=float).reshape(blocks, -1) for s in (sums, squares)]
    found = []
    for chosen in combinations(range(blocks), blocks // 2):
        rest = [block for block in range(blocks) if block not in chosen]
        inside = ratios(chosen, lengths, offsets, *by_block)
        outside = ratios(rest, lengths, offsets, *by_block)
        found.append(_of_choice(inside, outside))
    logits, best, own = (np.array(column) for column in zip(*found, strict=True))
    n = float(len(found))
    slope, intercept = _line(best.tolist(), own.tolist())
    probability = float(np.count_nonzero(logits <= 0.0)) / n
    loss = float(np.count_nonzero(own < 0.0)) / n
    return probability, logits, best, own, slope, intercept, loss


def ratios(
    chosen: Sequence[int],
    lengths: Sequence[int],
    offsets: Numbers,
    sums: Numbers,
    squares: Numbers,
) -> Numbers:
    """The Sharpe ratio of each trial; 0 without spread, and where the mean is rounding."""
    n = float(sum(lengths[block] for block in chosen))
    added, squared = np.zeros(len(offsets)), np.zeros(len(offsets))
    for block in chosen:
        added += sums[block]
        squared += squares[block]
    mean = added / n
    apart = squared - added * mean
    whole = offsets + mean
    varies = apart > _ROUNDING * squared
    with np.errstate(divide="ignore", invalid="ignore"):
        found = whole / np.sqrt(apart / (n - 1.0))
    return np.where(varies & (np.abs(whole) > _ROUNDING * np.abs(offsets)), found, 0.0)


def _alike(ratios: Numbers, other: float) -> NDArray[np.bool_]:
    """Which of the ratios differ from another by rounding alone."""
    return np.abs(ratios - other) <= _ROUNDING * abs(other)


def _of_choice(inside: Numbers, outside: Numbers) -> tuple[float, float, float]:
    """The log-odds of the best trial's rank outside, and its ratios; of equal ones the first."""
    best = int(np.argmax(_alike(inside, np.max(inside))))
    own = outside[best]
    is_equal = _alike(outside, own)
    below, equal = np.count_nonzero((outside < own) & ~is_equal), np.count_nonzero(is_equal)
    rank = float(below) + (float(equal) + 1.0) / 2.0
    odds = rank / (float(len(outside)) + 1.0 - rank)
    return math.log(odds), float(inside[best]), float(own)


def _line(x: Sequence[float], y: Sequence[float]) -> tuple[float | None, float | None]:
    n = float(len(x))
    mean_x, mean_y = total(x) / n, total(y) / n
    squares = total((a - mean_x) * (a - mean_x) for a in x)
    crosses = total((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    if not squares > 0.0 or all(a == x[0] for a in x):
        return None, None
    slope = crosses / squares
    return slope, mean_y - slope * mean_x

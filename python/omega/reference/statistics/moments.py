"""Moments of returns: of a whole sample, and of its blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def total(values: Iterable[float]) -> float:
    """From the first to the last, starting at 0; `sum` compensates, and NumPy's goes in pairs."""
    added = 0.0
    for value in values:
        added += value
    return added


def column_totals(rows: Iterable[Numbers], columns: int) -> Numbers:
    """The sum of each column, from the first row to the last."""
    added = np.zeros(columns)
    for row in rows:
        added += row
    return added


def means_of(returns: Numbers) -> Numbers:
    """The mean of each column."""
    return column_totals(returns, returns.shape[1]) / float(returns.shape[0])


def moments(returns: Numbers) -> tuple[float, float, float | None, float | None]:
    """Mean, deviation, skewness and kurtosis, corrected for the size of the sample."""
    values = returns.tolist()
    n = float(len(values))
    mean = total(values) / n
    apart = [value - mean for value in values]
    squares = total(d * d for d in apart)
    if all(value == values[0] for value in values):
        return mean, 0.0, None, None
    deviation, second = math.sqrt(squares / (n - 1.0)), squares / n
    skewness = kurtosis = None
    if n > 2.0:  # noqa: PLR2004 - the correction needs three
        third = _over(total(d * d * d for d in apart) / n, second * math.sqrt(second))
        skewness = _finite(third * (math.sqrt(n * (n - 1.0)) / (n - 2.0)))
    if n > 3.0:  # noqa: PLR2004 - and four
        fourth = _over(total((d * d) * (d * d) for d in apart) / n, second * second)
        factor = (n - 1.0) / ((n - 2.0) * (n - 3.0))
        kurtosis = _finite(factor * ((n + 1.0) * (fourth - 3.0) + 6.0) + 3.0)
    return mean, deviation, skewness, kurtosis


def sharpe(returns: Numbers) -> float:
    """The Sharpe ratio of a period; 0 without spread."""
    mean, deviation, _, _ = moments(returns)
    return mean / deviation if deviation > 0.0 else 0.0


def block_moments(returns: Numbers, blocks: int) -> tuple[list[int], Numbers, Numbers, Numbers]:
    """Lengths of the blocks, first returns, sums about them and sums of squares, block by block."""
    each, rest = divmod(returns.shape[0], blocks)
    lengths = [each + (block < rest) for block in range(blocks)]
    offsets = returns[0].copy()
    sums, squares, begin = [], [], 0
    for length in lengths:
        apart = returns[begin : begin + length] - offsets
        sums.append(column_totals(apart, len(offsets)))
        squares.append(column_totals(apart * apart, len(offsets)))
        begin += length
    return lengths, offsets, np.concatenate(sums), np.concatenate(squares)


def trial_moments(returns: Numbers, blocks: int) -> Numbers:
    """What a sweep keeps of a run: periods, ratio, skewness, kurtosis, and its blocks."""
    if not len(returns):
        return np.array([0.0, math.nan, math.nan, math.nan])
    _, _, skewness, kurtosis = moments(returns)
    head = [
        float(len(returns)),
        sharpe(returns),
        math.nan if skewness is None else skewness,
        math.nan if kurtosis is None else kurtosis,
    ]
    if len(returns) < blocks:
        return np.array(head)
    _, offsets, sums, squares = block_moments(returns.reshape(-1, 1), blocks)
    return np.concatenate([head, offsets, sums, squares])


def _over(a: float, b: float) -> float:
    """As machines divide."""
    return a / b if b else math.nan


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

"""Plateau scores: whether the neighbours of the best point in a grid are about as good."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from omega.reference.statistics.bootstrap import quantile
from omega.reference.statistics.moments import Numbers, total

Found = tuple[int, int, float | None, float | None, float | None]


def plateau(
    values: Numbers, shape: Sequence[int], point: int | None, steps: int, diagonal: bool
) -> Found | None:
    """The point, its neighbours, their mean and the worst over it, and the median of all."""
    grid = values.tolist()
    if point is None:
        known = [place for place, value in enumerate(grid) if not math.isnan(value)]
        if not known:
            return None
        point = max(known, key=lambda place: (grid[place], -place))
    near = [
        p for p in range(len(grid)) if p != point and _are_near(point, p, shape, steps, diagonal)
    ]
    around = [grid[place] for place in near if not math.isnan(grid[place])]
    own = grid[point]
    ratio = worst = median = None
    if own > 0.0 and around:
        ratio = total(around) / float(len(around)) / own
        worst = min(around) / own
    if not math.isnan(own):
        median = quantile(np.sort(np.array([*around, own])), 0.5)
    return point, len(around), ratio, worst, median


def _are_near(a: int, b: int, shape: Sequence[int], steps: int, diagonal: bool) -> bool:
    """Whether two places are neighbours, the last parameter changing first."""
    differing = 0
    for length in reversed(shape):
        apart = abs(a % length - b % length)
        if apart > steps:
            return False
        differing += apart > 0
        a, b = a // length, b // length
    return diagonal or differing <= 1

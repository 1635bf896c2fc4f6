"""Matrices and series that the numbers of the tests were computed on by hand."""

from __future__ import annotations

import importlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from omega.reference.statistics import Statistics as PlainStatistics
from tests.support.backends import BACKENDS

Numbers = NDArray[np.float64]
Anything: TypeAlias = Any
"""What both kinds of functions, or a library, give."""

A = [
    [2, -2, -2, -1], [2, 0, 4, -1], [1, 0, -1, 0], [4, -3, -2, 3],
    [-1, 4, 1, 1], [-1, -3, 0, 4], [0, -1, -3, 0], [1, -1, 0, 4],
]  # fmt: skip
B = [
    [1, 2, 0], [3, 1, 1], [2, -1, 1], [0, 1, 2], [-1, 2, 1], [1, 0, 3], [2, 1, -1], [0, 3, 1],
]  # fmt: skip
D = [[2, 0, -1], [-1, 2, 0], [1, -1, 1], [-2, 2, -2], [1, 0, 1], [2, -1, 0]]


def kernel(backend: str) -> Anything:
    """The functions of a backend."""
    if backend == "python":
        return PlainStatistics
    return importlib.import_module("omega._core").Statistics


KERNELS = [kernel(backend) for backend in BACKENDS]


def normals(count: int, seed: int) -> Numbers:
    """Sums of twelve draws of a linear congruential generator, less 6."""
    state, found = seed, []
    for _ in range(count):
        total = 0.0
        for _ in range(12):
            state = (1103515245 * state + 12345) % 2**31
            total += state / 2**31
        found.append(total - 6.0)
    return np.array(found)


def autoregressive() -> Numbers:
    noise, values = normals(500, 5), [0.0]
    for error in noise[1:]:
        values.append(0.5 * values[-1] + error)
    return np.array(values)


def circular_resamples() -> NDArray[np.uint32]:
    """All pairs of circular blocks of three rows over six."""
    return np.array(
        [
            [(start + k) % 6 for start in (i, j) for k in range(3)]
            for i in range(6)
            for j in range(6)
        ],
        dtype=np.uint32,
    )


def noise(periods: int, trials: int, seed: int) -> Numbers:
    return np.random.default_rng(seed).normal(0.0002, 0.01, (periods, trials))

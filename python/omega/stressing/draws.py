"""Draws that depend on their keys and on nothing else, as those of slippage do (rule M4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def seed_of(*keys: int) -> int:
    """Mix keys into a seed.

    Example:
        >>> seed_of(1, 2) == seed_of(1, 2) != seed_of(2, 1)
        True
    """
    state = 0
    for key in keys:
        state = int(_mixed(np.array([(state ^ key) + _GOLDEN & _MASK], dtype=np.uint64))[0])
    return state


def uniforms(seed: int, count: int) -> NDArray[np.float64]:
    """Return numbers in [0, 1), each by its place alone.

    Example:
        >>> long, short = uniforms(7, 5), uniforms(7, 2)
        >>> bool((long[:2] == short).all())
        True
    """
    places = np.arange(count, dtype=np.uint64)
    state = _mixed(places ^ np.uint64(seed_of(seed)))
    return np.asarray((state >> np.uint64(11)).astype(np.float64) / 9007199254740992.0)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))

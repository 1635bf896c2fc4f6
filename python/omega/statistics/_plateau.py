"""Whether the best point of a grid stands on a plateau or on a peak of its own."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omega.config.values import whole
from omega.errors import ConfigError
from omega.statistics._arguments import field, kernel


@dataclasses.dataclass(frozen=True)
class Plateau:
    """A point of a grid beside its neighbours.

    Attributes:
        point: Its place in each parameter.
        neighbours: How many have a value.
        ratio: Their mean over its value; None unless that is above 0.
        worst: The worst of them over it.
        median: The median of the point and its neighbours: what to select by in place of a peak.

    Example:
        >>> plateau([[0.2, 0.4, 0.3], [0.5, 2.0, 0.4], [0.3, 0.4, 0.2]]).worst
        0.1
    """

    point: tuple[int, ...]
    neighbours: int
    ratio: float | None
    worst: float | None
    median: float | None


def plateau(
    values: Any,  # noqa: ANN401 - an array of any number of dimensions
    point: tuple[int, ...] | None = None,
    *,
    steps: int = 1,
    diagonal: bool = True,
    backend: str = "auto",
) -> Plateau | None:
    """Compare a point of a grid with its neighbours.

    No agreed statistic exists; these are defined and cheap. Neighbours are counted in steps of the
    grid, not in units of the parameters.

    Args:
        values: A metric, more is better, with a dimension for each parameter; NaN is no value.
        point: Its place in each dimension; None: the best, of equal ones the first.
        steps: How far away neighbours may be in each parameter.
        diagonal: Whether they may differ in several parameters at once.
        backend: As `run_backtest`.

    Returns:
        The comparison; None where no point has a value.

    Raises:
        ConfigError: The values are no numbers, or there is no such point.

    Example:
        >>> grid = [[0.2, 0.4, 0.3], [0.5, 2.0, 0.4], [0.3, 0.4, 0.2]]
        >>> plateau(grid).ratio, plateau(grid, diagonal=False).neighbours
        (0.16875, 4)
    """
    grid = _grid(values)
    around = field("steps", steps, whole(1, 10**6))
    if not isinstance(diagonal, bool):
        raise ConfigError(f"diagonal: given {diagonal!r}, expected True or False")
    place = None if point is None else _place(point, grid.shape)
    flat = np.ascontiguousarray(grid, dtype=np.float64).ravel()
    found = kernel(backend).plateau(flat, list(grid.shape), place, around, diagonal)
    if found is None:
        return None
    at = tuple(int(one) for one in np.unravel_index(found[0], grid.shape))
    return Plateau(at, *found[1:])


def _grid(values: Any) -> NDArray[np.float64]:  # noqa: ANN401 - any dimensions
    try:
        grid = np.asarray(values)
    except Exception as problem:
        raise ConfigError("values: given no grid, expected rows of equal lengths") from problem
    if grid.dtype.kind not in "fiu" or not grid.ndim or not grid.size:
        raise ConfigError(
            f"values: given {type(values).__name__}, expected an array of numbers with a dimension "
            "for each parameter"
        )
    if np.isinf(grid).any():
        raise ConfigError("values: given an infinite number, expected finite ones, or NaN for none")
    return grid


def _place(point: object, shape: tuple[int, ...]) -> int:
    given = point if isinstance(point, tuple) else ()
    whole_numbers = all(isinstance(one, int) and not isinstance(one, bool) for one in given)
    inside = len(given) == len(shape) and whole_numbers
    if not inside or any(not 0 <= one < most for one, most in zip(given, shape, strict=True)):
        raise ConfigError(f"point: given {point!r}, expected a place in a grid of shape {shape}")
    return int(np.ravel_multi_index(given, shape))

"""Zones of parameters in place of points: which neighbours of a run are about as good as it is.

No agreed statistic exists. Those here are over the neighbours of a run in the grid, a step or more
away in the order of each parameter's values: the mean of them over the run's own value (plateau),
the worst of them over it, and the median of all with the run itself, which is better to select by
than a peak. Where runs lie on no grid, neighbours are the nearest in parameters scaled to [0, 1].
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import counted, flag, number, taken, whole
from omega.errors import ConfigError

SHARE = 0.8
"""The share of the best value that neighbours in its zone have."""
_SPARSE = 4
"""A grid has at least one run in so many cells."""
_MOST = 4_000
"""Runs of which nearest neighbours are looked for; the distances of all pairs are computed."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The runs around a best one that are connected with it, and about as good.

    Attributes:
        metric: What is to be good.
        best: The row of the best run.
        runs: The rows of the zone, the best first.
        ranges: For each parameter that varies the least and the greatest value in the zone; of one
            without an order, its one value.
        plateau: The mean of the best run's neighbours over its own value; None unless it is above
            0, and where it has no neighbour.
        worst: The worst of them over it; as `plateau`.
        neighbours: How many there are.
        share: The share of the best value that each run of the zone has at least.

    Example:
        >>> grid = {"fast": [4, 5, 6], "slow": [20, 24]}
        >>> result = omega.sweep(candles, omega.native("sma_cross"), grid)
        >>> zone = result.zone("final_equity", share=0.9)
        >>> len(zone), zone.ranges["fast"]
        (6, (4, 6))
    """

    metric: str
    best: dict[str, Any]
    runs: pl.DataFrame
    ranges: dict[str, tuple[Any, Any]]
    plateau: float | None
    worst: float | None
    neighbours: int
    share: float

    def __len__(self) -> int:
        """Number of runs in the zone."""
        return self.runs.height

    def __repr__(self) -> str:
        """How large it is, and how good the neighbours are."""
        spans = ", ".join(f"{name} {low}…{high}" for name, (low, high) in self.ranges.items())
        flat = "" if self.plateau is None else f", plateau {self.plateau:.2f}"
        return f"Zone({counted(len(self), 'run')} around run {self.best['run']}: {spans}{flat})"


def share_field(share: object) -> float:
    """Return the share of the best value that runs in a zone have.

    Raises:
        ConfigError: It is no number above 0, up to 1.

    Example:
        >>> share_field(0.5)
        0.5
    """
    return taken("share", share, number(above=0, maximum=1))


def neighbours_of(
    table: pl.DataFrame,
    parameters: Sequence[str],
    *,
    reach: int = 1,
    diagonal: bool = True,
    nearest: int | None = None,
) -> list[list[int]]:
    """Return for each row the rows beside it.

    Args:
        table: A row for each run.
        parameters: The columns that vary. Those without an order, texts and truth values, are equal
            in neighbours.
        reach: Steps of a parameter that a neighbour is away at most.
        diagonal: Whether it may differ in several parameters at once.
        nearest: So many nearest runs instead, in parameters scaled to [0, 1]; by default twice as
            many as there are parameters, where the runs are on no grid.

    Raises:
        ConfigError: An argument is of no use.

    Example:
        >>> table = pl.DataFrame({"fast": [5, 5, 9], "slow": [20, 40, 20]})
        >>> neighbours_of(table, ["fast", "slow"], diagonal=False)
        [[1, 2], [0], [0]]
    """
    for name, given in (("reach", reach), ("nearest", nearest)):
        taken(name, 1 if given is None else given, whole(minimum=1))
    taken("diagonal", diagonal, flag)
    ordered = [name for name in parameters if table.schema[name].is_numeric()]
    if nearest is None and _is_grid(table, ordered):
        return _on_grid(table, parameters, ordered, reach, diagonal=diagonal)
    return _nearest(table, parameters, ordered, nearest or 2 * max(len(ordered), 1))


def scores(
    values: Sequence[float | None], beside: Sequence[Sequence[int]], *, more: bool
) -> pl.DataFrame:
    """Return for each row how good its neighbours are.

    Returns:
        Columns `neighbours`, `plateau` (their mean over the row's own value) and `worst` (the worst
        of them over it), both null unless the own value is above 0, and `neighbourhood`, the median
        of them and the row itself.

    Example:
        >>> grid = [0.2, 0.4, 0.3, 0.5, 2.0, 0.4, 0.3, 0.4, 0.2]
        >>> table = pl.DataFrame({"x": [0, 1, 2] * 3, "y": [0] * 3 + [1] * 3 + [2] * 3})
        >>> scores(grid, neighbours_of(table, ["x", "y"]), more=True)["plateau"][4]
        0.16875
    """
    worst_of = min if more else max
    rows: list[dict[str, float | None]] = []
    for own, places in zip(values, beside, strict=True):
        near = [value for place in places if (value := values[place]) is not None]
        is_above = own is not None and own > 0.0 and near
        rows.append(
            {
                "neighbours": len(near),
                "plateau": statistics.fmean(near) / own if is_above and own else None,
                "worst": worst_of(near) / own if is_above and own else None,
                "neighbourhood": None if own is None else statistics.median([own, *near]),
            }
        )
    schema = {"neighbours": pl.UInt32} | dict.fromkeys(
        ("plateau", "worst", "neighbourhood"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema)


def connected(
    values: Sequence[float | None],
    beside: Sequence[Sequence[int]],
    first: int,
    *,
    share: float,
    more: bool,
) -> list[int]:
    """Return the rows that are connected with a row through rows that are about as good.

    Those are at least `share` of it where more is better, else at most 1 / `share` of it; of a
    value of 0 and below only equal or better ones are as good.

    Example:
        >>> connected([0.5, 0.9, 1.0, 0.2, 0.9], [[1], [0, 2], [1, 3], [2, 4], [3]], 2,
        ...           share=0.8, more=True)
        [2, 1]
    """
    best = values[first]
    if best is None:
        return []
    limit = (best * share if more else best / share) if best > 0.0 else best
    found, waiting = {first: None}, [first]
    while waiting:
        for place in sorted(beside[waiting.pop(0)]):
            value = values[place]
            if value is None or place in found:
                continue
            if (value >= limit) if more else (value <= limit):
                found[place] = None
                waiting.append(place)
    return list(found)


def ranges_of(rows: pl.DataFrame, parameters: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    """Return the least and the greatest value of each parameter."""
    return {name: (rows[name].min(), rows[name].max()) for name in parameters}


def _is_grid(table: pl.DataFrame, ordered: Sequence[str]) -> bool:
    """Return whether the cells of a grid over the values that occur are not mostly empty."""
    cells = 1
    for name in ordered:
        cells *= table[name].n_unique()
    return cells <= _SPARSE * max(table.select(ordered).n_unique() if ordered else 1, 1)


def _on_grid(
    table: pl.DataFrame,
    parameters: Sequence[str],
    ordered: Sequence[str],
    reach: int,
    *,
    diagonal: bool,
) -> list[list[int]]:
    places = {name: _places(table[name]) for name in ordered}
    keys = [
        tuple(places[name][row] if name in places else table[name][row] for name in parameters)
        for row in range(table.height)
    ]
    at: dict[tuple[Any, ...], list[int]] = {}
    for row, key in enumerate(keys):
        at.setdefault(key, []).append(row)
    # No neighbour is further away than the grid is wide.
    widths = {name: min(reach, max(own, default=0)) for name, own in places.items()}
    each = [
        range(-widths[name], widths[name] + 1) if name in widths else (0,) for name in parameters
    ]
    moves = [
        move
        for move in itertools.product(*each)
        if sum(map(bool, move)) == 1 or (diagonal and any(move))
    ]
    return [[row for move in moves for row in at.get(_moved(key, move), ())] for key in keys]


def _moved(key: tuple[Any, ...], move: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple(one + step if step else one for one, step in zip(key, move, strict=True))


def _places(values: pl.Series) -> list[int]:
    """Return the place of each value in the order of all."""
    order: Mapping[Any, int] = {value: k for k, value in enumerate(values.unique().sort())}
    return [order[value] for value in values]


def _nearest(
    table: pl.DataFrame, parameters: Sequence[str], ordered: Sequence[str], count: int
) -> list[list[int]]:
    """Return the nearest rows of each, equal ones by their number; being near goes both ways."""
    if table.height > _MOST:
        raise ConfigError(
            f"zone: the runs are on no grid, and {table.height:,} are more than {_MOST:,}; select "
            "the runs of interest first"
        )
    scaled = [_scaled(table[name]) for name in ordered]
    others = [name for name in parameters if name not in ordered]
    kinds = list(table.select(others).iter_rows()) if others else [()] * table.height
    known: dict[tuple[Any, ...], list[int]] = {}
    for row, kind in enumerate(kinds):
        known.setdefault(kind, []).append(row)
    beside: list[set[int]] = [set() for _ in range(table.height)]
    for rows in known.values():
        for row in rows:
            apart = sum((column[rows] - column[row]) ** 2 for column in scaled)
            order = np.argsort(np.broadcast_to(apart, len(rows)), kind="stable")
            near = [rows[k] for k in order if rows[k] != row][:count]
            beside[row].update(near)
            for other in near:
                beside[other].add(row)
    return [sorted(places) for places in beside]


def _scaled(values: pl.Series) -> NDArray[np.float64]:
    numbers = values.cast(pl.Float64).to_numpy()
    span = float(numbers.max() - numbers.min())
    scaled: NDArray[np.float64] = (numbers - numbers.min()) / (span or 1.0)
    return scaled

"""How the rows of a sweep are put in an order: by several metrics, by neighbours, by years."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from omega.config.values import number as number_field
from omega.config.values import plain, taken
from omega.errors import ConfigError
from omega.results.yearly import years_of
from omega.sweeps.objectives import Objective, objective_of
from omega.sweeps.zones import (
    SHARE,
    Zone,
    connected,
    neighbours_of,
    ranges_of,
    scores,
    share_field,
)

STABILITY = ("calendar_years", "positive_years", "worst_year", "best_year", "year_deviation")
"""What a run's years make, which a gate may ask for."""


def ranked(
    table: pl.DataFrame,
    known: Sequence[str],
    metrics: object,
    weights: object = None,
    maximize: object = None,
) -> pl.DataFrame:
    """Return a table by the weighted mean of ranks; see `SweepResult.rank`.

    Raises:
        ConfigError: An argument is of no use.
    """
    if isinstance(metrics, Mapping):
        if weights is not None:
            raise ConfigError("weights: given beside metrics that have weights; give them once")
        names, given = list(metrics), list(metrics.values())
    else:
        if isinstance(metrics, str) or not isinstance(metrics, Sequence):
            raise ConfigError(
                f"metrics: given {metrics!r}, expected a list of metrics, or the weight of each: "
                "{'sharpe': 2, 'max_drawdown': 1}"
            )
        names = list(metrics)
        given = [1.0] * len(names) if weights is None else _listed("weights", weights, names)
    flags = [None] * len(names) if maximize is None else _listed("maximize", maximize, names)
    if not names:
        raise ConfigError("metrics: given none, expected one or more to rank by")
    parts = [_weight(one) for one in given]
    total = pl.Series([0.0] * table.height, dtype=pl.Float64)
    for name, part, more in zip(names, parts, flags, strict=True):
        by = objective_of(table, known, name, more, of="metrics")
        total += _ranks(by) * part
    mean = total / sum(parts)
    columns = [name for name in table.columns if name != "run"]
    return (
        table.with_columns(mean.alias("mean_rank"))
        .select("run", "mean_rank", *columns)
        .sort("mean_rank", "run", maintain_order=True)
    )


def _ranks(by: Objective) -> pl.Series:
    """Return ranks from 1, the best; what has no value shares the last ones."""
    ranks = by.values.rank("average", descending=by.more)
    missing = ranks.null_count()
    behind = len(ranks) - missing + (missing + 1) / 2
    return ranks.fill_null(behind)


def _listed(name: str, given: object, names: Sequence[str]) -> list[Any]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise ConfigError(f"{name}: given {given!r}, expected a list, one for each metric")
    if len(given) != len(names):
        raise ConfigError(
            f"{name}: given {len(given)} for {len(names)} metrics, expected one for each"
        )
    return list(given)


def _weight(given: object) -> float:
    return taken("weights", given, number_field(above=0))


def zone_of(
    table: pl.DataFrame,
    parameters: Sequence[str],
    by: Objective,
    share: float,
    where: Mapping[str, Any],
) -> Zone:
    """Return the zone around a run; see `SweepResult.zone`."""
    where = dict(where)
    run = where.pop("run")
    known, values, varied = _known(table, parameters, by)
    first = _first(known, values, run, more=by.more)
    beside = neighbours_of(known, varied, **where)
    found = connected(values, beside, first, share=share, more=by.more)
    found.sort(key=lambda row: (-values[row] if by.more else values[row], row))
    own = scores(values, beside, more=by.more).row(first, named=True)
    rows = known[found]
    return Zone(
        metric=by.name,
        best=known.row(first, named=True),
        runs=rows,
        ranges=ranges_of(rows, varied),
        plateau=own["plateau"],
        worst=own["worst"],
        neighbours=own["neighbours"],
        share=share,
    )


def plateaus_of(
    table: pl.DataFrame, parameters: Sequence[str], by: Objective, where: Mapping[str, Any]
) -> pl.DataFrame:
    """Return how good the neighbours of each run are; see `SweepResult.plateaus`."""
    known, values, varied = _known(table, parameters, by)
    found = scores(values, neighbours_of(known, varied, **where), more=by.more)
    own = pl.Series(by.name, values, dtype=pl.Float64)
    return (
        known.select("run", *parameters)
        .with_columns(own)
        .hstack(found)
        .sort("neighbourhood", descending=by.more, maintain_order=True)
    )


def marking(
    axes: tuple[str, str], plateau: object, *, more: bool
) -> Callable[[pl.DataFrame], list[int]] | None:
    """Return what finds the cells of a heat map that are a plateau with the best; see `heatmap`."""
    if plateau is False:
        return None
    share = SHARE if plateau is True else share_field(plateau)

    def marked(cells: pl.DataFrame) -> list[int]:
        values = cells["value"].to_list()
        best = values.index(max(values) if more else min(values))
        return connected(values, neighbours_of(cells, axes), best, share=share, more=more)

    return marked


def _known(
    table: pl.DataFrame, parameters: Sequence[str], by: Objective
) -> tuple[pl.DataFrame, list[float], list[str]]:
    """Return the runs with a value in their order, their values, and the parameters that vary."""
    with_value = table.with_columns(by.values.cast(pl.Float64).alias("__by"))
    known = with_value.filter(pl.col("__by").is_finite()).sort("run", maintain_order=True)
    if known.is_empty():
        raise ConfigError(f"zone: none of {table.height} runs has a finite value of {by.name!r}")
    varied = [name for name in parameters if known[name].n_unique() > 1]
    return known.drop("__by"), known["__by"].to_list(), varied


def _first(known: pl.DataFrame, values: Sequence[float], run: object, *, more: bool) -> int:
    if run is None:
        return values.index(max(values) if more else min(values))
    places, number = known["run"].to_list(), plain(run)
    if isinstance(number, bool) or not isinstance(number, int) or number not in places:
        raise ConfigError(f"run: given {run!r}, expected the number of a run that has a value")
    return places.index(number)


def yearly_of(table: pl.DataFrame, equity: pl.DataFrame) -> pl.DataFrame:
    """Return the years of each run; see `SweepResult.yearly`."""
    has_cash = "initial_equity" in table.columns
    cash = dict(table.select("run", "initial_equity").iter_rows()) if has_cash else {}
    frames = [
        years_of(own["time"], own["equity"], cash.get(run)).select(
            pl.lit(run, pl.UInt32).alias("run"), pl.all()
        )
        for (run,), own in equity.group_by("run", maintain_order=True)
    ]
    if not frames:
        raise ConfigError("yearly: no run has equity rows; see .failures")
    return pl.concat(frames)


def stability_of(years: pl.DataFrame) -> pl.DataFrame:
    """Return how steady the years of each run were; see `SweepResult.stability`."""
    gained = pl.col("total_return")
    return years.group_by("run", maintain_order=True).agg(
        pl.len().alias("calendar_years"),
        (gained > 0.0).mean().alias("positive_years"),
        gained.min().alias("worst_year"),
        gained.max().alias("best_year"),
        gained.std().alias("year_deviation"),
    )

"""Higher-timeframe bars with corporate actions, in the prices of their last bar (A3, TF1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.closes import times_of
from omega.data.store import CandleStore, both_sides
from omega.data.timeframes import Grid, TimeframeJob
from omega.errors import ConfigError
from omega.run.adjusted import Floats, Growth
from omega.run.resampling import PRICES, Stretches

HigherGrowth = Mapping[tuple[str, str], Growth]
"""How each bar of a symbol and a timeframe has grown, by its last bar."""

_SIDES = ("bid", "ask")


def adjusted_jobs(
    jobs: Sequence[TimeframeJob], stores: Sequence[CandleStore], growth: Mapping[str, Growth]
) -> tuple[list[TimeframeJob], HigherGrowth]:
    """Make the higher bars of symbols with events; those of the others are made by the backend.

    Raises:
        ConfigError: A table was given, whose bars may hold prices before and after an event.
    """
    grown: dict[tuple[str, str], Growth] = {}
    made = []
    for job in jobs:
        tables: dict[str, CandleStore] = {}
        for place, store in enumerate(stores):
            name = store.symbols[0]
            if name not in growth:
                continue
            if job.grids is None:
                raise ConfigError(
                    f"timeframes[{job.name!r}]: given a table for {name}, which has splits, "
                    "dividends or adjusted rolls, expected a name alone: bars that were made "
                    "elsewhere may hold prices before and after an event, those made here do not"
                )
            tables[name], grown[name, job.name] = _bars(store, job.grids[place], growth[name])
        made.append(dataclasses.replace(job, given=tables) if tables else job)
    return made, grown


def _bars(store: CandleStore, grid: Grid, growth: Growth) -> tuple[CandleStore, Growth]:
    """Make the bars of a timeframe out of prices as they read at the last bar of each."""
    frame, times = both_sides(store), times_of(store)
    found = Stretches.of(times, grid)
    lasts, counts = found.lasts, found.counts
    moved = _mover(growth, np.repeat(lasts, counts))
    scale = 1_000 if store.time_unit == "s" else 1  # Polars has no seconds
    columns: dict[str, pl.Series | Floats] = {
        "time": pl.Series(found.begins * scale).cast(frame["time"].dtype)
    }
    for side in _SIDES:
        own = {price: moved(frame[f"{side}_{price}"].to_numpy()) for price in PRICES}
        columns |= found.side(f"{side}_", own)
    if "volume" in frame.columns:
        volumes = frame["volume"].cast(pl.Float64).to_numpy()
        share = growth.volumes / np.repeat(growth.volumes[lasts], counts)
        columns["volume"] = found.sums(volumes * share)
    bars = CandleStore(pl.DataFrame(columns), symbol=store.symbols[0], validate="off")
    shifts = None if growth.shifts is None else growth.shifts[lasts]
    return bars, Growth(growth.prices[lasts], growth.volumes[lasts], shifts)


def _mover(growth: Growth, last_of: NDArray[np.intp]) -> Callable[[Floats], Floats]:
    """Return what brings prices of each bar to those of the last one of its stretch."""
    if growth.shifts is not None:
        shifts = growth.shifts - growth.shifts[last_of]
        return lambda prices: prices + shifts
    shares = growth.prices / growth.prices[last_of]
    return lambda prices: prices * shares

"""Candles for whole runs, and a strategy that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

import omega
from data.generate import random_walk
from omega.strategy.actions import Action

START = datetime(2024, 1, 1, tzinfo=UTC)
"""A Monday."""

Callback = Callable[[omega.Bar], "Action | Sequence[Action] | None"]


def rising(bars: int, *, zone: str | None = "UTC") -> pl.DataFrame:
    """Give minutes whose bar `k` opens at `100 + k` and closes half a point higher."""
    opened = [100.0 + k for k in range(bars)]
    naive = START.replace(tzinfo=None)
    time = pl.Series([naive + timedelta(minutes=k) for k in range(bars)], dtype=pl.Datetime("us"))
    return pl.DataFrame(
        {
            "time": time.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) if zone else time,
            "open": opened,
            "high": [price + 1 for price in opened],
            "low": [price - 1 for price in opened],
            "close": [price + 0.5 for price in opened],
            "volume": [float(k) for k in range(bars)],
        }
    )


def quoted(
    *rows: Sequence[float], spread: float = 0.0, minutes: Sequence[float] | None = None
) -> pl.DataFrame:
    """Give bars of the bid as (open, high, low, close), or as one price that does not move.

    Bar `k` is of minute `k`, or of the k-th of some minutes; the ask is a spread above the bid.
    """
    whole = [tuple(row) if len(row) > 1 else tuple(row) * 4 for row in rows]
    times = [START.replace(tzinfo=None) + timedelta(minutes=k) for k in minutes or range(len(rows))]
    columns: dict[str, list[float]] = {}
    for side, above in (("bid", 0.0), ("ask", spread)):
        for place, price in enumerate(("open", "high", "low", "close")):
            columns[f"{side}_{price}"] = [float(row[place] + above) for row in whole]
    return pl.DataFrame({"time": times, **columns})


def walk(bars: int, *, seed: int = 1, chunks: int = 1) -> pl.DataFrame:
    """Give an invented currency pair, bid and ask."""
    return random_walk.candles(bars, seed=seed, chunks=chunks)


def told(plan: Mapping[int, Action | Sequence[Action]]) -> Callback:
    """Give a strategy that requests what the plan has for the bar that it sees."""
    return lambda bar: plan.get(bar.index)

"""Seeded candles in the shapes that the tests of the way in need."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl

from omega.data.store import CandleStore

START = datetime(2024, 1, 1, tzinfo=UTC)
Unit = Literal["ms", "us", "ns"]
PRICES = ("open", "high", "low", "close")


def bars(
    rows: int = 1_000, *, seed: int = 7, unit: Unit = "us", zone: str | None = None
) -> pl.DataFrame:
    """Give valid bars of one minute, in one chunk."""
    random = np.random.default_rng(seed)
    opened = 100 + random.normal(0, 1, rows).cumsum() * 0.01
    closed = opened + random.normal(0, 0.01, rows)
    minutes = pl.int_range(rows, eager=True) * 60_000_000 + int(START.timestamp() * 1e6)
    time = minutes.cast(pl.Datetime("us")).cast(pl.Datetime(unit))
    return pl.DataFrame(
        {
            "time": time.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) if zone else time,
            "open": opened,
            "high": np.maximum(opened, closed) + 0.01,
            "low": np.minimum(opened, closed) - 0.01,
            "close": closed,
            "volume": random.integers(0, 100, rows).astype(float),
        }
    )


def sided(rows: int = 1_000) -> pl.DataFrame:
    """Give valid bars with both sides."""
    plain = bars(rows)
    return plain.select(
        "time",
        *(pl.col(price).alias(f"bid_{price}") for price in PRICES),
        *((pl.col(price) + 0.02).alias(f"ask_{price}") for price in PRICES),
        "volume",
    )


def quotes(rows: int = 1_000) -> pl.DataFrame:
    """Give valid quote ticks, some at one time."""
    ticks = bars(rows).select("time", bid="close", ask=pl.col("close") + 0.01)
    return ticks.with_columns(pl.col("time").dt.truncate("2m"))


def cut(frame: pl.DataFrame, *at: int) -> pl.DataFrame:
    """Give the same rows in chunks that begin at the rows named."""
    ends = [0, *at, frame.height]
    parts = [frame[low:high].clone() for low, high in pairwise(ends)]
    return pl.concat(parts, rechunk=False)


def shown(store: CandleStore) -> pl.DataFrame:
    """The store's rows under the names of plain data."""
    frame = pl.DataFrame(store)
    return frame.rename({f"bid_{price}": price for price in PRICES}, strict=False)

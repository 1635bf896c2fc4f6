"""Candles of any size, made in a process of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from omega.data.dataset import write_mappable


def write(file: Path, rows: int) -> None:
    """Write candles of 40 bytes a row."""
    close = 100 + np.cumsum(np.random.default_rng(5).normal(0, 0.01, rows))
    minutes = pl.Series("time", np.arange(rows) * 60_000_000).cast(pl.Datetime("us"))
    frame = pl.DataFrame({"time": minutes, "open": close, "close": close})
    high, low = pl.col("close") + 0.02, pl.col("close") - 0.02
    write_mappable(frame.lazy().with_columns(high=high, low=low), file)

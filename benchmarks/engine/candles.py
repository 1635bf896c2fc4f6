"""Candles for benchmarks: plain prices that close ever higher, quickly made."""

from __future__ import annotations

import numpy as np
import polars as pl

import omega


def rising(bars: int) -> omega.CandleStore:
    """Give bars a minute apart, so that a comparison with the close before takes one branch."""
    close = np.linspace(1.0, 2.0, bars)
    time = pl.Series(np.arange(bars, dtype=np.int64) * 60_000).cast(pl.Datetime("ms"))
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return omega.CandleStore(pl.DataFrame({"time": time, **prices}))

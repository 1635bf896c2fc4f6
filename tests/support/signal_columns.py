"""Candles on which averages tie, and a class that trades by signal columns."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

import omega


def walk(bars: int, seed: int = 1, step: float = 1e-4) -> pl.DataFrame:
    """A walk on five digits, both sides: ties of averages are common."""
    rng = np.random.default_rng(seed)
    close = np.round(1.3 + np.cumsum(rng.normal(0, step, bars)), 5)
    opened = np.r_[1.3, close[:-1]]
    high, low = np.maximum(opened, close) + 5e-5, np.minimum(opened, close) - 5e-5
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - candles without a zone
    times = pl.datetime_range(start, start + timedelta(minutes=bars - 1), "1m", eager=True)
    prices = {"open": opened, "high": high, "low": low, "close": close}
    sides = {
        f"{side}_{name}": values + (1e-4 if side == "ask" else 0.0)
        for side in ("bid", "ask")
        for name, values in prices.items()
    }
    return pl.DataFrame({"time": times, **sides})


class Reads(omega.Strategy):
    """Signal columns, read bar by bar by a class."""

    def __init__(self, columns: pl.DataFrame, *, reverse: bool, accumulate: bool) -> None:
        super().__init__()
        self.columns, self.reverse, self.accumulate = columns, reverse, accumulate

    def on_bar(self, bar: omega.Bar) -> None:
        row = self.columns.row(bar.index, named=True)
        entry, positions = row["entry"] or 0.0, self.positions
        direction = "long" if entry > 0 else "short"
        opposite = entry != 0 and any(p.direction != direction for p in positions)
        leaves = bool(row["exit"]) or (self.reverse and opposite)
        if leaves and positions:
            self.close()
        if entry != 0 and (self.accumulate or leaves or not positions):
            sign, close = (1, bar.ask.close) if entry > 0 else (-1, bar.close)
            distance = row["target"]
            order = self.buy if entry > 0 else self.sell
            order(
                row["size"],
                stop_loss=row["stop"],
                take_profit=None if distance is None else close + sign * distance,
            )

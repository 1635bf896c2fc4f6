"""Candles as NumPy columns (rule T2).

`Columns` are times, both sides and the volume of one symbol of a store, whose rows are checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.contract import ArrowLike
from omega.reference.matching import Candle, Ohlc

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The candles of one symbol.

    Attributes:
        symbol: The symbol's name.
        unit: Unit of the times: "s", "ms", "us" or "ns".
        timezone: The zone that times are shown in; None for naive times.
        time: Open times.
        volume: Volumes, where the data has them.

    Example:
        >>> from datetime import datetime
        >>> import omega
        >>> frame = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
        >>> Columns.from_store(omega.CandleStore(frame).native).candle(0).ask.close
        1.1
    """

    symbol: str
    unit: str
    timezone: str | None
    time: Times
    bid_open: Floats
    bid_high: Floats
    bid_low: Floats
    bid_close: Floats
    ask_open: Floats
    ask_high: Floats
    ask_low: Floats
    ask_close: Floats
    volume: Floats | None = None

    def __len__(self) -> int:
        return len(self.time)

    def candle(self, index: int) -> Candle:
        """Both sides of one bar, as Python's own numbers."""
        return Candle(
            self.time.item(index),
            Ohlc(
                self.bid_open.item(index),
                self.bid_high.item(index),
                self.bid_low.item(index),
                self.bid_close.item(index),
            ),
            Ohlc(
                self.ask_open.item(index),
                self.ask_high.item(index),
                self.ask_low.item(index),
                self.ask_close.item(index),
            ),
        )

    def first_at_or_after(self, time: int) -> int:
        """The first bar that opens at or after a time; the length where there is none."""
        return int(np.searchsorted(self.time, _within_64_bits(time), side="left"))

    def newest_at(self, time: int) -> int:
        """The newest bar that opens at or before a time; -1 where there is none."""
        return int(np.searchsorted(self.time, _within_64_bits(time), side="right")) - 1

    def frame(self) -> pl.DataFrame:
        """All columns by name, plain names standing for the bid side."""
        per_milli = 1_000 if self.unit == "s" else 1
        unit: Any = "ms" if self.unit == "s" else self.unit
        time = pl.Series("time", self.time * per_milli).cast(pl.Datetime(unit, self.timezone))
        columns = {f"{s}_{p}": getattr(self, f"{s}_{p}") for s in ("bid", "ask") for p in PRICES}
        columns |= {price: columns[f"bid_{price}"] for price in PRICES}
        if self.volume is not None:
            columns["volume"] = self.volume
        return pl.DataFrame({"time": time, **columns})

    @classmethod
    def from_store(cls, store: ArrowLike) -> Columns:
        """Take the columns of the only symbol of a store of either core."""
        (name,) = store.symbols
        _, _, unit, zone = store.time_range(name)
        return cls._of(name, pl.DataFrame(store), unit, zone, store.spread(name))

    @classmethod
    def _of(
        cls, symbol: str, frame: pl.DataFrame, unit: str, zone: str | None, spread: float
    ) -> Columns:
        def values(name: str) -> Floats:
            return frame[name].to_numpy()

        bid = [values("bid" if "bid" in frame.columns else f"bid_{p}") for p in PRICES]
        if "ask" in frame.columns:
            ask = [values("ask")] * 4
        elif "ask_open" in frame.columns:
            ask = [values(f"ask_{p}") for p in PRICES]
        else:  # the bid plus a distance (T2)
            distance = values("spread") if "spread" in frame.columns else spread
            ask = [price + distance for price in bid]
        times = frame["time"].cast(pl.Int64).to_numpy()
        if unit == "s":  # Polars has no seconds, it holds them as milliseconds
            times = times // 1_000
        volume = values("volume") if "volume" in frame.columns else None
        (o, h, low, c), (ao, ah, al, ac) = bid, ask
        return cls(symbol, unit, zone, times, o, h, low, c, ao, ah, al, ac, volume)


def _within_64_bits(time: int) -> int:
    return min(max(time, -(2**63)), 2**63 - 1)

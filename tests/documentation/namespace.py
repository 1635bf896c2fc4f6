"""What the examples of docstrings may use without saying where it comes from.

`candles` are four hours of invented minutes, `newest(declare)` is the newest value of an indicator
over them, and `omega` and `pl` are the packages. The reference has it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

import omega

BARS = 240
START = datetime(2024, 1, 1, tzinfo=UTC)


def candles() -> pl.DataFrame:
    """Give minutes of a price that swings between 100 and 106, all in sixteenths."""
    bars = range(BARS)
    close = [100 + abs(bar % 40 - 20) / 4 + bar * 7 % 13 / 16 for bar in bars]
    opened = [close[0], *close[:-1]]
    pairs = list(zip(opened, close, strict=True))
    return pl.DataFrame(
        {
            "time": [START + timedelta(minutes=bar) for bar in bars],
            "open": opened,
            "high": [max(pair) + 0.125 for pair in pairs],
            "low": [min(pair) - 0.125 for pair in pairs],
            "close": close,
            "volume": [100.0 + bar * 11 % 17 for bar in bars],
            "spread": [0.0625] * BARS,
        }
    )


CANDLES = candles()


def newest(declare: Callable[[omega.Strategy], omega.Indicator]) -> float:
    """Give the last value of an indicator over `candles`, rounded to read."""
    values: list[float] = []

    class Shown(omega.Strategy):
        def init(self) -> None:
            self.shown = declare(self)

        def on_bar(self, bar: omega.Bar) -> None:
            values.append(self.shown[-1])

    omega.run_backtest(CANDLES, Shown())
    return round(values[-1], 4)


def names() -> dict[str, Any]:
    """Give all of it by name."""
    return {"candles": CANDLES, "newest": newest, "omega": omega, "pl": pl}

"""Runs that reports are made of: a small one from the samples, and one of two million bars."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import omega
from data.generate import random_walk

SAMPLE = Path("data/samples/random-walk_eurusd_2024-01-01_m1.parquet")
SETTINGS: dict[str, Any] = {
    "instruments": "auto",
    "sizer": omega.FixedLots(0.5),
    "costs": omega.Costs(slippage_pips=0.1, fee_per_million=30),
}


class Bracketed(omega.Strategy):
    """Follow the faster average with a stop and a target twice as far."""

    fast = 8
    slow = 30
    risk = 0.0006

    def init(self) -> None:
        self.short, self.long = self.sma(self.fast), self.sma(self.slow)

    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is not None:
            return
        close = bar.close
        if omega.crossover(self.short, self.long):
            self.buy(stop_loss=close - self.risk, take_profit=close + 2 * self.risk)
        elif omega.crossunder(self.short, self.long):
            self.sell(stop_loss=close + self.risk, take_profit=close - 2 * self.risk)


@cache
def sample() -> omega.BacktestResult:
    """Two days of minutes, some sixty trades with stops."""
    return omega.run_backtest(SAMPLE, Bracketed(), symbol="EURUSD", **SETTINGS)


@cache
def large(bars: int = 2_000_000) -> omega.BacktestResult:
    """As many bars and trades as a report must bear."""
    candles = random_walk.candles(bars, seed=3)
    cross = omega.native("sma_cross", fast=20, slow=50)
    return omega.run_backtest(candles, cross, symbol="EURUSD", cash=1e6, **SETTINGS)

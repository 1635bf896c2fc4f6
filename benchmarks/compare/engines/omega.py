"""Omega in its four ways to write the strategy; the class is the one of `omega.examples`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

import omega
from benchmarks.compare.measure import CASH, FAST, FOLLOWS, HIGHS, SLOW, Answer, Bars, measure
from omega.examples.sma_cross import SmaCross


class Triggered(SmaCross):
    """The same, called only where the averages cross."""

    @omega.when(
        lambda self: (
            omega.crossover(self.short, self.long) | omega.crossunder(self.short, self.long)
        )
    )
    def on_bar(self, bar: omega.Bar) -> None:
        """Turn to the side of the faster average."""
        super().on_bar(bar)


class Trail(omega.Strategy):
    """Buy at a new high, and leave so far below the best close since."""

    def init(self) -> None:
        """Declare the highest high."""
        self.high = self.rolling_max(HIGHS, source="high")
        self.best = 0.0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Enter, or follow."""
        if self.position is None:
            if bar.close >= self.high.ago(1):
                self.best = bar.close
                self.buy()
            return
        self.best = max(self.best, bar.close)
        if bar.close < self.best - FOLLOWS:
            self.close()


def signals() -> omega.Signals:
    """Give the crossings as columns."""

    def up(s: Any) -> Any:  # noqa: ANN401 - what declares indicators
        return omega.crossover(s.sma(FAST), s.sma(SLOW))

    def down(s: Any) -> Any:  # noqa: ANN401 - what declares indicators
        return omega.crossunder(s.sma(FAST), s.sma(SLOW))

    return omega.Signals(long_entry=up, short_entry=down, exit=lambda s: up(s) | down(s))


FORMS: dict[str, Callable[[], Any]] = {
    "class": SmaCross,
    "trail": Trail,
    "trail compiled": Trail,
    "trigger": Triggered,
    "signals": signals,
    "native": partial(omega.native, "sma_cross", fast=FAST, slow=SLOW),
}


def load(bars: Bars) -> pl.DataFrame:
    """Give a frame over the columns."""
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    return pl.DataFrame({"time": bars.stamps(), **prices})


def run(form: str, frame: pl.DataFrame) -> omega.BacktestResult:
    """Check the candles, trade them, and build the tables."""
    result = omega.run_backtest(
        frame, FORMS[form](), cash=CASH, sizer=omega.FixedUnits(1), compiled=form != "trail"
    )
    assert result.trades.height  # noqa: S101 - the tables are made when they are asked for
    assert result.equity.height  # noqa: S101 - as above
    return result


def answer(result: omega.BacktestResult) -> Answer:
    """Leave out the trade that the end of the data has closed."""
    crossed = result.trades.filter(pl.col("exit_reason") != "end_of_data")
    return Answer.of(crossed["gross_pnl"])


if __name__ == "__main__":
    measure("omega-backtest", load, partial(run, sys.argv[-1]), answer)

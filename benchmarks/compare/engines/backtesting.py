"""backtesting.py: a class called once a bar, averages computed beforehand as arrays."""

from __future__ import annotations

import sys

import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

from benchmarks.compare.measure import CASH, FAST, FOLLOWS, HIGHS, SLOW, Answer, Bars, measure


def average(values: pd.Series, window: int) -> pd.Series:
    """Give the simple moving average."""
    return pd.Series(values).rolling(window).mean()


class SmaCross(Strategy):
    """Reverse where the averages of the close cross."""

    def init(self) -> None:
        """Compute the averages."""
        self.fast = self.I(average, self.data.Close, FAST)
        self.slow = self.I(average, self.data.Close, SLOW)

    def next(self) -> None:
        """Turn to the side of the faster average."""
        if crossover(self.fast, self.slow):
            self.position.close()
            self.buy(size=1)
        elif crossover(self.slow, self.fast):
            self.position.close()
            self.sell(size=1)


class Trail(Strategy):
    """Buy at a new high, and leave so far below the best close since."""

    def init(self) -> None:
        """Compute the highest high."""
        self.high = self.I(lambda high: pd.Series(high).rolling(HIGHS).max(), self.data.High)
        self.best = 0.0

    def next(self) -> None:
        """Enter, or follow."""
        close = self.data.Close[-1]
        if not self.position:
            if close >= self.high[-2]:
                self.best = close
                self.buy(size=1)
            return
        self.best = max(self.best, close)
        if close < self.best - FOLLOWS:
            self.position.close()


def load(bars: Bars) -> pd.DataFrame:
    """Give the frame that backtesting.py takes."""
    prices = {name.title(): getattr(bars, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame(prices, index=bars.stamps())


def run(frame: pd.DataFrame) -> pd.Series:
    """Trade, with the statistics that come with it."""
    return Backtest(frame, Trail if sys.argv[-1] == "trail" else SmaCross, cash=CASH).run()


if __name__ == "__main__":
    measure("backtesting", load, run, lambda stats: Answer.of(stats["_trades"]["PnL"]))

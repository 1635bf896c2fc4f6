"""backtrader: a class called once a bar; the averages are backtrader's own indicators."""

from __future__ import annotations

import backtrader as bt
import pandas as pd

from benchmarks.compare.measure import CASH, FAST, SLOW, Answer, Bars, measure


class SmaCross(bt.Strategy):
    """Reverse where the averages of the close cross."""

    def __init__(self) -> None:
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=FAST), bt.ind.SMA(period=SLOW))
        self.profits: list[float] = []

    def next(self) -> None:
        """Turn to the side of the faster average."""
        if self.cross[0]:
            self.order_target_size(target=1 if self.cross[0] > 0 else -1)

    def notify_trade(self, trade: bt.Trade) -> None:
        """Keep what a closed trade has brought."""
        if trade.isclosed:
            self.profits.append(trade.pnl)


def load(bars: Bars) -> bt.feeds.PandasData:
    """Give the feed of a frame."""
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    frame = pd.DataFrame(prices, index=bars.stamps())
    return bt.feeds.PandasData(dataname=frame, volume=None, openinterest=None)


def run(feed: bt.feeds.PandasData) -> list[float]:
    """Trade, and give the profits."""
    cerebro = bt.Cerebro()
    cerebro.adddata(feed)
    cerebro.addstrategy(SmaCross)
    cerebro.broker.set_cash(CASH)
    strategy: SmaCross
    (strategy,) = cerebro.run()
    return strategy.profits


if __name__ == "__main__":
    measure("backtrader", load, run, Answer.of)

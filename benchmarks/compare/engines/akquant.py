"""akquant: a class called once a bar by a loop in Rust, fills at the next open."""

from __future__ import annotations

import akquant as aq
import pandas as pd

from benchmarks.compare.measure import CASH, FAST, SLOW, Answer, Bars, measure

SHORTS = {
    "account_mode": "margin",
    "enable_short_sell": True,
    "allow_force_liquidation": False,  # it closes every short at the end of a day
    "financing_rate_annual": 0.0,
    "borrow_rate_annual": 0.0,
}


class SmaCross(aq.Strategy):
    """Reverse where the averages of the close cross."""

    def __init__(self) -> None:
        super().__init__()
        self.fast, self.slow = aq.SMA(FAST), aq.SMA(SLOW)
        self.above: bool | None = None

    def on_bar(self, bar: aq.Bar) -> None:
        """Turn to the side of the faster average."""
        fast, slow = self.fast.update(bar.close), self.slow.update(bar.close)
        if slow is None:
            return
        above = fast > slow
        if self.above is not None and above != self.above:
            self.order_target(bar.symbol, 1 if above else -1)
        self.above = above


def load(bars: Bars) -> pd.DataFrame:
    """Give the frame that akquant takes."""
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame({"date": bars.stamps(), **prices, "volume": 1e6})


def run(frame: pd.DataFrame) -> aq.BacktestResult:
    """Trade."""
    return aq.run_backtest(
        frame,
        strategy=SmaCross,
        symbols="SYMBOL",
        initial_cash=CASH,
        fill_policy=aq.NextOpen(),
        risk_config=SHORTS,
        show_progress=False,
    )


if __name__ == "__main__":
    measure("akquant", load, run, lambda result: Answer.of(result.trades_df["pnl"]))

"""A grid of limit orders around a mean, taken off in parts.

Every hour the orders that wait are withdrawn and laid out again: buys below the mean, sells above
it, each further away than the one before. A position gives back half of its lots on the way home,
its stop then goes to the entry, and the rest is closed at the mean. It buys more of what falls, so
that one long move costs what many small ones have earned. Two forms: a class that is
called on every bar, and the same called once an hour.
"""

from __future__ import annotations

import polars as pl

import omega


class Grid(omega.Strategy):
    """Fade moves away from an exponential mean, level by level."""

    mean_window: int = 240
    atr_window: int = 60
    levels: int = 3
    spacing_atrs: float = 4.0
    size: float = 0.2

    position_manager = (
        omega.PartialClose(0.0008, fraction=0.5),
        omega.BreakEven(0.0008, offset=0.0001),
    )

    def init(self) -> None:
        """Declare the mean, the width of the grid, and when an hour begins."""
        self.mean = self.ema(self.mean_window)
        self.reach = self.atr(self.atr_window)
        hour = pl.col("time").dt.hour()
        self.begins = self.column(hour != hour.shift(1), "hour begins")

    def on_bar(self, bar: omega.Bar) -> None:
        """Lay the grid out again at the first bar of an hour."""
        if self.begins[-1] > 0:
            self.lay_out(bar)

    def lay_out(self, bar: omega.Bar) -> None:
        """Withdraw what waits, and place the levels that the price has not passed."""
        for order in self.pending:
            self.cancel(order)
        mean, step = self.mean[-1], self.spacing_atrs * self.reach[-1]
        free = self.levels - len(self.positions)
        for level in range(1, free + 1):
            away = level * step
            if mean - away < bar.close:
                self.buy(
                    self.size,
                    limit=mean - away,
                    stop_loss=mean - away - 2 * step,
                    take_profit=mean,
                )
            if mean + away > bar.ask.close:
                self.sell(
                    self.size,
                    limit=mean + away,
                    stop_loss=mean + away + 2 * step,
                    take_profit=mean,
                )


class GridByTheHour(Grid):
    """The same, called once an hour."""

    @omega.when(lambda self: self.begins > 0)
    def on_bar(self, bar: omega.Bar) -> None:
        """Lay the grid out anew."""
        super().on_bar(bar)


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("EURUSD_M1"),
        Grid(size=0.05),
        symbol="EURUSD",
        costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
    )


if __name__ == "__main__":
    print(run().summary())

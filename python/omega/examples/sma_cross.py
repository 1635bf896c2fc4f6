"""Two moving averages: always in the market, on the side of the faster one.

Four forms: a class, the same called only where the averages cross, signal columns, and the native
strategy `sma_cross`, which never leaves the core.
"""

from __future__ import annotations

from typing import Any

import omega


class SmaCross(omega.Strategy):
    """Reverse where the averages of the close cross."""

    fast: int = 20
    slow: int = 50

    def init(self) -> None:
        """Declare the two averages."""
        self.short, self.long = self.sma(self.fast), self.sma(self.slow)

    def on_bar(self, bar: omega.Bar) -> None:
        """Turn to the side of the faster average."""
        if omega.crossover(self.short, self.long):
            self.turn("long")
        elif omega.crossunder(self.short, self.long):
            self.turn("short")

    def turn(self, direction: str) -> None:
        """Close what is open and open the other way."""
        if self.position is not None:
            self.close()
        if direction == "long":
            self.buy()
        else:
            self.sell()


class SmaCrossOnCrossings(SmaCross):
    """The same, called only where the averages cross."""

    @omega.when(
        lambda self: (
            omega.crossover(self.short, self.long) | omega.crossunder(self.short, self.long)
        )
    )
    def on_bar(self, bar: omega.Bar) -> None:
        """Turn to the side of the faster average."""
        super().on_bar(bar)


def signals(fast: int = 20, slow: int = 50) -> omega.Signals:
    """Return the same as columns."""

    def up(s: Any) -> Any:  # noqa: ANN401 - whatever declares indicators
        return omega.crossover(s.sma(fast), s.sma(slow))

    def down(s: Any) -> Any:  # noqa: ANN401 - as above
        return omega.crossunder(s.sma(fast), s.sma(slow))

    def crosses(s: Any) -> Any:  # noqa: ANN401 - as above
        return up(s) | down(s)

    return omega.Signals(long_entry=up, short_entry=down, exit=crosses)


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("EURUSD"),
        SmaCross(fast=50, slow=200),
        symbol="EURUSD",
        sizer=omega.FixedLots(0.1),
        costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
    )


if __name__ == "__main__":
    print(run().summary())

"""The yardstick: buy at the first open and hold to the end.

The native strategy `buy_and_hold` does the same without leaving the core.
"""

from __future__ import annotations

import omega


class BuyAndHold(omega.Strategy):
    """Buy once."""

    def init(self) -> None:
        """Nothing is bought yet."""
        self.bought = False  # a position that was closed at the end of the data is None again

    def on_bar(self, bar: omega.Bar) -> None:
        """Buy on the first bar."""
        if not self.bought:
            self.bought = True
            self.buy()


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("SHARE"),
        BuyAndHold(),
        instruments=omega.instruments.equity("SHARE"),
        sizer=omega.EquityPercent(95),
        costs=omega.Costs(fee_percent=0.05),
        account="cash",
    )


if __name__ == "__main__":
    print(run().summary())

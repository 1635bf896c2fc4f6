"""Buy where the relative strength index comes up out of the low zone, sell out of the high one.

It is left in the middle. The native strategy `rsi_reversion` does the same without leaving the
core.
"""

from __future__ import annotations

import omega


class RsiReversion(omega.Strategy):
    """Trade returns from the extremes of the index."""

    window: int = 14
    low: float = 30.0
    high: float = 70.0
    middle: float = 50.0

    def init(self) -> None:
        """Declare the index; its value a bar before is needed from the first bar on."""
        self.strength = self.rsi(self.window)
        self.warmup = self.window + 2  # the first value comes at window + 1, and [-2] is read

    def on_bar(self, bar: omega.Bar) -> None:
        """Leave in the middle, else enter where the index returns from an extreme."""
        before, now = self.strength[-2], self.strength[-1]
        position = self.position
        if position is not None:
            up = position.direction == "long"
            if now >= self.middle if up else now <= self.middle:
                self.close(position)
        elif before <= self.low < now:
            self.buy()
        elif before >= self.high > now:
            self.sell()


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("EURUSD"),
        RsiReversion(),
        symbol="EURUSD",
        sizer=omega.FixedLots(0.1),
        costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
    )


if __name__ == "__main__":
    print(run().summary())

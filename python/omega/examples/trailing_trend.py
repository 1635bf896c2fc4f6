"""Follow the supertrend, with a stop that trails the price.

Enter where the trend turns, with the first stop on the trend's own line; from then on the stop
follows at a fixed distance, and the position is reversed where the trend turns back. Three forms: a
class, the same called only where the trend turns, and signal columns.
"""

from __future__ import annotations

from typing import Any

import omega


class TrailingTrend(omega.Strategy):
    """Trade turns of the supertrend."""

    window: int = 10
    multiplier: float = 3.0

    def init(self) -> None:
        """Declare the line and its direction: 1 above it, -1 below."""
        self.trend = self.supertrend(self.window, self.multiplier)
        self.warmup = self.window + 2  # a crossing looks at two values of the trend

    def on_bar(self, bar: omega.Bar) -> None:
        """Turn with the trend."""
        if omega.crossover(self.trend.direction, 0.0):
            self.turn(self.buy)
        elif omega.crossunder(self.trend.direction, 0.0):
            self.turn(self.sell)

    def turn(self, enter: Any) -> None:  # noqa: ANN401 - buy or sell
        """Close what is open and enter on the other side of the line."""
        if self.position is not None:
            self.close()
        enter(stop_loss=self.trend.line[-1])


class TrailingTrendOnTurns(TrailingTrend):
    """The same, called only where the trend turns."""

    @omega.when(
        lambda self: (
            omega.crossover(self.trend.direction, 0.0) | omega.crossunder(self.trend.direction, 0.0)
        )
    )
    def on_bar(self, bar: omega.Bar) -> None:
        """Turn with the trend."""
        super().on_bar(bar)


def signals(window: int = 10, multiplier: float = 3.0) -> omega.Signals:
    """Return the same as columns."""

    def up(s: Any) -> Any:  # noqa: ANN401 - whatever declares indicators
        return omega.crossover(s.supertrend(window, multiplier).direction, 0.0)

    def down(s: Any) -> Any:  # noqa: ANN401 - as above
        return omega.crossunder(s.supertrend(window, multiplier).direction, 0.0)

    def turns(s: Any) -> Any:  # noqa: ANN401 - as above
        return up(s) | down(s)

    return omega.Signals(
        long_entry=up,
        short_entry=down,
        exit=turns,
        stop_loss=lambda s: s.supertrend(window, multiplier).line,
        warmup=window + 2,
    )


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("EURUSD"),
        TrailingTrend(),
        symbol="EURUSD",
        sizer=omega.FixedLots(0.1),
        costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
        position_manager=omega.TrailingStop(0.0060),
    )


if __name__ == "__main__":
    print(run().summary())

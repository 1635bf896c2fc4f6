"""The turtles' rule: enter where the close leaves the channel of the bars before.

It is left where the close falls back through a shorter channel. The native strategy
`donchian_breakout` does the same without leaving the core.
"""

from __future__ import annotations

import omega


class DonchianBreakout(omega.Strategy):
    """Trade breakouts of a channel, with a stop at the far side of the exit channel."""

    entry: int = 20
    exit: int = 10

    def init(self) -> None:
        """Declare the edges of both channels."""
        self.top = self.rolling_max(self.entry, source="high")
        self.bottom = self.rolling_min(self.entry, source="low")
        self.ceiling = self.rolling_max(self.exit, source="high")
        self.floor = self.rolling_min(self.exit, source="low")
        self.warmup = max(self.entry, self.exit) + 1  # the channels of a bar ago are read

    def on_bar(self, bar: omega.Bar) -> None:
        """Leave a failed move, else join a new one."""
        price, position = bar.close, self.position
        if position is not None:
            fell = position.direction == "long" and price < self.floor[-2]
            rose = position.direction == "short" and price > self.ceiling[-2]
            if fell or rose:
                self.close(position)
        elif price > self.top[-2]:
            self.buy(stop_loss=self.floor[-1])
        elif price < self.bottom[-2]:
            self.sell(stop_loss=self.ceiling[-1])


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("SHARE"),
        DonchianBreakout(),
        instruments=omega.instruments.equity("SHARE"),
        sizer=omega.RiskPercent(1),
        account=omega.Account(leverage=2),
        costs=omega.Costs(fee_percent=0.05),
    )


if __name__ == "__main__":
    print(run().summary())

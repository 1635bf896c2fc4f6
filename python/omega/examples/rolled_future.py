"""A rolled future: follow the trend of a chain of contracts, one after the other.

The channel is of prices that hold the rolls of the past alone, as of now; orders and money are of
the contract held. At a roll the position is closed in the old contract and opened in the new one,
with the costs of both, and its stop goes along.
"""

from __future__ import annotations

import polars as pl

import omega


class Breakout(omega.Strategy):
    """Enter where the close leaves the channel of 40 days, leave where it crosses its middle."""

    bars: int = 40

    def init(self) -> None:
        """Declare the channel."""
        self.channel = self.donchian(self.bars)

    def on_bar(self, bar: omega.Bar) -> None:
        """Trade with the break, both ways."""
        held, middle = self.position, self.channel.middle[-1]
        upper, lower = self.channel.upper.ago(1), self.channel.lower.ago(1)
        if held:
            if (bar.close - middle) * (1 if held.direction == "long" else -1) < 0:
                self.close()
        elif bar.close > upper:
            self.buy(size=1, stop_loss=lower)
        elif bar.close < lower:
            self.sell(size=1, stop_loss=upper)


def run(chain: omega.Continuous | None = None) -> omega.BacktestResult:
    """Run it over contracts that the package invents, or over another chain."""
    if chain is None:
        chain = omega.Continuous(omega.sample("FUTURE"), roll="volume", adjust="difference")
    future = omega.Instrument(
        "FUT", contract_size=5, tick_size=0.25, pip_size=0.25, volume_step=1, margin_per_lot=3_000
    )
    return omega.run_backtest(
        chain,
        Breakout(),
        symbol="FUT",
        instruments=future,
        cash=100_000,
        account="margin",
        costs=omega.Costs(fee_per_lot=2.25, slippage_pips=1),
    )


if __name__ == "__main__":
    result = run()
    print(result.summary())
    print(result.trades.group_by(pl.col("exit_reason").cast(pl.String)).len().sort("exit_reason"))

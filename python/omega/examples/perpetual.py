"""A perpetual future: buy dips with a leverage, pay funding, and be liquidated.

Longs pay shorts every eight hours where the rate is above 0. Three times the equity is gone where
the price falls by a third: a little before that the equity is below what is to be maintained, and
the exchange closes the position and takes a fee for it.
"""

from __future__ import annotations

from typing import Any

import polars as pl

import omega


class BuysDips(omega.Strategy):
    """Hold three times the equity from a dip below the mean of a month until it is made good."""

    bars: int = 720
    dip: float = 0.05
    times: float = 3.0

    def init(self) -> None:
        """Declare the mean."""
        self.mean = self.sma(self.bars)

    def on_bar(self, bar: omega.Bar) -> None:
        """Buy far enough below it, sell above it."""
        mean = self.mean[-1]
        if self.position and bar.close > mean:
            self.close()
        elif not self.position and bar.close < mean * (1.0 - self.dip):
            self.buy(size=self.times * self.equity / bar.close)


def invented() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make hours of a coin of a currency pair that moves ten times as far, and its funding."""
    euro = omega.sample("EURUSD")
    close = (1.0 + 10.0 * (pl.col("bid_close") / pl.col("bid_close").first() - 1.0)) * 30_000
    prices = euro.select("time", close=close.clip(1_000).round(1))
    opened = pl.col("close").shift(1).fill_null(pl.col("close").first())
    candles = prices.with_columns(
        open=opened,
        high=pl.max_horizontal(opened, "close"),
        low=pl.min_horizontal(opened, "close"),
    )
    every = pl.datetime_range(
        candles["time"][0], candles["time"][-1], interval="8h", eager=True, closed="both"
    )
    return candles, pl.DataFrame({"time": every, "rate": [0.0001] * len(every)})


def run(
    candles: Any = None,  # noqa: ANN401 - as run_backtest
    funding: Any = None,  # noqa: ANN401 - as Carry
    strategy: omega.Strategy | None = None,
) -> omega.BacktestResult:
    """Run it over a coin that the package invents, or over another one."""
    if candles is None:
        candles, funding = invented()
    coin = omega.Instrument(
        "PERP", volume_step=0.001, maintenance_rate=0.005, liquidation_fee=0.5, margin_rate=0.1
    )
    return omega.run_backtest(
        candles,
        strategy or BuysDips(),
        symbol="PERP",
        instruments=coin,
        cash=10_000,
        account=omega.Account(kind="margin", leverage=10, stop_out_level=1.0),
        costs=omega.Costs(fee_maker=0.02, fee_taker=0.05),
        carry=omega.Carry(funding=funding),
        calendar="CRYPTO",
    )


if __name__ == "__main__":
    result = run()
    print(result.summary())
    paid = result.ledger.filter(pl.col("kind").cast(pl.String) == "funding")["amount"].sum()
    print(f"{paid:,.2f} of funding")

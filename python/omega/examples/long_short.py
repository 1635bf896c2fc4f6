"""Long and short: buy the shares that fell the most in a month, sell those that rose the most.

As much is sold as is bought, so that what all shares do together cancels. What is sold has to be
borrowed: that costs by the day, and when there are no more shares to borrow the short is closed.
"""

from __future__ import annotations

from typing import Any

import polars as pl

import omega

MONTH = 21
"""Trading days."""


def reversal(prices: pl.DataFrame, each: int) -> pl.DataFrame:
    """Weigh so many losers of the last month long, and as many winners short.

    Args:
        prices: `time`, `symbol` and `close`.
        each: How many are held on each side.

    Returns:
        `time`, `symbol` and `weight`; the sum of the weights of a time is 0.
    """
    past = pl.col("close") / pl.col("close").shift(MONTH) - 1.0
    ranked = (
        prices.sort("symbol", "time")
        .with_columns(past=past.over("symbol"))
        .drop_nulls("past")
        .with_columns(
            place=pl.col("past").rank("ordinal").over("time"),
            count=pl.len().over("time"),
        )
        .filter(pl.col("count") >= 2 * each)
    )
    weight = (
        pl.when(pl.col("place") <= each)
        .then(0.5 / each)
        .when(pl.col("place") > pl.col("count") - each)
        .then(-0.5 / each)
        .otherwise(0.0)
    )
    return ranked.select("time", "symbol", weight=weight).sort("time", "symbol")


def run(
    prices: pl.DataFrame | None = None,
    borrow: Any = None,  # noqa: ANN401 - as Carry
    each: int = 5,
) -> omega.BacktestResult:
    """Run it over shares that the package invents, or over others in one table."""
    if prices is None:
        prices = omega.sample("SHARES")
        gone = [{"date": "2014-01-01", "rate": 0.02}, {"date": "2020-01-01", "rate": None}]
        names = prices["symbol"].unique().to_list()
        borrow = {name: gone if name == "S11" else 0.01 for name in names}
    return omega.run_backtest(
        prices,
        omega.Weights(reversal(prices, each), when="1mo", min_trade=100.0),
        cash=1_000_000,
        account=omega.Account(kind="margin", leverage=2),
        costs=omega.Costs(fee_percent=0.02, slippage_percent=0.02),
        carry=omega.Carry(borrow=borrow, cash=0.01),
    )


if __name__ == "__main__":
    result = run()
    print(result.summary())
    kinds = result.ledger.with_columns(pl.col("kind").cast(pl.String)).group_by("kind")
    print(kinds.agg(pl.col("amount").sum()).sort("kind"))

"""Momentum: each month hold the five of twenty shares that have risen the most, dividends and all.

The targets are a table that is made before the run: the return of the last year without its newest
month, known at the close of the last day of a month, traded at the next open. Dividends are cash on
their ex-dates, which the next rebalance spends.
"""

from __future__ import annotations

import polars as pl

import omega

YEAR, MONTH = 252, 21
"""Trading days."""
MIDDLE = 15
"""The day of a month from which on dividends are due."""


def strongest(prices: pl.DataFrame, held: int) -> pl.DataFrame:
    """Weigh the strongest shares at each close alike, the others 0.

    Args:
        prices: `time`, `symbol` and `close`.
        held: How many are held.

    Returns:
        `time`, `symbol` and `weight`, from the day on which each share has a year of prices.
    """
    past = pl.col("close").shift(MONTH) / pl.col("close").shift(YEAR) - 1.0
    ranked = (
        prices.sort("symbol", "time")
        .with_columns(past=past.over("symbol"))
        .filter(pl.col("past").is_not_null().all().over("time"))
        .with_columns(place=pl.col("past").rank("ordinal", descending=True).over("time"))
    )
    weight = pl.when(pl.col("place") <= held).then(0.98 / held).otherwise(0.0)
    return ranked.select("time", "symbol", weight=weight).sort("time", "symbol")


def dividends(prices: pl.DataFrame) -> pl.DataFrame:
    """Invent dividends: half a percent of the close before, four times a year."""
    in_month = pl.col("time").dt.month().is_in([2, 5, 8, 11])
    first = in_month & (pl.col("time").dt.day() >= MIDDLE)
    quarter = pl.col("time").dt.truncate("1q")
    return (
        prices.with_columns(before=pl.col("close").shift(1).over("symbol"))
        .filter(first & pl.col("before").is_not_null())
        .group_by("symbol", quarter.alias("quarter"), maintain_order=True)
        .first()
        .select("symbol", date=pl.col("time"), amount=(pl.col("before") * 0.005).round(2))
    )


def run(
    prices: pl.DataFrame | None = None, events: omega.Events | None = None, held: int = 5
) -> omega.BacktestResult:
    """Run it over shares that the package invents, or over others in one table."""
    if prices is None:
        prices = omega.sample("SHARES")
        events = omega.Events(dividends=dividends(prices), tax=0.15)
    return omega.run_backtest(
        prices,
        omega.Weights(strongest(prices, held), when="1mo"),
        cash=1_000_000,
        account="cash",
        instruments=omega.Instrument(volume_step=1),
        costs=omega.Costs(fee_per_lot=0.005, fee_min=1.0, slippage_percent=0.02),
        events=events,
    )


if __name__ == "__main__":
    result = run()
    print(result.summary())
    paid = result.ledger.filter(pl.col("kind").cast(pl.String) == "dividend")["amount"].sum()
    print(f"{paid:,.2f} of dividends")

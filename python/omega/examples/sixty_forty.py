"""Sixty and forty: two holdings that are brought back to their weights where they have drifted.

The targets never change, so nothing is traded by date: each day the function returns its weights,
and the band lets a weight be as far from it as five percent of the equity before it is traded.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

import omega

TARGETS = {"STOCKS": 0.59, "BONDS": 0.4}
"""One percent stays in cash, for costs."""


def run(
    data: Mapping[str, pl.DataFrame] | None = None, targets: Mapping[str, float] | None = None
) -> omega.BacktestResult:
    """Run it over two shares that the package invents, or over other candles."""
    if data is None or targets is None:
        shares = omega.sample("SHARES")
        pair = zip(TARGETS, ("S02", "S09"), strict=True)
        data = {name: shares.filter(pl.col("symbol") == of).drop("symbol") for name, of in pair}
        targets = TARGETS
    wanted = dict(targets)
    return omega.run_backtest(
        dict(data),
        omega.Weights(lambda _bar: wanted, when="1d", band=0.05),
        cash=100_000,
        account="cash",
        costs=omega.Costs(fee_percent=0.05),
        carry=omega.Carry(cash=0.02),
    )


if __name__ == "__main__":
    result = run()
    print(result.summary())
    traded = result.weights.filter(pl.col("reason").is_null())
    print(f"{traded.height} of {result.weights.height} targets were traded, the others in the band")

"""Pairs: two symbols that belong together, traded against each other where they part.

The spread of two logarithms is one column beside the candles of the first symbol, written in Polars
before the run: both closes of a bar are known when it is complete, so it looks at nothing that a
trader would not have seen. Two forms: a class that is called on every bar, and the same called only
where the spread is extreme or back.
"""

from __future__ import annotations

import polars as pl

import omega


def with_spread(
    first: pl.DataFrame, second: pl.DataFrame, window: int = 60, weight: float = 1.0
) -> pl.DataFrame:
    """Add `spread_score` to the first symbol: how many deviations the pair is apart.

    Args:
        first: Candles with `time` and `bid_close`, one row a bar.
        second: The same for the other symbol; its newest bar up to a row's time counts.
        window: Bars of the mean and the deviation.
        weight: Of the second logarithm.

    Returns:
        The first frame with one column more, null until the window is full.
    """
    other = second.select("time", other_close=pl.col("bid_close"))
    spread = pl.col("bid_close").log() - weight * pl.col("other_close").log()
    score = (spread - spread.rolling_mean(window)) / spread.rolling_std(window)
    return (
        first.join_asof(other, on="time")
        .with_columns(spread_score=score.fill_nan(None))
        .drop("other_close")
    )


class Pairs(omega.Strategy):
    """Sell the dear one and buy the cheap one; leave when they are together again."""

    other: str = "GBPUSD"
    enter: float = 2.0
    leave: float = 0.0

    def init(self) -> None:
        """Read the score that stands beside the candles, and what it was a bar before."""
        self.score = self.column(pl.col("spread_score"), "spread score")

    def on_bar(self, bar: omega.Bar) -> None:
        """Open both legs, or close both."""
        score, held = self.score[-1], self.positions
        if held:
            dear = held[0].direction == "short"
            if score <= self.leave if dear else score >= -self.leave:
                self.close()
        elif score >= self.enter:
            self.sell()
            self.buy(symbol=self.other)
        elif score <= -self.enter:
            self.buy()
            self.sell(symbol=self.other)


class PairsOnExtremes(Pairs):
    """The same, called only where there may be something to do."""

    @omega.when(
        lambda self: (
            (self.score >= self.enter)
            | (self.score <= -self.enter)
            | omega.crossunder(self.score, self.leave)
            | omega.crossover(self.score, -self.leave)
        )
    )
    def on_bar(self, bar: omega.Bar) -> None:
        """Open both legs, or close both."""
        super().on_bar(bar)


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    euro, pound = omega.sample("EURUSD"), omega.sample("GBPUSD")
    return omega.run_backtest(
        {"EURUSD": with_spread(euro, pound, window=240), "GBPUSD": pound},
        Pairs(),
        sizer=omega.FixedLots(0.1),
        costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
    )


if __name__ == "__main__":
    print(run().summary())

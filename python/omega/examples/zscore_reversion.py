"""Mean reversion by z-score: buy what fell too far, sell what rose too far.

An entry when the z-score of the close passes a threshold, a stop and a target in average true
ranges, and an exit when time runs out. One position at a time; signals on the bid, longs enter on
the ask.
"""

from __future__ import annotations

import omega


class ZScoreReversion(omega.Strategy):
    """Trade against moves of more than `threshold` standard deviations."""

    window: int = 100
    threshold: float = 2.5
    atr_window: int = 14
    stop_atrs: float = 4.0
    target_atrs: float = 3.0
    bars_at_most: int = 30

    def init(self) -> None:
        """Declare the z-score of the close and the average true range."""
        self.score = self.zscore(self.window)
        self.range = self.atr(self.atr_window)

    def on_bar(self, bar: omega.Bar) -> None:
        """Enter where the score is extreme, leave where the trade took too long."""
        position = self.position
        if position is not None:
            if position.bars_held >= self.bars_at_most:
                self.close(position, reason="time")
            return
        score, reach = self.score[-1], self.range[-1]
        if score <= -self.threshold:
            self.buy(
                stop_loss=bar.close - self.stop_atrs * reach,
                take_profit=bar.ask.close + self.target_atrs * reach,
            )
        elif score >= self.threshold:
            self.sell(
                stop_loss=bar.ask.close + self.stop_atrs * reach,
                take_profit=bar.close - self.target_atrs * reach,
            )


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("EURUSD"),
        ZScoreReversion(),
        symbol="EURUSD",
        sizer=omega.RiskPercent(0.5),
        costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
    )


if __name__ == "__main__":
    print(run().summary())

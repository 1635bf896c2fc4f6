"""The opening range: orders on both sides of the morning's range, one of which cancels the other.

While London sleeps the range of the day is measured. At the open two stop orders wait at its edges,
each with its stop loss at the other edge; the first that fills cancels the other. In the evening
everything is closed. Two forms: a class that is called on every bar, and the same called only at
the two moments of the day.
"""

from __future__ import annotations

import polars as pl

import omega


class SessionRange(omega.Strategy):
    """Trade breaks out of the range from midnight to the opening hour, local time."""

    opens: int = 8
    closes: int = 16
    zone: str = "Europe/London"

    def init(self) -> None:
        """Declare the range of the morning so far, and the two moments."""
        local = pl.col("time").dt.convert_time_zone(self.zone)
        day, hour = local.dt.date(), local.dt.hour()
        asleep = hour < self.opens
        high = pl.when(asleep).then(pl.col("ask_high"))
        low = pl.when(asleep).then(pl.col("bid_low"))
        self.top = self.column(high.cum_max().forward_fill().over(day), "top")
        self.bottom = self.column(low.cum_min().forward_fill().over(day), "bottom")
        passed = hour.shift(1) != hour
        self.at_open = self.column(passed & (hour == self.opens), "at open")
        self.at_close = self.column(passed & (hour == self.closes), "at close")

    def on_bar(self, bar: omega.Bar) -> None:
        """Place both orders in the morning, clear up in the evening."""
        if self.at_close[-1] > 0:
            self.clear()
        elif self.at_open[-1] > 0 and self.position is None:
            self.place_both()

    def place_both(self) -> None:
        """Buy above the range or sell below it: the first order to fill cancels the other."""
        top, bottom = self.top[-1], self.bottom[-1]
        self.buy(stop=top, stop_loss=bottom, oco="range", expires="day", reason="up")
        self.sell(stop=bottom, stop_loss=top, oco="range", expires="day", reason="down")

    def clear(self) -> None:
        """Cancel what waits and close what is open."""
        for order in self.pending:
            self.cancel(order)
        if self.position is not None:
            self.close(reason="time")


class SessionRangeAtItsHours(SessionRange):
    """The same, called twice a day."""

    @omega.when(lambda self: (self.at_open > 0) | (self.at_close > 0))
    def on_bar(self, bar: omega.Bar) -> None:
        """Place both orders in the morning, clear up in the evening."""
        super().on_bar(bar)


def run() -> omega.BacktestResult:
    """Run it over candles that the package invents."""
    return omega.run_backtest(
        omega.sample("EURUSD_M1"),
        SessionRange(),
        symbol="EURUSD",
        sizer=omega.RiskPercent(0.5),
        costs=omega.Costs(slippage_pips=0.1, fee_per_million=30),
        calendar="Europe/London",  # so that orders for the day end with London's, not with UTC's
    )


if __name__ == "__main__":
    print(run().summary())

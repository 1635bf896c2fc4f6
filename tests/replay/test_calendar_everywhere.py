"""A calendar wherever a run is described, and what it must not change (T4, L5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from omega import Calendar, Costs, Limits, Signal, calendars
from tests.properties.test_look_ahead import assert_is_prefix
from tests.support import candles

BACKENDS = pytest.mark.parametrize("backend", ["rust", "python"])
ONE_POINT: dict[str, Any] = {
    "instruments": omega.Instrument("X", tick_size=1.0),
    "costs": Costs(swap_long=-1, swap_triple_day=None),
}


def hourly(first: str, bars: int, prices: dict[str, float] | None = None) -> pl.DataFrame:
    """Give bars of an hour at 100, or at another price from a time on for an hour."""
    given = {datetime.fromisoformat(text): price for text, price in (prices or {}).items()}
    times = [datetime.fromisoformat(first) + timedelta(hours=k) for k in range(bars)]
    values = [given.get(time, 100.0) for time in times]
    column = pl.Series(times).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.DataFrame({"time": column, "bid": values, "ask": values})


@BACKENDS
@pytest.mark.parametrize("several", [False, True])
def test_an_engine_has_the_days_of_a_calendar(several: bool, backend: str) -> None:
    data = hourly("2024-01-08 20:00", 100)

    class Once:
        def evaluate(self, index: int, slice_map: Any) -> Signal | None:  # noqa: ANN401 - slices
            return Signal("long") if index == 2 else None

    parts = (
        Once(),
        omega.ExecutionSimulator(costs=ONE_POINT["costs"], instruments=ONE_POINT["instruments"]),
    )
    settings: dict[str, Any] = {"backend": backend, "calendar": "FX"}
    engine = (
        omega.CrossSymbolEventEngine({"X": data}, *parts, omega.Portfolio(), **settings)
        if several
        else omega.EventEngine(data, None, *parts, omega.Portfolio(), symbol="X", **settings)
    )
    engine.run()
    assert engine.result is not None
    assert engine.result.metrics["days"] == 6
    assert engine.result.trades["swap"].to_list() == [-4.0]
    assert "17:00" in str(engine.result.config["calendar"])


def test_a_sweep_may_vary_the_calendar() -> None:
    data = hourly("2024-01-08 20:00", 100)
    names = ["UTC", "FX"]
    grid = {"fast": [2], "calendar": names}
    swept = omega.sweep(data, omega.native("sma_cross", fast=2, slow=5), grid, workers=1)
    days = dict(swept.to_polars().select("calendar", "days").iter_rows())
    runs = {
        name: omega.run_backtest(data, omega.native("sma_cross", fast=2, slow=5), calendar=name)
        for name in names
    }
    assert days == {name: run.metrics["days"] for name, run in runs.items()}
    assert days["UTC"] != days["FX"]


def test_a_look_ahead_is_looked_for_under_a_calendar() -> None:
    data = hourly("2024-01-08 20:00", 120, {"2024-01-10 03:00": 99.0, "2024-01-11 03:00": 98.0})

    class Days(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            try:
                day = bar.tf("D1")
            except IndexError:
                return
            if day.fresh:
                self.buy(limit=day.low + 0.5, expires="day")

    report = omega.check_lookahead(
        Days, data, calendar="FX", timeframes=("D1",), start="2024-01-09", prefixes=20
    )
    assert report.clean, report


class ByTheDay(omega.Strategy):
    """Orders of the day and at the close, by a made day and a given one."""

    def on_bar(self, bar: omega.Bar) -> None:
        try:
            made, given = bar.tf("D1"), bar.tf("D2")
        except IndexError:
            return
        if bar.index % 7 == 0:
            self.buy(limit=max(made.low, bar.close * 0.9995), expires="day")
        if bar.index % 5 == 0 and given.close > made.close:
            self.sell(at_close=True, stop_loss=bar.close * 1.02)
        if self.position is not None and self.position.bars_held > 60:
            self.close(self.position)


@pytest.mark.parametrize(
    "calendar",
    [
        calendars.FX,
        calendars.US_EQUITIES,
        Calendar("Europe/London", "09:00", [("08:00", "12:30"), ("13:00", "22:10")]),
    ],
)
@given(seed=st.integers(0, 99), bars=st.integers(120, 390))
def test_later_bars_change_nothing_under_a_calendar(
    backend: str, calendar: Calendar, seed: int, bars: int
) -> None:
    first = datetime(2024, 10, 30, tzinfo=UTC)  # with a change of the clock in it
    times = pl.Series([first + timedelta(minutes=30 * k) for k in range(400)])
    frame = (
        candles.walk(400, seed=seed)
        .with_columns(time=times.cast(pl.Datetime("us", "UTC")))
        .filter(pl.int_range(pl.len()) % 97 != seed % 97)
    )
    days = frame.group_by_dynamic("time", every="2d").agg(
        pl.col("bid_open").first().alias("open"),
        pl.col("bid_high").max().alias("high"),
        pl.col("bid_low").min().alias("low"),
        pl.col("bid_close").last().alias("close"),
    )

    def run(data: pl.DataFrame) -> omega.BacktestResult:
        table = days.filter(pl.col("time") <= data["time"][-1])
        return omega.run_backtest(
            data,
            ByTheDay(),
            symbol="EURUSD",
            timeframes={"D1": None, "D2": table},
            costs=Costs(swap_long=-1, swap_short=-2),
            execution=omega.Execution(close_at_end=False),
            limits=Limits(sessions="calendar" if calendar.has_sessions else [("03:00", "20:00")]),
            calendar=calendar,
            backend=backend,
        )

    assert_is_prefix(run(frame[:bars]), run(frame))

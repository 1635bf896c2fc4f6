"""Bars of a given table, and of several symbols, are seen once they are over (TF1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega import Calendar
from omega.data.timeframes import Timeframe
from omega.errors import InvalidCandleData

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BACKENDS = pytest.mark.parametrize("backend", ["rust", "python"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def quotes(times: list[datetime], prices: list[float] | None = None) -> pl.DataFrame:
    column = pl.Series(times).cast(pl.Datetime("us", "UTC"))
    values = prices or [float(k + 1) for k in range(len(times))]
    return pl.DataFrame({"time": column, "bid": values, "ask": values})


def hours(first: str, count: int) -> list[datetime]:
    return [at(first) + HOUR * k for k in range(count)]


def first_seen(
    backend: str,
    data: pl.DataFrame,
    name: str,
    table: Any,  # noqa: ANN401 - a table, or None
    **settings: Any,  # noqa: ANN401 - of the run
) -> dict[int, datetime]:
    """Give the step at whose open each bar of a timeframe is seen first."""
    found: dict[int, datetime] = {}

    def on_bar(bar: omega.Bar) -> None:
        try:
            newest = bar.tf(name).index
        except IndexError:
            return
        found.setdefault(newest, bar.time.replace(tzinfo=UTC) + HOUR)

    omega.run_backtest(data, on_bar, timeframes={name: table}, backend=backend, **settings)
    return found


@BACKENDS
@pytest.mark.parametrize("has_next", [True, False])
def test_a_day_of_25_hours_is_not_seen_after_24(has_next: bool, backend: str) -> None:
    """3 November 2024 of New York lasts from 04:00 UTC to 05:00 of the next day."""
    days = [at("2024-11-01 04:00"), at("2024-11-02 04:00"), at("2024-11-03 04:00")]
    table = quotes([*days, at("2024-11-04 05:00")] if has_next else days)
    seen = first_seen(backend, quotes(hours("2024-11-01 00:00", 120)), "D1", table)
    assert seen[0] == at("2024-11-02 04:00")
    assert seen[1] == at("2024-11-03 04:00")
    assert seen[2] == at("2024-11-04 05:00")


@BACKENDS
def test_a_month_is_seen_when_the_next_one_opens(backend: str) -> None:
    months = [at("2024-01-01"), at("2024-02-01"), at("2024-03-01")]
    data = quotes(hours("2024-01-01 00:00", 24 * 95))
    seen = first_seen(backend, data, "MN1", quotes(months))
    # February ends with its 29 days; March has no bar after it: 31 days and an hour.
    assert list(seen.values()) == [at("2024-02-01"), at("2024-03-01"), at("2024-04-01 01:00")]
    made = first_seen(backend, data, "MN1", None)
    assert list(made.values()) == [at("2024-02-01"), at("2024-03-01"), at("2024-04-01")]


@BACKENDS
def test_a_holiday_hides_no_bar_that_is_over(backend: str) -> None:
    """Friday's bar is seen on Saturday, not when the market opens on Tuesday."""
    table = quotes([at("2024-01-11"), at("2024-01-12"), at("2024-01-16")])
    seen = first_seen(backend, quotes(hours("2024-01-11 00:00", 150)), "D1", table)
    assert list(seen.values()) == [at("2024-01-12"), at("2024-01-13 01:00"), at("2024-01-17 01:00")]


@BACKENDS
@pytest.mark.parametrize(
    ("name", "last"),
    [("M30", "2024-01-01 03:30"), ("H1", "2024-01-01 04:00"), ("H2", "2024-01-01 06:00")],
)
def test_the_last_bar_of_a_table_is_seen_when_it_must_be_over(
    name: str, last: str, backend: str
) -> None:
    """Up to an hour after its length; above an hour the clock may change in it."""
    steps = [at("2024-01-01") + HOUR / 2 * k for k in range(20)]
    table = quotes([at("2024-01-01 01:00"), at("2024-01-01 03:00")])
    found: dict[int, datetime] = {}

    def on_bar(bar: omega.Bar) -> None:
        try:
            newest = bar.tf(name).index
        except IndexError:
            return
        found.setdefault(newest, bar.time.replace(tzinfo=UTC) + HOUR / 2)

    omega.run_backtest(quotes(steps), on_bar, timeframes={name: table}, backend=backend)
    assert found[1] == at(last)


@BACKENDS
@pytest.mark.parametrize("column", ["close_time", "Close time"])
def test_a_close_time_shows_a_bar_when_it_closes(column: str, backend: str) -> None:
    table = quotes([at("2024-01-11 09:00"), at("2024-01-12 09:00")])
    closes = [at("2024-01-11 17:00"), at("2024-01-12 13:00") - timedelta(milliseconds=1)]
    table = table.with_columns(pl.Series(column, closes).cast(pl.Datetime("ms", "UTC")))
    seen = first_seen(backend, quotes(hours("2024-01-11 00:00", 60)), "D1", table)
    assert list(seen.values()) == [at("2024-01-11 17:00"), at("2024-01-12 13:00")]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["noon", "noon"], "expected datetimes"),
        ([at("2024-01-11 10:00"), None], "in row 1: given None, expected a time in each row"),
        ([at("2024-01-11 10:00"), at("2024-01-12 09:00")], "expected a time after the bar's open"),
    ],
)
def test_a_close_time_that_cannot_be_is_refused(values: list[Any], message: str) -> None:
    table = quotes([at("2024-01-11 09:00"), at("2024-01-12 09:00")])
    table = table.with_columns(pl.Series("close_time", values))
    with pytest.raises(InvalidCandleData, match=message):
        first_seen("rust", quotes(hours("2024-01-11 00:00", 60)), "D1", table)


def seen_beside(
    backend: str, table: pl.DataFrame, semantics: int = 2
) -> list[tuple[datetime, int]]:
    """Give when each bar of a symbol is seen beside one with bars of an hour."""
    found: dict[int, datetime] = {}
    data = {"A": quotes(hours("2024-11-01 00:00", 130)), "B": table}

    def on_bar(bar: omega.Bar) -> None:
        try:
            newest = bar["B"].index
        except IndexError:
            return
        found.setdefault(newest, bar["A"].time.replace(tzinfo=UTC) + HOUR)

    omega.run_backtest(data, on_bar, backend=backend, semantics=semantics)
    return [(time, bar) for bar, time in found.items()]


@BACKENDS
def test_a_day_of_another_symbol_is_not_seen_early(backend: str) -> None:
    days = [at("2024-11-01 04:00"), at("2024-11-02 04:00"), at("2024-11-03 04:00")]
    seen = seen_beside(backend, quotes(days))
    assert seen == [
        (at("2024-11-02 04:00"), 0),
        (at("2024-11-03 04:00"), 1),
        (at("2024-11-04 05:00"), 2),
    ]
    closing = quotes(days).with_columns(close_time=pl.col("time") + 7 * HOUR)
    seen = seen_beside(backend, closing)
    assert [time for time, _ in seen] == [at(f"2024-11-0{k} 11:00") for k in (1, 2, 3)]
    # Version 1 of the rules took the shortest step.
    seen = seen_beside(backend, quotes(days), semantics=1)
    assert seen[-1] == (at("2024-11-04 04:00"), 2)


@pytest.mark.parametrize(
    ("step", "longest"),
    [(1, 1), (2, 3), (4, 5), (19, 20), (20, 25), (24, 25), (25, 26), (168, 169), (672, 745)],
)
@BACKENDS
def test_a_bar_lasts_the_longest_that_its_steps_allow(
    step: int, longest: int, backend: str
) -> None:
    table = quotes([at("2024-01-01") + HOUR * step * k for k in range(3)])
    data = {"A": quotes(hours("2024-01-01 00:00", 3 * step + longest + 5)), "B": table}
    found: dict[int, datetime] = {}

    def on_bar(bar: omega.Bar) -> None:
        try:
            newest = bar["B"].index
        except IndexError:
            return
        found.setdefault(newest, bar["A"].time.replace(tzinfo=UTC) + HOUR)

    omega.run_backtest(data, on_bar, backend=backend)
    assert found[2] == at("2024-01-01") + HOUR * (2 * step + longest)


def days_of_new_york(labels: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give hourly candles, and days of New York labelled by their begin, or by midnight in UTC."""
    times = hours("2024-10-20 04:00", 24 * 30)
    candles = quotes(times, [100.0 + (k * 37 % 101) / 10 + k / 7 for k in range(len(times))])
    local = candles.with_columns(day=pl.col("time").dt.convert_time_zone("America/New_York"))
    table = local.group_by_dynamic("day", every="1d").agg(
        pl.col("bid").first().alias("open"),
        pl.col("bid").max().alias("high"),
        pl.col("bid").min().alias("low"),
        pl.col("bid").last().alias("close"),
    )
    begin = pl.col("day").dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    if labels == "dates":
        begin = begin.dt.truncate("1d")
    return candles, table.select(time=begin, open="open", high="high", low="low", close="close")


class Daily(omega.Strategy):
    """Buys where the day before was a rise."""

    def on_bar(self, bar: omega.Bar) -> None:
        try:
            day = bar.tf("D1")
        except IndexError:
            return
        if day.fresh and day.close > day.open:
            self.buy()


def test_a_table_that_is_shown_when_it_is_over_is_clean() -> None:
    candles, table = days_of_new_york("begins")
    report = omega.check_lookahead(Daily, candles, timeframes={"D1": table}, prefixes=20)
    assert report.clean, report


def test_a_table_whose_labels_are_too_early_is_found() -> None:
    candles, table = days_of_new_york("dates")
    report = omega.check_lookahead(Daily, candles, timeframes={"D1": table}, prefixes=3)
    (found,) = report.findings.filter(pl.col("kind") == "table").to_dicts()
    assert (found["timeframe"], found["bar"], found["bars_ahead"]) == ("D1", 0, 4)
    assert "table it is shown before its last candle is over: on bar 0" in repr(report)


def test_a_close_time_that_is_too_early_is_found() -> None:
    candles, table = days_of_new_york("begins")
    table = table.with_columns(close_time=pl.col("time") + 20 * HOUR)
    report = omega.check_lookahead(Daily, candles, timeframes={"D1": table}, prefixes=3)
    (found,) = report.findings.filter(pl.col("kind") == "table").to_dicts()
    assert (found["bar"], found["bars_ahead"]) == (0, 4)


def test_months_and_quarters_have_names() -> None:
    first, last = int(at("2024-01-15").timestamp()), int(at("2024-07-02").timestamp())
    quarters = Timeframe("MN3").grid(first, last, "s", Calendar("America/New_York", "17:00"))
    assert not isinstance(quarters, tuple)
    begins = [datetime.fromtimestamp(time, UTC) for time in quarters.tolist()]
    assert begins == [
        at("2023-12-31 22:00"),
        at("2024-03-31 21:00"),
        at("2024-06-30 21:00"),
        at("2024-09-30 21:00"),
    ]

"""The calendar of a run: which day an instant belongs to, everywhere (T4, F16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega import Calendar, Costs, Limits, Signal, calendars
from omega.config.calendar import calendar_of
from omega.errors import ConfigError

SYDNEY = Calendar("Australia/Sydney")
BACKENDS = pytest.mark.parametrize("backend", ["rust", "python"])
ONE_POINT: dict[str, Any] = {
    "instruments": omega.Instrument("X", tick_size=1.0),
    "costs": Costs(swap_long=-1, swap_triple_day=None),
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hourly(first: str, bars: int, prices: dict[str, float] | None = None) -> pl.DataFrame:
    """Give bars of an hour at 100, or at another price from a time on for an hour."""
    times = [at(first) + timedelta(hours=k) for k in range(bars)]
    given = {at(text): price for text, price in (prices or {}).items()}
    return quotes(times, [given.get(time, 100.0) for time in times])


def quotes(times: list[datetime], prices: list[float]) -> pl.DataFrame:
    column = pl.Series(times).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame({"time": column, "bid": prices, "ask": prices})


def ordering(orders: dict[str, Any]) -> Callable[[Any], Any]:
    """Give a strategy that acts at the opens of some bars of an hour."""
    wanted = {at(text): action for text, action in orders.items()}
    return lambda bar: wanted.get(bar.time.replace(tzinfo=UTC) + timedelta(hours=1))


def limit_of_the_day() -> Callable[[Any], Any]:
    order = Signal("long", type="limit", entry_price=99.5, expires="day")
    return ordering({"2024-01-08 23:00": order})  # 18:00 in New York


@BACKENDS
@pytest.mark.parametrize(
    ("touched", "calendar", "status"),
    [
        ("2024-01-09 03:00", "FX", "filled"),  # 22:00 in New York, the same day
        ("2024-01-09 03:00", None, "expired"),
        ("2024-01-09 21:00", "FX", "filled"),  # the last hour of the day
        ("2024-01-09 22:00", "FX", "expired"),  # 17:00: the next one
        ("2024-01-09 03:00", "America/New_York", "filled"),
        ("2024-01-09 05:00", "America/New_York", "expired"),  # midnight
    ],
)
def test_an_order_of_the_day_ends_with_the_day_of_the_calendar(
    touched: str, calendar: str | None, status: str, backend: str
) -> None:
    data = hourly("2024-01-08 20:00", 40, {touched: 99.0})
    run = omega.run_backtest(data, limit_of_the_day(), calendar=calendar, backend=backend)
    assert run.orders["status"].to_list() == [status]


@BACKENDS
def test_a_changed_order_of_the_day_ends_with_the_day_of_the_change(backend: str) -> None:
    order = Signal("long", type="limit", entry_price=99.5)
    change = omega.Modify(0, expires="day")
    strategy = ordering({"2024-01-08 21:00": order, "2024-01-08 23:00": change})
    statuses = [
        omega.run_backtest(
            hourly("2024-01-08 19:00", 40, {touched: 99.0}),
            strategy,
            calendar=calendars.FX,
            backend=backend,
        ).orders["status"][0]
        for touched in ("2024-01-09 21:00", "2024-01-09 22:00")
    ]
    assert statuses == ["filled", "expired"]


@BACKENDS
@pytest.mark.parametrize(
    ("calendar", "nights"),
    [(None, [0, 1]), (calendars.FX, [1, 0])],
)
def test_nights_end_with_the_day_of_the_calendar(
    calendar: Calendar | None, nights: list[int], backend: str
) -> None:
    trades = {  # 16:00 to 18:00 and 19:00 to 21:00 in New York, in summer
        "2024-07-09 20:00": Signal("long"),
        "2024-07-09 22:00": omega.Close(),
        "2024-07-09 23:00": Signal("long"),
        "2024-07-10 01:00": omega.Close(),
    }
    data = hourly("2024-07-09 12:00", 20)
    run = omega.run_backtest(
        data, ordering(trades), symbol="X", calendar=calendar, backend=backend, **ONE_POINT
    )
    assert run.trades["swap"].to_list() == [-float(count) for count in nights]


@BACKENDS
def test_each_of_the_seven_nights_counts_once_without_a_triple_day(backend: str) -> None:
    data = hourly("2024-03-04 12:00", 24 * 7 + 2)  # a week with a change of the clock
    strategy = ordering({"2024-03-04 14:00": Signal("long")})
    run = omega.run_backtest(
        data, strategy, symbol="X", calendar="FX", backend=backend, **ONE_POINT
    )
    nights = run.ledger.filter(pl.col("kind").cast(pl.String) == "swap")
    # 17:00 in New York is 22:00 UTC until Saturday, 21:00 from Sunday, 10 March, on.
    hours = [22, 22, 22, 22, 22, 22, 21]
    assert nights["time"].dt.hour().to_list() == hours
    assert nights["amount"].to_list() == [-1.0] * 7


@BACKENDS
def test_returns_are_of_the_days_of_the_calendar(backend: str) -> None:
    """Ten sessions of Sydney from 10:00 to 16:00, which lie on both sides of midnight in UTC."""
    first = at("2024-01-07 23:00")
    opens = [first + timedelta(days=day, hours=k) for day in range(11) for k in range(6)]
    closes = [101.0, 102.0, 103.0, 104.0, 105.0, 100.0] * 11
    starts = [100.0, 101.0, 102.0, 103.0, 104.0, 105.0] * 11
    data = pl.DataFrame(
        {
            "time": pl.Series(opens).cast(pl.Datetime("us", "UTC")),
            "open": starts,
            "high": np.maximum(starts, closes),
            "low": np.minimum(starts, closes),
            "close": closes,
        }
    )

    def on_bar(bar: omega.Bar) -> Signal | None:
        if bar.index % 6 == 5:
            return Signal("long", size=100)
        is_last = bar.index > 6 and bar.index % 6 == 4
        return Signal("short", type="close", size=100, reduce_only=True) if is_last else None

    local, utc = (
        omega.run_backtest(data, on_bar, calendar=calendar, backend=backend).metrics
        for calendar in (SYDNEY, None)
    )
    assert (local["days"], local["best_day"], local["worst_day"]) == (11, 0.0, 0.0)
    assert utc["days"] == 12  # the first bar is still of the day before
    assert utc["best_day"] == pytest.approx(0.01)  # the first hour of a session is of another day


@BACKENDS
@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2024-01-09", "2024-01-10", "2024-01-08 22:00", "2024-01-10 21:00"),
        (date(2024, 1, 9), date(2024, 1, 9), "2024-01-08 22:00", "2024-01-09 21:00"),
        ("2024-01-09", None, "2024-01-08 22:00", "2024-01-12 03:00"),
        ("2024-01-09 03:00", "2024-01-09 05:00", "2024-01-09 03:00", "2024-01-09 05:00"),
        (at("2024-01-09 03:00"), at("2024-01-09 05:30"), "2024-01-09 03:00", "2024-01-09 05:00"),
    ],
)
def test_a_date_is_a_whole_day_of_the_calendar(
    start: object, end: object, first: str, last: str, backend: str
) -> None:
    data = hourly("2024-01-08 00:00", 100)
    bounds: dict[str, Any] = {"start": start, "end": end}
    run = omega.run_backtest(data, lambda _bar: None, calendar="FX", backend=backend, **bounds)
    assert run.equity["time"][[0, -1]].to_list() == [at(first), at(last)]


@BACKENDS
@pytest.mark.parametrize("calendar", ["FX", "America/New_York", "Asia/Tokyo", "US_EQUITIES"])
def test_dates_belong_to_their_date_in_every_calendar(calendar: str, backend: str) -> None:
    days = [at("2024-01-01") + timedelta(days=day) for day in range(60)]
    data = quotes(days, [100.0 + day for day in range(60)])
    settings: dict[str, Any] = {"symbol": "X", "backend": backend, "timeframes": ("W1", "MN1")}
    settings |= ONE_POINT | {"start": "2024-01-10", "end": "2024-02-10"}

    def seen(**own: Any) -> tuple[Any, ...]:  # noqa: ANN401 - settings of a run
        weeks: list[Any] = []

        def on_bar(bar: omega.Bar) -> Signal | None:
            weeks.append([bar.tf(name).time for name in ("W1", "MN1")] if bar.index > 32 else None)
            return Signal("long", type="limit", entry_price=1.0, expires="day")

        run = omega.run_backtest(data, on_bar, **settings, **own)
        return run.fingerprint, run.metrics, weeks

    plain = seen()
    assert seen(calendar=calendar) == plain
    assert plain[1]["days"] == 32
    dated = omega.CandleStore(data.with_columns(pl.col("time").dt.date()), cast=True)
    run = omega.run_backtest(dated, lambda _bar: None, calendar=calendar, backend=backend)
    assert run.metrics["days"] == 60


@pytest.mark.parametrize(
    ("zone", "day_start", "day", "begin"),
    [
        # 00:00 is skipped: the clock goes from there to 01:00, 03:00 in UTC.
        ("America/Sao_Paulo", "00:00", date(2018, 11, 4), "2018-11-04 03:00"),
        ("America/Sao_Paulo", "00:30", date(2018, 11, 4), "2018-11-04 03:00"),
        # 00:00 comes twice, in summer time and an hour later: the earlier.
        ("America/Havana", "00:00", date(2024, 11, 3), "2024-11-03 04:00"),
        # 02:30 is skipped in New York, and 01:30 comes twice.
        ("America/New_York", "02:30", date(2024, 3, 10), "2024-03-10 07:00"),
        ("America/New_York", "01:30", date(2024, 11, 3), "2024-11-03 05:30"),
        ("America/New_York", "17:00", date(2024, 3, 11), "2024-03-10 21:00"),
        ("America/New_York", "12:00", date(2024, 3, 12), "2024-03-11 16:00"),
        ("America/New_York", "11:59", date(2024, 3, 12), "2024-03-12 15:59"),
        ("Pacific/Apia", "00:00", date(2011, 12, 30), "2011-12-30 10:00"),  # a day left out
        ("Pacific/Apia", "00:00", date(2011, 12, 31), "2011-12-30 10:00"),
    ],
)
def test_a_day_begins_when_its_clock_does(zone: str, day_start: str, day: date, begin: str) -> None:
    number = (day - date(1970, 1, 1)).days
    assert Calendar(zone, day_start).begin_of(number) == at(begin).timestamp()


@BACKENDS
@pytest.mark.parametrize(
    ("timeframe", "begins"),
    [
        ("D1", ["2024-03-07 22:00", "2024-03-08 22:00", "2024-03-09 22:00", "2024-03-10 21:00"]),
        ("W1", ["2024-03-03 22:00", "2024-03-10 21:00"]),
        ("MN1", ["2024-02-29 22:00", "2024-03-31 21:00"]),
        (omega.Timeframe("D1", zone="UTC"), ["2024-03-08 00:00", "2024-03-09 00:00"]),
        (omega.Timeframe("MN1", zone="UTC"), ["2024-03-01 00:00", "2024-04-01 00:00"]),
        ("H4", ["2024-03-08 00:00", "2024-03-08 04:00"]),
    ],
)
def test_bars_of_a_day_and_longer_follow_the_calendar(
    timeframe: Any,  # noqa: ANN401 - a name or a `Timeframe`
    begins: list[str],
    backend: str,
) -> None:
    data = hourly("2024-03-08 01:00", 24 * 60)
    name = getattr(timeframe, "name", timeframe)
    found: dict[int, datetime] = {}

    def on_bar(bar: omega.Bar) -> None:
        try:
            one = bar.tf(name)
        except IndexError:
            return
        found.setdefault(one.index, one.time)

    omega.run_backtest(data, on_bar, timeframes=[timeframe], calendar="FX", backend=backend)
    assert [found[place] for place in range(len(begins))] == [at(text) for text in begins]


@BACKENDS
def test_sessions_follow_the_zone_over_both_changes_of_the_clock(backend: str) -> None:
    limits = Limits(sessions=[("09:30", "16:00")])
    for day, first, last in [
        ("2024-03-08", "14:30", "20:30"),
        ("2024-03-11", "13:30", "19:30"),
        ("2024-11-01", "13:30", "19:30"),
        ("2024-11-04", "14:30", "20:30"),
    ]:
        times = [at(day) + timedelta(minutes=30 * k) for k in range(48)]
        run = omega.run_backtest(
            quotes(times, [100.0] * 48),
            lambda _bar: Signal("long"),
            limits=limits,
            calendar="America/New_York",
            backend=backend,
        )
        taken = run.orders.filter(pl.col("status").cast(pl.String) == "filled")
        hours = taken["submitted_time"].dt.strftime("%H:%M").to_list()
        assert (hours[0], hours[-1], len(hours)) == (first, last, 13)
        reasons = set(run.orders["reject_reason"].drop_nulls())
        assert reasons == {"session_closed"}


@BACKENDS
@pytest.mark.parametrize("sessions", ["calendar", [("00:00", "08:00")]])
def test_dates_beside_hours_have_sessions_of_their_own(
    sessions: str | list[tuple[str, str]], backend: str
) -> None:
    """A date takes orders where it has a session, its midnight too; the 15th is a holiday."""
    days = [at("2024-01-10") + timedelta(days=k) for k in range(8)]
    dates = quotes(days, [50.0] * 8)

    def on_bar(bar: omega.Bar) -> Signal | None:
        is_new = "D" in bar.symbols and bar["D"].fresh
        return Signal("long", symbol="D", size=1) if is_new else None

    new_york = Calendar("America/New_York", sessions=[("09:30", "16:00")], holidays=["2024-01-15"])
    run = omega.run_backtest(
        {"H": hourly("2024-01-10 00:00", 24 * 8), "D": dates},
        on_bar,
        calendar=new_york,
        limits=Limits(sessions=sessions),
        backend=backend,
    )
    closed = [13, 14, 15] if sessions == "calendar" else []
    opened = [day.day for day in days[1:] if day.day not in closed]
    assert [one.day for one in run.trades["entry_time"]] == opened


@BACKENDS
def test_a_session_may_end_with_the_day(backend: str) -> None:
    """24:00 is the midnight after: of New York in winter, 05:00 UTC."""
    data = hourly("2024-01-08 00:00", 48)
    evening = Calendar("America/New_York", sessions=[("22:00", "24:00")])
    for settings in (
        {"calendar": evening, "limits": Limits(sessions="calendar")},
        {"calendar": "America/New_York", "limits": Limits(sessions=[("22:00", "24:00")])},
        {"limits": Limits(sessions=[("03:00", "05:00")])},
    ):
        given: dict[str, Any] = settings
        run = omega.run_backtest(data, lambda _: Signal("long", size=1), backend=backend, **given)
        entries = run.trades["entry_time"].to_list()
        expected = ["2024-01-09 03:00", "2024-01-09 04:00"]
        assert [one for one in entries if one.day == 9] == [at(one) for one in expected]


@BACKENDS
def test_sessions_of_the_calendar_know_holidays_and_half_days(backend: str) -> None:
    calendar = Calendar(
        "America/New_York",
        sessions=[("09:30", "16:00")],
        holidays=["2024-12-25"],
        half_days={"2024-12-24": "13:00"},
    )
    run = omega.run_backtest(
        hourly("2024-12-23 00:00", 24 * 7),
        lambda _bar: Signal("long"),
        limits=Limits(sessions="calendar"),
        calendar=calendar,
        backend=backend,
    )
    filled = run.orders.filter(pl.col("status").cast(pl.String) == "filled")["submitted_time"]
    by_day: dict[int, list[int]] = {}
    for moment in filled:
        by_day.setdefault(moment.day, []).append(moment.hour)
    whole = [15, 16, 17, 18, 19, 20]  # 09:30 is 14:30 in UTC
    assert by_day == {23: whole, 24: [15, 16, 17], 26: whole, 27: whole}


def test_sessions_describe_and_refuse_nothing_by_themselves() -> None:
    data = hourly("2024-01-08 00:00", 30)
    run = omega.run_backtest(data, lambda _bar: Signal("long"), calendar=calendars.US_EQUITIES)
    assert set(run.orders["status"]) == {"filled"}


@BACKENDS
def test_an_order_at_the_close_fills_at_the_end_of_the_session(backend: str) -> None:
    order = Signal("long", type="close", size=1)
    # 16:00 in New York is 21:00: the bar from 20:00 on holds it; Friday's is the next.
    data = hourly("2024-01-11 10:00", 60, {"2024-01-11 20:00": 111.0, "2024-01-12 20:00": 112.0})
    for given, price, filled in [
        ("2024-01-11 15:00", 111.0, "2024-01-11 20:00"),
        ("2024-01-11 20:00", 111.0, "2024-01-11 20:00"),
        ("2024-01-11 21:00", 112.0, "2024-01-12 20:00"),
    ]:
        run = omega.run_backtest(
            data, ordering({given: order}), calendar="US_EQUITIES", backend=backend
        )
        assert run.fills.select("time", "price").row(0) == (at(filled), price)
    run = omega.run_backtest(data, ordering({"2024-01-11 15:00": order}), backend=backend)
    assert run.fills.select("time", "price").row(0) == (at("2024-01-11 15:00"), 100.0)


@BACKENDS
def test_an_order_at_the_close_of_a_date_waits_over_a_holiday(backend: str) -> None:
    calendar = Calendar("America/New_York", sessions=[("09:30", "16:00")], holidays=["2024-01-03"])
    days = [at("2024-01-01") + timedelta(days=day) for day in range(5)]
    data = quotes(days, [100.0, 101.0, 102.0, 103.0, 104.0])
    run = omega.run_backtest(
        data,
        lambda bar: Signal("long", type="close") if bar.index == 1 else None,
        calendar=calendar,
        backend=backend,
    )
    assert run.fills.select("time", "price").row(0) == (days[3], 103.0)


@BACKENDS
def test_vwap_begins_anew_with_the_day_of_the_calendar(backend: str) -> None:
    data = hourly("2024-01-08 20:00", 8, {"2024-01-08 22:00": 104.0}).with_columns(volume=1.0)

    class Watch(omega.Strategy):
        def init(self) -> None:
            self.line = self.vwap()
            self.seen: list[float] = []

        def on_bar(self, bar: omega.Bar) -> None:
            self.seen.append(self.line[-1])

    runs = {
        name: omega.run_backtest(data, Watch(), calendar=name, backend=backend).strategy.seen
        for name in ("FX", "UTC")
    }
    assert runs["FX"] == [100.0, 100.0, 104.0, 102.0, 304 / 3, 101.0, 504 / 5]
    assert runs["UTC"] == [100.0, 100.0, 304 / 3, 101.0, 100.0, 100.0, 100.0]


@BACKENDS
def test_a_saved_result_keeps_its_days(backend: str, tmp_path: Path) -> None:
    data = hourly("2024-01-08 20:00", 100)
    strategy = ordering({"2024-01-08 23:00": Signal("long")})
    run = omega.run_backtest(data, strategy, calendar="FX", backend=backend)
    again = omega.BacktestResult.load(run.save(tmp_path / "run"))
    assert run.metrics["days"] == 6
    assert again.metrics == run.metrics
    assert run.manifest["configuration"]["calendar"] == (
        "Calendar(zone='America/New_York', day_start='17:00')"
    )
    assert run.manifest["time_zone_data"]


def test_a_column_in_another_zone_is_told_of() -> None:
    data = hourly("2024-01-08 00:00", 30)
    local = data.with_columns(pl.col("time").dt.convert_time_zone("America/New_York"))

    def told(given: pl.DataFrame, calendar: str | None) -> list[str]:
        run = omega.run_backtest(given, lambda _bar: None, calendar=calendar)
        return [str(one) for one in run.notices if one.kind == "calendar_zone"]

    assert told(data, None) == told(local, "FX") == told(local, "UTC") == []
    (text,) = told(local, None)
    assert "days are those of UTC" in text
    assert "calendar='America/New_York'" in text
    assert told(data.with_columns(pl.col("time").dt.replace_time_zone(None)), "FX") == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("fx", calendars.FX),
        ("America/New_York 17:00", calendars.FX),
        ("Europe/Berlin", Calendar("Europe/Berlin")),
        ({"zone": "Asia/Tokyo", "day_start": "06:00"}, Calendar("Asia/Tokyo", "06:00")),
        (None, calendars.CRYPTO),
    ],
)
def test_a_calendar_may_be_named(given: object, expected: Calendar) -> None:
    assert calendar_of(given) == expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Calendar("Mars/Base"), "expected the name of a time zone"),
        (lambda: Calendar(day_start="24:00"), "expected a time of day as 'HH:MM'"),
        (lambda: Calendar(holidays=["2024-12-25"]), "expected sessions as well"),
        (lambda: Calendar(sessions=[("9", "16:00")]), "Calendar.sessions"),
        (lambda: Calendar(sessions=[("09:00", "16:00")], half_days={"x": "13:00"}), "dates"),
        (lambda: calendar_of(3), "given 3, expected an omega.Calendar"),
        (
            lambda: omega.run_backtest(
                hourly("2024-01-08", 5), lambda _: None, limits=Limits(sessions="calendar")
            ),
            "has no sessions",
        ),
    ],
)
def test_what_is_no_calendar_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_calendar_of_an_exchange_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "exchange_calendars", None)
    with pytest.raises(ConfigError, match=r"pip install 'omega-backtest\[calendars\]'"):
        calendar_of("XNYS")


@BACKENDS
def test_the_end_of_a_session_is_not_known_from_the_next_bar(backend: str) -> None:
    """The bar of 20:00 may last until 21:00, 16:00 in New York, whatever comes after it."""
    times = [at("2024-01-11 10:00") + timedelta(hours=k) for k in range(11)]
    order = Signal("long", type="close", size=1)
    for later in ([], [at("2024-01-11 20:30")], [at("2024-01-11 21:00")]):
        data = quotes([*times, *later], [100.0 + k for k in range(len(times) + len(later))])
        run = omega.run_backtest(
            data, ordering({"2024-01-11 15:00": order}), calendar="US_EQUITIES", backend=backend
        )
        assert run.fills.select("time", "price").row(0) == (times[-1], 110.0)


def test_times_that_no_calendar_reaches_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected times from the year 2 to the year 9998"):
        calendars.FX.days(0, 2**62, "s")

"""Calendars of exchanges, from the package that knows them (T4)."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pytest

import omega
from omega import Limits, Signal
from omega.config import calendar as calendars
from omega.errors import ConfigError

_COLUMNS = ("open", "break_start", "break_end", "close")
_SCHEDULE = {
    "2024-12-23": ("14:30", None, None, "21:00"),
    "2024-12-24": ("14:30", None, None, "18:00"),
    "2024-12-26": ("14:30", "16:00", "17:00", "21:00"),
}


def _moment(day: str, clock: str | None) -> pd.Timestamp:
    return pd.NaT if clock is None else pd.Timestamp(f"{day} {clock}", tz="UTC")


def _get_calendar(_name: str, start: str = "2024-01-01", end: str = "2025-01-01") -> object:
    """Give what the package gives: a zone and a table of sessions."""
    if start < "2000":
        raise ValueError("too early")
    rows = {
        pd.Timestamp(day): [_moment(day, clock) for clock in clocks]
        for day, clocks in _SCHEDULE.items()
        if start <= day <= end
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS)
    for name in _COLUMNS:
        table[name] = pd.to_datetime(table[name], utc=True)
    return SimpleNamespace(tz=ZoneInfo("America/New_York"), schedule=table)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package in the place of the one that is an optional extra."""
    fake = SimpleNamespace(
        get_calendar=_get_calendar,
        get_calendar_names=lambda *, include_aliases: ["XNYS", "XLON"] if include_aliases else [],
    )
    monkeypatch.setitem(sys.modules, "exchange_calendars", fake)
    calendars._spans.cache_clear()  # noqa: SLF001 - what another package gave


@pytest.mark.usefixtures("package")
def test_sessions_of_an_exchange_have_holidays_half_days_and_breaks() -> None:
    found = calendars.calendar_of("XNYS")
    assert found == omega.Calendar("America/New_York", exchange="XNYS")
    first = (date(2024, 12, 23) - date(1970, 1, 1)).days
    spans = [
        (day - first, *(f"{datetime.fromtimestamp(time, UTC):%H:%M}" for time in pair))
        for day, *pair in found.spans(first, first + 3)
    ]
    assert spans == [
        (0, "14:30", "21:00"),
        (1, "14:30", "18:00"),
        (3, "14:30", "16:00"),
        (3, "17:00", "21:00"),
    ]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("backend", ["rust", "python"])
def test_a_run_takes_the_sessions_of_an_exchange(backend: str) -> None:
    times = pl.datetime_range(
        date(2024, 12, 23), date(2024, 12, 27), "30m", time_unit="us", eager=True
    )
    data = pl.DataFrame({"time": times, "bid": 1.0, "ask": 1.0})
    run = omega.run_backtest(
        data,
        lambda _bar: Signal("long"),
        limits=Limits(sessions="calendar"),
        calendar="XNYS",
        backend=backend,
    )
    taken = run.orders.filter(pl.col("status").cast(pl.String) == "filled")["submitted_time"]
    counts = taken.dt.day().value_counts(sort=False).sort("submitted_time").rows()
    assert counts == [(23, 13), (24, 7), (26, 11)]


@pytest.mark.usefixtures("package")
def test_an_exchange_that_is_not_known_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"no calendar of exchange_calendars\. Did you mean 'XNYS'"
    ):
        calendars.calendar_of("XNYX")
    with pytest.raises(ConfigError, match=r"'XNYS' does not reach from .* too early"):
        omega.Calendar(exchange="XNYS").spans(0, 1)


def _sessions(exchange: str, first: date, days: int) -> list[tuple[object, ...]]:
    """Give sessions as the package itself has them: day of the month, open, close."""
    began = (first - date(1970, 1, 1)).days
    return [
        (first.day + day - began, *(f"{datetime.fromtimestamp(time, UTC):%H:%M}" for time in pair))
        for day, *pair in calendars.calendar_of(exchange).spans(began, began + days - 1)
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pandas, in the package
def test_new_york_closes_for_thanksgiving_and_early_on_the_day_after() -> None:
    calendars._spans.cache_clear()  # noqa: SLF001 - what the stand-in gave
    found = _sessions("XNYS", date(2024, 11, 27), 3)
    assert found == [(27, "14:30", "21:00"), (29, "14:30", "18:00")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pandas, in the package
def test_hong_kong_has_a_break_at_noon_and_no_session_in_a_typhoon() -> None:
    calendars._spans.cache_clear()  # noqa: SLF001 - what the stand-in gave
    found = _sessions("XHKG", date(2024, 9, 5), 5)
    halves = [("01:30", "04:00"), ("05:00", "08:00")]
    # The exchange stayed closed on Friday, September 6, 2024; the 7th and the 8th are a weekend.
    assert found == [(day, *half) for day in (5, 9) for half in halves]


@pytest.mark.usefixtures("package")
def test_an_exchange_that_is_like_no_other_is_answered_with_where_the_list_is() -> None:
    with pytest.raises(ConfigError) as caught:
        calendars.calendar_of("QQQQQQ")
    assert str(caught.value).endswith(
        "'QQQQQQ' is no calendar of exchange_calendars. exchange_calendars.get_calendar_names() "
        "lists them"
    )

"""Goal: times are compiled as `datetime` has them, in all zones."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

import omega
from tests.strategies.test_compiled import compare
from tests.support.backends import WITHOUT_CORE

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")
zones = pytest.importorskip("omega.compiling.zones")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Hours(omega.Strategy):
    """Keeps all parts of each time."""

    def init(self) -> None:
        """Declare."""
        self.seen = np.zeros((400, 10), np.int64)

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Keep them."""
        now, row = bar.time, bar.index
        self.seen[row, 0], self.seen[row, 1], self.seen[row, 2] = now.year, now.month, now.day
        self.seen[row, 3], self.seen[row, 4] = now.hour, now.minute
        self.seen[row, 5], self.seen[row, 6] = now.second, now.microsecond
        self.seen[row, 7], self.seen[row, 8] = now.weekday(), now.isoweekday()
        self.seen[row, 9] = now.toordinal()
        if bar.index > 0 and now > bar.ago(1).time and now != bar.ago(1).time:
            self.seen[row, 0] += 10_000


def at(times: pl.Series) -> pl.DataFrame:
    """Candles at some times."""
    flat = pl.Series([1.0] * len(times))
    return pl.DataFrame({"time": times, **dict.fromkeys(("open", "high", "low", "close"), flat)})


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_are_those_of_datetime(unit: Literal["ms", "us", "ns"], zone: str | None) -> None:
    early = "1899-12-31T23:59:59" if unit != "ns" else "1960-02-27"
    first = datetime.fromisoformat(early)
    step = timedelta(days=211, hours=7, minutes=13, seconds=41, milliseconds=7)
    times = pl.Series([first + step * k for k in range(150)]).dt.cast_time_unit(unit)
    times = times if zone is None else times.dt.replace_time_zone(zone)
    ran = compare(at(times), Hours())
    assert isinstance(ran.strategy, Hours)
    shown = ran.strategy.seen[148]
    assert shown[0] == 10_000 + times[148].year
    assert shown[7] == times[148].weekday()


# Half an hour, a change within a month, a date that was left out, seconds, and no summer time.
ZONES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"),
    *("Pacific/Apia", "Asia/Kathmandu", "America/Caracas", "Asia/Tokyo", "Africa/Monrovia"),
)


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_those_of_zoneinfo(zone: str) -> None:
    changes, offsets = zones.offsets_of(zone, (1900, 2050))
    assert (np.diff(changes) > 0).all()
    assert (np.diff(offsets) != 0).all()
    draw = random.Random(zone)  # noqa: S311 - a test
    moments = [draw.randrange(-2_200_000_000, 2_500_000_000) for _ in range(2_000)]
    near = [int(at) // 10**6 + by for at in changes for by in (-1, 0, 1)]
    for second in (*moments, *near):
        shown = (EPOCH + timedelta(seconds=second)).astimezone(ZoneInfo(zone)).utcoffset()
        place = np.searchsorted(changes, second * 10**6, side="right")
        assert shown == timedelta(microseconds=int(offsets[place])), (zone, second)


@pytest.mark.parametrize("zone", ZONES)
def test_times_of_a_zone_are_those_of_its_clock(zone: str) -> None:
    first = datetime(2006, 3, 25, 20, tzinfo=UTC)
    step = timedelta(days=57, hours=1, minutes=47, seconds=1)
    times = pl.Series([first + step * k for k in range(120)])
    ran = compare(at(times.dt.convert_time_zone(zone)), Hours())
    assert isinstance(ran.strategy, Hours)
    shown = (first + step * 118).astimezone(ZoneInfo(zone))
    assert ran.strategy.seen[118, 4] == shown.minute


@pytest.mark.parametrize("month", [3, 11])
def test_a_night_of_a_change_is_that_of_its_clock(month: int) -> None:
    # In March an hour is left out, and in November one comes twice: it is not later then.
    first = datetime(2024, month, 2, tzinfo=UTC)
    times = pl.Series([first + timedelta(minutes=15) * k for k in range(399)])
    compare(at(times.dt.convert_time_zone("America/New_York")), Hours())


class Sleeps(omega.Strategy):
    """Trades by the clock of the zone, on fills and trades as well."""

    def init(self) -> None:
        """Declare."""
        self.hours = np.zeros(24, np.int64)
        self.held = 0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Buy in the morning of working days, and sell at night."""
        now = bar.time
        self.hours[now.hour] += 1
        if now.weekday() < 5 and now.hour == 9 and self.position is None:
            self.buy()
        elif now.hour == 21 and now.minute == 30:
            self.close()

    @omega.compiled
    def on_fill(self, fill: omega.Fill) -> None:
        """Count."""
        self.held += fill.time.hour

    @omega.compiled
    def on_exit(self, trade: omega.Trade) -> None:
        """Count."""
        if trade.entry_time < trade.exit_time:
            self.held += 100 * trade.exit_time.day + trade.entry_time.minute


def quarters(zone: str) -> pl.DataFrame:
    """Ten days in which summer time begins, on the clock of a zone."""
    first = datetime(2024, 3, 25, tzinfo=UTC)
    times = [first + timedelta(minutes=15) * k for k in range(960)]
    return at(pl.Series(times).dt.convert_time_zone(zone))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tokyo"])
def test_fills_and_trades_have_times_of_the_zone(zone: str) -> None:
    assert compare(quarters(zone), Sleeps()).trades.height > 4


class Between(omega.Strategy):
    """Compares times of symbols in different zones, in a night in which clocks go back."""

    def init(self) -> None:
        """Declare."""
        self.hours, self.seen = np.zeros(24, np.int64), np.zeros(9, np.int64)

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Count how they compare."""
        self.hours[bar.time.hour] += 1
        self.seen[0] += bar.time.day * 24 + bar.time.hour
        ready = 0
        for _ in bar.symbols:
            ready += 1
        if ready < 3:
            return
        one, other, third = bar.time, bar["BBB"].time, bar["CCC"].time
        self.seen[1] += other.hour
        self.seen[2] += one == other
        self.seen[3] += one < other
        self.seen[4] += one >= other
        self.seen[5] += one != other
        self.seen[6] += one == third
        self.seen[7] += other <= one <= third
        if other.hour == 3 and one.minute == 15 and self.position is None:
            self.buy(symbol="BBB")
        elif other.hour == 1:
            self.close()

    @omega.compiled
    def on_fill(self, fill: omega.Fill) -> None:
        """Count."""
        self.seen[8] += fill.time.hour * 100 + fill.time.minute


@pytest.mark.parametrize("second", ["Asia/Tokyo", "America/New_York", "UTC"])
@pytest.mark.parametrize("month", [3, 10])
def test_several_symbols_have_times_of_their_own_zones(second: str, month: int) -> None:
    first = datetime(2024, month, 26, tzinfo=UTC)
    times = pl.Series([first + timedelta(minutes=15) * k for k in range(960)])
    berlin, other = (at(times.dt.convert_time_zone(zone)) for zone in ("Europe/Berlin", second))
    data = {"AAA": berlin, "BBB": other[3:], "CCC": berlin[: 900 + month]}
    ran = compare(data, Between())
    plain = omega.run_backtest(data, Between(), compiled=False)
    assert ran.strategy.seen.tolist() == plain.strategy.seen.tolist()
    assert ran.strategy.hours.tolist() == plain.strategy.hours.tolist()
    if second != "UTC":
        assert 0 < ran.strategy.seen[2] < 957
    assert ran.trades.height > 3

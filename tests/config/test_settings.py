"""Sizes, instruments and preferences that decide what an order becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.strategy.actions import Action
from tests.support import candles


def lots(backend: str, plan: dict[int, Action], **settings: object) -> list[float]:
    result = omega.run_backtest(
        candles.rising(5),
        candles.told(plan),
        backend=backend,
        **settings,  # type: ignore[arg-type]  # any
    )
    return result.trades["lots"].to_list()


@pytest.mark.parametrize(
    ("asked", "step", "taken"),
    [
        (0.3, 0.1, 0.3),
        (0.29999999999, 0.1, 0.3),
        (0.2999999, 0.1, 0.2),
        (0.07, 0.01, 0.07),
        (1.23456, 0.00001, 1.23456),
        (7.9, 2.5, 7.5),
        (5.0, 5.0, 5.0),
        (0.3, 0.3, 0.3),
    ],
)
def test_sizes_are_rounded_down_to_exact_decimals(
    backend: str, asked: float, step: float, taken: float
) -> None:
    instrument = omega.Instrument("SYMBOL", volume_step=step)
    plan: dict[int, Action] = {0: omega.Signal("long", size=asked)}
    assert lots(backend, plan, instruments=instrument) == [taken]


def test_a_preset_is_found_by_the_name_of_the_symbol(backend: str) -> None:
    plan: dict[int, Action] = {0: omega.Signal("long", size=0.019)}
    settings = {"symbol": "EURUSD", "instruments": "auto", "cash": 1e9}
    assert lots(backend, plan, **settings) == [0.01]


def test_without_size_and_sizer_it_is_one_lot(backend: str) -> None:
    assert lots(backend, {0: omega.Signal("long")}) == [1.0]


def test_a_size_goes_before_the_sizer(backend: str) -> None:
    plan: dict[int, Action] = {0: omega.Signal("long", size=3), 1: omega.Signal("long")}
    assert lots(backend, plan, sizer=omega.FixedLots(7)) == [3.0, 7.0]


@pytest.mark.parametrize(
    "expires",
    [
        candles.START + timedelta(minutes=3),
        (candles.START + timedelta(minutes=3)).replace(tzinfo=None),
        int((candles.START + timedelta(minutes=3)).timestamp()) * 1_000_000,
        "2024-01-01 00:03",
        "2024-01-01T01:03:00+01:00",
    ],
    ids=["aware", "naive", "units", "text", "text with a zone"],
)
def test_a_moment_may_be_written_in_several_ways(
    backend: str, expires: datetime | int | str
) -> None:
    order = omega.Signal("long", type="stop", entry_price=104.5, expires=expires)
    signalled = omega.run_backtest(candles.rising(8), candles.told({0: order}), backend=backend)

    class Asks(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy(stop=104.5, expires=expires)

    asked = omega.run_backtest(candles.rising(8), Asks, backend=backend)
    assert signalled.orders["status"].to_list() == ["expired"]
    assert asked.fingerprint == signalled.fingerprint


@pytest.mark.parametrize("expires", [datetime(9999, 1, 1, tzinfo=UTC), 2**70])
def test_a_moment_beyond_what_times_can_hold_is_never_reached(
    backend: str, expires: datetime | int
) -> None:
    order = omega.Signal("long", type="stop", entry_price=104.5, expires=expires)
    data = candles.rising(8).with_columns(pl.col("time").dt.cast_time_unit("ns"))
    result = omega.run_backtest(data, candles.told({0: order}), backend=backend)
    assert result.orders["status"].to_list() == ["filled"]


def opened(backend: str, limits: omega.Limits) -> list[bool]:
    """Whether an order was taken, at each bar from the second on."""
    plan = candles.told({k: omega.Signal("long") for k in range(5)})
    result = omega.run_backtest(candles.rising(6), plan, limits=limits, backend=backend)
    return [status == "filled" for status in result.orders["status"]]


def minute(of_hour: int) -> datetime:
    return candles.START + timedelta(minutes=of_hour)


NEWS = pl.DataFrame({"start": [minute(4), minute(1)], "end": [minute(5), minute(3)], "what": "ABC"})


@pytest.mark.parametrize(
    "blackouts",
    [
        NEWS.select("start", "end").rows(),
        NEWS,
        NEWS.to_arrow(),
        NEWS.to_pandas(),
        NEWS.select(pl.col("start").alias("From"), pl.col("end").alias("To")),
        NEWS.select(pl.col("start", "end").dt.replace_time_zone(None)),
        NEWS.select(pl.col("start", "end").dt.strftime("%Y-%m-%d %H:%M")),
        NEWS.select(pl.col("start", "end").dt.epoch("us")),
    ],
    ids=["pairs", "polars", "arrow", "pandas", "from and to", "naive", "texts", "integers"],
)
def test_blackouts_may_be_a_table(backend: str, blackouts: Any) -> None:  # noqa: ANN401 - any table
    limits = omega.Limits(blackouts=blackouts)
    assert opened(backend, limits) == [False, False, True, False, True]


def test_days_of_a_table_begin_at_midnight() -> None:
    days = pl.DataFrame({"start": [date(2024, 1, 1)], "end": [date(2024, 1, 2)]})
    midnights = [(datetime(2024, 1, 1), datetime(2024, 1, 2))]  # noqa: DTZ001 - the data's own
    assert omega.Limits(blackouts=days) == omega.Limits(blackouts=midnights)


@pytest.mark.parametrize("kind", [str, time.fromisoformat])
def test_sessions_may_be_a_table(backend: str, kind: Callable[[str], object]) -> None:
    sessions = pl.DataFrame({"from": [kind("00:02")], "to": [kind("00:04")]})
    limits = omega.Limits(sessions=sessions)
    assert limits == omega.Limits(sessions=[("00:02", "00:04")])
    assert opened(backend, limits) == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (NEWS.rename({"end": "until"}), "columns start, until, what, expected start and end"),
        (NEWS.with_columns(end=pl.lit(None)), "no value in row 0 of column end"),
        (NEWS.with_columns(end=pl.col("start")), "start before end, or a table"),
        (NEWS.with_columns(start=1.5), "pair 0 is 1.5 to 2024-01-01"),
    ],
)
def test_a_table_that_is_none_of_intervals_is_refused(table: pl.DataFrame, told: str) -> None:
    with pytest.raises(ConfigError, match=r"^Limits.blackouts: given") as refused:
        omega.Limits(blackouts=table)
    assert told in str(refused.value)


def test_an_order_that_waits_needs_its_price() -> None:
    with pytest.raises(ConfigError, match="entry_price"):
        omega.Signal("long", type="limit")
    with pytest.raises(ConfigError, match="limit_price"):
        omega.Signal("long", type="stop_limit", entry_price=1.0)

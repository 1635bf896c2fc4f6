"""Candles that come with the package: what they look like, and that they never differ."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import polars as pl
import pytest

import omega
from omega.errors import ConfigError

NAMES = ("EURUSD", "GBPUSD", "EURUSD_M1", "GBPUSD_M1", "SHARE")
HASHES = {
    "EURUSD": "d0ce487d5342f658",
    "GBPUSD": "3af6f109d82626a7",
    "EURUSD_M1": "f82d8db0061aa4c0",
    "GBPUSD_M1": "2ca4bf53fb6e2d28",
    "SHARE": "3cf6f6567bdb7da2",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_the_same_on_every_machine(name: str) -> None:
    frame = omega.sample(name)
    digest = hashlib.sha256()
    for column in frame.iter_columns():
        digest.update(column.to_physical().to_numpy().tobytes())
    assert digest.hexdigest()[:16] == HASHES[name]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_with_a_sample_and_nothing_of_it_is_copied(name: str) -> None:
    frame = omega.sample(name)
    store = omega.CandleStore(frame)
    assert store.validate().is_empty()
    assert store.copied_bytes == 0
    assert (frame["volume"] > 0).all()


def test_currencies_rest_from_friday_to_sunday_at_five_in_new_york() -> None:
    times = omega.sample("EURUSD").get_column("time").dt.convert_time_zone("America/New_York")
    assert (times[0].weekday(), times[0].hour) == (6, 17)
    gaps = pl.DataFrame({"from": times, "gap": times.diff().shift(-1)}).drop_nulls()
    weekends = gaps.filter(pl.col("gap") > pl.duration(hours=1))
    assert weekends["from"].dt.weekday().unique().to_list() == [5]
    assert weekends["from"].dt.hour().unique().to_list() == [16]
    assert weekends.height == len(gaps.filter(pl.col("gap") != pl.duration(hours=1))) == 155


def test_hours_are_made_of_the_minutes_that_are_there() -> None:
    hours, minutes = omega.sample("EURUSD"), omega.sample("EURUSD_M1")
    hour = hours.filter(pl.col("time") == datetime(2023, 11, 15, 14, tzinfo=UTC)).row(0, named=True)
    inside = minutes.filter(pl.col("time").dt.truncate("1h") == hour["time"])
    assert inside.height == 60
    assert hour["ask_high"] == inside["ask_high"].max()
    assert hour["bid_low"] == inside["bid_low"].min()
    assert (hour["bid_open"], hour["ask_close"]) == (inside["bid_open"][0], inside["ask_close"][-1])
    assert hour["volume"] == inside["volume"].sum()


def test_prices_are_the_decimals_that_a_person_writes() -> None:
    for name, digits in (("EURUSD", 5), ("SHARE", 2)):
        frame = omega.sample(name)
        prices = [one for one in frame.columns if one not in ("time", "volume")]
        values = frame.select(prices).to_numpy().ravel().tolist()
        assert [value for value in values if float(f"{value:.{digits}f}") != value] == []


def test_a_name_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no sample 'EURUSB'\. Did you mean 'EURUSD'"):
        omega.sample("EURUSB")
    with pytest.raises(ConfigError, match="no sample 5"):
        omega.sample(5)  # type: ignore[arg-type]  # what is tested

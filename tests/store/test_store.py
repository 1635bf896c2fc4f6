"""Goal: a store shows what it holds, gives it back, and refuses what it has not."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pytest

from omega.data.store import CandleStore
from omega.errors import ConfigError
from tests.support.frames import Unit, bars, cut, quotes, sided


def test_counts() -> None:
    store = CandleStore(cut(sided(1_000), 100, 400), symbol="EURUSD")
    assert (len(store), store.n_chunks) == (1_000, 3)
    assert store.nbytes == 10 * 8 * 1_000
    assert store.copied_bytes == 0
    assert store.notices == []
    assert CandleStore(quotes(10)).nbytes == 3 * 8 * 10


def test_repr_is_one_line() -> None:
    store = CandleStore({f"S{k}": bars(10) for k in range(5)})
    assert repr(store) == (
        "CandleStore(S0, S1, S2 and 2 more: 50 bars, 2024-01-01 00:00 to 2024-01-01 00:09, "
        "0 bytes copied)"
    )


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_are_utc_in_any_unit(unit: Unit) -> None:
    store = CandleStore(bars(10, unit=unit))
    assert store.time_unit == unit
    assert store.time_range() == (
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 0, 9, tzinfo=UTC),
    )


def test_seconds_are_a_unit() -> None:
    table = bars(10).to_arrow()
    seconds = table.set_column(0, "time", table["time"].cast(pa.timestamp("s", "UTC")))
    store = CandleStore(seconds)
    assert (store.time_unit, store.copied_bytes) == ("s", 0)
    assert store.time_range()[1] == datetime(2024, 1, 1, 0, 9, tzinfo=UTC)


def test_a_zone_is_for_display() -> None:
    store = CandleStore(bars(10, zone="America/New_York"))
    first = store.time_range()[0]
    assert first == datetime(2024, 1, 1, tzinfo=UTC)
    assert first.tzinfo == ZoneInfo("America/New_York")
    assert pl.DataFrame(store)["time"].dtype == pl.Datetime("us", "America/New_York")


def test_the_hour_that_comes_twice_is_in_order() -> None:
    hours = pl.datetime_range(
        datetime(2024, 10, 26, 23, tzinfo=UTC),
        datetime(2024, 10, 27, 3, tzinfo=UTC),
        "30m",
        eager=True,
    ).dt.convert_time_zone("Europe/Berlin")
    frame = bars(hours.len()).with_columns(time=hours)
    assert CandleStore(frame).validate().is_empty()


def test_columns_answer_to_role_and_name() -> None:
    store = CandleStore(bars(10).rename({"close": "Last"}), columns={"close": "Last"})
    assert store.buffers("Last") == store.buffers("close") == store.buffers("bid_close")
    with pytest.raises(ConfigError, match="Did you mean 'volume'"):
        store.buffers("volum")


def test_a_store_is_passed_through() -> None:
    store = CandleStore(bars(10))
    assert CandleStore(store).native is store.native
    with pytest.raises(ConfigError, match="already"):
        CandleStore(store, symbol="EURUSD")


def test_what_it_gives_can_be_taken_again() -> None:
    for frame in (bars(10), sided(10), quotes(10)):
        store = CandleStore(cut(frame, 3))
        again = CandleStore(store)
        assert pl.DataFrame(again).equals(pl.DataFrame(store))
        assert pa.table(store).equals(pa.table(CandleStore(pa.table(store))))


def test_one_row_is_enough_for_a_store() -> None:
    assert len(CandleStore(bars(1))) == 1


def test_the_description_is_plain() -> None:
    assert CandleStore(bars(10), symbol="EURUSD").describe() == {
        "EURUSD": {
            "rows": 10,
            "first": "2024-01-01T00:00:00+00:00",
            "last": "2024-01-01T00:09:00+00:00",
            "time_unit": "us",
            "time_zone": None,
            "columns": {
                "time": "time",
                "open": "open",
                "high": "high",
                "low": "low",
                "close": "close",
                "volume": "volume",
            },
        }
    }

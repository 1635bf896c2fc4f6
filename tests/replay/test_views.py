"""What a strategy sees: views that can be kept, and nothing later than the newest bar (L1)."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import omega
from tests.support import candles

PRICES = ("open", "high", "low", "close")


def on_bars(
    backend: str,
    look: Callable[[omega.Bar], object],
    data: Any = None,  # noqa: ANN401 - candles in any form
) -> omega.BacktestResult:
    """Look at every bar of a run."""

    def on_bar(bar: omega.Bar) -> None:
        look(bar)

    return omega.run_backtest(candles.rising(10) if data is None else data, on_bar, backend=backend)


def test_a_bar_that_is_kept_goes_on_showing_its_own_prices(backend: str) -> None:
    kept: list[omega.Bar] = []
    on_bars(backend, kept.append)
    assert [bar.index for bar in kept] == list(range(9))
    for bar in kept:
        assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (
            100.0 + bar.index,
            101.0 + bar.index,
            99.0 + bar.index,
            100.5 + bar.index,
            float(bar.index),
        )


def test_a_side_that_is_kept_goes_on_showing_its_own_prices(backend: str) -> None:
    data = candles.walk(200)
    kept: list[tuple[omega.Bar, object, object]] = []
    on_bars(backend, lambda bar: kept.append((bar, bar.bid, bar.ask)), data)
    for index, (bar, bid, ask) in enumerate(kept):
        for price in PRICES:
            assert getattr(bid, price) == data[f"bid_{price}"][index] == getattr(bar, price)
            assert getattr(ask, price) == data[f"ask_{price}"][index]


def test_a_bar_before_that_is_kept_goes_on_showing_its_own_prices(backend: str) -> None:
    kept: list[omega.Bar] = []

    def look(bar: omega.Bar) -> None:
        if bar.index >= 2:
            kept.extend((bar.ago(1), bar.ago(2)))

    on_bars(backend, look)
    assert [bar.index for bar in kept[:4]] == [1, 0, 2, 1]
    assert all(bar.close == 100.5 + bar.index for bar in kept)


@pytest.mark.parametrize("backend", ["rust"])
def test_one_view_serves_all_bars_where_nobody_keeps_it(backend: str) -> None:
    seen: set[int] = set()
    before: set[int] = set()

    def look(bar: omega.Bar) -> None:
        seen.add(id(bar))
        if bar.index:
            before.add(id(bar.ago(1)))

    on_bars(backend, look, candles.rising(5_000))
    assert len(seen) == 1
    assert len(before) == 1


def test_bars_are_reached_by_how_long_ago_they_were(backend: str) -> None:
    def look(bar: omega.Bar) -> None:
        for ago in range(bar.index + 1):
            assert bar.ago(ago).index == bar.index - ago
            assert bar.ago(ago).close == 100.5 + bar.index - ago
        assert bar["SYMBOL"].close == bar.close
        with pytest.raises(KeyError, match="EURUSD"):
            bar["EURUSD"]

    on_bars(backend, look)


@pytest.mark.parametrize("ago", [-1, -2, -(10**9), 100, 10**9])
def test_there_is_no_bar_beyond_the_newest_or_before_the_first(backend: str, ago: int) -> None:
    asked = []

    def look(bar: omega.Bar) -> None:
        with pytest.raises(IndexError, match="the future is not there"):
            bar.ago(ago)
        asked.append(bar.index)

    on_bars(backend, look)
    assert asked == list(range(9))


@pytest.mark.parametrize("number", [-1, 0, 1, True, np.int64(-1)])
def test_a_bar_is_no_list_in_which_a_negative_number_would_be_now(
    backend: str,
    number: Any,  # noqa: ANN401 - what is refused
) -> None:
    """E4."""

    def look(bar: omega.Bar) -> None:
        with pytest.raises(TypeError, match=r"bar\.ago\(1\)"):
            bar[number]

    on_bars(backend, look)


def test_a_kept_bar_never_sees_a_later_one(backend: str) -> None:
    kept: list[omega.Bar] = []

    def look(bar: omega.Bar) -> None:
        for old in kept:
            with pytest.raises(IndexError):
                old.ago(-1)
            with pytest.raises(IndexError):
                old.close_window(old.index + 2)
        kept.append(bar)

    on_bars(backend, look)


@pytest.mark.parametrize("length", [0, -1, 100])
def test_a_window_that_is_not_there_is_an_index_error(backend: str, length: int) -> None:
    def look(bar: omega.Bar) -> None:
        for window in (bar.close_window, bar.ask.high_window, bar.volume_window):
            with pytest.raises(IndexError):
                window(length)

    on_bars(backend, look)


def test_windows_hold_the_last_values_up_to_the_bar(backend: str) -> None:
    data = candles.walk(60)

    def look(bar: omega.Bar) -> None:
        length = min(bar.index + 1, 20)
        rows = data[bar.index + 1 - length : bar.index + 1]
        for price in PRICES:
            bid = getattr(bar, f"{price}_window")(length)
            assert bid.tolist() == rows[f"bid_{price}"].to_list()
            assert getattr(bar.bid, f"{price}_window")(length).tolist() == bid.tolist()
            ask = getattr(bar.ask, f"{price}_window")(length)
            assert ask.tolist() == rows[f"ask_{price}"].to_list()
        assert bar.volume_window(length).tolist() == rows["volume"].to_list()

    on_bars(backend, look, data)


def test_a_window_is_read_only_and_lies_in_the_memory_of_the_frame(backend: str) -> None:
    data = candles.walk(100)
    address = {name: data[name].to_numpy(allow_copy=False).ctypes.data for name in data.columns[1:]}
    seen = []

    def look(bar: omega.Bar) -> None:
        if bar.index < 19:
            return
        windows = {
            "bid_close": bar.close_window(20),
            "bid_low": bar.bid.low_window(20),
            "ask_high": bar.ask.high_window(20),
            "volume": bar.volume_window(20),
        }
        for name, window in windows.items():
            assert not window.flags.writeable
            assert not window.flags.owndata
            assert window.ctypes.data == address[name] + 8 * (bar.index - 19)
            with pytest.raises(ValueError, match="read-only"):
                window[0] = 1.0
            with pytest.raises(ValueError, match="WRITEABLE"):
                window.setflags(write=True)
        seen.append(bar.index)

    on_bars(backend, look, data)
    assert seen == list(range(19, 99))


def test_windows_across_chunks_are_put_together(backend: str) -> None:
    data = candles.walk(100, chunks=10)
    assert data.n_chunks() == 10

    def look(bar: omega.Bar) -> None:
        length = min(bar.index + 1, 15)
        window = bar.close_window(length)
        assert not window.flags.writeable
        assert window.tolist() == data["bid_close"][: bar.index + 1].tail(length).to_list()

    on_bars(backend, look, data)


def test_a_window_that_is_kept_outlives_the_run_and_its_data(backend: str) -> None:
    kept = []
    data = candles.walk(1_000)
    expected = data["bid_close"].to_list()
    on_bars(backend, lambda bar: kept.append(bar.close_window(min(bar.index + 1, 20))), data)
    del data
    gc.collect()
    _ = [np.zeros(1_000) for _ in range(100)]
    for index, window in enumerate(kept):
        assert window.tolist() == expected[max(0, index - 19) : index + 1]


def test_the_ask_is_the_bid_and_its_spread(backend: str) -> None:
    spreads = [0.25 * k for k in range(10)]
    data = candles.rising(10).with_columns(spread=pl.Series(spreads))

    def look(bar: omega.Bar) -> None:
        assert bar.spread == spreads[bar.index]
        assert bar.ask.low == bar.low + spreads[bar.index]
        assert bar.ask.close_window(1).tolist() == [bar.close + spreads[bar.index]]

    on_bars(backend, look, data)


def test_times_are_shown_in_the_zone_of_the_column(backend: str) -> None:
    seen: dict[str | None, datetime] = {}
    stamps = set()
    for zone in (None, "UTC", "Europe/Berlin"):

        def look(bar: omega.Bar, zone: str | None = zone) -> None:
            seen.setdefault(zone, bar.time)
            if bar.index == 0:
                stamps.add(bar.timestamp)

        on_bars(backend, look, candles.rising(3, zone=zone))
    assert seen[None] == candles.START.replace(tzinfo=None)
    assert seen["UTC"] == candles.START
    assert seen["Europe/Berlin"] == candles.START.astimezone(ZoneInfo("Europe/Berlin"))
    assert str(seen["Europe/Berlin"].tzinfo) == "Europe/Berlin"
    assert stamps == {int(candles.START.timestamp()) * 1_000_000}


@pytest.mark.parametrize("offset", ["+05:30", "-03:00"])
def test_a_fixed_offset_is_shown_in_utc(offset: str, backend: str) -> None:
    """It is in no database of zones; pandas calls it UTC+05:30, Arrow +05:30."""
    naive = candles.rising(3, zone=None)
    local = naive["time"].dt.replace_time_zone("UTC").to_pandas().dt.tz_convert(offset)
    frame = naive.to_pandas().assign(time=local)
    table = naive.to_arrow()
    zoned = table["time"].cast(pa.timestamp("us", tz=offset))
    for data in (frame, table.set_column(0, "time", zoned)):
        seen: list[omega.Bar] = []
        result = on_bars(backend, seen.append, data)
        assert seen[0].time == candles.START
        assert result.equity["time"][0] == candles.START


def test_data_without_volume_says_so(backend: str) -> None:
    def look(bar: omega.Bar) -> None:
        with pytest.raises(ValueError, match="no volume"):
            _ = bar.volume
        with pytest.raises(ValueError, match="no volume"):
            bar.volume_window(1)

    on_bars(backend, look, candles.rising(3).drop("volume"))


def test_views_cannot_be_changed(backend: str) -> None:
    def look(bar: omega.Bar) -> None:
        for view in (bar, bar.ask):
            with pytest.raises(AttributeError):
                view.close = 1.0  # type: ignore[misc]  # on purpose

    on_bars(backend, look)


def test_views_say_what_they_show(backend: str) -> None:
    shown = []
    on_bars(backend, lambda bar: shown.append((repr(bar), repr(bar.ask))))
    assert shown[2] == (
        "<bar 2 of SYMBOL: bid open 102, high 103, low 101, close 102.5>",
        "<ask of bar 2: open 102, high 103, low 101, close 102.5>",
    )

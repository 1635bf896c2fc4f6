"""Bars that end by ticks, volume, money, range or Renko, by numbers written out."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from tests.support import candles

START = datetime(2024, 1, 1, tzinfo=UTC)


def ticks(
    prices: list[float], seconds: list[int] | None = None, **more: list[float]
) -> pl.DataFrame:
    seconds = seconds or list(range(len(prices)))
    times = [START + timedelta(seconds=each) for each in seconds]
    return pl.DataFrame({"time": times, "price": prices, **more})


def minutes(closes: list[float], **more: Any) -> pl.DataFrame:  # noqa: ANN401 - columns
    """Candles that open at the close before."""
    opens = [closes[0], *closes[:-1]]
    pairs = list(zip(opens, closes, strict=True))
    return pl.DataFrame({
        "time": [START + timedelta(minutes=k) for k in range(len(closes))],
        "open": opens,
        "high": [max(pair) for pair in pairs],
        "low": [min(pair) for pair in pairs],
        "close": closes,
        **more,
    })  # fmt: skip


def test_so_many_ticks_are_a_bar_and_the_rest_is_left_out() -> None:
    made = omega.bars(ticks([1.0, 3.0, 2.0, 5.0, 4.0]), "tick", 2)
    assert made.select("open", "high", "low", "close", "volume", "rows").rows() == [
        (1.0, 3.0, 1.0, 3.0, 2.0, 2),
        (2.0, 5.0, 2.0, 5.0, 2.0, 2),
    ]
    assert made["time"].to_list() == [START, START + timedelta(seconds=2)]
    assert made["close_time"].to_list() == [
        START + timedelta(seconds=second, microseconds=1) for second in (1, 3)
    ]


def test_ticks_of_one_time_are_of_one_bar() -> None:
    made = omega.bars(ticks([1.0, 2.0, 3.0, 4.0], [0, 1, 1, 1]), "tick", 2)
    assert made.select("open", "close", "rows").rows() == [(1.0, 4.0, 4)]


def test_quotes_keep_both_sides() -> None:
    quotes = ticks([1.0, 2.0, 1.5]).rename({"price": "bid"}).with_columns(ask=pl.col("bid") + 0.1)
    made = omega.bars(quotes, "tick", 3)
    assert made.select("bid_open", "bid_high", "bid_low", "bid_close").row(0) == (1, 2, 1, 1.5)
    assert made.select("ask_high", "ask_low").row(0) == (2.1, 1.1)


@pytest.mark.parametrize(("kind", "size", "lengths"), [
    ("volume", 5.0, [2, 1, 2]),
    ("dollar", 10.0, [2, 1, 1]),
])  # fmt: skip
def test_volume_and_money_are_added_up_anew_for_each_bar(
    kind: str, size: float, lengths: list[int]
) -> None:
    made = omega.bars(
        minutes(
            [2.0, 2.0, 2.0, 4.0, 2.0], volume=[2, 4, 5, 3, 2], spread=[0.1, 0.3, 0.1, 0.1, 0.1]
        ),
        kind,
        size,
    )
    assert made["rows"].to_list() == lengths
    assert made["spread"][0] == 0.3
    assert made["volume"][0] == 6.0


def test_a_range_counts_highs_and_lows() -> None:
    made = omega.bars(minutes([1.0, 1.2, 1.1, 1.3, 1.3]), "range", 0.2)
    assert made.select("low", "high", "rows").rows() == [(1.0, 1.2, 2), (1.1, 1.3, 2)]
    assert made["close_time"].to_list() == [START + timedelta(minutes=k) for k in (2, 4)]


def test_bricks_go_on_after_one_and_turn_after_two() -> None:
    closes = [10.3, 10.9, 11.0, 13.5, 12.1, 11.0, 9.9, 12.0]
    made = omega.bars(minutes(closes), "renko", 1.0)
    assert made.select("close", "bricks", "brick").rows() == [
        (11.0, 1, 11.0),
        (13.5, 2, 13.0),
        (11.0, -1, 11.0),
        (9.9, -1, 10.0),
        (12.0, 1, 12.0),
    ]


def test_a_brick_has_the_wicks_of_all_that_was_quoted_while_it_formed() -> None:
    data = minutes([10.0, 10.5, 10.4, 11.1, 11.6, 10.9, 8.9])
    highs = {2: 10.8, 3: 11.2, 4: 11.9, 6: 11.0}  # 11.2 and 11.9 are beyond the bricks' ends
    lows = {1: 9.4, 2: 9.6, 5: 10.3, 6: 8.7}
    row = pl.int_range(pl.len())
    data = data.with_columns(
        high=pl.max_horizontal("high", row.replace_strict(highs, default=None)),
        low=pl.min_horizontal("low", row.replace_strict(lows, default=None)),
    )
    made = omega.bars(data, "renko", 1.0)
    body = made.select(begin=pl.col("brick") - pl.col("bricks") * 1.0, end="brick")
    assert body.rows() == [(10.0, 11.0), (10.0, 9.0)]
    assert made.select("low", "high").rows() == [(9.4, 11.2), (8.7, 11.9)]


def test_bricks_of_decimals_are_not_missed_by_a_last_bit() -> None:
    closes = [1.1 + 0.001 * k for k in range(30)]
    made = omega.bars(minutes([round(close, 3) for close in closes]), "renko", 0.001)
    assert made["bricks"].to_list() == [1] * 29
    assert made["brick"].to_list() == pytest.approx(closes[1:])


@pytest.mark.parametrize(("kind", "size"), [
    ("tick", 7), ("volume", 40.0), ("dollar", 60.0), ("range", 0.0006), ("renko", 0.0003),
])  # fmt: skip
def test_a_bar_knows_nothing_of_what_comes_later(kind: str, size: float) -> None:
    data = candles.walk(900, chunks=3).with_columns(volume=np.arange(900.0) % 13)
    whole = omega.bars(data, kind, size)
    assert whole.height > 10
    for length in (2, 300, 601):
        part = omega.bars(data[:length], kind, size)
        assert part.equals(whole[: part.height])
        if part.height < whole.height:  # what it lacks was not known yet
            assert whole["close_time"][part.height] > data["time"][length - 1]


@pytest.mark.parametrize("kind", ["range", "renko"])
def test_they_run_and_fill_at_prices_of_the_candle_after(kind: str, backend: str) -> None:
    data = candles.walk(2_000)
    made = omega.bars(data, kind, 0.002)

    def once(bar: omega.Bar) -> omega.Signal | None:
        return omega.Signal("long", size=1) if bar.index == 1 else None

    result = omega.run_backtest(made, once, backend=backend)
    row = data["time"].search_sorted(made["close_time"][1])
    assert result.trades["entry_time"][0] == data["time"][row]
    assert result.trades["entry_price"][0] == pytest.approx(data["ask_open"][row])


def test_they_are_a_timeframe_of_candles(backend: str) -> None:
    """A brick is visible to the candle that opens when it is known, and no sooner."""
    closes = [10.0, 10.5, 11.0, 11.2, 13.1, 13.2, 13.0]
    data = minutes(closes)
    bricks = omega.bars(data, "renko", 1.0)
    seen: dict[int, int] = {}

    def look(bar: omega.Bar) -> None:
        with contextlib.suppress(IndexError):
            seen.setdefault(bar.tf("MN1").index, bar.index)

    omega.run_backtest(data, look, timeframes={"MN1": bricks}, backend=backend)
    assert seen == {0: 2, 1: 4}


def test_symbols_have_bars_of_their_own() -> None:
    both = pl.concat([
        minutes([1.0, 2.0, 3.0]).with_columns(symbol=pl.lit("A")),
        minutes([5.0, 6.0]).with_columns(symbol=pl.lit("B")),
    ])  # fmt: skip
    made = omega.bars(both, "tick", 2)
    assert made.select("symbol", "close").rows() == [("A", 2.0), ("B", 6.0)]
    assert omega.bars(both, "tick", 2, symbol="B")["close"].to_list() == [6.0]
    assert omega.bars(omega.CandleStore(both), "tick", 2)["symbol"].to_list() == ["A", "B"]


def test_no_bar_is_complete_in_nothing() -> None:
    for kind in ("tick", "range", "renko"):
        made = omega.bars(minutes([1.0])[:0], kind, 1)
        assert made.height == 0
        assert {"time", "open", "close", "close_time", "rows"} <= {*made.columns}


@pytest.mark.parametrize(("kind", "size", "message"), [
    ("renco", 1, r"bars kind: given 'renco', expected one of .* Did you mean 'renko'"),
    ("tick", 1.5, "bars size of kind='tick': given 1.5, expected a whole number"),
    ("range", 0.0, r"bars size of kind='range': given 0\.0, expected a number above 0"),
    ("volume", 1.0, "given 'volume' of data without a volume"),
])  # fmt: skip
def test_what_is_no_bar_is_refused(kind: str, size: float, message: str) -> None:
    with pytest.raises(omega.ConfigError, match=message):
        omega.bars(minutes([1.0, 2.0]), kind, size)


def test_rows_out_of_order_or_without_a_price_are_named() -> None:
    with pytest.raises(
        omega.errors.InvalidCandleData, match="row 2: its time is missing or before"
    ):
        omega.bars(ticks([1.0, 2.0, 3.0], [0, 2, 1]), "tick", 2)
    with pytest.raises(omega.errors.InvalidCandleData, match="row 1: price is nan"):
        omega.bars(ticks([1.0, float("nan")]), "tick", 2)
    with pytest.raises(omega.ConfigError, match="symbol: given 'X', but the data has no column"):
        omega.bars(ticks([1.0]), "tick", 2, symbol="X")

"""Goal: rule T3 names the first broken value, or all of them, whatever the input's chunks.

Method: a table of good bars, one value spoiled a case; then random damage, cut at random places,
held against the plainest possible re-statement of the rules.
"""

from __future__ import annotations

import math
import pickle
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omega.data.columns import Candles
from omega.data.store import CandleStore
from omega.errors import CandleWarning, ConfigError, InvalidCandleData, OmegaError
from tests.support import frames
from tests.support.frames import PRICES, bars, cut, quotes, sided


def spoiled(frame: pl.DataFrame, column: str, row: int, value: object) -> pl.DataFrame:
    values = frame[column].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=frame[column].dtype))


START = frames.START.replace(tzinfo=None)
CASES: list[tuple[str, pl.DataFrame, str, int, Any]] = [
    ("null", bars(9), "time", 4, None),
    ("null", bars(9), "close", 0, None),
    ("null", bars(9), "volume", 8, None),
    ("nan", bars(9), "open", 4, math.nan),
    ("nan", sided(9), "ask_high", 4, math.inf),
    ("nan", quotes(9), "bid", 4, -math.inf),
    ("nan", bars(9).with_columns(spread=pl.lit(0.1)), "spread", 3, math.nan),
    ("time_order", bars(9), "time", 4, START),
    ("time_order", bars(9), "time", 4, START + timedelta(minutes=3)),
    ("time_order", quotes(9), "time", 4, START - timedelta(minutes=1)),
    ("price", bars(9), "low", 4, 0.0),
    ("price", quotes(9), "bid", 4, -1.0),
    ("high", bars(9), "high", 4, 99.0),
    ("high", sided(9), "ask_high", 4, 99.0),
    ("low", sided(9), "bid_low", 4, 101.0),
    ("crossed", sided(9), "ask_low", 4, 99.0),
    ("crossed", quotes(9), "ask", 4, 50.0),
    ("crossed", bars(9).with_columns(spread=pl.lit(0.1)), "spread", 3, -0.1),
    ("volume", bars(9), "volume", 4, -1.0),
]


@pytest.mark.parametrize(("rule", "frame", "column", "row", "value"), CASES)
def test_the_value_is_named(
    rule: str, frame: pl.DataFrame, column: str, row: int, value: object
) -> None:
    bad = spoiled(frame, column, row, value)
    with pytest.raises(InvalidCandleData, match=rf"'{column}', row {row}") as caught:
        CandleStore(bad, symbol="EURUSD")
    error = caught.value
    assert (error.rule, error.column, error.row, error.symbol) == (rule, column, row, "EURUSD")
    if isinstance(value, float):
        assert error.value == value or math.isnan(value)
    else:
        assert error.value == (None if value is None else str(value))
    assert f"'{rule}'" in str(error)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(again), repr(vars(again))) == (str(error), repr(vars(error)))


@pytest.mark.parametrize(("rule", "frame", "column", "row", "value"), CASES)
def test_a_report_holds_the_same_finding(
    rule: str, frame: pl.DataFrame, column: str, row: int, value: object
) -> None:
    store = CandleStore(spoiled(frame, column, row, value), symbol="EURUSD", validate="report")
    found = store.validate()
    assert found.columns == ["symbol", "rule", "column", "row", "time", "value"]
    first = found.row(0, named=True)
    assert (first["symbol"], first["rule"], first["column"], first["row"]) == (
        "EURUSD",
        rule,
        column,
        row,
    )
    with pytest.raises(InvalidCandleData) as caught:
        store.require_valid()
    assert (caught.value.rule, caught.value.row) == (rule, row)


def test_the_first_finding_is_by_row_then_rule_then_column() -> None:
    bad = spoiled(spoiled(bars(9), "volume", 5, -1.0), "volume", 3, -1.0)
    bad = spoiled(spoiled(bad, "close", 3, -1.0), "open", 3, -1.0)
    with pytest.raises(InvalidCandleData) as caught:
        CandleStore(bad)
    assert (caught.value.row, caught.value.rule, caught.value.column) == (3, "price", "open")


def test_a_locked_market_is_fine() -> None:
    locked = quotes(9).with_columns(ask="bid")
    assert CandleStore(locked).crossed_rows == {"SYMBOL": 0}


def test_crossed_rows_can_be_allowed_or_warned_of_and_are_counted() -> None:
    crossed = spoiled(spoiled(quotes(1_000), "ask", 4, 50.0), "ask", 700, 50.0)
    allowed = CandleStore(crossed, validate={"crossed": "allow"})
    assert allowed.crossed_rows == {"SYMBOL": 2}
    assert allowed.validate()["row"].to_list() == [4, 700]
    assert [str(notice) for notice in allowed.notices] == [
        "SYMBOL: the ask is below the bid in 2 rows; fills use each side as it stands"
    ]
    with pytest.warns(CandleWarning, match=r"2 values break rule 'crossed'.*'ask', row 4"):
        warned = CandleStore(crossed, validate={"crossed": "warn"})
    assert warned.crossed_rows == {"SYMBOL": 2}


def test_off_looks_at_missing_values_alone() -> None:
    unsorted = bars(9).reverse().with_columns(low=pl.lit(-1.0))
    store = CandleStore(unsorted, validate="off")
    assert store.crossed_rows == {"SYMBOL": None}
    assert not store.validate().is_empty()
    with pytest.raises(InvalidCandleData, match="missing"):
        CandleStore(spoiled(bars(9), "low", 3, None), validate="off")


@pytest.mark.parametrize(
    ("validate", "match"),
    [
        ("strict", "'error', 'report', 'off'"),
        ({"gaps": "warn"}, "the rule 'gaps'.*one of null, nan"),
        ({"nan": "ignore"}, "'ignore'"),
        ({"null": "allow"}, "expected 'error'"),
        ({"time_order": "warn"}, "Sort by time"),
    ],
)
def test_unknown_levels_are_refused(validate: str | dict[str, str], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        CandleStore(bars(9), validate=validate)


def test_prices_may_be_negative_where_the_instrument_says_so() -> None:
    oil = bars(9).with_columns(pl.col(PRICES) - 100.0)
    with pytest.raises(InvalidCandleData, match="allow_negative"):
        CandleStore(oil, symbol="WTI")
    assert CandleStore(oil, symbol="WTI", allow_negative={"WTI"}).validate().is_empty()
    with pytest.raises(ConfigError, match="Did you mean 'WTI'"):
        CandleStore(oil, symbol="WTI", allow_negative={"WT"})


def test_findings_of_symbols_with_different_clocks_are_one_table() -> None:
    ms = spoiled(bars(9, unit="ms", zone="Asia/Tokyo"), "volume", 1, -1.0)
    us = spoiled(bars(9), "volume", 2, -1.0)
    found = CandleStore({"A": ms, "B": us}, validate="report").validate()
    assert found["symbol"].to_list() == ["A", "B"]
    assert found["time"].to_list() == [START + timedelta(minutes=1), START + timedelta(minutes=2)]


def test_an_empty_frame_has_no_bar() -> None:
    with pytest.raises(InvalidCandleData, match="at least one bar"):
        CandleStore(bars(9)[:0])
    with pytest.raises(OmegaError):
        CandleStore(Candles(bid=bars(9)[:0]))


def expected(frame: pl.DataFrame) -> list[tuple[int, str, str]]:
    """Rules T1 and T3, one row after another, for bars with a bid side and volume."""
    found: list[tuple[int, str, str]] = []
    before: datetime | None = None
    for row, values in enumerate(frame.iter_rows(named=True)):
        names = ["time", *PRICES, "volume"]
        real = {name: v for name, v in values.items() if name != "time" and v is not None}
        finite = {name: v for name, v in real.items() if math.isfinite(v)}
        found += [(row, "null", name) for name in names if values[name] is None]
        found += [(row, "nan", name) for name in real if name not in finite]
        if values["time"] is not None:
            if before is not None and values["time"] <= before:
                found.append((row, "time_order", "time"))
            before = values["time"]
        found += [(row, "price", name) for name in PRICES if finite.get(name, 1) <= 0]
        ends = [finite[name] for name in ("open", "close") if name in finite]
        if ends and finite.get("high", math.inf) < max(ends):
            found.append((row, "high", "high"))
        if ends and finite.get("low", -math.inf) > min(ends):
            found.append((row, "low", "low"))
        if finite.get("volume", 0) < 0:
            found.append((row, "volume", "volume"))
    return found


WRONG = st.sampled_from([None, math.nan, math.inf, -math.inf, 0.0, -1.0, 50.0, 150.0])
DAMAGE = st.lists(
    st.tuples(st.sampled_from([*PRICES, "volume", "time"]), st.integers(0, 1_199), WRONG),
    max_size=12,
)


@given(damage=DAMAGE, cuts=st.lists(st.integers(0, 1_200), max_size=6))
def test_findings_do_not_depend_on_chunks(
    damage: list[tuple[str, int, float | None]], cuts: list[int]
) -> None:
    frame = bars(1_200)
    for column, row, value in damage:
        wrong = value if column != "time" else None if value is None else START
        frame = spoiled(frame, column, row, wrong)
    found = CandleStore(cut(frame, *sorted(cuts)), validate="report").validate()
    told = [(f["row"], f["rule"], f["column"]) for f in found.iter_rows(named=True)]
    assert told == expected(frame)
    if told:
        with pytest.raises(InvalidCandleData) as caught:
            CandleStore(cut(frame, *sorted(cuts)))
        assert (caught.value.row, caught.value.rule, caught.value.column) == told[0]

"""The plain store holds what the native one holds, and finds what it finds, in the same words."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from omega.data import sources, store
from omega.errors import CandleWarning, InvalidCandleData
from omega.reference import core
from omega.reference.columns import PRICES, Columns

ARRAYS = ["time", *(f"{side}_{price}" for side in ("bid", "ask") for price in PRICES), "volume"]


def plain(
    data: Any,  # noqa: ANN401 - whatever a store takes
    **settings: Any,  # noqa: ANN401 - whatever a store takes
) -> omega.CandleStore:
    """The store as it is where the native module cannot be loaded."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (sources, store):
            patch.setattr(module, "core", core)
        made = omega.CandleStore(data, **settings)
    assert isinstance(cast("object", made.native), core.CandleStore)
    return made


def frame(layout: str, rows: int = 4) -> pl.DataFrame:
    """Valid candles of a layout."""
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - naive, as in the data
    times = [start + timedelta(minutes=k) for k in range(rows)]
    one = [1.0 + k / 8 for k in range(rows)]
    bid = {"open": one, "high": [p + 0.5 for p in one], "low": [p - 0.5 for p in one], "close": one}
    columns: dict[str, dict[str, list[float]]] = {
        "plain": bid,
        "volume": {**bid, "volume": one},
        "spread": {**bid, "spread": [0.1] * rows},
        "quotes": {"Bid": one, "ASK": [p + 0.25 for p in one]},
        "sided": {f"bid_{n}": v for n, v in bid.items()}
        | {f"ask_{n}": [p + 0.25 for p in v] for n, v in bid.items()},
    }
    return pl.DataFrame({"ts": times, **columns[layout]})


LAYOUTS = ["plain", "volume", "spread", "quotes", "sided"]


def same(data: Any, **settings: Any) -> None:  # noqa: ANN401 - as plain
    """Both stores tell the same about the same data."""
    one, other = plain(data, **settings), omega.CandleStore(data, **settings)
    for asked in ("symbols", "n_chunks", "nbytes", "copied_bytes", "crossed_rows", "notices"):
        assert getattr(one, asked) == getattr(other, asked), asked
    assert (repr(one), one.describe()) == (repr(other), other.describe())
    assert one.validate().equals(other.validate())
    for symbol in other.symbols:
        mine, theirs = (Columns.from_store(each.symbol(symbol).native) for each in (one, other))
        assert (mine.unit, mine.timezone) == (theirs.unit, theirs.timezone)
        for name in ARRAYS:
            array, expected = getattr(mine, name), getattr(theirs, name)
            assert (array is None) == (expected is None), name
            if array is not None:
                np.testing.assert_array_equal(array, expected, name)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_columns_are_those_of_the_store(layout: str, zone: str | None, tmp_path: Path) -> None:
    data = frame(layout).with_columns(pl.col("ts").dt.replace_time_zone(zone))
    same(data, symbol="A")
    same(data.to_arrow())
    same(data.to_pandas())
    same({"A": data.lazy(), "B": data[:2]})
    data.write_parquet(tmp_path / "a.parquet")
    same(tmp_path / "a.parquet")
    data.write_ipc(tmp_path / "a.arrow", compression="uncompressed")
    same(tmp_path / "a.arrow")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_keep_their_unit(unit: Any) -> None:  # noqa: ANN401 - a literal of Polars
    same(frame("plain").with_columns(pl.col("ts").dt.cast_time_unit(unit)))


def test_seconds_are_seconds() -> None:
    table = frame("plain").to_arrow()
    data = table.set_column(0, "ts", table["ts"].cast(pa.timestamp("s")))
    same(data)
    same(data.to_pandas())
    columns = Columns.from_store(plain(data).native)
    assert (columns.unit, columns.time[1] - columns.time[0]) == ("s", 60)
    assert columns.frame()["time"].to_list() == frame("plain")["ts"].to_list()


def test_two_sides_and_a_constant_spread_are_those_of_the_store() -> None:
    bid = frame("plain")
    ask = bid.with_columns(pl.exclude("ts") + 0.25)
    same(omega.Candles(bid=bid, ask=ask))
    same(omega.Candles(bid=bid, spread=0.1))


def test_a_symbol_column_and_chunks_are_those_of_the_store() -> None:
    one = frame("volume")
    data = pl.concat([one.with_columns(symbol=pl.lit(name)) for name in "BA"], rechunk=False)
    same(data)
    same(data, symbol="A")


def test_casts_are_those_of_the_store() -> None:
    data = frame("volume")
    for kind in (pl.Int64, pl.UInt32, pl.Float32, pl.Decimal(18, 4)):
        same(data.cast({"volume": kind}))  # without being asked
    same(data.cast({"open": pl.Float32, "volume": pl.Int64}), cast=True)
    same(data.cast({"close": pl.String, "ts": pl.String}), cast=True)


def damaged(**values: object) -> pl.DataFrame:
    """Candles whose third row is spoiled."""
    data = frame("volume", 6)
    for name, value in values.items():
        column = data[name].to_list()
        if isinstance(value, str):
            column = [str(other) for other in column]
        column[2] = value
        data = data.with_columns(pl.Series(name, column))
    return data


def told(read: Callable[[], object]) -> dict[str, str]:
    """The message of an error, and its details."""
    with pytest.raises(InvalidCandleData) as caught:
        read()
    return {"text": str(caught.value), **{k: repr(v) for k, v in vars(caught.value).items()}}


LATE = frame("plain").with_columns(pl.col("ts").reverse())
REFUSED: dict[str, tuple[Any, dict[str, Any]]] = {
    "no rows": (frame("plain")[:0], {}),
    "bare numbers": (frame("plain").cast({"ts": pl.Int64}), {}),
    "a text in the way": (damaged(open="one"), {"cast": True}),
    "a word for a time": (damaged(ts="noon"), {"cast": True}),
    "other times": (omega.Candles(bid=frame("plain"), ask=LATE), {}),
    "fewer rows": (omega.Candles(bid=frame("plain"), ask=frame("plain")[:3]), {}),
    "more rows": (omega.Candles(bid=frame("plain")[:3], ask=frame("plain")), {}),
    "a missing time": (omega.Candles(bid=frame("plain"), ask=damaged(ts=None)[:4]), {}),
    "another unit": (
        omega.Candles(bid=frame("plain"), ask=frame("plain").cast({"ts": pl.Datetime("ms")})),
        {},
    ),
    "off": (damaged(low=None), {"validate": "off"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_refused_in_the_same_words(case: str) -> None:
    data, settings = REFUSED[case]
    plainly = told(lambda: plain(data, **settings))
    assert plainly == told(lambda: omega.CandleStore(data, **settings))


def test_the_type_that_is_refused_has_the_name_that_polars_gives_it() -> None:
    data = frame("volume").cast({"close": pl.Float32})
    mine, theirs = told(lambda: plain(data)), told(lambda: omega.CandleStore(data))
    assert mine == theirs
    assert "the type is Float32" in mine["text"]


@st.composite
def spoiled(draw: st.DrawFn) -> pl.DataFrame:
    """Candles with a few values that break rules."""
    data = frame(draw(st.sampled_from(LAYOUTS)), 6)
    bad = st.sampled_from([None, float("nan"), float("inf"), -1.0, 0.0, 0.9, 2.5])
    for _ in range(draw(st.integers(1, 3))):
        row, column = draw(st.integers(0, 5)), draw(st.integers(0, data.width - 1))
        name = data.columns[column]
        values = data[name].to_list()
        values[row] = values[draw(st.integers(0, 5))] if column == 0 else draw(bad)
        data = data.with_columns(pl.Series(name, values, data.schema[name]))
    return data


@given(spoiled())
def test_both_find_the_same_faults(data: pl.DataFrame) -> None:
    """T3: by row, then rule, then column."""
    found = [read(data, validate="report").validate() for read in (omega.CandleStore, plain)]
    assert found[0].equals(found[1])
    if found[0].is_empty():
        same(data)
        return
    assert told(lambda: plain(data)) == told(lambda: omega.CandleStore(data))
    reported = [
        told(read(data, validate="report").require_valid) for read in (omega.CandleStore, plain)
    ]
    assert reported[0] == reported[1]


@given(spoiled(), st.sampled_from(["crossed", "price", "high", "low", "nan", "volume"]))
def test_both_warn_and_allow_alike(data: pl.DataFrame, rule: str) -> None:
    for level in ("warn", "allow"):
        texts = [heard(read, data, {rule: level}) for read in (omega.CandleStore, plain)]
        assert texts[0] == texts[1]


def heard(
    read: Callable[..., omega.CandleStore], data: pl.DataFrame, validate: dict[str, str]
) -> list[str]:
    """What a store warns of and notes, or why it is refused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            made = read(data, validate=validate)
        except InvalidCandleData as error:
            return [str(error)]
    return [*(str(one.message) for one in caught), *map(str, made.notices), str(made.crossed_rows)]


def test_rules_can_be_allowed_and_checks_left_out() -> None:
    data = frame("sided").with_columns(pl.col("ask_close") - 0.3)
    same(data, validate={"crossed": "allow"})
    same(data, validate="off")
    with pytest.warns(CandleWarning, match="4 values break rule 'crossed'"):
        plain(data, validate={"crossed": "warn"})
    same(frame("plain").with_columns(pl.exclude("ts") - 9.0), symbol="CL", allow_negative=["CL"])

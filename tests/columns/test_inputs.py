"""Goal: the same candles in any container give the same store, and what is not taken is refused.

Method: one seeded frame, handed over in every way that the contract names; the store must show its
values again, bit by bit.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from omega.data.columns import Candles
from omega.data.store import CandleStore
from omega.errors import ConfigError, InvalidCandleData
from omega.notices import Notice
from tests.support.frames import PRICES, bars, cut, quotes, shown, sided

FRAME = bars()


class Stream:
    """Has the stream's door alone."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


class Array:
    """Has the array's door alone."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._batch = frame.to_arrow().to_batches()[0]

    def __arrow_c_array__(self, requested_schema: object | None = None) -> object:
        return self._batch.__arrow_c_array__(requested_schema)


def pandas_frame() -> pd.DataFrame:
    return pd.DataFrame({name: FRAME[name].to_numpy() for name in FRAME.columns})


CONTAINERS: dict[str, Callable[[], Any]] = {
    "polars": lambda: FRAME,
    "polars in chunks": lambda: cut(FRAME, 1, 10, 999),
    "lazy": FRAME.lazy,
    "table": FRAME.to_arrow,
    "batch": lambda: FRAME.to_arrow().to_batches()[0],
    "reader": lambda: FRAME.to_arrow().to_reader(max_chunksize=300),
    "pandas": pandas_frame,
    "pandas index": lambda: pandas_frame().set_index("time"),
    "pandas unnamed index": lambda: pandas_frame().set_index("time").rename_axis(None),
    "pandas arrow": lambda: FRAME.to_pandas(use_pyarrow_extension_array=True),
    "duckdb": lambda: duckdb.from_arrow(FRAME.to_arrow()),
    "stream": lambda: Stream(FRAME),
    "array": lambda: Array(FRAME),
    "dict": lambda: {"EURUSD": FRAME},
    "candles": lambda: Candles(bid=FRAME),
    "store": lambda: CandleStore(FRAME),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_rows(container: str) -> None:
    store = CandleStore(CONTAINERS[container]())
    assert shown(store).with_columns(pl.col("time").cast(pl.Datetime("us"))).equals(FRAME)
    assert store.copied_bytes == 0
    assert store.validate().is_empty()


@pytest.mark.parametrize("kind", ["parquet", "arrow", "feather", "compressed"])
def test_files_give_the_same_rows(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"bars.{'arrow' if kind == 'compressed' else kind}"
    if kind == "parquet":
        FRAME.write_parquet(path, row_group_size=300)
    else:
        FRAME.write_ipc(
            path,
            compression="lz4" if kind == "compressed" else "uncompressed",
            record_batch_size=300,
        )
    for given in (path, str(path)):
        assert shown(CandleStore(given)).equals(FRAME)


def test_only_needed_columns_are_collected() -> None:
    def fail(_: object) -> pl.Series:
        raise AssertionError("a column that plays no part was computed")

    lazy = FRAME.lazy().with_columns(
        pl.col("open").map_batches(fail, return_dtype=pl.Float64).alias("other")
    )
    assert len(CandleStore(lazy)) == FRAME.height


def test_layouts_say_which_side_is_which() -> None:
    both = CandleStore(sided())
    assert pl.DataFrame(both).equals(sided())
    ticks = CandleStore(quotes())
    assert pl.DataFrame(ticks).equals(quotes())
    assert repr(ticks).startswith("CandleStore(SYMBOL: 1,000 quotes, 2024-01-01 00:00")
    spread = FRAME.with_columns(spread=pl.lit(0.02))
    assert pl.DataFrame(CandleStore(spread))["spread"].to_list() == [0.02] * FRAME.height


def test_two_frames_are_two_sides() -> None:
    ask = FRAME.with_columns(pl.col(PRICES) + 0.02)
    store = CandleStore(Candles(bid=FRAME, ask=cut(ask, 500)), symbol="EURUSD")
    assert pl.DataFrame(store).equals(sided().select(pl.DataFrame(store).columns))
    assert (store.symbols, store.n_chunks, store.copied_bytes) == (["EURUSD"], 2, 0)


def test_two_frames_must_have_the_same_times() -> None:
    ask = FRAME.with_columns(pl.col(PRICES) + 0.02)
    for other in (ask[:700], ask.with_columns(pl.when(pl.int_range(pl.len()) < 700).then("time"))):
        with pytest.raises(InvalidCandleData, match=r"join|Join") as caught:
            CandleStore(Candles(bid=FRAME, ask=other))
        assert (caught.value.column, caught.value.row) == ("ask.time", 700)


def test_an_ask_and_a_spread_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="expected one of them"):
        Candles(bid=FRAME, ask=FRAME, spread=0.1)
    with pytest.raises(ConfigError, match="0 or more"):
        CandleStore(Candles(bid=FRAME, spread=-0.1))


def test_a_symbol_column_slices_groups() -> None:
    a, b = bars(300, seed=1), bars(200, seed=2)
    frame = pl.concat([a.with_columns(symbol=pl.lit("B")), b.with_columns(symbol=pl.lit("A"))])
    for given in (
        frame,
        frame.cast({"symbol": pl.Categorical}),
        frame.to_arrow(),
        frame.to_pandas(),
    ):
        store = CandleStore(given)
        assert (store.symbols, len(store), store.copied_bytes) == (["B", "A"], 500, 0)
        assert shown(store.symbol("A")).cast(b.schema).equals(b)
    assert CandleStore(frame, symbol="A").symbols == ["A"]
    with pytest.raises(ConfigError, match=r"not in column 'symbol'\. Known: B, A"):
        CandleStore(frame, symbol="EURUSD")


def test_symbols_that_are_mixed_or_missing_are_refused() -> None:
    mixed = bars(4).with_columns(symbol=pl.Series(["A", "B", "A", "B"]))
    with pytest.raises(InvalidCandleData, match="Sort the rows by") as caught:
        CandleStore(mixed)
    assert (caught.value.column, caught.value.row, caught.value.value) == ("symbol", 2, "A")
    missing = bars(4).with_columns(symbol=pl.Series(["A", None, "A", "A"]))
    with pytest.raises(InvalidCandleData) as caught:
        CandleStore(missing)
    assert (caught.value.row, caught.value.rule) == (1, "null")


def test_several_symbols_keep_their_order_and_columns() -> None:
    store = CandleStore({"USDJPY": quotes(), "EURUSD": FRAME[:10]})
    assert (store.symbols, len(store)) == (["USDJPY", "EURUSD"], 1_010)
    assert len(store.symbol("EURUSD")) == 10
    with pytest.raises(ConfigError, match="2 symbols"):
        store.buffers("bid")
    with pytest.raises(ConfigError, match="Did you mean 'EURUSD'"):
        store.symbol("EURUS")
    with pytest.raises(ConfigError, match="only one of the two"):
        CandleStore({"A": FRAME}, symbol="A")


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({}, "an empty dict"),
        ([1, 2], "a list of int"),
        (None, "NoneType"),
        ("bars.csv", "omega.read_candles"),
        ("nowhere.parquet", "no file"),
    ],
)
def test_what_is_not_taken_says_what_is(given: object, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        CandleStore(given)


def test_other_number_types_are_cast_only_when_asked() -> None:
    frame = FRAME.cast({"open": pl.Float32, "volume": pl.Int64})
    with pytest.raises(InvalidCandleData, match="Pass cast=True") as caught:
        CandleStore(frame)
    assert caught.value.column == "open"
    store = CandleStore(frame, cast=True)
    assert store.copied_bytes == 2 * 8 * FRAME.height
    told = f"{2 * 8 * FRAME.height:,} bytes were copied by a cast: open (Float32), volume (Int64)"
    assert store.notices == [Notice("info", "cast", told)]
    text = FRAME.cast({"close": pl.String, "time": pl.String})
    assert shown(CandleStore(text, cast=True)).equals(FRAME)
    days = pl.DataFrame(
        {"date": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 9), eager=True)}
    )
    daily = days.hstack(FRAME[:9].drop("time"))
    with pytest.raises(InvalidCandleData, match="Date"):
        CandleStore(daily)
    assert CandleStore(daily, cast=True).time_range()[1].day == 9


def test_bare_integers_are_no_times() -> None:
    frame = FRAME.with_columns(pl.col("time").cast(pl.Int64))
    with pytest.raises(InvalidCandleData, match="from_epoch"):
        CandleStore(frame, cast=True)


def test_strided_pandas_columns_are_copied_only_when_asked() -> None:
    prices = np.ascontiguousarray(FRAME.select(PRICES).to_numpy())
    frame = pd.DataFrame(prices, columns=list(PRICES), copy=False)
    frame.insert(0, "time", FRAME["time"].to_numpy())
    assert frame["open"].to_numpy().strides == (32,)
    with pytest.raises(InvalidCandleData, match="32 bytes apart"):
        CandleStore(frame)
    store = CandleStore(frame, cast=True)
    assert store.copied_bytes == 4 * 8 * FRAME.height


def test_a_missing_pandas_time_is_a_missing_value() -> None:
    frame = pandas_frame()
    frame.loc[0, "time"] = pd.NaT
    with pytest.raises(InvalidCandleData) as caught:
        CandleStore(frame)
    assert (caught.value.column, caught.value.row, caught.value.rule) == ("time", 0, "null")


def test_two_columns_of_one_name_are_refused() -> None:
    table = pa.table([[1.0], [2.0]], names=["open", "open"])
    with pytest.raises(ConfigError, match="two columns are named 'open'"):
        CandleStore(table)


def test_pandas_is_not_imported_unless_given() -> None:
    program = (
        "import sys, polars as pl, omega.data.store; from datetime import datetime;"
        "omega.data.store.CandleStore(pl.DataFrame({'time': [datetime(2024, 1, 1)], 'bid': [1.0],"
        " 'ask': [1.0]})); sys.exit(bool({'pandas', 'pyarrow', 'duckdb'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_names_of_two_frames_can_be_mapped() -> None:
    bid = FRAME.rename({"close": "last"})
    store = CandleStore(Candles(bid=bid, ask=FRAME), columns={"close": "last"})
    assert store.buffers("bid.last") == store.buffers("bid_close")
    with pytest.raises(ConfigError, match=r"no column 'lst'. Did you mean 'last'"):
        CandleStore(Candles(bid=bid, ask=FRAME), columns={"close": "lst"})


def test_a_spread_beside_a_spread_column_is_refused() -> None:
    frame = FRAME.with_columns(spread=pl.lit(0.02))
    with pytest.raises(ConfigError, match="spread"):
        CandleStore(Candles(bid=frame, spread=0.01))

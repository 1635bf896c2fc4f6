"""Goal: the store reads the memory that the user's library made, address by address.

Method: ask the library where its buffers lie, and the store where it reads.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from omega.data.columns import Candles
from omega.data.store import CandleStore
from tests.support.frames import PRICES, Unit, bars, cut, quotes, sided
from tests.support.memory import mapped_file, resident_own_bytes

Spans = list[tuple[int, int]]


def of_polars(series: pl.Series) -> Spans:
    """Where the chunks of a column lie: address and bytes."""
    return [of_arrow(chunk.to_arrow()) for chunk in series.get_chunks()]


def of_arrow(array: pa.Array) -> tuple[int, int]:
    return array.buffers()[1].address + 8 * array.offset, 8 * len(array)


def of_numpy(values: np.ndarray) -> Spans:
    return [(values.__array_interface__["data"][0], values.nbytes)]


def assert_shared(store: CandleStore, frame: pl.DataFrame) -> None:
    for name in frame.columns:
        assert store.buffers(name) == of_polars(frame[name]), name
    assert store.copied_bytes == 0


def test_polars_with_ten_chunks_from_ten_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    bars(10_000).write_parquet(path, row_group_size=1_000)
    frame = pl.read_parquet(path)
    frame = frame if frame.n_chunks() == 10 else cut(bars(10_000), *range(1_000, 10_000, 1_000))
    store = CandleStore(frame)
    assert store.n_chunks == 10
    assert_shared(store, frame)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_polars_times(unit: Unit, zone: str | None) -> None:
    frame = bars(unit=unit, zone=zone)
    assert_shared(CandleStore(frame), frame)


def test_polars_slices() -> None:
    frame = cut(bars(), 300, 600)
    for part in (frame[17:], frame[:17], frame.slice(290, 400), frame[1:999][1:-1]):
        assert_shared(CandleStore(part), part)


def test_polars_columns_cut_differently_are_cut_at_the_union() -> None:
    frame = cut(bars(), 300)
    frame = frame.with_columns(cut(bars(), 200)["close"])
    store = CandleStore(frame)
    close, opened = frame["close"].get_chunks(), frame["open"].get_chunks()
    assert [length for _, length in store.buffers("close")] == [1_600, 800, 5_600]
    base = of_arrow(close[1].to_arrow())[0]
    assert [address for address, _ in store.buffers("close")[1:]] == [base, base + 800]
    base = of_arrow(opened[0].to_arrow())[0]
    assert [address for address, _ in store.buffers("open")[:2]] == [base, base + 1_600]
    assert store.copied_bytes == 0


def test_groups_of_a_symbol_column() -> None:
    frame = bars().with_columns(symbol=pl.Series(["A"] * 400 + ["B"] * 600))
    store = CandleStore(frame)
    assert store.symbol("B").buffers("low") == of_polars(frame[400:]["low"])


def test_two_frames() -> None:
    bid, ask = bars(), bars().with_columns(pl.col(PRICES) + 0.01)
    store = CandleStore(Candles(bid=bid, ask=ask))
    assert store.buffers("bid_low") == of_polars(bid["low"])
    assert store.buffers("ask_low") == of_polars(ask["low"])


def test_pyarrow() -> None:
    table = pa.concat_tables([bars(300).to_arrow()[:100], bars(300).to_arrow()[100:]])
    seconds = table.set_column(0, "time", table["time"].cast(pa.timestamp("s")))
    for given in (table, seconds, table.slice(30, 200)):
        store = CandleStore(given)
        for name in ("time", "close", "volume"):
            assert store.buffers(name) == [of_arrow(chunk) for chunk in given[name].chunks]
    batch = table.to_batches()[1]
    assert CandleStore(batch).buffers("open") == [of_arrow(batch.column("open"))]


def test_pandas_over_numpy() -> None:
    source = bars()
    frame = pd.DataFrame({name: source[name].to_numpy() for name in source.columns})
    store = CandleStore(frame)
    for name in PRICES:
        assert store.buffers(name) == of_numpy(frame[name].to_numpy())
    assert store.buffers("time") == of_numpy(frame["time"].to_numpy())
    zoned = frame.set_index(frame.pop("time").dt.tz_localize("Europe/Berlin"))
    store = CandleStore(zoned)
    assert store.buffers("time") == of_numpy(zoned.index.asi8)
    assert store.copied_bytes == 0


def test_pandas_over_arrow() -> None:
    table = bars().to_arrow()
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    store = CandleStore(frame)
    for name in ("time", *PRICES):
        assert store.buffers(name) == [of_arrow(table[name].chunk(0))]


def test_duckdb_makes_its_own_buffers_and_they_are_kept() -> None:
    relation = duckdb.from_arrow(bars(5_000).to_arrow())
    store = CandleStore(relation)
    assert store.copied_bytes == 0
    assert pl.DataFrame(store)["bid_close"].equals(bars(5_000)["close"].alias("bid_close"))


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the map is told by Linux alone")
def test_arrow_files_are_mapped(tmp_path: Path) -> None:
    path = tmp_path / "bars.arrow"
    bars(1_000_000).write_ipc(path, compression="uncompressed", record_batch_size=250_000)
    size = path.stat().st_size
    CandleStore(bars(10))
    before = resident_own_bytes()
    store = CandleStore(path)
    assert resident_own_bytes() - before < 0.05 * size
    assert store.n_chunks == 4
    for name in ("time", *PRICES, "volume"):
        assert {mapped_file(address) for address, _ in store.buffers(name)} == {str(path)}


def test_the_same_buffers_come_out() -> None:
    for frame in (cut(sided(), 500), quotes()):
        store = CandleStore(frame)
        table = pa.table(store)
        shown = pl.DataFrame(store)
        for name in frame.columns:
            assert [of_arrow(chunk) for chunk in table[name].chunks] == store.buffers(name)
            assert of_polars(shown[name]) == store.buffers(name)

"""Goal: what is shared lives as long as the store, and not longer."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from omega.data.store import CandleStore
from tests.support.frames import bars
from tests.support.memory import resident_own_bytes


def test_arrow_memory_is_given_back() -> None:
    gc.collect()
    before = pa.total_allocated_bytes()
    table = pa.table({name: pa.array(bars()[name].to_numpy().copy()) for name in bars().columns})
    table = pa.concat_tables([table, table]).combine_chunks()[:1_000]
    allocated = pa.total_allocated_bytes()
    assert allocated > before
    store = CandleStore(table)
    assert pa.total_allocated_bytes() - allocated < 8_000  # less than one column
    total = pl.DataFrame(store)["bid_close"].sum()
    del table
    gc.collect()
    assert pl.DataFrame(store)["bid_close"].sum() == total
    del store
    gc.collect()
    assert pa.total_allocated_bytes() == before


def test_numpy_memory_is_given_back() -> None:
    columns = {name: np.array(bars()[name].to_numpy()) for name in bars().columns}
    frame = pd.DataFrame(columns, copy=False)
    watched = weakref.ref(columns["close"])
    address = columns["close"].__array_interface__["data"][0]
    del columns
    store = CandleStore(frame)
    del frame
    gc.collect()
    assert watched() is not None
    assert store.buffers("close") == [(address, 8_000)]
    del store
    gc.collect()
    assert watched() is None


def test_refused_input_is_given_back() -> None:
    frame = bars(200_000).with_columns(volume=pl.lit(-1.0))
    for _ in range(3):
        attempt(frame)
    before = resident_own_bytes()
    for _ in range(50):
        attempt(frame.with_columns(pl.col("close") + 0.0))
    assert resident_own_bytes() - before < 20 * frame["close"].estimated_size()


def attempt(frame: pl.DataFrame) -> None:
    try:
        CandleStore(frame)
    except ValueError:
        return
    raise AssertionError("it should be refused")


def test_stores_do_not_pile_up() -> None:
    for _ in range(3):
        len(CandleStore(bars(200_000)))
    before = resident_own_bytes()
    for seed in range(40):
        frame = bars(200_000, seed=seed)
        store = CandleStore(frame)
        pl.DataFrame(store)
        store.validate()
    assert resident_own_bytes() - before < 5 * frame.estimated_size()

"""Same input, same bytes: on any run, for any chunking of the input (D1)."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

import omega
from tests.support.property_runs import Case, cases


@given(cases())
def test_a_run_repeats_to_the_byte(backend: str, case: Case) -> None:
    first, second = case.run(backend=backend), case.run(backend=backend)
    assert first.fingerprint == second.fingerprint
    for name in ("trades", "orders", "fills", "equity", "ledger", "positions"):
        assert getattr(first, name).equals(getattr(second, name))


@given(cases(), st.data())
def test_chunks_change_no_byte(backend: str, case: Case, data: st.DataObject) -> None:
    whole = case.frame()
    cuts = sorted(data.draw(st.sets(st.integers(1, whole.height - 1), max_size=5)))
    parts = [whole[low:high] for low, high in pairwise([0, *cuts, whole.height])]
    chunked = pl.concat(parts, rechunk=False)
    assert chunked.n_chunks() == len(parts)
    expected = case.run(data=whole, backend=backend).fingerprint
    batches = pa.Table.from_batches(
        [batch for part in parts for batch in part.to_arrow().to_batches()]
    )
    for container in (chunked, batches, omega.CandleStore(chunked)):
        assert case.run(data=container, backend=backend).fingerprint == expected


@given(cases(), st.integers(0, 9), st.integers(0, 9))
def test_a_slice_is_a_frame_of_its_own(backend: str, case: Case, before: int, after: int) -> None:
    whole = case.frame()
    first = whole["time"][0]
    padded = pl.concat(
        [
            *[
                whole[:1].with_columns(time=first - pl.duration(minutes=before - k))
                for k in range(before)
            ],
            whole,
            *[
                whole[-1:].with_columns(pl.col("time") + pl.duration(minutes=k + 1))
                for k in range(after)
            ],
        ]
    ).rechunk()
    sliced = padded[before : before + whole.height]
    expected = case.run(data=whole, backend=backend).fingerprint
    assert case.run(data=sliced, backend=backend).fingerprint == expected

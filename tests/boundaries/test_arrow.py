"""The C interface of Arrow: what its structures say is looked at before anything is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pytest

import omega
from omega.errors import InvalidCandleData
from tests.fuzzing import arrow
from tests.fuzzing.arrow_made import Behaviour, Made, MadeArray, MadeStream, floats, integers, table
from tests.support.backends import BACKENDS, WITHOUT_CORE

TIMES = [datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in range(3)]
FRAME = pl.DataFrame({
    "time": TIMES, "open": [1.0, 2.0, 3.0], "high": [1.5, 2.5, 3.5], "low": [0.5, 1.5, 2.5],
    "close": [1.25, 2.25, 3.25],
})  # fmt: skip

WORDS = {
    "codes_beyond_their_values": "the codes of 'code' reach beyond its 2 values",
    "fewer_children": "'the array' has n_children 3, but its schema 9",
    "fewer_children_in_schema": "'the array' has n_children 9, but its schema 3",
    "huge_length": "'open' has length 4611686018427387904",
    "huge_offset": "offset 9223372036854775807",
    "lists_beyond_their_values": "the offsets of 'list' reach beyond its 3 values",
    "missing_child": "has no child 2",
    "name_not_utf8": "a name is not UTF-8",
    "negative_buffers_of_views": "'note' has n_buffers -1, expected 3",
    "negative_children": "has n_children -1",
    "negative_length": "'open' has length -1",
    "negative_length_of_table": "'the array' has length -3",
    "negative_offset": "'open' has offset -1",
    "negative_offset_of_text": "the offsets of 'symbol' do not ascend from 0",
    "no_buffers": "'open' has n_buffers 0, expected 2",
    "no_dictionary": "only one of schema and array has a dictionary",
    "no_dictionary_in_schema": "only one of schema and array has a dictionary",
    "no_format": "the column 'open' states no format",
    "no_pointers_to_buffers": "'open' has n_buffers 2 and no buffers",
    "no_pointers_to_children": "and no children",
    "null_count_below": "'open' has null_count -2",
    "null_count_without_validity": "'open' has null_count 2 and no validity buffer",
    "offsets_go_back": "the offsets of 'symbol' do not ascend from 0",
    "short_child": "'high' has 1 rows, expected 3 of 'the array'",
    "text_not_utf8": "a text of 'symbol' is not UTF-8",
    "two_buffers_of_views": "'note' has n_buffers 2, expected 3",
    "unknown_zone": "Mars/X",
    "view_of_no_buffer": "a text of 'note' is said to be in a buffer that is not there",
}


@pytest.mark.parametrize("path", arrow.corpus(), ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", ["array", "stream"])
def test_a_structure_that_contradicts_itself_is_refused(path: Path, kind: str) -> None:
    made = Made(arrow.kept(path))
    data = MadeArray(made) if kind == "array" else MadeStream([made], Behaviour())
    if path.stem in ("valid", "fixed_offset"):
        store = omega.CandleStore(data, validate="off")
        assert len(store) == 3
        return
    with pytest.raises(InvalidCandleData) as refused:
        omega.CandleStore(data)
    assert WORDS.get(path.stem, "") in str(refused.value)


@pytest.mark.parametrize(("message", "said"), [
    (None, "its stream gave error 5 for rows: without a message"),
    (b"the disk is gone", "its stream gave error 5 for rows: the disk is gone"),
    (b"\x1b[31mred", r"rows: \x1b[31mred"),
])  # fmt: skip
def test_a_stream_that_fails_is_told_with_or_without_its_message(
    message: bytes | None, said: str
) -> None:
    node = table([integers("time", [0], b"tsu:"), floats("close", [1.0])])
    stream = MadeStream([Made(node)], Behaviour(fails_at=0, message=message))
    with pytest.raises(InvalidCandleData) as refused:
        omega.CandleStore(stream)
    assert said in str(refused.value)
    assert stream.released == 1


def test_each_array_is_released_once() -> None:
    node = table([integers("time", [0], b"tsu:"), *(floats(n, [1.0]) for n in ("bid", "ask"))])
    arrays = [Made(node), Made(node)]
    stream = MadeStream(arrays, Behaviour())
    store = omega.CandleStore(stream, validate="off")
    assert [one.released["array"] for one in arrays] == [0, 0]
    del store
    assert [one.released["array"] for one in arrays] == [1, 1]
    assert stream.released == 1


def test_a_stream_that_was_read_before_is_refused() -> None:
    reader = FRAME.to_arrow().to_reader()
    omega.CandleStore(reader)
    with pytest.raises(omega.OmegaError):
        omega.CandleStore(reader)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("zone", ["+05:30", "-03:00", "+00:00"])
def test_times_with_a_fixed_offset_are_the_instants_that_they_are(backend: str, zone: str) -> None:
    """Shown in UTC, as Polars keeps no offsets; entry at the open of 01:00 UTC in any of them."""
    given = FRAME.to_arrow()
    given = given.set_column(0, "time", given["time"].cast(pa.timestamp("us", zone)))
    result = omega.run_backtest(
        given, lambda bar: omega.Signal("long") if bar.index == 0 else None, backend=backend
    )
    assert result.trades["entry_time"].to_list() == TIMES[1:2]
    assert result.candles is not None
    assert result.candles.time_range()[0] == TIMES[0]


def test_pandas_times_with_a_fixed_offset_are_taken() -> None:
    frame = FRAME.to_pandas()
    frame["time"] = frame["time"].dt.tz_convert(timezone(timedelta(hours=5, minutes=30)))
    assert omega.CandleStore(frame).time_range()[0] == TIMES[0]


@pytest.mark.parametrize("zone", ["+05:30", "UTC+5:30", "-3"])
def test_a_fixed_offset_is_a_zone_wherever_zones_are_taken(zone: str, tmp_path: Path) -> None:
    hours = {"+05:30": 5.5, "UTC+5:30": 5.5, "-3": -3.0}[zone]
    assert omega.Calendar(zone).begin_of(1) == 86_400 - hours * 3_600
    assert omega.Timeframe("D1", anchor="00:00", zone=zone).zone == omega.Calendar(zone).zone
    result = omega.run_backtest(FRAME, lambda bar: None, calendar=zone, backend=BACKENDS[0])
    assert result.config["calendar"].startswith("Calendar(zone=")
    file = tmp_path / "a.parquet"
    FRAME.with_columns(pl.col("time").dt.replace_time_zone(None)).write_parquet(file)
    read = omega.Dataset(file, time_zone=zone).scan().collect()
    assert read["time"][0] == TIMES[0] - timedelta(hours=hours)


def test_a_zone_that_is_none_is_refused() -> None:
    given = FRAME.to_arrow()
    given = given.set_column(0, "time", given["time"].cast(pa.timestamp("us", "Mars/Base")))
    with pytest.raises(InvalidCandleData, match="Mars/Base"):
        omega.CandleStore(given)


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4"])
def test_columns_of_another_byte_order_are_refused_or_cast_once(dtype: str) -> None:
    frame = FRAME.to_pandas()
    frame["close"] = pd.Series(np.array([1, 2, 3], dtype=dtype))
    with pytest.raises(InvalidCandleData, match="byte order of another machine"):
        omega.CandleStore(frame, validate="off")
    store = omega.CandleStore(frame, validate="off", cast=True)
    assert pl.DataFrame(store)["bid_close"].to_list() == [1.0, 2.0, 3.0]
    assert store.copied_bytes >= 24


@pytest.mark.parametrize("unit", ["ms"] if WITHOUT_CORE else ["s", "ms"])  # Polars has no s
@pytest.mark.parametrize("time", [2**63 - 1, -(2**63) + 1])
def test_times_at_the_limits_of_64_bits_are_refused(unit: str, time: int) -> None:
    columns = FRAME.drop("time").head(1).to_arrow()
    times = pa.array([time], pa.timestamp(unit))
    with pytest.raises(InvalidCandleData, match="expected times of the years 2 to 9998"):
        omega.CandleStore(columns.append_column("time", times))


@pytest.mark.skipif(WITHOUT_CORE, reason="without the core Polars reads all columns")
def test_a_column_that_polars_cannot_hold_is_refused_where_it_is_used() -> None:
    given = FRAME.to_arrow()
    wide = pa.array([None, None, None], pa.decimal256(50, 2))
    data = given.append_column("wide", wide)
    assert len(omega.CandleStore(data)) == 3
    with pytest.raises(omega.OmegaError, match="wide"):
        omega.run_backtest(data, omega.Signals(entry="wide"))


@pytest.mark.parametrize("unit", ["ms", "ns"])
def test_a_file_whose_times_have_a_fixed_offset_is_mapped(unit: str, tmp_path: Path) -> None:
    """Shared with the file: another label of the same 64 bits."""
    given = FRAME.to_arrow()
    times = given["time"].cast(pa.timestamp(unit, "UTC")).cast(pa.timestamp(unit, "+05:30"))
    given = given.set_column(0, "time", times)
    file = tmp_path / "a.arrow"
    with pa.ipc.new_file(file, given.schema) as writer:
        writer.write_table(given)
    if WITHOUT_CORE:  # Polars reads it, and knows zones by their names alone
        with pytest.raises(InvalidCandleData, match=r"\+05:30"):
            omega.CandleStore(file)
        return
    store = omega.CandleStore(file)
    assert store.time_range() == (TIMES[0], TIMES[-1])
    assert store.copied_bytes == 0

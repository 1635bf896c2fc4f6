"""Goal: each defect is found where it is, and changed only where that was asked for, and counted.

Method: files with one planted defect each; the finding must name its row, and the rows must be
those of the file until a repair is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from tests.support.vendor_files import put

Candles = omega.ImportedCandles
Lines = tuple[str, ...]
GOOD = (
    "09:00,10,11,9,10,5",
    "09:01,10,11,9,10,5",
    "09:02,10,11,9,10,5",
    "09:03,10,11,9,10,5",
    "09:04,10,11,9,10,5",
)


def read(folder: Path, lines: Lines, **settings: Any) -> Candles:  # noqa: ANN401 - any
    rows = "".join(f"2024-01-02T{line.replace(',', '+00:00,', 1)}\n" for line in lines)
    file = put(folder, "bars.csv", f"timestamp,open,high,low,close,volume\n{rows}")
    return omega.read_candles(file, bar_time="open", **settings)


def planted(row: int, line: str) -> tuple[str, ...]:
    return (*GOOD[:row], line, *GOOD[row + 1 :])


@pytest.mark.parametrize(
    ("kind", "row", "line", "value"),
    [
        ("ohlc", 2, "09:02,10,9.5,9,10,5", 0.5),
        ("ohlc", 2, "09:02,10,11,10.5,10,5", 0.5),
        ("nonpositive", 2, "09:02,10,11,-1,10,5", -1.0),
        ("flat", 2, "09:02,10,10,10,10,5", 5.0),
        ("flat_filler", 2, "09:02,10,10,10,10,0", 0.0),
        ("missing", 2, "09:02,10,,9,10,5", None),
        ("duplicate", 2, "09:01,10,11,9,10,5", None),
        ("unsorted", 2, "08:50,10,11,9,10,5", -660.0),
        ("spike", 2, "09:02,10,99,9,10,5", 89.0),
        ("jump", 2, "09:02,2,2.1,1.9,2,5", 0.2),
        ("gap", 4, "09:06,10,11,9,10,5", 180.0),
    ],
)
def test_a_defect_is_named_with_its_row_and_nothing_is_changed(
    kind: str, row: int, line: str, value: float | None, tmp_path: Path
) -> None:
    bars = read(tmp_path, planted(row, line))
    found = bars.findings.filter(kind=kind).row(0, named=True)
    assert (found["row"], found["value"], found["done"]) == (row, value, "kept")
    assert Path(found["file"]).name == "bars.csv"
    assert len(bars) == len(GOOD)


def test_good_rows_give_no_finding(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).findings.is_empty()


@pytest.mark.parametrize(
    "case",
    [
        ("ohlc", "09:02,10,9.5,9,10,5", {"clip_ohlc": True}, 5, "clipped"),
        ("flat_filler", "09:02,10,10,10,10,0", {"drop_flat_fillers": True}, 4, "dropped"),
        ("missing", "09:02,10,,9,10,5", {"drop_missing": True}, 4, "dropped"),
        ("duplicate", "09:01,10,11,9,10,5", {"deduplicate": "first"}, 4, "the first kept"),
        ("unsorted", "08:50,10,11,9,10,5", {"sort": True}, 5, "sorted"),
    ],
)
def test_a_repair_is_made_where_it_was_asked_for(
    case: tuple[str, str, dict[str, Any], int, str], tmp_path: Path
) -> None:
    kind, line, settings, rows, done = case
    bars = read(tmp_path, planted(2, line), **settings)
    assert bars.findings.filter(kind=kind)["done"].to_list() == [done]
    assert len(bars) == rows
    omega.CandleStore(bars)
    assert f"found: 1 {kind} ({done})" in bars.summary()


def test_the_row_of_a_finding_is_that_of_its_own_file(tmp_path: Path) -> None:
    head = "timestamp,open,high,low,close\n"
    one = put(tmp_path, "a.csv", head + "2024-01-02 09:00Z,1,2,1,2\n2024-01-02 09:01Z,1,2,1,2\n")
    two = put(tmp_path, "b.csv", head + "2024-01-02 09:02Z,1,2,1,2\n2024-01-02 09:03Z,1,1,1,2\n")
    bars = omega.read_candles([one, two], bar_time="open")
    found = bars.findings.filter(kind="ohlc").row(0, named=True)
    assert (Path(found["file"]).name, found["row"]) == ("b.csv", 1)


def test_the_last_of_two_rows_may_be_kept(tmp_path: Path) -> None:
    lines = planted(2, "09:01,10,12,9,12,5")
    assert read(tmp_path, lines, deduplicate="last").frame["close"].to_list()[1] == 12.0
    assert read(tmp_path, lines, deduplicate="first").frame["close"].to_list()[1] == 10.0
    with pytest.raises(ConfigError, match=r"given 'both', expected 'first', 'last' or None"):
        read(tmp_path, lines, deduplicate="both")


def test_fillers_cannot_be_told_where_there_is_no_volume(tmp_path: Path) -> None:
    lines = tuple(line[:-1] + "0" for line in planted(2, "09:02,10,10,10,10,5"))
    with pytest.raises(ConfigError, match="the files have no volume"):
        read(tmp_path, lines, drop_flat_fillers=True)


def test_a_wrong_timeframe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"most rows of .* are M1 apart"):
        read(tmp_path, GOOD, timeframe="M5")
    assert read(tmp_path, GOOD, timeframe="M1").timeframe == "M1"


def test_disorder_of_ticks_is_refused_unless_sorting_was_asked_for(tmp_path: Path) -> None:
    text = "timestamp,bid,ask\n2024-01-02 09:00:02Z,1,2\n2024-01-02 09:00:01Z,3,2\n"
    file = put(tmp_path, "ticks.csv", text)
    with pytest.raises(InvalidCandleData, match="its time is before that of the row above"):
        omega.read_candles(file, timeframe="M1")
    bars = omega.read_candles(file, timeframe="M1", sort=True)
    assert bars.frame["bid_open"].to_list() == [3.0]
    assert {"unsorted", "crossed"} <= {*bars.findings["kind"]}


def test_a_time_that_comes_twice_stands_in_the_way_of_joining_sides(tmp_path: Path) -> None:
    text = "timestamp,open,high,low,close\n" + "2024-01-02 09:00Z,1,2,1,2\n" * 2
    bid, ask = (put(tmp_path, f"{side}.csv", text) for side in ("bid", "ask"))
    with pytest.raises(InvalidCandleData, match="deduplicate='first'"):
        omega.read_candles(bid, ask=ask, bar_time="open")
    assert len(omega.read_candles(bid, ask=ask, bar_time="open", deduplicate="first")) == 1

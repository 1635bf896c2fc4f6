"""Goal: what is wrong with a file is seen first, with its file and row, and in words.

Method: files with planted defects; rows, counts and factors by hand.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

import omega
from omega.errors import ConfigError
from tests.support.vendor_files import put

DAYS = "Date,Open,High,Low,Close,Volume\n"
MONDAY = date(2024, 1, 1)


def weekdays(count: int) -> list[date]:
    days = (MONDAY + timedelta(days=k) for k in range(2 * count))
    return [day for day in days if day.weekday() < 5][:count]


def daily(closes: dict[int, str], count: int = 100) -> str:
    rows = (f"{day},{closes.get(k, '10,11,9,10')},5\n" for k, day in enumerate(weekdays(count)))
    return DAYS + "".join(rows)


def test_weekends_of_daily_bars_are_no_gaps_and_lost_weekdays_are(tmp_path: Path) -> None:
    text = daily({})
    whole = omega.read_candles(put(tmp_path, "whole.csv", text))
    assert whole.findings.is_empty()
    lines = text.splitlines(keepends=True)
    # Row 8 is Thursday, 11 January, and row 14 Friday, 19 January.
    lost = omega.read_candles(
        put(tmp_path, "lost.csv", "".join(lines[:9] + lines[10:15] + lines[16:]))
    )
    gaps = lost.findings.filter(kind="gap")
    assert sorted(gaps["value"].to_list()) == [2 * 86_400.0, 4 * 86_400.0]
    assert gaps["note"].to_list() == ["over a weekend", None]  # the longest first


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Madrid", "America/New_York"])
def test_days_that_begin_at_a_local_midnight_have_weekends_too(zone: str, tmp_path: Path) -> None:
    rows = "".join(f"{day} 00:00,10,11,9,10\n" for day in weekdays(100))
    file = put(tmp_path, "days.csv", "timestamp,open,high,low,close\n" + rows)
    bars = omega.read_candles(file, time_zone=zone, bar_time="open")
    assert bars.findings.is_empty()


@pytest.mark.parametrize(
    ("zone", "begin"), [("Europe/Madrid", "23:00"), ("America/New_York", None), ("UTC", None)]
)
def test_days_that_begin_on_the_date_before_are_a_note(
    zone: str, begin: str | None, tmp_path: Path
) -> None:
    rows = "".join(f"{day} 00:00,10,11,9,10\n" for day in weekdays(60))  # all of it winter
    file = put(tmp_path, "days.csv", "timestamp,open,high,low,close\n" + rows)
    notes = omega.read_candles(file, time_zone=zone, bar_time="open").notes
    found = [note for note in notes if "on the date before" in note]
    assert len(found) == (begin is not None)
    assert begin is None or f"most days begin at {begin} UTC" in found[0]


def test_the_worst_comes_first_and_gaps_are_counted(tmp_path: Path) -> None:
    text = daily({20: "10,11,9,30", 21: "10,11,9,10", 40: "10,11,-1,10"})
    lines = text.splitlines(keepends=True)
    del lines[50], lines[60], lines[70]
    bars = omega.read_candles(put(tmp_path, "AAA.csv", "".join(lines)))
    shown = bars.overview()
    kinds = ["nonpositive", "ohlc", "jump", "jump", "gap"]
    assert shown["kind"].to_list()[:5] == kinds[:5]
    first = shown.row(0, named=True)
    assert (first["file"], first["row"], first["value"], first["rows"]) == ("AAA.csv", 40, -1.0, 1)
    assert shown.filter(kind="gap")["rows"].to_list() == [3]
    assert bars.findings["kind"].to_list()[0] == "nonpositive"
    said = bars.summary().splitlines()
    assert said.index("found: 1 nonpositive (kept): -1, row 40 of AAA.csv") < next(
        k for k, line in enumerate(said) if line.startswith("found: 3 gap (kept): worst ")
    )


@pytest.mark.parametrize(
    ("after", "name"),
    [("1.4,1.5,1.3,1.43", "7:1"), ("5,5.2,4.9,5.1", "2:1"), ("6.6,6.9,6.5,6.65", "3:2"),
     ("98,105,97,101", "1:10"), ("6.2,6.3,6,6.1", None)],
)  # fmt: skip
def test_a_jump_that_looks_like_a_split_is_named_with_its_factor(
    after: str, name: str | None, tmp_path: Path
) -> None:
    text = daily(dict.fromkeys(range(50, 100), after))
    bars = omega.read_candles(put(tmp_path, "AAA.csv", text))
    found = bars.findings.filter(kind="jump").row(0, named=True)
    looks = f"looks like a split of {name} that prices are not adjusted for"
    assert (found["row"], found["note"]) == (50, looks if name else None)
    assert (looks in bars.summary()) is (name is not None)


def test_splits_that_a_file_states_are_findings_with_their_factor(tmp_path: Path) -> None:
    head = "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n"
    rows = [f"{day},10,11,9,10,10,5,0.0,{4.0 if k == 3 else 0.0}\n"
            for k, day in enumerate(weekdays(6))]  # fmt: skip
    bars = omega.read_candles(put(tmp_path, "AAA.csv", head + "".join(rows)))
    found = bars.findings.filter(kind="split").row(0, named=True)
    assert (found["row"], found["value"]) == (3, 4.0)
    assert found["note"] == "the file states a split of 4:1; prices are adjusted for it"
    assert "split" not in bars.frame.columns
    other = "date,open,high,low,close,split\n2024-01-01,8,8,8,8,\n2024-01-02,2,2,2,2,4:1\n"
    raw = omega.read_candles(put(tmp_path, "BBB.csv", other)).findings.filter(kind="split")
    assert raw["note"][0] == "the file states a split of 4:1; prices are not adjusted for it"


def test_findings_of_ticks_and_of_their_candles_have_a_file_and_row_each(tmp_path: Path) -> None:
    first = "".join(
        f"2024.01.02 10:0{k}:0{n}.000,1.1,1.2,1,1\n" for k in range(3) for n in range(2)
    )
    crossed = "2024.01.02 10:04:07.000,1.3,1.2,1,1\n2024.01.02 10:04:07.000,1.1,1.2,1,1\n"
    late = crossed + "".join(f"2024.01.02 10:0{k}:00.000,1.1,1.2,1,1\n" for k in (5, 8))
    put(tmp_path, "a.csv", first)
    put(tmp_path, "b.csv", late)
    bars = omega.read_candles(tmp_path, timeframe="M1")
    rows = bars.findings.select("kind", "of", "file", "row").rows()
    found = {(kind, of, Path(file).name, row) for kind, of, file, row in rows}
    assert ("crossed", "ticks", "b.csv", 0) in found
    assert ("repeated_time", "ticks", "b.csv", 1) in found
    assert ("crossed", "candles", "b.csv", 0) in found  # the candle of 10:04 begins there
    assert {row for row in found if row[0] == "gap"} == {
        ("gap", "candles", "b.csv", 0), ("gap", "candles", "b.csv", 3),
    }  # fmt: skip
    assert "found: 1 crossed (kept) of ticks: -0.1, row 0 of b.csv" in bars.summary()
    assert "found: 1 crossed (kept) of candles: -0.1, row 0 of b.csv" in bars.summary()


def test_rows_from_new_to_old_are_refused_until_they_are_sorted(tmp_path: Path) -> None:
    lines = daily({}, 5).splitlines(keepends=True)
    file = put(tmp_path, "AAA.csv", lines[0] + "".join(reversed(lines[1:])))
    with pytest.raises(
        ConfigError, match=r"from the newest to the oldest, from 2024-01-05.*sort=True"
    ):
        omega.read_candles(file)
    bars = omega.read_candles(file, sort=True)
    assert bars.frame["time"].is_sorted()
    assert "the rows run from the newest to the oldest" in omega.importing.describe(file)["notes"]

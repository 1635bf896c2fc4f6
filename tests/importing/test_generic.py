"""Goal: any table with names is read by what it states, and an error names what it lacks.

Method: small files, each with one thing to be understood or to be refused.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.ipc
import pyarrow.parquet
import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData, WriteFailed
from omega.importing import describe
from tests.support.backends import BACKENDS
from tests.support.vendor_files import NEW_YORK, put

Candles = omega.ImportedCandles
HEADER = "timestamp,open,high,low,close,volume\n"
ROW = "2024-01-02 00:00:00+00:00,1.10,1.12,1.09,1.11,5\n"


def row(time: str, prices: str = "1.10,1.12,1.09,1.11,5") -> str:
    return f"{time},{prices}\n"


def read(path: Path, text: str | bytes, **settings: Any) -> Candles:  # noqa: ANN401 - any setting
    file = put(path, "bars.csv", text)
    return omega.read_candles(file, **{"bar_time": "open", **settings})


@pytest.mark.parametrize(
    ("time", "settings", "hour"),
    [
        ("2024-01-02 05:00:00+00:00", {}, 5),
        ("2024-01-02T05:00:00Z", {}, 5),
        ("2024-01-02 05:00:00 UTC", {}, 5),
        ("13.01.2024 05:00:00.000 GMT+0100", {}, 4),
        ("2024-01-02 05:00:00+02:00", {}, 3),
        ("2024.01.02 05:00", {"time_zone": "UTC+3"}, 2),
        ("2024/01/02 05:00:00.250", {"time_zone": NEW_YORK}, 10),
        ("2024-01-02 05:00", {"time_zone": "America/New_York+7"}, 3),
        ("20240102 050000", {"time_zone": "UTC"}, 5),
        ("20240102050000", {"time_zone": "UTC"}, 5),
        ("13.01.2024 05:00:00", {"time_zone": "UTC"}, 5),
        ("1/13/2024 5:00", {"time_zone": "UTC"}, 5),
        ("1/13/2024 5:00 AM", {"time_zone": "UTC"}, 5),
        ("02/01/2024 05:00", {"time_zone": "UTC", "dates": "day-first"}, 5),
        ("1704171600", {}, 5),
        ("1704171600000", {}, 5),
        ("1704171600000000", {}, 5),
        ("1704171600000000000", {}, 5),
    ],
)
def test_times_are_read_in_the_ways_in_which_they_are_written(
    time: str, settings: dict[str, object], hour: int, tmp_path: Path
) -> None:
    frame = read(tmp_path, HEADER + row(time), **settings).frame
    assert frame["time"][0].hour == hour
    assert frame.schema["time"] == pl.Datetime("us", "UTC")


def test_offsets_that_change_are_read_row_by_row(tmp_path: Path) -> None:
    text = HEADER + row("2024-03-09 00:00:00-05:00") + row("2024-03-11 00:00:00-04:00")
    assert read(tmp_path, text).frame["time"].dt.hour().to_list() == [5, 4]


def test_a_time_without_a_zone_lists_what_can_be_stated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'no zone.*time_zone="UTC".*"America/New_York"'):
        read(tmp_path, HEADER + row("2024-01-02 00:00"))


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="given 'Mars', expected an IANA name"):
        read(tmp_path, HEADER + row("2024-01-02 00:00"), time_zone="Mars")


def test_a_zone_beside_offsets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="carry their offset"):
        read(tmp_path, HEADER + ROW, time_zone=NEW_YORK)


def test_what_the_time_of_a_bar_is_has_to_be_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'bar_time="open" \(most files\) or bar_time="close"'):
        read(tmp_path, HEADER + ROW, bar_time=None)


def test_bars_stamped_at_their_close_are_moved_to_their_open(tmp_path: Path) -> None:
    text = HEADER + row("2024-01-02 00:05+00:00") + row("2024-01-02 00:10+00:00")
    assert read(tmp_path, text, bar_time="close").frame["time"].dt.minute().to_list() == [0, 5]


def test_sessions_that_speak_against_bar_time_are_a_finding(tmp_path: Path) -> None:
    days = [datetime(2024, 1, day, 9, tzinfo=UTC) for day in (2, 3, 4)]
    times = [day + timedelta(minutes=k) for day in days for k in (1, 2, 3)]
    text = HEADER + "".join(row(f"{time:%Y-%m-%d %H:%M:%S}+00:00") for time in times)
    kinds = read(tmp_path, text).findings["kind"].to_list()
    assert "bar_time" in kinds
    assert "bar_time" not in read(tmp_path, text, bar_time="close").findings["kind"].to_list()


def test_days_and_months_are_told_apart_by_what_follows_what_or_refused(tmp_path: Path) -> None:
    days = HEADER + "".join(row(f"11/{day}/2019 9:30") for day in (5, 6, 7, 8))
    assert read(tmp_path, days, time_zone="UTC").frame["time"][3].month == 11
    with pytest.raises(ConfigError, match='dates="day-first" or dates="month-first"'):
        read(tmp_path, HEADER + row("02/01/2024 05:00"), time_zone="UTC")
    with pytest.raises(ConfigError, match="given 'dmy', expected 'day-first'"):
        read(tmp_path, HEADER + row("02/01/2024 05:00"), time_zone="UTC", dates="dmy")


def test_local_times_that_come_twice_or_never_are_never_settled_in_silence(tmp_path: Path) -> None:
    twice, never = HEADER + row("2024-11-03 01:30"), HEADER + row("2024-03-10 02:30")
    with pytest.raises(InvalidCandleData, match=r"bars.csv, row 0: .* comes twice"):
        read(tmp_path, twice, time_zone=NEW_YORK)
    late = read(tmp_path, twice, time_zone=NEW_YORK, ambiguous="latest")
    assert (late.frame["time"][0].hour, late.findings["kind"].to_list()) == (6, ["ambiguous"])
    with pytest.raises(InvalidCandleData, match="does not exist"):
        read(tmp_path, never, time_zone=NEW_YORK)
    dropped = read(tmp_path, never + row("2024-03-10 03:30"), time_zone=NEW_YORK,
                   nonexistent="drop")  # fmt: skip
    assert (len(dropped), dropped.findings["kind"].to_list()) == (1, ["nonexistent"])


def test_bid_and_ask_of_two_files_are_joined_and_what_is_left_over_is_reported(
    tmp_path: Path,
) -> None:
    head = "timestamp,open,high,low,close\n"
    times = [f"2024-01-02 00:0{k}:00+00:00" for k in range(3)]
    bid = put(tmp_path, "x-bid.csv", head + "".join(f"{t},1,2,1,2\n" for t in times[:2]))
    ask = put(tmp_path, "x-ask.csv", head + "".join(f"{t},2,3,2,1.5\n" for t in times[1:]))
    for one in (
        omega.read_candles(bid, ask=ask, bar_time="open"),
        omega.read_candles(tmp_path, bar_time="open"),
    ):
        assert one.frame.row(0)[1:] == (1.0, 2.0, 1.0, 2.0, 2.0, 3.0, 2.0, 1.5)
        left = one.findings.filter(kind="unmatched")
        assert [Path(name).name for name in left["file"]] == ["x-bid.csv", "x-ask.csv"]
        assert one.findings["kind"].to_list().count("crossed") == 1
    with pytest.raises(ConfigError, match="the ask side alone"):
        omega.read_candles(ask, bar_time="open")
    assert len(omega.read_candles(ask, bar_time="open", side="bid")) == 2


def test_prices_in_points_are_refused_until_the_scale_is_stated(tmp_path: Path) -> None:
    text = "Date,open,high,low,close\n2024-01-02,130583.99999999999,130600,130500,130584\n"
    file = put(tmp_path, "EURUSDd1.csv", text)
    with pytest.raises(ConfigError, match=r"they are points, not prices.*price_scale=0.00001"):
        omega.read_candles(file)
    assert omega.read_candles(file, price_scale=0.00001).frame["open"][0] == 1.30584


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + ROW + "2024-01-02 00:01:00+00:00,1.1,abc,1,1,5\n", "line 3: 'abc' in column"),
        (HEADER + ROW + "yesterday,1.1,1.1,1,1,5\n", "row 1: 'yesterday' is no time"),
        (HEADER + ROW.strip() + ",7\n", "line 2: 7 values, expected 6"),
        ("a,b,c\n1,2,3\n", "no column is known to hold the time"),
        ("date,AAA,BBB,CCC\n2024-01-02,1,2,3\n", "wide table.*columns={'close': 'AAA'}"),
        ("1,2,3,4,5\n", r"without names.*columns=\['time'"),
        ("<html><body>Login</body></html>", "web page"),
        ("", r"empty \(0 bytes\)"),
        (b"\x28\xb5\x2f\xfdDBN", "Databento DBN"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises((ConfigError, InvalidCandleData), match=message):
        read(tmp_path, text)


def test_columns_are_named_by_the_user_by_role_or_from_the_left(tmp_path: Path) -> None:
    wide = "date,AAA,BBB\n2024-01-02,1,2\n"
    frame = read(tmp_path, wide, columns={"close": "BBB"}).frame
    assert frame.row(0)[1:] == (2.0, 2.0, 2.0, 2.0)
    bare = "2024-01-02 00:00,9,1,2,1,2\n"
    roles = ["time", "-", "open", "high", "low", "close"]
    frame = read(tmp_path, bare, columns=roles, time_zone="UTC").frame
    assert frame.row(0)[1:] == (1.0, 2.0, 1.0, 2.0)
    with pytest.raises(ConfigError, match="'clse' is no role"):
        read(tmp_path, wide, columns={"clse": "BBB"})
    with pytest.raises(ConfigError, match="no column 'BB'"):
        read(tmp_path, wide, columns={"close": "BB"})


def test_other_separators_commas_and_encodings_are_seen(tmp_path: Path) -> None:
    text = "Date;Time;Open;High;Low;Close\n2024-01-02;09:00;1,5;1,6;1,4;1,5\n"
    for raw in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        file = put(tmp_path, "x.csv", raw)
        frame = omega.read_candles(file, time_zone="UTC", bar_time="open").frame
        assert frame.row(0)[1:] == (1.5, 1.6, 1.4, 1.5)


def test_a_title_above_the_names_and_rows_from_new_to_old_are_understood(tmp_path: Path) -> None:
    days = [f"11/{day}/2019 09:30,1,2,1,2\n" for day in (8, 7, 6, 5)]
    text = "https://www.example.com\ndate,open,high,low,close\n" + "".join(days)
    bars = read(tmp_path, text, time_zone="UTC", sort=True)
    assert [time.day for time in bars.frame["time"]] == [5, 6, 7, 8]
    assert bars.findings.filter(kind="unsorted").height == 3


def test_symbols_of_one_file_are_never_mixed(tmp_path: Path) -> None:
    text = "timestamp,symbol,open,high,low,close\n" + "".join(
        f"2024-01-02 00:00Z,{name},1,2,1,2\n" for name in ("AAA", "BBB")
    )
    with pytest.raises(ConfigError, match="holds the symbols 'AAA', 'BBB'"):
        read(tmp_path, text)
    one = read(tmp_path, text, symbol="BBB")
    assert (len(one), one.symbol) == (1, "BBB")


def test_a_spread_that_must_be_points_is_refused_until_the_point_is_stated(tmp_path: Path) -> None:
    text = "timestamp,open,high,low,close,spread\n2024-01-02 00:00Z,1,2,1,2,47\n"
    with pytest.raises(ConfigError, match=r"seems to be in points.*point=0.00001"):
        read(tmp_path, text)
    assert read(tmp_path, text, point=0.00001).frame["spread"][0] == pytest.approx(0.00047)


def test_quoted_values_and_empty_lines_are_no_trouble(tmp_path: Path) -> None:
    text = HEADER + '"2024-01-02 00:00Z","1","2","1","2","5"\r\n\n2024-01-02 00:01Z,1,2,1,2,5\n\n'
    assert len(read(tmp_path, text)) == 2


def test_an_import_is_written_with_its_metadata_and_runs(tmp_path: Path) -> None:
    times = [f"2024-01-02 00:0{k}:00+00:00" for k in range(5)]
    bars = read(tmp_path, HEADER + "".join(row(time) for time in times), symbol="EURUSD")
    arrow, parquet = tmp_path / "bars.arrow", tmp_path / "bars.parquet"
    bars.write_arrow(arrow)
    bars.write_parquet(parquet)
    kept = pyarrow.ipc.open_file(arrow).schema.metadata[b"omega.import"]
    assert json.loads(kept)["symbol"] == "EURUSD"
    assert pl.read_parquet_metadata(parquet)["omega.import"] == kept.decode()
    assert pl.read_ipc(arrow).equals(bars.frame)
    assert pyarrow.ipc.open_file(arrow).read_all().num_rows == 5
    assert omega.CandleStore(arrow).copied_bytes == 0
    with pytest.raises(WriteFailed, match="cannot be written"):
        bars.write_arrow(tmp_path / "no such folder" / "bars.arrow")

    class Once(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy(size=1)

    for file in (arrow, parquet):
        again = omega.read_candles(file)
        assert (again.symbol, again.bar_time, again.frame.equals(bars.frame)) == (
            "EURUSD", "open", True,
        )  # fmt: skip
    prints = {
        omega.run_backtest(data, Once(), backend=BACKENDS[0]).fingerprint
        for data in (bars, arrow, parquet)
    }
    assert len(prints) == 1


def test_a_description_asks_for_nothing(tmp_path: Path) -> None:
    file = put(tmp_path, "GBPUSD.csv", HEADER + row("2024-01-02 00:00") + row("2024-01-02 00:05"))
    found = describe(file)
    assert (found["source"], found["rows"], found["step"]) == ("csv", 2, "M5")
    assert (found["symbol"], found["time_zone"], found["bar_time"]) == ("GBPUSD", None, None)


def test_files_are_put_in_the_order_of_their_rows(tmp_path: Path) -> None:
    late = put(tmp_path, "a.csv", HEADER + row("2024-01-03 00:00+00:00"))
    early = put(tmp_path, "b.csv", HEADER + row("2024-01-02 00:00+00:00"))
    bars = omega.read_candles([late, early], bar_time="open")
    assert bars.frame["time"].is_sorted()
    assert bars.files == (str(early), str(late))


@pytest.mark.parametrize("ending", ["arrow", "parquet"])
def test_what_was_imported_keeps_its_symbol_wherever_it_is_run(tmp_path: Path, ending: str) -> None:
    bars = read(tmp_path, HEADER + row("2024-01-02 00:00+00:00"), symbol="EURUSD")
    file = tmp_path / f"bars.{ending}"
    (bars.write_arrow if ending == "arrow" else bars.write_parquet)(file)
    assert omega.CandleStore(bars).symbols == ["EURUSD"]
    assert omega.CandleStore(file).symbols == ["EURUSD"]
    assert omega.CandleStore(omega.Dataset(file)).symbols == ["EURUSD"]
    assert omega.CandleStore(omega.Candles(bid=file)).symbols == ["EURUSD"]
    # A name that is given wins, and rows alone have none.
    assert omega.CandleStore(file, symbol="OTHER").symbols == ["OTHER"]
    assert omega.CandleStore(bars.frame).symbols == ["SYMBOL"]


def test_files_of_several_symbols_have_no_name_together(tmp_path: Path) -> None:
    for place, symbol in enumerate(("EURUSD", "GBPUSD")):
        bars = read(tmp_path, HEADER + row(f"2024-01-0{place + 2} 00:00+00:00"), symbol=symbol)
        bars.write_parquet(tmp_path / f"{place}.parquet")
    assert omega.CandleStore(omega.Dataset(tmp_path / "*.parquet")).symbols == ["SYMBOL"]


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCandleData, match=r"a\.csv: there are no rows below the header"):
        omega.read_candles(put(tmp_path, "a.csv", HEADER), time_zone="UTC", bar_time="open")
    full = put(tmp_path, "b.csv", HEADER + row("2024-01-02 00:00+00:00"))
    assert omega.read_candles([tmp_path / "a.csv", full], bar_time="open").frame.height == 1

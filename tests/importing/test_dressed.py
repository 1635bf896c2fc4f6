"""Goal: numbers and lines are read as people and programs dress them, or asked about.

Method: one form each, as it is exported; the numbers by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _numbers
from tests.support.vendor_files import put

HEADER = "Date,Open,High,Low,Close,Volume\n"
INVESTING = '"Date","Price","Open","High","Low","Vol.","Change %"\n'
NASDAQ = "Date,Close/Last,Volume,Open,High,Low\n"
YFINANCE = "Price,Close,High,Low,Open\nTicker,SPY,SPY,SPY,SPY\nDate,,,,\n"
DAY = (1.5, 1.6, 1.4, 1.5)


Candles = omega.ImportedCandles


def read(folder: Path, text: str | bytes, **settings: Any) -> Candles:  # noqa: ANN401 - any
    return omega.read_candles(put(folder, "bars.csv", text), **settings)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Date;Open;High;Low;Close;Volume\n15.01.2024;1,5;1,6;1,4;1,5;1.250\n", (*DAY, 1250.0)),
        ("Date;Open;High;Low;Close\n15.01.2024;1.262,25;1.263,25;1.260,25;1.262,00\n",
         (1262.25, 1263.25, 1260.25, 1262.0)),
        (HEADER + '17-Jan-2024,"1,262.25","1,263.25","1,260.25","1,262.00","1,250"\n',
         (1262.25, 1263.25, 1260.25, 1262.0, 1250.0)),
        (NASDAQ + '01/17/2024,$182.68,"47,317,430",$181.27,$182.93,$180.3',
         (181.27, 182.93, 180.3, 182.68, 47_317_430.0)),
        (INVESTING + '"Jan 17, 2024","182.68","181.27","182.93","180.30","68.18K","-0.52%"\n',
         (181.27, 182.93, 180.3, 182.68, 68_180.0)),
        (HEADER + "2024-01-17,1 262.25,1'263.25,1260.25,1262,47.32M\n",
         (1262.25, 1263.25, 1260.25, 1262.0, 47_320_000.0)),
        (HEADER + '2024-01-17,1.5,1.6,1.4,1.5,"8,54,58,741"\n', (*DAY, 85_458_741.0)),
        ("Time (EET),Open,High,Low,Close\n2024-01-17,1.5,1.6,1.4,1.5\n", DAY),
        ("timeOpen,timeClose,open,high,low,close,timestamp\n2024-01-17,x,1.5,1.6,1.4,1.5,y\n", DAY),
        (HEADER + "2024-01-17,1.5,1.6,1.4,1.5,-\n", DAY),  # no row has a volume
        (HEADER + "2024-01-17, 1.5 ,1.6,1.4,1.5, 7\n", (*DAY, 7.0)),
        ("Date Open High Low Close\n2024-01-17  1.5 1.6   1.4 1.5\n", DAY),
        ("Date,Open,High,Low,Close\n01/17/24,1.5,1.6,1.4,1.5\n", DAY),
        ("Datum;Eröffnung;Hoch;Tief;Schluss\n17.01.2024;1,5;1,6;1,4;1,5\n", DAY),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_dressed(
    text: str, row: tuple[float, ...], tmp_path: Path
) -> None:
    assert read(tmp_path, text).frame.row(0)[1:] == row


def test_texts_of_a_parquet_file_are_numbers_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"time": ["2024-01-17"], "open": ["1,262.25"], "close": ["1,263.25"]})
    frame.write_parquet(tmp_path / "bars.parquet")
    bars = omega.read_candles(tmp_path / "bars.parquet")
    assert bars.frame["close"].to_list() == [1263.25]
    frame.with_columns(close=pl.lit("one")).write_parquet(tmp_path / "bars.parquet")
    with pytest.raises(InvalidCandleData, match=r"parquet, row 0: 'one' in column 'close' is no"):
        omega.read_candles(tmp_path / "bars.parquet")


@pytest.mark.parametrize(
    "text",
    [
        "Date,Open,High,Low,Close\r2024-01-17,1.5,1.6,1.4,1.5\r",
        "sep=;\r\nDate;Open;High;Low;Close\r\n2024-01-17;1,5;1,6;1,4;1,5\r\n",
        "\n\nDate,Open,High,Low,Close\n\n2024-01-17,1.5,1.6,1.4,1.5\n",
        "# made by\n\nDate,Open,High,Low,Close\n2024-01-17,1.5,1.6,1.4,1.5\n",
        "A title\nDate,Open,High,Low,Close\n2024-01-17,1.5,1.6,1.4,1.5\n",
    ],
)
def test_ends_of_lines_and_what_stands_above_the_names_are_no_trouble(
    text: str, tmp_path: Path
) -> None:
    assert read(tmp_path, text).frame.row(0)[1:5] == DAY


def test_a_dressed_number_that_comes_late_is_read_too(tmp_path: Path) -> None:
    rows = "".join(f"{1990 + k}-01-17,1.5,1.6,1.4,1.5,7\n" for k in range(30)) * 3
    bars = read(tmp_path, HEADER + rows + '2024-01-17,1.5,1.6,1.4,1.5,"1,250"\n')
    assert bars.frame["volume"][-1] == 1250.0


def test_a_mark_that_no_number_decides_is_asked_for(tmp_path: Path) -> None:
    text = "Date;Open;High;Low;Close\n2024-01-17;109,250;109,300;109,200;109,250\n"
    with pytest.raises(ConfigError, match=r"'109,250' may be 109250 or 109\.250.*decimal=\",\""):
        read(tmp_path, text)
    assert read(tmp_path, text, decimal=",").frame["open"][0] == 109.25
    assert read(tmp_path, text, decimal=".").frame["open"][0] == 109_250.0
    with pytest.raises(ConfigError, match=r"decimal: given ';', expected"):
        read(tmp_path, text, decimal=";")


def test_numbers_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    text = "Date;Open;High;Low;Close\n2024-01-17;1,5;1.6;1,4;1,5\n"
    with pytest.raises(ConfigError, match=r"'1\.6' has a point before its decimals and '1,5' a"):
        read(tmp_path, text)
    late = "Date;Open;High;Low;Close\n" + "2024-01-17;1,5;1,6;1,4;1,5\n" * 70
    with pytest.raises(InvalidCandleData, match=r"line 72: '1\.6' .* is no number, as decimals"):
        read(tmp_path, late + "2024-01-17;1,5;1.6;1,4;1,5\n")


@pytest.mark.parametrize("cell", ["1.2.3", "1,2,3", "abc", "1-2", "0x1F", "1e", "1,2345.6"])
def test_what_is_no_number_stays_none(cell: str, tmp_path: Path) -> None:
    assert not _numbers.is_number(cell, ".")
    with pytest.raises((InvalidCandleData, ConfigError), match=r"bars\.csv"):
        read(tmp_path, HEADER + f'2024-01-17,1.5,1.6,1.4,"{cell}",5\n')


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (",Date,Open,High,Low,Close\n0,2024-01-17,1.5,1.6,1.4,1.5\n", "no name; it was left out"),
        (",Open,High,Low,Close\n2024-01-17,1.5,1.6,1.4,1.5\n", "no name; it was taken as the time"),
        ("Date,Open,High,Low,Close\n2024-01-17,1.5,1.6,1.4,1.5,\n", "ends with a separator"),
        ("Date,Open,High,Low,Close,\n2024-01-17,1.5,1.6,1.4,1.5,\n", "times: "),
        ("Date,Open,High,Low,Close,\n2024-01-17,1.5,1.6,1.4,1.5\n", "times: "),
        ("Date,Open,High,Low,Close\n1,2024-01-17,1.5,1.6,1.4,1.5\n", "their first has none"),
        (YFINANCE + "2024-01-17,1.5,1.6,1.4,1.5\n", "as yfinance writes them"),
    ],
)  # fmt: skip
def test_headers_of_frames_are_understood_and_told(text: str, note: str, tmp_path: Path) -> None:
    bars = read(tmp_path, text)
    assert bars.frame.row(0)[1:5] == DAY
    assert any(note in one for one in bars.notes)


def test_one_symbol_of_several_is_taken_from_yfinance(tmp_path: Path) -> None:
    text = ("Price,Close,Close,Open,Open,High,High,Low,Low\nTicker,A,B,A,B,A,B,A,B\n"
            "Date,,,,,,,,\n2024-01-17,1.5,9,1.5,9,1.6,9,1.4,9\n")  # fmt: skip
    with pytest.raises(ConfigError, match=r"holds the symbols 'A', 'B'.*symbol='A'"):
        read(tmp_path, text)
    bars = read(tmp_path, text, symbol="A")
    assert (bars.symbol, bars.frame.row(0)[1:5]) == ("A", DAY)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le",
                                      "utf-16-be"])  # fmt: skip
def test_encodings_are_seen(encoding: str, tmp_path: Path) -> None:
    text = "Date;Open;High;Low;Close;Größe €\n2024-01-17;1.5;1.6;1.4;1.5;ä\n"
    bars = read(tmp_path, text.encode(encoding))
    assert bars.frame.row(0)[1:5] == DAY
    assert ("the text is no UTF-8, and was read as Windows-1252" in bars.notes) is (
        encoding == "cp1252"
    )


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_lines_that_are_quoted_whole_are_read(mark: str, tmp_path: Path) -> None:
    lines = (f'"{mark.join(cells)}"\r\n' for cells in (
        ("Date", "Open", "High", "Low", "Close", '""note""'),
        ("2024-01-17", "1.5", "1.6", "1.4", "1.5", '""x""'),
    ))  # fmt: skip
    assert read(tmp_path, "".join(lines)).frame.row(0)[1:5] == DAY


@pytest.mark.parametrize(
    "text",
    ['{"e":"kline","E":1672515782136}\n{"e":"kline"}\n', '[{"time": 1, "open": 1}]',
     '"{""e"":""kline"",""E"":1}"\n', 'time,message\n2024-01-17,"{""a"": 1, ""b"": 2}"\n'],
)  # fmt: skip
@pytest.mark.parametrize("source", [None, "csv", "histdata"])
def test_json_messages_are_named(text: str, source: str | None, tmp_path: Path) -> None:
    with pytest.raises(InvalidCandleData, match=r"holds JSON messages.*read_ndjson"):
        read(tmp_path, text, source=source)


def test_ticks_beside_a_last_price_are_quotes(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-17 00:00:0{k}.123Z,1.1,1.2,1.15\n" for k in range(3))
    file = put(tmp_path, "EURUSD.csv", "time,bid,ask,last\n" + rows)
    assert omega.read_ticks(file).frame.select("bid", "ask").rows() == [(1.1, 1.2)] * 3
    assert len(omega.read_candles(file, timeframe="M1")) == 1


def test_a_side_that_metatrader_leaves_empty_did_not_change(tmp_path: Path) -> None:
    head = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\r\n"
    sides = (("1.1", "1.2"), ("", "1.3"), ("1.0", ""))
    rows = "".join(f"2024.01.02\t00:00:0{k}.123\t{bid}\t{ask}\t\t\t6\r\n"
                   for k, (bid, ask) in enumerate(sides))  # fmt: skip
    file = put(tmp_path, "EURUSD_202401.csv", head + rows)
    ticks = omega.read_ticks(file, time_zone="UTC")
    assert (ticks.source, ticks.symbol) == ("metatrader5-ticks", "EURUSD")
    assert ticks.frame.select("bid", "ask").rows() == [(1.1, 1.2), (1.1, 1.3), (1.0, 1.3)]
    assert ticks.findings.is_empty()
    bars = omega.read_candles(file, time_zone="UTC", timeframe="M1")
    assert bars.frame.row(0)[1:9] == (1.1, 1.1, 1.0, 1.0, 1.2, 1.3, 1.2, 1.3)


@pytest.mark.parametrize("name", ["bars.xlsx", "bars.ods"])
def test_a_spreadsheet_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(InvalidCandleData, match=r"is a spreadsheet, which is not read here.*CSV"):
        omega.read_candles(path)

"""Goal: each format is known by its content, and read with the clock and columns that it has.

Method: a few invented lines of each, as the vendor or program writes them.
"""

from __future__ import annotations

import io
import json
import lzma
import struct
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from tests.support.vendor_files import NEW_YORK, put

BAR = "1.10;1.12;1.09;1.11"
COMMA = BAR.replace(";", ",")
KLINES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore\n"
)
YFINANCE = "Datetime,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n"
EXPORT = "Gmt time,Open,High,Low,Close,Volume\n"


@pytest.mark.parametrize(
    "case",
    [
        ("DAT_ASCII_EURUSD_M1_2024.csv", f"20240102 000000;{BAR};0\n", "histdata",
         {"time_zone": NEW_YORK}, "2024-01-02 05:00"),
        ("x.csv", f"20240102 000100;{BAR};12\n20240102 000200;{BAR};1\n", "ninjatrader",
         {"time_zone": "UTC"}, "2024-01-02 00:00"),
        ("DAT_MT_EURUSD_M1.csv", f"2024.01.02,00:00,{COMMA},0\n", "histdata-mt",
         {"time_zone": "UTC-5"}, "2024-01-02 05:00"),
        ("EURUSD1.csv", f"2024.07.02,00:00,{COMMA},33\n", "metatrader4",
         {"time_zone": "America/New_York+7"}, "2024-07-01 21:00"),
        ("a.csv", f"1704153600000,{COMMA},7,1704153659999,1,2,3,4,0\n", "binance", {},
         "2024-01-02 00:00"),
        ("a.csv", f"1704153600000000,{COMMA},7,1704153659999999,1,2,3,4,0\n", "binance", {},
         "2024-01-02 00:00"),
        ("a.csv", KLINES + f"1704153600000,{COMMA},7,1,1,2,3,4,0\n", "binance-header", {},
         "2024-01-02 00:00"),
        ("SPY.csv", f"Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,{COMMA},1.0,9\n",
         "yahoo", {}, "2024-01-02 00:00"),
        ("SPY.csv", YFINANCE + f"2024-01-02 00:00:00-05:00,{COMMA},1.0,9,0,0\n", "yahoo", {},
         "2024-01-02 05:00"),
        ("EURUSD_BID.csv", EXPORT + f"02.01.2024 00:00:00.000,{COMMA},1\n", "dukascopy-export", {},
         "2024-01-02 00:00"),
        ("XRP_USDT-5m.json", json.dumps([[1704153600000, 1.1, 1.12, 1.09, 1.11, 5.0]]),
         "freqtrade", {}, "2024-01-02 00:00"),
    ],
)  # fmt: skip
def test_candles_are_known_by_their_lines(
    case: tuple[str, str, str, dict[str, Any], str], tmp_path: Path
) -> None:
    name, text, source, settings, first = case
    bars = omega.read_candles(put(tmp_path, name, text), **settings)
    assert bars.source == source
    assert f"{bars.frame['time'][0]:%Y-%m-%d %H:%M}" == first
    assert bars.frame.row(0)[1:5] == (1.1, 1.12, 1.09, 1.11)


@pytest.mark.parametrize(
    "case",
    [
        ("t.csv", "20240102 000000065,1.1,1.2,0\n", "histdata-ticks", {"time_zone": NEW_YORK},
         (datetime(2024, 1, 2, 5, 0, 0, 65_000, UTC), 1.1, 1.2)),
        ("t.csv", "EUR/USD,20240102 00:00:00.065,1.1,1.2\n", "truefx", {},
         (datetime(2024, 1, 2, 0, 0, 0, 65_000, UTC), 1.1, 1.2)),
        ("t.csv", "2024.01.02 00:00:00.065,1.1,1.2,1.50,0.75\r\n", "dukascopy-ticks", {},
         (datetime(2024, 1, 2, 0, 0, 0, 65_000, UTC), 1.1, 1.2)),
        ("t.csv", "1704153600,1.1,3.0\n", "bitstamp", {},
         (datetime(2024, 1, 2, tzinfo=UTC), 1.1, 3.0)),
    ],
)  # fmt: skip
def test_ticks_are_known_by_their_lines(
    case: tuple[str, str, str, dict[str, Any], tuple[object, ...]], tmp_path: Path
) -> None:
    name, text, source, settings, tick = case
    ticks = omega.read_ticks(put(tmp_path, name, text), **settings)
    assert ticks.source == source
    assert ticks.frame.row(0)[:3] == tick


def test_every_source_says_what_it_knows_of_its_clock() -> None:
    table = omega.import_sources()
    assert table["source"].is_unique().all()
    assert {"histdata", "dukascopy", "metatrader5", "lean", "binance"} <= {*table["source"]}
    assert table["clock"].str.len_chars().min() == 3  # "UTC"


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("DAT_ASCII_EURUSD_M1_2024.csv", f"20240102 000000;{BAR};0\n", "EST without daylight"),
        ("EURUSD1.csv", f"2024.07.02,00:00,{COMMA},33\n", "clock of the broker's server"),
        ("x.csv", f"20240102 000100;{BAR};12\n", "NinjaTrader exports in the zone"),
    ],
)
def test_a_source_without_a_documented_clock_says_what_is_known(
    name: str, text: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=f"no zone.*{hint}.*time_zone="):
        omega.read_candles(put(tmp_path, name, text))


MT5 = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"


def test_the_spread_of_metatrader_is_turned_into_prices_and_the_point_is_told(
    tmp_path: Path,
) -> None:
    text = MT5 + "2024.01.02\t00:00:00\t1.10001\t1.12\t1.09\t1.11\t8\t0\t47\r\n"
    file = put(tmp_path, "EURUSD_M1_2024.csv", text)
    bars = omega.read_candles(file, time_zone="UTC+2")
    assert (bars.symbol, bars.frame["spread"][0], bars.frame["volume"][0]) == ("EURUSD", 0.00047, 8)
    assert any("spread read as points of 0.00001, the last decimal" in note for note in bars.notes)
    stated = omega.read_candles(file, time_zone="UTC+2", point=0.0001)
    assert stated.frame["spread"][0] == 0.0047
    assert any("points of 0.0001, as stated" in note for note in stated.notes)


def test_days_of_metatrader_have_no_time(tmp_path: Path) -> None:
    text = MT5.replace("<TIME>\t", "") + "2024.01.02\t1.5\t1.7\t1.4\t1.6\t8\t0\t2\r\n"
    bars = omega.read_candles(put(tmp_path, "US30m_Daily_2024.csv", text))
    assert bars.time_zone.startswith("UTC (dates alone")
    assert (bars.symbol, bars.frame["spread"][0]) == ("US30m", 0.2)


def bi5(rows: Sequence[tuple[float, ...]], form: str) -> bytes:
    return lzma.compress(b"".join(struct.pack(form, *row) for row in rows), lzma.FORMAT_ALONE)


def test_bi5_is_read_with_months_from_zero(tmp_path: Path) -> None:
    tick = [(65, 110_020, 110_000, 1.5, 0.75)]
    put(tmp_path, "EURUSD/2024/01/29/10h_ticks.bi5", bi5(tick, ">3i2f"))
    put(tmp_path, "EURUSD/2024/01/29/11h_ticks.bi5", b"")
    ticks = omega.read_ticks(tmp_path)
    assert ticks.frame.row(0) == (
        datetime(2024, 2, 29, 10, 0, 0, 65_000, UTC), 1.1, 1.1002, 0.75, 1.5,
    )  # fmt: skip
    candle = [(60, 150_000, 150_400, 149_900, 150_500, 3.0)]
    for side in ("BID", "ASK"):
        path = f"USDJPY/2024/00/01/{side}_candles_min_1.bi5"
        put(tmp_path, path, bi5(candle, ">5if"))
    bars = omega.read_candles(tmp_path / "USDJPY")
    assert bars.frame.row(0)[:5] == (
        datetime(2024, 1, 1, 0, 1, tzinfo=UTC), 150.0, 150.5, 149.9, 150.4,
    )  # fmt: skip
    assert bars.symbol == "USDJPY"


def test_a_damaged_or_misplaced_bi5_is_told(tmp_path: Path) -> None:
    whole = bi5([(65, 110_020, 110_000, 1.5, 0.75)] * 500, ">3i2f")
    cut = put(tmp_path, "EURUSD/2024/01/01/10h_ticks.bi5", whole[:-30])
    with pytest.raises(InvalidCandleData, match=r"10h_ticks.bi5: the LZMA stream is damaged"):
        omega.read_ticks(cut)
    alone = put(tmp_path, "lost.bi5", whole)
    with pytest.raises(ConfigError, match="path does not say what the file holds"):
        omega.read_ticks(alone)
    odd = put(tmp_path, "XYZ/2024/01/01/10h_ticks.bi5", whole)
    with pytest.raises(ConfigError, match="scale of 'XYZ' is not known"):
        omega.read_ticks(odd)
    assert omega.read_ticks(odd, price_scale=0.01).frame["bid"][0] == 1_100.0


def test_freqtrade_feather_is_read_and_funding_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "date": [datetime(2024, 1, 1, tzinfo=UTC)],
            **{name: [1.0] for name in ("open", "high", "low", "close")},
            "volume": [float("nan")],
        }
    )
    frame.write_ipc(tmp_path / "XRP_USDT_USDT-1h-mark.feather")
    bars = omega.read_candles(tmp_path / "XRP_USDT_USDT-1h-mark.feather")
    assert (bars.symbol, bars.frame.columns[-1]) == ("XRP/USDT", "close")
    frame.write_ipc(tmp_path / "XRP_USDT_USDT-8h-funding_rate.feather")
    with pytest.raises(InvalidCandleData, match="funding rates, not candles"):
        omega.read_candles(tmp_path / "XRP_USDT_USDT-8h-funding_rate.feather")


def test_thousands_of_hours_in_an_archive_are_one_import(tmp_path: Path) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:xz") as archive:
        for hour in range(3):
            text = f"2024.01.02 0{hour}:00:00.000,1.1,1.2,1.50,0.75".encode()
            member = tarfile.TarInfo(f"EURUSD/2024/01/2024-01-02--0{hour}h_ticks.csv")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    file = put(tmp_path, "pack.tar.xz", content.getvalue())
    bars = omega.read_candles(file, timeframe="H1")
    assert (len(bars), bars.symbol, len(bars.files)) == (3, "EURUSD", 3)
    assert bars.frame["volume"].to_list() == [2.25] * 3
    with pytest.raises(InvalidCandleData, match="archive cannot be opened"):
        omega.read_ticks(put(tmp_path, "cut.tar.xz", content.getvalue()[:-40]))


def test_ticks_ask_how_long_candles_are_and_candles_are_no_ticks(tmp_path: Path) -> None:
    ticks = put(tmp_path, "t.csv", "2024.01.02 00:00:00.065,1.1,1.2,1.50,0.75\n")
    with pytest.raises(ConfigError, match=r'holds ticks.*timeframe="M1"'):
        omega.read_candles(ticks)
    bars = put(tmp_path, "DAT_ASCII_EURUSD_M1_2024.csv", f"20240102 000000;{BAR};0\n")
    with pytest.raises(ConfigError, match="holds candles, not ticks"):
        omega.read_ticks(bars, time_zone=NEW_YORK)
    with pytest.raises(ConfigError, match="given 'Q1', expected S, M, H, D or W"):
        omega.read_candles(ticks, timeframe="Q1")


def test_files_of_two_kinds_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "DAT_ASCII_EURUSD_M1_2024.csv", f"20240102 000000;{BAR};0\n")
    put(tmp_path, "DAT_MT_EURUSD_M1_2024.csv", f"2024.01.02,00:00,{COMMA},0\n")
    with pytest.raises(ConfigError, match=r"is histdata, but .* is histdata-mt"):
        omega.read_candles(tmp_path, time_zone=NEW_YORK)

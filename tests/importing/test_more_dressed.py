"""Goal: what vendors write in other ways than most is read right, or refused; never taken wrongly.

Method: a small file of each way; the right value is what a person reads.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from tests.support.vendor_files import put

PRICES = "1.10,1.12,1.09,1.11,5"
BARS = f"date,open,high,low,close,volume\n2024-01-02,{PRICES}\n2024-01-03,{PRICES}\n"


def read(
    folder: Path,
    text: str | bytes,
    name: str = "bars.csv",
    **settings: Any,  # noqa: ANN401 - any setting
) -> omega.ImportedCandles:
    return omega.read_candles(put(folder, name, text), **settings)


@pytest.mark.parametrize(
    ("head", "times", "first"),
    [
        ("date", ("202401021000", "202401021100"), (2024, 1, 2, 10, 0)),  # no count since 1970
        ("date", ("02-Jan-24", "03-Jan-24"), (2024, 1, 2)),  # not the year 24
        ("date", ("2 Jan 24", "3 Jan 24"), (2024, 1, 2)),
        ("date", ('"Jan 2, 24"', '"Jan 3, 24"'), (2024, 1, 2)),
        ("date", ("2024-01-02 10:00:00+01", "2024-01-02 11:00:00+01"), (2024, 1, 2, 9, 0)),
        ("date", ("2024-07-01 10:00:00-05", "2024-07-01 12:00:00-04"), (2024, 7, 1, 15, 0)),
        ("date", ("2024-01-02 11:00 a.m.", "2024-01-02 12:00 p.m."), (2024, 1, 2, 11, 0)),
        ("date", ("2020-07-05 11-PM", "2020-07-06 12-AM"), (2020, 7, 5, 23, 0)),
        ("date,time", ("20240102,931", "20240102,1000"), (2024, 1, 2, 9, 31)),
        ("date,time", ("01/02/2024,0931", "01/13/2024,0932"), (2024, 1, 2, 9, 31)),
        ("date,time", ("20240102,93100", "20240102,100000"), (2024, 1, 2, 9, 31)),
        ("date,time", ("20240102,0", "20240102,100"), (2024, 1, 2, 0, 0)),
    ],
)
def test_times_are_those_that_a_person_reads(
    head: str, times: tuple[str, str], first: tuple[int, ...], tmp_path: Path
) -> None:
    text = f"{head},open,high,low,close,volume\n" + "".join(f"{t},{PRICES}\n" for t in times)
    zone = {} if "+" in text or "-0" in times[0][10:] else {"time_zone": "UTC"}
    bars = read(tmp_path, text, bar_time="open", **zone)
    assert bars.frame["time"][0].timetuple()[: len(first)] == first
    assert bars.frame["time"][0] < bars.frame["time"][1]


def test_an_hour_alone_is_no_time_of_hours_and_minutes(tmp_path: Path) -> None:
    text = f"date,hour,open,high,low,close,volume\n2024-01-02,9,{PRICES}\n2024-01-02,10,{PRICES}\n"
    with pytest.raises(InvalidCandleData, match=r"'2024-01-02 9' is no time that is known"):
        read(tmp_path, text, bar_time="open", time_zone="UTC")


def test_midnights_a_day_apart_are_days_and_need_no_clock(tmp_path: Path) -> None:
    text = f"2024.01.02,00:00,{PRICES}\n2024.01.03,00:00,{PRICES}\n"
    bars = read(tmp_path, text, "EURUSD1440.csv")
    assert (bars.source, bars.frame["time"][0]) == ("metatrader4", datetime(2024, 1, 2, tzinfo=UTC))
    with pytest.raises(ConfigError, match="the times have no zone"):
        read(tmp_path, text.replace("2024.01.03,00:00", "2024.01.02,00:01"), "EURUSD1.csv")


def test_a_price_in_thirty_seconds_is_no_number_with_thousands(tmp_path: Path) -> None:
    text = "date,open,high,low,close\n2024-01-02,110'16,111'00,110'00,110'24\n"
    with pytest.raises(InvalidCandleData, match=r"\"110'16\" in column 'open' is no number"):
        read(tmp_path, text)
    text = "date,open,high,low,close,volume\n2024-01-02,1'110.5,1'111,1'110,1'110.5,1.5 M\n"
    assert read(tmp_path, text).frame.row(0)[1:] == (1110.5, 1111.0, 1110.0, 1110.5, 1_500_000.0)


@pytest.mark.parametrize(
    "head",
    [
        "Datum;Zuletzt;Eröffn.;Hoch;Tief",
        "Date;Dernier;Ouv.;Plus Haut;Plus Bas",
        "Fecha;Último;Apertura;Máximo;Mínimo",
        "Data;Ultimo;Apertura;Massimo;Minimo",
        "Data;Último;Abertura;Máxima;Mínima",
        "Data;Zamkniecie;Otwarcie;Najwyzszy;Najnizszy",
    ],
)
def test_names_of_columns_in_other_languages_are_known(head: str, tmp_path: Path) -> None:
    bars = read(tmp_path, f"{head}\n17.01.2024;1,0882;1,0874;1,0884;1,0843\n")
    assert bars.frame.row(0)[1:] == (1.0874, 1.0884, 1.0843, 1.0882)


@pytest.mark.parametrize(
    ("name", "content"),
    [("b.csv.xz", lzma.compress(BARS.encode())), ("b.csv.bz2", bz2.compress(BARS.encode()))],
)
def test_files_that_are_packed_alone_are_read(name: str, content: bytes, tmp_path: Path) -> None:
    assert read(tmp_path, content, name).frame.height == 2
    with pytest.raises(InvalidCandleData, match=r"the archive cannot be opened"):
        read(tmp_path, content[:-20], name)


def test_what_macos_adds_to_an_archive_is_no_data(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("EURUSD.csv", BARS)
        archive.writestr("__MACOSX/._EURUSD.csv", b"\x00\x05\x16\x07")
    assert read(tmp_path, held.getvalue(), "EURUSD.zip").frame.height == 2


def test_a_packed_csv_is_not_taken_for_the_format_of_a_vendor(tmp_path: Path) -> None:
    with pytest.raises(InvalidCandleData, match=r"packed with Zstandard.*zstd -d"):
        read(tmp_path, b"\x28\xb5\x2f\xfd" + bytes(20), "bars.csv.zst")


@pytest.mark.parametrize(
    ("volume", "kind"), [("", "missing"), ("nan", "missing"), ("-1", "negative_volume")]
)
def test_a_volume_that_no_run_takes_is_found(volume: str, kind: str, tmp_path: Path) -> None:
    text = BARS + f"2024-01-04,1.10,1.12,1.09,1.11,{volume}\n"
    found = read(tmp_path, text).findings
    assert found.select("kind", "row").rows() == [(kind, 2)]
    kept = read(tmp_path, text, drop_missing=True)
    assert kept.frame.height == (2 if kind == "missing" else 3)


def test_ticks_that_dukascopy_exports_have_their_days_first(tmp_path: Path) -> None:
    text = "Gmt time,Ask,Bid,AskVolume,BidVolume\n02.01.2024 10:00:00.100,1.2,1.1,1.5,0.75\n"
    bars = read(tmp_path, text, "EURUSD_Ticks_02.01.2024.csv", timeframe="M1")
    assert (bars.source, bars.symbol) == ("dukascopy-export", "EURUSD")
    assert bars.frame["time"][0] == datetime(2024, 1, 2, 10, tzinfo=UTC)
    assert bars.frame.select("bid_close", "ask_close").row(0) == (1.1, 1.2)


MT5 = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
LINES = {
    "EURUSD_M1.csv": f"{MT5}2024.01.02\t00:05:00\t1.10\t1.12\t1.09\t1.11\t8\t0\t7\n",
    "DAT_ASCII_EURUSD_M1_202401.csv": "20240102 170000;1.10;1.12;1.09;1.11;0\n",
    "DAT_MT_EURUSD_M1_202401.csv": "2024.01.02,17:00,1.10,1.12,1.09,1.11,0\n",
    "ADABTC-1m-2021-11-27.csv": "1637971200000,1.10,1.12,1.09,1.11,3,1637971259999,4,5,6,7,0\n",
    "EURUSD_H1_BID.csv": "Time,Open,High,Low,Close,Volume\n"
    "02.01.2024 10:00:00.000,1.10,1.12,1.09,1.11,5\n",
}


def quoted(line: str) -> str:
    return '"' + re.sub(r"([,;])", r'"\1"', line) + '"'


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(
    "dress",
    [
        lambda text: "\n\n" + text,
        lambda text: text + "\x1a",  # the end of a file of DOS
        lambda text: text + "\0\0",
        lambda text: text.replace(",", ", ").replace(";", "; "),
        lambda text: re.sub(r"(?m)^(\d[^\t\n]*)$", lambda line: quoted(line[1]), text),
    ],
    ids=["empty lines above", "Ctrl-Z", "zeros", "spaces", "quotes"],
)  # fmt: skip
def test_lines_of_vendors_are_known_in_another_dress(
    name: str, dress: Callable[[str], str], tmp_path: Path
) -> None:
    zone = {} if name.startswith("ADA") else {"time_zone": "UTC"}
    plain = read(tmp_path / "plain", LINES[name], name, **zone)
    other = read(tmp_path / "other", dress(LINES[name]), name, **zone)
    assert other.frame.equals(plain.frame)
    assert (other.source, other.symbol) == (plain.source, plain.symbol)


@pytest.mark.parametrize(
    ("line", "roles"),
    [
        ("01/02/2024,09:30,1.10,1.12,1.09,1.11,5", "date clock open high low close volume"),
        ("EURUSD,20240102,1700,1.10,1.12,1.09,1.11,5",
         "symbol date clock open high low close volume"),
        ("1704189600,1.10,1.12,1.09,1.11,5,70", "time open high low close volume -"),
        ("2024-01-02 09:30:00,1.10,1.12,1.09,1.11", "time open high low close"),
        ("2024-01-02 09:30:00.1;1.10;3", "time price volume"),
    ],
)  # fmt: skip
def test_the_roles_that_are_proposed_for_a_line_without_names_read_it(
    line: str, roles: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="without names") as refused:
        read(tmp_path, line + "\n", time_zone="UTC")
    assert f"columns={roles.split()}" in str(refused.value)
    given: Any = {"columns": roles.split(), "dates": "month-first"}
    clock: Any = {} if line.startswith("17") else {"time_zone": "UTC"}
    if "price" in roles:
        assert omega.read_ticks(tmp_path / "bars.csv", **given, **clock).frame.height == 1
    else:
        bars = read(tmp_path, line + "\n", bar_time="open", **given, **clock)
        assert bars.frame.row(0)[1:5] == (1.10, 1.12, 1.09, 1.11)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BTCUSDT-trades-2024-01.csv", "33,42000.5,0.5,21000.25,1704189600123,True,True\n"),
        ("BTCUSDT-aggTrades-2025-01.csv", "33,42000.5,0.5,100,101,1704189600123000,false,True\n"),
        ("BTCUSDT-trades-2024-02.csv",
         ("id,price,qty,quote_qty,time,is_buyer_maker\n"
          "33,42000.5,0.5,21000.25,1704189600123,true\n")),
        ("BTCUSDT-aggTrades-2024-02.csv",
         ("agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
          "33,42000.5,0.5,100,101,1704189600123,false\n")),
    ],
)  # fmt: skip
def test_trades_of_binance_are_read(name: str, text: str, tmp_path: Path) -> None:
    found = omega.read_ticks(put(tmp_path, name, text))
    at = datetime(2024, 1, 2, 10, 0, 0, 123_000, tzinfo=UTC)
    assert found.frame.select("time", "price", "volume").row(0) == (at, 42000.5, 0.5)
    assert found.symbol == ("BTCUSDT" if text.startswith("33") else None)


def test_the_best_quotes_of_binance_are_read(tmp_path: Path) -> None:
    names = "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time"
    text = f"{names},event_time\n1,42000.1,1,42000.2,2,1704189600123,1704189600124\n"
    found = omega.read_ticks(put(tmp_path, "BTCUSDT-bookTicker-2024-01.csv", text))
    assert found.frame.select("bid", "ask").row(0) == (42000.1, 42000.2)

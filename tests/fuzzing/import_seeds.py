"""Small files of every source that is imported, as they are where nothing is broken."""

from __future__ import annotations

import functools
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import polars as pl

_TIMES = [datetime(2024, 1, 2, tzinfo=UTC) + timedelta(minutes=k) for k in range(8)]
_BARS = "1.10{k};1.12;1.09;1.11"


def _lines(form: str, head: str = "", count: int = 8) -> bytes:
    rows = (
        form.format(k=k, t=_TIMES[k % 8], ms=1_704_153_600_000 + k * 60_000) for k in range(count)
    )
    return (head + "".join(f"{row}\n" for row in rows)).encode()


def _bi5(form: str, row: tuple[float, ...]) -> bytes:
    return lzma.compress(struct.pack(form, *row) * 3, lzma.FORMAT_ALONE)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Give a zip archive of some files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def packed(members: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    """Give a tar archive of some files."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]  # any
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def _frame() -> pl.DataFrame:
    prices = {
        name: [1.1 + k / 1_000 for k in range(8)] for name in ("open", "high", "low", "close")
    }
    return pl.DataFrame({"date": _TIMES, **prices, "volume": [float(k) for k in range(8)]})


def _table(kind: str) -> bytes:
    held = io.BytesIO()
    if kind == "parquet":
        _frame().write_parquet(held)
    else:
        _frame().write_ipc(held)
    return held.getvalue()


_QUOTE = "{k},1.52,1.521,1.519,1.5205,0,1.5202,1.5212,1.5192,1.5207,0"
_MT5 = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
_NAMED = "timestamp,open,high,low,close,volume\n"


@functools.cache
def seeds() -> dict[str, bytes]:
    """Give each file by its path."""
    comma = _BARS.replace(";", ",")
    return {
        "DAT_ASCII_EURUSD_M1_2024.csv": _lines("20240102 00{k:02}00;" + _BARS + ";0"),
        "DAT_MT_EURUSD_M1_2024.csv": _lines("2024.01.02,00:0{k}," + comma + ",0"),
        "DAT_ASCII_EURUSD_T_2024.csv": _lines("20240102 00000{k}065,1.10,1.12,0"),
        "nt.txt": _lines("20240102 00{k:02}00;" + _BARS + ";12"),
        "EURUSD1.csv": _lines("2024.01.02,00:0{k}," + comma + ",33"),
        "EURUSD_M1_2024.csv": _lines(
            "2024.01.02\t00:0{k}:00\t1.10401\t1.2\t1\t1.1\t8\t0\t7", _MT5
        ),
        "EURUSD_202401.csv": _lines(
            "2024.01.02\t00:00:0{k}.123\t1.1\t1.2\t\t\t6",
            "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n",
        ),
        "truefx.csv": _lines("EUR/USD,20240102 00:00:0{k}.065,1.09500,1.09510"),
        "ADABTC-1m-2024.csv": _lines("{ms}," + comma + ",7,{ms},1,2,3,4,0"),
        "SPY.csv": _lines(
            "2024-01-0{k},1.5,1.6,1.4,1.5,1.5,9", "Date,Open,High,Low,Close,Adj Close,Volume\n"
        ),
        "bitstamp.csv": _lines("170415360{k},1.10,3.0"),
        "EURUSD_BID.csv": _lines(
            "02.01.2024 00:0{k}:00.000," + comma + ",7", "Gmt time,Open,High,Low,Close,Volume\n"
        ),
        "2024-01-02--00h_ticks.csv": _lines("2024.01.02 00:00:0{k}.000,1.1,1.2,1.50,0.75"),
        "EURUSD/2024/00/02/10h_ticks.bi5": _bi5(">3i2f", (65, 110_020, 110_000, 1.5, 0.75)),
        "EURUSD/2024/00/02/BID_candles_min_1.bi5": _bi5(">5if", (60, 150, 151, 149, 152, 3.0)),
        "forex/fxcm/minute/gbpusd/20150105_quote.zip": zipped({"q.csv": _lines(_QUOTE)}),
        "equity/usa/daily/aapl.zip": zipped(
            {"aapl.csv": _lines("2024010{k} 00:00,1000,1100,900,1000,5")}
        ),
        "XRP_BTC-5m.json": b"[[1704153600000,1,2,1,2,5],[1704153900000,1,2,1,2,5]]",
        "XRP_BTC-5m.feather": _table("feather"),
        "bars.parquet": _table("parquet"),
        "bars.arrow": _table("arrow"),
        "bars.csv": _lines("{t:%Y-%m-%d %H:%M:%S}+00:00," + comma + ",5", _NAMED),
        "days.csv": _lines(
            "0{k}.01.2024;1,5;1,6;1,4;1,5;1.250", "Date;Open;High;Low;Close;Volume\n"
        ),
        "dressed.csv": _lines(
            '"Jan 0{k}, 2024","1,182.68","1,181.27","1,182.93","1,180.30","68.18K"',
            '"Date","Price","Open","High","Low","Vol."\n',
        ),
        "yfinance.csv": _lines(
            "2024-01-0{k},1.5,1.6,1.4,1.5",
            "Price,Close,High,Low,Open\nTicker,SPY,SPY,SPY,SPY\nDate,,,,\n",
        ),
        "points.csv": _lines(
            "2024-01-02 00:0{k}:00Z,2043.15,2043.5,2043.0,2043.2,10,25",
            "Date,Open,High,Low,Close,Volume,Spread\n",
        ),
        "quoted.csv": _lines('"2024-01-0{k},1.5,1.6,1.4,1.5"', '"Date,Open,High,Low,Close"\n'),
        "messages.csv": _lines('{{"e":"kline","E":{ms}}}'),
        "wide.csv": _lines("2024-01-0{k},185.64,370.87,7", "date,AAPL,MSFT,IBM\n"),
        "pack.tar.gz": packed({f"2024-01-02--0{k}h_ticks.csv": _lines(
            "2024.01.02 0" + str(k) + ":00:0{k}.000,1.1,1.2,1.50,0.75") for k in range(3)}),
    }  # fmt: skip

"""What golden tests share: where the files and the real candles are, and how both are read."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import polars as pl

import omega
from tests.support.real_data import FOLDER as REAL

HERE = Path(__file__).parent
TOP = HERE.parents[1]
RENEW = os.environ.get("OMEGA_RENEW_GOLDEN") == "1"

TABLES = ("trades", "fills", "orders")

_SIDES = [
    f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close")
]


def facts(result: omega.BacktestResult) -> dict[str, object]:
    """Give the few numbers by which a run is known."""
    return {
        "fingerprint": result.fingerprint,
        "bars": result.equity.height,
        "orders": result.orders.height,
        "rejected": int((result.orders["status"] == "rejected").sum()),
        "trades": result.trades.height,
        "ambiguous": result.ambiguous_trades.height,
        "exits": dict(sorted(result.trades["exit_reason"].cast(pl.String).value_counts().rows())),
        "final_equity": result.equity["equity"][-1],
        "pnl_interval": list(result.pnl_interval),
    }


def compare_facts(
    file: str, result: omega.BacktestResult, *, fingerprint: str | None = None
) -> None:
    """Compare the numbers of a run with a golden file, or write it anew.

    A fingerprint that is given is that of another release.
    """
    known = facts(result) | ({} if fingerprint is None else {"fingerprint": fingerprint})
    compare(file, json.dumps(known, indent=2) + "\n")


def compare(file: str, found: str) -> None:
    """Compare with a golden file, or write it anew; what the first release gave stays."""
    path = HERE / file
    if RENEW and path.parent == HERE:
        path.write_text(found)
    assert path.read_text() == found, f"{file} moved; `make golden` renews it"


def daily(symbol: str) -> pl.DataFrame:
    """Give bid and ask of a currency pair for each day of twelve years."""
    (content,) = _unpacked(REAL / "lean" / "forex" / "oanda" / "daily" / f"{symbol.lower()}.zip")
    return _sides(content, pl.col("time").str.to_datetime("%Y%m%d %H:%M", time_unit="us"))


def minutes(symbol: str, market: str) -> pl.DataFrame:
    """Give bid and ask of a symbol for each minute of the first half of May 2014."""
    folder = REAL / "lean" / market / "oanda" / "minute" / symbol.lower()
    days = []
    for file in sorted(folder.glob("201405*_quote.zip")):
        (content,) = _unpacked(file)
        midnight = pl.lit(file.name[:8]).str.to_datetime("%Y%m%d", time_unit="us")
        days.append(_sides(content, midnight + pl.duration(milliseconds=pl.col("time"))))
    return pl.concat(days)


def _unpacked(file: Path) -> Iterable[bytes]:
    with zipfile.ZipFile(file) as archive:
        return [archive.read(name) for name in archive.namelist()]


def _sides(content: bytes, moment: pl.Expr) -> pl.DataFrame:
    """Read rows of a time, four bid prices and a size, four ask prices and a size."""
    columns = ["time", *_SIDES[:4], "bid_size", *_SIDES[4:], "ask_size"]
    rows = pl.read_csv(io.BytesIO(content), has_header=False, new_columns=columns)
    times = moment.dt.replace_time_zone("UTC").alias("time")
    return rows.select(times, pl.col(_SIDES).cast(pl.Float64))

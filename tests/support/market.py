"""Candles to show the examples on: real ones where the data folder has them, else invented ones.

The folder is `OMEGA_DATA`, or `shared/data` beside the repository. Each source states what it gave.
"""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from data.generate import random_walk

TOP = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("OMEGA_DATA", TOP.parent / "shared" / "data"))

_SIDES = [
    f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close")
]


@dataclass(frozen=True)
class Source:
    """Candles by symbol, and what a person should know about them."""

    candles: dict[str, pl.DataFrame]
    told: str
    real: bool


@cache
def minutes() -> Source:
    """Give GBPUSD, bid and ask, for the minutes of February 2012."""
    files = [FOLDER / "fxcm_m1_bid_ask" / f"gbpusd-m1-{side}-2012.csv" for side in ("bid", "ask")]
    if not all(file.is_file() for file in files):
        return _invented(["GBPUSD"], 30_000, "minutes")
    bid, ask = (_side(file, side) for file, side in zip(files, ("bid", "ask"), strict=True))
    told = "real GBPUSD minutes of February 2012"
    return Source({"GBPUSD": bid.join(ask, on="time")}, told, real=True)


@cache
def hours() -> Source:
    """Give EURUSD, bid and ask, for the hours of twelve years."""
    return _oanda("forex", "hour", ["EURUSD"], "hours from 2007 to 2018")


@cache
def gold() -> Source:
    """Give XAUUSD, bid and ask, for the hours of thirteen years."""
    return _oanda("cfd", "hour", ["XAUUSD"], "hours from 2006 to 2019")


@cache
def days() -> Source:
    """Give EURUSD and GBPUSD, bid and ask, for the days of twelve years."""
    return _oanda("forex", "daily", ["EURUSD", "GBPUSD"], "days from 2007 to 2018")


def _oanda(market: str, step: str, symbols: list[str], span: str) -> Source:
    folder = FOLDER / "lean" / market / "oanda" / step
    files = [folder / f"{symbol.lower()}.zip" for symbol in symbols]
    if not all(file.is_file() for file in files):
        return _invented(symbols, 5_000 if step == "daily" else 30_000, step)
    candles = dict(zip(symbols, map(_zipped, files), strict=True))
    return Source(candles, f"real {' and '.join(symbols)}, {span}", real=True)


def _invented(symbols: list[str], bars: int, step: str) -> Source:
    """Give seeded random walks, whose bars are as far apart as those that they stand for."""
    minutes_apart = {"minutes": 1, "hour": 60, "daily": 1_440}[step]
    begin = pl.col("time").first()
    moment = begin + (pl.col("time") - begin) * minutes_apart
    prices = {"XAUUSD": 1_800.0}
    candles = {
        symbol: random_walk.candles(
            bars, seed=7 + place, price=prices.get(symbol, 1.1)
        ).with_columns(time=moment)
        for place, symbol in enumerate(symbols)
    }
    told = f"INVENTED {' and '.join(symbols)}, random walks in place of {step}"
    return Source(candles, f"{told} (no candles in {FOLDER.name}/)", real=False)


def _side(file: Path, side: str) -> pl.DataFrame:
    """Read one side from text with times in UTC."""
    moment = pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S%z", time_unit="us")
    prices = [pl.col(name).alias(f"{side}_{name}") for name in ("open", "high", "low", "close")]
    return pl.read_csv(file).select(moment.alias("time"), *prices)


def _zipped(file: Path) -> pl.DataFrame:
    """Read rows of a time, four bid prices and a size, four ask prices and a size."""
    with zipfile.ZipFile(file) as archive:
        content = archive.read(archive.namelist()[0])
    columns = ["time", *_SIDES[:4], "bid_size", *_SIDES[4:], "ask_size"]
    rows = pl.read_csv(io.BytesIO(content), has_header=False, new_columns=columns)
    moment = pl.col("time").str.to_datetime("%Y%m%d %H:%M", time_unit="us")
    times = moment.dt.replace_time_zone("UTC")
    return rows.select(times.alias("time"), pl.col(_SIDES).cast(pl.Float64))

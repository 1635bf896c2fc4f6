"""Binary formats: Dukascopy's bi5, freqtrade's files.

The path of a part gives what its content cannot: the symbol, the day, the kind of rows.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.importing._files import Part, Room, unpacked
from omega.importing._generic import shaped
from omega.importing._source import (
    BARS,
    FIAT,
    OPEN,
    PRICES,
    TICKS,
    Head,
    Options,
    Parsed,
    Source,
)

_BI5 = re.compile(
    r"(?P<symbol>[^/]+)/(?P<year>\d{4})(?:/(?P<month>\d\d))?(?:/(?P<day>\d\d))?/"
    r"(?:(?P<hour>\d\d)h_ticks|(?P<side>BID|ASK)_candles_(?P<step>min|hour|day)_1)\.bi5$"
)
_TICK = np.dtype([("time", ">i4"), ("ask", ">i4"), ("bid", ">i4"), ("ask_volume", ">f4"),
                  ("bid_volume", ">f4")])  # fmt: skip
_CANDLE = np.dtype([("time", ">i4"), ("open", ">i4"), ("close", ">i4"), ("low", ">i4"),
                    ("high", ">i4"), ("volume", ">f4")])  # fmt: skip
_THOUSANDS = frozenset({"JPY", "RUB", "HUF", "XAU", "XAG"})
_CODE = 3
_PARTS = {"min": "day", "hour": "month", "day": "year"}


def _is_bi5(head: Head) -> bool:
    return head.part.file.lower().endswith(".bi5")


def _read_bi5(parts: Sequence[Part], options: Options) -> Parsed:
    found = [_path(part) for part in parts]
    kinds = {(match["symbol"], match["side"], match["step"]) for match in found}
    if len(kinds) > 1:
        listed = ", ".join(f"{s} {side or 'ticks'} {step or ''}".strip()
                           for s, side, step in sorted(kinds, key=str))  # fmt: skip
        raise ConfigError(
            f"path: the files hold {listed}. Read one symbol and one kind at a time, for instance "
            "'folder/**/*h_ticks.bi5' or '**/BID_candles_min_1.bi5'"
        )
    symbol, side, _ = next(iter(kinds))
    scale = _scale(symbol, parts[0], options)
    frames = [
        _bi5(part, match, scale, raw_prices=options.price_scale is not None)
        for part, match in zip(parts, found, strict=True)
    ]
    counts = [(part.name, frame.height) for part, frame in zip(parts, frames, strict=True)]
    return Parsed(
        frame=pl.concat(frames),
        holds=BARS if side else TICKS,
        counts=counts,
        zone="UTC",
        bar_time=OPEN if side else None,
        symbol=symbol,
        side=side.lower() if side else None,
        notes=["months in the path count from 00"],
    )


def _path(part: Part) -> re.Match[str]:
    match = _BI5.search(part.name.replace("\\", "/"))
    needed = {"min": "day", "hour": "month", "day": "year", None: "day"}
    if match is None or match[needed[match["step"]]] is None:
        raise ConfigError(
            f"{part.name}: the path does not say what the file holds, and its content cannot. "
            "Keep the folders of Dukascopy: EURUSD/2019/01/04/10h_ticks.bi5 (months from 00)"
        )
    return match


def _scale(symbol: str, part: Part, options: Options) -> int:
    if options.price_scale is not None:
        return 1
    codes = {symbol[:_CODE], symbol[_CODE:]}
    if len(symbol) == 2 * _CODE and codes & _THOUSANDS:
        return 1_000
    if codes <= FIAT:
        return 100_000
    raise ConfigError(
        f"{part.name}: prices are whole numbers, and the scale of {symbol!r} is not known. State "
        "it: price_scale=0.001"
    )


def _bi5(part: Part, match: re.Match[str], scale: int, *, raw_prices: bool) -> pl.DataFrame:
    month, day = int(match["month"] or 0) + 1, int(match["day"] or 1)
    try:
        midnight = datetime(int(match["year"]), month, day)  # noqa: DTZ001 - its zone is set later
    except ValueError:
        raise ConfigError(
            f"{part.name}: the path is no day; months count from 00 (January) to 11"
        ) from None
    start = midnight + timedelta(hours=int(match["hour"] or 0))
    kind = _CANDLE if match["side"] else _TICK
    rows = np.frombuffer(_unpacked(part, kind.itemsize), dtype=kind)
    unit = 1_000_000 if match["side"] else 1_000
    times = rows["time"].astype(np.int64) * unit
    data: dict[str, pl.Series] = {
        "time": pl.Series(times).cast(pl.Duration("us")) + start,
    }
    names = PRICES if match["side"] else ("bid", "ask")
    volumes = ("volume",) if match["side"] else ("bid_volume", "ask_volume")
    for name in names:
        whole = rows[name].astype(np.float64)
        data[name] = pl.Series(whole if raw_prices else whole / scale)
    for name in volumes:
        data[name] = pl.Series(rows[name].astype(np.float64))
    return pl.DataFrame(data)


def _unpacked(part: Part, width: int) -> bytes:
    raw = part.load()
    if not raw:
        return b""
    try:
        content = unpacked(raw, Room.of(part.name, len(raw)))
    except (lzma.LZMAError, EOFError) as error:
        raise InvalidCandleData(
            f"{part.name}: the LZMA stream is damaged or ends early ({error}). Download the file "
            "again",
            rule="file",
        ) from None
    if len(content) % width:
        raise InvalidCandleData(
            f"{part.name}: {len(content)} bytes are no whole number of rows of {width}. Download "
            "the file again",
            rule="file",
        )
    return content


def _is_freqtrade(head: Head) -> bool:
    return re.search(r"-\d+[mhdwM](-\w+)?\.(feather|json)$", head.part.file) is not None and (
        head.raw.startswith((b"ARROW1", b"[["))
    )


def _read_freqtrade(parts: Sequence[Part], options: Options) -> Parsed:
    frames = []
    for part in parts:
        if "funding_rate" in part.file:
            raise InvalidCandleData(
                f"{part.name}: the file holds funding rates, not candles", rule="file"
            )
        frames.append(_freqtrade_rows(part))
    counts = [(part.name, frame.height) for part, frame in zip(parts, frames, strict=True)]
    whole = pl.concat(frames)
    parsed = shaped(whole, counts, options, place=parts[0].name, names={}, bar_time=OPEN)
    pair = parts[0].file.partition("-")[0].split("_")
    symbol = "/".join(pair[:2])
    return replace(parsed, symbol=symbol, side=None)


def _freqtrade_rows(part: Part) -> pl.DataFrame:
    names = ("time", *PRICES, "volume")
    content = part.load()
    try:
        if content.startswith(b"[["):
            rows = json.loads(content)
            columns = list(zip(*rows, strict=True))
            frame = pl.DataFrame(
                {
                    name: pl.Series(values, dtype=pl.Int64 if name == "time" else pl.Float64)
                    for name, values in zip(names, columns, strict=True)
                }
            )
        else:
            frame = pl.read_ipc(content).rename({"date": "time"}).select(names)
    except (ValueError, TypeError, pl.exceptions.PolarsError) as error:
        raise InvalidCandleData(
            f"{part.name}: the file cannot be read ({error}). It is damaged or not complete",
            rule="file",
        ) from None
    return frame.with_columns(pl.col(names[1:]).cast(pl.Float64).fill_nan(None))


SOURCES = (
    Source("dukascopy", "Dukascopy bi5: ticks and candles", "UTC", OPEN, _is_bi5, _read_bi5),
    Source("freqtrade", "freqtrade, Feather or JSON", "UTC", OPEN, _is_freqtrade, _read_freqtrade),
)  # fmt: skip

"""Binary formats: Dukascopy's bi5, LEAN's archives, freqtrade's files.

The path of a part gives what its content cannot: the symbol, the day, the kind of rows.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _text
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


_LEAN = re.compile(r"(?P<day>\d{8})_(?P<kind>quote|trade)\.zip$|(?P<symbol>[^/]+)\.zip$")
_QUOTES = [f"bid_{price}" for price in PRICES], [f"ask_{price}" for price in PRICES]
_LEAN_COLUMNS = {
    3: ("time", "bid", "ask"),
    5: ("time", "bid", "bid_volume", "ask", "ask_volume"),
    6: ("time", *PRICES, "volume"),
    11: ("time", *_QUOTES[0], "bid_volume", *_QUOTES[1], "ask_volume"),
}
_TEN_THOUSANDTHS = 10_000


@dataclass(frozen=True, slots=True)
class _LeanFile:
    """What the path of a file of LEAN states."""

    part: Part
    market: str
    symbol: str
    day: str | None


def _is_lean(head: Head) -> bool:
    if head.part.archive is None or not head.part.file.lower().endswith(".csv"):
        return False
    number = r"-?[\d.]+(?:[eE]-?\d+)?"
    timed = r"(\d{1,8}|\d{8} \d\d:\d\d)"
    return head.like(rf"{timed}(,({number})?){{2,10}}") and head.first.count(",") + 1 in (
        _LEAN_COLUMNS
    )


def _lean_file(part: Part) -> _LeanFile:
    folders = (part.archive or "").replace("\\", "/").split("/")
    match = _LEAN.search(folders[-1])
    kinds = {"forex", "cfd", "crypto", "cryptofuture", "equity", "future"}
    market = next((name for name in reversed(folders) if name in kinds), "")
    day = match["day"] if match else None
    symbol = folders[-2] if day and len(folders) > 1 else folders[-1].partition(".")[0]
    return _LeanFile(part, market, symbol.partition("_")[0].upper(), day)


def _read_lean(parts: Sequence[Part], options: Options) -> Parsed:
    files = [_lean_file(part) for part in parts]
    _one_kind(files)
    first = files[0]
    if not first.market and (options.time_zone is None or options.price_scale is None):
        raise ConfigError(
            f"{first.part.name}: LEAN's folders (equity/usa/minute/spy/...) say what the market "
            "is, and this path lacks them. State time_zone= and price_scale= (0.0001 for equities, "
            "1 for others)"
        )
    frames = [_lean_rows(one) for one in files]
    counts = [(one.part.name, frame.height) for one, frame in zip(files, frames, strict=True)]
    whole = pl.concat(frames)
    parsed = shaped(
        whole, counts, options, place=first.part.name, names={}, bar_time=OPEN,
    )  # fmt: skip
    frame, notes = parsed.frame, [*parsed.notes]
    if first.market == "equity" and options.price_scale is None:
        names = [name for name in frame.columns if name != "time" and "volume" not in name]
        frame = frame.with_columns(pl.col(names) / _TEN_THOUSANDTHS)
        notes.append("prices are whole numbers of 1/10,000, as LEAN keeps equities")
    if "bid_close" in frame.columns and {"bid_volume", "ask_volume"} <= {*frame.columns}:
        frame = frame.with_columns(volume=pl.col("bid_volume") + pl.col("ask_volume"))
        notes.append("the volume is the sum of the last sizes of bid and ask")
    zone = "America/New_York" if first.market == "equity" else "UTC"
    return replace(parsed, frame=frame, symbol=first.symbol, zone=zone if first.market else None,
                   notes=notes, side=None)  # fmt: skip


def _one_kind(files: Sequence[_LeanFile]) -> None:
    widths: dict[int, str] = {}
    for one in files:
        lines = one.part.lines()
        if lines:
            widths.setdefault(lines[0].count(",") + 1, one.part.name)
    symbols = sorted({one.symbol for one in files})
    if len(widths) > 1:
        raise ConfigError(
            f"path: the files hold rows of different kinds, as {' and '.join(widths.values())}. "
            "Read one kind at a time: 'folder/*_quote.zip' or 'folder/*_trade.zip'"
        )
    if len(symbols) > 1:
        raise ConfigError(
            f"path: the files hold {', '.join(symbols)}. Read one symbol at a time; a run takes "
            "them together as {symbol: candles}"
        )


def _lean_rows(one: _LeanFile) -> pl.DataFrame:
    lines = one.part.lines()
    width = lines[0].count(",") + 1 if lines else min(_LEAN_COLUMNS)
    layout = _text.Layout(separator=",", columns=_LEAN_COLUMNS[width])
    frame, _ = _text.read([one.part], layout)
    if one.day is None:
        return frame
    start = datetime.strptime(one.day, "%Y%m%d")  # noqa: DTZ007 - its zone is set later
    millis = pl.col("time").cast(pl.Float64) * 1_000
    return frame.with_columns(time=start + millis.cast(pl.Int64).cast(pl.Duration("us")))


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
    notes = []
    if whole["volume"].null_count() == whole.height:
        whole = whole.drop("volume")
        notes.append("the volume is missing throughout, and left out")
    parsed = shaped(whole, counts, options, place=parts[0].name, names={}, bar_time=OPEN)
    pair = parts[0].file.partition("-")[0].split("_")
    symbol = "/".join(pair[:2])
    return replace(parsed, symbol=symbol, side=None, notes=[*parsed.notes, *notes])


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
    Source("lean", "LEAN archives: quotes and trades, a day or a symbol a file",
           "UTC; equities of the USA in New York local time", OPEN, _is_lean, _read_lean),
    Source("freqtrade", "freqtrade, Feather or JSON", "UTC", OPEN, _is_freqtrade, _read_freqtrade),
)  # fmt: skip

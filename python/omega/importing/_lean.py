"""LEAN's archives: a day or a symbol a file, whose folders say what they hold.

The path has the class of the asset, the market, the symbol and the day:
``forex/fxcm/minute/gbpusd/20150105_quote.zip``.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _delimited, _scaling
from omega.importing._files import Part
from omega.importing._generic import shaped
from omega.importing._source import OPEN, PRICES, Head, Options, Parsed, Source
from omega.libraries import error_text

_LEAN = re.compile(r"(?P<day>\d{8})_(?P<kind>quote|trade)\.zip$|(?P<symbol>[^/]+)\.zip$")
_QUOTES = [f"bid_{price}" for price in PRICES], [f"ask_{price}" for price in PRICES]
_LEAN_COLUMNS = {
    3: ("time", "bid", "ask"),
    5: ("time", "bid", "bid_volume", "ask", "ask_volume"),
    6: ("time", *PRICES, "volume"),
    11: ("time", *_QUOTES[0], "bid_volume", *_QUOTES[1], "ask_volume"),
}
_TEN_THOUSANDTHS = 10_000
_SCALED = "equity"
_CLASSES = frozenset({"forex", "cfd", "crypto", "cryptofuture", "equity", "future", "index"})
_EVERY = "*"
_DATABASE = "market-hours/market-hours-database.json"
"""Where LEAN's folder of data has it, beside the folders of the classes."""
_CLOCKS = {
    ("crypto", _EVERY): "UTC",
    ("cryptofuture", _EVERY): "UTC",
    ("forex", "oanda"): "UTC",
    ("forex", "fxcm"): "UTC-5",
    ("cfd", "oanda"): "UTC",
    ("cfd", "fxcm"): "UTC-5",
    ("equity", "usa"): "America/New_York",
    ("equity", "india"): "Asia/Kolkata",
    **{("future", market): "UTC" for market in
       ("cme", "cbot", "nymex", "comex", "cboe", "cfe", "nyseliffe")},
    **{(kind, market): zone for kind in ("future", "index") for market, zone in (
        ("eurex", "Europe/Berlin"), ("hkfe", "Asia/Hong_Kong"), ("india", "Asia/Kolkata"),
    )},
}  # fmt: skip
"""The `dataTimeZone` of LEAN's market-hours-database.json, by class and market.

An index of ``usa`` has a clock of its own each there, and so has a CFD of Interactive Brokers.
"""


@dataclass(frozen=True, slots=True)
class _LeanFile:
    """What the path of a file of LEAN states."""

    part: Part
    root: str
    kind: str
    market: str
    symbol: str
    day: str | None

    @property
    def zone(self) -> str | None:
        """The clock of its times: that of the database beside the data, else of the table here."""
        beside = Path(self.root) / _DATABASE
        own = _database(beside, beside.stat().st_mtime_ns) if beside.is_file() else {}
        keys = (f"{self.kind}-{self.market}-{name}" for name in (self.symbol.lower(), "[*]"))
        known = next((own[key] for key in keys if key in own), None)
        return known or _CLOCKS.get((self.kind, self.market)) or _CLOCKS.get((self.kind, _EVERY))


@functools.lru_cache(maxsize=4)
def _database(path: Path, changed: int) -> Mapping[str, str]:
    """Read the `dataTimeZone` of each entry, by class, market and symbol.

    Raises:
        InvalidCandleData: The file cannot be read.
    """
    del changed  # read again where it did
    try:
        entries = json.loads(path.read_bytes())["entries"]
        return {key.lower(): str(entry["dataTimeZone"]) for key, entry in entries.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as problem:
        raise InvalidCandleData(
            f"{path}: LEAN's market hours cannot be read ({error_text(problem)}). Correct or move "
            "the file, which has the clock of the data beside it",
            rule="file",
        ) from problem


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
    known = [at for at, name in enumerate(folders[:-1]) if name.lower() in _CLASSES]
    kind, market = (folders[known[-1]].lower(), folders[known[-1] + 1].lower()) if known \
        else ("", "")  # fmt: skip
    root = "/".join(folders[: known[-1]]) or "." if known else ""
    day = match["day"] if match else None
    symbol = folders[-2] if day and len(folders) > 1 else folders[-1].partition(".")[0]
    return _LeanFile(part, root, kind, market, symbol.partition("_")[0].upper(), day)


def _read_lean(parts: Sequence[Part], options: Options) -> Parsed:
    files = [_lean_file(part) for part in parts]
    _one_kind(files)
    first = files[0]
    _require_market(first, options)
    frames = [_lean_rows(one) for one in files]
    counts = [(one.part.name, frame.height) for one, frame in zip(files, frames, strict=True)]
    whole = pl.concat(frames)
    parsed = shaped(whole, counts, options, place=first.part.name, names={}, bar_time=OPEN)
    frame, notes = parsed.frame, [*parsed.notes]
    if first.kind == _SCALED and options.price_scale is None:
        names = [name for name in frame.columns if name != "time" and "volume" not in name]
        frame = frame.with_columns(_scaling.over(frame[name], _TEN_THOUSANDTHS) for name in names)
        notes.append("prices are whole numbers of 1/10,000, as LEAN keeps equities")
    if "bid_close" in frame.columns and {"bid_volume", "ask_volume"} <= {*frame.columns}:
        frame = frame.with_columns(volume=pl.col("bid_volume") + pl.col("ask_volume"))
        notes.append("the volume is the sum of the last sizes of bid and ask")
    zone = first.zone if first.kind and options.time_zone is None else None
    if zone is not None:
        notes.append(f"the clock of {first.kind}/{first.market} is {zone} in LEAN")
    return replace(parsed, frame=frame, symbol=first.symbol, zone=zone, notes=notes,
                   side=None)  # fmt: skip


def _require_market(one: _LeanFile, options: Options) -> None:
    """Ask for what the path does not say."""
    if not one.kind and (options.time_zone is None or options.price_scale is None):
        raise ConfigError(
            f"{one.part.name}: LEAN's folders (equity/usa/minute/spy/...) say what the market is, "
            "and this path lacks them. State time_zone= and price_scale= (0.0001 for equities, "
            "1 for others)"
        )
    if one.kind and options.time_zone is None and one.zone is None:
        listed = sorted({market for kind, market in _CLOCKS if kind == one.kind})
        raise ConfigError(
            f"{one.part.name}: the clock of the market {one.market!r} is not known for "
            f"{one.kind} (known: {', '.join(listed) or 'none'}). State the dataTimeZone that "
            'LEAN\'s market-hours-database.json has for it, such as time_zone="Europe/Berlin"'
        )


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
    counted = Counter(one.part.archive for one in files)
    twice = next((name for name, held in counted.items() if held > 1), None)
    if twice is not None:
        members = [one.part.file for one in files if one.part.archive == twice]
        raise ConfigError(
            f"{twice}: the archive holds {len(members):,} files, as {members[0]} and "
            f"{members[1]}, of contracts that are never mixed. Unpack the one that you want into "
            "an archive of its own, in the same folders"
        )
    if len(symbols) > 1:
        raise ConfigError(
            f"path: the files hold {', '.join(symbols)}. Read one symbol at a time; a run takes "
            "them together as {symbol: candles}"
        )


def _lean_rows(one: _LeanFile) -> pl.DataFrame:
    lines = one.part.lines()
    width = lines[0].count(",") + 1 if lines else min(_LEAN_COLUMNS)
    layout = _delimited.Layout(separator=",", columns=_LEAN_COLUMNS[width])
    frame, _ = _delimited.read([one.part], layout)
    if one.day is None:
        return frame
    start = datetime.strptime(one.day, "%Y%m%d")  # noqa: DTZ007 - its zone is set later
    millis = pl.col("time").cast(pl.Float64) * 1_000
    return frame.with_columns(time=start + millis.cast(pl.Int64).cast(pl.Duration("us")))


SOURCES = (
    Source("lean", "LEAN archives: quotes and trades, a day or a symbol a file",
           "that of the market, as LEAN's database of market hours has it", OPEN,
           _is_lean, _read_lean),
)  # fmt: skip

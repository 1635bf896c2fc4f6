"""Fuzzing of imports: broken files of every source, under every source's name.

Bytes are cut, columns swapped, lines of other formats put in, archives put into archives; what
comes of it is an import or an `OmegaError`, within the time that an input may take.
"""

from __future__ import annotations

import gzip
import lzma
import random
import shutil
import warnings
from pathlib import Path
from typing import Any

import omega
from omega.importing import describe
from tests.fuzzing.import_seeds import packed, seeds, zipped
from tests.fuzzing.saved import spoiled

_CELLS = (
    b"", b"nan", b"inf", b"-inf", b"1e400", b"-1", b"0", b"abc", b'"', b'""', b'"1,5"', b"1,5",
    b"1.250", b"$1", b"68K", b"2024-02-30", b"2024-13-01", b"0000-00-00", b"99999999999999999999",
    b"9223372036854775807", b"31/31/2024", b"2024-03-10 02:30:00", b"2024-11-03 01:30", b"\xff\xfe",
    b"\x00", b"\xe9", b"\xe2\x82\xac", b"null", b"N/A", b"-", b" ", b"\t", b"+05:30", b"1 000",
    b"00:00", b"24:00", b"Z", b"time", b"close", b"20240102", b"1704153600000", b"1" * 400,
)  # fmt: skip
_MARKS = (b",", b";", b"\t", b"|", b" ")
_LONGEST = 3_000
"""Characters of a message that somebody still reads."""
_NAMES = tuple(omega.import_sources()["source"].to_list())
_SETTINGS: dict[str, tuple[Any, ...]] = {
    "symbol": ("EURUSD", "A", "", "SPY", "x\x1b[2J"),
    "time_zone": ("UTC", "America/New_York", "UTC+3", "America/New_York+7", "Mars", "", "UTC+99"),
    "bar_time": ("open", "close", "open", "middle"),
    "timeframe": ("M1", "H1", "D1", "M5", "Q1", "M0", "W99999999"),
    "columns": (
        ["time", "open", "high", "low", "close"], {"close": "AAPL"}, {"time": "open"}, [], {},
        ["time", "bid", "ask"], {"date": "Date", "clock": "Open"}, ["-"] * 3, 5, {"close": 5},
    ),
    "dates": ("day-first", "month-first", "x"),
    "decimal": (".", ",", "x"),
    "point": (0.01, 0, -1, float("nan"), "x"),
    "price_scale": (0.001, 1e-5, 0, 1e300, 5e-324, "x"),
    "ambiguous": ("earliest", "latest", "x"),
    "nonexistent": ("drop", "x"),
    "sort": (True, False),
    "deduplicate": ("first", "last", "x"),
    "drop_missing": (True,),
    "drop_flat_fillers": (True,),
    "clip_ohlc": (True,),
    "side": ("bid", "x"),
    "unpack_limit": (100, 0, -1, 10**9),
}  # fmt: skip
_STATED: tuple[dict[str, Any], ...] = (
    {}, {"time_zone": "UTC", "bar_time": "open"}, {"timeframe": "M1"}, {"sort": True},
    {"time_zone": "UTC", "timeframe": "H1"}, {"bar_time": "close", "deduplicate": "first"},
)  # fmt: skip
_OF_TICKS = (
    "symbol", "time_zone", "columns", "dates", "decimal", "price_scale", "ambiguous", "nonexistent",
    "sort", "deduplicate", "drop_missing", "unpack_limit",
)  # fmt: skip
_OF_DESCRIPTIONS = ("columns", "dates", "decimal")


def try_one(draw: random.Random, folder: Path) -> None:
    """Break some files, and import them."""
    place = folder / "files"
    shutil.rmtree(place, ignore_errors=True)
    for _ in range(draw.choice((1, 1, 1, 1, 1, 2, 3))):
        _put(draw, place)
    found = sorted(path for path in place.rglob("*") if path.is_file())
    paths: Any = draw.choice((place, found[0], found, str(place / "**" / "*")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer(draw, paths, draw.choice((None, None, None, draw.choice(_NAMES))))


def answer(draw: random.Random, paths: Any, source: str | None) -> str:  # noqa: ANN401 - any paths
    """Import files, and require rows or an error of Omega's; give its message."""
    way = draw.randrange(10)
    known = _OF_DESCRIPTIONS if way == 0 else _OF_TICKS if way < 3 else tuple(_SETTINGS)
    often = draw.choice((0.0, 0.0, 0.1, 0.3))
    given = dict(draw.choice(_STATED)) if way > 2 else {}
    given |= {name: draw.choice(_SETTINGS[name]) for name in known if draw.random() < often}
    try:
        if way == 0:
            describe(paths, source, **given)
            return ""
        read: Any = omega.read_ticks if way < 3 else omega.read_candles
        imported = read(paths, source, **given)
        assert imported.summary()
        assert imported.overview().height <= imported.findings.height
        omega.CandleStore(imported, validate="report")
    except omega.OmegaError as problem:
        said = str(problem)
    else:
        return ""
    assert 0 < len(said) < _LONGEST
    return said


def _put(draw: random.Random, place: Path) -> None:
    """Write one file, broken or whole, in an archive or under another name."""
    name = draw.choice(sorted(seeds()))
    content = seeds()[name]
    for _ in range(draw.choice((0, 1, 1, 2, 4))):
        content = _changed(draw, content)
    if draw.random() < 0.15:
        name, content = _archived(draw, name, content)
    if draw.random() < 0.1:
        name += draw.choice((".csv", ".zip", ".gz", ".tar", ".bi5", ".parquet", ".txt", ".json"))
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_dir():
        path.write_bytes(content)


def _archived(draw: random.Random, name: str, content: bytes) -> tuple[str, bytes]:
    """Put a file into an archive, and that into another one."""
    for _ in range(draw.choice((1, 1, 2))):
        members = {name.rpartition("/")[2]: content}
        if draw.random() < 0.3:
            members["report.txt"] = b"read me"
        match draw.randrange(5):
            case 0:
                name, content = f"{name}.gz", gzip.compress(content, mtime=0)
            case 1:
                name, content = f"{name}.tar.xz", packed(members, "w:xz")
            case 2:
                name, content = f"{name}.tar", packed(members, "w")
            case 3:
                name, content = f"{name}.bi5", lzma.compress(content, lzma.FORMAT_ALONE)
            case _:
                name, content = f"{name}.zip", zipped(members)
        content = spoiled(draw, content) if draw.random() < 0.2 else content
    return name, content


def _changed(draw: random.Random, content: bytes) -> bytes:
    """Break a file once."""
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    mark = draw.choice(_MARKS)
    cells = lines[at].split(mark)
    cell = draw.randrange(len(cells))
    match draw.randrange(10):
        case 0 | 1:
            return _changed_whole(draw, content, mark)
        case 2 | 3 | 4:
            cells[cell] = draw.choice(_CELLS)
            lines[at] = mark.join(cells)
        case 5:
            lines = [_swapped(line, mark, cell) for line in lines]
        case 6:
            other = seeds()[draw.choice(sorted(seeds()))].split(b"\n")
            lines[at:at] = other[: draw.randrange(1, 4)]
        case 7:
            lines[at] += mark * draw.randrange(1, 4)
        case 8:
            del lines[at]
        case _:
            lines[at] = draw.randbytes(draw.randrange(30))
    return b"\n".join(lines)


def _changed_whole(draw: random.Random, content: bytes, mark: bytes) -> bytes:
    """Break a file as a whole."""
    lines = content.split(b"\n")
    draw.shuffle(lines)
    return draw.choice(
        (
            spoiled(draw, content),
            spoiled(draw, content),
            content[: draw.randrange(len(content) + 1)],
            b"\n".join(lines),
            content.replace(mark, draw.choice(_MARKS)),
            content * 2,
            content.replace(b"\n", b"\r"),
            content.decode("latin-1").encode("utf-16"),
        )
    )


def _swapped(line: bytes, mark: bytes, cell: int) -> bytes:
    """Change the places of two columns."""
    cells = line.split(mark)
    if cell < len(cells):
        cells[0], cells[cell] = cells[cell], cells[0]
    return mark.join(cells)

"""The format of files, detected by their content.

All parts have one `Source`. Where none fits, the error has what was found in the files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from omega.config.values import nearest
from omega.errors import ConfigError, InvalidCandleData
from omega.importing import _binary, _csv, _encodings, _generic, _lean, _vendors
from omega.importing._files import HEAD, Part
from omega.importing._source import Head, Source

SOURCES: tuple[Source, ...] = (
    *_binary.SOURCES, *_lean.SOURCES, *_vendors.SOURCES, *_generic.SOURCES,
    *_csv.SOURCES,
)  # fmt: skip

_MESSAGE = re.compile(r'(?:^|[,;\t"])\s*(?:\{\s*"|\[\s*\{)')
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"7z\xbc\xaf", b"Rar!")
_ZSTD = b"\x28\xb5\x2f\xfd"


def detect(parts: Sequence[Part], name: str | None) -> Source:
    """Return the source of the parts.

    Args:
        parts: The parts.
        name: The source that the user named, if any.

    Raises:
        ConfigError: The name is unknown, or the parts are of several formats.
        InvalidCandleData: A part is of no format that is read.
    """
    if name is not None:
        known = {source.name: source for source in SOURCES}
        if name not in known:
            raise ConfigError(f"source: {name!r} is unknown. {nearest(name, known)}")
        for part in parts:
            _refuse(head_of(part))
        return known[name]
    found: Source | None = None
    for part in parts:
        source = _one(part, found)
        if source is None or source is found:
            continue
        if found is not None:
            raise ConfigError(
                f"path: {parts[0].name} is {found.name}, but {part.name} is {source.name}. Read "
                "files of one kind at a time, or name the kind with source="
            )
        found = source
    if found is None:
        raise InvalidCandleData(f"{parts[0].name}: the file is empty (0 bytes)", rule="file")
    return found


def _one(part: Part, likely: Source | None) -> Source | None:
    """Return the source of a part, the likely one being tried first; None for one that is empty."""
    head = head_of(part)
    raw = head.raw
    if likely is not None and likely.name != "csv" and likely.matches(head):
        return likely
    _refuse(head)
    source = next((source for source in SOURCES if source.matches(head)), None)
    if source is None and raw.strip():
        raise InvalidCandleData(
            f"{part.name}: the file begins with {raw[:16]!r}, which is no format that is read. "
            "omega.import_sources() lists those that are",
            rule="file",
        )
    return source


def head_of(part: Part) -> Head:
    """Return what a file shows at its beginning; no lines where it is no text."""
    raw = part.peek()[:HEAD]
    binary = b"\0" in raw.rstrip(b"\0")[:64] and not _encodings.encoding_of(raw).startswith(
        "utf-16"
    )
    return Head(part, raw, [] if binary else part.lines())


def seems(part: Part) -> str:
    """Name the source that a part looks like; for messages."""
    head = head_of(part)
    return next((source.name for source in SOURCES if source.matches(head)), "no format")


def _refuse(head: Head) -> None:
    """Name kinds of files that people take for data."""
    raw = head.raw
    start = raw.lstrip()[:200].lower()
    what = ""
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        what = "is a web page, not data: the download needs a login or failed. Fetch it again"
    elif raw.startswith(_ZSTD) and head.part.file.lower().endswith((".csv.zst", ".txt.zst")):
        what = "is packed with Zstandard, which is not unpacked here. Unpack it first: zstd -d"
    elif raw.startswith((_ZSTD, b"DBN")):
        what = (
            "is Databento DBN, which is not read here. Turn it into Parquet first, with the "
            "package databento: databento.DBNStore.from_file(path).to_parquet('out.parquet')"
        )
    elif raw.startswith(b"\xd0\xcf\x11\xe0") or head.part.name.lower().endswith((".xlsx", ".ods")):
        what = "is a spreadsheet, which is not read here. Save it as CSV"
    elif raw.startswith(_ARCHIVES):
        what = (
            "is an archive inside another one, or one whose name does not say so. Unpack it first, "
            "or give it the ending that it has: .zip, .gz, .tar.xz"
        )
    elif start.startswith(b"version https://git-lfs"):
        what = "is a pointer of Git LFS, not the data. Run `git lfs pull`"
    elif any(_MESSAGE.search(line) for line in head.lines[:2]):
        what = (
            "holds JSON messages, which are not read here. Make a table of them first, one line a "
            "bar, and give that: polars.read_ndjson(path) or polars.read_json(path)"
        )
    if what:
        raise InvalidCandleData(f"{head.part.name}: the file {what}", rule="file")

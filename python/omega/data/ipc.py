"""Metadata in the schema of an Arrow file, where the library that writes it takes none.

Pairs of text are added to the schema in the footer of a finished IPC file. The batches stay where
they are, so that it maps as before. The footer is a flatbuffer: the old one is kept whole, and new
tables that point into it are put before it.
"""

from __future__ import annotations

import io
import json
import mmap
import struct
from pathlib import Path

import polars as pl

KEY = "omega.import"
"""The name of the metadata in the schema of files that are written here."""

_MAGIC = b"ARROW1"
_VERSION, _SCHEMA, _DICTIONARIES, _BATCHES = range(4)
_ENDIANNESS, _FIELDS, _METADATA, _FEATURES = range(4)


def put(path: Path, pairs: dict[str, str]) -> None:
    """Set the metadata of a file; pairs that it has already are replaced."""
    with path.open("r+b") as file:
        start, old = _footer(file.read())
        new = _rewritten(old, pairs)
        file.seek(start)
        file.write(new + struct.pack("<i", len(new)) + _MAGIC)
        file.truncate()


def get(content: bytes | mmap.mmap) -> dict[str, str]:
    """Read the metadata of a file."""
    _, footer = _footer(content)
    schema = _follow(footer, _field(footer, _root(footer), _SCHEMA))
    place = _field(footer, schema, _METADATA)
    if place is None:
        return {}
    vector = _follow(footer, place)
    found = {}
    for k in range(_u32(footer, vector)):
        pair = _follow(footer, vector + 4 + 4 * k)
        key, value = (_text(footer, _follow(footer, _field(footer, pair, n))) for n in (0, 1))
        found[key] = value
    return found


def of_file(path: Path) -> dict[str, str]:
    """Give the metadata of a file, which is mapped rather than read: candles may be large."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return metadata(content)


def metadata(content: bytes | mmap.mmap) -> dict[str, str]:
    """Give what an import that was written here states of itself; nothing for other files."""
    try:
        if content[:4] == b"PAR1":
            pairs = pl.read_parquet_metadata(io.BytesIO(content))
        else:
            pairs = get(content)
    except (struct.error, ValueError, UnicodeDecodeError, pl.exceptions.PolarsError):
        return {}  # reading the file raises what is wrong with it
    kept = json.loads(pairs[KEY]) if KEY in pairs else {}
    return {name: value for name, value in kept.items() if isinstance(value, str)}


def _footer(content: bytes | mmap.mmap) -> tuple[int, bytes]:
    length = struct.unpack_from("<i", content, len(content) - len(_MAGIC) - 4)[0]
    start = len(content) - len(_MAGIC) - 4 - length
    return start, content[start : start + length]


def _rewritten(old: bytes, pairs: dict[str, str]) -> bytes:
    """Lay out: root, footer table, schema table, then the old footer, then the metadata."""
    footer, schema = _root(old), 0
    schema = _follow(old, _field(old, footer, _SCHEMA))
    # A table: its vtable (lengths, then places of its fields), then itself, in 8-byte steps.
    footer_at, schema_at, old_at = 24, 56, 80
    tail = old_at + len(old) + (-len(old)) % 8
    head = bytearray(old_at)
    struct.pack_into("<I", head, 0, footer_at)
    # version at 4 of the table; schema, dictionaries and batches at 8, 12 and 16.
    struct.pack_into("<6H", head, 8, 12, 20, 4, 8, 12, 16)
    struct.pack_into("<i", head, footer_at, footer_at - 8)
    version = _field(old, footer, _VERSION)
    if version is not None:
        head[footer_at + 4 : footer_at + 6] = old[version : version + 2]
    struct.pack_into("<I", head, footer_at + 8, schema_at - footer_at - 8)
    for at, number in ((footer_at + 12, _DICTIONARIES), (footer_at + 16, _BATCHES)):
        target = _target(old, footer, number)
        struct.pack_into("<I", head, at, (old_at + target if target else tail) - at)
    # The schema: byte order is the default; fields at 4, metadata at 8.
    struct.pack_into("<5H", head, 44, 10, 12, 0, 4, 8)
    struct.pack_into("<i", head, schema_at, schema_at - 44)
    fields = _target(old, schema, _FIELDS)
    struct.pack_into("<I", head, schema_at + 4, old_at + (fields or 0) - schema_at - 4)
    struct.pack_into("<I", head, schema_at + 8, tail + 8 - schema_at - 8)
    body = bytes(head) + old + b"\0" * ((-len(old)) % 8)
    # An empty vector for what the old footer lacks, then the metadata.
    return body + b"\0" * 8 + _pairs(pairs)


def _pairs(pairs: dict[str, str]) -> bytes:
    """A vector of tables, each with a key and a value."""
    listed = list(pairs.items())
    out = bytearray(4 + 4 * len(listed))
    struct.pack_into("<I", out, 0, len(listed))
    for k, (key, value) in enumerate(listed):
        out += b"\0" * ((-len(out)) % 8)
        vtable, table = len(out), len(out) + 8
        out += struct.pack("<4H", 8, 12, 4, 8) + struct.pack("<i", table - vtable) + b"\0" * 8
        struct.pack_into("<I", out, 4 + 4 * k, table - 4 - 4 * k)
        for place, text in ((table + 4, key), (table + 8, value)):
            out += b"\0" * ((-len(out)) % 4)
            struct.pack_into("<I", out, place, len(out) - place)
            raw = text.encode()
            out += struct.pack("<I", len(raw)) + raw + b"\0"
    return bytes(out + b"\0" * ((-len(out)) % 8))


def _root(buffer: bytes) -> int:
    return _u32(buffer, 0)


def _field(buffer: bytes, table: int, number: int) -> int | None:
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", buffer, vtable)[0]:
        return None
    offset = struct.unpack_from("<H", buffer, vtable + 4 + 2 * number)[0]
    return table + offset if offset else None


def _target(buffer: bytes, table: int, number: int) -> int | None:
    place = _field(buffer, table, number)
    return None if place is None else _follow(buffer, place)


def _follow(buffer: bytes, place: int | None) -> int:
    if place is None:
        raise ValueError("the footer of the Arrow file lacks a part that it must have")
    return place + _u32(buffer, place)


def _text(buffer: bytes, place: int) -> str:
    return buffer[place + 4 : place + 4 + _u32(buffer, place)].decode()


def _u32(buffer: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", buffer, place)[0])

"""The fingerprint of the first release: logical bytes of tables, and BLAKE3 over them.

Results no longer have it. Tests compute it from the tables of a run under `semantics=1`, which the
first release named by it. BLAKE3 is written from its specification; chunks are compressed side by
side, a lane of a NumPy array each.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

import omega
from omega.reference.results import SCHEMAS, PlainTables

HASHED = ("trades", "orders", "equity")
Words: TypeAlias = NDArray[np.uint32]
Table: TypeAlias = tuple[Mapping[str, str], Mapping[str, Sequence[Any]]]

_IV = np.array(
    [
        0x6A09E667,
        0xBB67AE85,
        0x3C6EF372,
        0xA54FF53A,
        0x510E527F,
        0x9B05688C,
        0x1F83D9AB,
        0x5BE0CD19,
    ],
    dtype=np.uint32,
)
_PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
_COLUMNS = (slice(4, 8), slice(8, 12), slice(12, 16))
_DIAGONALS = ([5, 6, 7, 4], [10, 11, 8, 9], [15, 12, 13, 14])
_ROUNDS = 7
_BLOCK, _CHUNK = 64, 1024
_CHUNK_START, _CHUNK_END, _PARENT, _ROOT = 1, 2, 4, 8
_NUMBERS = {"u32": "<u4", "f64": "<f8", "time": "<i8", "bool": "u1"}


def first_fingerprint(result: omega.BacktestResult) -> str:
    """Give the fingerprint that the first release gave a result."""
    tables = result.tables
    shape: Any = {"contract_sizes": tables.contract_sizes, "unit": tables.unit, "timezone": None}
    frames = {name: pl.DataFrame(getattr(tables, name)()) for name in HASHED}
    columns = PlainTables.from_tables(frames, symbols=tables.symbols, **shape).columns
    kinds = {name: {c: k for c, k in SCHEMAS[name].items() if c != "note"} for name in HASHED}
    return _hashed({name: (kinds[name], columns[name]) for name in HASHED}, tables.unit)


def _hashed(tables: Mapping[str, Table], unit: str) -> str:
    parts = []
    for name, (kinds, columns) in tables.items():
        rows = len(next(iter(columns.values())))
        parts += [_text(name), _count(len(kinds)), _count(rows)]
        for column, kind in kinds.items():
            plain = kind.rstrip("?")
            parts += [_text(column), _text(f"time[{unit}]" if plain == "time" else plain)]
            if kind.endswith("?"):
                parts.append(bytes(value is not None for value in columns[column]))
            parts.append(_values(plain, columns[column]))
    return blake3(b"".join(parts))


def blake3(data: bytes) -> str:
    """Hash bytes with BLAKE3, as 64 hexadecimal digits."""
    chunks = max(1, -(-len(data) // _CHUNK))
    if chunks == 1:
        return _hex(_chunks(data, 0, root=True))
    whole = len(data) // _CHUNK * _CHUNK
    nodes = [_chunks(data[:whole], 0)]
    if whole < len(data):
        nodes.append(_chunks(data[whole:], whole // _CHUNK))
    level = np.concatenate(nodes, axis=1)
    while level.shape[1] > 1:
        pairs = level.shape[1] // 2
        blocks = np.concatenate([level[:, : 2 * pairs : 2], level[:, 1 : 2 * pairs : 2]])
        flags = _PARENT | (_ROOT if level.shape[1] == 2 else 0)
        parents = _compress(_start(pairs), blocks, np.zeros(pairs, np.uint64), _BLOCK, flags)
        level = np.concatenate([parents, level[:, 2 * pairs :]], axis=1)
    return _hex(level)


def _values(kind: str, values: Sequence[Any]) -> bytes:
    if kind in _NUMBERS:
        filled = [0 if value is None else value for value in values]
        return np.array(filled, dtype=_NUMBERS[kind]).tobytes()
    if kind == "list[str]":
        return b"".join(_count(len(tags)) + b"".join(map(_text, tags)) for tags in values)
    return b"".join(_text(value or "") for value in values)


def _text(value: str) -> bytes:
    data = value.encode()
    return _count(len(data)) + data


def _count(value: int) -> bytes:
    return struct.pack("<Q", value)


def _chunks(data: bytes, first: int, *, root: bool = False) -> Words:
    """Give the chaining values of chunks of equal length, a column each."""
    lanes = max(1, len(data) // _CHUNK)
    length = len(data) // lanes
    blocks = max(1, -(-length // _BLOCK))
    padded = np.zeros((lanes, blocks * _BLOCK), np.uint8)
    padded[:, :length] = np.frombuffer(data, np.uint8).reshape(lanes, length)
    words = padded.view("<u4").reshape(lanes, blocks, 16).transpose(1, 2, 0)
    counters = np.arange(first, first + lanes, dtype=np.uint64)
    value = _start(lanes)
    for k in range(blocks):
        last = k == blocks - 1
        flags = (_CHUNK_START if k == 0 else 0) | (_CHUNK_END if last else 0)
        flags |= _ROOT if last and root else 0
        size = length - k * _BLOCK if last else _BLOCK
        value = _compress(value, words[k], counters, size, flags)
    return value


def _start(lanes: int) -> Words:
    return np.repeat(_IV[:, None], lanes, axis=1)


def _compress(
    value: Words, block: Words, counters: NDArray[np.uint64], size: int, flags: int
) -> Words:
    """Run one compression in each lane; the first half of its output is all that is needed."""
    lanes = value.shape[1]
    constants = np.full((2, lanes), [[size], [flags]], np.uint32)
    low, high = counters.astype(np.uint32), (counters >> np.uint64(32)).astype(np.uint32)
    state = np.concatenate([value, _start(lanes)[:4], low[None], high[None], constants])
    words = np.ascontiguousarray(block, np.uint32)
    for _ in range(_ROUNDS):
        _half_round(state, words[0:8:2], words[1:8:2], _COLUMNS)
        _half_round(state, words[8:16:2], words[9:16:2], _DIAGONALS)
        words = words[_PERMUTATION]
    half: Words = state[:8] ^ state[8:]
    return half


def _half_round(state: Words, x: Words, y: Words, rows: tuple[Any, Any, Any]) -> None:
    """Mix the four columns, or the four diagonals, of all lanes at once."""
    b, c, d = rows
    for message, (first, second) in ((x, (16, 12)), (y, (8, 7))):
        state[:4] += state[b] + message
        state[d] = _rotated(state[d] ^ state[:4], first)
        state[c] += state[d]
        state[b] = _rotated(state[b] ^ state[c], second)


def _rotated(words: Words, by: int) -> Words:
    return (words >> np.uint32(by)) | (words << np.uint32(32 - by))


def _hex(value: Words) -> str:
    return value[:, 0].astype("<u4").tobytes().hex()

"""The fingerprint in plain Python and NumPy: SHA-256 over the changes of logical columns."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Table: TypeAlias = tuple[Mapping[str, str], Mapping[str, Sequence[Any]]]

_NUMBERS = {"u32": "<u4", "f64": "<f8", "time": "<i8", "bool": "u1"}


def fingerprint(tables: Mapping[str, Table], unit: str) -> str:
    """Hash tables, given as kinds and columns by name.

    Example:
        >>> len(fingerprint({"equity": ({"time": "time"}, {"time": [1, 2]})}, "s"))
        64
    """
    digest = hashlib.sha256()
    for name, (kinds, columns) in tables.items():
        rows = len(next(iter(columns.values())))
        digest.update(_text(name) + _count(len(kinds)) + _count(rows))
        for column, kind in kinds.items():
            plain = kind.rstrip("?")
            digest.update(_text(column) + _text(f"time[{unit}]" if plain == "time" else plain))
            if kind.endswith("?"):
                present = [value is not None for value in columns[column]]
                digest.update(_numbers(np.array(present, dtype="u1")))
            digest.update(_values(plain, columns[column]))
    return digest.hexdigest()


def _values(kind: str, values: Sequence[Any]) -> bytes:
    if kind in _NUMBERS:
        filled = [0 if value is None else value for value in values]
        numbers = np.array(filled, dtype=_NUMBERS[kind])
        if kind == "time":
            numbers = np.diff(numbers, prepend=np.zeros(min(1, len(numbers)), "<i8"))
        return _numbers(numbers)
    texts = (_list(tags) if kind == "list[str]" else _text(tags or "") for tags in values)
    return _texts(list(texts))


def _numbers(values: NDArray[Any]) -> bytes:
    r"""Return numbers as their changes, compared by their bits.

    Example:
        >>> _numbers(np.array([7, 7, 9], dtype="u1"))
        b'\x05\x07\t'
    """
    bits = values.view(f"u{values.dtype.itemsize}")
    changed = np.ones(len(bits), dtype=bool)
    changed[1:] = bits[1:] != bits[:-1]
    return _bits(changed) + values[changed].tobytes()


def _texts(values: Sequence[bytes]) -> bytes:
    """Return texts, each with its length, as their changes."""
    before = [None, *values]
    changed = [value != last for value, last in zip(values, before, strict=False)]
    new = (value for value, is_new in zip(values, changed, strict=True) if is_new)
    return _bits(changed) + b"".join(new)


def _bits(flags: Iterable[Any]) -> bytes:
    """Return a bit a row, from the lowest bit of the first byte on."""
    return np.packbits(np.array(flags, dtype=bool), bitorder="little").tobytes()


def _list(texts: Sequence[str]) -> bytes:
    return _count(len(texts)) + b"".join(map(_text, texts))


def _text(value: str) -> bytes:
    data = value.encode()
    return _count(len(data)) + data


def _count(value: int) -> bytes:
    return struct.pack("<Q", value)

"""Columns of numbers as short text: variable-length integers, gzip, base64.

``assets/codec.js`` reads it back. The same arrays always give the same text.
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

MOST_DECIMALS = 15
_LARGEST = 2.0**51
"""What the page's numbers hold exactly, with room for a sign and a difference."""
_GROUP = 7
_SAMPLE = 4_096


def unsigned(values: Integers) -> bytes:
    """Write non-negative integers, seven bits a byte, the low bits first.

    Example:
        >>> unsigned(np.array([1, 300])).hex()
        '01ac02'
    """
    rest = values.astype(np.uint64)
    lengths = np.ones(len(rest), dtype=np.int64)
    for k in range(1, 10):
        lengths += rest >> np.uint64(_GROUP * k) > 0
    ends = np.cumsum(lengths)
    out = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    starts = ends - lengths
    for k in range(int(lengths.max(initial=0))):
        rows = lengths > k
        group = (rest[rows] >> np.uint64(_GROUP * k)) & np.uint64(127)
        more = np.where(lengths[rows] > k + 1, np.uint64(128), np.uint64(0))
        out[starts[rows] + k] = (group | more).astype(np.uint8)
    return out.tobytes()


def signed(values: Integers) -> bytes:
    """Write integers of either sign: small ones stay short.

    Example:
        >>> signed(np.array([-1, 1])).hex()
        '0102'
    """
    return unsigned(zigzag(values))


def nullable(values: Integers, there: NDArray[np.bool_]) -> bytes:
    """Write integers of which some are missing.

    Example:
        >>> nullable(np.array([0, 7]), np.array([True, False])).hex()
        '0100'
    """
    return unsigned(np.where(there, zigzag(values) + 1, 0))


def zigzag(values: Integers) -> Integers:
    """Fold the sign into the lowest bit.

    Example:
        >>> zigzag(np.array([0, -1, 1])).tolist()
        [0, 1, 2]
    """
    return (values << 1) ^ (values >> 63)


def differences(values: Integers, first: int = 0) -> Integers:
    """Return each value less the one before it.

    Example:
        >>> differences(np.array([5, 7, 6])).tolist()
        [5, 2, -1]
    """
    return np.diff(values, prepend=first)


def packed(parts: Sequence[bytes]) -> str:
    """Return columns, one after the other, as compressed text.

    Example:
        >>> packed([b"abc"]) == packed([b"ab", b"c"])
        True
    """
    return base64.b64encode(gzip.compress(b"".join(parts), compresslevel=9, mtime=0)).decode()


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a packed table.

    Attributes:
        name: How the page finds it.
        values: Whole numbers.
        kind: How they are written: "unsigned", "signed" or "nullable".
        there: Of nullable ones, where there is one.
        base: What each is more than: "sum" is the one before it, another name that of a column
            before this one.
        scale: What a unit of the numbers is.
        first: What is added in the end.
    """

    name: str
    values: Integers
    kind: str = "signed"
    there: NDArray[np.bool_] | None = None
    base: str = ""
    scale: float = 1.0
    first: float = 0.0


def table(columns: Sequence[Column]) -> tuple[dict[str, Any], str]:
    """Return what describes a table to the page, and its columns as compressed text.

    Example:
        >>> table([Column("a", np.array([3, 4]), "unsigned", base="sum")])[0]
        {'rows': 2, 'columns': [['a', 'unsigned', 'sum', 1.0, 0.0]]}
    """
    known = {column.name: column.values for column in columns}
    parts = []
    for column in columns:
        values = column.values
        if column.base == "sum":
            values = differences(values)
        elif column.base:
            values = values - known[column.base]
        if column.kind == "nullable":
            whole = np.ones(len(values), np.bool_) if column.there is None else column.there
            parts.append(nullable(values, whole))
        else:
            parts.append(_WRITERS[column.kind](values))
    about = [[one.name, one.kind, one.base, one.scale, one.first] for one in columns]
    return {"rows": len(columns[0].values), "columns": about}, packed(parts)


_WRITERS = {"unsigned": unsigned, "signed": signed}


def decimals_of(values: NDArray[np.float64], *, coarse: int) -> tuple[int, bool]:
    """Find how many decimals hold prices exactly; where none do, so many as `coarse`.

    Example:
        >>> decimals_of(np.array([1.25, 3.5]), coarse=4), decimals_of(np.array([1 / 3]), coarse=4)
        ((2, True), (4, False))
        >>> decimals_of(np.array([5e-7, 1.25e-6]), coarse=4)
        (8, True)
    """
    finite = values[np.isfinite(values)]
    most = _most_decimals(finite)
    for decimals in range(most + 1):
        # Most that do not fit show it in the first values, and there may be millions.
        if _fit(finite[:_SAMPLE], decimals) and _fit(finite, decimals):
            return decimals, True
    return min(coarse, most), False


def _fit(values: NDArray[np.float64], decimals: int) -> bool:
    """Whether so many decimals hold all values."""
    scaled = values * 10.0**decimals
    off = np.abs(scaled - np.round(scaled))
    # Near by the last decimal, and near by the size of the number: a price may be a millionth.
    near = np.minimum(1e-6 + np.abs(scaled) * 1e-15, 0.01)
    return bool(np.all((off <= near) & (off <= np.abs(scaled) * 1e-9)))


def coarse_decimals(size: float, digits: int) -> int:
    """Choose decimals that show so many digits of a size.

    Example:
        >>> coarse_decimals(0.01, 3), coarse_decimals(5e-7, 3)
        (4, 9)
    """
    return int(np.clip(digits - 1 - np.floor(np.log10(size)), 0, MOST_DECIMALS))


def _most_decimals(values: NDArray[np.float64]) -> int:
    """How many decimals the page can hold of the largest value."""
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest <= 0.0:
        return MOST_DECIMALS
    return int(np.clip(np.floor(np.log10(_LARGEST) - np.log10(largest)), 0, MOST_DECIMALS))


def money_decimals(values: NDArray[np.float64]) -> int:
    """Choose decimals for amounts: two, or more where all of them are small.

    Example:
        >>> money_decimals(np.array([1500.0])), money_decimals(np.array([0.002]))
        (2, 6)
    """
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest <= 0.0 or largest >= 100.0:  # noqa: PLR2004 - amounts of everyday size
        return 2
    return int(np.clip(4 - np.floor(np.log10(largest)), 2, MOST_DECIMALS)) - 1


def scaled(values: NDArray[np.float64], decimals: int) -> Integers:
    """Return numbers as integers of their last decimal; what is not finite is 0.

    Example:
        >>> scaled(np.array([1.234]), 2).tolist()
        [123]
    """
    clean = np.where(np.isfinite(values), values, 0.0)
    return np.round(clean * 10.0**decimals).astype(np.int64)

"""The hash of a table's content: its schema, and the values of all rows by column.

How the rows are cut into chunks, row groups and files changes nothing, and neither does the kind of
file. The rows are read in batches, so that tables larger than memory can be hashed, too.
"""

from __future__ import annotations

import hashlib
import json

import polars as pl

_BATCH = 1 << 16
_AS_TEXT = (pl.Categorical, pl.Enum, pl.String, pl.Null)


def content_hash(table: pl.LazyFrame) -> str:
    """Hash the schema and the values of all rows.

    Example:
        >>> whole = pl.DataFrame({"close": [1.0, None, 3.0]})
        >>> parts = pl.concat([whole[:1], whole[1:]], rechunk=False)
        >>> content_hash(whole.lazy()) == content_hash(parts.lazy())
        True
    """
    columns = [_ColumnHash(name, dtype) for name, dtype in table.collect_schema().items()]
    rows = 0
    for batch in table.collect_batches(chunk_size=_BATCH, maintain_order=True):
        for column in columns:
            column.update(batch.get_column(column.name), rows)
        rows += batch.height
    parts = json.dumps([rows, [column.parts() for column in columns]])
    return hashlib.sha256(parts.encode()).hexdigest()


class _ColumnHash:
    """The hash of one column, which grows with each batch.

    Values, texts and the rows of missing values go into hashes of their own, as the bytes of one
    hash would otherwise lie in an order that depends on the batches.
    """

    __slots__ = ("_nulls", "_texts", "_values", "dtype", "name")

    def __init__(self, name: str, dtype: pl.DataType) -> None:
        self.name = name
        self.dtype = "String" if isinstance(dtype, _AS_TEXT) else str(dtype)
        self._values, self._texts, self._nulls = (hashlib.sha256() for _ in range(3))

    def update(self, series: pl.Series, first: int) -> None:
        """Add the next rows, of which the first has this number."""
        if series.null_count():
            rows = series.is_null().arg_true().cast(pl.UInt64) + first
            self._nulls.update(_bytes_of(rows))
        plain = _plain(series)
        if plain.dtype == pl.String:
            self._texts.update(plain.str.join("").item().encode())
            plain = plain.str.len_bytes()
        self._values.update(_bytes_of(plain.fill_null(0)))

    def parts(self) -> list[str]:
        """Return what the column is known by."""
        hashes = (self._values, self._texts, self._nulls)
        return [self.name, self.dtype, *(one.hexdigest() for one in hashes)]


def _plain(series: pl.Series) -> pl.Series:
    """Return the values as numbers of up to 64 bits, or else as texts."""
    dtype = series.dtype
    if dtype == pl.Boolean:
        return series.cast(pl.UInt8)
    if dtype.is_temporal():
        return series.to_physical()
    if dtype.is_float() or (dtype.is_integer() and dtype not in (pl.Int128, pl.UInt128)):
        return series
    if dtype == pl.Binary:
        return series.bin.encode("hex")
    if dtype.is_nested() or dtype == pl.Object:
        return pl.Series(series.name, [repr(one) for one in series.to_list()], pl.String)
    return series.cast(pl.String)


def _bytes_of(numbers: pl.Series) -> bytes:
    values = numbers.to_numpy()
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()

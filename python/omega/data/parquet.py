"""Parquet files whose times have a fixed offset for a zone, which Polars does not read."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import polars as pl

from omega.errors import InvalidCandleData

_SCHEMA = "ARROW:schema"
_OFFSET = r"[+-]\d\d:?\d\d"


def has_offsets(file: Path | bytes) -> bool:
    """Return whether a column has a zone such as "+05:30", by what the file states of its types.

    Example:
        >>> held = io.BytesIO()
        >>> pl.DataFrame({"close": [1.0]}).write_parquet(held)
        >>> has_offsets(held.getvalue())
        False
    """
    try:
        stated = pl.read_parquet_metadata(io.BytesIO(file) if isinstance(file, bytes) else file)
        schema = base64.b64decode(stated.get(_SCHEMA, ""))
    except (pl.exceptions.PolarsError, ValueError, OSError):
        return False  # what is wrong with the file is raised where it is read
    return re.search(rb"\0" + _OFFSET.encode() + rb"\0", schema) is not None


def read_in_utc(file: Path | bytes) -> pl.DataFrame:
    """Read such a file by PyArrow, its times in UTC: the moments are the same.

    Raises:
        InvalidCandleData: PyArrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, which few files need
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above
    except ImportError:
        raise InvalidCandleData(
            "data: the file has times with a fixed offset to UTC for a zone, which are read by "
            "PyArrow alone. Install it (pip install pyarrow), or write the file with times in UTC",
            rule="file",
        ) from None
    table: Any = pq.read_table(io.BytesIO(file) if isinstance(file, bytes) else file)
    for place, column in enumerate(table.schema):
        zone = getattr(column.type, "tz", None)
        if zone and re.fullmatch(_OFFSET, zone):
            utc = table.column(place).cast(pa.timestamp(column.type.unit, "UTC"))
            table = table.set_column(place, column.name, utc)
    return pl.DataFrame(table)

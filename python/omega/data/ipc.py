"""What the files of an import keep in their schema: where their rows came from."""

from __future__ import annotations

import io
import json
import mmap
from pathlib import Path

import polars as pl

from omega._native import core

KEY = "omega.import"
"""The name of the metadata in the schema of files that are written here."""


def of_file(path: Path) -> dict[str, str]:
    """Give the metadata of a file, which is mapped rather than read: candles may be large."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            return metadata(whole)
    except (OSError, ValueError):
        return {}  # no file, or an empty one: as below


def metadata(content: bytes | mmap.mmap) -> dict[str, str]:
    """Give what an import that was written here states of itself; nothing for other files."""
    try:
        if content[:4] == b"PAR1":
            pairs = pl.read_parquet_metadata(io.BytesIO(content))
        else:
            pairs = core.ipc_metadata(content)
    except pl.exceptions.PolarsError:
        return {}  # what is wrong with the file is raised where it is read
    try:
        kept = json.loads(pairs.get(KEY, "{}"))
    except ValueError:
        return {}  # somebody else's
    if not isinstance(kept, dict):
        return {}
    return {name: value for name, value in kept.items() if isinstance(value, str)}

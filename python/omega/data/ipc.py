"""Provenance that imports keep in the schema of their files."""

from __future__ import annotations

import io
import json
import mmap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from omega._native import core

KEY = "omega.import"
"""The name of the metadata in the schema of files that are written here."""


def of_file(path: Path) -> dict[str, str]:
    """Return the metadata of a file, which is mapped rather than read: candles may be large."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            return metadata(whole)
    except (OSError, ValueError):
        return {}  # no file, or an empty one: as below


def symbol_of(files: Iterable[Path]) -> str | None:
    """Return the symbol that files state of themselves; None where one does not, or another one."""
    found = {of_file(file).get("symbol") for file in files}
    return found.pop() if len(found) == 1 else None


def metadata(content: bytes | mmap.mmap) -> dict[str, str]:
    """Return what an import that was written here states of itself; nothing for other files."""
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


def write(frame: pl.DataFrame, path: Path, ending: str, about: Mapping[str, Any]) -> None:
    """Write candles with what is known about them: Parquet, CSV (rows alone), or Arrow to map."""
    kept = {KEY: json.dumps(about)}
    if ending.lower() == ".parquet":
        frame.write_parquet(path, metadata=kept)
    elif ending.lower() == ".csv":
        frame.write_csv(path)
    else:
        core.write_ipc(frame.rechunk(), path, kept)

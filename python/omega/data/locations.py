"""Locations of candle files: local, in a partitioned folder, or remote.

A location is a text: a path, or the address of an object such as ``"s3://bucket/eurusd.parquet"``,
which Polars reads through its own object store.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from omega.errors import ConfigError

IPC = (".arrow", ".feather", ".ipc")
KINDS = (".parquet", *IPC)
_REMOTE = re.compile(r"(s3a?|gs|gcs|az|azure|abfss?|adl|https?)://", re.IGNORECASE)
_PARTITION = re.compile(r"[/\\][^/\\=]+=[^/\\]*[/\\]")
"""A folder whose name is a column and its value, as in ``candles/symbol=EURUSD/2024.parquet``."""


def is_remote(location: object) -> bool:
    """Return whether this is the address of something on another machine.

    Example:
        >>> is_remote("s3://bucket/eurusd.parquet"), is_remote("eurusd.parquet")
        (True, False)
    """
    return isinstance(location, str) and _REMOTE.match(location) is not None


def is_ipc(path: Path) -> bool:
    """Return whether a file is one of Arrow IPC, by its name."""
    return path.suffix.lower() in IPC


def locations_of(path: Any) -> list[str]:  # noqa: ANN401 - a location, or several
    """Find the files of a path, a pattern, a partitioned folder or a list, in the order of rows.

    Remote patterns are Polars' to find; they stay as they are.

    Raises:
        ConfigError: There is no such file, or one of another kind.
    """
    if isinstance(path, tuple):
        return [file for one in path for file in locations_of(one)]
    if is_remote(path):
        return [_remote(path)]
    found = [Path(path)]
    if found[0].is_dir():
        found = _partitions(found[0])
    elif not found[0].exists() and glob.has_magic(path):
        names = glob.glob(path, recursive=True)  # noqa: PTH207 - of absolute patterns, too
        found = [Path(one) for one in sorted(names) if Path(one).is_file()]
        if not found:
            raise ConfigError(
                f"Dataset.path: no file matches {path!r}; looked in {_place(path)}. "
                "Give the pattern of files that are there, such as 'folder/*.parquet'"
            )
    for one in found:
        if one.suffix.lower() not in KINDS:
            raise ConfigError(
                f"Dataset.path: given {str(one)!r}, expected files that end in "
                f"{', '.join(KINDS)}. Import CSV and files of vendors "
                "with omega.read_candles(path)"
            )
        if not one.exists():
            raise ConfigError(
                f"Dataset.path: there is no file {one.name!r}; looked in {_place(str(one))}"
            )
    return [str(one) for one in found]


def scan(locations: Sequence[str], storage_options: Mapping[str, str] | None) -> pl.LazyFrame:
    """Return the rows of files, which follow each other and have the same columns.

    Raises:
        ConfigError: A file is unlike the first one.
    """
    tables = [_scan(one, storage_options) for one in locations]
    first = tables[0].collect_schema()
    for location, table in zip(locations, tables, strict=True):
        schema = table.collect_schema()
        if schema != first:
            raise ConfigError(
                f"Dataset.path: {PurePosixPath(location).name!r} has the columns "
                f"{_listed(schema)}, expected those of {PurePosixPath(locations[0]).name!r}: "
                f"{_listed(first)}. Make the files alike, or read them apart"
            )
    return pl.concat(tables) if len(tables) > 1 else tables[0]


def _scan(location: str, storage_options: Mapping[str, str] | None) -> pl.LazyFrame:
    remote = is_remote(location)
    read = pl.scan_ipc if is_ipc(Path(location)) else pl.scan_parquet
    # A local name is one file, whatever signs it has; a folder of a partition names what it is.
    return read(
        location,
        glob=remote and not location.lower().startswith("http"),
        hive_partitioning=remote or _PARTITION.search(location) is not None,
        storage_options=None if storage_options is None else dict(storage_options),
    )


def _remote(location: str) -> str:
    """Refuse an address whose kind of file is not known."""
    path = PurePosixPath(location.partition("?")[0])
    if path.suffix.lower() in KINDS or location.endswith("/"):
        return location
    raise ConfigError(
        f"Dataset.path: given {location!r}, expected the address of files that end in "
        f"{', '.join(KINDS)}, or of a folder of Parquet files that ends in '/'"
    )


def _partitions(folder: Path) -> list[Path]:
    """Find the files of a folder that is partitioned by folders such as ``symbol=EURUSD``."""
    files = [one for one in sorted(folder.rglob("*")) if one.suffix.lower() in KINDS]
    if files and all(_PARTITION.search(str(one)) for one in files):
        return files
    raise ConfigError(
        f"Dataset.path: {str(folder)!r} is a folder; give a pattern of its files, such as "
        f"{str(folder / '*.parquet')!r}, or a folder that is partitioned by folders such as "
        "'symbol=EURUSD'"
    )


def _place(path: str) -> str:
    """Name the folder that was searched: the part of a pattern that is no pattern."""
    folder = Path(path).parent
    while glob.has_magic(str(folder)):
        folder = folder.parent
    missing = "" if folder.is_dir() else ", which does not exist"
    return f"{str(folder.absolute())!r}{missing}"


def _listed(schema: pl.Schema) -> str:
    return ", ".join(f"{name} {dtype}" for name, dtype in schema.items())

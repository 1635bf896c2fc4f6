"""Rows on disk: written in parts as runs are done, and found again by their content.

The folder has Parquet files and `sweep.json`, which identifies the sweep. A part appears whole or
not at all, its other tables before it, so that whatever ends the process, each run is there with
all of its tables or not there. Files without the mark of the sweep, in them or in their names, are
the user's, and stay. The sweep's own are `sweep.json`, `runs-000000.parquet` and so on, the same of
`trades` and `equity`, the lease, and halves of them: `.sweep.json.0123456789abcdef.tmp`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from omega import libraries
from omega.data.files import writing
from omega.errors import ConfigError
from omega.sweeps.identity import refuse_other
from omega.sweeps.lease import FILE as LEASE
from omega.sweeps.spec import Row
from omega.sweeps.table import Schema, beside, joined

MANIFEST = "sweep.json"
_MARK = "omega.sweep"
_PART = re.compile(r"(\w+)-(\d{6,})\.parquet")
_FIRST_HALF = re.compile(rf"\.{re.escape(MANIFEST)}\.[0-9a-f]{{16}}\.tmp")
"""All that is in a folder whose sweep could not even write down which one it is."""


class Parts:
    """The folder of one sweep, which holds its lease.

    Attributes:
        next: The number of the next part.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], schema: Schema) -> None:
        self.folder, self.schema = folder, schema
        self.tables: tuple[str, ...] = tuple(identity["tables"])
        self._name = str(identity["fingerprint"])
        self._half = f".{self._name[:16]}.tmp"
        self._claim(identity)
        self._remove_halves()
        taken = [path for name in ("runs", *self.tables) for path in self.files(name)]
        self.next = 1 + max(map(_number, taken), default=-1)

    def _claim(self, identity: Mapping[str, Any]) -> None:
        """Write down which sweep the folder belongs to, or refuse that of another one."""
        manifest = self.folder / MANIFEST
        if not manifest.exists():
            others = [path for path in self.folder.iterdir() if path.name != LEASE]
            for path in others:
                if _FIRST_HALF.fullmatch(path.name):
                    path.unlink()
                    continue
                raise ConfigError(
                    f"out: {str(self.folder)!r} is not empty and has no {MANIFEST}; name a folder "
                    "of its own"
                )
            self._write_whole(manifest, json.dumps(identity, indent=2).encode())
            return
        refuse_other(str(self.folder), _read(manifest), identity)

    def _remove_halves(self) -> None:
        """Remove what this sweep was writing when a process ended, and nothing else."""
        halves = [path for path in self.folder.iterdir() if path.name.endswith(self._half)]
        whole = {_number(path) for path in self.files()}
        for name in self.tables:
            alone = [path for path in self.files(name) if _number(path) not in whole]
            halves += [path for path in alone if self._is_own(path)]
        for path in halves:
            path.unlink()

    def _is_own(self, path: Path) -> bool:
        """Return whether this sweep wrote a part."""
        try:
            return pl.read_parquet_metadata(path).get(_MARK) == self._name
        except (pl.exceptions.PolarsError, OSError):
            return False

    def files(self, table: str = "runs") -> list[Path]:
        """Return the files of a table, in order."""
        named = [(_PART.fullmatch(path.name), path) for path in self.folder.iterdir()]
        found = [path for match, path in named if match and match[1] == table]
        return sorted(found, key=_number)

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows as the next part, their other tables first; again it is the same part."""
        for name in self.tables:
            table = beside(rows, name)
            if table is not None:
                self._write(name, table)
        ordered = sorted(rows, key=lambda row: row.number)
        self._write("runs", self.schema.frame(ordered))

    def _write(self, name: str, frame: pl.DataFrame) -> None:
        with self._whole(self.folder / f"{name}-{self.next:06}.parquet") as half:
            frame.write_parquet(half, metadata={_MARK: self._name})

    def _write_whole(self, path: Path, content: bytes) -> None:
        with self._whole(path) as half:
            half.write_bytes(content)

    @contextlib.contextmanager
    def _whole(self, path: Path) -> Iterator[Path]:
        """Yield a path to write to, whose file is put in its place once it is whole."""
        half = self._beside(path)
        with writing(path):
            try:
                yield half
                _keep(half, path)
            finally:
                with contextlib.suppress(OSError):
                    half.unlink(missing_ok=True)

    def _beside(self, path: Path) -> Path:
        """Name what becomes a file once it is whole."""
        return path.with_name(f".{path.name}{self._half}")

    def read(self, table: str = "runs") -> Iterator[pl.DataFrame]:
        """Yield the parts of a table that are there.

        Raises:
            ConfigError: A file belongs to another sweep, or is not to be read.
        """
        whole = {_number(path) for path in self.files()}
        for path in self.files(table):
            if _number(path) not in whole:
                continue
            try:
                mark = pl.read_parquet_metadata(path).get(_MARK)
                frame = pl.read_parquet(path)
            except (pl.exceptions.PolarsError, OSError) as problem:
                raise ConfigError(
                    f"out: {path.name} cannot be read ({problem}); remove it, and its runs are "
                    "made again"
                ) from problem
            if mark != self._name:
                raise ConfigError(
                    f"out: {path.name} belongs to another sweep; remove it, or name another folder"
                )
            yield frame

    def table(self) -> pl.DataFrame | None:
        """Return all rows in the order of runs, or None where there is none."""
        frames = list(self.read())
        return joined(frames) if frames else None

    def other(self, name: str) -> pl.DataFrame | None:
        """Return a table beside the rows, or None where there is none."""
        frames = list(self.read(name))
        return pl.concat(frames).sort("run", maintain_order=True) if frames else None


def _read(manifest: Path) -> dict[str, Any]:
    """Read which sweep a folder holds.

    Raises:
        ConfigError: The file is none that a sweep wrote.
    """
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise ConfigError(
            f"out: {str(manifest)!r} cannot be read ({libraries.told(problem)}). It is damaged, so "
            "that the folder cannot be gone on with; name another folder"
        ) from problem
    if not isinstance(found, dict):
        raise ConfigError(
            f"out: {str(manifest)!r} holds {type(found).__name__}, expected what a sweep wrote; "
            "name another folder"
        )
    return found


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def _keep(half: Path, path: Path) -> None:
    """Put a file in its place once it is on the disk."""
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.replace(path)

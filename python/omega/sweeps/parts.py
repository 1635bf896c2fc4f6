"""Rows on disk: written in parts as runs are done, and found again by their content.

The folder has Parquet files and `sweep.json`, which identifies the sweep. A part appears whole or
not at all, its other tables before it, so that whatever ends the process, each run is there with
all of its tables or not there. Files without the mark of the sweep, in them or in their names, are
the user's, and stay.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from omega.errors import ConfigError
from omega.foreign import told
from omega.sweeps.lease import FILE as LEASE
from omega.sweeps.spec import Row
from omega.sweeps.table import Schema, beside, joined

MANIFEST = "sweep.json"
_MARK = "omega.sweep"
_PART = re.compile(r"(\w+)-(\d{6,})\.parquet")


class Parts:
    """The folder of one sweep, which holds its lease."""

    def __init__(self, folder: Path, identity: Mapping[str, Any], schema: Schema) -> None:
        self.folder, self.schema = folder, schema
        self.tables: tuple[str, ...] = tuple(identity["tables"])
        self._name = str(identity["fingerprint"])
        self._half = f".{self._name[:16]}.tmp"
        self._claim(identity)
        self._remove_halves()
        taken = [path for name in ("runs", *self.tables) for path in self.files(name)]
        self._next = 1 + max(map(_number, taken), default=-1)

    def _claim(self, identity: Mapping[str, Any]) -> None:
        """Write down which sweep the folder belongs to, or refuse that of another one."""
        manifest = self.folder / MANIFEST
        if not manifest.exists():
            others = (path.name for path in self.folder.iterdir() if path.name != LEASE)
            if not all(name.endswith(self._half) for name in others):
                raise ConfigError(
                    f"out: {str(self.folder)!r} is not empty and has no {MANIFEST}; name a folder "
                    "of its own"
                )
            self._write_whole(manifest, json.dumps(identity, indent=2, default=str).encode())
            return
        before = _read(manifest)
        if before.get("fingerprint") == self._name:
            return
        differing = [name for name in identity if before.get(name) != _plain(identity[name])]
        named = ", ".join(name for name in differing if name != "fingerprint") or "contents"
        raise ConfigError(
            f"out: {str(self.folder)!r} holds another sweep (it differs in: {named}). Name "
            "another folder, or remove this one"
        )

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
        """Give the files of a table, in order."""
        named = [(_PART.fullmatch(path.name), path) for path in self.folder.iterdir()]
        found = [path for match, path in named if match and match[1] == table]
        return sorted(found, key=_number)

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows as one part, their other tables first."""
        for name in self.tables:
            table = beside(rows, name)
            if table is not None:
                self._write(name, table)
        ordered = sorted(rows, key=lambda row: row.number)
        self._write("runs", self.schema.frame(ordered))
        self._next += 1

    def _write(self, name: str, frame: pl.DataFrame) -> None:
        path = self.folder / f"{name}-{self._next:06}.parquet"
        half = self._beside(path)
        frame.write_parquet(half, metadata={_MARK: self._name})
        _keep(half, path)

    def _write_whole(self, path: Path, content: bytes) -> None:
        half = self._beside(path)
        half.write_bytes(content)
        _keep(half, path)

    def _beside(self, path: Path) -> Path:
        """Name what becomes a file once it is whole."""
        return path.with_name(f".{path.name}{self._half}")

    def read(self, table: str = "runs") -> Iterator[pl.DataFrame]:
        """Give the parts of a table that are there.

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
        """Give all rows in the order of runs, or None where there is none."""
        frames = list(self.read())
        return joined(frames) if frames else None

    def other(self, name: str) -> pl.DataFrame | None:
        """Give a table beside the rows, or None where there is none."""
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
            f"out: {str(manifest)!r} cannot be read ({told(problem)}). It is damaged, so that the "
            "folder cannot be gone on with; name another folder"
        ) from problem
    if not isinstance(found, dict):
        raise ConfigError(
            f"out: {str(manifest)!r} holds {type(found).__name__}, expected what a sweep wrote; "
            "name another folder"
        )
    return found


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def _plain(value: object) -> object:
    return json.loads(json.dumps(value, default=str))


def _keep(half: Path, path: Path) -> None:
    """Put a file in its place once it is on the disk."""
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.replace(path)

"""Rows on disk: written in parts as runs are done, and found again by what is in them.

What goes in: rows. What comes out: a folder with `sweep.json`, which says which sweep it is, and
Parquet files. A part appears whole or not at all, its other tables before it, so that whatever ends
the process, each run is there with all of its tables or not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from omega.errors import ConfigError
from omega.sweeps.recipe import Row
from omega.sweeps.table import Schema, beside, joined

MANIFEST = "sweep.json"
_MARK = "omega.sweep"


class Parts:
    """The folder of one sweep."""

    def __init__(self, folder: Path, identity: Mapping[str, Any], schema: Schema) -> None:
        self.folder, self.schema = folder, schema
        self.tables: tuple[str, ...] = tuple(identity["tables"])
        folder.mkdir(parents=True, exist_ok=True)
        self._name = str(identity["fingerprint"])
        self._claim(identity)
        self._remove_halves()
        self._next = 1 + max((_number(path) for path in self.files()), default=-1)

    def _claim(self, identity: Mapping[str, Any]) -> None:
        """Write down which sweep the folder belongs to, or refuse that of another one."""
        manifest = self.folder / MANIFEST
        if not manifest.exists():
            if any(self.folder.iterdir()):
                raise ConfigError(
                    f"out: {str(self.folder)!r} is not empty and has no {MANIFEST}; name a folder "
                    "of its own"
                )
            _write_whole(manifest, json.dumps(identity, indent=2, default=str).encode())
            return
        before = json.loads(manifest.read_text(encoding="utf-8"))
        if before.get("fingerprint") == self._name:
            return
        differing = [name for name in identity if before.get(name) != _plain(identity[name])]
        named = ", ".join(name for name in differing if name != "fingerprint") or "contents"
        raise ConfigError(
            f"out: {str(self.folder)!r} holds another sweep (it differs in: {named}). Name "
            "another folder, or remove this one"
        )

    def _remove_halves(self) -> None:
        """Remove what was being written when a process ended."""
        whole = {_number(path) for path in self.files()}
        for path in sorted(self.folder.iterdir()):
            half = path.suffix == ".parquet" and _number(path) not in whole
            if path.suffix == ".tmp" or half:
                path.unlink()

    def files(self, table: str = "runs") -> list[Path]:
        """Give the files of a table, in order."""
        return sorted(self.folder.glob(f"{table}-*.parquet"))

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
        half = path.with_suffix(".tmp")
        frame.write_parquet(half, metadata={_MARK: self._name})
        _keep(half, path)

    def read(self) -> Iterator[pl.DataFrame]:
        """Give the parts that are there.

        Raises:
            ConfigError: A file belongs to another sweep, or is not to be read.
        """
        for path in self.files():
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
        files = self.files(name)
        if not files:
            return None
        return pl.concat([pl.read_parquet(path) for path in files]).sort("run", maintain_order=True)


def _number(path: Path) -> int:
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdigit() else -1


def _plain(value: object) -> object:
    return json.loads(json.dumps(value, default=str))


def _write_whole(path: Path, content: bytes) -> None:
    half = path.with_suffix(".tmp")
    half.write_bytes(content)
    _keep(half, path)


def _keep(half: Path, path: Path) -> None:
    """Put a file in its place once it is on the disk."""
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.replace(path)

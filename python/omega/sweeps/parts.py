"""Rows on disk: written in parts as runs are done, and found again by their content.

The folder has Parquet files and `sweep.json`, which identifies the sweep. A part appears whole or
not at all, its other tables before it, so that whatever ends the process, each run is there with
all of its tables or not there. Files without the mark of the sweep, in them or in their names, are
the user's, and stay. The sweep's own are `sweep.json`, `runs-000000.parquet` and so on, the same of
`trades` and `equity`, the lease, and halves of them: `.sweep.json.0123456789abcdef.tmp`.
"""

from __future__ import annotations

import functools
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from omega import libraries
from omega.errors import ConfigError
from omega.libraries import refused_as
from omega.sweeps.folders import Storage
from omega.sweeps.identity import refuse_other
from omega.sweeps.spec import Row
from omega.sweeps.table import Schema, beside, joined, standing

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

    def __init__(self, place: Storage, identity: Mapping[str, Any], schema: Schema) -> None:
        self._place, self.schema = place, schema
        self.tables: tuple[str, ...] = tuple(identity["tables"])
        self._name = str(identity["fingerprint"])
        self._half = f".{self._name[:16]}.tmp"
        self._claim(identity)
        self._remove_halves()
        taken = [name for table in ("runs", *self.tables) for name in self.files(table)]
        self.next = 1 + max(map(_number, taken), default=-1)

    @property
    def folder(self) -> Path | str:
        """The folder, or its address."""
        return self._place.shown if "://" in self._place.shown else Path(self._place.shown)

    def _claim(self, identity: Mapping[str, Any]) -> None:
        """Write down which sweep the folder belongs to, or refuse that of another one."""
        others = self._place.names()
        if MANIFEST in others:
            refuse_other(self._place.shown, self._manifest(), identity)
            return
        for name in others:
            if _FIRST_HALF.fullmatch(name):
                self._place.remove(name)
                continue
            raise ConfigError(
                f"out: {self._place.shown!r} is not empty and has no {MANIFEST}; name a folder "
                "of its own"
            )
        content = json.dumps(identity, indent=2).encode()
        self._place.write(MANIFEST, self._half, lambda to: _put(to, content))

    def _remove_halves(self) -> None:
        """Remove what this sweep was writing when a process ended, and nothing else."""
        halves = [name for name in self._place.names() if name.endswith(self._half)]
        whole = {_number(name) for name in self.files()}
        for table in self.tables:
            alone = [name for name in self.files(table) if _number(name) not in whole]
            halves += [name for name in alone if self._is_own(name)]
        for name in halves:
            self._place.remove(name)

    def _is_own(self, name: str) -> bool:
        """Return whether this sweep wrote a part."""
        try:
            with refused_as(functools.partial(_unreadable, name)):
                return pl.read_parquet_metadata(self._place.open(name)).get(_MARK) == self._name
        except ConfigError:
            return False

    def files(self, table: str = "runs") -> list[str]:
        """Return the names of the files of a table, in order."""
        named = [(_PART.fullmatch(name), name) for name in self._place.names()]
        return sorted((name for match, name in named if match and match[1] == table), key=_number)

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows as the next part, their other tables first; again it is the same part."""
        for name in self.tables:
            table = beside(rows, name)
            if table is not None:
                self._write(name, table)
        ordered = sorted(rows, key=lambda row: row.number)
        self._write("runs", self.schema.frame(ordered))

    def _write(self, table: str, frame: pl.DataFrame) -> None:
        self._place.write(
            f"{table}-{self.next:06}.parquet",
            self._half,
            lambda to: frame.write_parquet(to, metadata={_MARK: self._name}),
        )

    def read(self, table: str = "runs") -> Iterator[pl.DataFrame]:
        """Yield the parts of a table that are there.

        Raises:
            ConfigError: A file belongs to another sweep, or is not to be read.
        """
        whole = {_number(name) for name in self.files()}
        for name in self.files(table):
            if _number(name) not in whole:
                continue
            with refused_as(functools.partial(_unreadable, name)):
                file = self._place.open(name)
                mark = pl.read_parquet_metadata(file).get(_MARK)
                frame = pl.read_parquet(_again(file))
            if mark != self._name:
                raise ConfigError(
                    f"out: {name} belongs to another sweep; remove it, or name another folder"
                )
            yield frame

    def table(self) -> pl.DataFrame | None:
        """Return all rows in the order of runs, or None where there is none."""
        frames = list(self.read())
        return standing(joined(frames)) if frames else None

    def other(self, name: str) -> pl.DataFrame | None:
        """Return a table beside the rows, or None where there is none."""
        frames = list(self.read(name))
        return pl.concat(frames).sort("run", maintain_order=True) if frames else None

    def _manifest(self) -> dict[str, Any]:
        """Read which sweep the folder holds.

        Raises:
            ConfigError: The file is none that a sweep wrote.
        """
        manifest = f"{self._place.shown}/{MANIFEST}"
        try:
            found = json.loads(_content(self._place.open(MANIFEST)))
        except (OSError, ValueError, RecursionError) as problem:
            raise ConfigError(
                f"out: {manifest!r} cannot be read ({libraries.error_text(problem)}). It is "
                "damaged, so that the folder cannot be gone on with; name another folder"
            ) from problem
        if not isinstance(found, dict):
            raise ConfigError(
                f"out: {manifest!r} holds {type(found).__name__}, expected what a sweep wrote; "
                "name another folder"
            )
        return found


def _number(name: str) -> int:
    return int(name.removesuffix(".parquet").rpartition("-")[2])


def _again(file: Path | io.BytesIO) -> Path | io.BytesIO:
    """Return a file that is read from its begin."""
    if not isinstance(file, Path):
        file.seek(0)
    return file


def _unreadable(name: str, problem: str) -> ConfigError:
    return ConfigError(
        f"out: {name} cannot be read ({problem}); remove it, and its runs are made again"
    )


def _content(file: Path | io.BytesIO) -> bytes:
    return file.read_bytes() if isinstance(file, Path) else file.read()


def _put(file: Path | io.BytesIO, content: bytes) -> None:
    if isinstance(file, Path):
        file.write_bytes(content)
    else:
        file.write(content)

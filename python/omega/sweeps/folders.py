"""Folders of sweeps: local, or in an object store.

What is written appears whole or not at all, and one sweep at a time writes to a place.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from omega.data.files import writing
from omega.sweeps.lease import FILE as LEASE
from omega.sweeps.lease import leased
from omega.sweeps.object_folders import ObjectFolder
from omega.sweeps.object_folders import leased as leased_objects

Writes = Callable[[Any], object]
"""A function that writes to what it is given: a path, or a file in memory."""


class Storage(Protocol):
    """A folder somewhere.

    Attributes:
        shown: What it is called.
    """

    shown: str

    def names(self) -> list[str]:
        """Return the names of all files but those of the lease."""

    def open(self, name: str) -> Path | io.BytesIO:
        """Return what a file can be read from."""

    def remove(self, name: str) -> None:
        """Remove a file."""

    def write(self, name: str, half: str, write: Writes) -> None:
        """Write a file, which appears whole; `half` ends the name of what it is before."""


class Folder:
    """A folder of this machine, or one that is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.shown = folder, str(folder)

    def names(self) -> list[str]:
        """Return the names of all files but that of the lease."""
        return [path.name for path in self.folder.iterdir() if path.name != LEASE]

    def open(self, name: str) -> Path:
        """Return the path of a file."""
        return self.folder / name

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.folder / name).unlink()

    def write(self, name: str, half: str, write: Writes) -> None:
        """Write beside the place of a file, and put it there once it is on the disk."""
        path = self.folder / name
        part = path.with_name(f".{name}{half}")
        with writing(path):
            try:
                write(part)
                _keep(part, path)
            finally:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)


def _keep(half: Path, path: Path) -> None:
    """Put a file in its place once it is on the disk."""
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.replace(path)


@contextlib.contextmanager
def held(out: str) -> Iterator[Folder | ObjectFolder]:
    """Hold a folder, or the address of one, for as long as a sweep writes to it.

    Raises:
        ConfigError: Another sweep holds it, or its store cannot refuse a second one.
        WriteFailed: It cannot be made or written to.
    """
    if "://" in out:
        with leased_objects(ObjectFolder(out)) as objects:
            yield objects
        return
    with leased(Path(out)):
        yield Folder(Path(out))

"""Memory-mapped files of a store, which must not change while it is used.

A store sees what somebody writes into such a file. Cut shorter, it ends the process with SIGBUS
where its end is read. A file that is replaced as a whole, or removed, changes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from omega.contract import ArrowLike
from omega.data.columns import Candles
from omega.data.dataset import Dataset
from omega.data.locations import is_ipc
from omega.errors import InvalidCandleData


@dataclass(frozen=True, slots=True)
class MappedFile:
    """A file, and what is known of it from the moment at which it was mapped.

    Attributes:
        path: Where it is.
        place: Device and number by which the system knows it.
        size: Bytes.
        changed: Time of the last change, in nanoseconds.
    """

    path: str
    place: tuple[int, int]
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> MappedFile:
        """Look at a file."""
        known = path.stat()
        place = (known.st_dev, known.st_ino)
        return cls(str(path.absolute()), place, known.st_size, known.st_mtime_ns)

    def require_unchanged(self) -> None:
        """Refuse a file that was written to since.

        Raises:
            InvalidCandleData: It was.
        """
        try:
            now = MappedFile.of(Path(self.path))
        except OSError:
            return  # it is removed, and stays mapped
        if now.place == self.place and now != self:
            raise InvalidCandleData(
                f"the file {self.path!r} has changed since it was mapped into memory (from "
                f"{self.size:,} bytes to {now.size:,}), so that the candles of this run are not "
                "those that were checked. Open it again; to renew a file that is in use, write "
                "another one and rename it, as Dataset.to_arrow does",
                rule="changed",
            )


def mapped_files(data: ArrowLike) -> tuple[MappedFile, ...]:
    """Look at the files of some data that may be mapped."""
    return tuple(MappedFile.of(path) for path in _paths(data))


def _paths(data: ArrowLike) -> Iterator[Path]:
    if isinstance(data, (str, Path)):
        if is_ipc(path := Path(data)) and path.is_file():
            yield path
    elif isinstance(data, Dataset):
        with contextlib.suppress(OSError):
            files = [Path(str(one.path)) for one in data.files]
            yield from (file for file in files if is_ipc(file) and file.is_file())
    elif isinstance(data, Candles):
        yield from _paths(data.bid)
        yield from _paths(data.ask)
    elif isinstance(data, Mapping):
        for part in data.values():
            yield from _paths(part)

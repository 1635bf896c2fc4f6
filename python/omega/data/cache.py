"""A cache of candles by content: one uncompressed Arrow file a hash, mapped by all processes.

The cache of a machine is a folder, `OMEGA_CACHE` or that of the user for such things. A file in it
is named by the hash of its rows, so that it is right or wrong whoever wrote it, and is written once
by whoever needs it first. Beside it, a note has its size and time at the moment of the check:
while they stay, it need not be read again to be trusted.

A process that uses a file has a shared lock on it. Where the files are more than
`OMEGA_CACHE_BYTES`, those that nobody uses go, the one that was used longest ago first.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from omega import libraries
from omega.data import locks
from omega.data.files import replaced, writing
from omega.data.hashing import content_hash
from omega.errors import CandleWarning, ConfigError, InvalidCandleData

FOLDER = "OMEGA_CACHE"
LIMIT = "OMEGA_CACHE_BYTES"

BYTES = 16 << 30
"""How large the cache may become where `OMEGA_CACHE_BYTES` is not set."""

_LOOK = 0.05
"""Seconds between two attempts to get a lock: a wait for it would not hear Ctrl-C."""

_NAME = re.compile(r"[0-9a-f]{64}\.arrow")
_HALF = re.compile(r"\.[0-9a-f]{64}\.(?:arrow|note)-[0-9a-f]{32}\.part")


def cache_folder() -> Path:
    """Return the folder of the cache, which need not be there yet.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    named = os.environ.get(FOLDER)
    if named:
        return Path(named).absolute()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library/Caches/omega-backtest"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home) / "omega-backtest" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "omega-backtest"


def cache_limit() -> int:
    """Return how many bytes the cache may hold.

    Raises:
        ConfigError: `OMEGA_CACHE_BYTES` is no whole number.

    Example:
        >>> cache_limit() > 0
        True
    """
    given = os.environ.get(LIMIT)
    if given is None:
        return BYTES
    if not given.isascii() or not given.isdigit():
        raise ConfigError(f"{LIMIT}: given {given!r}, expected a whole number of bytes")
    return int(given)


def cache_size() -> int:
    """Return how many bytes of candles the cache holds.

    Example:
        >>> cache_size() >= 0
        True
    """
    return sum(size for _, size, _ in _files(cache_folder()))


class Cache:
    """The cache of this machine, as one user sees it: what it has used stays until `close`."""

    def __init__(self) -> None:
        self.folder = cache_folder()
        self._held: dict[str, int] = {}
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_halves()
        self._make_room()

    def path(self, name: str) -> Path:
        """Name the file of a hash."""
        return self.folder / f"{name}.arrow"

    def keep(self, table: pl.LazyFrame, write: Callable[[Path], object]) -> str:
        """Return the hash of a table, whose file is there from now on.

        Args:
            table: Its rows.
            write: Writes them to a path as one uncompressed Arrow file.

        Raises:
            WriteFailed: The file cannot be written.
        """
        name = content_hash(table)
        self.file(name, write, is_checked=True)
        return name

    def file(self, name: str, write: Callable[[Path], object], *, is_checked: bool = False) -> Path:
        """Return the file of a hash, written by one process while the others wait for it.

        Args:
            name: The hash of its rows.
            write: Writes it where it is not there, or damaged.
            is_checked: Whether what is written is known to have this hash.

        Raises:
            InvalidCandleData: What was written has another hash.
            WriteFailed: The file cannot be written.
        """
        found = self.found(name)
        if found is not None:
            return found
        with self._alone(name):
            found = self.found(name)
            if found is not None:
                return found
            with replaced(self.path(name)) as part:
                write(part)
                if not is_checked:
                    _require_hash(part, name)
            self._note(name)
            found = self.found(name)
        self._make_room()
        if found is None:
            raise InvalidCandleData(
                f"the file {str(self.path(name))!r} is gone as soon as it is written. Does another "
                f"program clear the folder? {FOLDER} names another one",
                rule="file",
            )
        return found

    def found(self, name: str) -> Path | None:
        """Return the file of a hash where it is there, and keep it there; a damaged one goes."""
        path = self.path(name)
        held = self._held.get(name)
        if held is not None and not locks.is_at(held, path):
            self._release(name)  # another process found it damaged
        if name not in self._held:
            try:
                file = os.open(path, os.O_RDONLY)
            except OSError:
                return None
            if not _shared(file) or not locks.is_at(file, path):
                os.close(file)
                return None
            self._held[name] = locks.keep(file)
        if not self._is_right(name):
            self._release(name)
            return None
        with contextlib.suppress(OSError):  # the time of the last use; a cache may be read-only
            os.utime(self._noted(name))
        return path

    def close(self) -> None:
        """Use none of the files any longer."""
        for name in list(self._held):
            self._release(name)

    def _release(self, name: str) -> None:
        locks.release(self._held.pop(name, None))

    def _is_right(self, name: str) -> bool:
        """Whether a file is what it was when it was checked, or else has the hash of its name."""
        path = self.path(name)
        try:
            known = self._noted(name).read_text("ascii")
        except (OSError, ValueError):
            known = ""
        if known == _stat(path):
            return True
        try:
            _require_hash(path, name)
        except InvalidCandleData as problem:
            warnings.warn(f"{problem}; it is removed", CandleWarning, stacklevel=2)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return False
        self._note(name)
        return True

    def _noted(self, name: str) -> Path:
        return self.folder / f"{name}.note"

    def _note(self, name: str) -> None:
        """Write down what a file looks like now that it is right."""
        with replaced(self._noted(name)) as part:
            part.write_text(_stat(self.path(name)), "ascii")

    @contextlib.contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Be the only process that writes a file; for a few files, as locks stay on the disk."""
        path = self.folder / f".lock-{name[:1]}"
        with writing(path):
            file = os.open(path, os.O_RDWR | os.O_CREAT)
        locks.keep(file)
        try:
            while locks.locked(file) is False:
                time.sleep(_LOOK)
            yield
        finally:
            locks.release(file)

    def _make_room(self) -> None:
        """Remove what was used longest ago until the rest is within the limit."""
        files = sorted(_files(self.folder), key=lambda file: file[2])
        rest = sum(size for _, size, _ in files) - cache_limit()
        for path, size, _ in files:
            if rest <= 0:
                return
            if path.stem in self._held or (lock := locks.abandoned(path)) is None:
                continue
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                path.with_suffix(".note").unlink(missing_ok=True)
                rest -= size
            locks.release(lock)

    def _remove_halves(self) -> None:
        """Remove what dead processes were writing."""
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if _HALF.fullmatch(path.name) and (lock := locks.abandoned(path)) is not None:
                    path.unlink(missing_ok=True)
                    locks.release(lock)


@contextlib.contextmanager
def caching() -> Iterator[Cache]:
    """Yield the cache; what is used of it stays until the end of the block.

    Raises:
        WriteFailed: Its folder cannot be made.
    """
    cache = Cache()
    try:
        yield cache
    finally:
        cache.close()


def _files(folder: Path) -> list[tuple[Path, int, int]]:
    """Return path, size and time of last use of all files."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name) is None:
                continue
            with contextlib.suppress(OSError):  # another process removed it
                known, note = path.stat(), path.with_suffix(".note")
                used = note.stat().st_mtime_ns if note.exists() else known.st_mtime_ns
                found.append((path, known.st_size, used))
    return found


def _shared(file: int) -> bool:
    """Lock an open file together with others; True also where there are no locks."""
    if sys.platform == "win32":
        return True
    import fcntl  # noqa: PLC0415 - it is not everywhere

    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # it is about to be removed
    except OSError:
        return True
    return True


def _require_hash(path: Path, name: str) -> None:
    try:
        found = content_hash(pl.scan_ipc(path, glob=False))
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise InvalidCandleData(
            f"the file {str(path)!r} of candles cannot be read: {libraries.error_text(problem)}",
            rule="file",
        ) from problem
    if found != name:
        raise InvalidCandleData(
            f"the file {str(path)!r} of candles has the hash {found}, expected {name}",
            rule="hash",
        )


def _stat(path: Path) -> str:
    try:
        known = path.stat()
    except OSError:
        return "gone"
    return f"{known.st_size} {known.st_mtime_ns} {known.st_ino}"

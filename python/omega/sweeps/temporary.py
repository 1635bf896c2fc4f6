"""The temporary folder of a sweep, and those that dead sweeps have left.

A folder is locked as long as its sweep lives. One that nobody holds, of this user and with nothing
in it but what a sweep writes there, was left by a process that was killed.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from omega.data import locks
from omega.data.files import writing

PREFIX = "omega-sweep-"

_FOLDER = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
_OWN = re.compile(r"candles-\d+\.arrow|\.candles-\d+\.arrow-[0-9a-f]{32}\.part")


def candles(folder: Path, number: int) -> Path:
    """Name a file of candles in a temporary folder."""
    return folder / f"candles-{number}.arrow"


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """Yield a folder of this sweep's own, which goes with it.

    Raises:
        WriteFailed: None can be made.
    """
    place = Path(tempfile.gettempdir())
    with writing(place / PREFIX):
        folder, lock = _begun(place)
    try:
        yield folder
    finally:
        _remove(folder)
        locks.release(lock)


def sweep_dead() -> None:
    """Remove the folders that dead sweeps have left."""
    with contextlib.suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            if _is_own(folder) and (lock := locks.abandoned(folder)) is not None:
                _remove(folder)
                locks.release(lock)


def _begun(place: Path) -> tuple[Path, int | None]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        with contextlib.suppress(FileNotFoundError):  # another sweep took it to be left behind
            return folder, locks.take(folder)


def _is_own(folder: Path) -> bool:
    """Whether a folder is one of this user's sweeps, and holds nothing else."""
    if _FOLDER.fullmatch(folder.name) is None or folder.is_symlink():
        return False
    with contextlib.suppress(OSError):
        mine = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
        return mine and all(_OWN.fullmatch(path.name) for path in folder.iterdir())
    return False


def _remove(folder: Path) -> None:
    """Remove what a sweep has written, and the folder where nothing else is in it."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _OWN.fullmatch(path.name):
                path.unlink(missing_ok=True)
        folder.rmdir()

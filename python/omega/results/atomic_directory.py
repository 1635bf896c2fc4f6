"""Directories that are replaced atomically: written beside their destination, then renamed.

A process that is killed leaves what it was writing, or what it was about to replace. Both are seen
to at the next `save` or `load` of the place, once no process has their locks.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from omega.data import locks
from omega.data.files import writing

_NAME = r"\.{}-[0-9a-f]{{32}}{}"
_OLD = "-old"


@contextlib.contextmanager
def placed(directory: Path, own: Sequence[str]) -> Iterator[Path]:
    """Yield a directory to write to, which takes its place in one step once it is whole.

    Args:
        directory: The place.
        own: The names of the files that are written there; others that were there stay.

    Raises:
        WriteFailed: The disk is full, or the folder is gone or not to be written to.
    """
    place = directory.resolve()  # so that a link to a directory stays one
    with writing(directory):
        place.parent.mkdir(parents=True, exist_ok=True)
        mend(directory, own)
        beside, lock = _begun(place)
        try:
            yield beside
            _put(beside, place, own)
        finally:
            _remove(beside, own)
            locks.release(lock)


def mend(directory: Path, own: Sequence[str]) -> None:
    """See to what a dead process left beside a place: a half is removed, a whole one is put back.

    What cannot be written to stays as it is.
    """
    place = directory.resolve()
    names = {old: re.compile(_NAME.format(re.escape(place.name), old)) for old in ("", _OLD)}
    with contextlib.suppress(OSError):
        for path in sorted(place.parent.iterdir()):
            is_half, is_old = (name.fullmatch(path.name) is not None for name in names.values())
            if not (is_half or is_old) or (lock := locks.abandoned(path)) is None:
                continue
            try:
                if is_half:
                    _remove(path, own)
                elif place.exists():
                    _move_others(path, place, own)
                else:
                    path.rename(place)
            finally:
                locks.release(lock)


def _begun(place: Path) -> tuple[Path, int | None]:
    while True:
        beside = place.parent / f".{place.name}-{uuid.uuid4().hex}"
        beside.mkdir()
        with contextlib.suppress(FileNotFoundError):  # it was swept before it was locked
            return beside, locks.take(beside)


def _put(beside: Path, place: Path, own: Sequence[str]) -> None:
    """Move a finished directory to its place; what was saved there goes once it is replaced."""
    if not place.exists():
        beside.rename(place)
        return
    old = beside.with_name(f"{beside.name}{_OLD}")
    lock = None
    with contextlib.suppress(FileNotFoundError):  # another save moves it: the last one stays
        lock = locks.take(place)
    try:
        place.rename(old)
        try:
            beside.rename(place)
        except BaseException:
            old.rename(place)
            raise
        _move_others(old, place, own)
    finally:
        locks.release(lock)


def _move_others(old: Path, place: Path, own: Sequence[str]) -> None:
    """Move what the user keeps beside a result, such as a picture of it, and remove the rest."""
    for path in sorted(old.iterdir()):
        if path.name in own:
            path.unlink()
        elif not (place / path.name).exists():
            path.rename(place / path.name)
    with contextlib.suppress(OSError):
        old.rmdir()


def _remove(directory: Path, own: Sequence[str]) -> None:
    """Remove what was written to a directory that took no place, and the directory."""
    with contextlib.suppress(OSError):
        for name in own:
            (directory / name).unlink(missing_ok=True)
        directory.rmdir()

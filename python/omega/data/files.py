"""Files that are replaced atomically: written beside their destination, then renamed.

A reader finds the old file or the new one, and an error leaves the old one as it was. What a
process was writing when it was killed is swept when the same file is written again.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from omega import libraries
from omega.data import locks
from omega.errors import ConfigError, WriteFailed

_OF_SYSTEM = re.compile(r"\(os error \d+\)|transport error")
"""How Polars words what the system refused."""
_PART = re.compile(r"\.([^/\\]+)-[0-9a-f]{32}(?:\.part)?")
"""The name beside a place, in which that of the place is."""


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a path to write to, whose file takes the place of another once it is whole.

    Raises:
        WriteFailed: The disk is full, or the folder is gone or not to be written to.
    """
    with writing(path):
        if path.exists() and not path.is_file():
            yield path  # a pipe or a device is written to, and has no place to take
            return
        target = path.resolve()  # so that a link stays one
        _sweep(target)
        part, lock = _begun(target)
        try:
            yield part
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
            locks.release(lock)


@contextlib.contextmanager
def writing(path: Path, **details: object) -> Iterator[None]:
    """Make the error of a place that cannot be written to.

    Raises:
        WriteFailed: The system refused, such as for a full disk.
        ConfigError: The path has characters that no path can have.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as problem:
        if isinstance(problem, WriteFailed) or not _is_of_system(problem, path):
            raise
        raise write_failed(path, problem, **details) from problem
    except ValueError as problem:
        if "\0" not in str(path) and not isinstance(problem, UnicodeEncodeError):
            raise
        raise ConfigError(
            f"{str(path)!r} cannot be written ({libraries.error_text(problem)}): a NUL, or half of "
            "a character"
        ) from problem


def write_failed(path: Path, problem: Exception, **details: object) -> WriteFailed:
    """Make the error of a write that the system refused."""
    return WriteFailed(
        f"{str(path)!r} cannot be written: {_reason(path, problem)}", path=str(path), **details
    )


def _reason(path: Path, problem: Exception) -> str:
    """Return what is wrong with a place, and what to do; the name of a part is nobody's path."""
    folder = path.parent
    is_of_folder = isinstance(problem, (FileNotFoundError, NotADirectoryError, FileExistsError))
    if is_of_folder and not folder.is_dir():
        if folder.exists():
            return f"{str(folder)!r} is a file. Name a folder that can be written to"
        return f"there is no folder {str(folder)!r}. Create it, or name one that is there"
    if isinstance(problem, IsADirectoryError):
        return "it is a folder. Name a file"
    why = getattr(problem, "strerror", None) or _PART.sub(r"\1", libraries.text_of(problem))
    return (
        f"{why}. What was there before is as it was. Make room on the disk, or name a folder that "
        "can be written to"
    )


def _is_of_system(problem: Exception, path: Path) -> bool:
    """Whether the system refused to write, and no query failed and no source is missing."""
    if isinstance(problem, FileNotFoundError):
        is_part = _PART.search(str(problem.filename)) is not None
        return is_part or not path.parent.is_dir()
    return isinstance(problem, OSError) or _OF_SYSTEM.search(str(problem)) is not None


def _begun(target: Path) -> tuple[Path, int | None]:
    """Make an empty file beside a place, and lock it as long as it is written."""
    while True:
        part = target.with_name(f".{target.name}-{uuid.uuid4().hex}.part")
        part.touch(exist_ok=False)
        with contextlib.suppress(FileNotFoundError):
            return part, locks.take(part)


def _sweep(target: Path) -> None:
    """Remove what dead processes were writing for this place."""
    own = re.compile(rf"\.{re.escape(target.name)}-[0-9a-f]{{32}}\.part")
    with contextlib.suppress(OSError):
        for path in target.parent.iterdir():
            if own.fullmatch(path.name) and (lock := locks.abandoned(path)) is not None:
                path.unlink(missing_ok=True)
                locks.release(lock)

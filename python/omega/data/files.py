"""Files that are replaced whole: written beside their place, then renamed.

A reader finds the old file or the new one, and an error leaves the old one as it was.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from omega.errors import ConfigError
from omega.foreign import told


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a path to write to, whose file takes the place of another once it is whole.

    Raises:
        ConfigError: It cannot be written.
    """
    with writing(path):
        yield from _replaced(path)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the error of a place that cannot be written to.

    Raises:
        ConfigError: The system refused, such as for a full disk or a name that it does not take.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise ConfigError(
            f"{str(path)!r} cannot be written ({told(problem)}). Free the place, or name another"
        ) from problem
    except ValueError as problem:
        if "\0" not in str(path) and not isinstance(problem, UnicodeEncodeError):
            raise
        raise ConfigError(
            f"{str(path)!r} cannot be written ({told(problem)}): a NUL, or half of a character"
        ) from problem


def _replaced(path: Path) -> Iterator[Path]:
    if path.exists() and not path.is_file():
        yield path  # a pipe or a device is written to, and has no place to take
        return
    target = path.resolve()  # so that a link stays one
    part = target.with_name(f".{target.name}-{uuid.uuid4().hex}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

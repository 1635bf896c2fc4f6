"""Files that are replaced whole: written beside their place, then renamed.

A reader finds the old file or the new one, and an error leaves the old one as it was.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a path to write to, whose file takes the place of another once it is whole."""
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

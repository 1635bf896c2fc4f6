"""Locks of the system on files and folders, which end with their process, however it ends.

What a process was making is swept by another one once nobody has its lock. Where there are no
locks, as on some network file systems, nothing is ever taken to be left behind.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_inherited: set[int] = set()
"""Open locks of this process, which a fork would keep beyond its end."""


def locked(file: int) -> bool | None:
    """Lock an open file; False where another one has the lock, None where there are no locks."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None  # a file system without locks
    return True


def keep(file: int) -> int:
    """Note that an open file is a lock of this process alone."""
    _inherited.add(file)
    return file


def release(file: int | None) -> None:
    """Close a lock."""
    if file is not None:
        _inherited.discard(file)
        os.close(file)


def take(path: Path) -> int | None:
    """Lock what this process has just made, until it is released; None where there are no locks.

    Raises:
        FileNotFoundError: Another process swept it before it was locked.
    """
    if sys.platform == "win32":
        return None
    file = os.open(path, os.O_RDONLY)
    got = locked(file)
    if got and is_at(file, path):
        return keep(file)
    os.close(file)
    if got is None:
        return None
    raise FileNotFoundError(f"{str(path)!r} was swept")


def abandoned(path: Path) -> int | None:
    """Lock what another process made and left behind; None where it may still be at it."""
    if sys.platform == "win32":
        return None
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None  # it is gone, or somebody else's
    if locked(file) and is_at(file, path):
        return keep(file)
    os.close(file)
    return None


def is_at(file: int, path: Path) -> bool:
    """Whether a path still names an open file."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _forget() -> None:
    """Close in a forked process what would keep the locks of its parent."""
    while _inherited:
        os.close(_inherited.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

"""Machine code that is kept on disk, so that another process need not optimise it again.

What is read here is executed. So it is read from one folder alone, `compiled` in the cache of the
machine, and only while folder and file belong to this user and nobody else may write to them; both
are checked through what was opened, and never by their names. On Windows, whose rights are not
looked at, nothing is kept.

A file is named by the hash of all that its code was made of: the text of the program, the versions
of omega and of LLVM, and the processor. It has the hash of its content, so that a damaged one is
not run. What was used longest ago goes where all are more than `LIMIT` bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import stat
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from omega.data.cache import cache_folder

LIMIT = 64 << 20
"""How many bytes all files may have."""
_MAGIC = b"omega-compiled-1"
_HEAD = len(_MAGIC) + 32
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_FLAGS = 0 if sys.platform == "win32" else os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_LOG = logging.getLogger(__name__)


class NotKept(Exception):
    """The folder is none that code may be read from; why not."""


def folder_of_code() -> Path:
    """Return the folder of compiled code, which need not be there yet.

    Example:
        >>> folder_of_code().name
        'compiled'
    """
    return cache_folder() / "compiled"


def key_of(parts: Sequence[str]) -> str:
    """Return the name of what was made of some texts.

    Example:
        >>> key_of(["a", "bc"]) == key_of(["ab", "c"])
        False
    """
    made = hashlib.sha256()
    for part in parts:
        content = part.encode()
        made.update(len(content).to_bytes(8, "little") + content)
    return made.hexdigest()


def kept(key: str) -> bytes | None:
    """Return the code of a key; None where there is none that may be run."""
    with contextlib.suppress(OSError, NotKept), _opened() as folder:
        name = f"{key}.code"
        file = os.open(name, os.O_RDONLY | _FLAGS, dir_fd=folder)
        try:
            known = os.fstat(file)
            content = b""
            if stat.S_ISREG(known.st_mode) and _is_own(known) and known.st_size <= LIMIT:
                with os.fdopen(file, "rb", closefd=False) as opened:
                    content = opened.read()
        finally:
            os.close(file)
        code = content[_HEAD:]
        if content[:_HEAD] != _MAGIC + _sum(key, code):
            _LOG.warning("%s is damaged or foreign, and is removed", folder_of_code() / name)
            os.unlink(name, dir_fd=folder)
            return None
        os.utime(name, dir_fd=folder)
        return code
    return None


def keep(key: str, code: bytes) -> None:
    """Keep the code of a key, where there is room and the folder is this user's alone."""
    part = f".{key}-{uuid.uuid4().hex}.part"
    try:
        with _opened(make=True) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS
            file = os.open(part, flags, 0o600, dir_fd=folder)
            with os.fdopen(file, "wb") as opened:
                opened.write(_MAGIC + _sum(key, code) + code)
            os.replace(part, f"{key}.code", src_dir_fd=folder, dst_dir_fd=folder)
            _make_room(folder)
    except (OSError, NotKept) as problem:
        _LOG.info("compiled code is not kept: %s", problem)


def size_of_code() -> tuple[int, str | None]:
    """Return how many bytes are kept, and why none would be.

    Example:
        >>> size_of_code()[0] >= 0
        True
    """
    try:
        with _opened() as folder:
            return sum(size for _, size, _ in _files(folder)), None
    except FileNotFoundError:
        return 0, None  # it is made when there is something to keep
    except (OSError, NotKept) as problem:
        return 0, str(problem)


def _sum(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()


def _is_own(known: os.stat_result) -> bool:
    return known.st_uid == os.geteuid() and not known.st_mode & _OTHERS_WRITE


@contextlib.contextmanager
def _opened(*, make: bool = False) -> Iterator[int]:
    """Open the folder, in which names are looked up from then on, whatever becomes of its own.

    Raises:
        NotKept: It is not this user's alone.
        OSError: It is not there, or no folder.
    """
    if sys.platform == "win32":
        raise NotKept("compiled code is not kept on Windows")
    path = folder_of_code()
    if make:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir(0o700)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
    try:
        if not _is_own(os.fstat(folder)):
            raise NotKept(
                f"{path} belongs to another user, or others may write to it; code is read from a "
                "folder of your own alone: chmod 700, or another OMEGA_CACHE"
            )
        yield folder
    finally:
        os.close(folder)


def _files(folder: int) -> list[tuple[str, int, int]]:
    """Return name, size and time of last use of all files, those that were never finished too."""
    found = []
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):  # another process removed it
            known = os.stat(name, dir_fd=folder, follow_symlinks=False)
            found.append((name, known.st_size, known.st_mtime_ns))
    return found


def _make_room(folder: int) -> None:
    files = sorted(_files(folder), key=lambda file: file[2])
    rest = sum(size for _, size, _ in files) - LIMIT
    for name, size, _ in files:
        if rest <= 0:
            return
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
            rest -= size

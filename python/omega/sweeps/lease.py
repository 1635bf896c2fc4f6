"""The lease of a sweep's folder: one sweep at a time writes to it.

While a sweep holds the lease, another one is refused. On one machine a lock of the system shows
whether the holder lives, since it ends with the process, however that ends. Where the holder is on
another machine, or the file system has no locks, the file has a heartbeat: a lease whose content
has not changed for `EXPIRES` seconds is free. The clocks of machines differ, so that no time is
written down, and none reaches a result.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omega.data import locks
from omega.data.files import writing
from omega.errors import ConfigError

FILE = ".sweep.lease"

BEAT = 10.0
"""Seconds between two changes of the content."""

EXPIRES = 60.0
"""Seconds without a change after which a holder that cannot be seen is dead."""

_SETTLES = 1.0
"""Seconds for another one to be seen that took the lease at the same moment without locks, and for
a lock to end that a killed process has left behind."""


@contextlib.contextmanager
def leased(folder: Path) -> Iterator[None]:
    """Hold the folder, which is made where there is none.

    Raises:
        ConfigError: Another sweep holds it.
        WriteFailed: It cannot be made or written to.
    """
    lease = folder / FILE
    with writing(folder):
        file = _taken(lease)
    locks.keep(file)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(file, ended), daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        with contextlib.suppress(OSError):  # the folder may be gone, and an empty lease is free
            if _is_ours(_read(file)):
                os.ftruncate(file, 0)
                lease.unlink()  # while it is locked: the next one makes a file of its own
        locks.release(file)


def _taken(lease: Path) -> int:
    """Return the open file of a lease that is ours from now on."""
    while True:
        lease.parent.mkdir(parents=True, exist_ok=True)  # its holder may have removed it
        file = os.open(lease, os.O_RDWR | os.O_CREAT)
        try:
            if _claimed(file, lease):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _claimed(file: int, lease: Path) -> bool:
    """Write our name into a lease; False where its holder has removed it since it was opened."""
    locked = _locked(file)
    before = _read(file)
    if locked is False:
        raise _refused(lease, before)
    if before and not (locked and before["host"] == platform.node()):
        _wait_for_its_end(lease, before)
    if not locks.is_at(file, lease):
        return False
    os.ftruncate(file, 0)
    _write(file, 0)
    if locked is None:
        time.sleep(_SETTLES)
        if not _is_ours(now := _read(file)):
            raise _refused(lease, now)
    return True


def _locked(file: int) -> bool | None:
    """Lock a lease, once a process that was just killed has let go of it."""
    # A process that it was starting may hold its files for a moment longer.
    until = time.monotonic() + _SETTLES
    while (locked := locks.locked(file)) is False:
        if time.monotonic() > until or not _has_ended(_read(file)):
            break
        time.sleep(0.01)
    return locked


def _has_ended(holder: dict[str, Any]) -> bool:
    """Return whether the process of a lease was one of this machine, and is there no more."""
    if holder.get("host") != platform.node() or not isinstance(holder["pid"], int):
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _wait_for_its_end(lease: Path, before: dict[str, Any]) -> None:
    """Return once a holder that cannot be seen has ended, or has given no sign for too long."""
    until = time.monotonic() + EXPIRES
    while time.monotonic() < until:
        time.sleep(BEAT / 10)
        try:
            now = _content(lease.read_bytes())  # opened anew, as network file systems want it
        except FileNotFoundError:
            return
        if not now:
            return
        if now != before:
            raise _refused(lease, now)


def _refused(lease: Path, holder: dict[str, Any]) -> ConfigError:
    return refused(str(lease.parent), holder)


def refused(place: str, holder: dict[str, Any]) -> ConfigError:
    """Make the error of a place that another sweep holds."""
    who = f"process {holder['pid']} on {holder['host']}" if holder else "another process"
    return ConfigError(
        f"out: a sweep writes to {place!r} already ({who}); wait until it ends, or "
        "name another folder"
    )


def _beat(file: int, ended: threading.Event) -> None:
    """Change the content until the sweep ends, or has lost the lease while it was suspended."""
    beat = 0
    while not ended.wait(BEAT):
        with contextlib.suppress(OSError):  # the file system may be back at the next beat
            if not _is_ours(_read(file)):
                return
            beat += 1
            _write(file, beat)


def _ours() -> dict[str, Any]:
    return {"pid": os.getpid(), "host": platform.node()}


def _is_ours(content: dict[str, Any]) -> bool:
    return content.items() >= _ours().items()


def _write(file: int, beat: int) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, json.dumps({**_ours(), "beat": beat}).encode())
    os.fsync(file)  # so that other machines see it


def _read(file: int) -> dict[str, Any]:
    os.lseek(file, 0, os.SEEK_SET)
    return _content(os.read(file, 1_000))


def _content(content: bytes) -> dict[str, Any]:
    """Return what is in a lease; nothing where it is free."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and {"pid", "host"} <= found.keys() else {}

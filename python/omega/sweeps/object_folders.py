"""A folder in an object store, and its lease, by a store that creates only what is not there.

The package `fsspec` and that of the store do the input and output. A lease is an object with a
number: who has created the highest one holds the folder, and changes it now and then. Where its
content has not changed for `EXPIRES` seconds, as the newcomer sees it, the newcomer creates the
next one, which of several only one can. The last one is never removed, so that numbers only grow;
it is empty once its holder has ended.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import platform
import re
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from omega.errors import ConfigError, WriteFailed
from omega.libraries import error_text
from omega.sweeps import lease

_LEASE = re.compile(re.escape(lease.FILE) + r"-(\d{6,})")
_PROBE = ".sweep.probe-"

Writes = Any
"""A function that writes to a file in memory."""


class ObjectFolder:
    """A folder at an address.

    Attributes:
        shown: The address.
    """

    def __init__(self, address: str) -> None:
        """Take an address, and find what reads and writes its store.

        Raises:
            ConfigError: Nothing does, or the store cannot create only what is not there.
        """
        scheme, _, folder = address.partition("://")
        if not folder.strip("/"):
            raise ConfigError(
                f"out: given {address!r}, expected the address of a folder: 's3://bucket/fx'"
            )
        self.shown = f"{scheme}://{folder.rstrip('/')}"
        self._files, self._root = _file_system_of(self.shown)
        self._held: _Held | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Travel to be read from, and not to be written to."""
        return {**vars(self), "_held": None}

    def names(self) -> list[str]:
        """Return the names of all objects but those of the lease."""
        with self._reading(self.shown):
            found = self.all_names()
        return [one for one in found if not one.startswith((lease.FILE, _PROBE))]

    def all_names(self) -> list[str]:
        """Return the names of all objects."""
        self._files.invalidate_cache()
        try:
            found = self._files.ls(self._root, detail=False)
        except FileNotFoundError:
            return []
        return [str(one).rstrip("/").rpartition("/")[2] for one in found]

    def open(self, name: str) -> io.BytesIO:
        """Return the content of an object."""
        with self._reading(f"{self.shown}/{name}"):
            return io.BytesIO(self.read(name))

    def read(self, name: str) -> bytes:
        """Return the content of an object."""
        content: bytes = self._files.cat_file(self._at(name))
        return content

    def remove(self, name: str) -> None:
        """Remove an object."""
        self._files.rm_file(self._at(name))

    def put(self, name: str, content: bytes) -> None:
        """Write an object in the place of what is there."""
        self._files.pipe_file(self._at(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object where there is none; whether there was none."""
        try:
            self._files.pipe_file(self._at(name), content, mode="create")
        except FileExistsError:
            return False
        return True

    def write(self, name: str, half: str, write: Writes) -> None:  # noqa: ARG002 - as a folder
        """Write an object whole, where there is none, as long as the lease is held.

        Raises:
            WriteFailed: The store refused, or another sweep has taken the lease over.
        """
        whole = io.BytesIO()
        write(whole)
        content = whole.getvalue()
        try:
            is_ours = self._held is None or self._held.is_last()
            # What a lost answer made look failed is there with the same content.
            is_kept = is_ours and (self.create(name, content) or self.read(name) == content)
        except Exception as problem:
            raise self._failed(name, error_text(problem)) from problem
        if not is_kept:
            raise self._failed(name, "another sweep has taken the place over")

    @contextlib.contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        try:
            yield
        except Exception as problem:
            raise ConfigError(
                f"out: {path!r} cannot be read: {error_text(problem)}. Call again once the store "
                "is there; what is in it stays"
            ) from problem

    def _failed(self, name: str, why: str) -> WriteFailed:
        path = f"{self.shown}/{name}"
        return WriteFailed(
            f"{path!r} cannot be written: {why}. What was there before is as it was; the same call "
            "goes on",
            path=path,
        )

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def hold(self, held: _Held | None) -> None:
        """Write only as long as a lease is held."""
        self._held = held


@contextlib.contextmanager
def leased(objects: ObjectFolder) -> Iterator[ObjectFolder]:
    """Hold a folder in an object store.

    Raises:
        ConfigError: Another sweep holds it, or the store cannot create only what is not there.
        WriteFailed: The store refused.
    """
    try:
        _require_creation(objects)
        held = _taken(objects)
    except (ConfigError, WriteFailed):
        raise
    except Exception as problem:
        raise WriteFailed(
            f"{objects.shown!r} cannot be written: {error_text(problem)}. Name a place that this "
            "machine may write to",
            path=objects.shown,
        ) from problem
    ended = threading.Event()
    beating = threading.Thread(target=held.beat, args=(ended,), daemon=True)
    beating.start()
    objects.hold(held)
    try:
        yield objects
    finally:
        ended.set()
        beating.join()
        objects.hold(None)
        with contextlib.suppress(Exception):  # else it is free once it has not changed for long
            if held.is_last():
                objects.put(held.name, b"{}")


class _Held:
    """A lease of ours."""

    def __init__(self, objects: ObjectFolder, number: int, content: dict[str, Any]) -> None:
        self._objects, self._number, self._content = objects, number, content
        self.name = _name(number)

    def is_last(self) -> bool:
        """Whether nobody has taken it over."""
        return _last(self._objects) == self._number

    def beat(self, ended: threading.Event) -> None:
        """Change the content until the sweep ends, or somebody has taken the lease over."""
        beat = 0
        while not ended.wait(lease.BEAT):
            with contextlib.suppress(Exception):  # the store may be back at the next beat
                if not self.is_last():
                    return
                beat += 1
                self._objects.put(self.name, _written({**self._content, "beat": beat}))


def _taken(objects: ObjectFolder) -> _Held:
    """Create the next lease, once the last one is free."""
    number = _last(objects)
    if number and (before := _content(objects, number)):
        _wait_for_its_end(objects, number, before)
    own = {"pid": os.getpid(), "host": platform.node(), "token": uuid.uuid4().hex}
    if not objects.create(_name(number + 1), _written({**own, "beat": 0})):
        raise _refused(objects, _content(objects, number + 1))
    held = _Held(objects, number + 1, own)
    for name in objects.all_names():
        found = _LEASE.fullmatch(name)
        if found and int(found[1]) <= number:
            objects.remove(name)
    return held


def _wait_for_its_end(objects: ObjectFolder, number: int, before: dict[str, Any]) -> None:
    """Return once the holder of a lease has ended, or has given no sign for too long."""
    until = time.monotonic() + lease.EXPIRES
    while time.monotonic() < until:
        time.sleep(lease.BEAT / 10)
        last = _last(objects)
        now = _content(objects, last)
        if last == number and not now:
            return
        if last != number or now != before:
            raise _refused(objects, now)


def _last(objects: ObjectFolder) -> int:
    """Return the number of the last lease; 0 where there is none."""
    found = [_LEASE.fullmatch(name) for name in objects.all_names()]
    return max((int(match[1]) for match in found if match), default=0)


def _content(objects: ObjectFolder, number: int) -> dict[str, Any]:
    """Return what is in a lease; nothing where it is free."""
    try:
        found = json.loads(objects.read(_name(number)))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) and {"pid", "host"} <= found.keys() else {}


def _name(number: int) -> str:
    return f"{lease.FILE}-{number:06}"


def _written(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _refused(objects: ObjectFolder, holder: dict[str, Any]) -> ConfigError:
    return lease.refused(objects.shown, holder)


def _require_creation(objects: ObjectFolder) -> None:
    """Refuse a store that writes over what it was asked to create only."""
    name = f"{_PROBE}{uuid.uuid4().hex}"
    try:
        first, second = objects.create(name, b"1"), objects.create(name, b"2")
    except (NotImplementedError, TypeError, ValueError) as problem:
        raise _no_creation(objects.shown, error_text(problem)) from problem
    objects.remove(name)
    if not first or second:
        raise _no_creation(objects.shown, "it has written over an object that was there")


def _no_creation(address: str, why: str) -> ConfigError:
    return ConfigError(
        f"out: given {address!r}, whose store cannot create only what is not there ({why}), so "
        "that a second sweep could not be refused. Mount it and give the folder, or write to a "
        "folder and copy it there"
    )


def _file_system_of(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the name of the folder in it."""
    try:
        fsspec = importlib.import_module("fsspec")
        files, root = fsspec.core.url_to_fs(address)
    except ImportError as problem:
        raise ConfigError(
            f"out: given {address!r}, which needs fsspec and the package of its store: "
            f"{error_text(problem)}. Install them, such as with pip install fsspec s3fs"
        ) from problem
    except ValueError as problem:
        raise ConfigError(
            f"out: given {address!r}, expected a folder, or an address that fsspec supports: "
            f"{error_text(problem)}"
        ) from problem
    # Of the instance: an asynchronous file system gives each of its own.
    if getattr(files.pipe_file, "__func__", None) is fsspec.AbstractFileSystem.pipe_file:
        raise _no_creation(address, "it looks first, and writes then")
    return files, str(root).rstrip("/")

"""What fsspec takes to talk to the object store of these tests, which needs no package of a store.

Its address is in the environment, so that other processes find it as well: `loopback://bucket/x`.
"""

from __future__ import annotations

import importlib
import os
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

VARIABLE = "OMEGA_TEST_STORE"


def register() -> None:
    """Have fsspec know addresses that begin with `loopback://`."""
    fsspec: Any = importlib.import_module("fsspec")
    kind = type("Loopback", (fsspec.AbstractFileSystem,), {**_METHODS, "protocol": "loopback"})
    globals()["Loopback"] = kind  # where pickles look for it
    fsspec.register_implementation("loopback", kind, clobber=True)


def _asked(
    method: str, path: str, content: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    request = urllib.request.Request(  # noqa: S310 - of this test
        f"{os.environ[VARIABLE]}/{quote(path)}",
        data=content,
        method=method,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            return answer.status, answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, b""


def _stripped(own: Any, path: str) -> str:
    return str(own._strip_protocol(path))  # noqa: SLF001 - as file systems of fsspec do


def _pipe_file(own: Any, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
    headers = {"If_None_Match": "*"} if mode == "create" else {}
    status, _content = _asked("PUT", _stripped(own, path), value, **headers)
    if status == 412:
        raise FileExistsError(path)


def _cat_file(own: Any, path: str, **_: Any) -> bytes:
    status, content = _asked("GET", _stripped(own, path))
    if status == 404:
        raise FileNotFoundError(path)
    return content


def _rm_file(own: Any, path: str) -> None:
    _asked("DELETE", _stripped(own, path))


def _ls(own: Any, path: str, detail: bool = True, **_: Any) -> list[Any]:
    bucket, _slash, folder = _stripped(own, path).partition("/")
    address = f"{os.environ[VARIABLE]}/{bucket}?list-type=2&prefix={quote(folder)}/"
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - of this test
        found = ET.fromstring(answer.read())  # noqa: S314 - as above
    names = [f"{bucket}/{one.text}" for one in found.iter("Key")]
    if not names:
        raise FileNotFoundError(path)
    return [{"name": name, "type": "file"} for name in names] if detail else names


_METHODS = {"pipe_file": _pipe_file, "cat_file": _cat_file, "rm_file": _rm_file, "ls": _ls}

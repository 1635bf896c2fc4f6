"""Arrow objects of any library, whose C structures are inspected before they are read.

The reader takes what a producer states, so that a mistake in it would end in a panic or in foreign
memory. An inspected object has the same interface and the same buffers; nothing is copied.
"""

from __future__ import annotations

import ctypes
import errno
from typing import Any, Protocol

from omega.data.arrow_layout import RELEASE, Array, Layout, Malformed, Schema, check, layout_of
from omega.errors import InvalidCandleData
from omega.libraries import error_text

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype = ctypes.py_object
_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

_Get = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_LastError = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


class Stream(ctypes.Structure):
    """`ArrowArrayStream`."""

    _fields_ = (
        ("get_schema", _Get),
        ("get_next", _Get),
        ("get_last_error", _LastError),
        ("release", RELEASE),
        ("private_data", ctypes.c_void_p),
    )


class Inspected(Protocol):
    """An Arrow object that is inspected while it is read.

    Attributes:
        problem: What was found; None where nothing was.
    """

    problem: str | None


def inspected(given: object) -> Inspected:
    """Return an Arrow object that refuses malformed structures in place of one that does not.

    Example:
        >>> import polars as pl
        >>> from omega._native import core
        >>> names = [name for name, _ in core.table_columns(inspected(pl.DataFrame({"a": [1]})))]
        >>> names
        ['a']
    """
    return _OfArray(given) if hasattr(given, "__arrow_c_array__") else _OfStream(given)


class _Object:
    """What both kinds of object have."""

    def __init__(self, given: Any) -> None:  # noqa: ANN401 - any Arrow object
        self.given = given
        self.problem: str | None = None
        self._schema = Schema()
        """That of the layout, which lives for as long as it may be read."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as above
        """Return the name that the object itself gives its type, if it does."""
        if name in ("schema", "type", "dtype"):
            return getattr(self.given, name)
        raise AttributeError(name)


class _OfArray(_Object):
    """One array, by `__arrow_c_array__`."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Return the array of the object, and a schema of ours, once they have been inspected."""
        del requested_schema
        pair = self.given.__arrow_c_array__()
        if not (isinstance(pair, tuple) and len(pair) == 2):  # noqa: PLR2004 - a pair
            raise _refused(f"__arrow_c_array__ gave {type(pair).__name__}, expected two capsules")
        schema = Schema.from_address(_address(pair[0], b"arrow_schema"))
        array = Array.from_address(_address(pair[1], b"arrow_array"))
        try:
            layout = layout_of(schema)
            _check_whole(layout, array)
        except Malformed as problem:
            raise _refused(str(problem)) from None
        self._schema = layout.schema()
        return _capsule(ctypes.addressof(self._schema), b"arrow_schema", None), pair[1]


class _OfStream(_Object):
    """A stream of arrays, by `__arrow_c_stream__`: ours, which requests that of the object."""

    def __init__(self, given: Any) -> None:  # noqa: ANN401 - any Arrow object
        super().__init__(given)
        self._layout: Layout | None = None
        self._message: ctypes.Array[ctypes.c_char] | None = None

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a stream that inspects what passes through it."""
        del requested_schema
        self._held = self.given.__arrow_c_stream__()
        self._address = _address(self._held, b"arrow_array_stream")
        self._theirs = Stream.from_address(self._address)
        lacking = [name for name in ("get_schema", "get_next", "release")
                   if not getattr(self._theirs, name)]  # fmt: skip
        if lacking:
            released = "release" in lacking
            raise _refused("the stream was read before" if released else f"it has no {lacking[0]}")
        # Kept here, as the reader calls them for as long as it reads.
        self._ours = Stream(
            _Get(self._get_schema),
            _Get(self._get_next),
            _LastError(self._get_last_error),
            RELEASE(self._release),
        )
        return _capsule(ctypes.addressof(self._ours), b"arrow_array_stream", None)

    def _get_schema(self, _: int, out: int) -> int:
        theirs = Schema()
        code = self._theirs.get_schema(self._address, ctypes.addressof(theirs))
        if code:
            return self._failed(code, "schema")
        try:
            self._layout = layout_of(theirs)
            self._schema = self._layout.schema()
        except Exception as problem:  # noqa: BLE001 - nothing may pass through a callback
            return self._refuse(problem, theirs)
        RELEASE(theirs.release)(ctypes.addressof(theirs))
        ctypes.memmove(out, ctypes.addressof(self._schema), ctypes.sizeof(Schema))
        return 0

    def _get_next(self, _: int, out: int) -> int:
        code = self._theirs.get_next(self._address, out)
        if code:
            return self._failed(code, "rows")
        array = Array.from_address(out)
        if not array.release:
            return 0  # the end
        try:
            _check_whole(self._layout, array)
        except Exception as problem:  # noqa: BLE001 - as above
            return self._refuse(problem, array)
        return 0

    def _failed(self, code: int, what: str) -> int:
        """Keep the stream's message about its error, which may be empty."""
        said = self._theirs.get_last_error(self._address) if self._theirs.get_last_error else None
        text = ctypes.string_at(said).decode("utf-8", "replace") if said else "without a message"
        return self._say(f"its stream gave error {code} for {what}: {text}", code)

    def _refuse(self, problem: Exception, found: Schema | Array) -> int:
        """Return a structure back that is not taken."""
        if found.release:
            RELEASE(found.release)(ctypes.addressof(found))
        text = str(problem) if isinstance(problem, Malformed) else error_text(problem)
        return self._say(text, errno.EINVAL)

    def _say(self, text: str, code: int) -> int:
        self.problem = text
        self._message = ctypes.create_string_buffer(text.replace("\0", " ").encode())
        return code

    def _get_last_error(self, _: int) -> int | None:
        return None if self._message is None else ctypes.addressof(self._message)

    def _release(self, ours: int) -> None:
        if self._theirs.release:
            self._theirs.release(self._address)
        Stream.from_address(ours).release = RELEASE()


def _check_whole(layout: Layout | None, array: Array) -> None:
    """Inspect an array that nobody has read yet."""
    if layout is None:
        raise Malformed("the reader has not asked for its schema")
    if not array.release:
        raise Malformed("the array is released already")
    check(layout, array)


def _address(capsule: object, name: bytes) -> int:
    try:
        found: int = _pointer(capsule, name)
    except (ValueError, TypeError, ctypes.ArgumentError):
        raise _refused(
            f"it gave {type(capsule).__name__}, expected a capsule named {name.decode()!r}"
        ) from None
    return found


def _refused(problem: str) -> InvalidCandleData:
    return InvalidCandleData(
        f"data: this is no Arrow data that can be read: {problem}. The library that made it is at "
        "fault; give the table in another form, such as a Polars or pandas frame",
        rule="arrow",
    )


def unreadable(found: Inspected, text: str) -> InvalidCandleData:
    """Make the error of an object that the reader refused."""
    return _refused(found.problem or text)

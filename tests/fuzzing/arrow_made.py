"""Arrow columns in memory of our own, whose C structures can be made wrong in every field.

Buffers have room for more than they state, so that a number that no reader can know to be wrong
reads zeros of ours, and no foreign memory.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omega.data.arrow import Stream
from omega.data.arrow_layout import RELEASE, Array, Schema

ROWS_AT_MOST = 4_096
"""Rows that each buffer has room for."""
POINTERS = 16
"""Buffers and children that each list has room for."""

_new = ctypes.pythonapi.PyCapsule_New
_new.restype = ctypes.py_object
_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
GET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


@dataclass
class Node:
    """A column: its schema's fields, its array's fields, its buffers and children."""

    format: bytes | None
    name: bytes | None
    length: int
    buffers: list[bytes | None]
    children: list[Node | None] = field(default_factory=list)
    dictionary: Node | None = None
    null_count: int = 0
    offset: int = 0
    n_buffers: int | None = None
    n_children: int | None = None
    schema_children: int | None = None
    metadata: bytes | None = None
    lacks: set[str] = field(default_factory=set)
    """Pointers that are null: "buffers", "children", "dictionary", "schema_dictionary"."""

    def all(self) -> list[Node]:
        """This node and all below it."""
        below = [*self.children, self.dictionary]
        return [self, *(one for node in below if node is not None for one in node.all())]


_PASSED_ON: set[Made] = set()
"""Structures that a reader has, whose memory lives until it releases them, as that of C does."""
_RELEASED: list[Made] = []
"""Those that were released meanwhile; what is being called cannot be freed."""


class Made:
    """The structures of a node, and how often each was released."""

    def __init__(self, node: Node) -> None:
        _RELEASED.clear()
        self.kept: list[Any] = []
        self.released = {"schema": 0, "array": 0}
        self._schema_release = RELEASE(self._release_schema)
        self._array_release = RELEASE(self._release_array)
        self.schema = self._schema(node)
        self.array = self._array(node)

    def _release_schema(self, place: int) -> None:
        self.released["schema"] += 1
        Schema.from_address(place).release = None

    def _release_array(self, place: int) -> None:
        self.released["array"] += 1
        Array.from_address(place).release = None
        if self in _PASSED_ON:
            _PASSED_ON.remove(self)
            _RELEASED.append(self)

    def pass_on(self) -> None:
        """Keep the memory until the array is released."""
        _PASSED_ON.add(self)

    def take_back(self) -> None:
        """Free the memory of an array that the reader has not taken."""
        _PASSED_ON.discard(self)

    def _schema(self, node: Node) -> Schema:
        children = [None if one is None else self._schema(one) for one in node.children]
        made = Schema(format=node.format, name=node.name, flags=2)
        made.n_children = _or(node.schema_children, len(children))
        made.children = self._pointers(children, Schema)
        if "children" in node.lacks:
            made.children = None
        if node.metadata is not None:
            room = ctypes.create_string_buffer(node.metadata, len(node.metadata) + 64)
            self.kept.append(room)
            made.metadata = ctypes.addressof(room)
        if node.dictionary is not None and "schema_dictionary" not in node.lacks:
            made.dictionary = ctypes.pointer(self._schema(node.dictionary))
        made.release = ctypes.cast(self._schema_release, ctypes.c_void_p)
        self.kept.append(made)
        return made

    def _array(self, node: Node) -> Array:
        children = [None if one is None else self._array(one) for one in node.children]
        made = Array(length=node.length, null_count=node.null_count, offset=node.offset)
        places = (ctypes.c_void_p * POINTERS)()
        for place, content in enumerate(node.buffers):
            if content is not None:
                room = ctypes.create_string_buffer(content, max(len(content), 16 * ROWS_AT_MOST))
                self.kept.append(room)
                places[place] = ctypes.addressof(room)
        self.kept.append(places)
        made.n_buffers = _or(node.n_buffers, len(node.buffers))
        if "buffers" not in node.lacks:
            made.buffers = ctypes.cast(places, ctypes.POINTER(ctypes.c_void_p))
        made.n_children = _or(node.n_children, len(children))
        made.children = self._pointers(children, Array)
        if "children" in node.lacks:
            made.children = None
        if node.dictionary is not None and "dictionary" not in node.lacks:
            made.dictionary = ctypes.pointer(self._array(node.dictionary))
        made.release = ctypes.cast(self._array_release, ctypes.c_void_p)
        self.kept.append(made)
        return made

    def _pointers(self, made: Sequence[Any], kind: type[Any]) -> Any:  # noqa: ANN401 - of ctypes
        places = (ctypes.POINTER(kind) * POINTERS)()
        for place, one in enumerate(made):
            if one is not None:
                places[place] = ctypes.pointer(one)
        self.kept.append(places)
        return ctypes.cast(places, ctypes.POINTER(ctypes.POINTER(kind)))


def _or(given: int | None, usual: int) -> int:
    return usual if given is None else given


def capsule(structure: Any, name: bytes) -> object:  # noqa: ANN401 - of ctypes
    """Give a structure as Python passes it on."""
    return _new(ctypes.addressof(structure), name, None)


@dataclass
class Behaviour:
    """How a stream gives its arrays.

    Attributes:
        schema_code: What `get_schema` returns.
        fails_at: The array in whose place `get_next` fails; None where it does not.
        code: What it returns then.
        message: The stream's message about its error; None for nothing.
        lacks: Functions that are null.
    """

    schema_code: int = 0
    fails_at: int | None = None
    code: int = 5
    message: bytes | None = None
    lacks: frozenset[str] = frozenset()


class MadeStream:
    """A stream over arrays that were made; the object that a reader gets."""

    def __init__(self, arrays: list[Made], behaviour: Behaviour) -> None:
        self.arrays, self.behaviour, self.given, self.released = arrays, behaviour, 0, 0
        self._message = ctypes.create_string_buffer(behaviour.message or b"")
        functions = {
            "get_schema": GET(self._get_schema),
            "get_next": GET(self._get_next),
            "get_last_error": LAST_ERROR(self._get_last_error),
            "release": RELEASE(self._release),
        }
        self.stream = Stream(**{k: f for k, f in functions.items() if k not in behaviour.lacks})

    def _get_schema(self, _: int, out: int) -> int:
        if self.behaviour.schema_code:
            return self.behaviour.schema_code
        ctypes.memmove(out, ctypes.addressof(self.arrays[0].schema), ctypes.sizeof(Schema))
        return 0

    def _get_next(self, _: int, out: int) -> int:
        if self.given == self.behaviour.fails_at:
            return self.behaviour.code
        if self.given >= len(self.arrays):
            ctypes.memset(out, 0, ctypes.sizeof(Array))
            return 0
        ctypes.memmove(out, ctypes.addressof(self.arrays[self.given].array), ctypes.sizeof(Array))
        self.arrays[self.given].pass_on()
        self.given += 1
        return 0

    def _get_last_error(self, _: int) -> int | None:
        return None if self.behaviour.message is None else ctypes.addressof(self._message)

    def _release(self, place: int) -> None:
        self.released += 1
        Stream.from_address(place).release = RELEASE()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return capsule(self.stream, b"arrow_array_stream")


class MadeArray:
    """One array; the object that a reader gets."""

    def __init__(self, made: Made) -> None:
        self.made = made

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        self.made.pass_on()
        return capsule(self.made.schema, b"arrow_schema"), capsule(self.made.array, b"arrow_array")


def floats(name: str, values: Sequence[float]) -> Node:
    """A column of doubles."""
    return Node(b"g", name.encode(), len(values), [None, np.array(values, "f8").tobytes()])


def integers(name: str, values: Sequence[int], kind: bytes = b"l", dtype: str = "i8") -> Node:
    """A column of integers, or of times by another format."""
    return Node(kind, name.encode(), len(values), [None, np.array(values, dtype).tobytes()])


def texts(name: str, values: Sequence[str], *, large: bool = False) -> Node:
    """A column of texts with offsets."""
    content = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, content)])
    offsets = ends.astype("i8" if large else "i4").tobytes()
    buffers = [None, offsets, b"".join(content) or b"\0"]
    return Node(b"U" if large else b"u", name.encode(), len(values), buffers)


def views(name: str, values: Sequence[str]) -> Node:
    """A column of texts by views, the long ones in a buffer of their own."""
    made, held = b"", b""
    for value in values:
        raw = value.encode()
        if len(raw) <= 12:
            made += struct.pack("<i12s", len(raw), raw)
        else:
            made += struct.pack("<i4sii", len(raw), raw[:4], 0, len(held))
            held += raw
    buffers = [None, made, held or b"\0", struct.pack("<q", len(held))]
    return Node(b"vu", name.encode(), len(values), buffers)


def coded(name: str, codes: Sequence[int], known: Sequence[str]) -> Node:
    """A column of codes for texts."""
    made = integers(name, codes, b"i", "i4")
    made.dictionary = texts("", known)
    return made


def lists(name: str, lengths: Sequence[int]) -> Node:
    """A column of lists of numbers."""
    ends = np.cumsum([0, *lengths]).astype("i4").tobytes()
    child = floats("item", [0.5] * sum(lengths))
    return Node(b"+l", name.encode(), len(lengths), [None, ends], [child])


def table(columns: list[Node]) -> Node:
    """Columns as the children of one structure, as tables are given."""
    return Node(b"+s", b"", columns[0].length, [None], list(columns))


def written(node: Node) -> dict[str, Any]:
    """Give a node as JSON keeps it."""
    fields = {name: value for name, value in vars(node).items() if value not in (None, [], set())}
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field of a node
    match value:
        case bytes():
            return value.hex()
        case Node():
            return written(value)
        case list() | set():
            return [_plain(one) for one in (sorted(value) if isinstance(value, set) else value)]
        case _:
            return value


def read(fields: dict[str, Any]) -> Node:
    """Give the node that was written."""
    found = dict(fields)
    for name in ("format", "name", "metadata"):
        found[name] = None if found.get(name) is None else bytes.fromhex(found[name])
    buffers = found.get("buffers", [])
    found["buffers"] = [None if one is None else bytes.fromhex(one) for one in buffers]
    found["children"] = [None if one is None else read(one) for one in found.get("children", [])]
    found["dictionary"] = read(found["dictionary"]) if "dictionary" in found else None
    found["lacks"] = set(found.get("lacks", ()))
    return Node(**found)

"""The structures of Arrow's C interface, and what is wrong with those of a column.

A producer states in them how many rows, buffers and children there are, and a reader believes it:
a wrong number makes it read memory that is not the column's. It is checked here that the numbers
agree with each other, and offsets, views and codes with the buffers. Nothing shows whether an
address is one, and whether a buffer is as long as it has to be.

Layouts: https://arrow.apache.org/docs/format/CDataInterface.html
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from omega.config.times import offset_of

Structure: TypeAlias = Any
"""A `Schema` or an `Array`, whose fields ctypes knows and type checkers do not."""

_MOST_ROWS = 1 << 44
"""More than any memory holds; a sum of lengths below it cannot overflow."""
_DEEPEST = 32
_INLINE = 12
"""Bytes of a text that a view holds itself."""

_INTEGERS = {"c": "i1", "C": "u1", "s": "i2", "S": "u2", "i": "i4", "I": "u4", "l": "i8", "L": "u8"}
_OFFSETS = {"u": "i4", "z": "i4", "U": "i8", "Z": "i8", "+l": "i4", "+m": "i4", "+L": "i8"}
_TEXTS = ("u", "U", "vu")
_BUFFERS = {
    "n": (0, 1), "u": (3, 3), "z": (3, 3), "U": (3, 3), "Z": (3, 3), "vu": (3, None),
    "vz": (3, None), "+l": (2, 2), "+L": (2, 2), "+m": (2, 2), "+vl": (3, 3), "+vL": (3, 3),
    "+w": (1, 1), "+s": (1, 1), "+ud": (2, 2), "+us": (1, 1), "+r": (0, 0),
}  # fmt: skip
"""Buffers of a layout, at least and at most; all others have two."""
_CHILDREN = {"+l": 1, "+L": 1, "+m": 1, "+vl": 1, "+vL": 1, "+w": 1, "+r": 2}
_VIEW = np.dtype([("length", "i4"), ("prefix", "i4"), ("buffer", "i4"), ("offset", "i4")])


class Schema(ctypes.Structure):
    """`ArrowSchema`."""


class Array(ctypes.Structure):
    """`ArrowArray`."""


Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _forget(place: int) -> None:
    """Release a schema of ours: what it points at belongs to Python."""
    Schema.from_address(place).release = None


_FORGET = RELEASE(_forget)


class Malformed(Exception):
    """A structure contradicts itself; its text states where and how."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a schema states of a column, kept after the schema itself is gone.

    Attributes:
        name: The column's name.
        kind: The format without its parameters, such as ``"tsu"`` or ``"+s"``.
        parameter: The parameters, such as a time zone or the length of lists.
        flags: Whether it may have nulls, and whether its codes are in order.
        children: The layouts of its children.
        dictionary: The layout of the values that its codes mean.
    """

    name: str
    kind: str
    parameter: str | None
    flags: int
    children: tuple[Layout, ...]
    dictionary: Layout | None

    @property
    def size(self) -> int:
        """The length of lists where the format fixes it."""
        return int(self.parameter or 0) if self.kind == "+w" else 0

    def schema(self) -> Schema:
        """Write a schema of it, without metadata: nobody can know how far that reaches.

        Times with a fixed offset are in UTC, as Polars has no offsets.
        """
        parameter = self.parameter
        if self.kind.startswith("ts") and parameter and offset_of(parameter) is not None:
            parameter = "UTC"
        written = Schema(
            format=(self.kind if parameter is None else f"{self.kind}:{parameter}").encode(),
            name=self.name.encode(),
            flags=self.flags,
            n_children=len(self.children),
            release=ctypes.cast(_FORGET, ctypes.c_void_p),
        )
        children = [ctypes.pointer(child.schema()) for child in self.children]
        written.children = (ctypes.POINTER(Schema) * len(children))(*children)
        if self.dictionary is not None:
            written.dictionary = ctypes.pointer(self.dictionary.schema())
        return written


def layout_of(schema: Structure, depth: int = 0) -> Layout:
    """Read a schema.

    Raises:
        Malformed: It contradicts itself.
    """
    if depth > _DEEPEST:
        raise Malformed(f"its types are nested deeper than {_DEEPEST} levels")
    if not schema.release and not depth:  # children belong to it
        raise Malformed("its schema is released already")
    name = _text(schema.name or b"", "a name")
    if schema.format is None:
        raise Malformed(f"the column {name!r} states no format")
    kind, colon, parameter = _text(schema.format, "a format").partition(":")
    children = [layout_of(one, depth + 1) for one in _pointed(schema, f"the schema of {name!r}")]
    needed = _CHILDREN.get(kind, len(children) if kind in ("+s", "+ud", "+us") else 0)
    if len(children) != needed:
        raise Malformed(f"the type of {name!r} has {len(children)} children, expected {needed}")
    values = layout_of(schema.dictionary.contents, depth + 1) if schema.dictionary else None
    if values is not None and kind not in _INTEGERS:
        raise Malformed(f"the codes of {name!r} are of the format {kind!r}, expected integers")
    if kind in ("w", "+w") and not (parameter.isascii() and parameter.isdigit()):
        raise Malformed(
            f"the type of {name!r} is {kind}:{parameter}, expected a length of 0 or more"
        )
    flags = int(schema.flags)
    return Layout(name, kind, parameter if colon else None, flags, tuple(children), values)


def check(layout: Layout, array: Structure, name: str = "") -> None:
    """Compare an array, or a child of one, with the layout that its schema states.

    Raises:
        Malformed: They contradict each other.
    """
    name = layout.name or name or "the array"
    _check_counts(array, name)
    _check_buffers(layout, array, name)
    rows = array.offset + array.length
    children = list(_pointed(array, name))
    if len(children) != len(layout.children):
        raise Malformed(
            f"{name!r} has n_children {len(children)}, but its schema {len(layout.children)}"
        )
    least = rows if layout.kind in ("+s", "+us") else rows * layout.size
    for own, child in zip(layout.children, children, strict=True):
        check(own, child, name)
        if layout.kind in ("+s", "+us", "+w") and child.length < least:
            raise Malformed(
                f"{own.name or name!r} has {child.length} rows, expected {least} of {name!r}"
            )
    if (layout.dictionary is None) != (not array.dictionary):
        raise Malformed(f"{name!r}: only one of schema and array has a dictionary")
    if layout.dictionary is not None:
        check(layout.dictionary, array.dictionary.contents, name)
    if array.length:
        _check_values(layout, array, children, name)


def _check_counts(array: Structure, name: str) -> None:
    """Look at the numbers of an array by themselves."""
    for field, least in (("length", 0), ("offset", 0), ("null_count", -1)):
        if getattr(array, field) < least:
            raise Malformed(f"{name!r} has {field} {getattr(array, field)}")
    if max(array.length, array.offset) > _MOST_ROWS:
        raise Malformed(f"{name!r} has length {array.length} and offset {array.offset}")
    if array.null_count > array.length:
        raise Malformed(f"{name!r} has null_count {array.null_count} of {array.length} rows")


def _check_buffers(layout: Layout, array: Structure, name: str) -> None:
    """Look at how many buffers an array has, and whether those that it needs are there."""
    least, most = _BUFFERS.get(layout.kind, (2, 2))
    if array.n_buffers < least or (most is not None and array.n_buffers > most):
        raise Malformed(f"{name!r} has n_buffers {array.n_buffers}, expected {least}")
    if array.n_buffers > _MOST_ROWS >> 20:
        raise Malformed(f"{name!r} has n_buffers {array.n_buffers}")
    if array.n_buffers and not array.buffers:
        raise Malformed(f"{name!r} has n_buffers {array.n_buffers} and no buffers")
    if not array.length or layout.kind in ("n", "+r"):
        return
    has_validity = layout.kind not in ("+ud", "+us")
    if has_validity and array.null_count > 0 and not array.buffers[0]:
        raise Malformed(f"{name!r} has null_count {array.null_count} and no validity buffer")
    needed = range(1, 2) if has_validity and array.n_buffers > 1 else range(0)
    if any(not array.buffers[place] for place in needed):
        raise Malformed(f"{name!r} has {array.length} rows and no buffer of values")


def _check_values(layout: Layout, array: Structure, children: list[Structure], name: str) -> None:
    """Look at the values that point into other buffers."""
    if layout.kind in _OFFSETS:
        offsets = _values(array, 1, _OFFSETS[layout.kind], array.length + 1)
        if offsets[0] < 0 or bool((np.diff(offsets) < 0).any()):
            raise Malformed(f"the offsets of {name!r} do not ascend from 0")
        if children and offsets[-1] > children[0].length:
            raise Malformed(f"the offsets of {name!r} reach beyond its {children[0].length} values")
        if layout.kind in _TEXTS and offsets[-1] > 0:
            _check_text(array, offsets, name)
    elif layout.kind in ("vu", "vz"):
        _check_views(layout, array, name)
    if layout.dictionary is not None:
        codes = _values(array, 1, _INTEGERS[layout.kind], array.length)[_there(array)]
        known = array.dictionary.contents.length
        if codes.size and not (codes.min() >= 0 and codes.max() < known):
            raise Malformed(f"the codes of {name!r} reach beyond its {known} values")


def _check_text(array: Structure, offsets: NDArray[Any], name: str) -> None:
    if not array.buffers[2]:
        raise Malformed(f"{name!r} has texts and no buffer of them")
    content = _memory(array.buffers[2], int(offsets[-1]))
    _text(content[int(offsets[0]) :], f"a text of {name!r}")
    starts = np.frombuffer(content, dtype="u1")[offsets[:-1][np.diff(offsets) > 0]]
    if bool(((starts & 0xC0) == 0x80).any()):  # noqa: PLR2004 - the mark of a byte that goes on
        raise Malformed(f"a text of {name!r} begins inside a character")


def _check_views(layout: Layout, array: Structure, name: str) -> None:
    """Look at texts whose place is written in views of 16 bytes."""
    held = array.n_buffers - 3
    lengths = np.zeros(0, dtype="i8")
    if held:
        if not array.buffers[array.n_buffers - 1]:
            raise Malformed(f"{name!r} does not state the lengths of its buffers")
        lengths = np.frombuffer(_memory(array.buffers[array.n_buffers - 1], 8 * held), dtype="i8")
        if bool((lengths < 0).any()):
            raise Malformed(f"{name!r} has a buffer of negative length")
    views = np.unique(_values(array, 1, _VIEW, array.length)[_there(array)])
    if bool((views["length"] < 0).any()):
        raise Malformed(f"{name!r} has a text of negative length")
    far = views[views["length"] > _INLINE]
    if bool(((far["buffer"] < 0) | (far["buffer"] >= held) | (far["offset"] < 0)).any()):
        raise Malformed(f"a text of {name!r} is said to be in a buffer that is not there")
    ends = far["offset"].astype("i8") + far["length"]
    if bool((ends > lengths[far["buffer"]]).any()):
        raise Malformed(f"a text of {name!r} reaches beyond its buffer")
    if layout.kind not in _TEXTS:
        return
    for view in views[views["length"] <= _INLINE]:
        _text(view.tobytes()[4 : 4 + int(view["length"])], f"a text of {name!r}")
    for view in far:
        place = array.buffers[2 + int(view["buffer"])]
        content = _memory(place, int(view["offset"]) + int(view["length"]))
        _text(content[int(view["offset"]) :], f"a text of {name!r}")


def _there(array: Structure) -> NDArray[np.bool_]:
    """Which rows have a value."""
    if array.null_count == 0 or not array.buffers[0]:
        return np.ones(array.length, dtype=np.bool_)
    rows = array.offset + array.length
    bits = np.frombuffer(_memory(array.buffers[0], -(-rows // 8)), dtype="u1")
    return np.unpackbits(bits, bitorder="little")[array.offset : rows].astype(np.bool_)


def _values(array: Structure, buffer: int, kind: str | np.dtype[Any], rows: int) -> NDArray[Any]:
    """Return the values of a buffer from the array's offset on."""
    dtype = np.dtype(kind)
    whole = _memory(array.buffers[buffer], (array.offset + rows) * dtype.itemsize)
    return np.frombuffer(whole, dtype=dtype)[array.offset :]


def _memory(address: int, length: int) -> memoryview:
    return memoryview((ctypes.c_char * length).from_address(address)).cast("B")


def _pointed(parent: Structure, name: str) -> Iterator[Structure]:
    """Yield the children that a structure points at."""
    if not 0 <= parent.n_children <= _MOST_ROWS >> 20:
        raise Malformed(f"{name} has n_children {parent.n_children}")
    if parent.n_children and not parent.children:
        raise Malformed(f"{name} has n_children {parent.n_children} and no children")
    for place in range(parent.n_children):
        if not parent.children[place]:
            raise Malformed(f"{name} has no child {place}")
        yield parent.children[place].contents


def _text(content: bytes | memoryview, what: str) -> str:
    try:
        return str(content, "utf-8")
    except UnicodeDecodeError:
        raise Malformed(f"{what} is not UTF-8") from None

"""The types of compiled code, and which of them can be combined."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from omega.errors import ConfigError

MISSING: Any = object()
"""Stands where a value is not known before the run."""


class Refused(Exception):
    """Something is no part of what can be compiled: what was seen, and what to write instead."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of value: its name for errors, and the machine types of its parts.

    Parts are "i" for whole numbers and addresses of 64 bits, "f" for floats and "b" for truths.
    """

    name: str
    parts: str

    def __str__(self) -> str:
        return self.name


@dataclasses.dataclass(frozen=True)
class ArrayKind(Kind):
    """An array in one piece: the address of its first value, and its lengths."""

    item: Kind = dataclasses.field(kw_only=True)
    dimensions: int = dataclasses.field(kw_only=True)
    writeable: bool = dataclasses.field(default=True, kw_only=True)


@dataclasses.dataclass(frozen=True)
class PartKind(ArrayKind):
    """A part of a list, which is a new list that nothing changes: its items as those of an array.

    `source` is the list, whose kind of items may still widen.
    """

    source: str = dataclasses.field(kw_only=True)


@dataclasses.dataclass(frozen=True)
class ListKind(Kind):
    """A list of numbers on the strategy: what it held after `init`; None where it was empty.

    `has_whole` is whether any of it was no float.
    """

    held: Kind | None = dataclasses.field(kw_only=True)
    has_whole: bool = dataclasses.field(default=False, kw_only=True)


INT, FLOAT, BOOL = Kind("int", "i"), Kind("float", "f"), Kind("bool", "b")
TEXT = Kind("text", "i")
NONE = Kind("None", "")
MAYBE_INT, MAYBE_FLOAT = Kind("int or None", "bi"), Kind("float or None", "bf")
MAYBE_TEXT = Kind("text or None", "bi")
BAR = Kind("bar", "iib")
BID, ASK = Kind("bid of a bar", "iib"), Kind("ask of a bar", "iib")
INDICATOR = Kind("indicator", "ii")
POSITION, POSITIONS = Kind("position", "i"), Kind("list of positions", "i")
ORDER, ORDERS = Kind("order", "i"), Kind("list of orders", "i")
SYMBOLS = Kind("names of symbols", "")
FILL, TRADE = Kind("fill", "i"), Kind("trade", "i")
TIME = Kind("time", "iii")
DISTANCE, PERCENT = Kind("Distance", "f"), Kind("Distance.percent", "f")
OBJECT = Kind("object", "")
TUPLE = Kind("tuple", "")

NUMBERS = (INT, FLOAT, BOOL)
MAYBE = {MAYBE_INT: INT, MAYBE_FLOAT: FLOAT, MAYBE_TEXT: TEXT}
_OR_NONE = {INT: MAYBE_INT, FLOAT: MAYBE_FLOAT, TEXT: MAYBE_TEXT, BOOL: MAYBE_INT}


@dataclasses.dataclass(frozen=True)
class Value:
    """A value in compiled code: its parts there, and what is known of it before the run."""

    kind: Kind
    parts: Sequence[Any] = ()
    static: Any = MISSING

    @property
    def part(self) -> Any:
        """Its only part."""
        return self.parts[0]

    @property
    def is_static(self) -> bool:
        """Whether it is known before the run."""
        return self.static is not MISSING


def joined(one: Kind | None, other: Kind) -> Kind:
    """Return the kind of a variable that holds now the one and now the other.

    Raises:
        Refused: There is none.
    """
    if one is None or one == other:
        return other
    pair = {one, other}
    if pair <= {INT, FLOAT, BOOL}:
        return FLOAT if FLOAT in pair else INT
    if NONE in pair:
        rest = next(iter(pair - {NONE}))
        if rest in MAYBE or rest == POSITION:
            return rest
        if rest in _OR_NONE:
            return _OR_NONE[rest]
    bare = [MAYBE.get(kind, kind) for kind in (one, other)]
    if (one in MAYBE or other in MAYBE) and all(kind in _OR_NONE for kind in bare):
        return _OR_NONE[joined(*bare)]
    if isinstance(one, ArrayKind) and isinstance(other, ArrayKind) and type(one) is type(other):
        arrays = _joined_arrays(one, other)
        if arrays is not None:
            return arrays
    raise Refused(f"it is {one} in one place and {other} in another; use two names")


def _joined_arrays(one: ArrayKind, other: ArrayKind) -> Kind | None:
    if isinstance(one, PartKind) and isinstance(other, PartKind):
        if one.item == other.item:
            return one
        widened = dataclasses.replace(one, item=joined(one.item, other.item))
        return widened if one.source == other.source else None
    if (one.item, one.dimensions) != (other.item, other.dimensions):
        return None
    return one if not one.writeable else other  # they differ in whether they may be written to


def refusal(where: str, problem: str) -> ConfigError:
    """Return the error of a line that cannot be compiled."""
    return ConfigError(
        f"omega.compiled: {where}: {problem}. "
        'The page "Strategies without the interpreter" lists what can be compiled; '
        "@omega.compiled(fallback=True) runs the rest uncompiled"
    )

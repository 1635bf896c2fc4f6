"""Attributes of a strategy as compiled code addresses them: an offset in the context for each."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np

from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    NUMBERS,
    OBJECT,
    TEXT,
    ArrayKind,
    Kind,
    ListKind,
    Refused,
    joined,
)
from omega.config.values import plain
from omega.strategy.base import Strategy
from omega.strategy.conditions import Condition
from omega.strategy.operands import is_indicator

HEADER = 80
"""Bytes of the tables that stand before the fields."""
WIDTH = 24
"""Bytes of a field: whether it is there and its value, or an address and lengths."""
_ITEMS = {"float64": FLOAT, "int64": INT, "bool": BOOL}
_PREPARED = ("long", "short")


@dataclasses.dataclass
class Field:
    """An attribute of the strategy that compiled code uses.

    Attributes:
        path: Its name, or the names on the way to it: `macd.signal`.
        kind: What it is after `init`.
        offset: Where the context has it.
        column: Its place among the frame's indicators, if it is one.
        is_written: Whether compiled code changes it.
    """

    path: str
    kind: Kind
    offset: int
    column: int | None = None
    is_written: bool = False

    @property
    def told(self) -> str:
        """What it is, in words."""
        return "an indicator" if self.column is not None else f"{self.kind}"


class Fields:
    """The fields of a class, found as its callbacks are compiled."""

    def __init__(self, instance: Strategy) -> None:
        self.instance = instance
        self.found: dict[str, Field] = {}
        self.texts: dict[str, int] = {word: place for place, word in enumerate(_PREPARED)}
        self.columns: list[str] = []
        self.has_texts = self.has_scratch = self.has_times = False

    def of(self, path: str) -> Field:
        """Return the field of an attribute.

        Raises:
            Refused: It is nothing that compiled code can use.
        """
        if path not in self.found:
            given = value_of(self.instance, path)
            kind, column = kind_of(path, given), None
            if is_indicator(given):
                column = len(self.columns)
                self.columns.append(path)
            offset = HEADER + WIDTH * len(self.found)
            self.found[path] = Field(path, kind, offset, column)
        return self.found[path]

    def forget(self) -> None:
        """Let go of the strategy by which they were found."""
        del self.instance

    def column(self, instance: Strategy, path: str) -> Any:
        """Return an indicator of a strategy."""
        return value_of(instance, path)

    def number_of_text(self, text: str) -> int:
        """Return the number of a text."""
        return self.texts.setdefault(text, len(self.texts))

    def fits(self, instance: Strategy) -> bool:
        """Return whether another strategy of the class has the same kinds of fields."""
        try:
            return all(
                is_indicator(own)
                if field.column is not None
                else not is_indicator(own) and kind_of(field.path, own) == field.kind
                for field in self.found.values()
                for own in [value_of(instance, field.path)]
            )
        except (Refused, AttributeError):
            return False


def value_of(instance: Strategy, path: str) -> Any:
    """Return what stands at a path.

    Raises:
        Refused: Nothing does.
    """
    try:
        return plain(operator.attrgetter(path)(instance))
    except AttributeError:
        raise Refused(
            f"self.{path} is neither a parameter nor set in init(); set it there"
        ) from None


def kind_of(path: str, given: Any) -> Kind:
    """Return the kind of an attribute.

    Raises:
        Refused: It is none that compiled code can use.
    """
    if given is None:
        return NONE
    if isinstance(given, int) and not -(1 << 63) <= given < 1 << 63:
        raise Refused(f"self.{path} is {given}, which has more than 64 bits")
    for python, kind in ((bool, BOOL), (int, INT), (float, FLOAT), (str, TEXT)):
        if isinstance(given, python):
            return kind
    if isinstance(given, np.ndarray):
        return _array_kind(path, given)
    if isinstance(given, Condition):
        raise Refused(
            f"self.{path} is a condition, which is about all bars; compare values of the newest "
            "bar, as in self.z[-1] < -2, or give the condition to @omega.when"
        )
    if isinstance(given, list):
        return _list_kind(path, given)
    if isinstance(given, (dict, set)):
        raise Refused(
            f"self.{path} is a {type(given).__name__}; keep numbers in a list, as in "
            f"self.{path} = [], or in a NumPy array, as in self.{path} = np.zeros(100)"
        )
    return OBJECT


def _list_kind(path: str, given: list[Any]) -> ListKind:
    held: Kind | None = None
    has_whole = False
    for one in given:
        kind = kind_of(path, plain(one))
        if kind not in NUMBERS:
            raise Refused(
                f"self.{path} is a list that holds {kind}; compiled are lists of numbers, and an "
                "attribute for each other object"
            )
        held, has_whole = joined(held, kind), has_whole or kind != FLOAT
    return ListKind("list", "", held=held, has_whole=has_whole)


def _array_kind(path: str, given: Any) -> ArrayKind:
    item = _ITEMS.get(given.dtype.name)
    in_a_row = given.flags.c_contiguous and given.dtype.isnative
    if item is None or given.ndim not in (1, 2) or not in_a_row:
        raise Refused(
            f"self.{path} is an array of {given.dtype} with {given.ndim} dimensions; compiled are "
            "float64, int64 and bool, of one or two dimensions, in one piece"
        )
    parts = "i" * (1 + given.ndim)
    name = f"array of {given.dtype}"
    writeable = bool(given.flags.writeable)
    return ArrayKind(name, parts, item=item, dimensions=given.ndim, writeable=writeable)

"""The context of a compiled run: the state of the strategy in memory that its code can address."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from omega.compiling import writer
from omega.compiling.fields import HEADER, WIDTH, Field, value_of
from omega.compiling.functions import freed, memory_of
from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    MAYBE,
    NONE,
    OBJECT,
    TEXT,
    ArrayKind,
    Kind,
    ListKind,
    refusal,
)
from omega.strategy.base import Strategy

if TYPE_CHECKING:
    from omega.compiling.program import Program
    from omega.compiling.zones import Offsets

_ROOM = 1 << 16
"""Floats that windows across chunks may take in one call."""


class StrategyContext:
    """The fields of one strategy, and the tables of texts of its run.

    Attributes:
        address: Where it is.
    """

    def __init__(
        self,
        program: Program,
        strategy: Strategy,
        symbols: Sequence[str],
        timeframes: Sequence[str],
    ) -> None:
        self._program, self._strategy = program, strategy
        fields = program.fields
        size = HEADER + WIDTH * len(fields.found)
        self._memory = np.zeros(size // 8, np.int64)
        self._floats = self._memory.view(np.float64)
        self.address: int = self._memory.ctypes.data
        self._lists: list[int] = []
        self._own_lists: list[list[Any]] = []
        self._keeps: list[object] = []
        self._texts = dict(fields.texts)
        for field in fields.found.values():
            self._write(field)
        if fields.has_texts:
            self._write_texts(symbols, timeframes)
        if fields.has_scratch:
            self._table(writer.SCRATCH, np.empty(_ROOM))
            self._memory[writer.SCRATCH_LEFT // 8] = _ROOM

    def show_times(self, per_second: int, zones: Sequence[Offsets]) -> None:
        """Show times: the unit of their column, and when the zone of each symbol has which offset.

        What symbols of one zone are given is one object.
        """
        self._memory[writer.PER_SECOND // 8] = per_second
        tables = {
            id(one): np.array([len(one[0]), one[0].ctypes.data, one[1].ctypes.data], np.int64)
            for one in zones
        }
        self._keeps += [*zones, *tables.values()]
        addresses = [tables[id(one)].ctypes.data for one in zones]
        self._table(writer.ZONES, np.array(addresses, np.int64))

    def _kind(self, field: Field) -> Kind:
        return self._program.kinds.get(("field", field.path), field.kind)

    def _write(self, field: Field) -> None:
        place = field.offset // 8
        kind = self._kind(field)
        if field.column is not None or kind in (OBJECT, NONE):
            return
        given = value_of(self._strategy, field.path)
        if isinstance(kind, ListKind):
            self._write_list(field, given)
            return
        if isinstance(kind, ArrayKind):
            self._memory[place : place + 1 + given.ndim] = (given.ctypes.data, *given.shape)
            self._keeps.append(given)
            return
        if kind in MAYBE:
            self._memory[place] = int(given is not None)
            kind = MAYBE[kind]
        if given is not None:
            self._store(kind, place + 1, given)

    def _write_list(self, field: Field, given: list[Any]) -> None:
        """Copy a list to memory that its code makes larger, and `_freed` frees."""
        place = field.offset // 8
        if not self._lists:
            weakref.finalize(self, _freed, self._memory, self._lists)
        self._lists.append(place)
        if any(given is other for other in self._own_lists):
            raise refusal(
                f"self.{field.path} of {type(self._strategy).__name__}",
                "it is the same list as another attribute; make one for each, or use one name",
            )
        self._own_lists.append(given)
        if given:
            room = memory_of(8 * len(given))
            self._memory[place : place + 3] = (room, len(given), len(given))
            self._items(field)[:] = given

    def _items(self, field: Field) -> Any:
        """The items of a list where they lie."""
        address, length, _ = self._memory[field.offset // 8 :][:3].tolist()
        kind = self._program.kinds.get(("items", field.path))
        item = ctypes.c_double if kind == FLOAT else ctypes.c_int64
        return np.ctypeslib.as_array((item * length).from_address(address))

    def _list(self, field: Field) -> list[Any]:
        if not self._memory[field.offset // 8 + 1]:
            return []
        made = self._items(field).tolist()
        is_truth = self._program.kinds.get(("items", field.path)) == BOOL
        return [bool(one) for one in made] if is_truth else made

    def _store(self, kind: Kind, place: int, given: Any) -> None:
        if kind == FLOAT:
            self._floats[place] = given
        elif kind == TEXT:
            self._memory[place] = self._number(given)
        else:
            self._memory[place] = int(given)

    def _number(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def _write_texts(self, symbols: Sequence[str], timeframes: Sequence[str]) -> None:
        """Write the tables by which code finds texts, and tracks by their names."""
        own = [self._number(name) for name in symbols]
        higher = [self._number(name) for name in timeframes]
        count = len(self._texts)
        made = [text.encode() + b"\0" for text in self._texts]
        self._keeps.append(made)
        pointers = [ctypes.cast(ctypes.c_char_p(text), ctypes.c_void_p).value for text in made]
        tracks = np.full(count, -1, np.int64)
        tracks[own] = np.arange(len(own))
        of_timeframes = np.full((len(own), count), -1, np.int64)
        for number, word in enumerate(higher):
            of_timeframes[:, word] = len(own) * (number + 1) + np.arange(len(own))
        self._table(writer.WORDS, np.array(pointers, np.int64))
        self._table(writer.TRACKS, tracks)
        self._table(writer.TIMEFRAMES, of_timeframes)
        self._table(writer.SYMBOL_WORDS, np.array(own, np.int64))
        self._memory[writer.WORD_COUNT // 8] = count

    def _table(self, place: int, table: Any) -> None:
        self._keeps.append(table)
        self._memory[place // 8] = table.ctypes.data

    def write_back(self) -> None:
        """Return the strategy what compiled code made of its numbers; arrays it has changed."""
        for field in self._program.fields.found.values():
            kind = self._kind(field)
            if field.is_written and isinstance(kind, ListKind):
                own = value_of(self._strategy, field.path)
                made = self._list(field)
                for place, one in enumerate(own[: len(made)]):
                    if _reads_alike(one, made[place]):
                        made[place] = one
                own[:] = made  # whoever else has the list sees it too
            elif field.is_written and not isinstance(kind, ArrayKind):
                made = self._read(kind, field.offset // 8)
                before = value_of(self._strategy, field.path)
                # One that reads as it did keeps its type: 0 is not made 0.0.
                if before is None or made is None or not _reads_alike(before, made):
                    setattr(self._strategy, field.path, made)

    def _read(self, kind: Kind, place: int) -> Any:
        if kind == NONE or (kind in MAYBE and not self._memory[place]):
            return None
        kind = MAYBE.get(kind, kind)
        if kind == FLOAT:
            return float(self._floats[place + 1])
        number = int(self._memory[place + 1])
        if kind == TEXT:
            return list(self._texts)[number]
        return bool(number) if kind == BOOL else number


def _freed(memory: Any, places: Sequence[int]) -> None:
    """Free the lists of a context that is no more."""
    for place in places:
        freed(int(memory[place]))


def _reads_alike(before: Any, made: Any) -> bool:
    if isinstance(before, str) or isinstance(made, str):
        return bool(before == made)
    return repr(float(before)) == repr(float(made))

"""Pickles and copies of results: tables as bytes."""

from __future__ import annotations

import copy
import pickle
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from omega.notices import Notice
from omega.results.standing import Standing, known
from omega.results.tables import packed, unpacked
from omega.strategy.declared import Declared

if TYPE_CHECKING:
    from omega.contract import ResultTables


class Pickling:
    """The part of a result that pickles and copies it."""

    tables: ResultTables

    if TYPE_CHECKING:

        @property
        def notices(self) -> tuple[Notice, ...]:
            """What the numbers should be read with."""

        @property
        def standing(self) -> Standing | None:
            """Where it stands in its sweep."""

    def __getstate__(self) -> dict[str, Any]:
        """Travel with tables as bytes; a strategy or manager that cannot travel becomes None."""
        state = self._kept() | {"tables": packed(self.tables)}
        for name in ("strategy", "position_manager"):
            state[name] = _pickled(state[name])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what travelled."""
        vars(self).update(state, tables=unpacked(state["tables"]))
        for name in ("strategy", "position_manager"):
            if state[name] is not None:
                # What is being read is a pickle already.
                vars(self)[name] = pickle.loads(state[name])  # noqa: S301 - as above

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy what can change; the tables and candles cannot, and are shared."""
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        for name, value in self._kept().items():
            try:
                vars(made)[name] = value if name == "tables" else copy.deepcopy(value, memo)
            except Exception:  # noqa: BLE001 - a strategy may hold what it made for one run alone
                vars(made)[name] = value
        return made

    def _kept(self) -> dict[str, Any]:
        """Return the attributes without what is computed from them, except the notices."""
        kind = type(self)
        attributes = {
            name: value
            for name, value in vars(self).items()
            if not isinstance(getattr(kind, name, None), cached_property)
        }
        return attributes | {
            "_given": self.notices,
            "_facts": None,
            "_identity": None,
            "_declares": Declared,
            "_stands": known(self.standing),
        }


def _pickled(value: object) -> bytes | None:
    """Return a strategy by value, its class with it where that cannot be imported."""
    if value is None:
        return None
    import cloudpickle  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; slow to import

    try:
        written: bytes = cloudpickle.dumps(value)
    except Exception:  # noqa: BLE001 - it may hold a lock or a file, and the result travels still
        return None
    return written

"""Changes of position sizes by date: splits, reinvested dividends, changes of symbols.

Fills are in the lots of their day, so that what was held is not their sum alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from omega.data.closes import times_of
from omega.data.store import each_of

if TYPE_CHECKING:
    from omega.contract import EventRow, ResultTables
    from omega.data.store import CandleStore

_RANKS = {"split": 0, "reinvest": 1, "change": 2}
"""What multiplies lots, in its order on one date (A4)."""


class WithEvents(Protocol):
    """A result, as far as its dates are read."""

    @property
    def tables(self) -> ResultTables:
        """What the backend returned."""

    @property
    def candles(self) -> CandleStore | None:
        """The store that the run went over."""

    @property
    def happened(self) -> Collection[EventRow]:
        """What happened by date."""


class Change(NamedTuple):
    """From a time on: how many lots one lot is, and of which symbol."""

    time: int
    ratio: float
    symbol: str


class Changes:
    """What becomes of the lots of each symbol of a result, in order; times as its tables have them.

    Example:
        >>> from omega.results.result import example_result
        >>> Changes(example_result()).of("EURUSD")
        []
    """

    def __init__(self, result: WithEvents) -> None:
        self._names = result.tables.symbols
        self._scale = 1_000 if result.tables.unit == "s" else 1  # Polars has no seconds
        self._candles = result.candles
        self._stores: dict[str, CandleStore] = {}
        # With the place of each in the order of all, since a symbol may go on as another one.
        self._rows: dict[str, list[tuple[int, EventRow]]] = {}
        rows = sorted((row for row in result.happened if row[1] in _RANKS), key=_order)
        for place, row in enumerate(rows):
            self._rows.setdefault(self._names[row[0]], []).append((place, row))

    def of(self, symbol: str) -> list[Change]:
        """Return what becomes of the lots of a symbol."""
        found: list[Change] = []
        now, last, more = symbol, -1, True
        while more:
            more = False
            for place, (_, kind, time, _, ratio, _, _, to) in self._rows.get(now, ()):
                if place <= last:
                    continue
                at = self._begin(now, time, waits=kind != "change")
                last, more = place, to is not None and self._names[to] != now
                now = now if to is None else self._names[to]
                found.append(Change(at, 1.0 if ratio is None else ratio, now))
                if more:
                    break
        return found

    def _begin(self, symbol: str, time: int, *, waits: bool) -> int:
        """Return when an event works: one that waits for a bar, at the first from its date on."""
        time *= self._scale
        if self._candles is None or not waits:
            return time
        if not self._stores:
            self._stores = {one.symbols[0]: one for one in each_of(self._candles)}
        opens = times_of(self._stores[symbol]) * self._scale
        place = int(np.searchsorted(opens, time))
        return int(opens[place]) if place < len(opens) else time


def factors(changes: Sequence[Change], times: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many lots one lot from the beginning is at each time.

    Example:
        >>> factors([Change(2, 1.5, "A"), Change(3, 2.0, "B")], np.array([1, 2, 3])).tolist()
        [1.0, 1.5, 3.0]
    """
    grown = np.ones(len(times))
    for change in changes:
        grown[times >= change.time] *= change.ratio
    return grown


def _order(row: EventRow) -> tuple[int, int]:
    return row[2], _RANKS[row[1]]

"""How the lots of a position go on by date: splits, reinvested dividends, changes of symbols.

Fills are in the lots of their day, so that what was held is not their sum alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.store import both_sides

if TYPE_CHECKING:
    from omega.contract import EventRow, ResultTables
    from omega.data.store import CandleStore

_RANKS = {"split": 0, "reinvest": 1, "change": 2}
"""What multiplies lots, in its order on one date (A4)."""


class Dated(Protocol):
    """A result, as far as its dates are read."""

    @property
    def tables(self) -> ResultTables:
        """What the backend returned."""

    @property
    def candles(self) -> CandleStore | None:
        """The store that the run went over."""

    @property
    def happened(self) -> Sequence[EventRow]:
        """What happened by date."""


class Change(NamedTuple):
    """From a time on: how many lots one lot is, and of which symbol."""

    time: int
    ratio: float
    symbol: str


def changes_of(result: Dated, symbol: str) -> list[Change]:
    """Return what becomes of the lots of a symbol, in order; times as the tables have them.

    Example:
        >>> from omega.results.result import example_result
        >>> changes_of(example_result(), "EURUSD")
        []
    """
    names = result.tables.symbols
    rows = [row for row in result.happened if row[1] in _RANKS]
    found: list[Change] = []
    now = symbol
    for place, kind, time, _, ratio, _, _, to in sorted(rows, key=_order):
        if names[place] != now:
            continue
        at = _begin(result, now, time, waits=kind != "change")
        now = now if to is None else names[to]
        found.append(Change(at, 1.0 if ratio is None else ratio, now))
    return found


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


def _begin(result: Dated, symbol: str, time: int, *, waits: bool) -> int:
    """Return when an event works: one that waits for a bar, at the first from its date on."""
    time *= 1_000 if result.tables.unit == "s" else 1  # Polars has no seconds
    if result.candles is None or not waits:
        return time
    opens = _opens(result.candles, symbol)
    place = int(np.searchsorted(opens, time))
    return int(opens[place]) if place < len(opens) else time


def _opens(store: CandleStore, symbol: str) -> NDArray[np.int64]:
    column: pl.Series = both_sides(store.symbol(symbol))["time"]
    return column.to_physical().to_numpy()

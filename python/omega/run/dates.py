"""The symbols of a run, and where dates fall in their bars."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omega.contract import EventRow
from omega.data.closes import times_of_each
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.results.event_rows import NOWHERE, EventRows, grouped
from omega.run.clock import RunClock


@dataclasses.dataclass(frozen=True)
class Dates:
    """The symbols of a run, and where their dates fall.

    Attributes:
        clock: The calendar of the run.
        names: The symbols.
        times: The open times of the bars of each.
    """

    clock: RunClock
    names: Sequence[str]
    times: Sequence[NDArray[np.int64]]
    _places: dict[str, int] = dataclasses.field(default_factory=dict)
    _begins: dict[date, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, stores: Sequence[CandleStore], clock: RunClock) -> Dates:
        """Read the times of the candles."""
        names = [store.symbols[0] for store in stores]
        places = {name: place for place, name in enumerate(names)}
        return cls(clock, names, times_of_each(stores), places)

    def place(self, symbol: str | None, what: str) -> int | None:
        """Return the place of a symbol; None where the run does not have it."""
        if symbol is None:
            if len(self.names) > 1:
                raise ConfigError(
                    f"{what}: given a table without a column symbol for {len(self.names)} symbols, "
                    "expected one. Add the column"
                )
            return 0
        return self._places.get(symbol)

    def places(self, symbols: Sequence[str | None], what: str) -> NDArray[np.int64]:
        """Return the same of many symbols; -1 where the run does not have one."""
        known = {name: self.place(name, what) for name in set(symbols)}
        found = {name: -1 if place is None else place for name, place in known.items()}
        return np.array([found[name] for name in symbols], dtype=np.int64)

    def time(self, given: Any) -> int:  # noqa: ANN401 - any moment
        """Return a date as the begin of its day, a moment as it is."""
        if type(given) is not date:
            return self.clock.start(given) or 0
        # Kept: thousands of shares share the dates of a few thousand days.
        time = self._begins.get(given)
        if time is None:
            time = self._begins[given] = self.clock.start(given) or 0
        return time

    def bar(self, place: int, time: int) -> int | None:
        """Return the first bar of a symbol at or after a time."""
        bar = int(np.searchsorted(self.times[place], time))
        return bar if bar < len(self.times[place]) else None

    def row(
        self,
        place: int,
        kind: str,
        time: int,
        *numbers: float | None,
        pays: int | None = None,
        to: int | None = None,
    ) -> EventRow:
        """Return an event that waits for a step."""
        first, second = (*numbers, None, None)[:2]
        return (place, kind, time, None, first, second, pays, to)

    def bars(self, places: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first bar of each symbol at or after a time; -1 where there is none."""
        # At once for all symbols that share their times: one by one, a search costs more than what
        # is done with it.
        firsts: dict[int, int] = {}
        shared = [firsts.setdefault(id(own), place) for place, own in enumerate(self.times)]
        bars = np.full(len(places), NOWHERE)
        for first, rows in grouped(np.array(shared, dtype=np.int64)[places]):
            own = self.times[first]
            found = np.searchsorted(own, times[rows])
            bars[rows] = np.where(found < len(own), found, NOWHERE)
        return bars

    def waiting(self, rows: Iterable[EventRow]) -> list[EventRow]:
        """Return events that wait for a bar of their symbol, or for a step where there is none."""
        found = EventRows.of(list(rows))
        bars = self.bars(found.places, found.times)
        return list(dataclasses.replace(found, bars=bars))

"""Corporate actions in columns: thousands of shares have hundreds of thousands of dividends."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omega.contract import EventRow

KINDS = ("split", "dividend", "reinvest", "change", "delisting", "leave", "recall")
"""By their codes; a backend has the same."""
NO_TIME, NOWHERE = -(2**63), -1
"""Of a date, and of a place, that there is none."""


@dataclasses.dataclass(frozen=True, eq=False)
class EventRows(Collection[EventRow]):
    """Rows of events, kept in columns.

    Attributes:
        places: The symbols.
        kinds: Codes of what happens.
        times: The dates.
        bars: The first bar of the symbol from then on; -1 where it has none, or needs none.
        firsts: The first number; NaN where there is none.
        seconds: The second.
        pays: When it is paid; the least integer where no date is given.
        to: The symbol after it; -1 where there is none.

    Example:
        >>> rows = [(0, "split", 86_400, 1, 2.0, None, None, None)]
        >>> list(EventRows.of(rows)) == rows
        True
    """

    places: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    times: NDArray[np.int64]
    bars: NDArray[np.int64]
    firsts: NDArray[np.float64]
    seconds: NDArray[np.float64]
    pays: NDArray[np.int64]
    to: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Collection[EventRow]) -> EventRows:
        """Take rows; those in columns stay as they are."""
        if isinstance(rows, EventRows):
            return rows
        places, kinds, times, bars, firsts, seconds, pays, to = (
            zip(*rows, strict=True) if rows else ((),) * 8
        )
        return cls(
            np.array(places, dtype=np.int64),
            np.array([KINDS.index(kind) for kind in kinds], dtype=np.uint8),
            np.array(times, dtype=np.int64),
            _whole(bars, NOWHERE),
            np.array(firsts, dtype=np.float64),
            np.array(seconds, dtype=np.float64),
            _whole(pays, NO_TIME),
            _whole(to, NOWHERE),
        )

    @classmethod
    def joined(cls, parts: Sequence[EventRows]) -> EventRows:
        """Put several one after the other."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))

    def where(self, mask: NDArray[np.bool_]) -> list[EventRow]:
        """Return the rows that a mask chooses."""
        bars, pays, to = self.bars[mask], self.pays[mask], self.to[mask]
        firsts, seconds = self.firsts[mask], self.seconds[mask]
        return list(
            zip(
                self.places[mask].tolist(),
                [KINDS[kind] for kind in self.kinds[mask].tolist()],
                self.times[mask].tolist(),
                _optional(bars, bars == NOWHERE),
                _optional(firsts, np.isnan(firsts)),
                _optional(seconds, np.isnan(seconds)),
                _optional(pays, pays == NO_TIME),
                _optional(to, to == NOWHERE),
                strict=True,
            )
        )

    def are(self, *kinds: str) -> NDArray[np.bool_]:
        """Return which rows are of some kinds."""
        return np.isin(self.kinds, [KINDS.index(kind) for kind in kinds])

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.places)

    def __iter__(self) -> Iterator[EventRow]:
        """Iterate over rows as they were given."""
        return iter(self.where(np.ones(len(self), dtype=bool)))

    def __contains__(self, row: object) -> bool:
        """Whether a row is among them."""
        return row in list(self)


def grouped(keys: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    """Return each key with its places, in order.

    Example:
        >>> [(key, places.tolist()) for key, places in grouped(np.array([7, 3, 7]))]
        [(3, [1]), (7, [0, 2])]
    """
    order = np.argsort(keys, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
    return [(int(keys[part[0]]), part) for part in parts if len(part)]


def _whole(given: Sequence[int | None], none: int) -> NDArray[np.int64]:
    return np.array([none if one is None else one for one in given], dtype=np.int64)


def _optional(column: NDArray[Any], is_missing: NDArray[np.bool_]) -> list[Any]:
    values = column.astype(object)
    values[is_missing] = None
    optional: list[Any] = values.tolist()
    return optional

"""Bars of a higher timeframe, made from those below (TF1).

There is one bar for each stretch of the grid that has candles, with its end, and with the number of
candles that it needs to be complete.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omega.reference.columns import Columns, Floats, Times

Grid = tuple[int, int] | Times
"""Step and offset, or the begins of all stretches and the end of the last."""


@dataclass(frozen=True, slots=True)
class Resampled:
    """Bars of a higher timeframe.

    Attributes:
        candles: The bars, labelled by the begin of their stretch.
        ends: Where the stretch of each ends.
        pasts: How many of the candles below are over when its last one is.
    """

    candles: Columns
    ends: list[int]
    pasts: list[int]


class Bars:
    """Bars of a higher timeframe as a store of one symbol that exports Arrow."""

    def __init__(self, candles: Columns) -> None:
        self.symbols, self._candles = [candles.symbol], candles

    def spread(self, _symbol: str) -> float:
        """Return the constant distance from bid to ask: none, as there are both sides."""
        return 0.0

    def bid(self, _symbol: str) -> None:
        """The bid where it lies: nowhere in one piece."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._candles.frame().__arrow_c_stream__(requested_schema)


def resample(candles: Columns, grid: Grid) -> Resampled:
    """Put candles together that lie in one stretch of a grid.

    Example:
        >>> from datetime import datetime
        >>> import polars as pl
        >>> import omega
        >>> times = [datetime(2024, 1, 1, 0, minute) for minute in (0, 7, 40)]
        >>> quotes = pl.DataFrame({"time": times, "bid": [3.0, 1.0, 2.0], "ask": [3.0, 1.0, 2.0]})
        >>> candles = Columns.from_store(omega.CandleStore(quotes).native)
        >>> bars = resample(candles, (30 * 60 * 1_000_000, 0))
        >>> bars.candles.bid_open.tolist(), bars.candles.bid_low.tolist(), bars.pasts
        ([3.0, 2.0], [1.0, 2.0], [2, 3])
    """
    stretch = _stretches(grid)
    begins: list[int] = []
    ends: list[int] = []
    firsts: list[int] = []
    for row, time in enumerate(candles.time.tolist()):
        if not ends or time >= ends[-1]:
            begin, end = stretch(time)
            begins.append(begin)
            ends.append(end)
            firsts.append(row)
    pasts = [*firsts[1:], len(candles)]
    rows = [range(first, past) for first, past in zip(firsts, pasts, strict=True)]

    def column(name: str, of: Callable[[Sequence[float]], float]) -> Floats:
        values = getattr(candles, name).tolist()
        return np.array([of(values[one.start : one.stop]) for one in rows], dtype=np.float64)

    # Of several that are equally high or low, as 0.0 and -0.0, the first counts.
    sides: dict[str, Any] = {
        f"{side}_{price}": column(f"{side}_{price}", of)
        for side in ("bid", "ask")
        for price, of in (("open", _first), ("high", max), ("low", min), ("close", _last))
    }
    bars = Columns(
        candles.symbol,
        candles.unit,
        candles.timezone,
        np.array(begins, dtype=np.int64),
        **sides,
        volume=None if candles.volume is None else column("volume", _sum),
    )
    return Resampled(bars, ends, pasts)


def _stretches(grid: Grid) -> Callable[[int], tuple[int, int]]:
    """Return what finds begin and end of the stretch that holds a time."""
    if isinstance(grid, tuple):
        step, offset = grid

        def regular(time: int) -> tuple[int, int]:
            begin = (time - offset) // step * step + offset
            return begin, begin + step

        return regular
    begins: list[int] = grid.tolist()

    def irregular(time: int) -> tuple[int, int]:
        past = bisect_right(begins, time)
        return begins[past - 1], begins[past]

    return irregular


def _first(values: Sequence[float]) -> float:
    return values[0]


def _last(values: Sequence[float]) -> float:
    return values[-1]


def _sum(values: Sequence[float]) -> float:
    """From the left, starting with the first."""
    total = values[0]
    for value in values[1:]:
        total += value
    return total

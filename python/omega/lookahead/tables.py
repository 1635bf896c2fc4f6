"""Tables of higher timeframes that hold later prices than they may show (rule TF1).

A table has the times at which its bars open; where that is not when their prices begin, as with
days of New York under dates of UTC, they are shown before they are over. The candles below
show it: a bar is made of a stretch of them, and of one that ends later, it could not be known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.times import PER_SECOND
from omega.data.closes import times_of
from omega.data.store import CandleStore, both_sides
from omega.data.timeframes import Timeframe
from omega.lookahead.columns import Finding

_Floats = NDArray[np.float64]
_Places = NDArray[np.int64]

_DAY = 86_400
_STRETCHES = 20_000
"""Where more stretches begin and end like a bar, prices are too coarse to prove anything."""
_SEARCHED = 2_000
"""So many bars that do not fit are looked at; what is wrong with a table is wrong throughout."""


@dataclass(frozen=True)
class _Candles:
    """The bid side of candles."""

    times: _Places
    open: _Floats
    high: _Floats
    low: _Floats
    close: _Floats

    @classmethod
    def of(cls, store: CandleStore) -> _Candles:
        frame = both_sides(store)
        prices = (frame[f"bid_{name}"].to_numpy() for name in ("open", "high", "low", "close"))
        return cls(times_of(store), *prices)

    def is_bar(self, first: int, past: int, bar: tuple[float, ...]) -> bool:
        """Return whether a stretch of candles makes a bar."""
        if past <= first:
            return False
        high, low = self.high[first:past].max(), self.low[first:past].min()
        return bar == (self.open[first], high, low, self.close[past - 1])


def shown_early(
    name: str, store: CandleStore, table: CandleStore, shown: _Places
) -> Finding | None:
    """Find the first bar of a table that holds prices from after it is shown.

    Args:
        name: The timeframe of the table.
        store: The candles below, of one symbol.
        table: The table.
        shown: When each of its bars is shown.

    Example:
        >>> from datetime import datetime, timedelta
        >>> times = [datetime(2024, 1, 1) + timedelta(hours=k) for k in range(8)]
        >>> prices = [1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 6.0, 9.0]
        >>> hours = pl.DataFrame({"time": times, "bid": prices, "ask": prices})
        >>> late = {"time": times[:8:4], "open": [2.0, 6.0], "high": [7.0, 9.0], "low": [2.0, 6.0],
        ...         "close": [7.0, 9.0]}
        >>> store, table = CandleStore(hours), CandleStore(pl.DataFrame(late))
        >>> shown = times_of(table) + 4 * 3_600_000_000
        >>> found = shown_early("H4", store, table, shown)
        >>> found.bar, found.bars_ahead
        (0, 2)
    """
    base, bars = _Candles.of(store), _Candles.of(table)
    reach = (Timeframe(name).seconds + _DAY) * PER_SECOND[store.time_unit]
    firsts = np.searchsorted(base.times, bars.times)
    pasts = np.searchsorted(base.times, shown)
    for searched, bar in enumerate(_unfit(base, bars, firsts, pasts)):
        if searched == _SEARCHED:
            return None
        ahead = _bars_ahead(base, bars, bar, int(pasts[bar]), int(shown[bar]) + reach)
        if ahead is not None:
            return _finding(name, store, table, bar, ahead)
    return None


def _unfit(base: _Candles, bars: _Candles, firsts: _Places, pasts: _Places) -> Iterator[int]:
    """Yield the bars that the candles from their open until they are shown do not make."""
    for bar, (first, past) in enumerate(zip(firsts.tolist(), pasts.tolist(), strict=True)):
        if not base.is_bar(first, past, _prices(bars, bar)):
            yield bar


def _bars_ahead(base: _Candles, bars: _Candles, bar: int, known: int, until: int) -> int | None:
    """Return by how many candles a bar is shown too early; None if no stretch makes it."""
    wanted = _prices(bars, bar)
    past = int(np.searchsorted(base.times, until))
    oldest = int(np.searchsorted(base.times, 2 * int(bars.times[bar]) - until))
    firsts = oldest + np.flatnonzero(base.open[oldest:past] == wanted[0])
    lasts = oldest + np.flatnonzero(base.close[oldest:past] == wanted[3])
    if len(firsts) * len(lasts) > _STRETCHES:
        return None
    for last in lasts.tolist():
        if any(base.is_bar(first, last + 1, wanted) for first in firsts.tolist()):
            # Where one that was known by then makes it, nothing is proved.
            return last + 1 - known if last >= known else None
    return None


def _prices(bars: _Candles, bar: int) -> tuple[float, ...]:
    return bars.open[bar], bars.high[bar], bars.low[bar], bars.close[bar]


def _finding(name: str, store: CandleStore, table: CandleStore, bar: int, ahead: int) -> Finding:
    frame = pl.DataFrame(table)
    moment: Any = frame["time"].cast(pl.DataFrame(store).schema["time"])[bar]
    return Finding(
        kind="table",
        name="it is shown before its last candle is over",
        symbol=store.symbols[0],
        timeframe=name,
        bar=bar,
        time=moment,
        value=f"close {both_sides(table)['bid_close'][bar]:.10g}",
        value_then="not known yet",
        bars_ahead=ahead,
    )

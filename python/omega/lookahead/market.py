"""Candles cut at a step, with an invented bar in place of the future.

The data are those known before a step, with one invented bar at that step, since a strategy decides
only once the next bar has begun. Its prices are far from the last ones, above or below, so that
reading them shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from omega.contract import ArrowLike
from omega.data.columns import Candles
from omega.data.store import CandleStore, both_sides
from omega.data.timeframes import Timeframe

_PRICES = ("open", "high", "low", "close")

_SIDED = [f"{side}{price}" for side in ("", "bid_", "ask_") for price in _PRICES]

SEEN = frozenset(["time", "bid", "ask", "spread", "volume", *_SIDED])
"""The columns of candles as expressions see them."""


class Market:
    """The candles of a run, by symbol.

    Attributes:
        stores: The candles as they are.
        frames: The same, as frames with one column for each role.
    """

    def __init__(self, store: CandleStore) -> None:
        self.stores = {name: store.symbol(name) for name in store.symbols}
        self.frames = {name: pl.DataFrame(one) for name, one in self.stores.items()}
        self.times = {
            name: frame["time"].to_physical().to_numpy() for name, frame in self.frames.items()
        }
        self._spreads = {n: one.native.spread(n) for n, one in self.stores.items()}

    @property
    def first(self) -> str:
        """The first symbol."""
        return next(iter(self.frames))

    def whole(self) -> CandleStore:
        """Return all candles."""
        return self.store_of(self.frames)

    def before(self, time: int, factor: float) -> CandleStore:
        """Return the candles before a step, and a bar at it with a multiple of the last prices.

        Args:
            time: The step, in the unit of the time column.
            factor: Price of the made-up bar over the last close.
        """
        found = {}
        for name, frame in self.frames.items():
            known = int(self.times[name].searchsorted(time))
            parts = [frame.head(known)]
            if known < frame.height and self.times[name][known] == time:
                parts.append(_invented(frame[max(known - 1, 0) : known + 1], factor))
            found[name] = pl.concat(parts)
        return self.store_of({name: frame for name, frame in found.items() if frame.height})

    def until(self, time: int) -> CandleStore:
        """Return the candles that opened by a step."""
        return self.store_of(
            {
                name: frame.head(int(self.times[name].searchsorted(time, side="right")))
                for name, frame in self.frames.items()
            }
        )

    def newest_before(self, symbol: str, time: int) -> tuple[int, Any]:
        """Return index and time of a symbol's newest complete bar at a step."""
        bar = max(int(self.times[symbol].searchsorted(time)) - 1, 0)
        return bar, self.frames[symbol]["time"][bar]

    def store_of(self, frames: Mapping[str, pl.DataFrame]) -> CandleStore:
        """Return candles of other frames of the same columns."""
        inputs = {
            name: Candles(bid=frame, spread=self._spreads[name] or None)
            if not any(column.startswith("ask") for column in frame.columns)
            else frame
            for name, frame in frames.items()
        }
        store = CandleStore(inputs, validate="off")
        store.own = {
            name: own.part(own.rows[0] if own.rows else 0, frames[name].height)
            for one in self.stores.values()
            for name, own in one.own.items()
            if name in frames
        }
        return store


def as_seen(store: CandleStore) -> ArrowLike:
    """Return candles as frames with both sides, as expressions see them."""
    frames = {name: both_sides(store.symbol(name)) for name in store.symbols}
    return next(iter(frames.values())) if len(frames) == 1 else frames


def tables_before(given: ArrowLike, time: int | None) -> ArrowLike:
    """Return the timeframes of a run, tables without the bars that open after a step.

    By their opens, since it is the opening of the next bar that shows the one before (TF1).
    """
    if not isinstance(given, Mapping):
        return given
    return {name: _table_before(one, time) for name, one in given.items()}


def _table_before(given: ArrowLike, time: int | None) -> ArrowLike:
    if given is None or isinstance(given, Timeframe):
        return given
    if isinstance(given, Mapping):
        return {symbol: _table_before(one, time) for symbol, one in given.items()}
    is_read = isinstance(given, CandleStore)
    market = Market(given if is_read else CandleStore(given, validate="off"))
    return market.whole() if time is None else market.until(time)


def moment_of(given: object, unit: str) -> object:
    """Return a moment that was an integer in a unit that Polars does not have."""
    if unit == "s" and isinstance(given, int):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=given)
    return given


def _invented(last_two: pl.DataFrame, factor: float) -> pl.DataFrame:
    """Make the second of two rows up: one price a side, a multiple of the first row's close."""
    made = {}
    for column in last_two.columns:
        side = column.partition("_")[0]
        if side in ("bid", "ask"):
            close = side if side in last_two.columns else f"{side}_close"
            made[column] = last_two[close][0] * factor
        elif column == "volume":
            made[column] = abs(last_two[column][0]) * factor + 1
    row = last_two.tail(1)
    return row.with_columns(
        pl.lit(number).cast(row.schema[column]).alias(column) for column, number in made.items()
    )

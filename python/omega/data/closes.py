"""Close times of the bars of a table that has a column of them (rule TF1)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.times import PER_SECOND
from omega.data.store import CandleStore
from omega.errors import InvalidCandleData

Times = NDArray[np.int64]

_NAME = "close_time"


def times_of(store: CandleStore) -> Times:
    """Return the open times of the only symbol of a store, in their own unit."""
    times = pl.DataFrame(store).get_column("time").cast(pl.Int64).to_numpy()
    return times // 1_000 if store.time_unit == "s" else times


def times_of_each(stores: Iterable[CandleStore]) -> list[Times]:
    """Return the same of several stores; a column that symbols share is read once."""
    known: dict[object, Times] = {}
    found = []
    for store in stores:
        (symbol,) = store.symbols
        where = *store.native.buffers(symbol, "time"), store.time_unit
        times = known.get(where)
        if times is None:
            times = known[where] = times_of(store)
        found.append(times)
    return found


def closes_of(store: CandleStore, side: str = "bid") -> NDArray[np.float64]:
    """Return the closes of the only symbol of a store, of one side (rule T2).

    Example:
        >>> from datetime import datetime
        >>> frame = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
        >>> closes_of(CandleStore(frame), "ask").tolist()
        [1.1]
    """
    if side == "bid":
        return opens_and_closes(store)[1]
    frame = pl.DataFrame(store)
    for name in (side, f"{side}_close"):
        if name in frame.columns:
            return frame[name].to_numpy()
    distance = frame["spread"] if "spread" in frame.columns else store.native.spread(*store.symbols)
    return (frame["bid" if "bid" in frame.columns else "bid_close"] + distance).to_numpy()


def opens_and_closes(store: CandleStore) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the opens and the closes of the bid of the only symbol of a store."""
    bid = store.native.bid(*store.symbols)
    if bid is not None:
        return bid[0], bid[-1]
    frame = pl.DataFrame(store)
    opens, closes = ("bid", "bid") if "bid" in frame.columns else ("bid_open", "bid_close")
    return frame[opens].to_numpy(), frame[closes].to_numpy()


def close_times(store: CandleStore) -> Times | None:
    """Return the close times of the only symbol of a store; None where it has no such column.

    The column is called close_time, in any case and with a space or a line between the words. It
    holds datetimes, or integers in the unit of the open times. A time between two of that unit
    becomes the later, so that no bar is seen early.

    Raises:
        InvalidCandleData: The column is of another type, lacks a value, or has one that is not
            after the bar's open.

    Example:
        >>> from datetime import datetime
        >>> times = [datetime(2024, 1, 1), datetime(2024, 1, 2)]
        >>> frame = pl.DataFrame({"time": times, "bid": [1.0, 2.0], "ask": [1.0, 2.0]})
        >>> store = CandleStore(frame.with_columns(close_time=pl.col("time").dt.offset_by("8h")))
        >>> (close_times(store) - times_of(store)).tolist()
        [28800000000, 28800000000]
    """
    (symbol,) = store.symbols
    own = store.own.get(symbol)
    names = [] if own is None else [n for n in own.names if _plain(n) == _NAME]
    if own is None or not names:
        return None
    column = own.series(names[:1])[0]
    if not (isinstance(column.dtype, pl.Datetime) or column.dtype.is_integer()):
        raise _refused(symbol, names[0], None, column.dtype, "datetimes, or integers in its unit")
    if column.has_nulls():
        row = int(column.is_null().arg_max() or 0)
        raise _refused(symbol, names[0], row, None, "a time in each row")
    closes = _in_unit(column, store.time_unit)
    early = closes <= times_of(store)
    if early.any():
        row = int(early.argmax())
        raise _refused(symbol, names[0], row, column[row], "a time after the bar's open")
    return closes


def _refused(
    symbol: str, column: str, row: int | None, value: object, expected: str
) -> InvalidCandleData:
    place = "" if row is None else f" in row {row}"
    return InvalidCandleData(
        f"{symbol}: column {column!r}{place}: given {value}, expected {expected}; correct it, or "
        "drop the column",
        column=column,
        row=row,
        value=value,
        symbol=symbol,
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _in_unit(column: pl.Series, unit: str) -> Times:
    """Return times as integers in a unit, rounded up."""
    values = column.to_physical().cast(pl.Int64).to_numpy()
    if not isinstance(column.dtype, pl.Datetime):
        return values
    own, wanted = PER_SECOND[column.dtype.time_unit], PER_SECOND[unit]
    return values * (wanted // own) if wanted >= own else -(-values // (own // wanted))

"""The candles of a store as one frame, with the user's columns beside them."""

from __future__ import annotations

import polars as pl

from omega.data.store import CandleStore


def frame_of(store: CandleStore) -> pl.DataFrame:
    """Return the candles of one symbol by role, and the user's columns that are none of them."""
    frame = pl.DataFrame(store)
    (symbol,) = store.symbols
    taken = {*frame.columns, *(name for _, name in store.native.columns(symbol))}
    for own in store.own.values():
        frame = frame.with_columns(own.series([name for name in own.names if name not in taken]))
    return frame

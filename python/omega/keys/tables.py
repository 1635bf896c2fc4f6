"""Candles and tables by a hash of all that is in them."""

from __future__ import annotations

import hashlib

import polars as pl

from omega.contract import ArrowLike
from omega.data.columns import Candles
from omega.data.dataset import Dataset
from omega.data.frames import frame_of
from omega.data.hashing import content_hash
from omega.data.store import CandleStore

_OF_CANDLES = (CandleStore, Candles, Dataset)


def data_identity(data: ArrowLike) -> str:
    """Return the hash of candles: of each symbol its name and the values of its columns.

    Example:
        >>> from datetime import datetime
        >>> frame = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
        >>> data_identity(frame) == data_identity(frame.lazy())
        True
    """
    if isinstance(data, Dataset):
        return data.fingerprint
    store = data if isinstance(data, CandleStore) else CandleStore(data, validate="off")
    found = hashlib.sha256()
    for symbol in store.symbols:
        one = store.symbol(symbol)
        found.update(f"{symbol} {one.native.spread(symbol)!r}".encode())
        found.update(content_hash(frame_of(one).lazy()).encode())
    return found.hexdigest()


def table_identity(given: object) -> str | None:
    """Return the hash of candles, or of a table of any columns; None of what is neither."""
    if isinstance(given, _OF_CANDLES):
        return data_identity(given)
    if isinstance(given, pl.LazyFrame):
        return content_hash(given)
    if isinstance(given, pl.Series):
        return content_hash(given.to_frame().lazy())
    # The index of a frame of pandas is no column, so that such a frame is taken apart instead.
    of_pandas = type(given).__module__.partition(".")[0] == "pandas"
    if not of_pandas and hasattr(given, "__arrow_c_stream__"):
        return content_hash(pl.DataFrame(given).lazy())
    return None

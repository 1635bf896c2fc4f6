"""The content identity of candles: number of rows and hash for each symbol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omega.data.frames import frame_of
from omega.data.hashing import content_hash
from omega.data.store import CandleStore


def data_of(candles: CandleStore, rows: Mapping[str, int] | None = None) -> dict[str, list[Any]]:
    """Return the number of rows of each symbol and their hash; of the first ones where given.

    Example:
        >>> import omega
        >>> store = omega.CandleStore(omega.sample("SHARE").head(5), symbol="SHARE")
        >>> data_of(store) == data_of(store, {"SHARE": 5})
        True
    """
    found = {}
    for symbol in candles.symbols:
        frame = frame_of(candles.symbol(symbol))
        if rows is not None:
            frame = frame.head(rows.get(symbol, 0))
        found[symbol] = [frame.height, content_hash(frame.lazy())]
    return found

"""From whatever holds candles to columns by role: nothing is copied, joined or loaded unasked.

In: a frame, a path, a relation, anything that speaks Arrow. Out: for each symbol a `SymbolInput`,
whose columns are native handles on the chunks where they lie. Columns that play no part are never
touched.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omega._core import Column, table_columns
from omega.errors import ConfigError, InvalidCandleData

__all__ = ["Candles", "SymbolInput", "symbol_inputs"]

DEFAULT_SYMBOL = "SYMBOL"

PLAIN = ("open", "high", "low", "close")
BID = ("bid_open", "bid_high", "bid_low", "bid_close")
ASK = ("ask_open", "ask_high", "ask_low", "ask_close")
QUOTE = ("bid", "ask")
ROLES = ("time", *PLAIN, *BID, *ASK, *QUOTE, "spread", "volume", "symbol")

ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("time", "timestamp", "datetime", "date", "ts", "open_time"),
    "volume": ("volume", "vol"),
    "symbol": ("symbol", "ticker"),
}

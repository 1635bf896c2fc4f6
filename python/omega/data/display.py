"""Text and HTML of a candle store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from omega.config.values import counted
from omega.errors import printable
from omega.notebook import table
from omega.notices import Notice

if TYPE_CHECKING:
    from omega._core import CandleStore as NativeStore

_LISTED, _ROWS = 3, 20


class Candles(Protocol):
    """What is shown of a store."""

    native: NativeStore

    @property
    def symbols(self) -> list[str]:
        """The symbols."""

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""

    @property
    def copied_bytes(self) -> int:
        """Those that were copied."""

    @property
    def notices(self) -> Sequence[Notice]:
        """What a reader of results should know."""

    def time_range(self, symbol: str) -> tuple[datetime, datetime]:
        """Return the first and the last time of a symbol."""

    def __len__(self) -> int:
        """Number of bars."""


def in_one_line(store: Candles) -> str:
    """Name the symbols, and give the bars and the span of all together."""
    symbols = store.symbols
    more = f" and {len(symbols) - _LISTED} more" if symbols[_LISTED:] else ""
    ranges = [store.time_range(symbol) for symbol in symbols]
    first, last = min(low for low, _ in ranges), max(high for _, high in ranges)
    roles = {role for symbol in symbols for role, _ in store.native.columns(symbol)}
    kind = "quote" if roles & {"bid"} else "bar"
    return printable(
        f"CandleStore({', '.join(symbols[:_LISTED])}{more}: {counted(len(store), kind)}, "
        f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}, {store.copied_bytes:,} bytes copied)"
    )


def html(store: Candles) -> str:
    """Make a table with a row for each symbol."""
    rows = []
    for symbol in store.symbols[:_ROWS]:
        first, last = store.time_range(symbol)
        bars = len(store.native.symbol(symbol))
        columns = ", ".join(name for _, name in store.native.columns(symbol))
        rows.append(
            (symbol, f"{bars:,}", f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}", columns)
        )
    notes = [f"{store.nbytes:,} bytes, {store.copied_bytes:,} of them copied"]
    hidden = len(store.symbols) - _ROWS
    notes += [counted(hidden, "more symbol")] if hidden > 0 else []
    notes += [str(notice) for notice in store.notices if notice.level != "info"]
    head = ("symbol", "bars", "first", "last", "columns")
    title = f"Candles of {counted(len(store.symbols), 'symbol')}"
    return table(title, head, rows, ". ".join(notes))

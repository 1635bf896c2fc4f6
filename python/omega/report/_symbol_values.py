"""Market value of each held symbol at each close, from fills and candles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.closes import closes_of, times_of
from omega.data.store import CandleStore
from omega.report._lot_changes import Change, Changes, factors
from omega.report._reported import Reported

Numbers: TypeAlias = NDArray[np.float64]


class HeldValues(NamedTuple):
    """What was held of a symbol in a direction, at each row of the equity."""

    entered: str
    """Its name at the entry; all of one comes together."""
    symbol: str
    """Its name now; with no worth at rows at which it has another one."""
    sign: float
    worth: Numbers
    """In account currency, at the rate of the symbol's newest fill."""
    is_old: NDArray[np.bool_]
    """Whether it was held, and is worth an earlier close, as the symbol has no bar (A8)."""


def values_held(result: Reported, store_of: Callable[[str], CandleStore]) -> Iterator[HeldValues]:
    """Yield what was held at each row of the equity.

    Args:
        result: The run.
        store_of: Returns the candles of a symbol.
    """
    times = result.equity["time"].to_physical().to_numpy()
    sizes = dict(zip(result.tables.symbols, result.tables.contract_sizes, strict=True))
    for entered, symbol, sign, lots, rates in lots_held(result, times):
        closes, is_new = _closes(store_of(symbol), "bid" if sign > 0 else "ask", times)
        worth = lots * np.where(lots > 0, closes, 0.0) * rates * sizes[symbol]
        yield HeldValues(entered, symbol, sign, worth, (lots > 0) & ~is_new)


def lots_held(
    result: Reported, times: NDArray[np.int64]
) -> Iterator[tuple[str, str, float, Numbers, Numbers]]:
    """Yield what was held: its name at the entry and now, direction, lots and rate at some times.

    A symbol that was renamed is yielded once for each name, with no lots while it has another.
    """
    kinds = [
        table.select("trade_id", is_long=pl.col("direction") == "long")
        for table in (result.trades, result.positions)
    ]
    # As what it was entered; afterwards a symbol may have become another one (A6).
    entered = result.orders.select(pl.col("symbol").cast(pl.String), trade_id="order_id")
    trades = pl.concat(kinds).unique("trade_id", keep="first", maintain_order=True)
    fills = (
        result.fills.select(
            "trade_id",
            pl.col("time").to_physical(),
            "lots",
            "rate",
            opens=pl.col("trade_id").is_first_distinct(),
        )
        .join(trades, on="trade_id", maintain_order="left")
        .join(entered, on="trade_id", maintain_order="left")
        .sort("symbol", maintain_order=True)
    )
    all_changes = Changes(result)
    for (symbol, is_long), own in fills.group_by(["symbol", "is_long"], maintain_order=True):
        rows = np.searchsorted(times, own["time"].to_numpy(), side="right") - 1
        rows = np.maximum(rows, 0)
        changes = all_changes.of(str(symbol))
        grown = factors(changes, times)
        signed = np.where(own["opens"].to_numpy(), 1.0, -1.0) * own["lots"].to_numpy()
        lots = np.zeros(len(times))
        np.add.at(lots, rows, signed / grown[rows])
        lots = np.cumsum(lots)
        lots[np.abs(lots) < 1e-9 * own["lots"].max()] = 0.0  # type: ignore[operator]  # numbers
        lots *= grown
        sign, rates = 1.0 if is_long else -1.0, _last_rates(rows, own, len(times))
        for name, part in _by_name(str(symbol), changes, lots, times):
            yield str(symbol), name, sign, part, rates


def _by_name(
    symbol: str, changes: Sequence[Change], lots: Numbers, times: NDArray[np.int64]
) -> Iterator[tuple[str, Numbers]]:
    """Yield the lots under each name that a symbol has over time."""
    renamed = [change for change in changes if change.symbol != symbol]
    names = [(int(times[0]) if len(times) else 0, symbol)]
    names += [(change.time, change.symbol) for change in renamed]
    for place, (begin, name) in enumerate(names):
        end = names[place + 1][0] if place + 1 < len(names) else np.iinfo(np.int64).max
        yield name, np.where((times >= begin) & (times < end), lots, 0.0)


def _last_rates(rows: NDArray[np.int64], own: pl.DataFrame, length: int) -> Numbers:
    """Return the rate of the newest fill at each row."""
    rates = own["rate"].to_numpy()
    places = np.searchsorted(rows, np.arange(length), side="right") - 1
    found: Numbers = rates[np.maximum(places, 0)]
    return found


def _closes(
    store: CandleStore, side: str, times: NDArray[np.int64]
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return the newest close of a symbol at each time, NaN before the first; and if it is new."""
    opens = times_of(store) * (1_000 if store.time_unit == "s" else 1)  # as Polars keeps them
    places = np.searchsorted(opens, times, side="right") - 1
    closes = closes_of(store, side)[np.maximum(places, 0)]
    found: Numbers = np.where(places >= 0, closes, np.nan)
    return found, (places >= 0) & (opens[np.maximum(places, 0)] == times)

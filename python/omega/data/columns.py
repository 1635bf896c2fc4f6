"""Columns by role from any table of candles: nothing is copied, joined or loaded that is not used.

For each symbol there is a `SymbolInput`, whose columns are native handles on the chunks where they
lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from omega.config.values import nearest, number, taken
from omega.contract import ArrowLike
from omega.data import roles, sources
from omega.data.name_and_time_checks import refuse_names
from omega.data.own_columns import OwnColumns, as_series
from omega.errors import ConfigError, InvalidCandleData

if TYPE_CHECKING:
    from omega._core import Column

__all__ = ["Candles", "SymbolInput", "symbol_inputs"]

DEFAULT_SYMBOL = "SYMBOL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles:
    """Candles whose two sides come from two frames, or whose ask is the bid plus a constant.

    Attributes:
        bid: The bid side: `time` and open, high, low, close, with or without ``bid_`` before them.
        ask: The ask side, likewise; its times must be those of the bid side.
        spread: Where there is no ask side: the distance from bid to ask, in price units.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> from omega.data.store import CandleStore
        >>> bid = pl.DataFrame({
        ...     "time": [datetime(2024, 1, 1)], "open": [1.0], "high": [1.2], "low": [0.9],
        ...     "close": [1.1],
        ... })
        >>> len(CandleStore(Candles(bid=bid, spread=0.0002)))
        1
    """

    bid: Any
    ask: Any = None
    spread: float | None = None

    def __post_init__(self) -> None:
        """Refuse two sources for one side, and a spread that is none."""
        if self.bid is None:
            raise ConfigError("Candles.bid: given None, expected candles of the bid side")
        if self.spread is not None:
            taken("Candles.spread", self.spread, number(minimum=0))
        if self.ask is not None and self.spread is not None:
            raise ConfigError(
                "Candles: given ask and spread, expected one of them; the spread is what is used "
                "where there is no ask side"
            )


@dataclass(frozen=True, slots=True)
class SymbolInput:
    """One symbol's columns, as the native store takes them.

    Attributes:
        symbol: The symbol's name.
        columns: Role, the user's name and the column itself.
        spread: The distance from bid to ask where no column has the ask side.
        own: All columns of the table that they came from.
    """

    symbol: str
    columns: list[tuple[str, str, Column]]
    spread: float = 0.0
    own: OwnColumns | None = None


def symbol_inputs(
    data: ArrowLike,
    *,
    symbol: str | None = None,
    columns: Mapping[str, str] | None = None,
    cast: bool = False,
) -> list[SymbolInput]:
    """Find the symbols and columns of the input, in the order in which they were given.

    Args:
        data: See `omega.CandleStore`.
        symbol: The name of single-symbol data; in data with a symbol column, the one to take.
        columns: Names of columns that are not found by themselves, by role.
        cast: Whether a layout that cannot be shared may be copied.

    Raises:
        ConfigError: A name is unknown or ambiguous, or the data is of a kind that is not taken.
        InvalidCandleData: A column is missing.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> ticks = pl.DataFrame({"ts": [datetime(2024, 1, 1)], "Bid": [1.0], "Ask": [1.1]})
        >>> [(role, name) for role, name, _ in symbol_inputs(ticks)[0].columns]
        [('time', 'ts'), ('bid', 'Bid'), ('ask', 'Ask')]
    """
    mapping = _names_by_role(columns)
    refuse_names([] if symbol is None else [symbol])
    if not isinstance(data, Mapping):
        return _inputs(data, symbol, mapping, cast=cast)
    if symbol is not None:
        raise ConfigError(
            f"symbol: given {symbol!r} with a dict of symbols, expected only one of the two"
        )
    if not data:
        raise ConfigError("data: given an empty dict, expected {symbol: candles}")
    refuse_names(data)
    return [one for name, part in data.items() for one in _inputs(part, name, mapping, cast=cast)]


def _names_by_role(columns: Any) -> dict[str, str]:  # noqa: ANN401 - whatever was given
    """Take the names of columns by their roles."""
    given = {} if columns is None else columns
    pairs = given.items() if isinstance(given, Mapping) else [(None, None)]
    if not all(isinstance(one, str) for pair in pairs for one in pair):
        raise ConfigError(f"columns: given {columns!r}, expected {{role: name}}, all of them texts")
    return dict(given)


def casts_of(inputs: Sequence[SymbolInput]) -> list[str]:
    """Name the columns that a store casts, and their types; once, where symbols share them.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> days = pl.DataFrame({"ts": [datetime(2024, 1, 1)], "Bid": [1], "Ask": [1.1]})
        >>> casts_of(symbol_inputs(days))
        ['Bid (Int64)']
    """
    found: dict[str, None] = {}
    for one in inputs:
        for role, name, column in one.columns:
            kind = _type_of(name, column)
            if not (isinstance(kind, pl.Datetime) if role == "time" else kind == pl.Float64):
                found[f"{name} ({kind})"] = None
    return list(found)


def _type_of(name: str, column: Column) -> pl.DataType | str:
    """Return the type of a column; its name in Arrow where Polars does not read it."""
    try:
        return as_series(name, column).dtype
    except InvalidCandleData:
        return column.data_type


def _inputs(
    data: ArrowLike,
    symbol: str | None,
    mapping: dict[str, str],
    *,
    cast: bool,
) -> list[SymbolInput]:
    if isinstance(data, Candles):
        return [_two_sides(data, symbol, mapping, cast=cast)]
    source = sources.open_source(data, cast=cast, cuts=True)
    if source.symbol is None or symbol in (None, source.symbol):
        return _one_table(source, source.symbol or symbol, mapping)
    # The symbol's name in the data selects the rows; the caller may name them anew.
    found = _one_table(source, source.symbol, mapping)
    return [replace(one, symbol=symbol) for one in found]


def _one_table(
    source: sources.Source, symbol: str | None, mapping: dict[str, str]
) -> list[SymbolInput]:
    found = roles.find(source.names, {**source.columns, **mapping}, time=source.time)
    taken = source.take(list(found.values()))
    symbols = found.pop("symbol", None)
    columns = [(role, name, taken[name]) for role, name in found.items()]
    if symbols is None:
        own = OwnColumns(source.names, source.take)
        return [SymbolInput(symbol or source.stored or DEFAULT_SYMBOL, columns, own=own)]
    whole = SymbolInput("", columns, own=OwnColumns(source.names, source.take))
    return _by_symbol(symbols, taken[symbols], whole, symbol)


def _two_sides(
    candles: Candles, symbol: str | None, mapping: dict[str, str], *, cast: bool
) -> SymbolInput:
    frames = [frame for frame in (candles.bid, candles.ask) if frame is not None]
    opened = [sources.open_source(frame, cast=cast) for frame in frames]
    names = [name for source in opened for name in source.names]
    for role, name in mapping.items():
        if name not in names:
            raise ConfigError(f"columns[{role!r}]: no column {name!r}. {nearest(name, names)}")
    symbol = symbol or opened[0].symbol or opened[0].stored or DEFAULT_SYMBOL
    bid = _side(opened[0], roles.BID, mapping)
    own = OwnColumns(opened[0].names, opened[0].take)
    if candles.ask is None:
        if candles.spread is not None and any(role == "spread" for role, _, _ in bid):
            raise ConfigError(
                f"Candles: given spread={candles.spread} and a spread column, expected one of them"
            )
        return SymbolInput(symbol, bid, candles.spread or 0.0, own)
    bid = [(role, f"bid.{name}", column) for role, name, column in bid if role != "spread"]
    ask = [
        ("ask_time" if role == "time" else role, f"ask.{name}", column)
        for role, name, column in _side(opened[1], roles.ASK, mapping)
        if role not in ("spread", "volume")
    ]
    return SymbolInput(symbol, [*bid, *ask], own=own)


def _side(
    source: sources.Source, side: tuple[str, ...], mapping: dict[str, str]
) -> list[tuple[str, str, Column]]:
    mapping = {**source.columns, **mapping}
    found = roles.find_side(source.names, side, mapping, time=source.time)
    taken = source.take(list(found.values()))
    return [(role, name, taken[name]) for role, name in found.items()]


def _by_symbol(
    name: str, symbols: Column, whole: SymbolInput, wanted: str | None
) -> list[SymbolInput]:
    """Slice rows that are grouped by symbol; nothing is copied, and nothing is sorted."""
    found: dict[str, SymbolInput] = {}
    row = 0
    for value, rows in sources.runs(name, symbols):
        if value is None:
            message = f"column {name!r}, row {row}: the symbol is missing; fill it or drop the row"
            raise InvalidCandleData(message, column=name, row=row, value=None, rule="null")
        if value in found:
            raise InvalidCandleData(
                f"column {name!r}, row {row}: the rows of {value!r} are not together, so that they "
                f"cannot be sliced without a copy. Sort the rows by {name!r}, then by time",
                column=name,
                row=row,
                value=value,
                rule="symbol_order",
            )
        cut = [(role, column, data.slice(row, rows)) for role, column, data in whole.columns]
        own = whole.own and whole.own.part(row, rows)
        found[value] = replace(whole, symbol=value, columns=cut, own=own)
        row += rows
    if wanted is None:
        return list(found.values()) or [replace(whole, symbol=DEFAULT_SYMBOL)]
    if wanted not in found:
        known = nearest(wanted, found) if found else "No row is left"
        raise ConfigError(f"symbol: {wanted!r} is not in column {name!r}. {known}")
    return [found[wanted]]

"""The events table: corporate actions by date (rules A1 to A7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import polars as pl

from omega.contract import EventRow, ResultTables
from omega.results.event_rows import EventRows

_NUMBERS = ("ratio", "amount", "tax", "price")
_FIRST = {
    "split": "ratio",
    "change": "ratio",
    "dividend": "amount",
    "delisting": "price",
    "roll": "price",
}
"""What the first number of a row is, by kind; that of a reinvested dividend is its ratio."""
_SECOND = {"dividend": "tax", "change": "amount", "reinvest": "amount", "roll": "amount"}

_LENGTH = 8
"""Of a row of events."""


class WithEvents:
    """The part of a result that has what happened by date."""

    tables: ResultTables
    _happened: Collection[EventRow] = ()

    @property
    def events(self) -> pl.DataFrame:
        """Splits, dividends and other events of the run's symbols, by date; empty without any.

        Example:
            >>> from omega.results.result import example_result
            >>> example_result().events.columns
            ['time', 'symbol', 'kind', 'ratio', 'amount', 'tax', 'price', 'pays', 'to']
        """
        tables = self.tables
        return events_table(self._happened, tables.symbols, tables.unit, tables.timezone)

    @property
    def happened(self) -> Collection[EventRow]:
        """The same as the backend had it, for the files of a result; the engine's part."""
        return self._happened


def with_chains(trades: pl.DataFrame, rows: Collection[EventRow]) -> pl.DataFrame:
    """Add to the trades of a run with rolls what is one position in several contracts (R3)."""
    # Rolls are among plain rows alone.
    if isinstance(rows, EventRows) or not any(row[1] == "roll" for row in rows):
        return trades
    return trades.with_columns(chain_id=pl.col("trade_id"))


def keep_events(result: WithEvents, rows: Collection[EventRow]) -> None:
    """Keep the events of a run with its result."""
    result._happened = rows  # noqa: SLF001 - one module


def read_events(result: WithEvents, kept: object, broken: Callable[[str], Exception]) -> None:
    """Take the events of a saved result; those of earlier versions have none.

    Raises:
        Exception: What `broken` makes, where they are not what is saved.
    """
    symbols = range(len(result.tables.symbols))
    rows = kept if isinstance(kept, list) else []
    if kept is not None and (rows is not kept or not all(_is_row(row, symbols) for row in rows)):
        raise broken(f"given {kept!r:.60} as its events, expected rows of eight")
    keep_events(result, [tuple(row) for row in rows])


def _is_row(given: object, symbols: range) -> bool:
    if not isinstance(given, list) or len(given) != _LENGTH:
        return False
    place, kind, time, bar, first, second, pays, to = given
    are_whole = all(_is_whole(one) for one in (place, time, *_known(bar, pays, to)))
    are_numbers = all(type(one) in (int, float) for one in _known(first, second))
    if not (are_whole and are_numbers and isinstance(kind, str)):
        return False
    return place in symbols and (to is None or to in symbols)


def _is_whole(given: object) -> bool:
    return type(given) is int and abs(given) < 2**63


def _known(*given: object) -> list[object]:
    return [one for one in given if one is not None]


def events_table(
    rows: Collection[EventRow], symbols: Sequence[str], unit: str, zone: str | None
) -> pl.DataFrame:
    """Return the events of a run as a table.

    Example:
        >>> row = (0, "split", 86_400, 1, 2.0, None, None, None)
        >>> events_table([row], ["ACME"], "s", None).select("symbol", "kind", "ratio").row(0)
        ('ACME', 'split', 2.0)
    """
    scale = 1_000 if unit == "s" else 1  # Polars has no seconds
    kind = pl.Datetime("ms" if unit in ("s", "ms") else "us" if unit == "us" else "ns", zone)
    ordered = sorted(rows, key=lambda row: row[2])
    columns: dict[str, list[float | None]] = {name: [] for name in _NUMBERS}
    for _, what, _, _, first, second, *_ in ordered:
        named = {_FIRST.get(what, "ratio"): first, _SECOND.get(what, "tax"): second}
        for name in _NUMBERS:
            columns[name].append(named.get(name))

    def moments(given: Sequence[int | None]) -> pl.Series:
        scaled = [None if time is None else time * scale for time in given]
        return pl.Series(scaled, dtype=pl.Int64).cast(kind)

    names = [symbols[row[0]] for row in ordered]
    return pl.DataFrame(
        {
            "time": moments([row[2] for row in ordered]),
            "symbol": pl.Series(names, dtype=pl.String).cast(pl.Categorical),
            "kind": pl.Series([row[1] for row in ordered], dtype=pl.String).cast(pl.Categorical),
            **{name: pl.Series(given, dtype=pl.Float64) for name, given in columns.items()},
            "pays": moments([row[6] for row in ordered]),
            "to": pl.Series(
                [None if row[7] is None else symbols[row[7]] for row in ordered], dtype=pl.String
            ),
        }
    )

"""Tables of values that were published later than the period that they describe (rule U3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from omega.config.tables import AnyTable, Column, Row, plain_name, rows_of
from omega.config.times import to_units
from omega.config.values import nearest
from omega.errors import ConfigError
from omega.libraries import arguments_of

_DAY = timedelta(days=1)


def asof(
    table: AnyTable,
    column: str | None = None,
    *,
    period: str = "period",
    known: str = "known",
    symbol: str | None = None,
) -> pl.Expr:
    """Return what was known at each bar of the newest period, as a Polars expression.

    At a bar the rows count that were known when it opened; of the newest period among them the one
    that was known last, so that a restatement counts from its own day on. A date counts once it is
    over: a report of that day may have come after the close.

    Args:
        table: A frame, a dict of columns or a list of dicts, with a row for each publication.
        column: The column of the values; may be left out where there is one beside the others.
        period: The column of the end of the period that a value is about.
        known: The column of when it was published.
        symbol: The rows of this symbol, of a table with a column `symbol`.

    Returns:
        An expression over the column `time` of candles: null before the first publication. It goes
        where expressions go: `self.column(...)`, `Signals(...)`, `when=...`.

    Raises:
        ConfigError: A column is missing, or a row was known before its period ended.

    Example:
        >>> eps = {"period": ["2023-12-31", "2024-03-31", "2023-12-31"],
        ...        "known": ["2024-02-01", "2024-05-02", "2024-06-10"], "eps": [1.0, 1.5, 0.8]}
        >>> days = pl.DataFrame({"time": [datetime(2024, 2, 1), datetime(2024, 2, 2),
        ...                               datetime(2024, 7, 1)]})
        >>> days.select(asof(eps, "eps"))["eps"].to_list()
        [None, 1.0, 1.5]
    """
    named = {"column": column, "symbol": symbol}
    given = {name: value for name, value in named.items() if value is not None}
    for name, value in {**given, "period": period, "known": known}.items():
        if not isinstance(value, str):
            raise ConfigError(f"asof: given {name}={value!r}, expected a name")
    with arguments_of("asof"):
        name = _value_column(table, column, period, known)
        rows = _rows(table, name, period, known)
    return _expression(_of_symbol(rows, symbol), name, period, known)


def _of_symbol(rows: Sequence[Row], symbol: str | None) -> list[Row]:
    """Return the rows of a symbol; those of several are never mixed."""
    names = list(dict.fromkeys(row[0] for row in rows))
    if symbol is None and len(names) > 1:
        listed = ", ".join(map(str, names[:5]))
        raise ConfigError(f"asof: given rows of {listed}, expected symbol= with one of them")
    if symbol is not None and rows and symbol not in names:
        known = [name for name in names if name is not None]
        hint = nearest(symbol, known) if known else "It has no column symbol. Leave symbol= out"
        raise ConfigError(f"asof: given symbol={symbol!r}, expected one of the table. {hint}")
    return [row[1:] for row in rows if symbol in (None, row[0])]


def _rows(table: AnyTable, name: str, period: str, known: str) -> tuple[Row, ...]:
    columns = (
        Column("symbol", ("ticker",), None, "text"),
        Column(plain_name(period), kind="date"),
        Column(plain_name(known), kind="date"),
        Column(plain_name(name), kind="rate"),
    )
    return rows_of("asof", table, columns)


def _expression(rows: list[Row], name: str, period: str, known: str) -> pl.Expr:
    """Return what looks a time up among the rows."""
    states = _states(rows, period, known)

    def look_up(times: pl.Series) -> pl.Series:
        moments = times.cast(pl.Datetime("us")).to_physical().to_numpy()
        known_at = np.array([one[0] for one in states], dtype=np.int64)
        values = [None, *(one[1] for one in states)]
        places = np.searchsorted(known_at, moments, side="right")
        return pl.Series([values[place] for place in places.tolist()], dtype=pl.Float64)

    return pl.col("time").map_batches(look_up, return_dtype=pl.Float64).alias(name)


def _value_column(table: AnyTable, column: str | None, period: str, known: str) -> str:
    if column is not None:
        return column
    if isinstance(table, Mapping):
        names = list(table)
    elif isinstance(table, Sequence):
        names = list(table[0]) if table else []
    else:
        names = list(pl.DataFrame(table).columns)
    left = [name for name in names if name not in (period, known, "symbol", "ticker")]
    if len(left) != 1:
        raise ConfigError(
            f"asof: given a table with columns {', '.join(map(str, names))}, expected the name of "
            "one. Give column="
        )
    return str(left[0])


def _states(rows: list[Any], period: str, known: str) -> list[tuple[int, float | None]]:
    """Give, in order of time, from when on which value is the newest known."""
    found = []
    for row, (about, announced, value) in enumerate(rows):
        if _moment(announced) < _moment(about):
            raise ConfigError(
                f"asof: given {announced} as {known} in row {row}, which is before its {period} "
                f"{about} ended, expected the day of publication"
            )
        found.append((_moment(announced), _moment(about), value))
    found.sort(key=lambda one: one[:2])
    states: list[tuple[int, float | None]] = []
    newest = None
    for announced, about, value in found:
        if newest is None or about >= newest:
            newest = about
            states.append((announced, value))
    return states


def _moment(given: date | datetime | int) -> int:
    """Return when something is known in microseconds; a date when it is over."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return to_units(given, "us") + _DAY // timedelta(microseconds=1)
    return to_units(given, "us")

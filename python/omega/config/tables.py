"""Tables of dated rows: frames of any library, dicts of columns, or lists of dicts.

Each becomes a tuple of plain rows, which compares equal where it means the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple, TypeAlias

from omega.config.times import as_date, to_units
from omega.config.values import plain, shown
from omega.errors import ConfigError

Row: TypeAlias = tuple[Any, ...]
AnyTable: TypeAlias = Any
"""A frame that exports Arrow, a dict of columns, or a list of dicts."""


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: How it is called.
        others: What it may be called as well.
        default: What it is where it is missing; `...` where it may not be.
        kind: "date" for a date or a moment, "moment", "number", "text", or "rate", a number that
            may be null.
    """

    name: str
    others: tuple[str, ...] = ()
    default: Any = ...
    kind: str = "number"


def rows_of(place: str, given: AnyTable, columns: Sequence[Column]) -> tuple[Row, ...]:
    """Take the rows of a table, each with a value for each of the columns.

    Raises:
        ConfigError: It is no table, lacks a column, or has a value of another kind.

    Example:
        >>> columns = [Column("date", kind="date"), Column("ratio", ("split",))]
        >>> rows_of("Events.splits", [{"date": "2020-08-31", "split": 4}], columns)
        ((datetime.date(2020, 8, 31), 4.0),)
    """
    if given is None:
        return ()
    if isinstance(given, tuple) and all(isinstance(row, tuple) for row in given):
        if any(len(row) != len(columns) for row in given):
            raise _no_table(place, given)
        return given  # taken before
    table = _columns(place, given)
    if not table and not (isinstance(given, Sequence) and given):
        return ()
    names = {plain_name(name): name for name in table}
    length = len(next(iter(table.values()), ()))
    taken = []
    for column in columns:
        found = [names[word] for word in (column.name, *column.others) if word in names]
        if not found and column.default is ...:
            known = ", ".join(table) or "none"
            raise ConfigError(
                f"{place}: given a table with columns {known}, expected a column {column.name}; "
                "rename one"
            )
        values = table[found[0]] if found else [column.default] * length
        taken.append([_value(place, column, row, value) for row, value in enumerate(values)])
    return tuple(zip(*taken, strict=True))


def names_of(given: AnyTable) -> set[str]:
    """Return the names of a table's columns, as `rows_of` compares them.

    Example:
        >>> names_of({"Stock Splits": [4.0]})
        {'stock_splits'}
    """
    return {plain_name(name) for name in _columns("table", given)}


def _columns(place: str, given: AnyTable) -> dict[str, list[Any]]:
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        if not all(isinstance(row, Mapping) for row in given):
            raise _no_table(place, given)
        names = dict.fromkeys(name for row in given for name in row)
        return {str(name): [row.get(name) for row in given] for name in names}
    if isinstance(given, (str, bytes)):
        raise _no_table(place, given)
    if isinstance(given, Mapping):
        return _of_dict(place, given)
    import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

    try:
        return {column.name: column.to_list() for column in pl.DataFrame(given)}
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        raise _no_table(place, given) from None


def _of_dict(place: str, given: Mapping[Any, Any]) -> dict[str, list[Any]]:
    """Take a dict of columns, each of as many values."""
    table: dict[str, list[Any]] = {}
    for name, values in given.items():
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            first = next(iter(given))
            raise ConfigError(
                f"{place}: given {shown(values)} as column {name}, expected a list of its values. "
                f"Write a table of one row as [{{{first!r}: {given[first]!r}, ...}}]"
            )
        table[str(name)] = list(values)
    first, *others = table or [""]
    for other in others:
        if len(table[other]) != len(table[first]):
            raise ConfigError(
                f"{place}: given {len(table[first])} rows of {first} and {len(table[other])} of "
                f"{other}, expected as many of each"
            )
    return table


def _no_table(place: str, given: object) -> ConfigError:
    return ConfigError(
        f"{place}: given {type(given).__name__}, expected a table: a frame, a dict of columns, or "
        "a list of dicts"
    )


def plain_name(name: str) -> str:
    """Return a name of a column as names are compared.

    Example:
        >>> plain_name("Report Date")
        'report_date'
    """
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _value(place: str, column: Column, row: int, given: object) -> object:
    value = plain(given)
    if value is None or value != value:  # noqa: PLR0124 - NaN is what frames of pandas hold
        if column.default is ... and column.kind != "rate":
            raise _refused(place, column, row, value, "a value")
        return None if column.default is ... else column.default
    if column.kind == "text":
        return str(value)
    if column.kind in ("number", "rate"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _refused(place, column, row, value, "a number")
        try:
            amount = float(value)
        except OverflowError:  # a whole number of hundreds of digits
            amount = math.inf
        if abs(amount) == math.inf:
            raise _refused(place, column, row, value, "a finite number")
        return amount
    return _moment(place, column, row, value)


def _moment(place: str, column: Column, row: int, value: object) -> date | datetime | int:
    """A moment; midnight is its date, where the column is of dates."""
    day = as_date(value)
    if day is not None:
        return day if column.kind == "date" else datetime.combine(day, time())
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _refused(place, column, row, value, "a date, or a moment") from None
    if isinstance(value, datetime):
        is_day = column.kind == "date" and value.time() == time()
        return value.date() if is_day else value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _refused(place, column, row, value, "a date, or a moment")


def day_number(moment: date | datetime | int | str, unit: str, place: str = "date") -> int:
    """Return the number of the date of a moment, as seen where it is written.

    Example:
        >>> day_number(date(1970, 1, 3), "ms"), day_number(datetime(1970, 1, 3, 9), "ms")
        (2, 2)
    """
    if isinstance(moment, datetime):
        moment = moment.date()
    if isinstance(moment, date):
        return to_units(datetime.combine(moment, time()), "s") // 86_400
    second_day = datetime(1970, 1, 2)  # noqa: DTZ001 - UTC
    return to_units(moment, unit, place) // to_units(second_day, unit)


def order_of(moment: object) -> tuple[bool, object]:
    """Return what moments of a table are sorted by: integers as numbers, dates as text.

    Example:
        >>> sorted([1_000_000_000, 999_999_999], key=order_of)
        [999999999, 1000000000]
    """
    is_number = isinstance(moment, int)
    return (is_number, moment if is_number else str(moment))


def require_order(place: str, row: int, symbol: object, span: tuple[Any, Any]) -> None:
    """Refuse an interval that ends before it begins; those without an end last.

    Raises:
        ConfigError: It is empty.
    """
    begin, end = span
    if begin is None or end is None or type(begin) is not type(end):
        return
    zones = [getattr(moment, "tzinfo", None) is None for moment in span]
    if zones[0] != zones[1] or begin < end:
        return
    raise ConfigError(
        f"{place}: given from {begin} to {end} for {symbol or 'the symbol'} in row {row}, expected "
        "a later end: it is the first day after the interval. Change the two round, or leave it out"
    )


def _refused(place: str, column: Column, row: int, given: object, expected: str) -> ConfigError:
    return ConfigError(
        f"{place}: given {shown(given)} as {column.name} in row {row}, expected {expected}"
    )

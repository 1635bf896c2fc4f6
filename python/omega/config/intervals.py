"""Sessions and blackouts: pairs in a list, or a table with a start and an end in each row.

Both become a tuple of pairs, which compares equal where it means the same, whatever library the
table came from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from omega.config.times import to_units
from omega.config.values import Check, Refused
from omega.errors import ConfigError

Moment: TypeAlias = datetime | str | int
"""A moment: a datetime (UTC where it has no zone), ISO text, or an integer as in the data."""

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_COLUMNS = (("start", "end"), ("from", "to"))

_End = TypeVar("_End")
_Taken = TypeVar("_Taken")


@runtime_checkable
class Table(Protocol):
    """A Polars, pyarrow or pandas frame, or any other table that exports Arrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows."""


Intervals: TypeAlias = Sequence[tuple[_End, _End]] | Table
"""Pairs, or a table with columns `start` and `end`, or `from` and `to`."""


def windows(given: object) -> tuple[tuple[str, str], ...]:
    """Take windows of the day.

    Example:
        >>> windows([("08:00", "17:00"), (time(22), "02:00")])
        (('08:00', '17:00'), ('22:00', '02:00'))
    """
    if isinstance(given, Table):
        return _of_table(given, "Limits.sessions", windows)
    wording = "a list of ('HH:MM', 'HH:MM') pairs, or a table with columns start and end"
    taken = []
    for row, pair in enumerate(_pairs(given, wording)):
        start, end = map(_clock, pair)
        if start == end or not (_CLOCK.fullmatch(start) and _CLOCK.fullmatch(end)):
            raise Refused(f"{wording}; pair {row} is {start} to {end}")
        taken.append((start, end))
    return tuple(taken)


def intervals(given: object) -> tuple[tuple[Moment, Moment], ...]:
    """Take intervals between moments.

    Example:
        >>> intervals([("2024-01-05 13:30", "2024-01-05 14:00")])
        (('2024-01-05 13:30', '2024-01-05 14:00'),)
    """
    if isinstance(given, Table):
        return _of_table(given, "Limits.blackouts", intervals)
    wording = (
        "a list of (start, end) pairs of datetimes, ISO texts or integers, start before end, or a "
        "table with columns start and end"
    )
    taken = []
    for row, (start, end) in enumerate(_pairs(given, wording)):
        alike = isinstance(start, (datetime, str, int)) and type(start) is type(end)
        if not (alike and _micros(start) < _micros(end)):
            raise Refused(f"{wording}; pair {row} is {start} to {end}")
        taken.append((start, end))
    return tuple(taken)


def _micros(moment: object) -> int:
    return to_units(moment, "us", "Limits.blackouts")


def _pairs(given: object, wording: str) -> list[tuple[Any, Any]]:
    """Return the items of a list of pairs; text is not a list."""
    if not isinstance(given, (list, tuple)):
        raise Refused(wording)
    pairs = []
    for item in given:
        match item:
            case (start, end):
                pairs.append((start, end))
            case _:
                raise Refused(wording)
    return pairs


def _of_table(table: Table, parameter: str, take: Check[_Taken]) -> _Taken:
    """Take the rows of a table; a refusal does not show it, as a frame's repr is long."""
    try:
        return take(_rows(table, parameter))
    except Refused as refused:
        raise ConfigError(f"{parameter}: given a table, expected {refused}") from None


def _rows(table: Any, parameter: str) -> list[tuple[object, object]]:  # noqa: ANN401 - as Table
    import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

    frame = pl.DataFrame(table)
    names = {name.lower(): name for name in frame.columns}
    for pair in _COLUMNS:
        if set(pair) <= set(names):
            break
    else:
        raise ConfigError(
            f"{parameter}: given a table with columns {', '.join(frame.columns) or '(none)'}, "
            "expected start and end, or from and to; rename two of them"
        )
    chosen = frame.select(names[name] for name in pair)
    for name in chosen.columns:
        row = chosen[name].is_null().arg_max() if chosen[name].has_nulls() else None
        if row is not None:
            raise ConfigError(
                f"{parameter}: given no value in row {row} of column {name}, expected one in each "
                "row; drop the rows without"
            )
    return [(_moment(start), _moment(end)) for start, end in chosen.iter_rows()]


def _moment(value: object) -> object:
    """Return the midnight of a day; all else as it is."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


def _clock(value: object) -> str:
    """Return a time of day as it is written; what is none, or has seconds, is refused as text."""
    is_whole = isinstance(value, time) and not (value.second or value.microsecond)
    return f"{value:%H:%M}" if is_whole else str(value)

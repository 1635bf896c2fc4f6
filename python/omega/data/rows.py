"""Candles given as objects or dicts, one a row: read once into columns, which are counted.

Any class will do that has a time and prices as attributes; nobody has to convert what an older
system made.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from omega._native import core
from omega.data import roles
from omega.errors import ConfigError, InvalidCandleData

if TYPE_CHECKING:
    from omega._core import Column

_ATTRIBUTES = (*roles.ALIASES["time"], *roles.ROLES[1:])
"""What is looked for on an object: the other attributes of a candle are nobody's columns."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Candles one a row.

    Attributes:
        rows: The candles.
        names: The columns that they have: the keys of a dict, or the attributes that are known.
    """

    rows: Sequence[Any]
    names: list[str]

    @classmethod
    def of(cls, rows: Sequence[Any]) -> Rows:
        """Find out by the first candle which columns there are.

        Raises:
            ConfigError: It is no candle.

        Example:
            >>> Rows.of([{"time": 1, "close": 2.0}]).names
            ['time', 'close']
        """
        first = rows[0]
        if isinstance(first, Mapping):
            return cls(rows, [str(key) for key in first])
        names = [name for name in _ATTRIBUTES if _is_value(getattr(first, name, None))]
        if not names:
            raise ConfigError(
                f"data: given a list of {type(first).__qualname__}, expected candles with the "
                "attributes time (or timestamp), open, high, low and close, dicts with such keys, "
                "or record batches of Arrow"
            )
        return cls(rows, names)

    def column(self, name: str) -> Column:
        """Read one column: times, numbers or texts.

        Raises:
            InvalidCandleData: A row lacks it, or has a value of another kind.
        """
        values = self._values(name)
        sample = next((value for value in values if value is not None), None)
        if isinstance(sample, (date, np.datetime64)):
            return _times(name, values)
        if isinstance(sample, Real) and name.lower() in roles.ALIASES["time"]:
            raise InvalidCandleData(
                f"column {name!r}, row 0: given {sample!r}, expected a datetime, since a number "
                "does not show its unit. Convert it, as datetime.fromtimestamp(seconds, tz=UTC)",
                column=name,
                row=0,
                value=sample,
                rule="column",
            )
        if sample is None or isinstance(sample, (bool, str)):
            return core.Column.from_arrow(pl.Series(name, values, strict=False))
        return _copied(pl.Series(name, _numbers(name, values), dtype=pl.Float64))

    def _values(self, name: str) -> list[Any]:
        is_dict = isinstance(self.rows[0], Mapping)
        read: Callable[[Any], Any] = (operator.itemgetter if is_dict else operator.attrgetter)(name)
        values: list[Any] = []
        try:
            values.extend(map(read, self.rows))
        except (AttributeError, KeyError, TypeError):
            row = len(values)
            raise InvalidCandleData(
                f"column {name!r}, row {row}: {self.rows[row]!r} has no {name!r}; every candle of "
                "a list needs what the first one has",
                column=name,
                row=row,
                rule="column",
            ) from None
        return values


def _is_value(given: object) -> bool:
    return given is not None and not callable(given)


def _numbers(name: str, values: Sequence[Any]) -> list[float | None]:
    """Make floats; what only looks like a number is refused."""
    for row, value in enumerate(values):
        if value is not None and not isinstance(value, (Real, Decimal)):
            raise InvalidCandleData(
                f"column {name!r}, row {row}: given {value!r}, expected a number",
                column=name,
                row=row,
                value=value,
                rule="column",
            )
    return [None if value is None else float(value) for value in values]


def _times(name: str, values: list[Any]) -> Column:
    try:
        series = pl.Series(name, _stamps(values))
    except (TypeError, pl.exceptions.PolarsError) as problem:
        raise InvalidCandleData(
            f"column {name!r}: its times cannot stand in one column: {problem}. Give all of them "
            "as datetimes, with or without a zone",
            column=name,
            rule="column",
        ) from problem
    if series.dtype == pl.Date:
        series = series.cast(pl.Datetime("us"))
    kind = series.dtype
    column = _copied(series)
    if series.null_count() or not isinstance(kind, pl.Datetime):
        return column
    return column.as_timestamp(kind.time_unit, kind.time_zone)


def _stamps(values: list[Any]) -> Any:  # noqa: ANN401 - what Polars makes a series of
    """Return what Polars reads as times; it knows those of NumPy as an array alone."""
    if not isinstance(values[0], np.datetime64):
        return values
    stamps = np.array(values)
    return stamps if np.datetime_data(stamps.dtype)[0] == "ns" else stamps.astype("datetime64[us]")


def _copied(series: pl.Series) -> Column:
    """Return a column of values that were copied; with gaps, which the store refuses by row."""
    if series.null_count():
        return core.Column.from_arrow(series)
    return core.Column.from_buffer(series.to_physical().to_numpy(), copied=True)

"""User series as curves: values, and times where there are any."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import Refused, as_float, number, taken
from omega.errors import ConfigError

KINDS = ("equity", "returns")
_NAMES = {
    "equity": ("equity", "balance", "nav", "value", "close", "price", "adj close", "bid_close"),
    "returns": ("returns", "return", "ret", "daily_return", "daily_returns"),
}
_TIMES = ("time", "timestamp", "datetime", "date", "ts", "day")
_DAY = 86_400_000_000
_FACTORS = {"ms": 1_000, "us": 1, "ns": 1}


@dataclasses.dataclass(frozen=True)
class Curve:
    """A series as a curve of money.

    Attributes:
        values: The curve; of returns what 1 becomes.
        times: Microseconds since 1970, one for each value; without times, the values are one a day.
        initial: What stands before the first value, where there is such a thing.
        kind: "equity" or "returns": what the series was.
        has_times: Whether the times are its own.
        unit: The time unit, and the zone, that moments are shown in.
    """

    values: NDArray[np.float64]
    times: NDArray[np.int64]
    initial: float | None
    kind: str
    has_times: bool
    zone: str | None = None

    def __len__(self) -> int:
        """Number of values."""
        return len(self.values)


def curve_of(given: object, kind: object, initial: object, *, name: str) -> Curve:
    """Take a series: of Polars, pandas, NumPy or Arrow, a list, or a frame with times.

    Args:
        given: The series.
        kind: "equity" or "returns"; None where a column names it, or the values leave no doubt.
        initial: The money before the first value.
        name: How messages call it.

    Raises:
        ConfigError: It is none, has gaps, or is ambiguous.

    Example:
        >>> curve_of([0.5, -0.5], None, None, name="series").values.tolist()
        [1.5, 0.75]
        >>> curve_of([100.0, 110.0], None, None, name="series").kind
        'equity'
    """
    kind = _kind(kind)
    times, column = _parts(given, kind, name)
    values = _numbers(column, name)
    micros, zone = (None, None) if times is None else _micros(times, name)
    if micros is not None and len(micros) > 1 and not (np.diff(micros) > 0).all():
        row = int(np.argmin(np.diff(micros) > 0)) + 1
        raise ConfigError(
            f"{name}: the time in row {row} is not after that of the row before; sort the series, "
            "and keep one row for each time"
        )
    found = kind or _kind_of(column.name, values, name)
    first = _initial(initial)
    if found == "returns":
        first = 1.0 if first is None else first
        values = np.asarray(first * np.cumprod(1.0 + values), dtype=np.float64)
    days = np.arange(len(values), dtype=np.int64) * _DAY
    return Curve(values, days if micros is None else micros, first, found, micros is not None, zone)


def _kind(given: object) -> str | None:
    if given is None or (isinstance(given, str) and given in KINDS):
        return given
    raise ConfigError(f"kind: given {given!r}, expected 'equity' or 'returns'")


def _parts(given: object, kind: str | None, name: str) -> tuple[pl.Series | None, pl.Series]:
    """Return times and values of whatever has them."""
    if isinstance(given, pl.Series):
        return None, given
    if isinstance(given, pl.LazyFrame):
        given = given.collect()
    if not isinstance(given, pl.DataFrame):
        index = getattr(given, "index", None)
        if hasattr(index, "dtype") and hasattr(given, "to_numpy"):
            return _of_pandas(given, kind, name)
        if isinstance(given, np.ndarray):
            return None, _of_numpy(given, name)
        if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
            return None, _of_list(given, name)
        if not hasattr(given, "__arrow_c_stream__"):
            raise ConfigError(
                f"{name}: given {type(given).__name__}, expected a series of numbers (Polars, "
                "pandas, NumPy or a list), or a frame with times and values"
            )
        given = pl.DataFrame(given)
    return _of_frame(given, kind, name)


def _of_frame(
    frame: pl.DataFrame, kind: str | None, name: str
) -> tuple[pl.Series | None, pl.Series]:
    if frame.width == 0:
        raise ConfigError(f"{name}: given a frame without columns, expected times and values")
    by_name = {column.lower(): column for column in frame.columns}
    moments = [n for n, kind_ in frame.schema.items() if kind_.is_temporal()]
    named = [by_name[one] for one in _TIMES if one in by_name and by_name[one] in moments]
    times = frame[(named or moments)[0]] if moments else None
    unread = [by_name[one] for one in _TIMES if one in by_name]
    if times is None and unread:
        raise ConfigError(
            f"{name}: column {unread[0]!r} has values of {frame.schema[unread[0]]}, expected "
            "moments or dates; convert it, or leave it out where the values have no times"
        )
    numeric = [n for n, one in frame.schema.items() if one.is_numeric()]
    wanted = _NAMES[kind] if kind else (*_NAMES["equity"], *_NAMES["returns"])
    known = [by_name[one] for one in wanted if one in by_name and by_name[one] in numeric]
    if len(numeric) == 1:
        return times, frame[numeric[0]]
    has_both = (
        kind is None and {*by_name} & {*_NAMES["returns"]} and {*by_name} & {*_NAMES["equity"]}
    )
    if known and not has_both:
        return times, frame[known[0]]
    raise ConfigError(
        f"{name}: the frame has the columns {', '.join(frame.columns)}, and which of them is meant "
        "is not clear; give times and one column of numbers, called 'equity', 'close' or 'returns'"
    )


def _of_pandas(
    given: Any,  # noqa: ANN401 - of pandas, which may not be there
    kind: str | None,
    name: str,
) -> tuple[pl.Series | None, pl.Series]:
    """Take a series or frame of pandas by its arrays; a DatetimeIndex has the times, in UTC."""
    times = _of_index(given.index, name)
    if hasattr(given, "columns"):
        arrays = {str(column): np.asarray(given[column].to_numpy()) for column in given.columns}
        columns = {n: pl.Series(n, _of_objects(a), strict=False) for n, a in arrays.items()}
        frame = pl.DataFrame({n: one for n, one in columns.items() if one.dtype != pl.Object})
        own, column = _of_frame(frame, kind, name)
        return (own if times is None else times), column
    label = "" if given.name is None else str(given.name)
    return times, _of_numpy(np.asarray(given.to_numpy()), name).alias(label)


def _of_index(index: Any, name: str) -> pl.Series | None:  # noqa: ANN401 - of pandas
    """The times of an index, in UTC; None where it only counts."""
    if hasattr(index, "to_timestamp"):
        index = index.to_timestamp(how="end")  # a return is known when its period is over
    kind = getattr(index.dtype, "kind", "")
    if kind == "M":
        zone = getattr(index, "tz", None)
        naive = index if zone is None else index.tz_convert(None)
        moments = np.asarray(naive.to_numpy(), dtype="datetime64[us]")
        return pl.Series("time", moments).dt.replace_time_zone(None if zone is None else "UTC")
    if kind in "iuf" and kind:
        return None
    times = pl.Series("time", _of_objects(np.asarray(index.to_numpy())), strict=False)
    if not times.dtype.is_temporal():
        raise ConfigError(
            f"{name}: given an index of {times.dtype}, expected dates, as of pandas.to_datetime; "
            "or drop it, .reset_index(drop=True), where the values have no times"
        )
    return times


def _of_objects(array: NDArray[Any]) -> Any:  # noqa: ANN401 - what Polars makes a column of
    """Values as Polars knows them: dates of Python are objects to NumPy."""
    return array.tolist() if array.dtype.kind == "O" else array


def _of_numpy(given: NDArray[Any], name: str) -> pl.Series:
    if given.ndim != 1 or given.dtype.kind not in "iuf":
        raise ConfigError(
            f"{name}: given an array of {given.dtype} with the shape {given.shape}, expected "
            "numbers in one dimension"
        )
    return pl.Series("", given.astype(np.float64))


def _of_list(given: Sequence[Any], name: str) -> pl.Series:
    try:
        return pl.Series("", [as_float(one) for one in given], dtype=pl.Float64)
    except Refused as refused:
        raise ConfigError(
            f"{name}: given a list with what is no number, expected {refused} in each place"
        ) from None


def _numbers(column: pl.Series, name: str) -> NDArray[np.float64]:
    if not column.dtype.is_numeric():
        raise ConfigError(f"{name}: given values of {column.dtype}, expected numbers")
    values = column.cast(pl.Float64)
    known = values.fill_null(math.nan).is_finite()
    if not known.all():
        row = int(known.arg_min() or 0)
        raise ConfigError(
            f"{name}: row {row} is {values[row]!r}, expected a finite number in each row; drop the "
            "rows without one, or fill them as you mean it"
        )
    if values.is_empty():
        raise ConfigError(f"{name}: given no values, expected one or more")
    return values.to_numpy().astype(np.float64)


def _micros(times: pl.Series, name: str) -> tuple[NDArray[np.int64], str | None]:
    if times.null_count():
        raise ConfigError(f"{name}: a row has no time; drop it")
    if times.dtype == pl.Date:
        return times.cast(pl.Datetime("us")).to_physical().to_numpy(), None
    if not isinstance(times.dtype, pl.Datetime):
        raise ConfigError(f"{name}: given times of {times.dtype}, expected moments or dates")
    micros = times.dt.cast_time_unit("us").to_physical().to_numpy()
    return micros.astype(np.int64), times.dtype.time_zone


def _initial(given: object) -> float | None:
    if given is None:
        return None
    return taken("initial", given, number(above=0))


def _kind_of(column: str, values: NDArray[np.float64], name: str) -> str:
    """Take the word of a column's name, else values that can be one of both alone.

    Nobody gains twice the stake in each period, and money is not now positive, now negative, and
    always below 1.
    """
    for kind, names in _NAMES.items():
        if column.lower() in names:
            return kind
    low, high = float(values.min()), float(values.max())
    if low > 2.0:  # noqa: PLR2004 - as above
        return "equity"
    if -1.0 <= low < 0.0 and high < 1.0:
        return "returns"
    raise ConfigError(
        f"{name}: values from {low:g} to {high:g} may be an equity curve or returns; state which: "
        "kind='equity' or kind='returns'"
    )


def moment_of(micros: int, zone: str | None) -> datetime:
    """Return a time as a moment.

    Example:
        >>> moment_of(0, None).isoformat()
        '1970-01-01T00:00:00'
    """
    moment: datetime = pl.Series([micros], dtype=pl.Datetime("us", zone))[0]
    return moment


def day_of(number: int) -> date:
    """Return the date of the day with a number.

    Example:
        >>> day_of(1).isoformat()
        '1970-01-02'
    """
    return date.fromordinal(date(1970, 1, 1).toordinal() + number)

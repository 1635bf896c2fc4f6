"""The calendar day of a time in a result (rule T4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from omega.contract import LocalDays, ResultTables

_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def dates(times: pl.Series, tables: ResultTables) -> pl.Series:
    """Return the date that names the day of each time.

    Args:
        times: A column of times of a result.
        tables: The tables of the result, which know its days.

    Example:
        >>> from omega.results.result import example_result
        >>> result = example_result()
        >>> dates(result.equity["time"], result.tables)[0]
        datetime.date(2024, 1, 1)
    """
    return dates_of(times, tables.days, seconds=tables.unit == "s")


def dates_of(times: pl.Series, days: LocalDays | None, *, seconds: bool = False) -> pl.Series:
    """Return the date of each time, by the days of a calendar or of UTC.

    Args:
        times: Datetimes.
        days: Number of the first day and where days begin; None for those of UTC.
        seconds: Whether those begins are in seconds, which Polars shows as milliseconds.

    Example:
        >>> times = pl.Series([79_199_000, 79_200_000]).cast(pl.Datetime("ms"))
        >>> dates_of(times, (0, [0, 79_200]), seconds=True).to_list()
        [datetime.date(1970, 1, 1), datetime.date(1970, 1, 2)]
    """
    physical = times.to_physical().to_numpy()
    if days is None:
        numbers = physical // _PER_DAY[str(getattr(times.dtype, "time_unit", "ns"))]
    else:
        first, starts = days
        begins = np.asarray(starts, dtype=np.int64) * (1_000 if seconds else 1)
        numbers = first + np.searchsorted(begins, physical, side="right") - 1
    return pl.Series(times.name, numbers.astype(np.int32)).cast(pl.Date)

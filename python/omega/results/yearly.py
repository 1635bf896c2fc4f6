"""Returns by calendar year."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from omega.config.times import PER_SECOND
from omega.contract import LocalDays

_EPOCH = date(1970, 1, 1)


def years_of(
    times: pl.Series,
    equity: pl.Series,
    initial: float | None,
    days: LocalDays | None = None,
) -> pl.DataFrame:
    """Give the return of each calendar year that has a bar.

    Args:
        times: Times of the curve.
        equity: The curve.
        initial: The money before it; None for its first value.
        days: The days of a calendar, by which instants belong to years; None for those of UTC.

    Returns:
        `year`, `start` and `end` of the bars in it, `days` with a bar, and `total_return` from the
        end of the year before, or from the initial money; null after an equity of 0 or less.

    Example:
        >>> from datetime import datetime
        >>> times = pl.Series([datetime(2023, 6, 1), datetime(2023, 12, 31), datetime(2024, 1, 1)])
        >>> years_of(times, pl.Series([100.0, 150.0, 75.0]), 100.0)["total_return"].to_list()
        [0.5, -0.5]
    """
    if times.is_empty():
        kinds = (pl.Int32(), times.dtype, times.dtype, pl.UInt32(), pl.Float64())
        names = ("year", "start", "end", "days", "total_return")
        return pl.DataFrame(schema=dict(zip(names, kinds, strict=True)))
    day = _days(times, days)
    frame = pl.DataFrame({"time": times, "equity": equity.cast(pl.Float64), "day": day})
    own = frame.with_columns(pl.col("day").cast(pl.Date).dt.year().alias("year"))
    years = own.group_by("year", maintain_order=True).agg(
        pl.col("time").first().alias("start"),
        pl.col("time").last().alias("end"),
        pl.col("day").n_unique().alias("days"),
        pl.col("equity").last(),
    )
    first = float(equity[0]) if initial is None else initial
    before = pl.col("equity").shift(1, fill_value=first)
    gained = pl.when(before > 0.0).then(pl.col("equity") / before - 1.0)
    return years.with_columns(gained.alias("total_return")).select(
        pl.col("year").cast(pl.Int32), "start", "end", "days", "total_return"
    )


def _days(times: pl.Series, days: LocalDays | None) -> pl.Series:
    """Give the number of the day of each time."""
    if not isinstance(times.dtype, pl.Datetime):
        return times.cast(pl.Date).to_physical()
    numbers = times.to_physical().to_numpy()
    per_day = 86_400 * PER_SECOND[str(times.dtype.time_unit)]
    first, starts = days or (0, None)
    if starts is None:
        return pl.Series(np.floor_divide(numbers, per_day).astype(np.int32))
    begun = np.searchsorted(np.asarray(starts), numbers, side="right") - 1 + first
    return pl.Series(begun.astype(np.int32))

"""First bars of days, weeks, months, quarters and years (rule T4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PERIODS = ("1d", "1w", "1mo", "1q", "1y")
"""Periods at whose first step all symbols are traded."""


class Days(NamedTuple):
    """The days of a run over its data: the number of the first, and where each begins."""

    first: int
    starts: NDArray[np.int64]


def days_of(
    starts: NDArray[np.int64] | None, first_day: int, span: tuple[int, int], per_day: int
) -> Days:
    """Return the days of a calendar, or those of UTC over a span of times."""
    if starts is not None:
        return Days(first_day, starts)
    first, last = span[0] // per_day, span[1] // per_day
    return Days(first, np.arange(first, last + 1, dtype=np.int64) * per_day)


def period_starts(period: str, days: Days) -> list[int]:
    """Return where each period begins, by the dates of days.

    Example:
        >>> days = days_of(None, 0, (0, 70 * 86_400), 86_400)
        >>> [start // 86_400 for start in period_starts("1mo", days)]
        [0, 31, 59]
        >>> [start // 86_400 for start in period_starts("1w", days)][:2]  # Mondays
        [4, 11]
    """
    dates = (days.first + np.arange(len(days.starts))).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    is_first = dates == months.astype("datetime64[D]")
    month = months.astype(np.int64) % 12
    begins = {
        "1d": np.ones(len(dates), dtype=bool),
        "1w": (dates.astype(np.int64) + 3) % 7 == 0,
        "1mo": is_first,
        "1q": is_first & (month % 3 == 0),
        "1y": is_first & (month == 0),
    }
    found: list[int] = days.starts[begins[period]].tolist()
    return found

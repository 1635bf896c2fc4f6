"""The rate that money earns without risk: a number a year, or a dated series of such numbers."""

from __future__ import annotations

import numbers
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl

from omega.config.values import plain
from omega.errors import ConfigError
from omega.measures.curves import curve_of, day_of

_EXPECTED = (
    "a number a year, such as 0.04, or a dated series of such numbers: {date(2024, 1, 1): 0.04}, "
    "or a frame with `time` and `rate`"
)


@dataclass(frozen=True)
class RiskFree:
    """A rate a year, by day; each holds until the next one.

    Example:
        >>> RiskFree((0,), (0.21,)).of([5, 6], 2.0)
        [0.10000000000000009, 0.10000000000000009]
    """

    days: tuple[int, ...]
    rates: tuple[float, ...]

    @property
    def is_zero(self) -> bool:
        """Whether there is none."""
        return not any(self.rates)

    @property
    def shown(self) -> float | str:
        """The rate as a manifest keeps it."""
        return self.rates[0] if len(self.rates) == 1 else f"{len(self.rates)} rates by date"

    def of(self, days: Sequence[int], per_year: float) -> list[float]:
        """Return the return of each day, for so many returns a year, compounded.

        Raises:
            ConfigError: A day lies before the first rate.
        """
        each = {rate: (1.0 + rate) ** (1.0 / per_year) - 1.0 for rate in self.rates}
        if len(self.rates) == 1 and self.days[0] <= min(days, default=0):
            return [each[self.rates[0]]] * len(days)
        if days and days[0] < self.days[0]:
            raise ConfigError(
                f"risk_free: the first rate is of {day_of(self.days[0])}, and the returns begin on "
                f"{day_of(days[0])}; give a rate for the begin"
            )
        return [each[self.rates[bisect_right(self.days, day) - 1]] for day in days]


ALWAYS = -(1 << 40)
"""A day before all others."""


def risk_free_of(given: object) -> RiskFree:
    """Take a rate, or a dated series of rates.

    Raises:
        ConfigError: It is neither.

    Example:
        >>> risk_free_of(0.04).rates, risk_free_of({date(1970, 1, 3): 0.04}).days
        ((0.04,), (2,))
    """
    single = plain(given)
    if _is_number(single):
        return RiskFree((ALWAYS,), (_rate(float(single)),))
    if isinstance(given, Mapping):
        given = pl.DataFrame(
            {
                "time": [_date(one) for one in given],
                "rate": [_number(one) for one in given.values()],
            },
            schema={"time": pl.Date, "rate": pl.Float64},
        ).sort("time")
    if given is None or isinstance(given, (str, bytes, list, tuple, np.ndarray, int, float)):
        raise ConfigError(f"risk_free: given {given!r}, expected {_EXPECTED}")
    curve = curve_of(given, "equity", None, name="risk_free")
    if not curve.has_times:
        raise ConfigError(f"risk_free: given a series without times, expected {_EXPECTED}")
    days = (curve.times // 86_400_000_000).tolist()
    by_day = dict(zip(days, map(_rate, curve.values.tolist()), strict=True))
    return RiskFree(tuple(by_day), tuple(by_day.values()))


def _rate(rate: float) -> float:
    if not -1.0 < rate < 1.0:
        raise ConfigError(
            f"risk_free: given {rate!r}, expected a share a year between -1 and 1: 4 % is 0.04"
        )
    return rate


def _is_number(given: object) -> bool:
    return not isinstance(given, bool) and isinstance(given, numbers.Real)


def _number(given: Any) -> float:  # noqa: ANN401 - whatever was given
    value = plain(given)
    if not _is_number(value):
        raise ConfigError(f"risk_free: given {given!r}, expected {_EXPECTED}")
    return float(value)


def _date(given: object) -> date:
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise ConfigError(f"risk_free: given the date {given!r}, expected {_EXPECTED}") from None

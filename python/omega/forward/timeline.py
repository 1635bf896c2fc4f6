"""Steps of a run, and where windows end on them by the calendar (rule T4)."""

from __future__ import annotations

import calendar
import dataclasses
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from omega.config.calendar import CalendarLike
from omega.config.times import PER_SECOND, from_units
from omega.data.closes import times_of
from omega.data.store import CandleStore
from omega.forward.window_lengths import Span
from omega.run.clock import RunClock
from omega.run.job import symbols_of

Times = NDArray[np.int64]

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a length ends.

    Attributes:
        step: The first step at or after it; the number of steps where the data ends before.
        is_reached: Whether the data goes so far.
    """

    step: int
    is_reached: bool


@dataclasses.dataclass(frozen=True)
class Timeline:
    """The times of all steps, in order, and the calendar of the run."""

    times: Times
    clock: RunClock
    zone: str | None

    @classmethod
    def of(cls, store: CandleStore, calendar: CalendarLike, align: str, semantics: int) -> Timeline:
        """Read the times of a store: of several symbols their union or intersection."""
        stores = symbols_of(store)
        columns = [np.asarray(times_of(one), dtype=np.int64) for one in stores]
        times = columns[0] if len(columns) == 1 else _together(columns, align)
        zone = stores[0].native.time_range(stores[0].symbols[0])[3]
        return cls(times, RunClock.of(stores, calendar, is_first=semantics == 1), zone)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def unit(self) -> str:
        """The unit of all times."""
        return self.clock.unit

    def first_of_time(self, step: int) -> int:
        """The first of the steps that have the time of one: quotes may repeat a time."""
        return int(np.searchsorted(self.times, self.times[step], side="left"))

    def at(self, time: int) -> int:
        """The first step at or after a time."""
        return int(np.searchsorted(self.times, time, side="left"))

    def shown(self, step: int) -> datetime:
        """The time of a step, for people."""
        return from_units(int(self.times[step]), self.unit, self.zone)

    def days(self) -> Times:
        """The number of the day of each step."""
        shared = self.clock.shared
        if shared.is_utc:
            return self.times // (_DAY * PER_SECOND[self.unit])
        first, starts = shared.days(*self.clock.span, self.unit)
        return first + np.searchsorted(starts, self.times, side="right") - 1

    def after(self, origin: int, span: Span) -> Place:
        """Return where a length ends that begins with a step.

        Months and days are those of the calendar: they end where a day begins, and a month that
        has no such day ends with its last one.
        """
        if span.is_bars:
            step = origin + span.bars
            reached = step <= len(self)
            step = self.first_of_time(step) if step < len(self) else len(self)
            return Place(step, reached)
        instant = int(self.times[origin])
        if span.months or span.days:
            instant = self._begin_of(self._later(origin, span))
        instant += span.seconds * PER_SECOND[self.unit]
        step = self.at(instant) + span.bars
        past = int(self.times[-1]) + self._bar()
        return Place(min(step, len(self)), instant <= past and step <= len(self))

    def _bar(self) -> int:
        """The shortest step, which is how long the last bar is taken to last."""
        steps = np.diff(self.times)
        return int(steps[steps > 0].min(initial=1 << 62)) if (steps > 0).any() else 1

    def _later(self, origin: int, span: Span) -> date:
        day = date.fromordinal(_EPOCH + self._day_of(int(self.times[origin])))
        month = day.month - 1 + span.months
        year, month = day.year + month // 12, month % 12 + 1
        last = calendar.monthrange(year, month)[1]
        return date(year, month, min(day.day, last)) + timedelta(days=span.days)

    def _day_of(self, time: int) -> int:
        shared = self.clock.shared
        if shared.is_utc:
            return time // (_DAY * PER_SECOND[self.unit])
        first, starts = shared.days(*self.clock.span, self.unit)
        return int(first + np.searchsorted(starts, time, side="right") - 1)

    def _begin_of(self, day: date) -> int:
        begin = self.clock.start(day)
        assert begin is not None, "a date was given"  # noqa: S101 - of `start`
        return begin


def _together(columns: Sequence[Times], align: str) -> Times:
    if align == "intersection":
        return reduce(np.intersect1d, columns)
    return np.unique(np.concatenate(columns))

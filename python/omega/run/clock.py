"""The calendar of a run over its candles: days, start and end, sessions (rules T4, TF1, F16)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from omega.config.calendar import (
    CRYPTO,
    Calendar,
    CalendarLike,
    calendar_of,
    changes,
    in_unit,
    window_times,
    within_unit,
)
from omega.config.times import PER_SECOND, as_date, to_units
from omega.config.values import plain
from omega.contract import ClockFields
from omega.data.closes import close_times, times_of
from omega.data.store import CandleStore
from omega.errors import ConfigError

Times = NDArray[np.int64]

_DAY = 86_400


@dataclasses.dataclass(frozen=True)
class RunClock:
    """The calendar of a run, and what of it each symbol has.

    Attributes:
        calendar: That of the run.
        stores: One symbol each.
        dates: By symbol, whether its bars are dates, which belong to their date in every calendar.
        unit: Of all times.
        span: The first and the last open time of all.
        is_first: Whether version 1 of the rules is run.
    """

    calendar: Calendar
    stores: Sequence[CandleStore]
    dates: Sequence[bool]
    unit: str
    span: tuple[int, int]
    is_first: bool

    @classmethod
    def of(
        cls, stores: Sequence[CandleStore], calendar: CalendarLike, *, is_first: bool
    ) -> RunClock:
        """Read what a run needs to know of its candles.

        Raises:
            ConfigError: It is no calendar.
        """
        chosen, unit = calendar_of(calendar), stores[0].time_unit
        firsts, lasts, *_ = zip(*(s.native.time_range(s.symbols[0]) for s in stores), strict=True)
        span = min(firsts), max(lasts)
        knows = not chosen.is_utc or chosen.has_sessions
        if knows:
            chosen.days(*span, unit)  # refuses times that no calendar reaches
        dates = [knows and are_dates(times_of(store), unit) for store in stores]
        return cls(chosen, stores, dates, unit, span, is_first)

    @property
    def calendars(self) -> list[Calendar]:
        """The calendar of each symbol: where its bars are dates, that of UTC."""
        return [CRYPTO if dates else self.calendar for dates in self.dates]

    @functools.cached_property
    def shared(self) -> Calendar:
        """The calendar of what all symbols share: equity, start and end."""
        return CRYPTO if all(self.dates) else self.calendar

    def start(self, given: Any) -> int | None:  # noqa: ANN401 - any moment
        """Return the first moment of a run: of a date the begin of its day."""
        if given is None:
            return None
        day = self._day(given)
        return to_units(given, self.unit, "start") if day is None else self._begin(day)

    def end(self, given: Any) -> int | None:  # noqa: ANN401 - as above
        """Return the last moment of a run: of a date the end of its day."""
        if given is None:
            return None
        day = self._day(given)
        return to_units(given, self.unit, "end") if day is None else self._begin(day + 1) - 1

    def _day(self, given: object) -> int | None:
        date = as_date(plain(given))
        return None if date is None else to_units(date, "s") // _DAY

    def _begin(self, day: int) -> int:
        try:
            seconds = self.shared.begin_of(day)
        except (OverflowError, ValueError):
            seconds = day * _DAY  # beyond all data, in any zone
        return within_unit(seconds, PER_SECOND[self.unit])

    def fields(self) -> ClockFields:
        """Return what a backend reads."""
        first_day, starts = 0, None
        if not self.calendar.is_utc:
            first_day, starts = self.calendar.days(*self.span, self.unit)
        several = len(self.stores) > 1 and not self.is_first
        return {
            "starts": starts,
            "first_day": first_day,
            "dates": list(self.dates),
            "closes": [close_times(store) if several else None for store in self.stores],
            "longest": not self.is_first,
        }

    def sessions(self, given: object) -> tuple[list[tuple[int, int]], list[Times]]:
        """Return sessions that refuse orders: times of the day in UTC, or of each symbol its own.

        The latter are begins and ends in turn.

        Raises:
            ConfigError: They are the calendar's, and it has none.
        """
        per_second = PER_SECOND[self.unit]
        first, last = self.span[0] // per_second, self.span[1] // per_second
        if given == "calendar":
            if not self.calendar.has_sessions:
                raise ConfigError(
                    f"Limits.sessions: given 'calendar', and {self.calendar!r} has no sessions; "
                    "give calendar=omega.calendars.US_EQUITIES, or a Calendar(sessions=...)"
                )
            spans = self.calendar.spans(first // _DAY - 2, last // _DAY + 2)
            # A date is open where it has a session.
            open_on = changes({(day * _DAY, (day + 1) * _DAY) for day, *_ in spans}, per_second)
            open_at = changes([(begin, end) for _, begin, end in spans], per_second)
            return [], [open_on if dates else open_at for dates in self.dates]
        wanted = cast("Sequence[tuple[str, str]]", given or ())
        if not wanted or self.calendar.zone == "UTC" or all(self.dates):
            minute = 60 * per_second
            return [(_minutes(a) * minute, _minutes(b) * minute) for a, b in wanted], []
        return [], [
            changes(window_times(own.zone, wanted, first, last), per_second)
            for own in self.calendars
        ]

    def session_ends(self, place: int) -> Times | None:
        """Return the open times of a symbol's bars that hold the end of a session (rule F16).

        How long a bar lasts is the shortest step before it: what comes after it is not known yet.
        """
        if not self.calendar.has_sessions:
            return None
        per_second, opens = PER_SECOND[self.unit], times_of(self.stores[place])
        first, last = (int(time) // per_second // _DAY for time in opens[[0, -1]])
        spans = self.calendar.spans(first - 2, last + 2)
        if self.dates[place]:
            days = np.array(sorted({day for day, *_ in spans}), dtype=np.int64)
            return np.intersect1d(opens, in_unit(days * _DAY, per_second))
        last_of_day = {day: end for day, _, end in spans}
        ends = in_unit(np.array(sorted(last_of_day.values()), dtype=np.int64), per_second)
        steps = np.minimum.accumulate(np.diff(opens))
        lengths = np.concatenate([[0], steps])  # of the first bar none is known
        places = np.searchsorted(ends, opens, side="right")
        known = places < len(ends)
        bars = opens[known]
        return bars[ends[places[known]] - bars <= lengths[known]]


def are_dates(times: Times, unit: str) -> bool:
    """Return whether bars are dates: at least a day apart, and all at 00:00 UTC.

    Example:
        >>> are_dates(np.array([0, 86_400, 259_200]), "s"), are_dates(np.array([0, 3_600]), "s")
        (True, False)
    """
    per_day = _DAY * PER_SECOND[unit]
    if not len(times) or (times[:100] % per_day).any() or (times % per_day).any():
        return False
    return bool(len(times) == 1 or (np.diff(times) >= per_day).all())


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")[:2]
    return int(hours) * 60 + int(minutes)

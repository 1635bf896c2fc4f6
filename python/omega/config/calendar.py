"""The calendar of a run: days and sessions (rule T4)."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from omega.config.intervals import Intervals, windows
from omega.config.times import PER_SECOND, zone_key, zone_of
from omega.config.values import Refused, check, optional, text, value
from omega.errors import ConfigError

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WORDS = re.compile(r"(\S+?)(?:\s+(\d\d:\d\d))?")
_SERVER = re.compile(r"(\w+/[\w/]+)([+-]\d{1,2})")
"""A clock as imports name it: that of a zone and so many hours."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400
_NOON = "12:00"
_MIDNIGHT_AFTER = "24:00"
_FRIDAY = 4
_HOURS = 24
_ALWAYS_OPEN = ("24/5", "24/7")
"""Exchanges whose names look like those of zones."""

Dates = Sequence[date | str]
Span = tuple[int, int, int]
"""A stretch of a session: the day that it belongs to, begin and end in seconds."""


def clock(given: object) -> str:
    """Take a time of day.

    Example:
        >>> clock("17:00")
        '17:00'
    """
    if not isinstance(given, str) or not _CLOCK.fullmatch(given):
        raise Refused("a time of day as 'HH:MM'")
    return given


def zone_name(given: object) -> str:
    """Take the name of a time zone, or a fixed offset.

    Example:
        >>> zone_name("America/New_York"), zone_name("+5:30")
        ('America/New_York', '+05:30')
    """
    key = zone_key(given) if isinstance(given, str) else None
    if key is None:
        raise Refused("the name of a time zone, such as 'America/New_York', or '+05:30'")
    return key


def _date(given: object) -> date:
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass
    if isinstance(given, datetime) or not isinstance(given, date):
        raise Refused("dates, or texts such as '2024-12-25'")
    return given


def _dates(given: object) -> tuple[date, ...]:
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        raise Refused("a list of dates, or of texts such as '2024-12-25'")
    return tuple(sorted({_date(one) for one in given}))


def _half_days(given: object) -> tuple[tuple[date, str], ...]:
    if isinstance(given, Mapping):
        given = tuple(given.items())
    if not isinstance(given, tuple) or not all(_is_pair(one) for one in given):
        raise Refused("{date: time of day at which it ends}, such as {'2024-12-24': '13:00'}")
    return tuple(sorted((_date(day), clock(end)) for day, end in given))


def _is_pair(given: object) -> bool:
    return isinstance(given, tuple) and len(given) == 2  # noqa: PLR2004 - a date and a time


@value
class Calendar:
    """Which day an instant belongs to, everywhere in a run, and when sessions are (rule T4).

    A day is named by the local date twelve hours after it begins: the one that begins at 17:00 in
    New York by the date on which it ends. Sessions are on the days that are named Monday to Friday
    and are no holidays; they describe, and refuse no order without
    `Limits(sessions="calendar")`.

    Attributes:
        zone: The time zone, whose changes of the clock are followed.
        day_start: The time of day at which days begin.
        sessions: Windows of the day in which the market trades, as ("09:30", "16:00") pairs.
        holidays: Dates without a session.
        half_days: Dates on which the session ends early, and when: {"2024-12-24": "13:00"}.
        exchange: Name of a calendar of the package `exchange_calendars`, which then has sessions,
            holidays and half days.

    Example:
        >>> Calendar("America/New_York", "17:00")
        Calendar(zone='America/New_York', day_start='17:00')
    """

    zone: str = "UTC"
    day_start: str = "00:00"
    sessions: Intervals[str] | None = None
    holidays: Dates | None = None
    half_days: Mapping[date | str, str] | None = None
    exchange: str | None = None

    def __post_init__(self) -> None:
        """Check the words."""
        check(self, zone_name, "zone")
        check(self, clock, "day_start")
        check(self, optional(windows), "sessions")
        check(self, optional(_dates), "holidays")
        check(self, optional(_half_days), "half_days")
        check(self, optional(text), "exchange")
        if self.sessions is None and (self.holidays or self.half_days):
            raise ConfigError("Calendar: given holidays or half days, expected sessions as well")
        if self.exchange is not None and self.sessions is not None:
            raise ConfigError("Calendar: given sessions and an exchange, expected one of them")

    @property
    def is_utc(self) -> bool:
        """Whether days are those of UTC.

        Example:
            >>> Calendar().is_utc, Calendar("UTC", "17:00").is_utc
            (True, False)
        """
        return self.zone == "UTC" and self.day_start == "00:00"

    @property
    def has_sessions(self) -> bool:
        """Whether sessions are known.

        Example:
            >>> Calendar().has_sessions, Calendar(sessions=[("09:30", "16:00")]).has_sessions
            (False, True)
        """
        return self.sessions is not None or self.exchange is not None

    def begin_of(self, day: int) -> int:
        """Return when a day begins, in seconds from 1970.

        Args:
            day: Its number: days from 1970-01-01 to the date that names it.

        Example:
            >>> Calendar("America/New_York", "17:00").begin_of(1)  # 2 January 1970
            79200
        """
        is_before = self.day_start >= _NOON
        return _instant(self.zone, day - 1 if is_before else day, self.day_start)

    def begin_on(self, day: int) -> int:
        """Return when the day begins that begins on a date, in seconds from 1970.

        Example:
            >>> Calendar("America/New_York", "17:00").begin_on(0)
            79200
        """
        return _instant(self.zone, day, self.day_start)

    def days(self, first: int, last: int, unit: str) -> tuple[int, NDArray[np.int64]]:
        """Return the days from the one that holds a time to the one that holds another.

        Args:
            first: A time in the unit.
            last: One that is not before it.
            unit: "s", "ms", "us" or "ns".

        Returns:
            The number of the first day, and where each begins, with the end of the last.

        Raises:
            ConfigError: A time is beyond the years that time zones are known for.

        Example:
            >>> Calendar("America/New_York").days(0, 0, "s")
            (-1, array([-68400,  18000]))
        """
        per_second = PER_SECOND[unit]
        from_day, to_day = first // per_second // _DAY - 2, last // per_second // _DAY + 2
        try:
            for day in (from_day, to_day):  # before the days between, of which there are millions
                self.begin_of(day)
            begins = in_unit(_begins(self, from_day, to_day), per_second)
        except (OverflowError, ValueError):
            raise ConfigError(
                f"calendar: given {self!r} for times from {first} to {last} ({unit}), expected "
                "times from the year 2 to the year 9998"
            ) from None
        oldest = int(np.searchsorted(begins, first, side="right")) - 1
        past = int(np.searchsorted(begins, last, side="right"))
        return from_day + oldest, begins[oldest : past + 1]

    def spans(self, first: int, last: int) -> list[Span]:
        """Return the sessions of some days, in order.

        Args:
            first: Number of the first day.
            last: Number of the last day.

        Example:
            >>> Calendar(sessions=[("09:30", "16:00")]).spans(4, 4)  # 5 January 1970, a Monday
            [(4, 379800, 403200)]
        """
        return list(_spans(self, first, last))

    def sessions_of(self, day: int, early: str | None) -> Iterable[Span]:
        """Yield the windows of one day; an early end cuts them.

        Example:
            >>> list(Calendar(sessions=[("09:30", "16:00")]).sessions_of(0, "13:00"))
            [(0, 34200, 46800)]
        """
        limit = None if early is None else self._at(day, early)
        pairs: Sequence[tuple[str, str]] = cast("Any", self.sessions)  # by now
        for start, end in pairs:
            begin, past = self._at(day, start), self._at(day, end)
            if past <= begin:
                past = self._at(day + 1, end)
            past = past if limit is None else min(past, limit)
            if begin < past:
                yield day, begin, past

    def _at(self, day: int, at: str) -> int:
        """Return when a clock of a day's zone shows a time within that day."""
        is_before = self.day_start >= _NOON and at >= self.day_start
        is_after = self.day_start < _NOON and at < self.day_start
        return _instant(self.zone, day - is_before + is_after, at)


CalendarLike = Calendar | Mapping[str, Any] | str | None


def calendar_of(given: object) -> Calendar:
    """Take a calendar, its name, or None for that of UTC.

    Args:
        given: A `Calendar`; "FX", "US_EQUITIES" or "CRYPTO"; a time zone, alone or with the time at
            which days begin, as "America/New_York 17:00"; the clock of an import, as
            "America/New_York+7", whose days begin at 17:00 in New York; the name of a calendar of
            the package `exchange_calendars`, such as "XNYS"; or a mapping of the fields of a
            `Calendar`.

    Raises:
        ConfigError: It is none of them, or the package is needed and not there.

    Example:
        >>> calendar_of("America/New_York 17:00") == calendar_of("America/New_York+7") == FX
        True
    """
    if given is None:
        return CRYPTO
    if isinstance(given, Calendar):
        return given
    if isinstance(given, Mapping):
        return Calendar(**{str(name): field for name, field in given.items()})
    if not isinstance(given, str) or not (parts := _WORDS.fullmatch(given.strip())):
        raise ConfigError(
            f"calendar: given {given!r}, expected an omega.Calendar, one of "
            f"{', '.join(PRESETS)}, a time zone, or the name of an exchange such as 'XNYS'"
        )
    word, start = parts.groups()
    if start is None and word.upper() in PRESETS:
        return PRESETS[word.upper()]
    return _of_zone(word, start) or _of_exchange_alone(word, start)


FX = Calendar("America/New_York", "17:00")
"""Days of the currency market: from 17:00 to 17:00 in New York."""
US_EQUITIES = Calendar("America/New_York", sessions=[("09:30", "16:00")])
"""Days of New York with the regular session; its holidays are those of calendar="XNYS"."""
CRYPTO = Calendar()
"""Days of UTC."""
PRESETS: Mapping[str, Calendar] = {"FX": FX, "US_EQUITIES": US_EQUITIES, "CRYPTO": CRYPTO}


def _of_zone(word: str, start: str | None) -> Calendar | None:
    """Return the calendar of a zone or of the clock of an import; None where it is neither."""
    is_zone = zone_key(word) is not None
    server = _SERVER.fullmatch(word)
    if start is None and not is_zone and server and abs(int(server[2])) < _HOURS:
        # A clock of so many hours ahead has its midnight so many hours before the zone's.
        return Calendar(server[1], f"{-int(server[2]) % _HOURS:02d}:00")
    if is_zone or ("/" in word and word not in _ALWAYS_OPEN):
        return Calendar(word, start or "00:00")
    return None


def _of_exchange_alone(word: str, start: str | None) -> Calendar:
    if start is not None:
        raise ConfigError(
            f"calendar: given '{word} {start}', expected a time zone before the time at which days "
            "begin, as 'America/New_York 17:00'. The days of an exchange or a preset are its own"
        )
    return _exchange(word)


def window_times(
    zone: str, given: Sequence[tuple[str, str]], first: int, last: int
) -> list[tuple[int, int]]:
    """Return begin and end of daily windows of a zone, in seconds, as far as they reach two times.

    Example:
        >>> window_times("UTC", [("22:00", "02:00")], 0, 0)
        [(-7200, 7200)]
    """
    found = []
    for day in range(first // _DAY - 2, last // _DAY + 3):
        for start, end in given:
            span = _instant(zone, day, start), _instant(zone, day + (end <= start), end)
            if span[1] > first and span[0] <= last:
                found.append(span)
    return sorted(found)


def changes(spans: Iterable[tuple[int, int]], per_second: int) -> NDArray[np.int64]:
    """Return when stretches begin and end, in turn; those that touch are one.

    Example:
        >>> changes([(0, 5), (5, 7), (9, 10)], 1).tolist()
        [0, 7, 9, 10]
    """
    merged: list[list[int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([begin, end])
    flat = np.array(merged, dtype=np.int64).reshape(-1)
    return in_unit(flat, per_second)


def within_unit(seconds: int, per_second: int) -> int:
    """Return a time in seconds in a unit; what a time column cannot hold becomes its end."""
    most = (2**63 - 1) // per_second
    return max(-most, min(seconds, most)) * per_second


def in_unit(seconds: NDArray[np.int64], per_second: int) -> NDArray[np.int64]:
    """Return times in seconds in a unit, as `within_unit`."""
    most = (2**63 - 1) // per_second
    return np.clip(seconds, -most, most) * per_second


# Kept, since each run of a sweep needs the same ones.
@functools.lru_cache(maxsize=16)
def _begins(calendar: Calendar, first: int, last: int) -> NDArray[np.int64]:
    """Return when some days begin, in seconds."""
    return np.array([calendar.begin_of(day) for day in range(first, last + 1)], dtype=np.int64)


@functools.lru_cache(maxsize=16)
def _spans(calendar: Calendar, first: int, last: int) -> tuple[Span, ...]:
    """Return the sessions of some days."""
    if calendar.exchange is not None:
        return _of_exchange(calendar.exchange, first, last)
    ends, closed = dict(calendar.half_days or ()), set(calendar.holidays or ())
    found: list[Span] = []
    for day in range(first, last + 1):
        named = (_EPOCH + timedelta(days=day)).date()
        if named.weekday() <= _FRIDAY and named not in closed:
            found += calendar.sessions_of(day, ends.get(named))
    return tuple(found)


@functools.lru_cache(maxsize=65_536)
def _instant(zone: str, day: int, at: str) -> int:
    """Return when a clock shows a time on a date, in seconds from 1970; 24:00 is the next midnight.

    A time that the clock skips is the first instant after the gap; of one that comes twice it is
    the earlier.
    """
    if at == _MIDNIGHT_AFTER:
        day, at = day + 1, "00:00"
    local = datetime.combine((_EPOCH + timedelta(days=day)).date(), time.fromisoformat(at))
    if zone == "UTC":
        return _seconds(local.replace(tzinfo=UTC))
    aware = local.replace(tzinfo=zone_of(zone))
    found = _seconds(aware)
    if _local(zone, found).replace(tzinfo=None) == local:
        return found
    # Skipped: read with the offset before the gap it is after its end, with the one after it is
    # before it.
    before, past = _seconds(aware.replace(fold=1)), found
    while past - before > 1:
        middle = (before + past) // 2
        if _local(zone, middle).utcoffset() == _local(zone, past).utcoffset():
            past = middle
        else:
            before = middle
    return past


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _local(zone: str, seconds: int) -> datetime:
    return (_EPOCH + timedelta(seconds=seconds)).astimezone(zone_of(zone))


def _exchange(name: str) -> Calendar:
    """Return the calendar of an exchange."""
    return Calendar(_known(name).get_calendar(name).tz.key, exchange=name)


def _known(name: str) -> Any:  # noqa: ANN401 - a module that may not be there
    """Return the package of the calendars of exchanges, which has one of that name."""
    package = _package(name)
    known = package.get_calendar_names(include_aliases=True)
    if name not in known:
        raise ConfigError(
            f"calendar: {name!r} is no calendar of exchange_calendars. {_nearest(name, known)}"
            "exchange_calendars.get_calendar_names() lists them"
        )
    return package


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the few names that are close to one."""
    close = difflib.get_close_matches(name.upper(), [*known, *PRESETS])
    return f"Did you mean {' or '.join(map(repr, close))}? " if close else ""


def _of_exchange(name: str, first: int, last: int) -> tuple[Span, ...]:
    """Return the sessions of an exchange; a break at noon makes two stretches of one."""
    begin, end = ((_EPOCH + timedelta(days=day)).date() for day in (first - 10, last + 10))
    try:
        table = _known(name).get_calendar(name, start=str(begin), end=str(end)).schedule
    except ValueError as error:
        raise ConfigError(
            f"calendar: {name!r} does not reach from {begin} to {end}: {error}"
        ) from None
    days = table.index.to_numpy().astype("datetime64[D]").astype(int).tolist()
    times = [
        table[name].dt.tz_convert(None) for name in ("open", "break_start", "break_end", "close")
    ]
    columns = [column.to_numpy().astype("datetime64[s]").tolist() for column in times]
    found = []
    for day, *parts in zip(days, *columns, strict=True):
        if first <= day <= last:
            seconds = [_seconds(part.replace(tzinfo=UTC)) for part in parts if part is not None]
            found += [(day, *pair) for pair in zip(seconds[::2], seconds[1::2], strict=True)]
    return tuple(found)


def _package(name: str) -> Any:  # noqa: ANN401 - a module that may not be there
    try:
        return import_module("exchange_calendars")  # an optional extra
    except ImportError:
        raise ConfigError(
            f"calendar: {name!r} is a calendar of the package exchange_calendars, which is not "
            "installed; run: pip install 'omega-backtest[calendars]'. Without it: "
            f"{', '.join(PRESETS)}, or omega.Calendar(zone, day_start)"
        ) from None

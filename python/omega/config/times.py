"""Moments as integers: UTC, in the unit of a time column (rule T1)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from omega.config.values import plain, shown
from omega.errors import ConfigError

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""How many of a unit make a second."""

_FIRST, _LAST = -(2**63), 2**63 - 1
"""What a time column can hold; a moment beyond it, such as the year 9999 in ns, becomes its end."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?")


def zone_of(name: str) -> tzinfo | None:
    """Return a time zone by its name, or by a fixed offset to UTC; None where there is none.

    Example:
        >>> datetime(2024, 7, 1, tzinfo=zone_of("+05:30")).isoformat()
        '2024-07-01T00:00:00+05:30'
        >>> zone_of("America/New_York").key, zone_of("Mars") is None
        ('America/New_York', True)
    """
    if name == "UTC":  # without the data of zones, which some systems lack
        return UTC
    offset = offset_of(name)
    if offset is not None:
        return timezone(offset)
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def offset_of(name: str) -> timedelta | None:
    """Return the fixed offset that a name states, such as ``"+05:30"``, ``"UTC-3"``; else None.

    Example:
        >>> offset_of("-03:00"), offset_of("UTC+5:30"), offset_of("UTC")
        (datetime.timedelta(days=-1, seconds=75600), datetime.timedelta(seconds=19800), None)
    """
    found = _OFFSET.fullmatch(name)
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if ahead >= timedelta(days=1):
        return None
    return -ahead if found[1] == "-" else ahead


def zone_key(name: str) -> str | None:
    """Return the name of a zone as it is kept: a fixed offset as ``"+05:30"``; None where none is.

    Example:
        >>> zone_key("UTC+5:30"), zone_key("Europe/Berlin"), zone_key("+0000"), zone_key("Mars")
        ('+05:30', 'Europe/Berlin', 'UTC', None)
    """
    offset = offset_of(name)
    if offset is None:
        zone = zone_of(name)
        return "UTC" if zone is UTC else getattr(zone, "key", None)
    minutes = abs(offset) // timedelta(minutes=1)
    if not minutes:
        return "UTC"
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"


def shown_zone(zone: object) -> str:
    """Return the name of a zone of any library; that of a fixed offset is UTC, as in all tables.

    Example:
        >>> shown_zone(timezone(timedelta(hours=5, minutes=30))), shown_zone(ZoneInfo("Asia/Tokyo"))
        ('UTC', 'Asia/Tokyo')
    """
    named = getattr(zone, "key", None) or getattr(zone, "zone", None)
    is_fixed = isinstance(zone, tzinfo) and zone.utcoffset(None) is not None
    return str(named) if named else "UTC" if is_fixed else str(zone)


def moment_of(time: int, unit: str, zone: str | None) -> datetime:
    """Return a time as a datetime, in a zone or else UTC.

    Example:
        >>> moment_of(1_704_067_200, "s", None).isoformat()
        '2024-01-01T00:00:00+00:00'
    """
    micros = time * 1_000_000 // PER_SECOND[unit]
    moment = _EPOCH + timedelta(microseconds=micros)
    return moment.astimezone(zone_of(zone)) if zone else moment


def to_units(moment: object, unit: str, place: str = "time") -> int:
    """Return a moment as an integer in a time column's unit; what has no zone counts as UTC.

    Args:
        moment: A datetime, a date (its midnight), ISO 8601 text, or an integer in the unit itself.
        unit: "s", "ms", "us" or "ns".
        place: The argument that it was given as, for the message of an error.

    Raises:
        ConfigError: The text is not a moment, or the value is of another type.

    Example:
        >>> to_units("2012-02-01 00:01", "s")
        1328054460
    """
    moment = plain(moment)
    if isinstance(moment, bool):
        raise _refused(moment, place)
    if isinstance(moment, int):
        return _within_column(moment)
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise _refused(moment, place) from None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        raise _refused(moment, place)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    micros = (aware - _EPOCH) // timedelta(microseconds=1)
    return _within_column(micros * PER_SECOND[unit] // 1_000_000)


def from_units(time: int, unit: str, zone: str | None) -> datetime:
    """Return a time of a column as a moment: aware where the column has a zone, else naive UTC.

    Example:
        >>> from_units(1328054460, "s", None).isoformat()
        '2012-02-01T00:01:00'
    """
    seconds, rest = divmod(time, PER_SECOND[unit])
    micros = rest * 1_000_000 // PER_SECOND[unit]
    moment = _EPOCH + timedelta(seconds=seconds, microseconds=micros)
    if zone is None:
        return moment.replace(tzinfo=None)
    return moment if zone == "UTC" else moment.astimezone(zone_of(zone))


def longest(length: int, unit: str) -> int:
    """Return the longest that a bar can last whose usual length is known (rule TF1).

    Above an hour the clock may change in it, a day has 23 to 25 hours, and a month 28 to 31 days.

    Example:
        >>> [longest(hours * 3_600, "s") / 3_600 for hours in (1, 4, 20, 24, 28 * 24)]
        [1.0, 5.0, 25.0, 25.0, 745.0]
    """
    hour = 3_600 * PER_SECOND[unit]
    if length <= hour:
        return length
    least = 0
    if 20 * hour <= length <= 25 * hour:
        least = 25 * hour
    elif 28 * 24 * hour <= length <= 31 * 24 * hour:
        least = (31 * 24 + 1) * hour
    return _within_column(max(length + hour, least))


def as_date(given: object) -> date | None:
    """Return the day that a date, or a text of one, names; None of what is an instant.

    Example:
        >>> as_date("2012-02-01"), as_date("2012-02-01 12:00")
        (datetime.date(2012, 2, 1), None)
    """
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            return None
    is_day = isinstance(given, date) and not isinstance(given, datetime)
    return given if is_day else None  # type: ignore[return-value]  # it is one


def _within_column(time: int) -> int:
    return max(_FIRST, min(_LAST, time))


def _refused(given: object, place: str) -> ConfigError:
    return ConfigError(
        f"{place}: given {shown(given)}, expected a moment: a datetime, a date, ISO 8601 text "
        "such as '2012-02-01 13:30', or an integer in the unit of the time column"
    )

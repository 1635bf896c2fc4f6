"""Moments as integers: UTC, in the unit of a time column (rule T1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from omega.config.values import plain
from omega.errors import ConfigError

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""How many of a unit make a second."""

_FIRST, _LAST = -(2**63), 2**63 - 1
"""What a time column can hold; a moment beyond it, such as the year 9999 in ns, becomes its end."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_units(moment: object, unit: str) -> int:
    """Give a moment as an integer in a time column's unit; what has no zone counts as UTC.

    Args:
        moment: A datetime, a date (its midnight), ISO 8601 text, or an integer in the unit itself.
        unit: "s", "ms", "us" or "ns".

    Raises:
        ConfigError: The text is not a moment, or the value is of another type.

    Example:
        >>> to_units("2012-02-01 00:01", "s")
        1328054460
    """
    moment = plain(moment)
    if isinstance(moment, bool):
        raise _refused(moment)
    if isinstance(moment, int):
        return _within_column(moment)
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise _refused(moment) from None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        raise _refused(moment)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    micros = (aware - _EPOCH) // timedelta(microseconds=1)
    return _within_column(micros * PER_SECOND[unit] // 1_000_000)


def from_units(time: int, unit: str, zone: str | None) -> datetime:
    """Give a time of a column as a moment: aware where the column has a zone, else naive UTC.

    Example:
        >>> from_units(1328054460, "s", None).isoformat()
        '2012-02-01T00:01:00'
    """
    seconds, rest = divmod(time, PER_SECOND[unit])
    micros = rest * 1_000_000 // PER_SECOND[unit]
    moment = _EPOCH + timedelta(seconds=seconds, microseconds=micros)
    if zone is None:
        return moment.replace(tzinfo=None)
    return moment if zone == "UTC" else moment.astimezone(ZoneInfo(zone))


def longest(length: int, unit: str) -> int:
    """Give the longest that a bar can last whose usual length is known (rule TF1).

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
    """Give the day that a date, or a text of one, names; None of what is an instant.

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


def _refused(given: object) -> ConfigError:
    return ConfigError(
        f"a moment: given {given!r}, expected a datetime, a date, ISO 8601 text such as "
        "'2012-02-01 13:30', or an integer in the unit of the time column"
    )

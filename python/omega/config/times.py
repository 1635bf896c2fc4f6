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


def last_moment_of(end: datetime | date | str | int, unit: str) -> int:
    """Give the last moment that an `end` includes: of a day without a time, the whole day.

    Example:
        >>> last_moment_of("2012-02-01", "s") - to_units("2012-02-01", "s")
        86399
    """
    whole_day = isinstance(end, date) and not isinstance(end, datetime)
    if isinstance(end, str):
        try:
            date.fromisoformat(end)
            whole_day = True
        except ValueError:
            whole_day = False
    first = to_units(end, unit)
    return _within_column(first + 86_400 * PER_SECOND[unit] - 1) if whole_day else first


def _within_column(time: int) -> int:
    return max(_FIRST, min(_LAST, time))


def _refused(given: object) -> ConfigError:
    return ConfigError(
        f"a moment: given {given!r}, expected a datetime, a date, ISO 8601 text such as "
        "'2012-02-01 13:30', or an integer in the unit of the time column"
    )

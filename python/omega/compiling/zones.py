"""The offsets of a time zone to UTC, as compiled code looks them up."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""Between these all times have a local time that `datetime` has."""
_STEP, _SECOND, _MICROSECOND = timedelta(days=3), timedelta(seconds=1), timedelta(microseconds=1)
"""No zone has changed its offset twice within so long: the nearest two were 4 days apart."""

Offsets = tuple[NDArray[np.int64], NDArray[np.int64]]


@functools.lru_cache(64)  # each run of a sweep looks them up again
def offsets_of(zone: str | None, years: tuple[int, int]) -> Offsets:
    """Return when the offset to UTC changes, and the offsets before and after, in microseconds.

    Args:
        zone: Its name; none has no offset.
        years: The first and the last year that are looked up.

    Example:
        >>> changes, offsets = offsets_of("Europe/Berlin", (2024, 2024))
        >>> [hours // 3_600_000_000 for hours in offsets.tolist()]
        [1, 2, 1]
        >>> (datetime(1970, 1, 1) + timedelta(microseconds=int(changes[0]))).isoformat()
        '2024-03-31T01:00:00'
    """
    if zone in (None, "UTC"):
        return np.zeros(0, np.int64), np.zeros(1, np.int64)
    known = ZoneInfo(str(zone))
    parts = [_of_year(known, year) for year in range(max(years[0], 1), min(years[1], 9999) + 1)]
    offsets = [parts[0][0][1], *(offset for part in parts for _, offset in part)]
    changes = [at for part in parts for at, _ in part]
    # A year begins with the offset of the one before, mostly.
    places = [k for k in range(len(changes)) if offsets[k] != offsets[k + 1]]
    return (
        np.array([changes[k] for k in places], np.int64),
        np.array([offsets[0], *(offsets[k + 1] for k in places)], np.int64),
    )


@functools.lru_cache(4096)
def _of_year(zone: tzinfo, year: int) -> Sequence[tuple[int, int]]:
    """Return from when on which offset holds: at the begin of a year, and at each change."""
    now = max(datetime(year, 1, 1, tzinfo=UTC), _FIRST)
    past = min(datetime(year, 12, 29, tzinfo=UTC) + _STEP, _LAST)
    return [
        ((at - _EPOCH) // _MICROSECOND, offset // _MICROSECOND)
        for at, offset in _changes(zone, now, past)
    ]


def _changes(zone: tzinfo, now: datetime, past: datetime) -> Iterator[tuple[datetime, timedelta]]:
    offset = _offset(zone, now)
    yield now, offset
    while now < past:
        later = min(now + _STEP, past)
        if _offset(zone, later) == offset:
            now = later
            continue
        while later - now > _SECOND:
            middle = now + (later - now) // _SECOND // 2 * _SECOND
            if _offset(zone, middle) == offset:
                now = middle
            else:
                later = middle
        now, offset = later, _offset(zone, later)
        yield now, offset


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)

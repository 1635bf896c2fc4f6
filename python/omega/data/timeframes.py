"""Higher timeframes: which there are, and where their bars begin (rule TF1).

A timeframe is a name such as "H4", a `Timeframe`, or tables; a backend reads a grid of bar begins
or the tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from omega.config.times import PER_SECOND
from omega.config.values import Refused, check, value
from omega.contract import ArrowLike
from omega.data.store import CandleStore, require_unit, store_of
from omega.errors import ConfigError

Begins: TypeAlias = NDArray[np.int64]
Timeframes: TypeAlias = "str | Timeframe | Sequence[str | Timeframe] | Mapping[str, Any]"

_NAME = re.compile(r"([MHDW])([1-9]\d{0,3})", re.IGNORECASE)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_SECONDS = {"M": 60, "H": 3_600, "D": 86_400, "W": 604_800}
_DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4
"""The first Monday's number, counted in days from the first of January 1970."""


def _name(given: object) -> str:
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise Refused("M, H, D or W and a whole number, such as 'M15', 'H4', 'D1' or 'W1'")
    return given.upper()


def _clock(given: object) -> str:
    if not isinstance(given, str) or not _CLOCK.fullmatch(given):
        raise Refused("a time of day as 'HH:MM'")
    return given


def _zone(given: object) -> str:
    try:
        return ZoneInfo(given).key if isinstance(given, str) and given else _no_zone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _no_zone()


def _no_zone() -> str:
    raise Refused("the name of a time zone, such as 'America/New_York'")


@value
class Timeframe:
    """A timeframe whose days begin when a market's do.

    Attributes:
        name: Minutes, hours, days or weeks and how many of them: "M15", "H4", "D1", "W1".
        anchor: The time of day at which days begin. Hours and minutes are counted from there, and
            weeks begin with the day that holds the first moment of Monday.
        zone: The time zone of the anchor. Its changes between winter and summer are followed, so
            that a day may have 23 or 25 hours.

    Example:
        >>> Timeframe("D1", anchor="17:00", zone="America/New_York")
        Timeframe(name='D1', anchor='17:00', zone='America/New_York')
        >>> Timeframe("H4").seconds
        14400
    """

    name: str
    anchor: str = "00:00"
    zone: str = "UTC"

    def __post_init__(self) -> None:
        """Check the words."""
        check(self, _name, "name")
        check(self, _clock, "anchor")
        check(self, _zone, "zone")
        if self.zone != "UTC" and self.seconds > _DAY and self.seconds % _DAY:
            raise ConfigError(
                f"Timeframe: given {self.name!r} with a zone, expected at most a day, or whole days"
            )

    @property
    def seconds(self) -> int:
        """How long a bar nominally lasts."""
        letter, count = self.name[0], int(self.name[1:])
        return _SECONDS[letter] * count

    def grid(self, first: int, last: int, unit: str) -> tuple[int, int] | Begins:
        """Give where bars begin: step and offset, or the begins themselves where a zone is given.

        Args:
            first: A time in the first bar.
            last: A time in the last bar.
            unit: Unit of both: "s", "ms", "us" or "ns".

        Returns:
            `(step, offset)`: bars begin at `offset + k * step`. Or the begins of all bars from the
            one with `first` to the one after that with `last`.

        Raises:
            ConfigError: A time is beyond the years that time zones are known for.

        Example:
            >>> Timeframe("H1").grid(0, 7_200, "s")
            (3600, 0)
            >>> Timeframe("D1", anchor="17:00", zone="America/New_York").grid(0, 0, "s").tolist()
            [-7200, 79200]
        """
        per_second = PER_SECOND[unit]
        if self.zone == "UTC":
            return self.seconds * per_second, self._offset() * per_second
        try:
            begins = self._begins(first // per_second, last // per_second)
        except (OverflowError, ValueError):
            raise ConfigError(
                f"Timeframe: given {self!r} for times from {first} to {last} ({unit}), expected "
                "times from the year 2 to the year 9998"
            ) from None
        return begins * per_second

    def _offset(self) -> int:
        anchored = self._anchored_seconds()
        weekly = self.name[0] == "W"
        return anchored + (_MONDAY * _DAY - (_DAY if anchored else 0) if weekly else 0)

    def _anchored_seconds(self) -> int:
        hours, minutes = self.anchor.split(":")
        return int(hours) * 3_600 + int(minutes) * 60

    def _begins(self, first: int, last: int) -> Begins:
        """The begins in seconds, day by day."""
        days = max(self.seconds // _DAY, 1)
        phase = self._offset() // _DAY
        day = (first // _DAY - 2 - phase) // days * days + phase
        ends = [self._begin_of(day)]
        while ends[-1] <= last:
            day += days
            ends.append(self._begin_of(day))
        whole = np.array(ends, dtype=np.int64)
        if self.seconds % _DAY:
            pieces = [np.arange(a, b, self.seconds) for a, b in pairwise(whole)]
            whole = np.concatenate([*pieces, whole[-1:]])
        begins = np.unique(whole)  # a day that a zone left out begins when the next one does
        oldest, newest = np.searchsorted(begins, [first, last], side="right")
        return begins[oldest - 1 : newest + 1]

    def _begin_of(self, day: int) -> int:
        """When a day begins, in seconds from the epoch."""
        date = (_EPOCH + timedelta(days=day)).date()
        begin = datetime.combine(date, time.fromisoformat(self.anchor), ZoneInfo(self.zone))
        return (begin - _EPOCH) // timedelta(seconds=1)


@dataclass(frozen=True)
class TimeframeJob:
    """A higher timeframe as a backend reads it.

    Attributes:
        name: What it is requested by.
        grid: Where its bars begin: `(step, offset)` or the begins and one end; None where tables
            are given.
        given: The table of each symbol; None where the bars are made from those below.
        length: How long a bar of a table lasts.
    """

    name: str
    grid: tuple[int, int] | Begins | None
    given: Mapping[str, CandleStore] | None
    length: int


def timeframe_jobs(wanted: Timeframes, stores: Sequence[CandleStore]) -> list[TimeframeJob]:
    """Give each timeframe of a run, in the order requested.

    Args:
        wanted: Names and `Timeframe` values, or a mapping from a name to a table, to a table for
            each symbol, to a `Timeframe`, or to None.
        stores: One symbol each.

    Raises:
        ConfigError: A name is no timeframe, comes twice, or lacks a table.

    Example:
        >>> import polars as pl
        >>> frame = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
        >>> [job.name for job in timeframe_jobs(["H1", "h4"], [CandleStore(frame)])]
        ['H1', 'H4']
    """
    items = _items(wanted)
    names = [name for name, _ in items]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"timeframes: {name!r} is given twice; name one of them in a mapping: "
                '{"session": omega.Timeframe("D1", anchor=..., zone=...)}'
            )
    unit = stores[0].time_unit
    ranges = [store.native.time_range(store.symbols[0]) for store in stores]
    first, last = min(one[0] for one in ranges), max(one[1] for one in ranges)
    jobs = []
    for name, given in items:
        if isinstance(given, Timeframe):
            job = TimeframeJob(name, given.grid(first, last, unit), None, _length(given, unit))
        else:
            length = _length(Timeframe(name), unit)
            job = TimeframeJob(name, None, _tables(name, given, stores), length)
        jobs.append(job)
    return jobs


def _length(timeframe: Timeframe, unit: str) -> int:
    return timeframe.seconds * PER_SECOND[unit]


def _items(wanted: Timeframes) -> list[tuple[str, Any]]:
    """Give name and value: a `Timeframe`, or tables."""
    if isinstance(wanted, (str, Timeframe)):
        wanted = [wanted]
    if isinstance(wanted, Mapping):
        pairs = list(wanted.items())
    elif isinstance(wanted, Sequence):
        pairs = [(one.name if isinstance(one, Timeframe) else one, one) for one in wanted]
    else:
        raise ConfigError(
            f"timeframes: given {wanted!r}, expected names such as ('H1', 'H4'), omega.Timeframe "
            "values, or {name: table}"
        )
    items: list[tuple[str, Any]] = []
    for name, given in pairs:
        if isinstance(given, Timeframe):
            items.append((str(name), given))
        else:
            plain = Timeframe(name)
            items.append((plain.name, plain if given is None or given is name else given))
    return items


def _tables(
    name: str,
    given: ArrowLike,
    stores: Sequence[CandleStore],
) -> dict[str, CandleStore]:
    symbols = [store.symbols[0] for store in stores]
    if not isinstance(given, Mapping):
        several = len(symbols) > 1
        whole = CandleStore(given) if several else store_of(given, symbols[0])
        found = whole.symbols if several else symbols
        given = dict.fromkeys(found, whole)
    missing = [symbol for symbol in symbols if symbol not in given]
    if missing:
        raise ConfigError(
            f"timeframes[{name!r}]: no table for {', '.join(missing[:5])}; given "
            f"{', '.join(map(str, given))}. Give {{symbol: table}} with every symbol of the run"
        )
    tables = {symbol: store_of(given[symbol], symbol) for symbol in symbols}
    for symbol, table in tables.items():
        require_unit(f"timeframes[{name!r}] of {symbol}", table, stores[0].time_unit)
    return tables

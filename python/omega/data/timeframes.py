"""Higher timeframes: which there are, where their bars begin, and when they are over (rule TF1).

A timeframe is a name such as "H4", a `Timeframe`, or tables; a backend reads a grid of bar begins
or the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from omega.config.calendar import CRYPTO, Calendar, clock, in_unit, zone_name
from omega.config.times import PER_SECOND, longest
from omega.config.values import Refused, check, optional, value
from omega.contract import ArrowLike
from omega.data.closes import close_times, times_of
from omega.data.store import CandleStore, require_unit, store_of
from omega.errors import ConfigError

Begins: TypeAlias = NDArray[np.int64]
Grid: TypeAlias = "tuple[int, int] | Begins"
Timeframes: TypeAlias = "str | Timeframe | Sequence[str | Timeframe] | Mapping[str, Any]"

_NAME = re.compile(r"(MN|[MHDW])([1-9]\d{0,3})", re.IGNORECASE)
_SECONDS = {"M": 60, "H": 3_600, "D": 86_400, "W": 604_800, "MN": 31 * 86_400}
_DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4
"""The first Monday's number, counted in days from the first of January 1970."""


def _name(given: object) -> str:
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise Refused(
            "M, H, D, W or MN and a whole number, such as 'M15', 'H4', 'D1', 'W1' or 'MN1'"
        )
    return given.upper()


@value
class Timeframe:
    """A timeframe whose days begin when a market's do.

    Attributes:
        name: Minutes, hours, days, weeks or months and how many of them: "M15", "H4", "D1", "W1",
            "MN1".
        anchor: The time of day at which days begin. Hours and minutes are counted from there, and
            weeks begin with the day that holds the first moment of Monday. Without an anchor and a
            zone days are those of the run's calendar, and hours and minutes are counted from
            midnight in UTC.
        zone: The time zone of the anchor. Its changes between winter and summer are followed, so
            that a day may have 23 or 25 hours.

    Example:
        >>> Timeframe("D1", anchor="17:00", zone="America/New_York")
        Timeframe(name='D1', anchor='17:00', zone='America/New_York')
        >>> Timeframe("H4").seconds
        14400
    """

    name: str
    anchor: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        """Check the words."""
        check(self, _name, "name")
        check(self, optional(clock), "anchor")
        check(self, optional(zone_name), "zone")
        if self.zone not in {None, "UTC"} and self.seconds > _DAY and self.seconds % _DAY:
            raise ConfigError(
                f"Timeframe: given {self.name!r} with a zone, expected at most a day, or whole days"
            )

    @property
    def seconds(self) -> int:
        """How long a bar lasts nominally; of months the longest."""
        letter, count = self._parts
        return _SECONDS[letter] * count

    @property
    def _parts(self) -> tuple[str, int]:
        letter = "MN" if self.name.startswith("MN") else self.name[0]
        return letter, int(self.name[len(letter) :])

    def grid(self, first: int, last: int, unit: str, calendar: Calendar | None = None) -> Grid:
        """Return where bars begin: step and offset, or the begins themselves where days differ.

        Args:
            first: A time in the first bar.
            last: A time in the last bar.
            unit: Unit of both: "s", "ms", "us" or "ns".
            calendar: The days of the run, which count where the timeframe has no anchor; those of
                UTC by default.

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
            >>> Timeframe("MN1").grid(0, 0, "s").tolist()
            [0, 2678400]
        """
        per_second = PER_SECOND[unit]
        days = self._days(calendar)
        letter = self._parts[0]
        if letter != "MN" and (days.is_utc or (days.zone == "UTC" and self._has_own_days)):
            return self.seconds * per_second, self._offset(days) * per_second
        try:
            begins = self._begins(days, first // per_second, last // per_second)
        except (OverflowError, ValueError):
            raise ConfigError(
                f"Timeframe: given {self!r} for times from {first} to {last} ({unit}), expected "
                "times from the year 2 to the year 9998"
            ) from None
        return in_unit(begins, per_second)

    @property
    def _has_own_days(self) -> bool:
        return self.anchor is not None or self.zone is not None

    def _days(self, calendar: Calendar | None) -> Calendar:
        """Return the days that its bars are made of."""
        if self._has_own_days:
            return Calendar(self.zone or "UTC", self.anchor or "00:00")
        if calendar is None or self._parts[0] in ("M", "H"):
            return CRYPTO
        return calendar

    def _offset(self, days: Calendar) -> int:
        hours, minutes = days.day_start.split(":")
        anchored = int(hours) * 3_600 + int(minutes) * 60
        weekly = self._parts[0] == "W"
        return anchored + (_MONDAY * _DAY - (_DAY if anchored else 0) if weekly else 0)

    def _begins(self, days: Calendar, first: int, last: int) -> Begins:
        """Return the begins in seconds, from days to bars."""
        numbers = self._first_days(first // _DAY)
        # Months are those of the dates that name days; other bars with an anchor count from where
        # days begin.
        by_name = self._parts[0] == "MN" or not self._has_own_days
        begin_of = days.begin_of if by_name else days.begin_on
        begins = [begin_of(next(numbers))]
        while begins[-1] <= last:
            begins.append(begin_of(next(numbers)))
        whole = np.array(begins, dtype=np.int64)
        if self.seconds % _DAY:
            pieces = [np.arange(a, b, self.seconds) for a, b in pairwise(whole)]
            whole = np.concatenate([*pieces, whole[-1:]])
        unique = np.unique(whole)  # a day that a zone left out begins when the next one does
        oldest, newest = np.searchsorted(unique, [first, last], side="right")
        return unique[oldest - 1 : newest + 1]

    def _first_days(self, day: int) -> Iterator[int]:
        """Yield the numbers of the days that bars begin with, from before a day on."""
        letter, count = self._parts
        if letter == "MN":
            yield from _months(day, count)
        step = max(self.seconds // _DAY, 1)
        phase = _MONDAY if letter == "W" else 0
        if self._has_own_days:  # by the date on which a day begins, not by the one that names it
            phase = self._offset(self._days(None)) // _DAY
        number = (day - 3 - phase) // step * step + phase
        while True:
            yield number
            number += step


def _months(day: int, count: int) -> Iterator[int]:
    """Yield the numbers of the first days of months, from well before a day on."""
    named = (_EPOCH + timedelta(days=day - 3)).date()
    month = (named.year * 12 + named.month - 1) // count * count
    while True:
        year, place = divmod(month, 12)
        yield (datetime(year, place + 1, 1, tzinfo=UTC) - _EPOCH).days
        month += count


@dataclass(frozen=True)
class TimeframeJob:
    """A higher timeframe as a backend reads it.

    Attributes:
        name: What it is requested by.
        grids: Where its bars begin, by symbol: `(step, offset)` or the begins and one end; None
            where tables are given.
        given: The table of each symbol; None where the bars are made from those below. With grids
            as well, bars of some symbols that stand in place of those of the grid.
        ends: When each bar of a table is complete, by symbol; None where none is given.
    """

    name: str
    grids: Sequence[Grid] | None
    given: Mapping[str, CandleStore] | None
    ends: Sequence[Begins] | None


def timeframe_jobs(
    wanted: Timeframes,
    stores: Sequence[CandleStore],
    calendars: Sequence[Calendar] | None = None,
    *,
    longest_counts: bool = True,
) -> list[TimeframeJob]:
    """Return each timeframe of a run, in the order requested.

    Args:
        wanted: Names and `Timeframe` values, or a mapping from a name to a table, to a table for
            each symbol, to a `Timeframe`, or to None.
        stores: One symbol each.
        calendars: The days of each symbol; those of UTC by default.
        longest_counts: Whether a bar of a table may last longer than its timeframe, as rule
            TF1 has it since version 2.

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
    if not items:
        return []
    unit = stores[0].time_unit
    ranges = [store.native.time_range(store.symbols[0]) for store in stores]
    first, last = min(one[0] for one in ranges), max(one[1] for one in ranges)
    days = calendars or [CRYPTO] * len(stores)
    jobs = []
    for name, given in items:
        if isinstance(given, Timeframe):
            found = {one: given.grid(first, last, unit, one) for one in dict.fromkeys(days)}
            jobs.append(TimeframeJob(name, [found[one] for one in days], None, None))
        else:
            tables = _tables(name, given, stores)
            length = Timeframe(name).seconds * PER_SECOND[unit]
            ends = [ends_of(one, length, longest_counts=longest_counts) for one in tables.values()]
            jobs.append(TimeframeJob(name, None, tables, ends))
    return jobs


def ends_of(table: CandleStore, length: int, *, longest_counts: bool = True) -> Begins:
    """Return when each bar of a table is complete (rule TF1).

    That is the earliest of its close time, the opening of the next bar, and its opening plus the
    longest that it can last.

    Args:
        table: Candles of one symbol.
        length: How long a bar lasts nominally.
        longest_counts: Whether all three count; False counts the nominal length alone, as in
            version 1.

    Example:
        >>> import polars as pl
        >>> times = [datetime(2024, 11, day, 4) for day in (2, 3)]
        >>> frame = pl.DataFrame({"time": times, "bid": [1.0, 2.0], "ask": [1.0, 2.0]})
        >>> opens = np.array([1_730_520_000, 1_730_606_400]) * 1_000_000
        >>> ends = ends_of(CandleStore(frame), 86_400_000_000)
        >>> ((ends - opens) // 3_600_000_000).tolist()  # the last one may have 25 hours
        [24, 25]
    """
    opens, unit = times_of(table), table.time_unit
    most = longest(length, unit) if longest_counts else length
    ends = np.minimum(opens, 2**63 - 1 - most) + most
    if not longest_counts:
        return ends
    ends[:-1] = np.minimum(ends[:-1], opens[1:])
    closes = close_times(table)
    return ends if closes is None else np.minimum(ends, closes)


def _items(wanted: Timeframes) -> list[tuple[str, Any]]:
    """Return name and value: a `Timeframe`, or tables."""
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

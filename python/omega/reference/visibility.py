"""Visibility: symbols, their timeframes, and the clock of a run (L1, X1, X2, TF1).

A track is the candles of a symbol on one timeframe. At each step of the timeline some of its bars
are complete.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from omega.config.times import longest
from omega.contract import ClockFields
from omega.errors import ConfigError
from omega.reference import active
from omega.reference.columns import Columns
from omega.reference.days import Days
from omega.reference.matching import Candle
from omega.reference.rows import NO_CANDLE


@dataclass(frozen=True, slots=True)
class Clock:
    """The calendar of a run, and when bars of its symbols are complete.

    Attributes:
        days: The days of the run.
        of_symbols: Those of each symbol.
        closes: When each bar of a symbol is complete, where the data has it.
        longest: Whether a bar may last longer than the shortest step (TF1).
    """

    days: Days
    of_symbols: Mapping[str, Days]
    closes: Mapping[str, Sequence[int] | None]
    longest: bool

    @classmethod
    def of(cls, fields: ClockFields | None, symbols: Sequence[str], unit: str) -> Clock:
        """Read the clock of a run; that of UTC where none is given."""
        utc = Days.in_unit(unit)
        if fields is None:
            return cls(utc, dict.fromkeys(symbols, utc), dict.fromkeys(symbols), longest=True)
        starts = fields["starts"]
        local = None if starts is None else (fields["first_day"], starts.tolist())
        own = Days.in_unit(unit, local)
        of_symbols = {
            symbol: utc if dates else own
            for symbol, dates in zip(symbols, fields["dates"], strict=True)
        }
        closes = {
            symbol: None if given is None else given.tolist()
            for symbol, given in zip(symbols, fields["closes"], strict=True)
        }
        days = utc if all(fields["dates"]) else own
        return cls(days, of_symbols, closes, longest=fields["longest"])


class Growth(NamedTuple):
    """By bar, the product of the factors of the events until then, of prices and of volumes."""

    prices: Sequence[float]
    volumes: Sequence[float]
    shifts: Sequence[float] | None = None
    """What is added to a price of a bar, where rolls have moved prices (R1)."""
    base: Track | None = None
    """Of a higher timeframe, the bars below, which have the events that came since."""


class Track:
    """The candles of a symbol on one timeframe, and how many of them are visible.

    Attributes:
        candles: All of them.
        timeframe: Its name; None for the candles as they were given.
        visible: How many are complete at the step at hand; it never falls.
        fresh: Whether the newest of them was not there a step before.
        needed: How many the strategy requests before its first decision (L2).
        first_value: The same by the first number of each column, which version 1 waits for.
        run: The run that it is of.
        growth: How splits and dividends made it grow, where there are any.
    """

    def __init__(self, candles: Columns, timeframe: str | None = None) -> None:
        self.candles, self.timeframe = candles, timeframe
        self.visible = 0
        self.fresh = False
        self.needed = 0
        self.first_value = 0
        self.run: object | None = None
        self.growth: Growth | None = None

    def as_of(self, value: float, unit: str, bar: int, now: int) -> float:
        """Return a number of one bar as it reads at another one (A3)."""
        if self.growth is None or unit not in ("price", "volume"):
            return value
        own, newest = self.growth, self.growth
        base = self.growth.base
        if base is not None and base.growth is not None:  # now is its newest bar's
            newest, now = base.growth, max(base.visible - 1, 0)
        if own.shifts is not None and newest.shifts is not None and unit == "price":
            return value + own.shifts[bar] - newest.shifts[now]
        factors = own.prices if unit == "price" else own.volumes
        until_now = newest.prices if unit == "price" else newest.volumes
        return value * factors[bar] / until_now[now]

    def shown(self, what: str, name: str) -> int:
        """Return how many are visible to whoever reads the views of a run.

        Raises:
            ConfigError: The thread is inside of another run.
        """
        active.require_own(self.run, what, name)
        return self.visible

    @property
    def name(self) -> str:
        """Symbol and timeframe in words."""
        symbol = self.candles.symbol
        return symbol if self.timeframe is None else f"{symbol} {self.timeframe}"

    def declare(self, bars: int) -> None:
        """Request so many visible bars before the first decision."""
        self.needed = max(self.needed, bars)

    def show(self, visible: int) -> None:
        """Note how many are visible with this step."""
        self.fresh = visible > self.visible
        self.visible = visible


class Base(Track):
    """The candles of a symbol as they were given, in a run of several symbols.

    Attributes:
        opened: How many bars opened before the step at hand; the next one may open with it.
        since: When its bar at an earlier step opened, of which it is the newest.
    """

    def __init__(self, candles: Columns, clock: Clock) -> None:
        super().__init__(candles)
        self._closes = clock.closes[candles.symbol]
        self._longest = clock.longest
        self.times: list[int] = candles.time.tolist()
        self.opened = 0
        self.since: int | None = None
        self._at_hand = False
        self._length: int | None = None

    @property
    def at_hand(self) -> int | None:
        """The bar that opens with the step at hand."""
        return self.opened if self._at_hand else None

    def move(self, time: int) -> None:
        """Go to a step: a bar is complete when it is over, or the next one opens (TF1)."""
        self._open_until(time)
        self._at_hand = self.times[self.opened : self.opened + 1] == [time]
        is_over = self._at_hand or self.opened == 0 or self._is_over(time, self._length)
        self.show(self.opened if is_over else self.opened - 1)

    def _is_over(self, time: int, step: int | None, bar: int | None = None) -> bool:
        """Whether the newest bar opened has closed, or lasted the longest that it can."""
        newest = self.opened - 1 if bar is None else bar
        if self._closes is not None and self._closes[newest] <= time:
            return True
        if step is None:
            return False
        length = longest(step, self.candles.unit) if self._longest else step
        return self.times[newest] + length <= time

    def complete_at(self, time: int) -> int:
        """How many bars are complete at a time, as in a run of several symbols."""
        opened = bisect.bisect_left(self.times, time)
        if opened == 0 or self.times[opened : opened + 1] == [time]:
            return opened
        steps = [b - a for a, b in itertools.pairwise(self.times[:opened])]
        is_over = self._is_over(time, min(steps, default=None), opened - 1)
        return opened if is_over else opened - 1

    def end(self, last: int) -> None:
        """Go past the last step: the bar that opened with it is complete."""
        complete = self.opened + 1 if self._at_hand else self.visible
        self._open_until(last + 1)
        self._at_hand = False
        self.show(complete)

    def _open_until(self, time: int) -> None:
        """Let the bars before a time open; the shortest step between two so far is their length."""
        if self._at_hand:
            self.since = self.times[self.opened]
        while self.opened < len(self.times) and self.times[self.opened] < time:
            if self.opened > 0:
                step = self.times[self.opened] - self.times[self.opened - 1]
                self._length = step if self._length is None else min(self._length, step)
            self.opened += 1


class Alone(Base):
    """The candles of the only symbol: each row is a step, also where quotes repeat a time."""

    def move(self, time: int) -> None:  # noqa: ARG002 - as of several symbols
        """Go to the next row; all before it are complete."""
        self._next()
        self._at_hand = True

    def end(self, last: int) -> None:  # noqa: ARG002 - as of several symbols
        """Go past the last row."""
        self._next()

    def _next(self) -> None:
        if self._at_hand:
            self.since = self.times[self.opened]
            self.opened += 1
            self._at_hand = False
        self.show(self.opened)


class Higher(Track):
    """A higher timeframe: a bar is visible when its end is reached and all in it is complete."""

    def __init__(
        self, candles: Columns, timeframe: str, ends: Sequence[int], pasts: Sequence[int]
    ) -> None:
        super().__init__(candles, timeframe)
        self._ends, self._pasts = ends, pasts

    def move(self, time: int, below: int) -> None:
        """Go to a step at which so many of the candles below are complete."""
        visible = self.visible
        while visible < len(self._ends) and self._ends[visible] <= time:
            if self._pasts[visible] > below:
                break
            visible += 1
        self.show(visible)

    def complete_at(self, time: int, below: int) -> int:
        """How many bars are complete at a time at which so many of the candles below are."""
        ended = bisect.bisect_right(self._ends, time)
        return min(ended, bisect.bisect_right(self._pasts, below))


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks of one symbol."""

    base: Base
    higher: Mapping[str, Higher] = field(default_factory=dict)


class World:
    """All tracks of a run, and the step at hand.

    Attributes:
        symbols: The tracks of each symbol, in the order given.
        times: The timeline.
        step: Place of the step at hand on it; -1 before the first.
        moves: How often it moved.
        clock: The calendar, and when bars are complete.
    """

    def __init__(self, symbols: Sequence[Tracks], align: str, clock: Clock) -> None:
        self.clock = clock
        self.symbols = {one.base.candles.symbol: one for one in symbols}
        self.times = _timeline([one.base for one in symbols], align)
        self.step = -1
        self.moves = 0
        self.waiting: tuple[str, ...] = ()
        for track in self.tracks():
            track.run = self

    def days_of(self, symbol: str) -> Days:
        """The days of a symbol's bars."""
        return self.clock.of_symbols[symbol]

    @property
    def first(self) -> Base:
        """The candles of the first symbol."""
        return next(iter(self.symbols.values())).base

    @property
    def time(self) -> int:
        """When the step at hand is."""
        return self.times[self.step]

    def move(self) -> None:
        """Go to the next step, or past the last (PREPARE)."""
        self.step += 1
        self.moves += 1
        over = self.step == len(self.times)
        for one in self.symbols.values():
            if over:
                one.base.end(self.times[-1])
            else:
                one.base.move(self.time)
            for track in one.higher.values():
                if over:
                    track.show(track.visible)
                else:
                    track.move(self.time, one.base.visible)
        self.waiting = tuple(one for one in self.waiting if not self.is_ready(one))

    def is_warm(self) -> bool:
        """Whether every track has had its first number, and the first symbol a bar (version 1)."""
        return self.first.visible > 0 and all(
            track.visible >= max(track.needed, track.first_value) for track in self.tracks()
        )

    def is_ready(self, symbol: str) -> bool:
        """Whether a symbol has had the bars requested of each of its tracks, and one at all."""
        one = self.symbols[symbol]
        tracks = (one.base, *one.higher.values())
        return one.base.visible > 0 and all(track.visible >= track.needed for track in tracks)

    def ready(self) -> tuple[str, ...]:
        """The symbols that need not wait any longer, in the order given."""
        return tuple(symbol for symbol in self.symbols if symbol not in self.waiting)

    def require_ready(self, symbol: str) -> None:
        """Refuse a view of a symbol that waits.

        Raises:
            IndexError: It does.
        """
        if symbol in self.waiting:
            raise IndexError(
                f"{symbol} is not ready: it has not had the bars that the strategy needs of it; "
                f"bar.symbols lists those that have: {', '.join(self.ready())}"
            )

    def wait(self) -> None:
        """Let the symbols that are not ready wait until they are."""
        self.waiting = tuple(symbol for symbol in self.symbols if not self.is_ready(symbol))

    def needed(self) -> int:
        """The longest warm-up of all."""
        return max(track.needed for track in self.tracks())

    def tracks(self) -> list[Track]:
        """All tracks, each symbol's own before its timeframes."""
        return [
            track for one in self.symbols.values() for track in (one.base, *one.higher.values())
        ]

    def track(self, symbol: str | None, timeframe: str | None) -> Track:
        """Find the track of a symbol, the first where none is named, and a timeframe.

        Raises:
            ConfigError: The run has no such symbol or timeframe.
        """
        name = self.first.candles.symbol if symbol is None else symbol
        if name not in self.symbols:
            raise ConfigError(
                f"symbol: given {name}, expected one of {', '.join(self.symbols)}. "
                "Name it in run_backtest()"
            )
        one = self.symbols[name]
        if timeframe is None:
            return one.base
        if timeframe not in one.higher:
            known = "none, as this run has no timeframes"
            if one.higher:
                known = f"one of {', '.join(one.higher)}"
            raise ConfigError(
                f"timeframe: given {timeframe}, expected {known}. Name it in run_backtest()"
            )
        return one.higher[timeframe]

    def newest(self, symbol: str) -> Candle:
        """The newest visible candle of a symbol; `NO_CANDLE` where there is none."""
        base = self.symbols[symbol].base
        return base.candles.candle(base.visible - 1) if base.visible > 0 else NO_CANDLE


def _timeline(bases: Sequence[Base], align: str) -> list[int]:
    """The times of all symbols, or those that every symbol has (X1)."""
    if len(bases) == 1:
        return bases[0].times
    times = set(bases[0].times)
    for base in bases[1:]:
        times = times | set(base.times) if align == "union" else times & set(base.times)
    if not times:
        raise ConfigError(
            f"align: given intersection, expected times that all of "
            f"{', '.join(base.candles.symbol for base in bases)} have. "
            "Use align='union', or candles of one clock"
        )
    return sorted(times)

"""The loop: all control flow of a run (L1, X2; "The order of a bar").

It drives a strategy and an executor over the steps of a plan, and has a row written for each.
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from omega.contract import Cooldowns, Progress, Settings
from omega.errors import WarmupIndexNotFound
from omega.reference.columns import Columns
from omega.reference.conversion import Rates
from omega.reference.executor import Executor, State
from omega.reference.rows import NO_CANDLE, Known, Moment, Position
from omega.reference.visibility import Base, World
from omega.strategy.actions import Action

_STEPS_BETWEEN_TICKS = 1024
_FOR_EVER = 2**63 - 1


class Strategy(Protocol):
    """A strategy as the loop drives it; what it wants done is added to the actions."""

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Take note of the last step's fills and exits (L1.1)."""

    def evaluate(self, state: State, actions: list[Action]) -> None:
        """Decide on what is complete (L1.1)."""

    def manage(self, state: State, actions: list[Action]) -> None:
        """Let the user's own position manager look at the step that is over (L1.6)."""

    def finish(self, state: State, actions: list[Action]) -> None:
        """Take note of the last events; what it wants done comes too late."""


class Rows(Protocol):
    """Where the loop writes a row for each step."""

    def write_row(self, time: int, positions: Sequence[Position]) -> None:
        """Write the row of a step."""

    def rewrite_last_row(self) -> None:
        """Write the last row again, after closes at its close (L4.1)."""


@dataclass(frozen=True)
class Cooldown:
    """A strategy that decides nothing while every symbol cools down.

    It still takes note of what happened, and still manages what is open.
    """

    strategy: Strategy
    limits: Cooldowns
    world: World

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Hand on."""
        self.strategy.on_events(state, actions)

    def evaluate(self, state: State, actions: list[Action]) -> None:
        """Decide, unless every symbol pauses after its last trade."""
        time, symbols = self.world.time, self.world.symbols
        pauses = any(self.limits) and all(
            last.pauses(self.limits, symbols[symbol].base.opened, time)
            for symbol, last in state.last_trades.items()
        )
        if not pauses:
            self.strategy.evaluate(state, actions)

    def manage(self, state: State, actions: list[Action]) -> None:
        """Hand on."""
        self.strategy.manage(state, actions)

    def finish(self, state: State, actions: list[Action]) -> None:
        """Hand on."""
        self.strategy.finish(state, actions)


class Magnifier:
    """The finer bars inside a coarse one (I5.1)."""

    def __init__(self, finer: Columns, coarse: Columns) -> None:
        self.finer = finer
        times: list[int] = coarse.time.tolist()
        steps = list(map(operator.sub, times[1:], times))
        so_far = itertools.accumulate([_FOR_EVER, *steps], min)  # later ones are not known (L5)
        self.durations = list(map(min, so_far, [*steps, _FOR_EVER]))
        """Of each bar; none reaches past the next one."""

    def inside(self, now: Moment) -> list[Moment]:
        """The moments that take the place of a bar; none where there are no finer bars."""
        end = now.time + self.durations[now.index]
        begin, past = map(self.finer.first_at_or_after, (now.time, end))
        bars = [self.finer.candle(index) for index in range(begin, past)]
        if not bars:
            return []
        first = replace(now, time=bars[0].time, bar=bars[0], closes=False)
        parts = [first] + [  # the nights before the bar are booked at its first part
            replace(now, time=bar.time, bar=bar, last=last, since=now.opens, closes=False)
            for last, bar in itertools.pairwise(bars)
        ]
        return [*parts[:-1], replace(parts[-1], closes=True)]


@dataclass(frozen=True, slots=True)
class SymbolContext:
    """What the candles of a symbol are read with: rates, and finer candles."""

    rates: Rates
    magnifier: Magnifier | None = None

    def parts(self, now: Moment) -> list[Moment]:
        """The finer bars inside a bar, or the bar itself."""
        return (self.magnifier.inside(now) if self.magnifier else []) or [now]


@dataclass(frozen=True, slots=True)
class Feed:
    """The data of a run: what the strategy decides on, and the context of each symbol."""

    world: World
    contexts: Mapping[str, SymbolContext]
    volumes: str | None = None
    """Of which bar the volume limits orders: "before" or "same"; None where none is limited."""

    def require_rates(self) -> None:
        """Refuse pairs whose rate is not known by the first time that may be requested."""
        for symbol, one in self.world.symbols.items():
            first = max(one.base.visible - 1, 0)
            self.contexts[symbol].rates.require(one.base.times[first])

    def look(self) -> dict[str, Known]:
        """What is known of each symbol at the step at hand, and its bar where it has one."""
        return {symbol: self._look_at(one.base) for symbol, one in self.world.symbols.items()}

    def _look_at(self, base: Base) -> Known:
        symbol, time = base.candles.symbol, self.world.time
        rates = self.contexts[symbol].rates
        last = self.world.newest(symbol)
        ready = symbol not in self.world.waiting
        if base.at_hand is None:
            last_rate = math.nan if last is NO_CANDLE else rates.at(last.time)
            return Known(
                symbol,
                base.opened,
                time,
                last,
                last_rate,
                newest=base.since,
                current_rate=rates.at(time),
                is_ready=ready,
            )
        bar = base.candles.candle(base.at_hand)
        since = time if base.since is None else base.since
        rate = rates.at(time)
        # Of a first bar its own: what waited as another symbol may fill in it (A6).
        last_rate = rate if last is NO_CANDLE else rates.at(last.time)
        return Moment(
            symbol=symbol,
            index=base.at_hand,
            time=time,
            last=last,
            last_rate=last_rate,
            bar=bar,
            opens=time,
            since=since,
            rate=rate,
            newest=base.since,
            is_ready=ready,
            volume=self._volume(base),
        )

    def _volume(self, base: Base) -> float:
        """The volume that orders may take a share of (W10)."""
        volumes = base.candles.volume
        place = base.at_hand if self.volumes == "same" else base.visible - 1
        if self.volumes is None or volumes is None or place is None or place < 0:
            return math.nan
        return float(volumes[place])

    def look_after(self, nows: Mapping[str, Known]) -> dict[str, Known]:
        """The same once the step is over: a manager sees what the next step will show."""
        return {
            symbol: replace(now, last=self.world.newest(symbol)) for symbol, now in nows.items()
        }

    def last_bars(self, last: int, *, together: bool) -> dict[str, Moment]:
        """The last bar of each symbol up to the last step (L4), at the time of that (F15)."""
        moments = {}
        for symbol, one in self.world.symbols.items():
            candles, context = one.base.candles, self.contexts[symbol]
            index = candles.newest_at(last)
            if index >= 0:
                bar = candles.candle(index)
                rate = context.rates.at(bar.time)
                time = bar.time
                now = Moment(symbol, index, time, bar, rate, bar, time, time, rate)
                moments[symbol] = replace(now, time=context.parts(now)[-1].time)
            else:  # what was held before a change of symbol may be held of it (A6)
                rate, bar = context.rates.at(last), NO_CANDLE
                moments[symbol] = Moment(symbol, 0, last, bar, rate, bar, last, last, rate)
        if not together:
            return moments
        end = max(now.time for now in moments.values())
        return {symbol: replace(now, time=end) for symbol, now in moments.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which steps a run walks (L2).

    Attributes:
        begin: The first that has an equity row.
        steps: Those that are walked.
    """

    begin: int
    steps: range


def plan(world: World, settings: Settings, within: tuple[int, int] | None = None) -> Plan:
    """The steps to walk (L2), all or those within two; the clocks go to the first of them.

    Raises:
        WarmupIndexNotFound: No step is left.
    """
    start, end, times = settings["start"], settings["end"], world.times
    begin = 0 if start is None else bisect.bisect_left(times, start)
    past = len(times) if end is None else bisect.bisect_right(times, end)
    is_second = settings["semantics"] != "1"
    concerned: list[str] | None = None
    while world.step + 1 < past:
        world.move()
        if world.step < max(begin, 1):
            continue
        if is_second and concerned is None and any(map(world.is_ready, world.symbols)):
            # Those that have begun by now are waited for; the others join when they are ready.
            concerned = [name for name, one in world.symbols.items() if one.base.visible > 0]
        if world.is_warm() if not is_second else _all_ready(world, concerned):
            if is_second:
                world.wait()
            steps = range(world.step, past)
            steps = steps if within is None else _narrowed(world, steps, *within)
            return Plan(begin if is_second else steps.start, steps)
    earliest, latest = times[0], times[-1]
    start = earliest if start is None else start
    raise WarmupIndexNotFound(
        f"no bar to run on: start is {start}, the data covers {earliest} to {latest} "
        f"({len(times)} bars) and the warm-up needs {world.needed()} of them. Choose an earlier "
        "start, a later end or more data",
        start=start,
        first=earliest,
        last=latest,
    )


def _all_ready(world: World, symbols: Sequence[str] | None) -> bool:
    return symbols is not None and all(map(world.is_ready, symbols))


def _narrowed(world: World, steps: range, first: int, past: int) -> range:
    """Leave out the steps before the first and from another on."""
    first = max(steps.start, first)
    steps = range(first, max(min(steps.stop, past), first))
    while steps and world.step < steps.start:
        world.move()
    return steps


@dataclass
class Loop:
    """One run: the feed, and what it drives.

    Attributes:
        actions: What the strategy has requested at the step at hand.
    """

    feed: Feed
    strategy: Strategy
    executor: Executor
    rows: Rows
    on_progress: Progress | None
    actions: list[Action]
    is_second: bool = True

    def run(self, steps: range, *, close_at_end: bool) -> int:
        """Walk the steps, of which the first is at hand; give the number of orders."""
        world, executor = self.feed.world, self.executor
        signals = reported = 0
        for done, _ in enumerate(steps, 1):
            time, state = world.time, executor.state()
            self.strategy.on_events(state, self.actions)
            self.strategy.evaluate(state, self.actions)
            submitted = executor.submit(self.actions)
            signals += submitted
            self._step(time, is_quiet=submitted == 0 and executor.is_idle())
            if done % _STEPS_BETWEEN_TICKS == 0:
                reported = report(self.on_progress, done, reported, len(steps))
        closes_all = bool(steps) and close_at_end and not executor.is_idle()
        if closes_all and executor.finish(self.feed.last_bars(time, together=self.is_second)):  # L4
            self.rows.rewrite_last_row()
        self.strategy.finish(executor.state(), self.actions)
        report(self.on_progress, len(steps), reported, len(steps))
        return signals

    def _step(self, time: int, *, is_quiet: bool) -> None:
        """PROCESS, EXITS, MANAGE and PORTFOLIO of one step (L1)."""
        world, executor = self.feed.world, self.executor
        nows = {} if is_quiet else self.feed.look()
        closes = self._bars(nows)
        world.move()
        if is_quiet and executor.quiet(time):
            return
        state = executor.state()
        if state.has_positions:
            self.strategy.manage(state, self.actions)
        after = self.feed.look_after(nows) if self.actions else {}
        executor.on_close(closes, self.actions, after)
        self.actions.clear()
        self.rows.write_row(time, executor.state().positions)

    def _bars(self, nows: Mapping[str, Known]) -> list[Moment]:
        """What the opens bring, then what follows inside the bars (X2.1, I5.1, F15).

        Returns the moment of each bar's close: what is closed there has the time of the last finer
        bar.
        """
        if not nows:
            return []
        contexts = self.feed.contexts
        moments = [now for now in nows.values() if isinstance(now, Moment)]
        if all(contexts[now.symbol].magnifier is None for now in moments):
            self.executor.on_open(nows)
            for now in moments:
                self.executor.on_bar(now)
            return moments
        parts = {now.symbol: contexts[now.symbol].parts(now) for now in moments}
        if not self.is_second:
            opening = {s: parts[s][0] if s in parts else now for s, now in nows.items()}
            self.executor.on_open(opening)
            return [replace(now, time=self._inside(parts[now.symbol])) for now in moments]
        left = self._in_time(nows, parts)
        return [
            now
            if left.get(now.symbol, now.time) == now.time
            else replace(now, time=left[now.symbol])
            for now in moments
        ]

    def _in_time(
        self, nows: Mapping[str, Known], parts: Mapping[str, Sequence[Moment]]
    ) -> dict[str, int]:
        """Walk the finer bars of all symbols in order of time; gives when each was left."""
        executor, left = self.executor, dict[str, int]()
        by_time: dict[int, list[Moment]] = {}
        for own in parts.values():  # in the order of the symbols
            for part in own:
                by_time.setdefault(part.time, []).append(part)
        if not by_time:
            executor.on_open(nows)
        before: list[Moment] = []
        for time, group in sorted(by_time.items(), key=operator.itemgetter(0)):
            opening: Mapping[str, Known] = {part.symbol: part for part in group}
            if before:
                executor.on_close(before, [], {}, inside=True)
                if executor.is_idle():
                    break
            else:
                opening = {s: _at_first(now, opening.get(s), time) for s, now in nows.items()}
            executor.on_open(opening)
            for part in group:
                executor.on_bar(part)
                left[part.symbol] = time
            before = group
        return left

    def _inside(self, parts: list[Moment]) -> int:
        """What follows an open: the finer bars inside one bar (version 1); gives its end."""
        executor = self.executor
        for place, part in enumerate(parts):
            if place > 0:
                executor.on_close([parts[place - 1]], [], {}, inside=True)
                if executor.is_idle():
                    return parts[place - 1].time
                executor.on_open({part.symbol: part})
            executor.on_bar(part)
        return parts[-1].time


def _at_first(now: Known, part: Known | None, time: int) -> Known:
    """A symbol when the first finer bar of a step opens: its own, or before it has one."""
    if part is not None or not isinstance(now, Moment):
        return now if part is None else part
    return Known(
        now.symbol,
        now.index,
        time,
        now.last,
        now.last_rate,
        newest=now.newest,
        current_rate=now.rate,
        is_ready=now.is_ready,
    )


def report(on_progress: Progress | None, done: int, reported: int, total: int) -> int:
    """Report progress about a hundred times a run; give the last step reported (PROGRESS)."""
    is_news = done == total or done - reported >= total // 100
    if on_progress is None or not is_news or done <= reported:
        return reported
    on_progress(done, total)
    return done

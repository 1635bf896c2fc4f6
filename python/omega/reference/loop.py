"""The loop: all control flow of a run (semantics, sections 2 and 7; "The order of a bar").

What goes in: the symbols of a run, a plan, a strategy and the simulator. What comes out: the rows
that the simulator and its portfolio wrote.
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from omega.errors import ConfigError, WarmupIndexNotFound
from omega.reference.columns import Columns
from omega.reference.rows import NO_CANDLE, Known, Moment
from omega.reference.simulator import Simulator
from omega.reference.tracks import Base, World
from omega.strategy.actions import Action

_STEPS_BETWEEN_TICKS = 1024
_FOR_EVER = 2**63 - 1

Progress = Callable[[int, int], object]


class Evaluated(Protocol):
    """A strategy as the loop sees it."""

    def evaluate(self) -> list[Action]:
        """Tell of the last step's fills and exits, then ask for actions."""

    def manage(self) -> list[Action]:
        """Let the user's own position manager look at the step that is over."""

    def finish(self) -> None:
        """Tell of the last events."""


class Rates:
    """Account currency per unit of quote currency (M2.2)."""

    def __init__(
        self, constant: float = 1.0, pair: Columns | None = None, *, inverse: bool = False
    ) -> None:
        self.constant, self.pair, self.inverse = constant, pair, inverse

    def require(self, time: int) -> None:
        """Refuse a pair that is not known by the first time asked for."""
        if self.pair is not None and self.pair.newest_at(time) < 0:
            raise ConfigError(
                f"conversion: given {self.pair.symbol} without a bar at or before {time}, expected "
                "rates from before the first bar of the run. Start later, or give data of the "
                "conversion pair that begins earlier"
            )

    def at(self, time: int) -> float:
        """The rate of the newest bar whose open time is not after a time."""
        if self.pair is None:
            return self.constant
        bar = self.pair.candle(self.pair.newest_at(time))
        middle = (bar.bid.close + bar.ask.close) / 2.0
        return 1.0 / middle if self.inverse else middle


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
        first, past = map(self.finer.first_at_or_after, (now.time, end))
        bars = [self.finer.candle(index) for index in range(first, past)]
        lasts = [now.last, *bars[:-1]]
        return [
            replace(now, time=bar.time, bar=bar, last=last)
            for bar, last in zip(bars, lasts, strict=False)
        ]


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the candles of a symbol."""

    rates: Rates
    magnifier: Magnifier | None = None

    def parts(self, now: Moment) -> list[Moment]:
        """The finer bars inside a bar, or the bar itself."""
        return (self.magnifier.inside(now) if self.magnifier else []) or [now]


@dataclass(frozen=True, slots=True)
class Feed:
    """The data of a run: what the strategy decides on, and what stands behind each symbol."""

    world: World
    behind: Mapping[str, Behind]

    def require_rates(self) -> None:
        """Refuse pairs whose rate is not known by the first time that may be asked for."""
        for symbol, one in self.world.symbols.items():
            first = max(one.base.visible - 1, 0)
            self.behind[symbol].rates.require(one.base.times[first])

    def look(self) -> dict[str, Known]:
        """What is known of each symbol at the step at hand, and its bar where it has one."""
        return {symbol: self._look_at(one.base) for symbol, one in self.world.symbols.items()}

    def _look_at(self, base: Base) -> Known:
        symbol, time = base.candles.symbol, self.world.time
        rates = self.behind[symbol].rates
        last = self.world.newest(symbol)
        last_rate = math.nan if last is NO_CANDLE else rates.at(last.time)
        if base.at_hand is None:
            return Known(symbol, base.opened, time, last, last_rate)
        bar = base.candles.candle(base.at_hand)
        since = time if base.since is None else base.since
        rate = rates.at(time)
        return Moment(symbol, base.at_hand, time, last, last_rate, bar, since, rate)

    def look_after(self, nows: Mapping[str, Known]) -> dict[str, Known]:
        """The same once the step is over: a manager sees what the next step will show."""
        return {
            symbol: replace(now, last=self.world.newest(symbol)) for symbol, now in nows.items()
        }

    def last_bars(self, last: int) -> dict[str, Moment]:
        """The last bar of each symbol up to the last step (L4)."""
        moments = {}
        for symbol, one in self.world.symbols.items():
            candles, behind = one.base.candles, self.behind[symbol]
            index = candles.newest_at(last)
            if index >= 0:
                bar = candles.candle(index)
                rate = behind.rates.at(bar.time)
                now = Moment(symbol, index, bar.time, bar, rate, bar, bar.time, rate)
                moments[symbol] = replace(now, time=behind.parts(now)[-1].time)
        return moments


def plan(world: World, settings: Mapping[str, Any]) -> range:
    """The steps to walk (L2); the clocks go to the first of them.

    Raises:
        WarmupIndexNotFound: No step is left.
    """
    start, end, times = settings["start"], settings["end"], world.times
    past = len(times) if end is None else bisect.bisect_right(times, end)
    while world.step + 1 < past:
        world.move()
        has_begun = start is None or world.time >= start
        if has_begun and world.step > 0 and world.is_warm():
            return range(world.step, past)
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


def run(
    feed: Feed,
    steps: range,
    strategy: Evaluated,
    simulator: Simulator,
    on_progress: Progress | None,
) -> int:
    """Walk the steps, of which the first is at hand; give the number of actions asked for."""
    world, portfolio = feed.world, simulator.portfolio
    signals = reported = 0
    for done, _ in enumerate(steps, 1):
        time = world.time
        actions = strategy.evaluate()  # L1: it has seen what is complete
        signals += len(actions)
        simulator.events.clear()
        nows = feed.look() if actions or not simulator.is_idle else {}
        moments = _walk(nows, actions, simulator, feed.behind)
        world.move()
        if simulator.positions:
            after = feed.look_after(nows)
            for action in strategy.manage():
                simulator.process_managed(action, after)
        simulator.settle(moments)
        portfolio.write_row(time, simulator.positions)
        if done % _STEPS_BETWEEN_TICKS == 0:
            reported = report(on_progress, done, reported, len(steps))
    if simulator.settings["close_at_end"] and simulator.positions:  # L4
        simulator.close_at_end(feed.last_bars(time))
        portfolio.rewrite_last_row()
    strategy.finish()
    report(on_progress, len(steps), reported, len(steps))
    return signals


def _walk(
    nows: Mapping[str, Known],
    actions: list[Action],
    simulator: Simulator,
    behind: Mapping[str, Behind],
) -> list[Moment]:
    """One step: nights, process, exits, manage, symbol by symbol (X2.1, I5.1).

    Gives the moment of each bar's close: what is closed there has the time of the last finer bar.
    """
    moments = [now for now in nows.values() if isinstance(now, Moment)]
    for now in moments:
        simulator.book_nights(now)
    parts = {now.symbol: behind[now.symbol].parts(now) for now in moments}
    for now in moments:
        simulator.expire(parts[now.symbol][0])
        simulator.fill_due(parts[now.symbol][0])
    firsts = {symbol: parts[symbol][0] if symbol in parts else now for symbol, now in nows.items()}
    for action in actions:
        simulator.process(action, firsts)
    return [replace(now, time=_match(parts[now.symbol], simulator)) for now in moments]


def _match(parts: list[Moment], simulator: Simulator) -> int:
    """The finer bars inside one bar, whose first has had its actions; gives when it was left."""
    for place, part in enumerate(parts):
        if place > 0:
            simulator.expire(part)
            simulator.fill_due(part)
        simulator.match_bar(part)
        simulator.manage(part)
        if part is not parts[-1]:
            simulator.settle([part])
        if simulator.is_idle_in(part.symbol):
            break
    return part.time


def report(on_progress: Progress | None, done: int, reported: int, total: int) -> int:
    """Tell how far the run is, about a hundred times; give what was told last (step PROGRESS)."""
    is_news = done == total or done - reported >= total // 100
    if on_progress is None or not is_news or done <= reported:
        return reported
    on_progress(done, total)
    return done

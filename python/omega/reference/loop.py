"""The loop: all control flow of a run (semantics, section 2; "The order of a bar").

What goes in: candles, a plan, a strategy and the simulator. What comes out: the rows that the
simulator and its portfolio wrote.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from omega.errors import ConfigError, WarmupIndexNotFound
from omega.reference.columns import Columns
from omega.reference.rows import Moment
from omega.reference.simulator import Simulator
from omega.signals import Action

_BARS_BETWEEN_TICKS = 1024

Progress = Callable[[int, int], object]


class Evaluated(Protocol):
    """A strategy as the loop sees it."""

    def evaluate(self, newest: int) -> list[Action]:
        """Tell of the last bar's fills and exits, then ask for actions."""

    def manage(self, newest: int) -> list[Action]:
        """Let the user's own position manager look at the bar that just closed."""

    def finish(self, newest: int) -> None:
        """Tell of the last events."""


class Rates:
    """Account currency per unit of quote currency (M2, rule 22)."""

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
    """The finer bars inside a coarse one (I2, rule 21)."""

    def __init__(self, finer: Columns, coarse: Columns) -> None:
        self.finer = finer
        times: list[int] = coarse.time.tolist()
        steps = list(map(operator.sub, times[1:], times))
        shortest = itertools.accumulate(steps, min)  # so far: later ones are not known (L5)
        self.durations = list(map(min, shortest, [*steps[1:], steps[-1]]))
        """Of bar `i` at `i - 1`; none reaches past the next bar."""

    def inside(self, now: Moment) -> list[Moment]:
        """The moments that take the place of a bar; none where there are no finer bars."""
        end = now.bar.time + self.durations[now.index - 1]
        first, past = map(self.finer.first_at_or_after, (now.bar.time, end))
        bars = [self.finer.candle(index) for index in range(first, past)]
        lasts = [now.last, *bars[:-1]]
        return [replace(now, bar=bar, last=last) for bar, last in zip(bars, lasts, strict=False)]


def plan(candles: Columns, settings: Mapping[str, Any], warmup: int) -> range:
    """The bars to walk (L2).

    Raises:
        WarmupIndexNotFound: No bar is left.
    """
    start, end = settings["start"], settings["end"]
    first = 0 if start is None else candles.first_at_or_after(start)
    first = max(first, warmup, 1)
    past = len(candles) if end is None else candles.newest_at(end) + 1
    if first >= past:
        earliest, latest = int(candles.time[0]), int(candles.time[-1])
        start = earliest if start is None else start
        raise WarmupIndexNotFound(
            f"no bar to run on: start is {start}, the data covers {earliest} to {latest} "
            f"({len(candles)} bars) and the warm-up needs {warmup} of them. Choose an earlier "
            "start, a later end or more data",
            start=start,
            first=earliest,
            last=latest,
        )
    return range(first, past)


@dataclass(frozen=True, slots=True)
class Feed:
    """The data of a run: the candles that the strategy decides on, and what stands behind them."""

    candles: Columns
    bars: range
    rates: Rates
    magnifier: Magnifier | None


def run(feed: Feed, strategy: Evaluated, simulator: Simulator, on_progress: Progress | None) -> int:
    """Walk the bars; give the number of actions that the strategy asked for."""
    candles, bars, rates = feed.candles, feed.bars, feed.rates
    signals = reported = 0
    portfolio = simulator.portfolio
    last = candles.candle(bars[0] - 1)
    for done, index in enumerate(bars, 1):
        bar = candles.candle(index)
        now = Moment(index, bar, last, rates.at(bar.time), rates.at(last.time))
        actions = strategy.evaluate(index - 1)  # L1: it has seen bars up to the last one
        signals += len(actions)
        simulator.events.clear()
        if actions or not simulator.is_idle:
            now = _walk_bar(now, actions, strategy, simulator, feed.magnifier)
        simulator.settle(now)
        portfolio.write_row(bar.time, simulator.positions)
        last = bar
        if done % _BARS_BETWEEN_TICKS == 0:
            reported = _report(on_progress, done, reported, len(bars))
    if simulator.settings["close_at_end"] and simulator.positions:  # L4
        simulator.close_at_end(now)
        portfolio.rewrite_last_row()
    strategy.finish(bars[-1])
    _report(on_progress, len(bars), reported, len(bars))
    return signals


def _walk_bar(
    now: Moment,
    actions: list[Action],
    strategy: Evaluated,
    simulator: Simulator,
    magnifier: Magnifier | None,
) -> Moment:
    """One bar, or the finer bars inside it (rule 21): night, process, exits, manage.

    Gives the moment of its close: what is closed there has the time of the last finer bar.
    """
    simulator.book_nights(now)
    parts = (magnifier.inside(now) if magnifier else []) or [now]
    for place, part in enumerate(parts):
        simulator.expire(part)
        simulator.fill_asked(part)
        for action in actions if place == 0 else ():
            simulator.process(action, part)
        simulator.match_bar(part)
        simulator.manage(part)
        if part is not parts[-1]:
            simulator.settle(part)
        if simulator.is_idle:
            break
    if simulator.positions:
        for action in strategy.manage(now.index):
            simulator.process_managed(action, now)
    return replace(now, bar=now.bar._replace(time=part.bar.time))


def _report(on_progress: Progress | None, done: int, reported: int, total: int) -> int:
    """Tell how far the run is, about a hundred times; give what was told last (step PROGRESS)."""
    is_news = done == total or done - reported >= total // 100
    if on_progress is None or not is_news or done <= reported:
        return reported
    on_progress(done, total)
    return done

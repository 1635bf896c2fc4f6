"""The loop: all control flow of a run (semantics, section 2; "The order of a bar").

What goes in: candles, a plan, a strategy and the simulator. What comes out: the rows that the
simulator and its portfolio wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from omega.errors import WarmupIndexNotFound
from omega.reference.book import Moment
from omega.reference.columns import Columns
from omega.reference.simulator import Simulator
from omega.signals import Action

_BARS_BETWEEN_TICKS = 1024

Progress = Callable[[int, int], object]


class Evaluated(Protocol):
    """A strategy as the loop sees it."""

    def evaluate(self, newest: int) -> list[Action]:
        """Tell of the last bar's fills and exits, then ask for actions."""

    def finish(self, newest: int) -> None:
        """Tell of the last events."""


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


def run(
    candles: Columns,
    bars: range,
    strategy: Evaluated,
    simulator: Simulator,
    on_progress: Progress | None,
) -> int:
    """Walk the bars; give the number of actions that the strategy asked for."""
    signals = reported = 0
    portfolio = simulator.portfolio
    last = candles.candle(bars[0] - 1)
    for done, index in enumerate(bars, 1):
        bar = candles.candle(index)
        now = Moment(index, bar, last, 1.0, 1.0)
        actions = strategy.evaluate(index - 1)  # L1: it has seen bars up to the last one
        signals += len(actions)
        simulator.events.clear()
        simulator.expire(now)
        for action in actions:
            simulator.process(action, now)
        simulator.match_bar(now)
        portfolio.mark(now, simulator.positions)
        last = bar
        if done % _BARS_BETWEEN_TICKS == 0:
            reported = _report(on_progress, done, reported, len(bars))
    if simulator.settings["close_at_end"] and simulator.positions:  # L4
        simulator.close_at_end(now)
        portfolio.rewrite_last_row(simulator.positions)
    strategy.finish(bars[-1])
    _report(on_progress, len(bars), reported, len(bars))
    return signals


def _report(on_progress: Progress | None, done: int, reported: int, total: int) -> int:
    """Tell how far the run is, about a hundred times; give what was told last (step PROGRESS)."""
    is_news = done == total or done - reported >= total // 100
    if on_progress is None or not is_news or done <= reported:
        return reported
    on_progress(done, total)
    return done

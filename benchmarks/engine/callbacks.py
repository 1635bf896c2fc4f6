"""What a call into Python costs: a run against the same body called from C without a run."""

from __future__ import annotations

import itertools
import sys
from array import array
from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace

import omega
from benchmarks.engine.candles import rising
from benchmarks.engine.measure import Figure, interleaved, require
from data.generate import random_walk

BARS = 2_000_000
ROUNDS = 7


def figures() -> Iterator[Figure]:
    """Give the figures of a callback that does nothing, one that looks, and what looking makes."""
    store = rising(BARS)
    yield no_op(store)
    yield counting(store)
    yield from looking_back()


def nothing(_bar: object) -> None:
    """Do nothing."""


def no_op(store: omega.CandleStore) -> Figure:
    """Compare a run whose callback does nothing with the calls alone."""
    result = omega.run_backtest(store, nothing)
    require(result.equity.height == BARS - 1, "one equity row for each bar walked")
    times = interleaved(
        {
            "run": lambda: omega.run_backtest(store, nothing),
            "floor": lambda: deque(map(nothing, range(BARS - 1)), 0),
        },
        ROUNDS,
    )
    run, floor = times["run"], times["floor"]
    return Figure(
        "no-op on_bar, 2,000,000 bars",
        run.best / floor.best,
        "x",
        1.5,
        noise=run.noise + floor.noise,
        detail=per_bar(run.best, floor.best),
    )


class Counting(omega.Strategy):
    """Counts bars, and those that closed below the one before."""

    def init(self) -> None:
        """Start from nothing."""
        self.n = self.down = 0
        self.last = 0.0

    def on_bar(self, bar: omega.Bar) -> None:
        """Read one price and compare it."""
        self.n += 1
        close = bar.close
        if close < self.last:
            self.down += 1
        self.last = close


def counting(store: omega.CandleStore) -> Figure:
    """Compare a run whose callback reads and compares with the same body on a plain object."""
    strategy = Counting()
    omega.run_backtest(store, strategy)
    require((strategy.n, strategy.down) == (BARS - 1, 0), "each bar is counted, none closes lower")
    ready_made = SimpleNamespace(close=1.5)
    times = interleaved(
        {
            "run": lambda: omega.run_backtest(store, strategy),
            "floor": lambda: deque(map(strategy.on_bar, itertools.repeat(ready_made, BARS - 1)), 0),
        },
        ROUNDS,
    )
    run, floor = times["run"], times["floor"]
    return Figure(
        "on_bar that counts, reads and compares",
        run.best / floor.best,
        "x",
        1.5,
        noise=run.noise + floor.noise,
        detail=per_bar(run.best, floor.best),
    )


def per_bar(run: float, floor: float) -> str:
    """Say both times in nanoseconds a bar."""
    return f"{1e9 * run / BARS:.1f} ns a bar, the calls alone {1e9 * floor / BARS:.1f}"


def looking_back() -> Iterator[Figure]:
    """Count what `bar[-1].close` and a window of 20 bars make, beyond the number and the array."""
    bars, first = 20_000, 100
    frame = random_walk.candles(bars, seed=5)
    address = frame["bid_close"].to_numpy(allow_copy=False).ctypes.data
    blocks = array("q", bytes(8 * bars))
    views: set[int] = set()
    copies = [0]

    def on_bar(bar: omega.Bar) -> None:
        if bar.index < first:
            return
        before = bar[-1]
        views.add(id(bar))
        views.add(id(before))
        window = bar.close_window(20)
        copies[0] += window.ctypes.data != address + 8 * (bar.index - 19)
        copies[0] += before.close != window[-2]
        del before, window
        blocks[bar.index] = sys.getallocatedblocks()

    result = omega.run_backtest(frame, on_bar)
    require(result.stats.bars_processed == bars - 1, "every bar is walked")
    require(result.equity["time"].equals(frame["time"][1:]), "each at its time")
    gained = max(0, max(blocks[-1_000:-1]) - min(blocks[first : first + 1_000]))
    looks = bars - first - 1
    yield Figure(
        "blocks a bar left by bar[-1].close and a window",
        gained / looks,
        "blocks",
        0.01,
        detail=f"{gained} more after {looks:,} bars",
    )
    yield Figure(
        "views a bar made by looking",
        len(views) / looks,
        "views",
        0.01,
        detail=f"{len(views)} serve all bars",
    )
    yield Figure("windows that are copies", float(copies[0]), "", 0.0, detail="by address")

"""What the loop itself costs, without the strategy: time, share of a run, memory, growth."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import omega
from benchmarks.engine.candles import rising
from benchmarks.engine.measure import Figure, interleaved, require

BARS = 20_000
FEW, MANY = 200_000, 20_000_000
MEGABYTE = 2**20


def figures() -> Iterator[Figure]:
    """Give the figures of the loop."""
    yield alone()
    yield beside_a_strategy()
    yield memory()
    yield growth()


def nothing(_bar: object) -> None:
    """Do nothing."""


def alone() -> Figure:
    """Time the loop with a strategy that never trades, without its callbacks."""
    store = rising(BARS)
    spent: list[float] = []

    def run() -> None:
        spent.append(omega.run_backtest(store, nothing).stats.total_time_ms)

    times = interleaved(
        {"run": run, "floor": lambda: deque(map(nothing, range(BARS - 1)), 0)}, rounds=40
    )
    require(omega.run_backtest(store, nothing).orders.is_empty(), "nothing is traded")
    floor = 1e3 * times["floor"].best
    return Figure(
        "loop of 20,000 bars, callbacks excluded",
        min(spent) - floor,
        "ms",
        1.0,
        noise=times["run"].noise,
        detail=f"{min(spent):.2f} ms, of which the calls {floor:.2f}; tables included",
    )


class Thinking(omega.Strategy):
    """Spends about 6 microseconds a bar, and never trades."""

    def init(self) -> None:
        """Start from nothing."""
        self.total = 0.0

    def on_bar(self, bar: omega.Bar) -> None:
        """Add up some numbers."""
        total = bar.close
        for step in range(110):
            total += step * 0.5
        self.total += total


def beside_a_strategy() -> Figure:
    """Tell how much of a run is not the strategy, from candles to result."""
    frame = rising(BARS)
    strategy = Thinking()
    result = omega.run_backtest(frame, strategy)
    require(result.equity.height == BARS - 1, "one equity row for each bar walked")
    expected = (BARS - 1) * sum(step * 0.5 for step in range(110))
    require(strategy.total > expected, "the strategy thought on each bar")
    ready_made = SimpleNamespace(close=1.5)

    def called_from_c() -> None:
        deque(map(strategy.on_bar, itertools.repeat(ready_made, BARS - 1)), 0)

    times = interleaved(
        {"run": lambda: omega.run_backtest(frame, strategy), "floor": called_from_c}, rounds=9
    )
    run, floor = times["run"], times["floor"]
    share = 100 * (run.best - floor.best) / run.best
    noise = 100 * (run.noise + floor.noise) / 5
    return Figure(
        "everything but a strategy of 6 us a bar",
        share,
        "%",
        5.0,
        noise=noise,
        detail=f"{1e6 * floor.best / BARS:.1f} us a bar are the strategy's",
    )


PROGRAM = """
import gc
import omega
from benchmarks.engine import loop
from benchmarks.engine.candles import rising

store, strategy = rising(20_000), loop.Thinking()
omega.run_backtest(rising(100), strategy).trades
gc.collect()
before = loop.resident("VmRSS")
loop.forget_peak()
result = omega.run_backtest(store, strategy)
tables = [result.trades, result.orders, result.fills, result.equity, result.ledger]
print(max(loop.resident("VmHWM"), loop.resident("VmRSS")) - before)
"""


def memory() -> Figure:
    """Measure how far a run raises the memory of a fresh process, at its peak."""
    grown = []
    for _ in range(5):
        command = [sys.executable, "-c", PROGRAM]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        grown.append(int(told) / MEGABYTE)
    grown.sort()
    return Figure(
        "memory above the input, 20,000 bars",
        grown[0],
        "MB",
        3.0,
        noise=0.0,
        detail=f"peak of a fresh process; {grown[0]:.2f} to {grown[-1]:.2f} in {len(grown)}",
    )


def resident(field: str) -> int:
    """Give a size of this process in bytes, as Linux tells it; 0 elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return 1_024 * next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


def forget_peak() -> None:
    """Let the peak of this process begin anew, where the system can."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")


def growth() -> Figure:
    """Compare the cost of a bar in a long run with that in a short one."""
    short, long = rising(FEW), rising(MANY)
    require(omega.run_backtest(long, nothing).equity.height == MANY - 1, "every bar is walked")

    def a_hundred_short_ones() -> None:
        for _ in range(MANY // FEW):
            omega.run_backtest(short, nothing)

    times = interleaved(
        {"long": lambda: omega.run_backtest(long, nothing), "short": a_hundred_short_ones}, rounds=5
    )
    ratio = times["long"].best / times["short"].best
    return Figure(
        "cost of a bar, 20,000,000 bars over 200,000",
        ratio,
        "x",
        1.15,
        noise=times["long"].noise + times["short"].noise,
        detail=f"{1e9 * times['long'].best / MANY:.1f} ns a bar",
    )

"""Run one engine in a process of its own and print what it cost, as a line of JSON.

Imported in every engine's own environment, so it needs nothing but NumPy.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Prices = npt.NDArray[np.float64]

FAST, SLOW = 20, 50
HIGHS, FOLLOWS = 60, 200.0
"""The stop that follows by hand: bars whose high is reached at an entry, and its distance."""
CASH = 1e9
MINUTE = 60_000_000_000
START = 1_577_836_800_000_000_000  # 2020-01-01 in nanoseconds since 1970
WARM_UP = 2_000
TURNS, TURNS_AT_MOST, SECONDS = 3, 20, 0.2


@dataclass(frozen=True)
class Bars:
    """One symbol in one-minute bars, named by the time they open."""

    open: Prices
    high: Prices
    low: Prices
    close: Prices

    @classmethod
    def read(cls, path: Path, count: int) -> Bars:
        """Read the first `count` bars of a file."""
        return cls(*(np.ascontiguousarray(row[:count]) for row in np.load(path, mmap_mode="r")))

    def first(self, count: int) -> Bars:
        """Give the first `count` bars."""
        return Bars(self.open[:count], self.high[:count], self.low[:count], self.close[:count])

    def times(self) -> npt.NDArray[np.int64]:
        """Give when each bar opens, in nanoseconds since 1970."""
        return START + MINUTE * np.arange(len(self.close), dtype=np.int64)

    def stamps(self) -> npt.NDArray[np.datetime64]:
        """Give the same as times of NumPy."""
        return self.times().view("datetime64[ns]")


@dataclass(frozen=True)
class Answer:
    """What all engines must agree on: the trades that a cross has closed, and their profits."""

    trades: int
    profit: float

    @classmethod
    def of(cls, profits: Any) -> Answer:  # noqa: ANN401 - whatever sequence an engine has
        """Count and add the profits of the closed trades, in the order of their exits."""
        profits = np.asarray(profits, dtype=np.float64)
        return cls(len(profits), float(profits.sum()))


@dataclass(frozen=True)
class Cost:
    """What one engine needed."""

    version: str
    python: str
    bars: int
    answer: Answer
    load: float  # nanoseconds of processor time a bar, from NumPy columns to the engine's input
    run: float  # the same, from that input to the list of trades
    wall: float  # the run by the clock
    memory: float  # bytes a bar that the run needs beside its input
    peak: float  # megabytes of the whole process at its largest


def measure(
    package: str | None,
    load: Callable[[Bars], Any],
    run: Callable[[Any], Any],
    answer: Callable[[Any], Answer],
) -> None:
    """Measure an engine as the command line has it, and print its cost.

    Args:
        package: Name of the distribution whose version is reported; None has none.
        load: Bring the columns into the form that the engine's documentation starts from.
        run: Do everything else, up to the engine's table of trades.
        answer: Read that table; this is not timed.

    The least of several turns counts, for noise only adds; what is over at once gets more of them.
    """
    asked = argparse.ArgumentParser()
    asked.add_argument("bars", type=Path)
    asked.add_argument("count", type=int)
    asked.add_argument("form", nargs="?")
    words = asked.parse_args()
    bars = Bars.read(words.bars, words.count)
    answer(run(load(bars.first(WARM_UP))))  # compilers, caches and imports are not measured
    loads: list[float] = []
    runs: list[float] = []
    walls: list[float] = []
    needed: list[int] = []
    found: list[Answer] = []
    while len(runs) < TURNS or (sum(runs) < SECONDS and len(runs) < TURNS_AT_MOST):
        ready, took, _wall = _timed(partial(load, bars))
        loads.append(took)
        before = _fresh_peak()
        done, took, wall = _timed(partial(run, ready))
        needed.append(_peak() - before)
        runs.append(took)
        walls.append(wall)
        found.append(answer(done))
        ready = done = None  # the next turn begins with nothing
    assert len(set(found)) == 1, f"answers differ from run to run: {found}"  # noqa: S101 - a check
    per_bar = 1e9 / words.count
    cost = Cost(
        version=version(package) if package else "",
        python=platform.python_version(),
        bars=words.count,
        answer=found[0],
        load=min(loads) * per_bar,
        run=min(runs) * per_bar,
        wall=min(walls) * per_bar,
        memory=needed[0] / words.count,  # later runs find memory that the first one has freed
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    )
    print(json.dumps(asdict(cost)))


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Give a call's result, its seconds of processor time on all threads, and by the clock."""
    clock, processor = time.perf_counter(), time.process_time()
    done = work()
    return done, time.process_time() - processor, time.perf_counter() - clock


def _fresh_peak() -> int:
    """Give the bytes in use now, and begin to watch for their peak anew."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return _peak()  # the peak so far: what the run adds to it is a lower bound
    return _status("VmRSS")


def _peak() -> int:
    """Give the peak of the bytes in use."""
    try:
        return _status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

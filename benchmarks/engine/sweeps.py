"""What a sweep costs: beside a loop in C, on two cores beside one, and in memory."""

from __future__ import annotations

import resource
import sys
from typing import Any

import numpy as np

import omega
from benchmarks.compare.engines import floor
from benchmarks.compare.engines import omega as forms
from benchmarks.compare.measure import CASH, Bars
from benchmarks.compare.series import series
from benchmarks.engine.figures import Figure, best, timed
from omega.examples.sma_cross import SmaCross

PAIRS = {"fast": list(range(2, 42)), "slow": list(range(43, 68))}
FEW = 1_000
SECONDS = 0.15
"""For 1,000 pairs over 20,000 bars on two cores; other engines took 2.4 to 3.0 s."""


def figures(bars: int = 20_000, repeats: int = 3) -> list[Figure]:
    """Sweep 1,000 pairs of averages; the profits of C must be those of the table."""
    columns = Bars(*series(bars))
    frame = forms.load(columns)

    def swept(*, workers: int | None = None, hashed: bool = True) -> omega.SweepResult:
        words: dict[str, Any] = {"cash": CASH, "sizer": omega.FixedUnits(1)}
        native = omega.native("sma_cross")
        return omega.sweep(frame, native, PAIRS, workers=workers, fingerprint=hashed, **words)

    table = swept().to_polars()
    assert table["error"].null_count() == table.height, "a run failed"  # noqa: S101 - a check
    assert table.equals(swept(workers=1).to_polars()), "rows differ"  # noqa: S101 - a check
    trades, equity = np.empty(bars, floor.TRADE), np.empty(bars)

    def in_c() -> None:
        for fast in PAIRS["fast"]:
            for slow in PAIRS["slow"]:
                arrays = (columns.open, columns.close, bars)
                floor.LOOP(*arrays, fast, slow, CASH, trades, equity)

    c, numbers, hashed = best(
        lambda: timed(in_c),
        lambda: timed(lambda: swept(hashed=False)),
        lambda: timed(swept),
        repeats=repeats,
    )
    detail = f"({c:.3f} s in C on one thread)"
    return [
        Figure("1,000 pairs x 20,000 bars, metrics alone", numbers, "s", SECONDS, detail=detail),
        Figure("1,000 pairs x 20,000 bars, each result hashed", hashed, "s", SECONDS),
        memory(),
    ]


def processes(bars: int = 60_000, repeats: int = 2) -> list[Figure]:
    """Sweep a strategy in Python on two processes and on one, beginning and end included."""
    frame = forms.load(Bars(*series(bars)))
    grid = {"fast": list(range(5, 45)), "slow": [50, 70]}
    one, two = best(
        lambda: timed(lambda: omega.sweep(frame, SmaCross, grid, workers=1)),
        lambda: timed(lambda: omega.sweep(frame, SmaCross, grid, workers=2)),
        repeats=repeats,
    )
    return [Figure("a strategy in Python: one process / two", one / two, "x", at_least=1.8)]


def memory(runs: int = 20_000, bars: int = 200) -> Figure:
    """Sweep many runs; what memory grows by after the first thousand or so."""
    frame = forms.load(Bars(*series(bars)))
    seen: list[int] = []

    def look(state: omega.SweepProgress) -> None:
        if state.done >= FEW:
            seen.append(_resident())

    space = {"fast": omega.samplers.Between(2, 60), "slow": omega.samplers.Between(61, 3_000)}
    sampler = omega.samplers.Random(space, runs=runs)
    omega.sweep(frame, omega.native("sma_cross"), sampler, metrics=["sharpe"], progress=look)
    grown = (max(seen) - seen[0]) / 1e6
    return Figure(f"{runs:,} runs: memory grown after 1,000", grown, "MB", 50.0)


def _resident() -> int:
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/statm", encoding="ascii") as told:  # noqa: PTH123 - a file of the system
        return int(told.read().split()[1]) * resource.getpagesize()

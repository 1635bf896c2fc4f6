"""Goal: run after run in one process, nothing is left behind.

`HYPOTHESIS_PROFILE=long` makes 10,000 runs of each form.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import settings

import omega
from tests.support.backends import WITHOUT_CORE
from tests.support.memory import resident_own_bytes
from tests.support.sweep_strategies import Cross, walk

pytestmark = [
    pytest.mark.skipif(WITHOUT_CORE, reason="the native run is what may leak"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is not shown"),
]

RUNS = 20 * settings().max_examples
"""500, or 10,000."""


class Manager:
    """Moves the stop of what is open, in Python."""

    def manage_positions(self, positions: Sequence[Any], *_: object) -> list[omega.Modify]:
        return [omega.Modify(p.trade_id, stop_loss=0.5 * p.entry_price) for p in positions]


def forms(data: omega.CandleStore) -> dict[str, Callable[[], omega.BacktestResult]]:
    column = pl.Series(range(len(data))) % 7 == 0
    signals = omega.Signals(long_entry=column, long_exit=~column)
    cross = omega.native("sma_cross", fast=3, slow=8)
    several = {"a": Cross(fast=3, slow=8), "b": Cross(fast=4, slow=9)}
    return {
        "class": lambda: omega.run_backtest(data, Cross(fast=3, slow=8)),
        "native": lambda: omega.run_backtest(data, cross),
        "signals": lambda: omega.run_backtest(data, signals),
        "ensemble": lambda: omega.run_backtest(data, several),
        "manager": lambda: omega.run_backtest(
            data, Cross(fast=3, slow=8), position_manager=Manager()
        ),
    }


def held(temporary: Path) -> dict[str, list[str]]:
    """Open files, threads of any library, and files in the folder for temporary ones."""
    files = [named(entry) for entry in Path("/proc/self/fd").iterdir()]
    threads = [named(entry / "comm") for entry in Path("/proc/self/task").iterdir()]
    return {
        "files": sorted(files),
        "threads": sorted(threads),
        "temporary": sorted(map(str, temporary.iterdir())),
    }


def named(entry: Path) -> str:
    """What an open file is, or a thread's name; either may have ended meanwhile."""
    try:
        return str(entry.readlink()) if entry.is_symlink() else entry.read_text().strip()
    except OSError:
        return "ended"


@pytest.mark.parametrize("form", ["class", "native", "signals", "ensemble", "manager"])
def test_runs_leave_nothing_behind(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = forms(omega.CandleStore(walk(60)))[form]
    for _ in range(max(200, RUNS // 10)):
        run()
    gc.collect()
    before, memory = held(tmp_path), resident_own_bytes()
    for _ in range(RUNS):
        result = run()
    assert result.trades.height
    del result
    gc.collect()
    # A library may start a thread or open a file of its own at any moment, once; what runs leave
    # is as many as they are.
    after = held(tmp_path)
    left = {what: len(after[what]) - len(before[what]) for what in after}
    assert max(left.values()) <= RUNS // 100, (left, before, after)
    # Beside a kilobyte a run, what an allocator may take at once.
    grown = resident_own_bytes() - memory
    assert grown < 1_000 * RUNS + 4_000_000, f"{grown / RUNS:.0f} bytes a run"

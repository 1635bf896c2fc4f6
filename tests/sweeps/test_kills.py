"""Sweeps of each kind, killed at random moments, are the sweeps that nobody disturbed.

`HYPOTHESIS_PROFILE=long` kills a hundred times each.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import settings

import omega
from omega.data.cache import caching
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import Slow, walk
from tests.sweeps.test_resuming import MANY, PATH

pytestmark = [
    pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core"),
    pytest.mark.skipif(sys.platform == "win32", reason="no process groups to kill"),
]

KILLS = settings().max_examples // 5

PROGRAM = """
import multiprocessing, sys, omega
from concurrent.futures import ProcessPoolExecutor
from omega.sweeps import rows
from tests.support.sweep_strategies import Slow, walk
from tests.sweeps.test_kills import FEW, GRIDS
from tests.sweeps.test_resuming import MANY

if __name__ == "__main__":
    kind, folder = sys.argv[1:]
    rows.SECONDS, rows.AT_ONCE = 0.05, 50
    words = {"out": folder, "trades": True, "equity": True}
    print("begun", flush=True)
    if kind == "threads":
        omega.sweep(walk(4_000), omega.native("sma_cross"), GRIDS[kind], workers=2, **words)
    elif kind == "processes":
        omega.sweep(walk(300), Slow, GRIDS[kind], workers=2, **words)
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            omega.sweep(walk(300), Slow, GRIDS[kind], executor=pool, **words)
"""
FEW = {"fast": list(range(2, 42)), "slow": list(range(50, 100))}
GRIDS = {"threads": FEW, "processes": MANY, "executor": MANY}


def killed(program: Path, kind: str, folder: Path, moment: float) -> None:
    """Start a sweep and kill all of its processes at a moment of its work."""
    process = subprocess.Popen(
        [sys.executable, str(program), kind, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": PATH},
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("kind", GRIDS)
def test_a_sweep_that_is_killed_again_and_again(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMEGA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    program, folder = tmp_path / "program.py", tmp_path / "out"
    program.write_text(PROGRAM)
    whole = swept(kind, None)
    moments = random.Random(kind)  # noqa: S311 - any moment will do
    for _ in range(KILLS):
        killed(program, kind, folder, moments.uniform(0.0, 1.5))
        if len(runs_in(folder)) == whole.total:  # and begin anew, or nothing would be disturbed
            require_equal(kind, folder, whole)
            shutil.rmtree(folder)
    require_equal(kind, folder, whole)
    with caching() as cache:
        halves = [path.name for path in cache.folder.iterdir() if path.suffix == ".part"]
    assert not halves
    left = {path.name for path in tmp_path.iterdir()} - {"cache"}
    assert left == {"out", "program.py"}


def swept(kind: str, folder: Path | None) -> omega.SweepResult:
    is_native = kind == "threads"
    data = walk(4_000 if is_native else 300)
    strategy = omega.native("sma_cross") if is_native else Slow
    return omega.sweep(data, strategy, GRIDS[kind], trades=True, equity=True, workers=2, out=folder)


def runs_in(folder: Path) -> list[int]:
    parts = [pl.read_parquet(path) for path in folder.glob("runs-*.parquet")]
    return sorted(pl.concat(parts)["run"].to_list()) if parts else []


def require_equal(kind: str, folder: Path, whole: omega.SweepResult) -> None:
    """Require a folder whose sweep goes on to its end to hold what an undisturbed one has."""
    done = swept(kind, folder)
    assert done.to_polars().equals(whole.to_polars())
    assert done.trades.equals(whole.trades)
    assert done.equity.equals(whole.equity)
    assert runs_in(folder) == list(range(whole.total))

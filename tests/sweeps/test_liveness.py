"""No sweep hangs: workers that are stopped, that say nothing, or that outlive their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import omega
from omega.cluster.protocol import WorkerFailed
from omega.errors import ConfigError
from omega.sweeps import workers
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import Cross, walk
from tests.sweeps.test_resuming import PATH

pytestmark = [
    pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core"),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are not shown"),
]

ORPHANING = """
import omega, sys, time
from tests.support.sweep_strategies import walk

class Endless(omega.Strategy):
    n: int = 0

    def on_bar(self, bar):
        sys.stderr.write(f"{__import__('os').getpid()}\\n")
        while True:
            time.sleep(0.01) if self.n else None

omega.sweep(walk(300), Endless, {"n": [0, 1]}, workers=2)
"""


class Long(omega.Strategy):
    """Raises a long message, which comes back in its row."""

    name: str = ""

    def on_bar(self, bar: omega.Bar) -> None:
        """Nothing."""


class Stopped(omega.Strategy):
    """A run that stops its process, the first time or each time."""

    folder: str = ""
    times: int = 0

    def init(self) -> None:
        self.times_left()

    def times_left(self) -> None:
        for time_at in range(self.times):
            try:
                (Path(self.folder) / f"{self.times}-{time_at}").touch(exist_ok=False)
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGSTOP)

    def on_bar(self, bar: omega.Bar) -> None:
        """Nothing."""


class Busy(omega.Strategy):
    """A run that keeps the interpreter to itself in one long call."""

    seconds: float = 0.0

    def init(self) -> None:
        began = time.monotonic()
        words = "a" * 26 + "b"
        while time.monotonic() - began < self.seconds:
            sorted(words * 400_000)

    def on_bar(self, bar: omega.Bar) -> None:
        """Nothing."""


def test_parameters_larger_than_a_pipe_fill_none() -> None:
    names = [letter * 400_000 for letter in "abcdefgh"]
    result = omega.sweep(walk(50), Long, {"name": names}, workers=2)
    assert result.failures.is_empty()
    assert result.to_polars()["name"].to_list() == names


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SILENT", 2.0)


@pytest.mark.usefixtures("_hasty")
def test_the_runs_of_a_stopped_worker_are_made_again(tmp_path: Path) -> None:
    grid = [{"times": times, "folder": str(tmp_path)} for times in (0, 1, 2, 0, 0)]
    result = omega.sweep(walk(50), Stopped, grid, workers=2)
    errors = result.to_polars()["error"].to_list()
    told = "WorkerFailed: 2 processes gave no sign of life in this run"
    assert errors == [None, None, told, None, None]


@pytest.mark.usefixtures("_hasty")
def test_a_run_that_keeps_the_interpreter_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SILENT", 0.5)
    result = omega.sweep(walk(50), Busy, {"seconds": [4.0, 0.0]}, workers=2)
    assert result.failures.is_empty()


@pytest.mark.usefixtures("nothing_in_gc")
def test_an_interrupt_ends_a_sweep_whose_workers_are_stopped(tmp_path: Path) -> None:
    grid = [{"times": 9, "folder": str(tmp_path)}] * 2
    took: list[float] = []

    def interrupt() -> None:
        while len(list(tmp_path.iterdir())) < 1:
            time.sleep(0.05)
        time.sleep(0.5)
        took.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    result = omega.sweep(walk(50), Stopped, grid, workers=2)
    assert time.monotonic() - took[0] < 5.0  # 0.2 s, and room for a busy machine
    assert result.interrupted
    thread.join()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent_whatever_they_are_at(how: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANING],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATH},
    )
    assert parent.stderr is not None
    children = [int(parent.stderr.readline()) for _ in range(2)]
    parent.send_signal(how)
    parent.wait()
    parent.stderr.close()
    until = time.monotonic() + 30.0
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < until, "they live on"
        time.sleep(0.05)


def test_forked_workers_are_refused_and_spawned_ones_are_taken() -> None:
    column = pl.Series(np.arange(300) % 7 == 0)
    signals = omega.Signals(long_entry=column, long_exit=~column)
    data, grid = walk(300), {"seed": [1, 2]}
    with (
        ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as forking,
        pytest.raises(ConfigError, match="its workers are forks"),
    ):
        omega.sweep(data, signals, grid, executor=forking)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as spawning:
        made = omega.sweep(data, signals, grid, executor=spawning)
    assert made.to_polars().equals(omega.sweep(data, signals, grid).to_polars())


def test_a_broken_executor_loses_no_row_that_is_done(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    grid = {"fast": [3, 4, 5, 98]}
    data = walk(300)
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(WorkerFailed, match="has lost a worker") as caught,
    ):
        omega.sweep(data, Dying, grid, executor=pool, out=tmp_path)
    assert caught.value.result.to_polars()["run"].to_list() == [0, 1, 2]
    done = pl.concat([pl.read_parquet(path) for path in tmp_path.glob("runs-*.parquet")])
    assert sorted(done["run"].to_list()) == [0, 1, 2]


class Dying(Cross):
    """A run that takes its process with it."""

    def init(self) -> None:
        if self.fast == 98:
            time.sleep(1.0)
            os._exit(3)
        super().init()

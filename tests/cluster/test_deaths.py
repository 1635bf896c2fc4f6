"""Workers and drivers that are killed and stopped on real engines: nothing is lost or made twice.

No test waits for a time: what must happen has happened when a row or a note is there, and the
limits are only for what never ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.cluster import batches
from omega.cluster.protocol import Failure, Ticket
from omega.errors import StateSyncError
from tests.support.backends import WITHOUT_CORE
from tests.support.cluster_strategies import Chancy, Deadly, Noted, executions
from tests.support.clusters import ENDLESS, FAST, OF_WORKERS, Watched, at_row, noted
from tests.support.sweep_strategies import Cross, walk

pytestmark = [
    pytest.mark.filterwarnings("default"),  # engines warn of themselves
    pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core"),
    pytest.mark.skipif(sys.platform == "win32", reason="no signals to stop workers with"),
]

LIMIT = 600.0
"""Seconds after which something has failed, on the busiest of machines."""


def test_a_worker_that_is_killed_loses_nothing(mortal: Any, tmp_path: Path) -> None:
    def kill() -> None:
        os.kill(executions(tmp_path)[0][2], signal.SIGKILL)

    made = omega.sweep(walk(300), Noted, noted(tmp_path), executor=mortal, progress=at_row(2, kill))
    assert made.failures.is_empty()
    local = omega.sweep(walk(300), Cross, {"fast": FAST}, workers=1)
    assert made.to_polars()["fingerprint"].equals(local.to_polars()["fingerprint"])
    assert made.to_polars()["run"].to_list() == list(range(len(FAST)))
    assert {fast for fast, _, _ in executions(tmp_path)} == set(FAST)


def test_a_run_that_kills_its_worker_is_a_row_and_its_neighbours_are_too(
    mortal: Any, tmp_path: Path
) -> None:
    fast = [3, 4, 5, 6, 7, 8, 98, 9, 10]
    made = omega.sweep(walk(300), Deadly, noted(tmp_path, fast, 0.0), executor=mortal)
    assert made.failures.select("run", "error").rows() == [(6, "worker died 3 times")]
    alive = made.to_polars().filter(pl.col("run") != 6)
    assert alive["fast"].to_list() == [one for one in fast if one != 98]
    assert alive["fingerprint"].null_count() == 0
    by = dict(made.placement.select("run", "executions").iter_rows())
    assert by[6] >= 3


def test_when_all_workers_are_killed_new_ones_go_on(mortal: Any, tmp_path: Path) -> None:
    def kill() -> None:
        for process in {process for *_, process in executions(tmp_path)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    grid = noted(tmp_path, seconds=0.2)
    made = omega.sweep(walk(300), Noted, grid, executor=mortal, progress=at_row(3, kill))
    assert made.failures.is_empty()
    assert made.to_polars()["fast"].to_list() == FAST


@pytest.mark.alone  # how long the sweep is patient goes by how long other runs take
def test_a_worker_that_is_stopped_is_not_waited_for(mortal: Any, tmp_path: Path) -> None:
    stopped: list[int] = []
    woken = threading.Event()

    def wake() -> None:
        woken.set()
        for process in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    def stop() -> None:
        stopped.append(executions(tmp_path)[0][2])
        os.kill(stopped[0], signal.SIGSTOP)

    limit = threading.Timer(LIMIT, wake)
    limit.start()
    try:
        grid = noted(tmp_path)
        made = omega.sweep(walk(300), Noted, grid, executor=mortal, progress=at_row(2, stop))
        assert not woken.is_set(), "the sweep waited for it"
    finally:
        limit.cancel()
        wake()
    assert made.failures.is_empty()
    assert made.to_polars()["run"].to_list() == list(range(len(FAST)))
    assert stopped


DRIVER = """
import sys
import omega
from omega.cluster import batches
from omega.sweeps import rows
from tests.support.cluster_strategies import Noted
from tests.support.sweep_strategies import walk

kind, reached, notes, out = sys.argv[1:]
cluster = getattr(omega.cluster, kind)(reached)
rows.SECONDS = 0.05
batches.PATIENCE = 1e9
grid = {"fast": list(range(2, 42)), "folder": [notes], "seconds": [0.15]}
omega.sweep(walk(300), Noted, grid, executor=cluster, out=out)
"""


def test_a_driver_that_is_killed_goes_on(
    engine: tuple[str, Any], mortal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PATIENCE", ENDLESS)  # no second copy of what is slow
    notes, out, complaints = tmp_path / "notes", tmp_path / "out", tmp_path / "complaints"
    notes.mkdir()
    with (
        complaints.open("wb") as told,
        subprocess.Popen(
            [sys.executable, "-c", DRIVER, *engine, str(notes), str(out)],
            env={**os.environ, **OF_WORKERS},
            stdout=told,
            stderr=told,
        ) as driver,
    ):
        try:
            until = time.monotonic() + LIMIT
            while len(list(out.glob("runs-*.parquet"))) < 2:
                assert driver.poll() is None, complaints.read_text()
                assert time.monotonic() < until, complaints.read_text()
                time.sleep(0.02)
        finally:
            driver.kill()
            driver.wait()
    there = pl.concat([pl.read_parquet(path) for path in out.glob("runs-*.parquet")])
    grid = noted(notes, range(2, 42), 0.15)
    made = omega.sweep(walk(300), Noted, grid, executor=mortal, out=out)
    assert made.to_polars()["fast"].to_list() == list(range(2, 42))
    assert made.placement.height == 40 - there.height
    assert not {*made.placement["run"]} & {*there["run"]}
    times = Counter(fast for fast, _, _ in executions(notes))
    assert {times[fast] for fast in there["fast"]} == {1}


class Releasing(Watched):
    """A cluster that lets the run go on which waits for others, once those are answered."""

    def __init__(self, inner: Any, release: Path) -> None:
        super().__init__(inner)
        self.release, self.answers = release, 0

    def done(self, timeout: float) -> list[tuple[Ticket, bytes | Failure]]:
        found = list(super().done(timeout))
        self.answers += len(found)
        if self.answers >= 3:  # the quick run, and both copies of the other
            self.release.touch()
        return found


def test_a_run_with_two_results_is_an_error(
    dask_client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PATIENCE", 0.0)
    monkeypatch.setattr(batches, "SLOW", 0.0)
    notes = tmp_path / "notes"
    notes.mkdir()
    cluster = Releasing(omega.cluster.dask(dask_client), notes / "released")
    with pytest.raises(StateSyncError, match=r"not deterministic: run 1 was made twice") as caught:
        omega.sweep(walk(300), Chancy, noted(notes, [3, 4, 5], 0.0), executor=cluster)
    assert caught.value.result.to_polars().height >= 1

"""What a sweep on a real engine has to survive: its rows are those of one machine, each once."""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.cluster import batches, hello
from omega.cluster.protocol import Failure, Handle, Ticket, WorkerFailed
from omega.cluster.worker import Answer
from omega.errors import ConfigError, StateSyncError
from tests.cluster.conftest import OF_WORKERS
from tests.support.backends import WITHOUT_CORE
from tests.support.cluster_strategies import Chancy, Deadly, Noted, executions
from tests.support.object_store import object_store
from tests.support.sweep_strategies import GRID, Cross, walk

pytestmark = [
    pytest.mark.filterwarnings("default"),  # engines warn of themselves
    pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core"),
    pytest.mark.skipif(sys.platform == "win32", reason="no signals to stop workers with"),
]

FAST = list(range(2, 14))


def require_same(made: omega.SweepResult, local: omega.SweepResult) -> None:
    """Require the rows of one machine, but for the folder of notes."""
    assert made.failures.equals(local.failures)
    assert made.to_polars().equals(local.to_polars())
    assert made.to_polars()["run"].to_list() == list(range(local.total))


def at_row(k: int, act: Callable[[], object]) -> Callable[[omega.SweepProgress], None]:
    """Do something once, when so many rows are there."""
    done: list[object] = []

    def look(state: omega.SweepProgress) -> None:
        if state.done >= k and not done:
            done.append(act())

    return look


def noted(folder: Path, fast: Sequence[int] = FAST, seconds: float = 0.1) -> dict[str, Any]:
    return {"fast": list(fast), "folder": [str(folder)], "seconds": [seconds]}


@pytest.mark.parametrize("strategy", [Cross, omega.native("sma_cross")], ids=["Python", "core"])
def test_rows_are_those_of_one_machine(cluster: Any, strategy: Any) -> None:
    words: dict[str, Any] = {"trades": True, "equity": True, "costs": omega.Costs(fee_percent=0.1)}
    made = omega.sweep(walk(300), strategy, GRID, executor=cluster, **words)
    local = omega.sweep(walk(300), strategy, GRID, workers=2, **words)
    require_same(made, local)
    assert made.trades.equals(local.trades)
    assert made.equity.equals(local.equity)
    assert set(made.placement["executions"]) <= {1, 2}, "twice where a machine is slow to begin"
    assert made.placement["run"].to_list() == list(range(6))
    assert "made by" in made._repr_html_()
    if strategy is Cross:
        processes = omega.sweep(walk(300), strategy, GRID, workers=1, **words)
        require_same(made, processes)


def test_a_worker_that_is_killed_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    def kill() -> None:
        os.kill(executions(tmp_path)[0][2], signal.SIGKILL)

    made = omega.sweep(
        walk(300), Noted, noted(tmp_path), executor=cluster, progress=at_row(2, kill)
    )
    assert made.failures.is_empty()
    local = omega.sweep(walk(300), Cross, {"fast": FAST}, workers=1)
    assert made.to_polars()["fingerprint"].equals(local.to_polars()["fingerprint"])
    assert made.to_polars()["run"].to_list() == list(range(len(FAST)))
    assert {fast for fast, _, _ in executions(tmp_path)} == set(FAST)


def test_a_run_that_kills_its_worker_is_a_row_and_its_neighbours_are_too(
    cluster: Any, tmp_path: Path
) -> None:
    fast = [3, 4, 5, 6, 7, 8, 98, 9, 10]
    made = omega.sweep(walk(300), Deadly, noted(tmp_path, fast, 0.0), executor=cluster)
    assert made.failures.select("run", "error").rows() == [(6, "worker died 3 times")]
    alive = made.to_polars().filter(pl.col("run") != 6)
    assert alive["fast"].to_list() == [one for one in fast if one != 98]
    assert alive["fingerprint"].null_count() == 0
    by = dict(made.placement.select("run", "executions").iter_rows())
    assert by[6] >= 3


def test_when_all_workers_are_killed_new_ones_go_on(cluster: Any, tmp_path: Path) -> None:
    def kill() -> None:
        for process in {process for *_, process in executions(tmp_path)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    grid = noted(tmp_path, seconds=0.2)
    made = omega.sweep(walk(300), Noted, grid, executor=cluster, progress=at_row(3, kill))
    assert made.failures.is_empty()
    assert made.to_polars()["fast"].to_list() == FAST


def test_a_worker_that_is_stopped_is_not_waited_for(cluster: Any, tmp_path: Path) -> None:
    stopped: list[int] = []

    def stop() -> None:
        stopped.append(executions(tmp_path)[0][2])
        os.kill(stopped[0], signal.SIGSTOP)

    try:
        began = time.monotonic()
        made = omega.sweep(
            walk(300), Noted, noted(tmp_path), executor=cluster, progress=at_row(2, stop)
        )
        assert time.monotonic() - began < 120
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(stopped[0], signal.SIGCONT)
    assert made.failures.is_empty()
    assert made.to_polars()["run"].to_list() == list(range(len(FAST)))
    assert stopped


def test_strategies_come_from_anywhere(cluster: Any, tmp_path: Path) -> None:
    module = tmp_path / "of_my_own.py"
    module.write_text(
        "import omega\nfrom my_helper import size\n\n"
        "class Mine(omega.Strategy):\n"
        "    fast: int = 3\n\n"
        "    def on_bar(self, bar):\n"
        "        if bar.index == self.fast:\n"
        "            self.buy(size=size())\n"
    )
    (tmp_path / "my_helper.py").write_text("def size():\n    return 2.0\n")
    of_cell: dict[str, Any] = {"__name__": "__main__", "omega": omega}
    exec(  # noqa: S102 - as a notebook does
        module.read_text().replace("from my_helper import size", "size = lambda: 2.0"), of_cell
    )
    sys.path.insert(0, str(tmp_path))
    try:
        mine = importlib.import_module("of_my_own").Mine
        for kind in (mine, of_cell["Mine"]):
            made = omega.sweep(walk(60), kind, {"fast": [3, 5]}, executor=cluster)
            require_same(made, omega.sweep(walk(60), kind, {"fast": [3, 5]}, workers=1))
            assert made.failures.is_empty()
    finally:
        sys.path.remove(str(tmp_path))
        for name in ("of_my_own", "my_helper"):
            sys.modules.pop(name, None)


def test_a_run_with_two_results_is_an_error(
    dask_client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PATIENCE", 0.0)
    monkeypatch.setattr(batches, "SLOW", 0.0)
    grid = noted(tmp_path, [3, 4, 5], 0.5)
    with pytest.raises(StateSyncError, match=r"not deterministic: run . was made twice") as caught:
        omega.sweep(walk(300), Chancy, grid, executor=omega.cluster.dask(dask_client))
    assert caught.value.result.to_polars().height >= 1


def test_a_worker_with_other_software_is_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = {**hello.own(), "Omega": "0.0.1"}
    monkeypatch.setattr(hello, "own", lambda: theirs)
    with pytest.raises(WorkerFailed, match=r"other software: Omega .*, the driver has 0\.0\.1"):
        omega.sweep(walk(60), Cross, GRID, executor=cluster)


DRIVER = """
import sys
import omega
from omega.sweeps import rows
from tests.support.cluster_strategies import Noted
from tests.support.sweep_strategies import walk

kind, reached, notes, out = sys.argv[1:]
cluster = getattr(omega.cluster, kind)(reached)
rows.SECONDS = 0.05
grid = {"fast": list(range(2, 42)), "folder": [notes], "seconds": [0.15]}
omega.sweep(walk(300), Noted, grid, executor=cluster, out=out)
"""


def test_a_driver_that_is_killed_goes_on(
    engine: tuple[str, Any], cluster: Any, tmp_path: Path
) -> None:
    notes, out = tmp_path / "notes", tmp_path / "out"
    notes.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, *engine, str(notes), str(out)],
        env={**os.environ, **OF_WORKERS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as driver:
        until = time.monotonic() + 120
        while len(list(out.glob("runs-*.parquet"))) < 2:
            assert driver.poll() is None, "it ended by itself"
            assert time.monotonic() < until
            time.sleep(0.02)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    there = pl.concat([pl.read_parquet(path) for path in out.glob("runs-*.parquet")])
    time.sleep(1.5)  # what was begun for the dead one may end
    grid = noted(notes, range(2, 42), 0.15)
    made = omega.sweep(walk(300), Noted, grid, executor=cluster, out=out)
    assert made.to_polars()["fast"].to_list() == list(range(2, 42))
    assert made.placement.height == 40 - there.height
    times = Counter(fast for fast, _, _ in executions(notes))
    assert {times[fast] for fast in there["fast"]} == {1}


class Watched:
    """A cluster whose answers are read on their way."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.fetched: Counter[tuple[str, str]] = Counter()
        self.batches = 0

    def slots(self) -> int:
        return int(self.inner.slots())

    def put(self, name: str, content: bytes | Path) -> Handle:
        return self.inner.put(name, content)  # type: ignore[no-any-return]  # as it is

    def submit(self, handle: Handle, batch: bytes) -> Ticket:
        self.batches += 1
        return self.inner.submit(handle, batch)  # type: ignore[no-any-return]  # as it is

    def done(self, timeout: float) -> Sequence[tuple[Ticket, bytes | Failure]]:
        found: Sequence[tuple[Ticket, bytes | Failure]] = self.inner.done(timeout)
        for _, answer in found:
            if isinstance(answer, bytes):
                said: Answer = pickle.loads(answer)  # noqa: S301 - of this test
                self.fetched.update((said.worker, name) for name in said.fetched)
        return found

    def cancel(self, tickets: Iterable[Ticket]) -> None:
        self.inner.cancel(tickets)

    def close(self) -> None:
        self.inner.close()


def test_a_machine_fetches_candles_once_and_again_where_they_are_damaged(
    engine: tuple[str, Any], cluster: Any, node_cache: Path
) -> None:
    data = {"A": walk(300, seed=len(engine[0])), "B": walk(300, seed=70 + len(engine[0]))}
    watched = Watched(cluster)
    first = omega.sweep(data, Cross, GRID, executor=watched)
    assert first.failures.is_empty()
    assert [*watched.fetched.values()] == [1, 1], "two files, whoever of the workers was first"
    omega.sweep(data, Cross, {"fast": [4, 6]}, executor=watched)
    assert watched.fetched.total() == 2
    name = next(iter(watched.fetched))[1]
    with (node_cache / f"{name}.arrow").open("r+b") as file:
        file.seek(3_000)
        file.write(b"\xff" * 64)
    again = omega.sweep(data, Cross, GRID, executor=watched)
    require_same(again, first)
    assert watched.fetched.total() == 3


def test_machines_with_caches_of_their_own_fetch_once_each(
    dask_client: Any, node_cache: Path, tmp_path: Path
) -> None:
    def use(folder: str) -> None:
        import os  # noqa: PLC0415 - it runs on a worker

        os.environ["OMEGA_CACHE"] = folder

    workers = list(dask_client.nthreads())
    try:
        for place, worker in enumerate(workers):
            dask_client.run(use, str(tmp_path / f"node-{place}"), workers=[worker])
        watched = Watched(omega.cluster.dask(dask_client))
        made = omega.sweep(
            walk(300, seed=73), Noted, noted(tmp_path, seconds=0.3), executor=watched
        )
    finally:
        dask_client.run(use, str(node_cache))
    assert made.failures.is_empty()
    assert [*watched.fetched.values()] == [1, 1]
    assert len(watched.fetched) == 2


def test_candles_at_an_address_are_read_from_there(
    engine: tuple[str, Any], cluster: Any, tmp_path: Path
) -> None:
    seed = 80 + len(engine[0])
    walk(300, seed=seed).write_parquet(tmp_path / "candles.parquet")
    watched = Watched(cluster)
    with object_store() as store:
        store.objects["bucket/candles.parquet"] = (tmp_path / "candles.parquet").read_bytes()
        data = omega.Dataset("s3://bucket/candles.parquet", storage_options=store.options)
        made = omega.sweep(data, Cross, GRID, executor=watched)
    assert watched.fetched.total() == 1
    local = omega.sweep(walk(300, seed=seed), Cross, GRID, workers=1)
    assert made.failures.is_empty()
    assert made.to_polars()["fingerprint"].equals(local.to_polars()["fingerprint"])


def test_a_second_driver_is_refused(cluster: Any, tmp_path: Path) -> None:
    notes, out = tmp_path / "notes", tmp_path / "out"
    notes.mkdir()

    def second() -> None:
        with pytest.raises(ConfigError, match="a sweep writes to"):
            omega.sweep(walk(300), Noted, noted(notes), executor=cluster, out=out)

    made = omega.sweep(
        walk(300), Noted, noted(notes), executor=cluster, out=out, progress=at_row(1, second)
    )
    assert len(made) == len(FAST)

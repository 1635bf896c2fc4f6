"""The loop itself, on pools of threads: what needs no engine of its own."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

import omega
from omega.cluster import batches, driver
from omega.cluster.batches import Batch, Sizes
from omega.cluster.protocol import DIED, MEMORY, RAISED, Failure, Handle, Ticket, WorkerFailed
from omega.errors import ConfigError
from tests.support.backends import WITHOUT_CORE
from tests.support.cluster_strategies import Noted
from tests.support.clusters import OF_WORKERS, Watched, noted, require_same
from tests.support.sweep_strategies import GRID, Cross, walk

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")

SPACE = {"fast": omega.samplers.Between(3, 30), "slow": omega.samplers.Between(40, 90)}


class Job:
    """What a pool that is only like an Executor gives: no real future."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def done(self) -> bool:
        return True

    def result(self) -> object:
        return self._call()


class Jobs:
    """Such a pool."""

    def submit(self, function: Callable[..., object], *given: object) -> Job:
        return Job(lambda: function(*given))


class Failing(Watched):
    """A pool of which something is lost now and then."""

    def __init__(self, inner: Any, failures: list[Failure | None]) -> None:
        super().__init__(inner)
        self.failures = failures

    def done(self, timeout: float) -> list[tuple[Ticket, bytes | Failure]]:
        return [
            (ticket, (self.failures.pop(0) if self.failures else None) or answer)
            for ticket, answer in super().done(timeout)
        ]


class Dying(Watched):
    """A cluster whose worker dies of each batch with a run, whoever has another copy of it."""

    def __init__(self, inner: Any, run: int) -> None:
        super().__init__(inner)
        self.run = run
        self.deadly: set[Ticket] = set()
        self.waiting: list[tuple[Ticket, bytes | Failure]] = []

    def submit(self, handle: Handle, batch: bytes) -> Ticket:
        ticket = super().submit(handle, batch)
        assert self.batches < 100, "it is sent for ever"
        _, trials = pickle.loads(batch)  # noqa: S301 - of this test
        if self.run in [number for number, _ in pickle.loads(trials)]:  # noqa: S301 - as above
            self.deadly.add(ticket)
        return ticket

    def done(self, timeout: float) -> list[tuple[Ticket, bytes | Failure]]:
        died = Failure(DIED, "gone")
        self.waiting += super().done(0.0 if self.waiting else timeout)
        told, self.waiting = self.waiting[:1], self.waiting[1:]  # no two at the same moment
        return [(ticket, died if ticket in self.deadly else answer) for ticket, answer in told]


def threads(pool: Executor, folder: Path, **words: int) -> Any:
    return omega.cluster.futures(pool, shared=folder, **words)


def test_a_pool_that_gives_no_futures_is_refused_and_taken_with_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gave Job, expected .* omega\.cluster\.futures\(pool"):
        omega.sweep(walk(60), Cross, GRID, executor=Jobs())  # type: ignore[arg-type]  # refused
    with pytest.raises(ConfigError, match="does not state how many calls it runs at once"):
        omega.cluster.futures(Jobs(), shared=tmp_path)
    taken = omega.cluster.futures(Jobs(), shared=tmp_path, slots=2)
    made = omega.sweep(walk(300), Cross, GRID, executor=taken)
    require_same(made, omega.sweep(walk(300), Cross, GRID, workers=1))


def test_a_pool_leaves_no_file_in_the_folder_but_those_of_others(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with ThreadPoolExecutor(2) as pool:
        made = omega.sweep(walk(300), Cross, GRID, executor=threads(pool, tmp_path))
    assert made.placement["executions"].to_list() == [1] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_forks_are_refused_and_spawned_processes_taken(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        made = omega.sweep(walk(300), Cross, GRID, executor=threads(pool, tmp_path))
    require_same(made, omega.sweep(walk(300), Cross, GRID, workers=1))
    if sys.platform == "linux":
        fork = multiprocessing.get_context("fork")
        with (
            ProcessPoolExecutor(1, mp_context=fork) as pool,
            pytest.raises(ConfigError, match="its workers are forks"),
        ):
            omega.sweep(walk(300), Cross, GRID, executor=threads(pool, tmp_path))


@pytest.mark.parametrize("kind", [DIED, MEMORY])
def test_a_single_run_is_tried_three_times(tmp_path: Path, kind: str) -> None:
    lost = Failure(kind, "gone")
    with ThreadPoolExecutor(1) as pool:
        failing = Failing(threads(pool, tmp_path), [None, lost, lost, None])
        made = omega.sweep(walk(300), Cross, {"fast": [3, 5]}, executor=failing)
        assert made.failures.is_empty()
        assert made.placement["executions"].to_list() == [1, 3]
        failing = Failing(threads(pool, tmp_path), [None, lost, lost, lost])
        made = omega.sweep(walk(300), Cross, {"fast": [3, 5]}, executor=failing)
    what = "worker died" if kind == DIED else "out of memory"
    assert made.failures["error"].to_list() == [f"{what} 3 times"]
    assert made.placement.rows()[1] == (1, "", 3)


def test_copies_of_what_is_slow_do_not_keep_a_run_that_kills_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was the reason to wait for the other, on a machine that begins workers slowly."""
    monkeypatch.setattr(batches, "PATIENCE", 0.0)
    monkeypatch.setattr(batches, "SLOW", 0.0)
    notes, shared = tmp_path / "notes", tmp_path / "shared"
    notes.mkdir()
    shared.mkdir()
    with ThreadPoolExecutor(3) as pool:
        dying = Dying(threads(pool, shared), run=1)
        made = omega.sweep(walk(300), Noted, noted(notes, [3, 4, 5, 6], 0.2), executor=dying)
    assert made.failures.select("run", "error").rows() == [(1, "worker died 3 times")]


def test_a_batch_that_is_lost_is_halved(tmp_path: Path) -> None:
    batch = Batch([(number, {}) for number in range(5)])
    assert [half.numbers for half in batch.halves()] == [[0, 1], [2, 3, 4]]
    grid = {"fast": list(range(2, 30))}
    with ThreadPoolExecutor(1) as pool:
        failing = Failing(threads(pool, tmp_path), [None, None, Failure(DIED, "gone")])
        made = omega.sweep(walk(300), Cross, grid, executor=failing)
    assert made.failures.is_empty()
    again = made.placement.filter(pl.col("executions") > 1)
    assert again.height > 1, "it was more than one run"
    assert again["executions"].unique().to_list() == [2]


def test_workers_that_never_work_end_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as pool:
        raising = Failing(threads(pool, tmp_path), [Failure(RAISED, "No module named omega")] * 3)
        with pytest.raises(WorkerFailed, match="cannot begin a batch: No module named omega"):
            omega.sweep(walk(60), Cross, GRID, executor=raising)
        dying = Failing(threads(pool, tmp_path), [Failure(DIED, "exit code 1")] * 99)
        with pytest.raises(WorkerFailed, match="10 workers have ended before any run was made"):
            omega.sweep(walk(60), Cross, {"fast": list(range(2, 30))}, executor=dying)
        none = threads(pool, tmp_path)
        monkeypatch.setattr(none, "slots", lambda: 0)
        monkeypatch.setattr(driver, "WAIT", 0.3)
        with pytest.raises(WorkerFailed, match="no worker for 0 seconds"):
            omega.sweep(walk(60), Cross, GRID, executor=none)


def test_a_seeded_search_is_the_same_on_any_number_of_slots(tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="the sampler needs it")
    made = []
    for slots in (1, 4):
        with ThreadPoolExecutor(slots) as pool:
            search = omega.samplers.Optuna(SPACE, runs=12, metric="net_profit", batch=4)
            cluster = threads(pool, tmp_path)
            made.append(omega.sweep(walk(300), Cross, search, seed=7, executor=cluster))
    search = omega.samplers.Optuna(SPACE, runs=12, metric="net_profit", batch=4)
    local = omega.sweep(walk(300), Cross, search, seed=7, workers=1)
    for one in made:
        require_same(one, local)


def test_rows_reach_the_disk_while_a_long_run_goes_on(tmp_path: Path) -> None:
    out, shared = tmp_path / "out", tmp_path / "shared"
    shared.mkdir()

    class Long(Cross):
        def init(self) -> None:
            super().init()
            if self.fast == 4:
                until = time.monotonic() + 60
                while not list(out.glob("runs-*.parquet")) and time.monotonic() < until:
                    time.sleep(0.05)

    with ThreadPoolExecutor(2) as pool:
        omega.sweep(
            walk(300), Long, {"fast": [3, 4]}, executor=threads(pool, shared), out=out, version="1"
        )
    assert len(pl.read_parquet(out / "runs-*.parquet")) == 2
    assert len(list(out.glob("runs-*.parquet"))) == 2, "the short one did not wait for the long"


def test_progress_knows_the_slots(tmp_path: Path) -> None:
    seen: list[omega.SweepProgress] = []
    with ThreadPoolExecutor(2) as pool:
        grid = {"fast": list(range(2, 30))}
        omega.sweep(walk(300), Cross, grid, executor=threads(pool, tmp_path), progress=seen.append)
    assert {state.slots for state in seen} == {2}
    assert all(0 <= (state.busy or 0) <= 2 for state in seen)
    assert seen[-1].done == seen[-1].total == 28
    omega.sweep(walk(60), Cross, {"fast": [3]}, workers=1, progress=seen.append)
    assert (seen[-1].slots, seen[-1].busy) == (None, None)


def test_a_run_that_was_lost_is_made_again_by_the_same_call(tmp_path: Path) -> None:
    """Its worker may have died of the machine; a run that raises has its result."""
    out, shared = tmp_path / "out", tmp_path / "shared"
    shared.mkdir()
    words: dict[str, Any] = {"grid": {"fast": [3, 99, 5]}, "out": out, "trades": True}
    with ThreadPoolExecutor(1) as pool:
        dying = Dying(threads(pool, shared), run=2)
        first = omega.sweep(walk(300), Cross, executor=dying, **words)
        assert first.failures["run"].to_list() == [1, 2]
        assert first.failures["error"].to_list()[1] == "worker died 3 times"
        again = omega.sweep(walk(300), Cross, executor=threads(pool, shared), **words)
    assert again.placement["run"].to_list() == [2]
    local = omega.sweep(walk(300), Cross, {"fast": [3, 99, 5]}, workers=1, trades=True)
    assert again.to_polars().equals(local.to_polars())
    assert again.trades.equals(local.trades)
    with ThreadPoolExecutor(1) as pool:
        third = omega.sweep(walk(300), Cross, executor=threads(pool, shared), **words)
    assert third.to_polars().equals(local.to_polars())
    assert len(list(out.glob("runs-*.parquet"))) == 2


def test_ctrl_c_keeps_what_is_done_and_cancels_the_rest(tmp_path: Path) -> None:
    def stop(state: omega.SweepProgress) -> None:
        if state.done >= 3:
            raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as pool:
        cluster = threads(pool, tmp_path)
        # Many more than the batches that are under way may hold.
        grid = {"fast": list(range(2, 42)), "slow": list(range(50, 65))}
        made = omega.sweep(walk(300), Cross, grid, executor=cluster, progress=stop)
        assert made.interrupted
        assert 3 <= len(made) < 600
        assert omega.sweep(walk(300), Cross, grid, executor=cluster).to_polars().height == 600


def test_batches_grow_to_a_second_and_shrink_towards_the_end() -> None:
    sizes = Sizes()
    assert sizes.next(left=10_000, slots=4) == 1
    for runs in (1, 4, 16, 64, 256):
        sizes.learn(runs, runs * 0.001)
    assert sizes.next(left=100_000, slots=4) == 1_000
    assert sizes.next(left=4_000, slots=4) == 500
    assert sizes.next(left=80, slots=4) == 100, "a tenth of a second"
    batch = Batch([(0, {})] * 1_000)
    assert not sizes.is_late(batch, 2.9)
    assert sizes.is_late(batch, 3.1)
    assert not sizes.is_late(Batch([(0, {})]), 1.9), "a moment may be the machine's"


def test_native_runs_travel_in_few_messages(tmp_path: Path) -> None:
    grid = {"fast": list(range(2, 102)), "slow": list(range(150, 200))}
    with ThreadPoolExecutor(1) as pool:
        watched = Watched(threads(pool, tmp_path))
        made = omega.sweep(walk(60), omega.native("sma_cross"), grid, executor=watched)
    assert len(made) == 5_000
    assert watched.batches < 60


@pytest.mark.parametrize("given", [0, -1, 1.5, True, "x", [], float("nan")])
def test_odd_arguments_are_refused(given: Any, tmp_path: Path) -> None:
    for words in ({"slots": given}, {"slots": 1, "threads": given}, {"shared": given}):
        with pytest.raises(ConfigError, match="expected"):
            omega.cluster.futures(Jobs(), **{"shared": tmp_path, "slots": 1, **words})
    for call in (omega.cluster.ray, omega.cluster.dask):
        with pytest.raises(ConfigError, match="cpus: given"):
            call("tcp://nowhere:1", cpus=given)
    with pytest.raises(ConfigError, match="expected an address, or None"):
        omega.cluster.ray(cast("Any", b"x" if isinstance(given, str) else given))


def test_a_package_that_is_missing_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, call in (("ray", omega.cluster.ray), ("distributed", omega.cluster.dask)):
        monkeypatch.setitem(sys.modules, module, None)
        name = "on_ray" if module == "ray" else "on_dask"
        monkeypatch.delitem(sys.modules, f"omega.cluster.{name}", raising=False)
        extra = "ray" if module == "ray" else "dask"
        with pytest.raises(ConfigError, match=rf"pip install 'omega-backtest\[{extra}\]'"):
            call("tcp://nowhere:1")


OF_A_LARGE_FILE = """
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import omega
from benchmarks.cluster.__main__ import Counting, peak_memory
from benchmarks.cluster.candles import write

folder = Path(sys.argv[1])
spawn = multiprocessing.get_context("spawn")
with ProcessPoolExecutor(1, mp_context=spawn) as pool:
    pool.submit(write, folder / "candles.arrow", 4_000_000).result()
(folder / "shared").mkdir()
os.environ["OMEGA_CACHE"] = str(folder / "node")
with ProcessPoolExecutor(2, mp_context=spawn) as pool:
    list(pool.map(abs, range(4)))
    os.environ["OMEGA_CACHE"] = str(folder / "driver")
    cluster = Counting(omega.cluster.futures(pool, shared=folder / "shared"))
    few = dict(fingerprint=False, metrics=["sharpe"], executor=cluster)
    grid = {"fast": [5, 9], "slow": [20, 40]}
    with peak_memory() as peak:
        made = omega.sweep(folder / "candles.arrow", omega.native("sma_cross"), grid, **few)
assert made.failures.is_empty(), made.failures
print(max(peak) - peak[0], sum(cluster.fetched.values()), (folder / "candles.arrow").stat().st_size)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux shows what is held")
def test_a_driver_holds_little_of_its_candles_and_a_machine_reads_them_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OF_A_LARGE_FILE, str(tmp_path)],
        env={**os.environ, **OF_WORKERS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    held, fetched, size = map(int, done.stdout.split())
    assert size > 150_000_000
    assert fetched == 1
    assert held < size / 2, "the runs, and nothing of the file"


def test_the_core_imports_no_engine() -> None:
    program = (
        "import sys, omega; omega.cluster.futures; omega.sweep; "
        "print({'ray', 'distributed', 'dask'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"

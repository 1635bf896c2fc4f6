"""What a cluster costs and gains on this machine: `python -m benchmarks.cluster`.

    overhead   runs of the core on one worker process, beside the same on one thread
    workers    a strategy in Python on two worker processes, beside one
    data       a large data set: what the driver holds, and how often a machine reads it

Name some of them, or none for all. `--runs`, `--bars`, `--runs-in-python` and `--gigabytes` change
the sizes. Dask is needed; with `--ray` the first two are made with Ray.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import pickle
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import omega
from benchmarks.cluster.candles import write
from data.generate import random_walk
from omega.cluster.worker import Answer
from omega.examples.sma_cross import SmaCross

MEGABYTE = 1 << 20


@contextlib.contextmanager
def dask(workers: int) -> Iterator[omega.cluster.Cluster]:
    """Begin Dask on this machine."""
    import distributed  # noqa: PLC0415 - only where it is asked for

    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield omega.cluster.dask(client)


@contextlib.contextmanager
def ray(workers: int) -> Iterator[omega.cluster.Cluster]:
    """Begin Ray on this machine."""
    import ray as engine  # noqa: PLC0415 - as above

    engine.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    try:
        yield omega.cluster.ray()
    finally:
        engine.shutdown()


def timed(call: Callable[[], omega.SweepResult]) -> tuple[float, float, omega.SweepResult]:
    """Measure a sweep: processor time of this process, time, and the rows."""
    began, used = time.perf_counter(), time.process_time()
    made = call()
    return time.process_time() - used, time.perf_counter() - began, made


def overhead(begun: Callable[[int], Any], runs: int, bars: int) -> None:
    """Compare a worker process with a thread, in turn."""
    candles, strategy = random_walk.candles(bars, seed=5), omega.native("sma_cross")
    side = int(runs**0.5)
    grid = {"fast": list(range(2, 2 + side)), "slow": list(range(side + 5, side + 5 + side))}
    few = {name: values[:20] for name, values in grid.items()}
    pool = ThreadPoolExecutor(1)
    here, through, wall, walls = ([] for _ in range(4))
    with begun(1) as cluster, pool, tempfile.TemporaryDirectory() as shared:
        beside = omega.cluster.futures(pool, shared=shared)
        omega.sweep(candles, strategy, few, executor=cluster)
        for _ in range(2):
            used, taken, local = timed(lambda: omega.sweep(candles, strategy, grid, workers=1))
            here.append(used)
            wall.append(taken)
            used, _, made = timed(lambda: omega.sweep(candles, strategy, grid, executor=beside))
            through.append(used)
            require_same(made, local)
            _, taken, made = timed(lambda: omega.sweep(candles, strategy, grid, executor=cluster))
            walls.append(taken)
            require_same(made, local)
    count = side * side
    one, two = (min(times) / count * 1e6 for times in (here, through))
    print(f"{count:,} runs over {bars:,} bars: {one:.1f} us of processor time a run on a thread,")
    print(f"  {two:.1f} through the driver and a worker in this process: {two - one:+.1f} us")
    one, two = (min(times) / count * 1e6 for times in (wall, walls))
    print(f"  {one:.1f} us of time a run on a thread, {two:.1f} us on a worker process")


def workers(begun: Callable[[int], Any], runs: int, bars: int) -> None:
    """Compare two worker processes with one."""
    candles = random_walk.candles(bars, seed=5)
    grid = {"fast": list(range(5, 5 + runs)), "slow": [200]}
    times: dict[int, list[float]] = {}
    results = []
    for _ in range(2):
        for many in (1, 2):
            with begun(many) as cluster:
                omega.sweep(candles, SmaCross, {"fast": [3, 4], "slow": [200]}, executor=cluster)
                _, taken, made = timed(
                    lambda cluster=cluster: omega.sweep(  # type: ignore[misc]  # bound here
                        candles, SmaCross, grid, executor=cluster
                    )
                )
            times.setdefault(many, []).append(taken)
            results.append(made)
    for made in results:
        require_same(made, results[0])
    one, two = min(times[1]), min(times[2])
    print(f"{runs} runs in Python over {bars:,} bars: {one:.1f} s on one worker, {two:.1f} on two:")
    print(f"  {one / two:.2f} times as fast")


class Counting:
    """A cluster that counts what its workers fetch."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - any cluster
        self.inner, self.fetched = inner, Counter[str]()
        self.slots, self.put, self.submit = inner.slots, inner.put, inner.submit
        self.cancel, self.close = inner.cancel, inner.close

    def done(self, timeout: float) -> Any:  # noqa: ANN401 - as the cluster
        """Read the answers on their way."""
        found = self.inner.done(timeout)
        for _, answer in found:
            if isinstance(answer, bytes):
                said: Answer = pickle.loads(answer)  # noqa: S301 - of this program
                self.fetched.update(said.fetched)
        return found


def data(gigabytes: float) -> None:
    """Sweep over a large file from two workers of another machine, as far as they can tell."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "candles.arrow"
        # Elsewhere, so that what this process holds is what a driver holds.
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            pool.submit(write, file, int(gigabytes * 1e9 / 40)).result()
        size = file.stat().st_size
        os.environ["OMEGA_CACHE"] = str(Path(folder) / "node")
        with dask(2) as cluster:
            os.environ["OMEGA_CACHE"] = str(Path(folder) / "driver")
            counting = Counting(cluster)
            before = own_memory()
            with peak_memory() as peak:
                _, taken, made = timed(
                    lambda: omega.sweep(
                        file,
                        omega.native("sma_cross"),
                        {"fast": [5, 9], "slow": [20, 40]},
                        executor=counting,
                        fingerprint=False,
                        metrics=["sharpe"],
                    )
                )
    print(f"{size / 1e9:.2f} GB, {len(made)} runs in {taken:.0f} s, {made.failures.height} failed;")
    print(
        f"  fetched {dict(counting.fetched)}; the driver had {before / MEGABYTE:.0f} MB of its own"
    )
    print(f"  before and {max(peak) / MEGABYTE:.0f} MB at most")


def own_memory() -> int:
    """Give the bytes that this process holds alone; files that are mapped do not count."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) * 1024


@contextlib.contextmanager
def peak_memory() -> Iterator[list[int]]:
    """Look at the memory of this process, all the time."""
    seen, ended = [own_memory()], threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            seen.append(own_memory())

    thread = threading.Thread(target=look)
    thread.start()
    yield seen
    ended.set()
    thread.join()


def require_same(one: omega.SweepResult, other: omega.SweepResult) -> None:
    """Stop where rows differ: such a time means nothing."""
    if not one.to_polars().equals(other.to_polars()):
        raise SystemExit("rows differ")


def main() -> None:
    """Measure what is asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("figures", nargs="*", choices=["overhead", "workers", "data", []])
    words.add_argument("--runs", type=int, default=100_000)
    words.add_argument("--bars", type=int, default=2_000)
    words.add_argument("--runs-in-python", type=int, default=60)
    words.add_argument("--gigabytes", type=float, default=3.0)
    words.add_argument("--ray", action="store_true")
    given = words.parse_args()
    wanted = given.figures or ["overhead", "workers", "data"]
    begun = ray if given.ray else dask
    if "overhead" in wanted:
        overhead(begun, given.runs, given.bars)
    if "workers" in wanted:
        workers(begun, given.runs_in_python, 20_000)
    if "data" in wanted:
        data(given.gigabytes)


if __name__ == "__main__":
    main()

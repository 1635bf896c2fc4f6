"""What tests of clusters share: engines on this machine, grids of noted runs, and a close look."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import omega
from omega.cluster.protocol import Failure, Handle, Ticket
from omega.cluster.worker import Answer
from tests.sweeps.test_resuming import PATH

FAST = list(range(2, 14))

ENDLESS = 1e9
"""Seconds that nobody waits."""

OF_WORKERS = {
    "PYTHONPATH": PATH,
    "RAY_AUTH_MODE": "disabled",
    "RAY_memory_monitor_refresh_ms": "0",  # what else is on this machine ends no worker
}


class Engines:
    """Real engines on this machine, begun when first asked for; their cache is not the driver's.

    Who has killed or stopped workers ends the engine, so that no test gets what another one left.
    """

    def __init__(self, cache: Path) -> None:
        self._environment = {**OF_WORKERS, "OMEGA_CACHE": str(cache)}
        self._begun: dict[str, tuple[Any, contextlib.ExitStack]] = {}

    def reached(self, name: str) -> Any:
        """Give what an engine is reached by: the address of Ray, a client of Dask."""
        if name not in self._begun:
            with contextlib.ExitStack() as stack:
                by = self._ray(stack) if name == "ray" else self._dask(stack)
                self._begun[name] = by, stack.pop_all()
        return self._begun[name][0]

    def end(self, name: str) -> None:
        """End an engine, if it was begun; the next use gets a new one."""
        if name in self._begun:
            self._begun.pop(name)[1].close()

    def _ray(self, stack: contextlib.ExitStack) -> str:
        """Begin Ray, which gives up after 30 seconds: too few for a machine that is busy."""
        ray = pytest.importorskip("ray", reason="needs pip install 'omega-backtest[ray]'")
        why = ""
        with pytest.MonkeyPatch.context() as patched:  # workers are begun by one that begins now
            for name, value in self._environment.items():
                patched.setenv(name, value)
            for _ in range(4):
                try:
                    begun = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
                except Exception as problem:  # noqa: BLE001 - it has no kind of its own
                    ray.shutdown()
                    why = str(problem)
                else:
                    stack.callback(ray.shutdown)
                    return str(begun.address_info["gcs_address"])
        pytest.skip(f"Ray does not begin on this machine: {why}")

    def _dask(self, stack: contextlib.ExitStack) -> Any:
        """Begin Dask: two processes of two threads, whose successors get the same environment."""
        distributed = pytest.importorskip(
            "distributed", reason="needs pip install 'omega-backtest[dask]'"
        )
        dask = pytest.importorskip("dask")
        changed = {f"distributed.comm.timeouts.{name}": "300s" for name in ("connect", "tcp")}
        if "forkserver" in multiprocessing.get_all_start_methods():  # one import for all workers
            changed["distributed.worker.multiprocessing-method"] = "forkserver"
        stack.enter_context(dask.config.set(changed))
        cluster = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            dashboard_address=None,
            env=self._environment,
        )
        stack.enter_context(cluster)
        return stack.enter_context(distributed.Client(cluster, set_as_default=False))


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
    """Give a grid of runs that leave a note and take a moment."""
    return {"fast": list(fast), "folder": [str(folder)], "seconds": [seconds]}

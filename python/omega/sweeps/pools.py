"""Runs on an executor of the user's own: any `concurrent.futures.Executor` that does not fork.

A fork copies the memory of a process and none of its threads, so that the first call of Polars
may wait for ever for one that is not there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.errors import ConfigError
from omega.sweeps.core import Numbered
from omega.sweeps.spec import Parameters, Row, SweepSpec, TrialRunner
from omega.sweeps.workers import WorkerFailed

AT_ONCE = 256
"""Runs that are handed over before the first of them is awaited."""

LOOK = 0.05
"""Seconds after which a wait is taken up again: the handler that Polars installs lets no signal end
one, so that Ctrl-C is heard between two."""

_runners: dict[str, TrialRunner] = {}
"""What this process has unpacked, by hash: a spec comes with every run, and is unpacked once."""


class Pool:
    """Makes runs on somebody else's workers."""

    def __init__(self, spec: SweepSpec, executor: Executor) -> None:
        self._spec, self._executor = cloudpickle.dumps(spec), executor

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come as they are done."""
        waiting = iter(trials)
        running: set[Future[Row]] = set()
        try:
            while True:
                for number, parameters in waiting:
                    running.add(self._submitted(number, parameters))
                    if len(running) >= AT_ONCE:
                        break
                if not running:
                    return
                done, running = wait(running, LOOK, return_when=FIRST_COMPLETED)
                yield from _rows_of(done)
        finally:
            for one in running:  # after Ctrl-C nobody waits for them
                one.cancel()

    def _submitted(self, number: int, parameters: Parameters) -> Future[Row]:
        try:
            return self._executor.submit(_run, self._spec, os.getpid(), number, parameters)
        except BrokenExecutor as problem:
            raise _broken(problem) from problem


def _rows_of(done: set[Future[Row]]) -> Iterator[Row]:
    """Yield the rows of runs that are over, in order: a set has none.

    Raises:
        WorkerFailed: Others of them have lost their worker.
    """
    rows = []
    broken: BrokenExecutor | None = None
    for one in done:
        try:
            rows.append(one.result())
        except BrokenExecutor as problem:
            broken = problem
    yield from sorted(rows, key=lambda row: row.number)
    if broken is not None:
        raise _broken(broken) from broken


def _broken(problem: BrokenExecutor) -> WorkerFailed:
    return WorkerFailed(
        f"executor: it has lost a worker ({problem}). Make another executor, and call again with "
        "the same out= to go on"
    )


_forked_from: set[int] = set()
"""The process that this one was forked from, where it was."""


def _forked(parent: int) -> None:
    _forked_from.add(parent)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked(os.getppid()))


def _run(spec: bytes, caller: int, number: int, parameters: Parameters) -> Row:
    if _forked_from and caller != os.getpid():
        raise ConfigError(
            "executor: its workers are forks of this process, in which Polars may wait for ever. "
            "Give one that spawns them: ProcessPoolExecutor(mp_context=multiprocessing."
            "get_context('spawn')), or use workers="
        )
    name = hashlib.sha256(spec).hexdigest()
    runner = _runners.get(name)
    if runner is None:
        runner = TrialRunner(cloudpickle.loads(spec))
        _runners.clear()
        _runners[name] = runner
    return runner.run(number, parameters)  # not of the dict: its executor may be one of threads

"""Runs on a `concurrent.futures.Executor` of the user's, if it does not fork."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.cluster.forks import refuse_fork
from omega.cluster.protocol import WorkerFailed
from omega.errors import ConfigError
from omega.sweeps.core import Numbered
from omega.sweeps.spec import MakesRuns, Parameters, Row, SweepSpec, runner_of

AT_ONCE = 256
"""Runs that are handed over before the first of them is awaited."""

LOOK = 0.05
"""Seconds after which a wait is taken up again: the handler that Polars installs lets no signal end
one, so that Ctrl-C is heard between two."""

_runners: dict[str, MakesRuns] = {}
"""What this process has unpacked, by hash: a spec comes with every run, and is unpacked once."""


class Pool:
    """Makes runs on somebody else's workers."""

    def __init__(self, spec: SweepSpec | MakesRuns, executor: Executor) -> None:
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
            made: object = self._executor.submit(_run, self._spec, os.getpid(), number, parameters)
        except BrokenExecutor as problem:
            raise _broken(problem) from problem
        if not isinstance(made, Future):
            raise ConfigError(
                f"executor: its submit() gave {type(made).__name__}, expected a "
                "concurrent.futures.Future. Where its workers are on other machines, or it is only "
                "like an Executor, give omega.cluster.futures(pool, shared=...) with a folder that "
                "all of them see"
            )
        return made


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


def _run(spec: bytes, caller: int, number: int, parameters: Parameters) -> Row:
    refuse_fork(caller)
    name = hashlib.sha256(spec).hexdigest()
    runner = _runners.get(name)
    if runner is None:
        runner = runner_of(cloudpickle.loads(spec))
        _runners.clear()
        _runners[name] = runner
    return runner.run(number, parameters)  # not of the dict: its executor may be one of threads

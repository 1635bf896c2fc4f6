"""Runs on an executor of the user's own: any `concurrent.futures.Executor`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.sweeps.core import Numbered
from omega.sweeps.spec import Parameters, Row, SweepSpec, TrialRunner

AT_ONCE = 256
"""Runs that are handed over before the first of them is awaited."""

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
        while True:
            for number, parameters in waiting:
                running.add(self._executor.submit(_run, self._spec, number, parameters))
                if len(running) >= AT_ONCE:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            # Several may be done at once, and a set has no order.
            yield from sorted((one.result() for one in done), key=lambda row: row.number)


def _run(spec: bytes, number: int, parameters: Parameters) -> Row:
    name = hashlib.sha256(spec).hexdigest()
    runner = _runners.get(name)
    if runner is None:
        runner = TrialRunner(cloudpickle.loads(spec))
        _runners.clear()
        _runners[name] = runner
    return runner.run(number, parameters)  # not of the dict: its executor may be one of threads

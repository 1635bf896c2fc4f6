"""Runs of Python strategies that stay in this process while worker processes would cost more.

A process takes about a second to begin: a hundred runs of some milliseconds are over by then. The
runs made so far show how long the others will take.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from omega.sweeps.core import Numbered
from omega.sweeps.in_process import InProcess
from omega.sweeps.processes import Processes
from omega.sweeps.spec import Row

SECONDS = 2.0
"""Work for which a process pays: twice the time that it takes to begin."""


class Adaptive:
    """Makes runs where it is, and hands the rest to processes once they pay."""

    def __init__(
        self, local: InProcess, processes: Callable[[int], Processes], most: int, total: int
    ) -> None:
        """Begin with none of `total` runs made; `processes` begins up to `most` of them."""
        self._local, self._begin, self._most, self._left = local, processes, most, total
        self._processes: Processes | None = None

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come as they are done."""
        waiting = deque(trials)
        while waiting and self._processes is None:
            began = time.perf_counter()  # where runs are made changes none of them
            row = self._local.run(waiting.popleft())
            self._left -= 1
            self._look(time.perf_counter() - began)
            yield row
        if waiting and self._processes is not None:
            yield from self._processes.rows(waiting)

    def _look(self, seconds: float) -> None:
        """Begin processes where the runs that are left, each as long as the last, pay for them."""
        workers = min(self._most, int(seconds * self._left / SECONDS))
        if workers > 1:
            self._processes = self._begin(workers)

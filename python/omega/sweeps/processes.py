"""Runs that call Python: in processes that map the same candles and receive parameters alone.

Rows come as runs are done. A process that dies takes its current run with it, as a row with an
error, and is replaced. No guard of `__main__` is needed: the processes run a module of this
package, and strategies are sent to them by value.

Each process gives a sign of life every second, beside its runs. One that gives none and uses no
time of the processor either, since it was stopped or waits for ever, is ended, and its runs are
made again.
"""

from __future__ import annotations

import pickle
import selectors
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.cluster.protocol import WorkerFailed
from omega.sweeps.core import Numbered
from omega.sweeps.pipes import BEAT
from omega.sweeps.spec import MakesRuns, Row, SweepSpec
from omega.sweeps.workers import Worker

AHEAD = 2
"""Runs that a process has at hand, so that it need not wait for the next one."""

SILENCES = 2
"""So many processes may fall silent in a run before it counts as failed."""


class Processes:
    """Makes runs in processes of its own, which begin with the first run."""

    def __init__(self, spec: SweepSpec | MakesRuns, workers: int) -> None:
        self._start, self._many = cloudpickle.dumps(spec), workers
        self._workers: list[Worker] = []
        self._failed_starts = 0
        self._silenced: Counter[int] = Counter()

    def rows(self, trials: Iterable[Numbered]) -> Iterator[Row]:
        """Make runs; rows come as they are done."""
        waiting = deque(trials)
        missing = len(waiting)
        with selectors.DefaultSelector() as watched:
            self._begin(watched, waiting)
            looked = time.monotonic()
            while missing:
                heard: list[Worker] = []
                for key, events in watched.select(BEAT):
                    worker: Worker = key.data
                    if events & selectors.EVENT_READ:
                        heard.append(worker)
                    for row in self._attend(watched, worker, events, waiting):
                        missing -= 1
                        yield row
                now = time.monotonic()
                # Of this process awake: while it is stopped itself, or the user's own function
                # shows progress, nobody is silent.
                passed, looked = min(now - looked, 2 * BEAT), now
                for worker in [one for one in self._workers if one not in heard]:
                    if worker.is_silent(passed):
                        for row in self._replace(watched, worker, waiting, silent=True):
                            missing -= 1
                            yield row

    def _begin(self, watched: selectors.BaseSelector, waiting: deque[Numbered]) -> None:
        while len(self._workers) < self._many:
            self._workers.append(Worker(self._start))
        for worker in self._workers:
            watched.register(worker.incoming.pipe, selectors.EVENT_READ, worker)
            self._fill(watched, worker, waiting)

    def _attend(
        self,
        watched: selectors.BaseSelector,
        worker: Worker,
        events: int,
        waiting: deque[Numbered],
    ) -> Iterator[Row]:
        """Write to a process and read what it has to say; give the rows that are whole."""
        if worker not in self._workers:
            return  # it was replaced since it was found ready
        if events & selectors.EVENT_WRITE:
            worker.outgoing.flush()
        messages = worker.heard() if events & selectors.EVENT_READ else []
        if messages is None:
            yield from self._replace(watched, worker, waiting, silent=False)
            return
        for message in messages:
            answer: Any = pickle.loads(message)  # noqa: S301 - of a process of our own
            if isinstance(answer, str):
                self._greet(worker, answer)
                continue
            worker.at_hand.popleft()
            self._fill(watched, worker, waiting)
            yield answer
        self._fill(watched, worker, waiting)

    def _greet(self, worker: Worker, answer: str) -> None:
        if answer:
            raise WorkerFailed(
                f"sweep: the strategy cannot be made in another process: {answer}. Put it into a "
                "module that can be imported, or run with workers=1"
            )
        worker.greeted = True
        self._failed_starts = 0

    def _fill(
        self, watched: selectors.BaseSelector, worker: Worker, waiting: deque[Numbered]
    ) -> None:
        """Hand over runs, and watch for room as long as there is something to write."""
        # The last ones are left to the next free process.
        while (
            waiting
            and len(worker.at_hand) < AHEAD
            and not (worker.at_hand and len(waiting) <= len(self._workers))
        ):
            worker.give(waiting.popleft())
        pipe = worker.outgoing.pipe
        is_watched = pipe in watched.get_map()
        if worker.outgoing and not is_watched:
            watched.register(pipe, selectors.EVENT_WRITE, worker)
        elif is_watched and not worker.outgoing:
            watched.unregister(pipe)

    def _replace(
        self,
        watched: selectors.BaseSelector,
        worker: Worker,
        waiting: deque[Numbered],
        *,
        silent: bool,
    ) -> Iterator[Row]:
        """Put a new process in the place of a dead one; give the run that it died of."""
        for pipe in (worker.incoming.pipe, worker.outgoing.pipe):
            if pipe in watched.get_map():
                watched.unregister(pipe)
        worker.end()
        self._failed_starts += not worker.greeted
        if self._failed_starts > len(self._workers):
            raise WorkerFailed(
                "sweep: worker processes end before they begin, with code "
                f"{worker.process.returncode}; the last lines of standard error may show why. Run "
                "with workers=1 to see it in this process"
            )
        lost = self._lost(worker, silent=silent)
        waiting.extendleft(reversed(worker.at_hand))
        self._workers.remove(worker)
        self._workers.append(fresh := Worker(self._start))
        watched.register(fresh.incoming.pipe, selectors.EVENT_READ, fresh)
        self._fill(watched, fresh, waiting)
        if lost is not None:
            yield lost

    def _lost(self, worker: Worker, *, silent: bool) -> Row | None:
        """Take the run that a process died of out of those to be made again."""
        if not worker.greeted or not worker.at_hand:
            return None
        number, parameters = worker.at_hand[0]
        self._silenced[number] += silent
        if silent and self._silenced[number] < SILENCES:
            return None
        worker.at_hand.popleft()
        died = f"the process ended with code {worker.process.returncode}"
        if silent:
            died = f"{SILENCES} processes gave no sign of life in this run"
        return Row(number, parameters, {}, error=f"WorkerFailed: {died}")

    def close(self) -> None:
        """Stop all processes."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()

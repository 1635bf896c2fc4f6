"""Runs that call Python: in processes that map the same candles and receive parameters alone.

Rows come as runs are done. A process that dies takes its current run with it, as a row with an
error, and is replaced. No guard of `__main__` is needed: the processes run a module of this
package, and strategies are sent to them by value.
"""

from __future__ import annotations

import os
import pickle
import selectors
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO, Any

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.errors import OmegaError
from omega.sweeps.core import Numbered
from omega.sweeps.spec import Row, SweepSpec

AHEAD = 2
"""Runs that a process has at hand, so that it need not wait for the next one."""

_THREADS = (
    "POLARS_MAX_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_START = "from omega.sweeps.worker import main; main()"
_LENGTH = struct.Struct("<Q")


class WorkerFailed(OmegaError, RuntimeError):
    """The processes of a sweep cannot work.

    Example:
        >>> issubclass(WorkerFailed, OmegaError)
        True
    """


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write a message after its length."""
    rest = memoryview(_LENGTH.pack(len(message)) + message)
    while rest:
        rest = rest[pipe.write(rest) :]
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Read a message; None where the other side is gone."""
    head = _exactly(pipe, _LENGTH.size)
    return None if head is None else _exactly(pipe, _LENGTH.unpack(head)[0])


def _exactly(pipe: IO[bytes], length: int) -> bytes | None:
    """Read so many bytes; None where there are no more."""
    parts: list[bytes] = []
    while length > 0:
        part = pipe.read(length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


class _Worker:
    """One process and the runs that it has at hand."""

    def __init__(self, start: bytes) -> None:
        threads = dict.fromkeys(_THREADS, "1")  # as many processes as cores: one thread each
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # a message in a buffer of this process would not wake the selector
            env={**os.environ, **threads},
        )
        self.at_hand: deque[Numbered] = deque()
        self.greeted = False
        self._send(pickle.dumps(sys.path))
        self._send(start)

    @property
    def answers(self) -> IO[bytes]:
        """Where the process writes to."""
        if self.process.stdout is None:
            raise WorkerFailed("sweep: a worker process has no pipe to answer by")
        return self.process.stdout

    def give(self, trial: Numbered) -> None:
        """Hand over a run."""
        self.at_hand.append(trial)
        self._send(pickle.dumps(trial))

    def _send(self, message: bytes) -> None:
        if self.process.stdin is None:
            raise WorkerFailed("sweep: a worker process has no pipe to hear by")
        try:
            send(self.process.stdin, message)
        except BrokenPipeError:
            return  # what it had at hand is seen to when its answers end

    def end(self) -> None:
        """Stop the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


class Processes:
    """Makes runs in processes of its own."""

    def __init__(self, spec: SweepSpec, workers: int) -> None:
        self._start = cloudpickle.dumps(spec)
        self._workers = [_Worker(self._start) for _ in range(workers)]
        self._failed_starts = 0

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come as they are done."""
        waiting = deque(trials)
        with selectors.DefaultSelector() as watched:
            for worker in self._workers:
                watched.register(worker.answers, selectors.EVENT_READ, worker)
                self._fill(worker, waiting)
            missing = len(trials)
            while missing:
                for key, _ in watched.select():
                    worker = key.data
                    message = receive(worker.answers)
                    if message is None:
                        watched.unregister(worker.answers)
                        lost = self._replace(worker, waiting)
                        fresh = self._workers[-1]
                        watched.register(fresh.answers, selectors.EVENT_READ, fresh)
                        self._fill(fresh, waiting)
                        if lost is not None:
                            missing -= 1
                            yield lost
                        continue
                    answer: Any = pickle.loads(message)  # noqa: S301 - of a process of our own
                    if isinstance(answer, str):
                        self._greet(worker, answer)
                        continue
                    worker.at_hand.popleft()
                    self._fill(worker, waiting)
                    missing -= 1
                    yield answer

    def _greet(self, worker: _Worker, answer: str) -> None:
        if answer:
            raise WorkerFailed(
                f"sweep: the strategy cannot be made in another process: {answer}. Put it into a "
                "module that can be imported, or run with workers=1"
            )
        worker.greeted = True
        self._failed_starts = 0

    def _fill(self, worker: _Worker, waiting: deque[Numbered]) -> None:
        while waiting and len(worker.at_hand) < AHEAD:
            # The last ones are left to the next free process.
            if worker.at_hand and len(waiting) <= len(self._workers):
                return
            worker.give(waiting.popleft())

    def _replace(self, worker: _Worker, waiting: deque[Numbered]) -> Row | None:
        """Put a new process in the place of a dead one; give the run that it died of."""
        worker.end()
        code = worker.process.returncode
        self._failed_starts += not worker.greeted
        if self._failed_starts > len(self._workers):
            raise WorkerFailed(
                f"sweep: worker processes end before they begin, with code {code}; the last lines "
                "of standard error may say why. Run with workers=1 to see it in this process"
            )
        lost = worker.at_hand.popleft() if worker.greeted and worker.at_hand else None
        waiting.extendleft(reversed(worker.at_hand))
        self._workers.remove(worker)
        self._workers.append(_Worker(self._start))
        if lost is None:
            return None
        died = f"WorkerFailed: the process ended with code {code}"
        return Row(*lost, {}, error=died)

    def close(self) -> None:
        """Stop all processes."""
        for worker in self._workers:
            worker.end()

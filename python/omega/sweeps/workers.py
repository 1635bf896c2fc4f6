"""A worker process as its parent handles it."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections import deque
from pathlib import Path

from omega.cluster.entry import THREADS
from omega.cluster.protocol import WorkerFailed
from omega.sweeps.core import Numbered
from omega.sweeps.pipes import SIGN_OF_LIFE, Incoming, Outgoing

SILENT = 15.0
"""Seconds without a sign of life after which a process is looked at."""

_START = (
    # Before the imports, which take a while: the parent decides when to stop.
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    # What is imported stays: to look for garbage in it takes a fifth of the time of a start.
    "import gc; gc.disable(); from omega.sweeps.worker import main; gc.freeze(); gc.enable(); "
    "main()"
)


class Worker:
    """One process and the runs that it has at hand."""

    def __init__(self, start: bytes) -> None:
        threads = dict.fromkeys(THREADS, "1")  # as many processes as cores: one thread each
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,  # a message in a buffer of this process would not wake the selector
                env={**os.environ, **threads},
            )
        except OSError as problem:
            raise WorkerFailed(
                f"sweep: a worker process cannot begin: {problem}. Run with fewer workers"
            ) from problem
        if self.process.stdin is None or self.process.stdout is None:
            raise WorkerFailed("sweep: a worker process has no pipes")
        self.outgoing, self.incoming = Outgoing(self.process.stdin), Incoming(self.process.stdout)
        self.at_hand: deque[Numbered] = deque()
        self.greeted = False
        self._silent, self._used = 0.0, -1.0
        self.outgoing.add(pickle.dumps(sys.path))
        self.outgoing.add(start)

    def give(self, trial: Numbered) -> None:
        """Hand over a run."""
        self.at_hand.append(trial)
        self.outgoing.add(pickle.dumps(trial))

    def heard(self) -> list[bytes] | None:
        """Read what it has to say beside signs of life; None where it has ended."""
        self._silent, self._used = 0.0, -1.0
        messages = self.incoming.messages()
        if messages is None:
            return None
        return [message for message in messages if message != SIGN_OF_LIFE]

    def is_silent(self, seconds: float) -> bool:
        """Whether it is as good as dead, now that so many more seconds have passed.

        A run may keep the interpreter to itself in a long call, so that no sign comes of a process
        that works: one that has used the processor since it was last checked is alive.
        """
        self._silent += seconds
        if self._silent < SILENT:
            return False
        used, before = _processor_seconds(self.process.pid), self._used
        self._silent, self._used = 0.0, -1.0 if used is None else used
        return used is not None and used == before

    def end(self) -> None:
        """Stop the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _processor_seconds(process: int) -> float | None:
    """Return the time of the processor that a process has used; None where the system hides it."""
    try:
        # After the name, which may hold anything in its parentheses.
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return float(fields[11]) + float(fields[12])

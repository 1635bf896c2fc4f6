"""A worker process of a sweep: it takes the spec once, then makes the runs that it is sent."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from typing import IO

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.sweeps.pipes import BEAT, SIGN_OF_LIFE, receive, send
from omega.sweeps.spec import described, runner_of


class Answers:
    """What goes to the other side; without one, this process ends, whatever it is at."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._lock = pipe, threading.Lock()

    def send(self, message: bytes) -> None:
        """Write a message whole."""
        try:
            with self._lock:
                send(self._pipe, message)
        except OSError:
            os._exit(1)

    def beat(self) -> None:
        """Return signs of life for ever, also during a run."""
        while True:
            time.sleep(BEAT)
            self.send(SIGN_OF_LIFE)


def main() -> None:
    """Serve until the other side is gone."""
    answers = Answers(os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a strategy prints is no answer
    threading.Thread(target=answers.beat, daemon=True).start()
    questions = sys.stdin.buffer
    path, start = receive(questions), receive(questions)
    if path is None or start is None:
        return
    sys.path[:] = pickle.loads(path)  # noqa: S301 - of the process that started this one
    try:
        runner = runner_of(cloudpickle.loads(start))
    except Exception as error:  # noqa: BLE001 - the other side raises it
        answers.send(pickle.dumps(described(error)))
        return
    answers.send(pickle.dumps(""))
    while (message := receive(questions)) is not None:
        number, parameters = pickle.loads(message)  # noqa: S301 - as above
        answers.send(pickle.dumps(runner.run(number, parameters)))


if __name__ == "__main__":
    main()

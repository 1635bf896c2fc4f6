"""A worker process of a sweep: it takes the spec once, then makes the runs that it is sent."""

from __future__ import annotations

import os
import pickle
import signal
import sys

import cloudpickle  # type: ignore[import-untyped]  # it ships no types

from omega.sweeps.processes import receive, send
from omega.sweeps.spec import TrialRunner, described


def main() -> None:
    """Serve until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it decides when to stop
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a strategy prints is no answer
    questions = sys.stdin.buffer
    path, start = receive(questions), receive(questions)
    if path is None or start is None:
        return
    sys.path[:] = pickle.loads(path)  # noqa: S301 - of the process that started this one
    try:
        runner = TrialRunner(cloudpickle.loads(start))
    except Exception as error:  # noqa: BLE001 - the other side raises it
        send(answers, pickle.dumps(described(error)))
        return
    send(answers, pickle.dumps(""))
    while (message := receive(questions)) is not None:
        number, parameters = pickle.loads(message)  # noqa: S301 - as above
        send(answers, pickle.dumps(runner.run(number, parameters)))


if __name__ == "__main__":
    main()

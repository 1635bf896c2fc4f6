"""`python -m tests.fuzzing TARGET [--inputs N] [--seconds S] [--first N]`."""

from __future__ import annotations

import argparse
import sys

from tests.fuzzing import running
from tests.fuzzing.targets import TARGETS


def main() -> int:
    """Run a target, in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--inputs", type=int, help="how many; one, where nothing is said")
    parser.add_argument("--seconds", type=float, help="how long to look")
    parser.add_argument("--noted-in", help=argparse.SUPPRESS)
    given = parser.parse_args()
    inputs = 1 if given.inputs is None and given.seconds is None else given.inputs
    if given.noted_in is None:
        return running.run_apart(
            given.target, first=given.first, inputs=inputs, seconds=given.seconds
        )
    with running.noted(given.noted_in) as note:
        done = running.run(
            given.target,
            TARGETS[given.target],
            first=given.first,
            inputs=inputs,
            seconds=given.seconds,
            on_input=note,
        )
    sys.stdout.write(f"{given.target}: {done.inputs:,} inputs, {done.seconds:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

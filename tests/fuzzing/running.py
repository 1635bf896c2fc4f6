"""Runs of a target on inputs that numbers decide, so that each can be repeated by its number.

`python -m tests.fuzzing arrow --seconds 3600` looks for an hour and prints how far it came. The
inputs are tried in a process of their own: one that a broken structure ends is named as well.
"""

from __future__ import annotations

import contextlib
import faulthandler
import mmap
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOST = 30.0
"""Seconds that no input takes."""

Target = Callable[[random.Random, Path], None]
"""Tries one input: raises where something else than an `OmegaError` came of it."""


@dataclass(frozen=True)
class Outcome:
    """How far a run came.

    Attributes:
        inputs: Inputs that were tried.
        seconds: How long it took.
    """

    inputs: int
    seconds: float


def run(
    name: str,
    target: Target,
    *,
    first: int = 0,
    inputs: int | None = None,
    seconds: float | None = None,
    on_input: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Try inputs until there are enough, or time is over."""
    began, number = time.monotonic(), first
    with tempfile.TemporaryDirectory() as folder:
        while inputs is None or number < first + inputs:
            if seconds is not None and time.monotonic() - began >= seconds:
                break
            on_input(number)
            try:
                draw = random.Random(f"{name} {number}")  # noqa: S311 - to be repeated
                target(draw, Path(folder))
            except BaseException as problem:
                problem.add_note(f"repeat it: python -m tests.fuzzing {name} --first {number}")
                raise
            number += 1
    return Outcome(number - first, time.monotonic() - began)


def run_apart(name: str, *, first: int, inputs: int | None, seconds: float | None) -> int:
    """Run in another process; return its exit code, and name the input that ended it.

    One that ends in Polars, for lack of the memory that a page of a Parquet file declares, is named
    and passed over, as nothing before Polars sees that size (docs/concepts/security.md).
    """
    began, last = time.monotonic(), None if inputs is None else first + inputs
    with tempfile.NamedTemporaryFile() as file:
        while True:
            file.seek(0)
            file.write(first.to_bytes(8, "little"))
            file.flush()
            command = [sys.executable, "-m", "tests.fuzzing", name, "--first", str(first)]
            command += [] if last is None else ["--inputs", str(last - first)]
            left = None if seconds is None else seconds - (time.monotonic() - began)
            command += [] if left is None else ["--seconds", str(left)]
            command += ["--noted-in", file.name]
            done = subprocess.run(command, check=False, stderr=subprocess.PIPE)
            sys.stderr.buffer.write(done.stderr)
            if done.returncode == 0:
                return 0
            number = int.from_bytes(Path(file.name).read_bytes()[:8], "little")
            sys.stderr.write(f"{name}: input {number} ended the run with code {done.returncode}\n")
            if not _is_polars_out_of_memory(done):
                return done.returncode
            first = number + 1


def _is_polars_out_of_memory(done: subprocess.CompletedProcess[bytes]) -> bool:
    _, is_there, after = done.stderr.rpartition(b"memory allocation of ")
    return done.returncode == -signal.SIGABRT and bool(is_there) and b"polars_parquet" in after


@contextlib.contextmanager
def noted(path: str) -> Iterator[Callable[[int], None]]:
    """Give what writes down the number of each input before it is tried."""
    file = os.open(path, os.O_RDWR)
    place = mmap.mmap(file, 8)

    def note(number: int) -> None:
        place[:8] = number.to_bytes(8, "little")
        faulthandler.dump_traceback_later(MOST, exit=True)

    try:
        yield note
    finally:
        faulthandler.cancel_dump_traceback_later()
        place.close()
        os.close(file)

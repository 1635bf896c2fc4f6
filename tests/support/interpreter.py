"""One interpreter that runs programs one after another, as to start one takes half a second."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator

SERVING = """
import contextlib, io, json, os, sys, traceback

for line in sys.stdin:
    program, sys.argv[1:], changed = json.loads(line)
    kept, folder = dict(os.environ), os.getcwd()
    os.environ.update(changed)
    printed, failed = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(program, {**globals(), "__name__": "__main__"})
    except BaseException:
        failed = traceback.format_exc()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(kept)
    print(json.dumps([printed.getvalue(), failed]), flush=True)
"""
"""Each program has names of its own, what `begin` has made, and arguments and settings as given."""


@contextlib.contextmanager
def interpreter(*words: str, begin: str = "") -> Iterator[Callable[..., str]]:
    """Start one with these options; give the function that runs a program and returns its output.

    The function takes the text of the program, its arguments, and by name variables of its
    environment; a program that raises fails the test with its traceback.
    """
    command = [sys.executable, *words, "-c", begin + SERVING]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as process:

        def printed(program: str, *arguments: str, **environment: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps([program, arguments, environment]) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, f"the interpreter has ended: {process.poll()}"
            said, failed = json.loads(answer)
            assert not failed, failed
            return str(said)

        yield printed

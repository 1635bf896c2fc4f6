"""Measures the engine, prints each figure beside its target, and fails where one is missed.

python -m benchmarks.engine [callbacks] [loop] [intake]
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from pathlib import Path

import polars as pl

from benchmarks.engine import callbacks, intake, loop
from benchmarks.engine.measure import Figure
from omega import _core

PARTS = {"callbacks": callbacks.figures, "loop": loop.figures, "intake": intake.figures}


def machine() -> str:
    """Name the processor, the versions and the commit, without which a number means nothing."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    git = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(git, check=False, capture_output=True, text=True).stdout.strip()
    versions = f"Python {platform.python_version()}, Polars {pl.__version__}"
    return f"{cpu}; {versions}; omega {_core.VERSION} at {commit or 'no commit'}"


def main() -> int:
    """Measure what was asked for; 1 where a target is missed by more than the noise."""
    parser = argparse.ArgumentParser(prog="benchmarks.engine", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    asked = parser.parse_args().parts
    if _core.DEBUG_BUILD:
        sys.exit("this is a debug build of the core; run `make bench`, which builds for speed")
    print(machine(), flush=True)
    missed: list[Figure] = []
    for name in asked:
        for figure in PARTS[name]():
            print(figure, flush=True)
            if not figure.is_met:
                missed.append(figure)
    print(f"{len(missed)} missed" if missed else "every target is met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""How many instructions each stage of the core takes over a fixed workload.

Processor time wanders by a tenth on a busy machine; the number of instructions does not. The work
of `rust/omega_core/benches/workloads/` is done once under callgrind, which counts from the call of
one function to its return. Counts depend on the compiler, on the build profile (`counted`, which
nothing outside the project changes) and on the kind of processor; only like ones are compared.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

WORKSPACE = Path(__file__).resolve().parents[2] / "Cargo.toml"
PROFILE = "counted"
FUNCTION = "*what_is_counted*"
MARGIN = 0.02


def why_not() -> str:
    """Say what is missing to count, or nothing."""
    missing = [tool for tool in ("valgrind", "cargo") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} not found" if missing else ""


def build() -> dict[str, str]:
    """Name what counts depend on beside the code."""
    version = _output(["rustc", "--version"]).strip()
    return {"rustc": version, "profile": PROFILE, "machine": platform.machine()}


def counts(only: Iterable[str] | None = None) -> dict[str, int]:
    """Build the workloads, and count each, or those of these names."""
    binary = _built()
    names = _output([binary]).splitlines()
    wanted = set(names if only is None else only)
    found = {}
    for name in names:
        if name in wanted:
            found[name] = _count(binary, name)
            print(f"      {name:<58} {found[name]:>13,} instructions", flush=True)
    return found


def regressions(now: dict[str, int], kept: dict[str, int]) -> list[str]:
    """Give a line for each count that is above the kept one by more than the margin, or new."""
    lines = []
    for name, count in now.items():
        if name not in kept:
            lines.append(f"{name}: no count is kept; keep it with --renew")
        elif count > kept[name] * (1 + MARGIN):
            lines.append(
                f"{name}: {count:,} instructions, was {kept[name]:,}; "
                f"more by {count / kept[name] - 1:.1%}, and the margin is {MARGIN:.0%}"
            )
    lines += [f"{name}: is kept, and nothing counts it now" for name in kept if name not in now]
    return lines


def other_build(kept: dict[str, str], now: dict[str, str]) -> str:
    """Say in what two builds differ, or nothing."""
    differ = [
        f"{key} was {kept.get(key)}, is {now[key]}" for key in now if kept.get(key) != now[key]
    ]
    return "; ".join(differ)


def _built() -> str:
    """Build the workloads, and give the path of what was built."""
    messages = _output(
        ["cargo", "build", "--quiet", "--locked", "--profile", PROFILE, "--bench", "counted",
         "--package", "omega_core", "--manifest-path", str(WORKSPACE), "--message-format", "json"]
    )  # fmt: skip
    for message in map(json.loads, messages.splitlines()):
        if message.get("executable") and message["target"]["name"] == "counted":
            return str(message["executable"])
    problem = "cargo built no workloads, expected an executable named 'counted'"
    raise RuntimeError(problem)


def _count(binary: str, name: str) -> int:
    """Count what one workload takes."""
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no",
             f"--toggle-collect={FUNCTION}", f"--callgrind-out-file={folder}/out", binary, name],
            capture_output=True, text=True, check=True,
        ).stderr  # fmt: skip
    collected = re.search(r"Collected : (\d+)", told)
    count = int(collected[1]) if collected else 0
    if count == 0:
        problem = (
            f"{name}: callgrind counted nothing, expected a call of {FUNCTION}; it said {told}"
        )
        raise RuntimeError(problem)
    return count


def _output(command: list[str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

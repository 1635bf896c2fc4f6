"""Checks that a worker has the software of the driver, so that its rows are the same bytes."""

from __future__ import annotations

import functools
import platform
import sys
from pathlib import Path

import polars as pl

from omega._native import core
from omega.run.manifest import SEMANTICS_VERSION

_USED = ("fma", "avx2", "avx512f")
"""Features by which the mathematical libraries choose their code."""


@functools.cache
def own() -> dict[str, str]:
    """Return what has to be the same, in words.

    Example:
        >>> sorted(own())
        ['Omega', 'Polars', 'Python', 'processor', 'semantics']
    """
    return {
        "Omega": core.VERSION,
        "semantics": str(SEMANTICS_VERSION),
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "Polars": pl.__version__,
        "processor": " ".join([platform.machine(), *_features()]),
    }


def differing(driver: dict[str, str], worker: dict[str, str]) -> str:
    """Return what a worker has that the driver has not; nothing where they are alike.

    Example:
        >>> differing({"Omega": "1.0"}, {"Omega": "2.0"})
        'Omega 2.0, the driver has 1.0'
        >>> differing({"Omega": "1.0"}, {"Omega": "1.0"})
        ''
    """
    return "; ".join(
        f"{name} {worker.get(name, 'unknown')}, the driver has {driver.get(name, 'none')}"
        for name in sorted({*driver, *worker})
        if driver.get(name) != worker.get(name)
    )


def _features() -> list[str]:
    """Return the features of the processor that matter, as far as the system shows them."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return []
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return [name for name in _USED if name in flags]

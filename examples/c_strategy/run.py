"""Compile the strategy in C beside this file, and run it over candles of the package."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path

import omega
from omega.strategy.foreign import Foreign

SOURCE = Path(__file__).with_name("sma_cross.c")


class State(ctypes.Structure):
    """What the strategy keeps between two calls; its twin stands in the C file."""

    _fields_ = (("crossings", ctypes.c_int64), ("size", ctypes.c_double))


def library(source: Path, folder: Path) -> ctypes.CDLL:
    """Compile a C file with the system's compiler, and load it."""
    made = folder / source.with_suffix(".so").name
    command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    command += ["-I", omega.get_include(), str(source), "-o", str(made), "-lm"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(made))


def strategy(loaded: ctypes.CDLL, fast: int = 20, slow: int = 50, size: float = 1.0) -> Foreign:
    """Give the strategy over two averages."""
    return omega.foreign(
        loaded.on_bar,
        context=State(size=size),
        indicators=lambda declares: [declares.sma(fast), declares.sma(slow)],
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        result = omega.run_backtest(omega.sample("EURUSD"), strategy(library(SOURCE, Path(folder))))
    print(result.summary())
    print(f"crossings: {result.strategy.context.crossings}")

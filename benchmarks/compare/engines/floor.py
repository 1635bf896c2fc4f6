"""A loop in C over the same arrays, compiled with `cc -O3`: what the logic alone costs."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.compare.measure import CASH, FAST, SLOW, Answer, Bars, measure

TRADE = np.dtype(
    [("entry", "u8"), ("exit", "u8"), ("entry_price", "f8"), ("exit_price", "f8"), ("profit", "f8")]
)


def compiled() -> ctypes.CDLL:
    """Compile the loop and load it."""
    folder = Path(tempfile.mkdtemp())
    source, library = Path(__file__).with_suffix(".c"), folder / "floor.so"
    subprocess.run(["cc", "-O3", "-shared", "-fPIC", source, "-o", library], check=True)
    return ctypes.CDLL(str(library))


LOOP = compiled().sma_cross
LOOP.restype = ctypes.c_size_t
LOOP.argtypes = [
    *[np.ctypeslib.ndpointer(np.float64)] * 2,
    *[ctypes.c_size_t] * 3,
    ctypes.c_double,
    np.ctypeslib.ndpointer(TRADE),
    np.ctypeslib.ndpointer(np.float64),
]


def run(bars: Bars) -> npt.NDArray[np.void]:
    """Trade, and give the list of trades."""
    count = len(bars.close)
    trades, equity = np.empty(count, TRADE), np.empty(count)
    closed = LOOP(bars.open, bars.close, count, FAST, SLOW, CASH, trades, equity)
    return trades[:closed]


def answer(trades: npt.NDArray[np.void]) -> Answer:
    """Count and add the trades; the one still open is not among them."""
    return Answer.of(trades["profit"])


if __name__ == "__main__":
    measure(None, lambda bars: bars, run, answer)

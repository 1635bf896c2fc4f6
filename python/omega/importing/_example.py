"""A small import for the examples of docstrings: two minutes of an invented pair, and two ticks."""

from __future__ import annotations

import tempfile
from pathlib import Path

from omega.importing._reading import read_candles, read_ticks
from omega.importing._result import ImportedCandles, ImportedTicks

_BARS = "20240102 000000;1.10;1.12;1.09;1.11;0\n20240102 000100;1.11;1.12;1.10;1.12;0\n"
_TICKS = "2024.01.02 00:00:01.000,1.10,1.11,1,1\n2024.01.02 00:00:02.000,1.12,1.13,1,1\n"


def candles() -> ImportedCandles:
    """Return two minutes, as HistData has them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "DAT_ASCII_EURUSD_M1_2024.csv")
        path.write_text(_BARS, encoding="utf-8")
        return read_candles(path, time_zone="America/New_York")


def ticks() -> ImportedTicks:
    """Return two ticks, as Dukascopy has them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "2024-01-02--00h_ticks.csv")
        path.write_text(_TICKS, encoding="utf-8")
        return read_ticks(path, symbol="EURUSD")

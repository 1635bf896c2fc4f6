"""The names of `omega._core` that the package uses, in plain Python.

It takes the place of the native module where that cannot be loaded, and runs what is asked of the
Python backend.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from omega.reference.conditions import Mask
from omega.reference.results import PlainTables as RunTables
from omega.reference.run import Run, RunReport
from omega.reference.statistics import Statistics
from omega.reference.store import (
    CandleStore,
    Column,
    ipc_columns,
    ipc_metadata,
    ipc_names,
    table_columns,
    write_ipc,
)
from omega.reference.views import Bar, Fill, Indicator, PendingOrder, Position, Trade
from omega.strategy.crossings import crossover, crossunder

__all__ = [
    "VERSION",
    "Bar",
    "CandleStore",
    "Column",
    "Fill",
    "Indicator",
    "Mask",
    "PendingOrder",
    "Position",
    "Run",
    "RunReport",
    "RunTables",
    "Statistics",
    "Trade",
    "crossover",
    "crossunder",
    "ipc_columns",
    "ipc_metadata",
    "ipc_names",
    "table_columns",
    "write_ipc",
]

try:
    VERSION = version("omega-backtest")
except PackageNotFoundError:  # the sources were never installed
    VERSION = "unknown"

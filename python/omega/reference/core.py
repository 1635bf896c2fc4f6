"""Every name of `omega._core` that the package uses, in plain Python.

It stands in where the native module cannot be loaded; a run then goes by this backend.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from omega.reference.results import PlainTables as RunTables
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

__all__ = [
    "VERSION",
    "Bar",
    "CandleStore",
    "Column",
    "Fill",
    "Indicator",
    "PendingOrder",
    "Position",
    "RunTables",
    "Trade",
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

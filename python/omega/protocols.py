"""What the components of an engine must be able to do; any object that can is one.

Components take signals, views of candles, and times, which are integers in the unit of the time
column. Omega's own are `omega.ExecutionSimulator` and `omega.Portfolio`; the page
"Engines" has the order in which each is called.
"""

from omega.engines.protocols import (
    ClosedTrade,
    Evaluating,
    Executor,
    OpenPosition,
    Portfolio,
    Progress,
    WithCheckEntry,
    WithOnData,
)
from omega.run.settings import PositionManager

__all__ = [
    "ClosedTrade",
    "Evaluating",
    "Executor",
    "OpenPosition",
    "Portfolio",
    "PositionManager",
    "Progress",
    "WithCheckEntry",
    "WithOnData",
]

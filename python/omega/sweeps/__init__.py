"""Many runs over the same candles: grids, samplers, years, cost models.

`spec` has what a run is made of; `core`, `local`, `processes` and `pools` are the four ways to make
runs; `table` and `parts` keep their rows; `progress` counts them.
"""

from __future__ import annotations

from omega.sweeps.call import sweep
from omega.sweeps.capacities import Capacity, capacity
from omega.sweeps.ledger import TrialLedger, trials
from omega.sweeps.progress import SweepProgress
from omega.sweeps.result import SweepResult
from omega.sweeps.trust import Trust

__all__ = [
    "Capacity",
    "SweepProgress",
    "SweepResult",
    "TrialLedger",
    "Trust",
    "capacity",
    "sweep",
    "trials",
]

"""Many runs over the same candles: grids, samplers, years, cost models.

What goes in: data, a strategy, and what varies. What comes out: a `SweepResult`, one row a run.
`spec` says what a run is made of, `core`, `local`, `processes` and `pools` are the four ways in
which runs are made, `table` and `parts` keep their rows, and `shown` tells how far it is.
"""

from __future__ import annotations

from omega.sweeps.call import sweep
from omega.sweeps.progress import SweepProgress
from omega.sweeps.result import SweepResult

__all__ = ["SweepProgress", "SweepResult", "sweep"]

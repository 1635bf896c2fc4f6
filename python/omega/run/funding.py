"""Funding of perpetual futures in the form that a backend reads (rule C3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omega.config.times import to_units
from omega.contract import FundingRow
from omega.errors import ConfigError

_LONGEST_GAP = 1.5
"""A step between two payments that is so much longer than both beside it lacks one."""


def payments(
    rows: Sequence[Any], opens: NDArray[np.int64], unit: str, name: str
) -> list[FundingRow]:
    """Return the payments of a symbol with the bars that they lie in, by their open times (C3).

    Raises:
        ConfigError: They do not cover the bars.
    """
    known = sorted((to_units(row[0], unit), row[1], row[2]) for row in rows)
    times = np.array([row[0] for row in known], dtype=np.int64)
    _refuse_gaps(times, opens, name)
    found = []
    for time, rate, mark in known:
        bar = int(np.searchsorted(opens, time, side="right")) - 1
        if bar >= 0 and time < _end_of(opens):
            found.append((bar, int(opens[bar]), time, rate, mark))
    return found


def _end_of(opens: NDArray[np.int64]) -> int:
    """Return when the last bar is over, by the shortest step."""
    step = int(np.diff(opens).min()) if len(opens) > 1 else 1
    return int(opens[-1]) + step


def _refuse_gaps(times: NDArray[np.int64], opens: NDArray[np.int64], name: str) -> None:
    """Refuse payments that do not cover the bars: a missing rate is not 0."""
    steps = np.diff(times)
    usual = int(steps.max()) if len(steps) else 0
    if not len(times) or times[0] > opens[0] + usual or times[-1] < opens[-1] - usual:
        raise ConfigError(
            f"Carry.funding: given rates that do not cover the candles of {name}, expected some "
            "from the first bar to the last: a missing rate is not 0"
        )
    if len(steps) > 1:
        beside = np.maximum(np.append(steps[1:], steps[-2]), np.insert(steps[:-1], 0, steps[1]))
        missing = np.flatnonzero(steps > _LONGEST_GAP * beside)
        if len(missing):
            raise ConfigError(
                f"Carry.funding: given no rate of {name} between rows {missing[0]} and "
                f"{missing[0] + 1}, expected one at each time: a missing rate is not 0"
            )

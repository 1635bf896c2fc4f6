"""Decimals of prices: by tick size, else as many as the bars need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from omega.report import _codec
from omega.report._candles import Bars

_TICK = re.compile(r"tick_size=([0-9.eE+-]+)")
_DIGITS = 2
"""Digits that a usual bar shows, where no tick size gives more."""


def tick_of(config: Mapping[str, Any], symbol: str) -> float | None:
    """Find the tick size of a symbol in the settings of a run.

    Example:
        >>> tick_of({"instrument": "Instrument(symbol='X', tick_size=0.25)"}, "X")
        0.25
    """
    given = config.get("instrument")
    text = given.get(symbol, "") if isinstance(given, Mapping) else given
    found = _TICK.search(str(text))
    size = float(found[1]) if found else 0.0
    return size if size > 0 and np.isfinite(size) else None


def precision_of(bars: Bars, tick: float | None) -> tuple[int, float]:
    """Return the decimals of prices on an axis, and the smallest step between two of its marks.

    Example:
        >>> one = np.array([140000])
        >>> precision_of(Bars(one, one, one + 120, one, one, 6, True), 0.25)
        (2, 0.25)
        >>> precision_of(Bars(one, one, one + 120, one, one, 2, True), None)
        (1, 0.1)
    """
    if tick is not None:
        digits, exact = _codec.decimals_of(np.array([tick]), coarse=8)
        return digits, tick if exact else 10.0**-digits
    ranges = (bars.high - bars.low)[bars.high > bars.low]
    usual = float(np.median(ranges)) * 10.0**-bars.decimals if len(ranges) else 0.01
    digits = min(bars.decimals, _codec.coarse_decimals(usual, _DIGITS))
    return digits, round(10.0**-digits, digits)

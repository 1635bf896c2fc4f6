"""Averages as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega._indicators.declaring import Declaring, OfSource

if TYPE_CHECKING:
    from omega._core import Indicator


class Averages(Declaring):
    """Averages over a window, and averages that never forget."""

    def sma(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the mean of the last `window` values."""
        return self._one("sma", window, **of)

    def ema(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare an exponential mean, alpha = 2 / (window + 1), started with a plain mean."""
        return self._one("ema", window, **of)

    def rma(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare Wilder's exponential mean, alpha = 1 / window, started with a plain mean."""
        return self._one("rma", window, **of)

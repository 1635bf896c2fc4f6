"""Measures of how far prices move, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega._indicators.declaring import Declaring, OfCandles, OfSource

if TYPE_CHECKING:
    from omega._core import Indicator


class Volatility(Declaring):
    """Ranges, deviations and bands."""

    def atr(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare Wilder's average true range."""
        return self._one("atr", window, **of)

    def rolling_std(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the sample standard deviation of the last `window` values."""
        return self._one("rolling_std", window, **of)

    def zscore(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the distance from the window's mean in its sample standard deviations."""
        return self._one("zscore", window, **of)

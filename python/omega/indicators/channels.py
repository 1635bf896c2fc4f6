"""Bands and stops around the price, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators.declaring import Declaring, OfCandles, OfSource
from omega.indicators.groups import Bands, Ichimoku, Supertrend

if TYPE_CHECKING:
    from omega._core import Indicator


class Channels(Declaring):
    """Bands and stops around the price."""

    def bollinger(
        self,
        window: int = 20,
        deviations: float = 2.0,
        average: str = "sma",
        **of: Unpack[OfSource],
    ) -> Bands:
        """Declare the mean of a window and bands of population standard deviations around it.

        `average` is the kind of the mean, as in `macd`; the deviations are those from the plain
        mean, whatever it is.

        Example:
            >>> newest(lambda self: self.bollinger(20).upper)
            105.313
        """
        return self._several(Bands, "bollinger", window, deviations, average, **of)

    def keltner(
        self,
        window: int = 20,
        multiplier: float = 2.0,
        atr_window: int = 10,
        average: str = "ema",
        **of: Unpack[OfCandles],
    ) -> Bands:
        """Declare the exponential mean of typical prices and bands of average true ranges.

        `average` is the kind of the mean, as in `macd`.

        Example:
            >>> newest(lambda self: self.keltner(20).lower)
            101.858
        """
        given = (window, multiplier, atr_window, average)
        return self._several(Bands, "keltner", *given, **of)

    def donchian(self, window: int = 20, **of: Unpack[OfCandles]) -> Bands:
        """Declare the highest high, the lowest low, and what lies half way.

        Example:
            >>> newest(lambda self: self.donchian(20).middle)
            102.5
        """
        return self._several(Bands, "donchian", window, **of)

    def supertrend(
        self, window: int = 10, multiplier: float = 3.0, **of: Unpack[OfCandles]
    ) -> Supertrend:
        """Declare a stop of average true ranges that moves with the trend only.

        Example:
            >>> newest(lambda self: self.supertrend().direction)
            1.0
        """
        return self._several(Supertrend, "supertrend", window, multiplier, **of)

    def parabolic_sar(
        self, acceleration: float = 0.02, maximum: float = 0.2, **of: Unpack[OfCandles]
    ) -> Indicator:
        """Declare Wilder's parabolic stop and reverse.

        Example:
            >>> newest(lambda self: self.parabolic_sar())
            102.7211
        """
        return self._one("parabolic_sar", acceleration, maximum, **of)

    def ichimoku(
        self,
        conversion: int = 9,
        base: int = 26,
        span: int = 52,
        displacement: int = 26,
        **of: Unpack[OfCandles],
    ) -> Ichimoku:
        """Declare the lines of an Ichimoku chart, spans where the chart draws them.

        The lagging span is no line of its own: it is the close, held against the bar
        `displacement` ago.

        Example:
            >>> newest(lambda self: self.ichimoku().base)
            102.5
        """
        return self._several(Ichimoku, "ichimoku", conversion, base, span, displacement, **of)

"""Oscillators and measures of trend and volume, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators import groups
from omega.indicators.declaring import Declaring, OfCandles, OfSource

if TYPE_CHECKING:
    from omega._core import Indicator


class Momentum(Declaring):
    """How fast, how far and how clearly a price moves."""

    def momentum(self, window: int = 10, **of: Unpack[OfSource]) -> Indicator:
        """Declare the value less the one `window` bars before.

        Example:
            >>> newest(lambda self: self.momentum(10))
            2.0
        """
        return self._one("momentum", window, **of)

    def roc(self, window: int = 10, **of: Unpack[OfSource]) -> Indicator:
        """Declare the change from `window` bars before, in percent.

        Example:
            >>> newest(lambda self: self.roc(10))
            1.9488
        """
        return self._one("roc", window, **of)

    def rsi(self, window: int = 14, **of: Unpack[OfSource]) -> Indicator:
        """Declare Wilder's relative strength, 0 to 100; NaN where nothing moved at all.

        Example:
            >>> newest(lambda self: self.rsi(14))
            66.3879
        """
        return self._one("rsi", window, **of)

    def macd(
        self,
        fast: int = 12,
        slow: int = 26,
        signal: int = 9,
        average: str = "ema",
        **of: Unpack[OfSource],
    ) -> groups.Macd:
        """Declare the fast less the slow mean, the mean of that, and the distance of both.

        Both means have their first value at one bar, as TA-Lib has them. `average` is the kind of
        all three: "sma", "ema", "wma", "dema", "tema", "hma", "rma", "trima", "kama", "t3" or
        "zlema".

        Example:
            >>> newest(lambda self: self.macd().signal)
            0.2524
        """
        return self._several(groups.Macd, "macd", fast, slow, signal, average, **of)

    def stochastic(
        self,
        window: int = 14,
        smooth: int = 3,
        signal: int = 3,
        average: str = "sma",
        **of: Unpack[OfCandles],
    ) -> groups.Stochastic:
        """Declare where the close stands in the range of `window` bars, in percent.

        `k` is the mean of that over `smooth` bars and `d` the mean of `k` over `signal`, both of
        the kind `average`, as in `macd`. NaN where highest and lowest are one.

        Example:
            >>> newest(lambda self: self.stochastic().k)
            94.4073
        """
        given = (window, smooth, signal, average)
        return self._several(groups.Stochastic, "stochastic", *given, **of)

    def williams_r(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare how far the close is below the highest high, 0 to -100 percent of the range.

        Example:
            >>> newest(lambda self: self.williams_r(14))
            -6.8966
        """
        return self._one("williams_r", window, **of)

    def cci(self, window: int = 20, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the typical price's distance from its mean, in 0.015 mean distances.

        Example:
            >>> newest(lambda self: self.cci(20))
            121.9652
        """
        return self._one("cci", window, **of)

    def dmi(self, window: int = 14, **of: Unpack[OfCandles]) -> groups.Dmi:
        """Declare Wilder's directional indicators, their index and its average.

        Example:
            >>> newest(lambda self: self.dmi(14).plus)
            30.4655
        """
        return self._several(groups.Dmi, "dmi", window, **of)

    def adx(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the average directional index alone, 0 to 100.

        Example:
            >>> newest(lambda self: self.adx(14))
            35.6319
        """
        return self._one("adx", window, **of)

    def aroon(self, window: int = 14, **of: Unpack[OfCandles]) -> groups.Aroon:
        """Declare how recent the lowest low and the highest high of `window` + 1 bars are.

        Example:
            >>> newest(lambda self: self.aroon(14).up)
            100.0
        """
        return self._several(groups.Aroon, "aroon", window, **of)

    def adxr(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the mean of the average directional index and its value `window` - 1 bars ago.

        Example:
            >>> newest(lambda self: self.adxr(14))
            36.1594
        """
        return self._one("adxr", window, **of)

    def vortex(self, window: int = 14, **of: Unpack[OfCandles]) -> groups.Vortex:
        """Declare the ways up and down between neighbouring bars, over the true ranges.

        Example:
            >>> newest(lambda self: self.vortex(14).plus)
            1.442
        """
        return self._several(groups.Vortex, "vortex", window, **of)

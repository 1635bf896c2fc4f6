"""Distances of averages, and places in a range, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators import groups
from omega.indicators.declaring import Declaring, OfCandles, OfSource

if TYPE_CHECKING:
    from omega._core import Indicator


class Oscillators(Declaring):
    """Distances of averages from each other, and ranks of a value among the last."""

    def cmo(self, window: int = 14, smoothing: str = "none", **of: Unpack[OfSource]) -> Indicator:
        """Declare Chande's momentum oscillator: gains less losses in percent of both together.

        Of the last `window` changes, as Chande has it, or with `smoothing="wilder"` of Wilder's
        averages of them. NaN where nothing moved.

        Example:
            >>> newest(lambda self: self.cmo(14))
            60.9756
        """
        return self._one("cmo", window, smoothing, **of)

    def stochastic_rsi(
        self,
        window: int = 14,
        length: int = 14,
        smooth: int = 3,
        signal: int = 3,
        **of: Unpack[OfSource],
    ) -> groups.Stochastic:
        """Declare where `rsi(window)` stands in its range of `length` bars, in percent.

        `k` is the mean of that over `smooth` bars and `d` the mean of `k` over `signal`. NaN where
        the range is a point.

        Example:
            >>> newest(lambda self: self.stochastic_rsi().k)
            95.9493
        """
        given = (window, length, smooth, signal)
        return self._several(groups.Stochastic, "stochastic_rsi", *given, **of)

    def apo(
        self, fast: int = 12, slow: int = 26, average: str = "ema", **of: Unpack[OfSource]
    ) -> Indicator:
        """Declare a fast mean less a slow one, of the kind `average`, as in `macd`.

        Each starts by itself, where both of `macd` start at one bar.

        Example:
            >>> newest(lambda self: self.apo())
            0.565
        """
        return self._one("apo", fast, slow, average, **of)

    def ppo(
        self, fast: int = 12, slow: int = 26, average: str = "ema", **of: Unpack[OfSource]
    ) -> Indicator:
        """Declare `apo` in percent of the slow mean.

        Example:
            >>> newest(lambda self: self.ppo())
            0.5485
        """
        return self._one("ppo", fast, slow, average, **of)

    def trix(self, window: int = 15, **of: Unpack[OfSource]) -> Indicator:
        """Declare the change of a threefold exponential mean from bar to bar, in percent.

        Example:
            >>> newest(lambda self: self.trix(15))
            0.0283
        """
        return self._one("trix", window, **of)

    def tsi(self, long: int = 25, short: int = 13, **of: Unpack[OfSource]) -> Indicator:
        """Declare the true strength index: the twice smoothed change over that of its size.

        In percent, -100 to 100; NaN where nothing moved.

        Example:
            >>> newest(lambda self: self.tsi())
            19.885
        """
        return self._one("tsi", long, short, **of)

    def ao(self, fast: int = 5, slow: int = 34, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the awesome oscillator: the mean of a few bars' middles less that of more.

        Example:
            >>> newest(lambda self: self.ao())
            1.6222
        """
        return self._one("ao", fast, slow, **of)

    def dpo(self, window: int = 20, **of: Unpack[OfSource]) -> Indicator:
        """Declare the price of `window // 2 + 1` bars ago less the mean of the last `window`.

        Charts draw it that many bars further left; here a bar has what is known at it.

        Example:
            >>> newest(lambda self: self.dpo(20))
            -0.5687
        """
        return self._one("dpo", window, **of)

    def ultimate_oscillator(
        self, fast: int = 7, middle: int = 14, slow: int = 28, **of: Unpack[OfCandles]
    ) -> Indicator:
        """Declare buying pressure in percent of the true range, of three windows.

        They weigh 4, 2 and 1. NaN where one has no range.

        Example:
            >>> newest(lambda self: self.ultimate_oscillator())
            66.355
        """
        return self._one("ultimate_oscillator", fast, middle, slow, **of)

    def percent_rank(self, window: int = 100, **of: Unpack[OfSource]) -> Indicator:
        """Declare how many of the `window` values before this one are lower, in percent.

        Example:
            >>> newest(lambda self: self.percent_rank(100))
            87.0
        """
        return self._one("percent_rank", window, **of)

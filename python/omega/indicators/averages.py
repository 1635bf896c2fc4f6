"""Averages as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators.declaring import Declaring, OfSource

if TYPE_CHECKING:
    from omega._core import Indicator


class Averages(Declaring):
    """Averages over a window, and averages that never forget."""

    def sma(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the mean of the last `window` values.

        Example:
            >>> newest(lambda self: self.sma(20))
            102.5062
        """
        return self._one("sma", window, **of)

    def ema(self, window: int, seed: str = "sma", **of: Unpack[OfSource]) -> Indicator:
        """Declare an exponential mean, alpha = 2 / (window + 1).

        It starts with the plain mean of the first `window` values, or with `seed="first"` with the
        first value, and skips NaN.

        Example:
            >>> newest(lambda self: self.ema(20))
            103.1583
        """
        return self._one("ema", window, seed, **of)

    def wma(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare a mean whose newest value counts `window` times and whose oldest counts once.

        Example:
            >>> newest(lambda self: self.wma(20))
            103.2601
        """
        return self._one("wma", window, **of)

    def dema(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare twice the exponential mean less its own exponential mean.

        Example:
            >>> newest(lambda self: self.dema(20))
            103.7843
        """
        return self._one("dema", window, **of)

    def tema(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare 3 a - 3 b + c: a is the exponential mean, b that of a, c that of b.

        Example:
            >>> newest(lambda self: self.tema(20))
            104.4376
        """
        return self._one("tema", window, **of)

    def hma(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare Hull's mean: wma(√window) of 2 wma(window / 2) - wma(window).

        Example:
            >>> newest(lambda self: self.hma(20))
            104.6334
        """
        return self._one("hma", window, **of)

    def rma(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare Wilder's exponential mean, alpha = 1 / window, started with a plain mean.

        Example:
            >>> newest(lambda self: self.rma(14))
            102.9965
        """
        return self._one("rma", window, **of)

    def trima(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare a mean of means, which weighs the middle of the window most.

        Example:
            >>> newest(lambda self: self.trima(20))
            102.508
        """
        return self._one("trima", window, **of)

    def kama(
        self, window: int = 10, fast: int = 2, slow: int = 30, **of: Unpack[OfSource]
    ) -> Indicator:
        """Declare Kaufman's adaptive mean: the faster the straighter the last `window` changes.

        It moves between the paces of exponential means of `fast` and `slow` bars.

        Example:
            >>> newest(lambda self: self.kama(10))
            103.8392
        """
        return self._one("kama", window, fast, slow, **of)

    def t3(self, window: int = 5, factor: float = 0.7, **of: Unpack[OfSource]) -> Indicator:
        """Declare Tillson's T3, a smooth mean of six exponential ones.

        Example:
            >>> newest(lambda self: self.t3(5))
            104.3281
        """
        return self._one("t3", window, factor, **of)

    def zlema(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare an exponential mean of prices moved ahead by their change of half a window.

        Example:
            >>> newest(lambda self: self.zlema(20))
            104.38
        """
        return self._one("zlema", window, **of)

"""Measures of how far prices move, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators.declaring import Declaring, OfCandles, OfSource

if TYPE_CHECKING:
    from omega._core import Indicator


class Volatility(Declaring):
    """Ranges, their averages, and models of volatility."""

    def true_range(self, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the range of each bar and the close before it together.

        Example:
            >>> newest(lambda self: self.true_range())
            0.375
        """
        return self._one("true_range", **of)

    def atr(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare Wilder's average true range.

        Example:
            >>> newest(lambda self: self.atr(14))
            0.6322
        """
        return self._one("atr", window, **of)

    def natr(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare Wilder's average true range in percent of the close.

        Example:
            >>> newest(lambda self: self.natr(14))
            0.6043
        """
        return self._one("natr", window, **of)

    def choppiness(self, window: int = 14, **of: Unpack[OfCandles]) -> Indicator:
        """Declare the choppiness index: near 100 in a sideways market, low in a trend.

        Example:
            >>> newest(lambda self: self.choppiness(14))
            32.8455
        """
        return self._one("choppiness", window, **of)

    def garch_volatility(
        self,
        alpha: float = 0.1,
        beta: float = 0.85,
        omega: float | None = None,
        *,
        min_periods: int = 50,
        log_returns: bool = True,
        scale: float = 100.0,
        lookback: int | None = None,
        **of: Unpack[OfSource],
    ) -> Indicator:
        """Declare the deviation of the next return, by GARCH(1,1) with given weights.

        Args:
            alpha: Weight of the last squared shock.
            beta: Weight of the last variance; with `alpha` below 1.
            omega: What is added each time; None keeps the start variance as the level.
            min_periods: Returns that give the mean and the start variance.
            log_returns: Logarithms of ratios, else ratios less 1.
            scale: What returns are multiplied by while the variance is computed.
            lookback: Values that each result is computed from again; None: all before it.
            of: `source`, `timeframe` and `symbol`.

        Example:
            >>> newest(lambda self: self.garch_volatility())
            0.0048
        """
        model = (alpha, beta, omega, min_periods, log_returns, scale, lookback)
        return self._one("garch_volatility", *model, **of)

    def volatility_cluster(
        self,
        feature: str = "atr",
        window: int = 100,
        k: int = 3,
        *,
        atr_window: int = 14,
        alpha: float = 0.1,
        beta: float = 0.85,
        omega: float | None = None,
        min_periods: int = 50,
        log_returns: bool = True,
        scale: float = 100.0,
        lookback: int | None = None,
        **of: Unpack[OfCandles],
    ) -> Indicator:
        """Declare the group of the volatility among its last values: 0 the lowest of `k`.

        Args:
            feature: "atr", or "garch" of the closes.
            window: Values that are grouped by k-means, on their logarithms.
            k: Number of groups.
            atr_window: Window of the average true range.
            alpha: As in `garch_volatility`, like all that follow.
            beta: As there.
            omega: As there.
            min_periods: As there.
            log_returns: As there.
            scale: As there.
            lookback: As there.
            of: `side`, `timeframe` and `symbol`.

        Example:
            >>> newest(lambda self: self.volatility_cluster(window=100, k=3))
            0.0
        """
        model = (alpha, beta, omega, min_periods, log_returns, scale, lookback)
        return self._one("volatility_cluster", feature, window, k, atr_window, *model, **of)

    def volatility_rank(
        self, lookback: int = 100, atr_window: int = 14, **of: Unpack[OfCandles]
    ) -> Indicator:
        """Declare how many of the last average true ranges were lower, in percent.

        Example:
            >>> newest(lambda self: self.volatility_rank(100))
            20.202
        """
        return self._one("volatility_rank", lookback, atr_window, **of)

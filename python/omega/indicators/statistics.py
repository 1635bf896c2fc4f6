"""Statistics of a window of values, and scores, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators import groups
from omega.indicators.declaring import Declaring, OfPair, OfSource

if TYPE_CHECKING:
    from omega._core import Indicator


class Statistics(Declaring):
    """Statistics of a window of values, and how far a value is from its mean."""

    def rolling_mean(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the mean of the last `window` values; the same as `sma`.

        Example:
            >>> newest(lambda self: self.rolling_mean(20))
            102.5062
        """
        return self._one("rolling_mean", window, **of)

    def rolling_std(self, window: int, ddof: int = 1, **of: Unpack[OfSource]) -> Indicator:
        """Declare the standard deviation of a window, a sample's or (`ddof=0`) a population's.

        Example:
            >>> newest(lambda self: self.rolling_std(20))
            1.4398
        """
        return self._one("rolling_std", window, ddof, **of)

    def rolling_min(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the smallest of the last `window` values.

        Example:
            >>> newest(lambda self: self.rolling_min(20, source="low"))
            100.125
        """
        return self._one("rolling_min", window, **of)

    def rolling_max(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the largest of the last `window` values.

        Example:
            >>> newest(lambda self: self.rolling_max(20, source="high"))
            104.875
        """
        return self._one("rolling_max", window, **of)

    def rolling_median(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the median of the last `window` values.

        Example:
            >>> newest(lambda self: self.rolling_median(20))
            102.5625
        """
        return self._one("rolling_median", window, **of)

    def rolling_quantile(self, window: int, quantile: float, **of: Unpack[OfSource]) -> Indicator:
        """Declare a quantile, 0 to 1, of a window, on the line between the nearest ranks.

        Example:
            >>> newest(lambda self: self.rolling_quantile(20, 0.9))
            104.2313
        """
        return self._one("rolling_quantile", window, quantile, **of)

    def slope(self, window: int, **of: Unpack[OfSource]) -> Indicator:
        """Declare the slope, a bar, of the line through a window by least squares.

        Example:
            >>> newest(lambda self: self.slope(20))
            0.2381
        """
        return self._one("slope", window, **of)

    def linear_regression(
        self, window: int = 14, **of: Unpack[OfSource]
    ) -> groups.LinearRegression:
        """Declare the line through a window by least squares.

        Its `value` at the newest bar, `slope` a bar, `intercept` at the oldest bar, `forecast` one
        bar ahead, and `angle` in degrees.

        Example:
            >>> newest(lambda self: self.linear_regression(14).forecast)
            105.0268
        """
        return self._several(groups.LinearRegression, "linear_regression", window, **of)

    def correlation(
        self,
        window: int,
        source: tuple[str | Indicator, str | Indicator],
        **of: Unpack[OfPair],
    ) -> Indicator:
        """Declare Pearson's correlation of two columns over the last `window` bars.

        Example:
            >>> newest(lambda self: self.correlation(20, ("close", "volume")))
            -0.1545
        """
        return self._one("correlation", window, source=source, **of)

    def zscore(
        self,
        window: int,
        mean: str = "rolling",
        period: int | None = None,
        *,
        residual_std: bool | None = None,
        **of: Unpack[OfSource],
    ) -> Indicator:
        """Declare the distance from a mean in sample standard deviations.

        Args:
            window: Values that the deviation is of.
            mean: "rolling", of the window itself, or "ema".
            period: Period of an exponential mean; None is `window`.
            residual_std: Whether the deviation is that of the distances from the mean, else that
                of the values; None: of the distances with "ema", of the values with "rolling".
            of: `source`, `timeframe` and `symbol`.

        Example:
            >>> newest(lambda self: self.zscore(20))
            1.4715
        """
        return self._one("zscore", window, mean, period, residual_std, **of)

    def kalman_mean(
        self,
        measurement_variance: float = 0.01,
        process_variance: float = 1.0,
        **of: Unpack[OfSource],
    ) -> Indicator:
        """Declare the level of a random walk that is measured with noise.

        Example:
            >>> newest(lambda self: self.kalman_mean())
            104.6262
        """
        return self._one("kalman_mean", measurement_variance, process_variance, **of)

    def kalman_zscore(
        self,
        window: int = 100,
        measurement_variance: float = 0.01,
        process_variance: float = 1.0,
        **of: Unpack[OfSource],
    ) -> Indicator:
        """Declare the distance from the Kalman mean in the sample deviations of that distance.

        Example:
            >>> newest(lambda self: self.kalman_zscore(100))
            -0.2522
        """
        return self._one("kalman_zscore", window, measurement_variance, process_variance, **of)

    def kalman_garch_zscore(
        self,
        measurement_variance: float = 0.01,
        process_variance: float = 1.0,
        *,
        alpha: float = 0.1,
        beta: float = 0.85,
        omega: float | None = None,
        min_periods: int = 50,
        log_returns: bool = True,
        scale: float = 100.0,
        lookback: int | None = None,
        **of: Unpack[OfSource],
    ) -> Indicator:
        """Declare the relative distance from the Kalman mean in GARCH volatilities.

        Args:
            measurement_variance: As in `kalman_mean`.
            process_variance: As there.
            alpha: As in `garch_volatility`, like all that follow.
            beta: As there.
            omega: As there.
            min_periods: As there.
            log_returns: As there.
            scale: As there.
            lookback: As there.
            of: `source`, `timeframe` and `symbol`.

        Example:
            >>> newest(lambda self: self.kalman_garch_zscore())
            -0.0023
        """
        model = (alpha, beta, omega, min_periods, log_returns, scale, lookback)
        kalman = (measurement_variance, process_variance)
        return self._one("kalman_garch_zscore", *kalman, *model, **of)

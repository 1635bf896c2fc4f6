"""Mean reversion by z-score, in six scenarios: the first that fires wins.

One position at a time; signals on the bid, longs enter on the ask. The stop lies average true
ranges beyond the bar, the target is a mean, and time runs out after half an hour. Guards come
first: flat, the direction allowed, the trend filter; sessions and news are settings of the run
(`Execution`).

    1. the z-score of the close from its exponential mean is extreme: target the mean;
    2. the Kalman z-score is extreme and the close outside its band: target the middle of the band;
    3. as 2, with the exponential mean far enough from the price: target that mean;
    4. as 2, with the Kalman score in units of GARCH volatility;
    5. as 2, with the volatility in one of the allowed clusters, for some bars on end;
    6. as 2, where higher timeframes agree, all of them or any.

Two forms: a class that is called on every bar, and the same called only where a score is extreme.
"""

from __future__ import annotations

import omega
from tests.support import market
from tests.support.catalog import Example

LONG, SHORT = 1.0, -1.0
FAR_MEAN, GARCH, CALM, AGREED = 3, 4, 5, 6
"""The scenarios that ask for more than an extreme score, as numbered above."""


class ScenarioReversion(omega.Strategy):
    """Trade extremes of a score back to a mean; short mirrors long."""

    scenarios: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    directions: tuple[str, ...] = ("long", "short")
    window: int = 100
    extreme: float = 2.5
    garch_extreme: float = 0.025  # the Kalman mean follows closely: what is left is small
    ema_window: int = 30
    band_window: int = 20
    deviations: float = 2.0
    measurement_variance: float = 0.01
    process_variance: float = 1.0
    atr_window: int = 14
    stop_atrs: float = 2.0
    minimum_target: float = 0.0005
    clusters: tuple[int, ...] = (0, 1)
    hysteresis: int = 3
    higher: tuple[str, ...] = ("H4",)
    higher_extreme: float = 1.0
    agreement: str = "all"
    trend: str = "require"
    trend_timeframe: str = "D1"
    trend_window: int = 100

    position_manager = omega.TimeExit(minutes=30)

    def init(self) -> None:
        """Declare what the scenarios chosen look at, and nothing else."""
        variances = self.measurement_variance, self.process_variance
        self.mean = self.ema(self.ema_window)
        self.score = self.zscore(self.window, mean="ema", period=self.ema_window)
        self.kalman = self.kalman_zscore(self.window, *variances)
        self.band = self.bollinger(self.band_window, self.deviations)
        self.edges = self.band.lower, self.band.upper
        self.reach = self.atr(self.atr_window)
        self.garch = self.kalman_garch_zscore(*variances)
        if CALM in self.scenarios:
            self.cluster = self.volatility_cluster("atr", self.window)
        higher_bands = {
            name: self.bollinger(self.band_window, self.deviations, timeframe=name)
            for name in (self.higher if AGREED in self.scenarios else ())
        }
        self.above = {
            name: (
                self.kalman_zscore(self.window, *variances, timeframe=name),
                (band.lower, band.upper),
            )
            for name, band in higher_bands.items()
        }
        if self.trend != "off":
            self.trend_mean = self.ema(self.trend_window, timeframe=self.trend_timeframe)

    def on_bar(self, bar: omega.Bar) -> None:
        """Enter by the first scenario that fires, long before short."""
        if self.position is not None:
            return
        for name, sign in (("long", LONG), ("short", SHORT)):
            if name in self.directions and self.enter(bar, sign):
                return

    def enter(self, bar: omega.Bar, sign: float) -> bool:
        """Enter in a direction if a scenario fires; tell whether."""
        for scenario in self.scenarios:
            target = self.target(scenario, bar, sign)
            if target is None:
                continue
            risk = self.stop_atrs * self.reach[-1]
            reason = f"scenario {scenario}"
            if sign == LONG:
                self.buy(stop_loss=bar.low - risk, take_profit=target, reason=reason)
            else:
                self.sell(stop_loss=bar.ask.high + risk, take_profit=target, reason=reason)
            return True
        return False

    def target(self, scenario: int, bar: omega.Bar, sign: float) -> float | None:
        """Give the target where a scenario fires in a direction, else None."""
        if scenario == 1:
            return self.mean[-1] if sign * self.score[-1] <= -self.extreme else None
        if not self.trend_allows(bar, sign):
            return None
        score, limit = self.kalman[-1], self.extreme
        if scenario == GARCH:
            score, limit = self.garch[-1], self.garch_extreme
        if not (sign * score <= -limit and self.outside(bar.close, self.edges, sign)):
            return None
        return self.confirmed(scenario, bar, sign)

    def confirmed(self, scenario: int, bar: omega.Bar, sign: float) -> float | None:
        """Give the target of a scenario whose score is extreme, if the rest of it holds."""
        middle = self.band.middle[-1]
        if scenario == FAR_MEAN:
            price = bar.ask.close if sign == LONG else bar.close
            far = sign * (self.mean[-1] - price) >= self.minimum_target
            return self.mean[-1] if far else None
        if scenario == CALM:
            return middle if self.is_calm() else None
        if scenario == AGREED:
            return middle if self.higher_agree(bar, sign) else None
        return middle

    def outside(self, price: float, edges: tuple[omega.Indicator, ...], sign: float) -> bool:
        """Tell whether a price lies beyond the near one of two edges, lower and upper."""
        edge = edges[0] if sign == LONG else edges[1]
        return sign * price <= sign * edge[-1]

    def is_calm(self) -> bool:
        """Tell whether the volatility has been in an allowed cluster for some bars on end."""
        return all(self.cluster[-1 - ago] in self.clusters for ago in range(self.hysteresis))

    def higher_agree(self, bar: omega.Bar, sign: float) -> bool:
        """Tell whether the higher timeframes are extreme as well; a missing one does not agree."""
        votes = [
            sign * score[-1] <= -self.higher_extreme
            and self.outside(bar.tf(name).close, edges, sign)
            for name, (score, edges) in self.above.items()
        ]
        return all(votes) if self.agreement == "all" else any(votes)

    def trend_allows(self, bar: omega.Bar, sign: float) -> bool:
        """Tell whether the last complete higher bar lies on the trade's side of its mean."""
        if self.trend == "off":
            return True
        return sign * bar.tf(self.trend_timeframe).close > sign * self.trend_mean[-1]


class ScenarioReversionOnExtremes(ScenarioReversion):
    """The same, called only where one of the scores is extreme."""

    @omega.when(
        lambda self: (
            (self.score <= -self.extreme)
            | (self.score >= self.extreme)
            | (self.kalman <= -self.extreme)
            | (self.kalman >= self.extreme)
            | (self.garch <= -self.garch_extreme)
            | (self.garch >= self.garch_extreme)
        )
    )
    def on_bar(self, bar: omega.Bar) -> None:
        """Enter by the first scenario that fires."""
        super().on_bar(bar)


SCENARIOS = Example(
    market.hours,
    {"class": ScenarioReversion, "trigger": ScenarioReversionOnExtremes},
    {"timeframes": ("H4", "D1"), "position_manager": omega.TimeExit(bars=30)},
)

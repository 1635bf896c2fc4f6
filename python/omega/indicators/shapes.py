"""Candles drawn otherwise, their turns and patterns, as methods of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from omega.indicators import groups
from omega.indicators.declaring import Declaring, OfCandles

if TYPE_CHECKING:
    from omega._core import Indicator


class Shapes(Declaring):
    """Candles drawn otherwise, levels of the period before, turns and patterns."""

    def heikin_ashi(self, **of: Unpack[OfCandles]) -> groups.HeikinAshi:
        """Declare Heikin-Ashi candles: `open`, `high`, `low` and `close`, drawn from means.

        They are for reading, not for filling: orders fill at the prices of the bars.

        Example:
            >>> newest(lambda self: self.heikin_ashi().close)
            104.6875
        """
        return self._several(groups.HeikinAshi, "heikin_ashi", **of)

    def fractals(self, left: int = 2, right: int = 2, **of: Unpack[OfCandles]) -> groups.Fractals:
        """Declare the last swing high and low: beyond `left` bars before and `right` bars after.

        A swing is known `right` bars after it happened, and shown from then on; `new_high` and
        `new_low` are 1.0 at the bar where one becomes known.

        Example:
            >>> newest(lambda self: self.fractals().new_high)
            0.0
        """
        return self._several(groups.Fractals, "fractals", left, right, **of)

    def pivots(
        self, kind: str = "classic", period: str = "day", **of: Unpack[OfCandles]
    ) -> groups.Pivots:
        """Declare the pivot, resistances and supports made of the period before.

        Args:
            kind: "classic", "fibonacci", "camarilla", "woodie" (by the open of the period itself,
                as TradingView has it) or "demark" (`r1` and `s1` alone, the others are NaN).
            period: "day", "week", "month", "quarter" or "year" of the run's calendar.
            of: `side`, `timeframe` and `symbol`.

        Example:
            >>> class Levels(omega.Strategy):
            ...     def init(self):
            ...         self.levels = self.pivots()
            ...     def on_bar(self, bar): ...
            >>> late = candles.with_columns(pl.col("time") + pl.duration(hours=22))
            >>> levels = omega.run_backtest(late, Levels).strategy.levels
            >>> [round(float(line.window(1)[0]), 4) for line in (levels.pivot, levels.r1)]
            [103.5, 106.875]
        """
        return self._several(groups.Pivots, "pivots", kind, period, **of)

    def pattern(
        self, name: str, penetration: float | None = None, **of: Unpack[OfCandles]
    ) -> Indicator:
        """Declare one of TA-Lib's 61 candlestick patterns: 100 up, -100 down, 0 where it is not.

        `engulfing`, `harami` and `harami_cross` are 80 where two bodies share an end, `hikkake`
        and `modified_hikkake` 200 where a break is confirmed.

        Args:
            name: One of the names on the page "Indicators", such as "hammer".
            penetration: How far a last close must reach into a body, as a part of it; None is
                the pattern's own, and the only one of patterns without one.
            of: `side`, `timeframe` and `symbol`.

        Example:
            >>> newest(lambda self: self.pattern("engulfing"))
            0.0
        """
        return self._one("pattern", name, penetration, **of)

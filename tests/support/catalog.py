"""The examples, each with its candles, its settings and all the forms that it is written in.

All forms of an example give one fingerprint: a form decides how often Python is called, never what
happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import omega
from omega.examples import (
    buy_and_hold,
    donchian_breakout,
    grid,
    pairs,
    rsi_reversion,
    session_range,
    sma_cross,
    trailing_trend,
    zscore_reversion,
)
from tests.support import market


@dataclass(frozen=True)
class Example:
    """A strategy: what it is run over, how, and in which forms."""

    source: Callable[[], market.Source]
    forms: Mapping[str, Callable[[], Any]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[dict[str, Any]], dict[str, Any]] = dict

    def run(self, form: str, **settings: Any) -> omega.BacktestResult:  # noqa: ANN401 - of a run
        """Run a form over the example's candles; settings replace the example's own."""
        words = {**RUN, **self.settings, **settings}
        return omega.run_backtest(self.prepare(self.source().candles), self.forms[form](), **words)


RUN: dict[str, Any] = {
    "instruments": "auto",
    "costs": omega.Costs(slippage_pips=0.1, fee_per_million=30),
    "sizer": omega.FixedLots(0.1),
    "cash": 100_000,
    "validate": {"crossed": "allow"},  # the real minutes have crossed quotes, and say so
}


def _with_spread(candles: dict[str, Any]) -> dict[str, Any]:
    euro, pound = candles["EURUSD"], candles["GBPUSD"]
    return {"EURUSD": pairs.with_spread(euro, pound), "GBPUSD": pound}


EXAMPLES: dict[str, Example] = {
    "sma_cross": Example(
        market.hours,
        {
            "class": sma_cross.SmaCross,
            "trigger": sma_cross.SmaCrossOnCrossings,
            "signals": sma_cross.signals,
            "native": lambda: omega.native("sma_cross"),
        },
    ),
    "zscore_reversion": Example(
        market.minutes,
        {
            "class": zscore_reversion.ZScoreReversion,
            "native": lambda: omega.native("zscore_reversion"),
        },
    ),
    "donchian_breakout": Example(
        market.gold,
        {
            "class": donchian_breakout.DonchianBreakout,
            "native": lambda: omega.native("donchian_breakout"),
        },
    ),
    "rsi_reversion": Example(
        market.hours,
        {
            "class": rsi_reversion.RsiReversion,
            "native": lambda: omega.native("rsi_reversion"),
        },
    ),
    "buy_and_hold": Example(
        market.gold,
        {"class": buy_and_hold.BuyAndHold, "native": lambda: omega.native("buy_and_hold")},
    ),
    "session_range": Example(
        market.minutes,
        {
            "class": session_range.SessionRange,
            "trigger": session_range.SessionRangeAtItsHours,
        },
    ),
    "pairs": Example(
        market.days,
        {"class": pairs.Pairs, "trigger": pairs.PairsOnExtremes},
        prepare=_with_spread,
    ),
    "grid": Example(
        market.minutes,
        {"class": grid.Grid, "trigger": grid.GridByTheHour},
    ),
    "trailing_trend": Example(
        market.gold,
        {
            "class": trailing_trend.TrailingTrend,
            "trigger": trailing_trend.TrailingTrendOnTurns,
            "signals": trailing_trend.signals,
        },
        {"position_manager": omega.TrailingStop(15.0)},
    ),
}

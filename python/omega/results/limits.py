"""The limits of undefined metrics, so that runs of a sweep can be ranked.

A ratio whose divisor is 0 has no value in a result (None). Beside other runs it stands for what it
tends to: a run that never loses has an infinite profit factor. The page "Sweeps" lists all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Metrics = Mapping[str, Any]

_RATIOS: dict[str, tuple[str, str]] = {
    "profit_factor": ("gross_loss", "gross_profit"),
    "payoff_ratio": ("gross_loss", "gross_profit"),
    "sharpe": ("volatility", "best_day"),
    "sortino": ("downside_volatility", "best_day"),
    "omega_ratio": ("downside_volatility", "best_day"),
    "calmar": ("max_drawdown", "cagr"),
    "recovery_factor": ("max_drawdown_money", "net_profit"),
}
"""Of each ratio the metric that is 0 where its divisor is, and one with the sign of its dividend.

Where daily returns do not vary each is `best_day`; where none is below 0 their mean is above 0 if
one of them is.
"""
_NOTHING_TO_AVERAGE = {
    "average_win": "wins",
    "largest_win": "wins",
    "average_loss": "losses",
    "largest_loss": "losses",
    "average_drawdown": "drawdowns",
    "average_drawdown_days": "drawdowns",
}
"""What is 0 where there is nothing of its kind, and the metric that counts that."""


def with_limits(metrics: Metrics) -> dict[str, Any]:
    """Return metrics with limits in place of what is undefined; without a limit it stays None.

    Example:
        >>> won = {"profit_factor": None, "gross_loss": 0.0, "gross_profit": 5.0}
        >>> with_limits(won)["profit_factor"], with_limits({"win_rate": None})["win_rate"]
        (inf, None)
    """
    missing = [name for name, value in metrics.items() if value is None]
    return {**metrics, **{name: _limit(name, metrics) for name in missing}}


def _limit(name: str, metrics: Metrics) -> float | None:
    if name in _RATIOS:
        divisor, dividend = (metrics.get(one) for one in _RATIOS[name])
        if name == "payoff_ratio" and metrics.get("losses") and not metrics.get("wins"):
            return 0.0
        return _infinite(dividend) if divisor == 0.0 else None
    if name in _NOTHING_TO_AVERAGE:
        known = name.startswith("average_drawdown") or metrics.get("trades")
        return 0.0 if known and metrics.get(_NOTHING_TO_AVERAGE[name]) == 0 else None
    special = _SPECIAL.get(name)
    return None if special is None else special(metrics)


def _infinite(sign: float | None) -> float | None:
    """Return infinity with a sign; 0 / 0 has no limit."""
    return None if not sign else math.copysign(math.inf, sign)


def _kelly(metrics: Metrics) -> float | None:
    """Without a loss the share of winners, and without a winner minus infinity."""
    if not metrics.get("trades"):
        return None
    if metrics.get("losses") == 0:
        win_rate: float | None = metrics.get("win_rate")
        return win_rate
    return -math.inf if metrics.get("wins") == 0 else None


def _sqn(metrics: Metrics) -> float | None:
    """Where all trades have the same profit, infinity with its sign."""
    several = (metrics.get("trades") or 0) > 1
    return _infinite(metrics.get("expectancy")) if several else None


_SPECIAL: dict[str, Callable[[Metrics], float | None]] = {"kelly": _kelly, "sqn": _sqn}

"""Metrics as text, and whether a lower value is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from omega.report._reported import Reported as Measured

UNDEFINED = "-"
EXTRAPOLATED = "CAGR, extrapolated"
"""What the growth rate of a run of less than a year is called."""
BESIDE_A_BENCHMARK = (
    "benchmark_return",
    "benchmark_drawdown",
    "benchmark_sharpe",
    "alpha",
    "beta",
    "correlation",
    "tracking_error",
    "information_ratio",
    "up_capture",
    "down_capture",
)
"""What a benchmark adds to the metrics, in order."""
PERCENT = {
    "alpha",
    "average_drawdown",
    "benchmark_drawdown",
    "benchmark_return",
    "best_day",
    "cagr",
    "conditional_value_at_risk",
    "downside_volatility",
    "exposure",
    "kelly",
    "max_drawdown",
    "max_drawdown_intrabar",
    "total_return",
    "tracking_error",
    "ulcer_index",
    "value_at_risk",
    "volatility",
    "win_rate",
    "worst_day",
}
LESS_IS_BETTER = frozenset(
    {
        "volatility",
        "downside_volatility",
        "max_drawdown",
        "max_drawdown_money",
        "max_drawdown_bars",
        "max_drawdown_days",
        "drawdowns",
        "average_drawdown",
        "average_drawdown_days",
        "longest_drawdown_bars",
        "longest_drawdown_days",
        "ulcer_index",
        "losses",
        "longest_loss_streak",
        "ambiguous_trades",
        "turnover",
        "fees",
        "slippage_cost",
        "total_costs",
    }
)
"""Metrics of which less is better; of all others more is."""

_POINTS = 600
_YEAR = 360
"""Days that count as a year: holidays at its ends take none away."""


def formatted(name: str, value: object) -> str:
    """Write a metric as a trader reads it.

    Example:
        >>> formatted("win_rate", 0.5), formatted("net_profit", 1234.5), formatted("sharpe", None)
        ('50.00 %', '1,234.50', '-')
        >>> formatted("profit_factor", float("inf"))
        '∞'
    """
    if value is None:
        return UNDEFINED
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, int):
        return f"{value:,}"
    if name in PERCENT:
        return f"{_written(100 * float(str(value)))} %"
    return _written(float(str(value)))


def _written(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:,.2f}"
    return "0.00" if text == "-0.00" else text


def is_under_a_year(metrics: Mapping[str, object]) -> bool:
    """Whether there is a growth rate, of less than a year.

    Example:
        >>> is_under_a_year({"cagr": 0.5, "years": 0.25}), is_under_a_year({"cagr": None})
        (True, False)
    """
    years = metrics.get("years")
    short = isinstance(years, float) and round(years * 365.25) < _YEAR
    return short and metrics.get("cagr") is not None


def thinned(values: NDArray[np.float64], limit: int = _POINTS) -> NDArray[np.intp]:
    """Choose the rows to draw: all of them, or the lowest and highest of each of equal stretches.

    Example:
        >>> thinned(np.array([0.0, 5.0, 1.0, 2.0, -3.0, 0.0]), limit=4).tolist()
        [0, 1, 3, 4]
    """
    if len(values) <= limit:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), limit // 2 + 1).astype(np.intp)
    chosen: set[int] = set()
    for begin, end in pairwise(edges):
        stretch = values[begin:end]
        chosen |= {int(begin + stretch.argmin()), int(begin + stretch.argmax())}
    return np.array(sorted(chosen), dtype=np.intp)


def start_of(result: Measured) -> float:
    """Return the equity at the start: what the first return is on.

    Example:
        >>> from omega.results.result import example_result
        >>> start_of(example_result())
        10000.0
    """
    start = number_of(result, "initial_equity")
    if start is not None:
        return start
    return float(result.equity["equity"][0]) if result.equity.height else 0.0


def number_of(result: Measured, name: str) -> float | None:
    """Return a metric as a number; None where it is undefined.

    Example:
        >>> from omega.results.result import example_result
        >>> number_of(example_result(), "trades")
        3.0
    """
    value = result.metrics.get(name)
    return float(value) if isinstance(value, (int, float)) else None

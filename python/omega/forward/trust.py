"""How far a walk-forward can be trusted."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import polars as pl

from omega.errors import ConfigError
from omega.forward.inputs import Inputs
from omega.forward.measures import rank_correlation
from omega.results.result import BacktestResult
from omega.statistics import deflated_sharpe


@dataclasses.dataclass(frozen=True)
class ForwardTrust:
    """How far the result over all test windows can be trusted.

    Attributes:
        days: Daily returns of the account.
        dsr: The deflated Sharpe ratio of the account: it was not selected, so it is that of a
            single trial, the probability that the true ratio is above 0.
        t_statistic: Sharpe ratio of a day times the root of the days.
        pbo: The probability of backtest overfitting of all sets over the test windows, each run
            once over all of them; None where there are fewer than two or too few days.
        rank_correlation: Spearman's, over windows, of the metric that was chosen by in sample with
            the same out of sample.
        windows: Windows that chose.
        profitable: The share of them that gained.
    """

    days: int
    dsr: float | None
    t_statistic: float | None
    pbo: float | None
    rank_correlation: float | None
    windows: int
    profitable: float | None

    def __str__(self) -> str:
        """The numbers one below the other, each with what it means."""
        shown = {name: _shown(value) for name, value in vars(self).items()}
        lines = (f"  {name:<18}{shown[name]:>9}  {_MEANING[name]}" for name in _MEANING)
        return "\n".join(["Walk-forward over all windows", *lines])


_MEANING = {
    "days": "daily returns of the account",
    "dsr": "its true Sharpe ratio is above 0; the account was not selected",
    "t_statistic": "Sharpe ratio of a day times the root of the days",
    "pbo": "the best set of one half of the test windows is in the worse half on the others",
    "rank_correlation": "of the metric in sample with the same out of sample, over windows",
    "windows": "windows that chose",
    "profitable": "the share of them that gained",
}


def _shown(value: int | float | None) -> str:  # noqa: PYI041 - they are shown differently
    if value is None:
        return "undefined"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def trust_of(parts: Inputs, windows: pl.DataFrame, oos: BacktestResult) -> ForwardTrust:
    """Return how much a walk-forward is to be trusted."""
    metrics: dict[str, Any] = oos.metrics
    per_day = _per_day(metrics)
    chosen = windows.filter(pl.col("run").is_not_null())
    metric = parts.chooser.metric
    outside = f"oos_{metric}" if f"oos_{metric}" in windows.columns else "oos_sharpe"
    inside = f"is_{metric}" if outside != "oos_sharpe" else "is_sharpe"
    gained = chosen["oos_total_return"].to_numpy()
    return ForwardTrust(
        days=metrics["days"],
        dsr=_single(per_day, metrics),
        pbo=_overfitting(parts),
        t_statistic=None if per_day is None else per_day * math.sqrt(metrics["days"]),
        rank_correlation=rank_correlation(chosen[inside].to_list(), chosen[outside].to_list()),
        windows=chosen.height,
        profitable=int((gained > 0).sum()) / chosen.height if chosen.height else None,
    )


def _per_day(metrics: dict[str, Any]) -> float | None:
    sharpe, per_year = metrics["sharpe"], metrics["periods_per_year"]
    return None if sharpe is None or not per_year else sharpe / math.sqrt(per_year)


def _single(per_day: float | None, metrics: dict[str, Any]) -> float | None:
    """Return the probability of skill of a single trial."""
    skewness, excess = metrics["skewness"], metrics["kurtosis"]
    if per_day is None or skewness is None or excess is None:
        return None
    return deflated_sharpe(per_day, metrics["days"], skewness, excess + 3.0, 1, 0.0)


def _overfitting(parts: Inputs) -> float | None:
    """Run each set once over all test windows, and compare halves of that span."""
    tested = [parts.windows[place].test for place in parts.tested]
    made = parts.runs.over(range(len(parts.runs.sets)), (tested[0][0], tested[-1][1]))
    try:
        return made.trust("total_return").pbo
    except ConfigError:  # no run has a value
        return None

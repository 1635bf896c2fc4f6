"""Metrics of a window, and the stability of parameters from window to window."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.sweeps.trust import SHOWN

Floats = NDArray[np.float64]

_YEAR = 365.25
MEASURED = SHOWN
"""What each window shows of its three runs."""


@dataclasses.dataclass(frozen=True)
class Curve:
    """An equity curve, and the day of each of its rows."""

    times: NDArray[np.int64]
    equity: Floats
    days: NDArray[np.int64]
    open_positions: NDArray[Any]

    def exposure(self) -> float | None:
        """Return the share of rows with something open."""
        return float((self.open_positions > 0).mean()) if len(self.equity) else None

    def stretch(self, begin: int, end: int) -> Curve:
        """Return the rows of steps from one time on and before another."""
        first, past = np.searchsorted(self.times, [begin, end])
        rows = slice(first, past)
        times, equity, days = self.times[rows], self.equity[rows], self.days[rows]
        return Curve(times, equity, days, self.open_positions[rows])

    def before(self, begin: int, initial: float) -> float:
        """Return the equity with which a stretch begins: that of the row before it."""
        first = int(np.searchsorted(self.times, begin))
        return float(self.equity[first - 1]) if first else initial

    def closes(self) -> Floats:
        """Return the equity at the end of each day."""
        if not len(self.days):
            return self.equity
        return self.equity[np.flatnonzero(np.append(np.diff(self.days) != 0, True))]


def daily_returns(initial: float, closes: Floats) -> Floats:
    """Return the return of each day; empty where an equity is not above 0.

    Example:
        >>> daily_returns(100.0, np.array([110.0, 99.0])).round(6).tolist()
        [0.1, -0.1]
    """
    before = np.concatenate([[initial], closes[:-1]])
    if not len(closes) or (before <= 0.0).any():
        return np.empty(0)
    return np.asarray(closes / before - 1.0, dtype=np.float64)


def measured(curve: Curve, initial: float) -> dict[str, float | None]:
    """Return the metrics of a curve that began with an equity.

    They are those of the page "Results", of the stretch alone.
    """
    equity, days = curve.equity, curve.days
    if not len(equity) or initial <= 0.0:
        return dict.fromkeys(("total_return", "cagr", "sharpe", "max_drawdown"))
    returns = daily_returns(initial, curve.closes())
    years = (int(days[-1]) - int(days[0]) + 1) / _YEAR
    total = float(equity[-1]) / initial - 1.0
    peaks = np.maximum.accumulate(np.concatenate([[initial], equity]))[1:]
    return {
        "total_return": total,
        "cagr": annualised(total, years),
        "sharpe": sharpe(returns, len(returns) / years),
        "max_drawdown": float(((peaks - equity) / peaks).max()),
    }


def sharpe(returns: Floats, per_year: float) -> float | None:
    """Return mean over sample deviation, scaled to a year; None where there is no deviation.

    Example:
        >>> round(sharpe(np.array([0.01, 0.03]), 252.0), 4)
        22.4499
    """
    deviation = float(returns.std(ddof=1)) if len(returns) > 1 else 0.0
    if not deviation > 0.0:
        return None
    return float(returns.mean()) / deviation * math.sqrt(per_year)


def of_trades(trades: pl.DataFrame) -> dict[str, float | int | None]:
    """Return the metrics of trades; without a loss the profit factor is infinite, as in sweeps.

    Example:
        >>> of_trades(pl.DataFrame({"net_pnl": [3.0, -1.0, 0.0]}))
        {'profit_factor': 3.0, 'win_rate': 0.333..., 'trades': 3}
    """
    net = trades["net_pnl"].to_numpy()
    gains, losses = float(net[net > 0].sum()), float(-net[net < 0].sum())
    without = math.inf if gains > 0.0 else None
    return {
        "profit_factor": gains / losses if losses > 0.0 else without,
        "win_rate": int((net > 0).sum()) / len(net) if len(net) else None,
        "trades": len(net),
    }


def annualised(total: float, years: float) -> float | None:
    """Return the growth of a year; None below a loss of everything.

    Example:
        >>> round(annualised(0.25, 504 / 252), 8), round(annualised(0.04, 126 / 252), 8)
        (0.11803399, 0.0816)
    """
    return (1.0 + total) ** (1.0 / years) - 1.0 if total >= -1.0 and years > 0.0 else None


def efficiency(in_sample: float | None, out_of_sample: float | None) -> float | None:
    """Return the walk-forward efficiency of two annual returns; None unless the first is above 0.

    It is a weak statistic: show it, never grade by it. A loss in sample would turn its sign.

    Args:
        in_sample: Annualised return on the stretches that were chosen on.
        out_of_sample: That of what followed them.

    Example:
        >>> from omega.forward.measures import annualised
        >>> round(efficiency(annualised(0.25, 2.0), annualised(0.04, 0.5)), 6)
        0.691326
        >>> efficiency(-0.1, 0.2) is None
        True
    """
    if in_sample is None or out_of_sample is None or in_sample <= 0.0:
        return None
    return out_of_sample / in_sample


def rank_correlation(first: Sequence[float | None], second: Sequence[float | None]) -> float | None:
    """Return Spearman's rank correlation, ties by their mean rank; None where it is undefined.

    Example:
        >>> rank_correlation([1.0, 2.0, 3.0], [2.0, 4.0, 9.0])
        1.0
    """
    frame = pl.DataFrame({"a": first, "b": second}, strict=False).drop_nulls()
    if frame.is_empty() or frame["a"].n_unique() == 1 or frame["b"].n_unique() == 1:
        return None
    ranks = frame.select(pl.all().rank("average"))
    value = np.corrcoef(ranks["a"].to_numpy(), ranks["b"].to_numpy())[0, 1]
    return float(round(value, 12))


def stability(
    chosen: Sequence[Mapping[str, Any] | None], grid: Sequence[Mapping[str, Any]]
) -> pl.DataFrame:
    """Return how much each parameter moved.

    Args:
        chosen: The parameters of each window, None where none was chosen.
        grid: All parameter sets.

    Returns:
        Of each parameter: the changes between windows that follow each other, the entropy of its
        values as a share of the largest, the rank correlation between successive windows, and the
        share of windows in which it was the least or the largest value of the grid.

    Example:
        >>> grid = [{"n": n} for n in (5, 10, 20)]
        >>> stability([{"n": 5}, {"n": 5}, {"n": 10}, {"n": 20}], grid).row(0)
        ('n', 2, 0.94..., 0.86..., 0.75)
    """
    names = list(dict.fromkeys(name for one in grid for name in one))
    rows = [_stability(name, chosen, grid) for name in names]
    schema = {
        "parameter": pl.String,
        "changes": pl.Int64,
        "entropy": pl.Float64,
        "rank_correlation": pl.Float64,
        "on_border": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _stability(
    name: str, chosen: Sequence[Mapping[str, Any] | None], grid: Sequence[Mapping[str, Any]]
) -> tuple[Any, ...]:
    known = [one.get(name) for one in chosen if one is not None]
    every = list(dict.fromkeys(one.get(name) for one in grid))
    pairs = [
        (one.get(name), other.get(name))
        for one, other in itertools.pairwise(chosen)
        if one is not None and other is not None
    ]
    changes = sum(one != other for one, other in pairs)
    counts = np.array([known.count(value) for value in every if value in known], dtype=np.float64)
    shares = counts / counts.sum() if len(counts) else counts
    most = math.log(len(every))
    entropy = float(-(shares * np.log(shares)).sum()) / most if len(counts) and most else None
    are_numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in every)
    if not (are_numbers and known and len(every) > 1):
        return name, changes, entropy, None, None
    numbers: list[Any] = every
    ends = (min(numbers), max(numbers))
    on_border = sum(value in ends for value in known) / len(known)
    firsts, seconds = zip(*pairs, strict=True) if pairs else ((), ())
    return name, changes, entropy, rank_correlation(firsts, seconds), on_border

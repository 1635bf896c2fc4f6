"""Holdings of a run from its tables: largest exposure, largest opening, nights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from omega.report._days import dates
from omega.report._exposure import bars_of, exposure, valued_fills, with_names
from omega.report._reported import Reported

__all__ = ["largest_exposure", "largest_opening", "nights", "valued_fills"]


def largest_exposure(result: Reported, fills: pl.DataFrame) -> tuple[float, Any]:
    """Return the largest worth of open positions over the equity, at the end of a bar, and when.

    `fills` are those of `valued_fills`.

    Example:
        >>> from omega.results.result import example_result
        >>> result = example_result()
        >>> ratio, time = largest_exposure(result, valued_fills(result))
        >>> round(ratio, 4), time.day
        (1.1, 1)
    """
    equity = result.equity
    if not (equity.height and fills.height):
        return 0.0, None
    longs, shorts = exposure(result, fills)
    worth, levels = longs + shorts, equity["equity"].to_numpy()
    with np.errstate(over="ignore"):  # what is beyond the largest double is infinite, and above all
        ratios = np.divide(worth, levels, out=np.zeros(len(levels)), where=levels > 0.0)
    row = int(ratios.argmax())
    return float(ratios[row]), equity["time"][row]


def largest_opening(result: Reported, fills: pl.DataFrame, lots: float) -> float | None:
    """Return the largest entry over the equity before its bar; None unless all have that size.

    Example:
        >>> from omega.results.result import example_result
        >>> result = example_result()
        >>> largest_opening(result, valued_fills(result), 1.0) is None
        True
    """
    equity = result.equity
    opened = fills.filter("opens")
    if not (equity.height and opened.height) or not (opened["lots"] == lots).all():
        return None
    initial = float(str(result.metrics["initial_equity"] or 0.0))
    before = np.concatenate([[initial], equity["equity"].to_numpy()])[bars_of(opened, equity)]
    known = before > 0.0
    shares = opened["value"].to_numpy()[known] / before[known]
    return float(shares.max()) if len(shares) else None


def nights(result: Reported, symbols: Sequence[str]) -> int:
    """Count the nights, ends of a day (T4), that positions in some symbols were held over.

    Example:
        >>> from omega.results.result import example_result
        >>> nights(example_result(), ["EURUSD"])  # 1, 2 and 1
        4
    """
    if not (symbols and result.equity.height):
        return 0
    until = result.equity["time"][-1:]
    spans = ("trade_id", "symbol", "entry_time")
    ended = result.trades.select(*spans, "exit_time")
    left = result.positions.select(*spans, pl.lit(until).first().alias("exit_time"))
    held = (
        pl.concat([with_names(ended), with_names(left)])
        .filter(pl.col("symbol").is_in(list(symbols)))
        .group_by("trade_id")
        .agg(pl.col("entry_time").min(), pl.col("exit_time").max())
    )
    entered, ended_on = (
        dates(held[name], result.tables).to_physical() for name in ("entry_time", "exit_time")
    )
    return int((ended_on - entered).sum())

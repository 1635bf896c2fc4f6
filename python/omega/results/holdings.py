"""What a run held, from its tables: exposure, sizes and nights.

A position is worth its entry value, plus the open profit where all are long, and less it where all
are short. With both directions open at once, entry values stand: the tables have no open profit of
each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report._days import dates
from omega.report._reported import Reported

Numbers: TypeAlias = NDArray[np.float64]

_ROUNDING = 1e-9
"""A rest below this part of the largest fill is nothing."""


class Noticed(Reported, Protocol):
    """The result of a run, as far as its notices are found in it."""

    @property
    def orders(self) -> pl.DataFrame:
        """All orders by number."""

    @property
    def fills(self) -> pl.DataFrame:
        """All executions, in the order in which they happened."""


def largest_exposure(result: Noticed, fills: pl.DataFrame) -> tuple[float, Any]:
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
    last = np.searchsorted(_bars(fills, equity), np.arange(equity.height), side="right")
    signed = fills["value"].to_numpy() * np.where(fills["opens"].to_numpy(), 1.0, -1.0)
    is_long = fills["is_long"].to_numpy()
    longs, shorts = (_held(signed * (is_long == side), last) for side in (True, False))
    levels = equity["equity"].to_numpy()
    profit = levels - equity["balance"].to_numpy()
    worth = longs + shorts
    worth += np.where(shorts == 0.0, profit, 0.0) - np.where(longs == 0.0, profit, 0.0)
    with np.errstate(over="ignore"):  # what is beyond the largest double is infinite, and above all
        ratios = np.divide(worth, levels, out=np.zeros(len(levels)), where=levels > 0.0)
    row = int(ratios.argmax())
    return float(ratios[row]), equity["time"][row]


def largest_opening(result: Noticed, fills: pl.DataFrame, lots: float) -> float | None:
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
    before = np.concatenate([[initial], equity["equity"].to_numpy()])[_bars(opened, equity)]
    known = before > 0.0
    shares = opened["value"].to_numpy()[known] / before[known]
    return float(shares.max()) if len(shares) else None


def nights(result: Noticed, symbols: Sequence[str]) -> int:
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
        pl.concat([_with_names(ended), _with_names(left)])
        .filter(pl.col("symbol").is_in(list(symbols)))
        .group_by("trade_id")
        .agg(pl.col("entry_time").min(), pl.col("exit_time").max())
    )
    entered, ended_on = (
        dates(held[name], result.tables).to_physical() for name in ("entry_time", "exit_time")
    )
    return int((ended_on - entered).sum())


def valued_fills(result: Noticed) -> pl.DataFrame:
    """Return each fill with the entry value of its lots, and whether it opens, and a long.

    Example:
        >>> from omega.results.result import example_result
        >>> valued_fills(example_result()).select("opens", "is_long", "value").row(1)
        (False, True, 11000.0)
    """
    columns = ("trade_id", "symbol", "direction")
    of_trade = pl.concat(
        [_with_names(t.select(columns)) for t in (result.trades, result.positions)]
    )
    sizes = pl.DataFrame(
        {"symbol": result.symbols, "size": result.tables.contract_sizes},
        schema={"symbol": pl.String, "size": pl.Float64},
    )
    about = of_trade.unique("trade_id", keep="first").join(sizes, on="symbol", how="left")
    entry = (pl.col("price") * pl.col("rate")).first().over("trade_id")
    return (
        result.fills.with_columns(opens=pl.col("trade_id").is_first_distinct(), entry=entry)
        .join(about, on="trade_id", how="inner", maintain_order="left")
        .with_columns(
            value=(pl.col("lots") * pl.col("size") * pl.col("entry")).abs(),
            is_long=pl.col("direction") == "long",
        )
    )


def _with_names(table: pl.DataFrame) -> pl.DataFrame:
    """Return categories as texts, since those of two tables may differ."""
    return table.with_columns(pl.col(pl.Categorical).cast(pl.String))


def _bars(fills: pl.DataFrame, equity: pl.DataFrame) -> NDArray[np.intp]:
    """Return the row of the equity that each fill falls in."""
    times = equity["time"].to_physical().to_numpy()
    found = np.searchsorted(times, fills["time"].to_physical().to_numpy(), side="right") - 1
    return np.maximum.accumulate(np.maximum(found, 0))


def _held(signed: Numbers, last: NDArray[np.intp]) -> Numbers:
    """Return what is held after the first so many fills."""
    held = np.concatenate([[0.0], np.cumsum(signed)])[last]
    return np.where(held <= _ROUNDING * np.abs(signed).max(initial=0.0), 0.0, held)

"""Exposure at the end of each bar, from the tables of a run.

A position is worth its entry value, plus the open profit where all are long, and less it where all
are short. With both directions open at once, entry values stand: the tables have no open profit of
each.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.report._lot_changes import Changes, factors
from omega.report._reported import Reported

Numbers: TypeAlias = NDArray[np.float64]

_ROUNDING = 1e-9
"""A rest below this part of the largest fill is nothing."""


def exposure(result: Reported, fills: pl.DataFrame) -> tuple[Numbers, Numbers]:
    """Return what longs and shorts are worth at the end of each bar, in account currency.

    Args:
        result: The run; with one bar at least.
        fills: Those of `valued_fills`.

    Example:
        >>> from omega.results.result import example_result
        >>> result = example_result()
        >>> longs, shorts = exposure(result, valued_fills(result))
        >>> longs.round(6).tolist(), shorts.round(6).tolist()
        ([11000.0, 0.0, 0.0, 5600.0, 0.0], [0.0, 11100.0, 11150.0, 0.0, 0.0])
    """
    equity = result.equity
    last = np.searchsorted(bars_of(fills, equity), np.arange(equity.height), side="right")
    signed = fills["value"].to_numpy() * np.where(fills["opens"].to_numpy(), 1.0, -1.0)
    is_long = fills["is_long"].to_numpy()
    longs, shorts = (_held(signed * (is_long == side), last) for side in (True, False))
    profit = equity["equity"].to_numpy() - equity["balance"].to_numpy()
    open_longs = np.where((shorts == 0.0) & (longs > 0.0), profit, 0.0)
    open_shorts = np.where((longs == 0.0) & (shorts > 0.0), profit, 0.0)
    return longs + open_longs, shorts - open_shorts


def valued_fills(result: Reported) -> pl.DataFrame:
    """Return each fill with the entry value of its lots, and whether it opens, and a long.

    Example:
        >>> from omega.results.result import example_result
        >>> valued_fills(example_result()).select("opens", "is_long", "value").row(1)
        (False, True, 11000.0)
    """
    columns = ("trade_id", "symbol", "direction")
    of_trade = pl.concat([with_names(t.select(columns)) for t in (result.trades, result.positions)])
    sizes = pl.DataFrame(
        {"symbol": result.symbols, "size": result.tables.contract_sizes},
        schema={"symbol": pl.String, "size": pl.Float64},
    )
    about = of_trade.unique("trade_id", keep="first").join(sizes, on="symbol", how="left")
    entry = (pl.col("price") * pl.col("rate")).first().over("trade_id")
    return (
        result.fills.with_columns(opens=pl.col("trade_id").is_first_distinct(), entry=entry)
        .with_columns(entry=pl.col("entry") / _grown(result))
        .join(about, on="trade_id", how="inner", maintain_order="left")
        .with_columns(
            value=(pl.col("lots") * pl.col("size") * pl.col("entry")).abs(),
            is_long=pl.col("direction") == "long",
        )
    )


def _grown(result: Reported) -> pl.Series:
    """Return how many lots one lot of the entry is at each fill (A1, A5, A6)."""
    entered = result.orders.select(pl.col("symbol").cast(pl.String), trade_id="order_id")
    fills = result.fills.select("trade_id", pl.col("time").to_physical())
    fills = fills.join(entered, on="trade_id", how="left", maintain_order="left")
    grown, changes, times = np.ones(fills.height), Changes(result), fills["time"].to_numpy()
    rows_of = fills.select("symbol").with_row_index().drop_nulls().group_by("symbol")
    for (symbol,), own in rows_of if result.happened else ():
        found = changes.of(str(symbol))
        if found:
            rows = own["index"].to_numpy()
            grown[rows] = factors(found, times[rows])
    ratio = fills.with_columns(grown=pl.Series(grown))
    return ratio.select(pl.col("grown") / pl.col("grown").first().over("trade_id")).to_series()


def with_names(table: pl.DataFrame) -> pl.DataFrame:
    """Return categories as texts, since those of two tables may differ.

    Example:
        >>> with_names(pl.DataFrame({"a": pl.Series(["x"], dtype=pl.Categorical)}))["a"].dtype
        String
    """
    return table.with_columns(pl.col(pl.Categorical).cast(pl.String))


def bars_of(fills: pl.DataFrame, equity: pl.DataFrame) -> NDArray[np.intp]:
    """Return the row of the equity that each fill falls in.

    Example:
        >>> from omega.results.result import example_result
        >>> bars_of(example_result().fills, example_result().equity).tolist()
        [0, 1, 1, 3, 3, 4]
    """
    times = equity["time"].to_physical().to_numpy()
    found = np.searchsorted(times, fills["time"].to_physical().to_numpy(), side="right") - 1
    return np.maximum.accumulate(np.maximum(found, 0))


def _held(signed: Numbers, last: NDArray[np.intp]) -> Numbers:
    """Return what is held after the first so many fills."""
    held = np.concatenate([[0.0], np.cumsum(signed)])[last]
    return np.where(held <= _ROUNDING * np.abs(signed).max(initial=0.0), 0.0, held)

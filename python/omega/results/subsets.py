"""Metrics of some of the trades of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from omega._native import core
from omega.errors import ConfigError

if TYPE_CHECKING:
    from omega.contract import ResultTables

_FIRST, _LAST = "trades", "pnl_best"
"""The metrics that are made of trades alone, from the one to the other."""


def metrics_of_trades(
    tables: ResultTables, all_trades: pl.DataFrame, trades: object
) -> dict[str, float | int | None]:
    """Return the metrics of some rows of the trades; see `BacktestResult.metrics_of`.

    Raises:
        ConfigError: They are no rows of this run's trades.
    """
    if not isinstance(trades, pl.DataFrame):
        raise ConfigError(
            f"metrics_of: given a {type(trades).__name__}, expected rows of result.trades: "
            "result.trades.filter(pl.col('direction') == 'long')"
        )
    missing = [name for name in all_trades.columns if name not in trades.columns]
    if missing:
        raise ConfigError(
            f"metrics_of: the rows lack {', '.join(missing)}; filter result.trades, and keep its "
            "columns"
        )
    rows = _rows_of(all_trades, trades.select(all_trades.columns))
    intervals = pl.DataFrame(tables.intervals())
    made = core.RunTables.from_tables(
        {"trades": all_trades[rows], "intervals": intervals[rows]},
        symbols=tables.symbols,
        contract_sizes=tables.contract_sizes,
        unit=tables.unit,
        timezone=tables.timezone,
    )
    found = made.metrics()
    names = [name for name, _ in found]
    return dict(found[names.index(_FIRST) : names.index(_LAST) + 1])


def _rows_of(all_trades: pl.DataFrame, trades: pl.DataFrame) -> list[int]:
    """Find rows among all, in their order; each stands for one row, equal ones in turn.

    Raises:
        ConfigError: One is not among them, or comes more often.
    """
    known, own = _numbered(all_trades), _numbered(trades)
    keys = [name for name in own.columns if name != "__row"]
    try:
        found = own.join(known, on=keys, how="left", nulls_equal=True, suffix="_all")
    except pl.exceptions.PolarsError as problem:
        raise ConfigError(
            f"metrics_of: the rows are no rows of result.trades ({problem}); filter them, and "
            "change no column"
        ) from problem
    strange = found.filter(pl.col("__row_all").is_null())
    if strange.height:
        raise ConfigError(
            f"metrics_of: row {strange['__row'][0]} is no trade of this result; filter "
            "result.trades, and change no column"
        )
    return sorted(found["__row_all"].to_list())


def _numbered(trades: pl.DataFrame) -> pl.DataFrame:
    """Return what trades differ in, with the number of each row, and of each of equal rows."""
    texts = pl.col("symbol", "direction", "exit_reason").cast(pl.String)
    plain = trades.drop("tags").with_columns(texts)
    keys = plain.columns
    return plain.with_row_index("__row").with_columns(
        pl.int_range(pl.len()).over(keys).alias("__copy")
    )

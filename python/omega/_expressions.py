"""Columns of a strategy's own: Polars expressions, and functions over a column.

What goes in: either. What comes out: an expression over the candles, and what tells it from others,
so that each is computed once a run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import polars as pl


def as_expression(given: pl.Expr | Callable[..., Any], source: str) -> pl.Expr:
    """Give an expression as it is, and a function as one over a column."""
    import polars as pl  # noqa: PLC0415 - slow to import, and few strategies need it

    if isinstance(given, pl.Expr):
        return given

    def values(column: pl.Series) -> pl.Series:
        return pl.Series(column.name, given(column.to_numpy()))

    return pl.col(source).map_batches(values, return_dtype=pl.Float64)


def identity(given: object, source: str) -> tuple[object, ...]:
    """Tell an expression, or a function over a column, from others.

    Example:
        >>> identity(abs, "close") == identity(abs, "close")
        True
    """
    meta = getattr(given, "meta", None)
    if meta is None:
        return (given, source)
    try:
        return (cast("bytes", meta.serialize()),)
    except Exception:  # noqa: BLE001 - one that holds a function may not be written down
        return (id(given), given)

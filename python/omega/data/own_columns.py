"""User columns beside the candles, read when an expression first names them.

A run reads candles alone, so that columns which play no part are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from omega.config.values import nearest
from omega.errors import ConfigError, InvalidCandleData
from omega.libraries import refused_as

if TYPE_CHECKING:
    from omega._core import Column

    Take: TypeAlias = Callable[[Sequence[str]], dict[str, Column]]


@dataclass(frozen=True, slots=True)
class OwnColumns:
    """The columns of one symbol's table, by the user's names.

    Attributes:
        names: All of them.
        take: Returns those of some names.
        rows: First row and number of rows, where the symbol is a part of the table.
    """

    names: Sequence[str]
    take: Take
    rows: tuple[int, int] | None = None

    def part(self, first: int, rows: int) -> OwnColumns:
        """Return those of a part of the table."""
        return OwnColumns(self.names, self.take, (first, rows))

    def series(self, names: Sequence[str]) -> list[pl.Series]:
        """Return columns as series.

        Raises:
            InvalidCandleData: One is of a type that Polars does not have.
        """
        columns = self.take(names)
        if self.rows is not None:
            columns = {name: column.slice(*self.rows) for name, column in columns.items()}
        return [as_series(name, columns[name]) for name in names]


def as_series(name: str, column: Column) -> pl.Series:
    """Return a column as a series of Polars.

    Raises:
        InvalidCandleData: Polars cannot read it.
    """

    def unreadable(problem: str) -> InvalidCandleData:
        return InvalidCandleData(
            f"column {name!r}: it cannot be read ({problem}). Convert it to numbers, texts or "
            "times, or leave it out",
            column=name,
            rule="column",
        )

    with refused_as(unreadable):
        return pl.Series(column).alias(name)


def beside(candles: pl.DataFrame, expression: pl.Expr, own: OwnColumns | None) -> pl.DataFrame:
    """Add the columns that an expression names to the candles that it is evaluated over.

    Args:
        candles: Times and prices by role, which come before columns of the same name.
        expression: What is to be evaluated.
        own: The columns that may be added; None where bars were made from others.

    Raises:
        ConfigError: The expression names a column that is neither.

    Example:
        >>> import polars as pl
        >>> candles = pl.DataFrame({"close": [1.0]})
        >>> own = OwnColumns(["signal"], lambda names: {"signal": pl.Series([True])})
        >>> beside(candles, pl.col("signal"), own).columns
        ['close', 'signal']
    """
    named = dict.fromkeys(expression.meta.root_names())
    missing = [name for name in named if name not in candles.columns and name.isidentifier()]
    known = [] if own is None else list(own.names)
    for name in missing:
        if name not in known:
            raise ConfigError(
                f"column {name!r}: neither the candles nor the data have it. "
                f"{nearest(name, dict.fromkeys([*candles.columns, *known]))}"
            )
    return candles.with_columns(own.series(missing)) if own and missing else candles

"""User-defined columns: Polars expressions, and functions of a column.

Each has an identity, so that it is computed once a run. An observer can see and replace its values.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from omega.errors import ConfigError
from omega.libraries import error_text
from omega.strategy.operands import as_series

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A column that a strategy declared, and what it was computed of.

    Attributes:
        name: How the column calls itself.
        expression: What was declared.
        candles: The candles that it saw.
        values: What it gave.
        timeframe: Its timeframe; None for the candles as they were given.
        symbol: Its symbol; None for the first.
    """

    name: str
    expression: pl.Expr
    candles: pl.DataFrame
    values: pl.Series
    timeframe: str | None
    symbol: str | None


Observer = Callable[[Evaluation], "pl.Series"]
"""Takes a column and gives the values that the run is to use."""

_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)


class _Same:
    """Equals another that holds the very same object, and keeps that object alive."""

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


def as_expression(given: object, source: str) -> pl.Expr:
    """Return an expression as it is, a series as a column, and a function as one over a column.

    Raises:
        ConfigError: It is none of them.
    """
    import polars as pl  # noqa: PLC0415 - slow to import, and few strategies need it

    if isinstance(given, pl.Expr):
        return given
    if isinstance(given, pl.Series) or hasattr(given, "__array__"):
        return pl.lit(as_series(given))
    if not callable(given):
        raise ConfigError(_no_expression(given))

    def values(column: pl.Series) -> pl.Series:
        try:
            return pl.Series(column.name, cast("Any", given)(column.to_numpy()))
        except (AttributeError, IndexError, KeyError, TypeError) as problem:
            raise ConfigError(_no_function(given, source, problem)) from problem

    return pl.col(source).map_batches(values, return_dtype=pl.Float64)


def identity(given: object, source: str) -> tuple[object, ...]:
    """Return the identity of an expression, or of a function over a column.

    Example:
        >>> identity(abs, "close") == identity(abs, "close")
        True
    """
    meta = getattr(given, "meta", None)
    if meta is None:
        is_unhashable = hasattr(given, "__array__") or type(given).__hash__ is None
        return (_Same(given) if is_unhashable else given, source)
    try:
        return (cast("bytes", meta.serialize()),)
    except Exception:  # noqa: BLE001 - one that holds a function may not be written down
        return (id(given), given)


def evaluate(
    expression: pl.Expr,
    name: str,
    candles: pl.DataFrame,
    *,
    timeframe: str | None,
    symbol: str | None,
) -> pl.Series:
    """Compute a column over candles, and hand it to the observer if there is one."""
    import polars as pl  # noqa: PLC0415 - as above

    try:
        values = candles.select(expression.cast(pl.Float64).alias(name)).get_column(name)
    except (pl.exceptions.PolarsError, UnicodeError) as problem:
        raise ConfigError(
            f"the expression {name!r} cannot be computed over the candles ({error_text(problem)}); "
            f"they have {', '.join(candles.columns)}"
        ) from problem
    observer = _observer.get()
    if observer is None:
        return values
    return observer(Evaluation(name, expression, candles, values, timeframe, symbol))


@contextlib.contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Hand every column that is computed meanwhile to an observer."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def _no_function(given: object, source: str, problem: Exception) -> str:
    name = getattr(given, "__name__", type(given).__name__)
    return (
        f"column: the function {name} raised {error_text(problem)}. It gets the values of one "
        f"column, source={source!r}, as a NumPy array, and no frame; with pandas write "
        "pd.Series(values) in it. Over several columns give a Polars expression"
    )


def is_observed() -> bool:
    """Whether a check observes the run, which may go over the first of its bars alone."""
    return _observer.get() is not None


def _no_expression(given: object) -> str:
    hint = f" Write pl.col({given!r}) for that column." if isinstance(given, str) else ""
    return (
        f"column: given {given!r}, expected a Polars expression such as pl.col('close'), a Series "
        f"or array with a value for each bar, or a function over the values of a column.{hint}"
    )

"""Operands of indicators in comparisons and arithmetic, and where new ones may be declared.

Whole columns are compared and put together while a strategy declares, before the first bar. In a
callback the same operators would be about all bars, so that they are refused there (rule E2).
"""

from __future__ import annotations

import contextlib
import math
import numbers
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard

from omega.config.values import taken, text
from omega.errors import ConfigError, NeedsOneBar
from omega.libraries import refused_as

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Indicator, Mask

AnyOperand: TypeAlias = Any
"""An indicator, a number, the name of a column, a Polars expression, a series or an array."""


class Evaluates(Protocol):
    """The part of a run that computes whole columns; each backend has one."""

    def compare(self, how: str, left: Indicator | float, right: Indicator | float) -> Mask:
        """Find where two indicators, or one and a number, are known to compare as they should."""

    def place_of(self, indicator: Indicator) -> tuple[str, str | None]:
        """Return the symbol and the timeframe that an indicator lives on."""

    def indicator(
        self,
        name: str,
        parameters: list[float],
        source: Any,  # noqa: ANN401 - see `Declares`
        *,
        labels: list[str],
        timeframe: str | None,
        symbol: str | None,
    ) -> list[Indicator]:
        """Compute an indicator; one view for each label."""

    def require_times(
        self, given: object, name: str, *, timeframe: str | None, symbol: str | None
    ) -> None:
        """Refuse a series of pandas whose dates are not those of the candles."""

    def expression(
        self,
        expression: pl.Expr,
        name: str,
        *,
        timeframe: str | None,
        symbol: str | None,
        warmup: bool = True,
        declared: int = 0,
    ) -> Indicator:
        """Evaluate a Polars expression over the candles."""


_run: ContextVar[Evaluates | None] = ContextVar("run", default=None)


@contextlib.contextmanager
def declaring(run: Evaluates) -> Iterator[None]:
    """Let indicators of a run be compared and put together for a while."""
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)


def is_declaring() -> bool:
    """Return whether a strategy declares at the moment."""
    return _run.get() is not None


def declaring_run(made: str) -> Evaluates:
    """Return the run in which a strategy declares.

    Raises:
        NeedsOneBar: None does; `made` is what would have been made of whole columns.
    """
    run = _run.get()
    if run is None:
        raise NeedsOneBar(
            f"{made} is about all bars and is made before the first one, in init(). In a callback "
            "take the values of the newest bar with [-1], as in self.rsi[-1] < 30"
        )
    return run


def is_indicator(given: object) -> TypeGuard[Indicator]:
    """Return whether something is an indicator of either backend."""
    return hasattr(given, "window") and hasattr(given, "ago")


def is_operand(given: object) -> bool:
    """Return whether something stands for a column, or a number for all bars.

    Example:
        >>> [is_operand(one) for one in (1, "close", None)]
        [True, True, False]
    """
    return is_indicator(given) or isinstance(given, (numbers.Real, str)) or _is_column(given)


def operand_text(operand: AnyOperand) -> str:
    """Name an operand.

    Example:
        >>> operand_text(2.0), operand_text("close")
        ('2', 'close')
    """
    if isinstance(operand, numbers.Real):
        return f"{_float(operand):g}"
    name = operand if isinstance(operand, str) else getattr(operand, "name", None)
    return name if isinstance(name, str) and name else "column"


def resolved(run: Evaluates, *operands: AnyOperand) -> list[Indicator | float]:
    """Find the columns that operands stand for, on the bars of the indicators among them."""
    places = [run.place_of(one) for one in operands if is_indicator(one)]
    symbol, timeframe = places[0] if places else (None, None)
    found: list[Indicator | float] = []
    for one in operands:
        if is_indicator(one):
            found.append(one)
        elif isinstance(one, numbers.Real):
            found.append(_number(one))
        else:
            column, name = as_column(one), operand_text(one)
            run.require_times(one, name, timeframe=timeframe, symbol=symbol)
            found.append(run.expression(column, name, timeframe=timeframe, symbol=symbol))
    return found


def as_column(given: AnyOperand) -> pl.Expr:
    """Return the expression that a name, an expression, a series or an array stands for.

    Raises:
        ConfigError: It is none of these.

    Example:
        >>> str(as_column("close"))
        'col("close")'
    """
    import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

    if isinstance(given, str):
        return pl.col(taken("column", given, text))
    if isinstance(given, pl.Expr):
        return given
    if _is_column(given):
        return pl.lit(as_series(given))
    raise ConfigError(
        f"column: given {given!r}, expected the name of a column, a Polars expression, or a series "
        "or array with a value for each bar"
    )


def as_series(given: Any) -> pl.Series:  # noqa: ANN401 - an array of any library
    """Return an array as a series of Polars, which does not know each of their types.

    Raises:
        ConfigError: It is one of another type.

    Example:
        >>> import numpy as np
        >>> as_series(np.array([1, 2])).to_list()
        [1, 2]
    """
    import polars as pl  # noqa: PLC0415 - as above

    def unknown(problem: str) -> ConfigError:
        return ConfigError(
            f"column: given an array of {getattr(given, 'dtype', type(given).__name__)}, expected "
            f"numbers or truths, one for each bar ({problem})"
        )

    with refused_as(unknown):
        series = pl.Series(given)
    if series.dtype.is_nested():  # a table, or rows of several numbers
        raise unknown(str(series.dtype))
    return series


def _is_column(given: object) -> bool:
    """Return whether it is an expression, a series or an array, without importing Polars."""
    return hasattr(given, "__array__") or hasattr(given, "meta")


def _number(given: numbers.Real) -> float:
    number = _float(given)
    if math.isnan(number):
        raise ConfigError("given NaN beside an indicator, expected a number: NaN is never known")
    return number


def _float(given: numbers.Real) -> float:
    try:
        return float(given)
    except OverflowError:  # an integer beyond all floats, of either sign
        return math.inf

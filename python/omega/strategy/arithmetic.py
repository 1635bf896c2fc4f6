"""Arithmetic of whole columns by the operators of indicators (rule E2)."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, cast

from omega.errors import ConfigError
from omega.strategy.conditions import compared
from omega.strategy.operands import (
    AnyOperand,
    Evaluates,
    declaring_run,
    is_operand,
    operand_text,
    resolved,
)

if TYPE_CHECKING:
    from omega._core import Indicator

__all__ = ["absolute", "combined", "compared", "maximum", "minimum"]

_OPERATIONS = ("+", "-", "*", "/", "minimum", "maximum")
"""By the place by which a backend knows them."""


def combined(how: str, left: AnyOperand, right: AnyOperand) -> Indicator:
    """Put two columns together, or one and a number, bar by bar.

    Raises:
        NeedsOneBar: The strategy is past its `init()`.
        ConfigError: None of them is a column, or they live on different bars.
    """
    if not (is_operand(left) and is_operand(right)):
        return cast("Indicator", NotImplemented)
    label = _label(how, left, right)
    run = declaring_run(label)
    first, second = resolved(run, left, right)
    operation = float(_OPERATIONS.index(how))
    if isinstance(first, float) and isinstance(second, float):
        raise ConfigError(f"{label}: given numbers alone, expected an indicator or a column")
    if isinstance(second, float):
        parameters = [operation, _finite(label, second), 0.0]
        return _made(run, "with_number", parameters, first, label)
    if isinstance(first, float):
        parameters = [operation, _finite(label, first), 1.0]
        return _made(run, "with_number", parameters, second, label)
    return _made(run, "of_two", [operation], (first, second), label)


def _finite(label: str, number: float) -> float:
    if math.isinf(number):
        raise ConfigError(f"{label}: given {number}, expected a finite number")
    return number


def _made(
    run: Evaluates, name: str, parameters: list[float], source: object, label: str
) -> Indicator:
    return run.indicator(name, parameters, source, labels=[label], timeframe=None, symbol=None)[0]


def absolute(given: AnyOperand) -> Indicator:
    """Return the distance from 0: what `abs()` does."""
    label = f"abs({operand_text(given)})"
    return _made(declaring_run(label), "absolute", [], given, label)


def minimum(first: AnyOperand, second: AnyOperand, *more: AnyOperand) -> Indicator:
    """Declare the smallest of several columns, bar by bar; NaN where one of them is.

    Args:
        first: An indicator, a number, the name of a column, a Polars expression, a series or an
            array.
        second: The same.
        more: The same.

    Raises:
        NeedsOneBar: The strategy is past its `init()`: compare values with Python's `min()` there.

    Example:
        >>> import omega
        >>> newest(lambda self: omega.minimum(self.sma(20), "low"))
        102.5062
    """
    return _of_all("minimum", first, second, *more)


def maximum(first: AnyOperand, second: AnyOperand, *more: AnyOperand) -> Indicator:
    """Declare the largest of several columns, bar by bar; NaN where one of them is.

    Example:
        >>> import omega
        >>> newest(lambda self: omega.maximum(self.sma(20), self.sma(50), "open"))
        104.75
    """
    return _of_all("maximum", first, second, *more)


def _of_all(how: str, *operands: AnyOperand) -> Indicator:
    for one in operands:
        if not is_operand(one):
            raise ConfigError(
                f"omega.{how}: given {one!r}, expected an indicator, a number, or a column"
            )
    return cast("Indicator", functools.reduce(functools.partial(combined, how), operands))


def _label(how: str, left: AnyOperand, right: AnyOperand) -> str:
    if how in ("minimum", "maximum"):
        return f"{how}({operand_text(left)}, {operand_text(right)})"
    if how == "*" and isinstance(left, float) and left == -1.0:
        return f"-{operand_text(right)}"
    return f"({operand_text(left)} {how} {operand_text(right)})"

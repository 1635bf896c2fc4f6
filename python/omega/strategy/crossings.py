"""Crossings: a condition where a strategy declares, a truth in a callback."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, cast

from omega.errors import ConfigError
from omega.strategy.conditions import Comparison
from omega.strategy.operands import AnyOperand, is_declaring, is_indicator

Crossing: TypeAlias = Any
"""A `Condition` over all bars in `init()` and wherever else a strategy declares; else a bool."""


class Values(Protocol):
    """Values up to now: `values[-1]` is now, `values[-2]` the bar before."""

    def __getitem__(self, index: int, /) -> float: ...


def crossover(first: Values | AnyOperand, second: Values | AnyOperand) -> Crossing:
    """Ask whether `first` was at or below `second` a bar ago and is above it now.

    Where a strategy declares (`init()`, `when`, the functions of `Signals`) it is a condition over
    all bars, to be combined with `&`, `|` and `~`. In a callback it is about the newest bar alone.

    Args:
        first: An indicator, or a number; in a condition also what else stands for a column.
        second: The same.

    Returns:
        A `Condition`, or True or False. Undefined where one of the four values is NaN: then neither
        the condition nor its negation holds, and the truth is False.

    Example:
        >>> import omega
        >>> crossover([1.0, 3.0], 2.0)
        True
        >>> class Cross(omega.Strategy):
        ...     def init(self):
        ...         self.fast, self.slow = self.sma(2), self.sma(3)
        ...     @omega.when(lambda self: omega.crossover(self.fast, self.slow))
        ...     def on_bar(self, bar):
        ...         self.buy()
    """
    if _is_about_columns(first, second):
        return Comparison("crossover", first, second)
    (before, now), (other_before, other_now) = _pair(first), _pair(second)
    return before <= other_before and now > other_now


def crossunder(first: Values | AnyOperand, second: Values | AnyOperand) -> Crossing:
    """Ask whether `first` was at or above `second` a bar ago and is below it now.

    Example:
        >>> crossunder([1.0, 3.0], 2.0)
        False
    """
    if _is_about_columns(first, second):
        return Comparison("crossunder", first, second)
    (before, now), (other_before, other_now) = _pair(first), _pair(second)
    return before >= other_before and now < other_now


def _is_about_columns(*operands: Values | AnyOperand) -> bool:
    return is_declaring() and any(is_indicator(one) or isinstance(one, str) for one in operands)


def _pair(values: Values | AnyOperand) -> tuple[float, float]:
    if isinstance(values, (int, float)):
        return float(values), float(values)
    pair = cast("Values", values)
    try:
        return float(pair[-2]), float(pair[-1])
    except (TypeError, ValueError, KeyError):
        raise ConfigError(
            f"crossover, crossunder: given {type(values).__name__}, expected a number, or values "
            "of which the last two are numbers"
        ) from None

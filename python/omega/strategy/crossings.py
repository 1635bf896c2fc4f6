"""Crossings: a condition in a declaration, a boolean in a callback."""

from __future__ import annotations

import numbers
from typing import Any, Protocol, TypeAlias, cast

from omega.errors import ConfigError, OmegaError
from omega.strategy.conditions import Comparison
from omega.strategy.operands import AnyOperand, is_declaring, is_indicator

Crossing: TypeAlias = Any
"""A `Condition` over all bars in `init()` and wherever else a strategy declares; else a bool."""


class Values(Protocol):
    """Values up to now: `values[-1]` is now, `values[-2]` the bar before."""

    def __getitem__(self, index: int, /) -> float: ...


def crossover(first: Values | AnyOperand, second: Values | AnyOperand) -> Crossing:
    """Look for a crossing from below, in a callback or over all bars."""
    if _is_about_columns(first, second):
        return Comparison("crossover", first, second)
    (before, now), (other_before, other_now) = _pair(first), _pair(second)
    return before <= other_before and now > other_now


def crossunder(first: Values | AnyOperand, second: Values | AnyOperand) -> Crossing:
    """Look for a crossing from above, in a callback or over all bars."""
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
    except OmegaError:
        raise
    except (TypeError, ValueError, KeyError, IndexError):
        if is_indicator(values):
            raise
        return _pair_of_any(values)


def _pair_of_any(values: Any) -> tuple[float, float]:  # noqa: ANN401 - whatever was given
    """Return the last two values of what is not indexed as a list is, such as a pandas Series."""
    if isinstance(values, numbers.Real):  # one of NumPy
        return float(values), float(values)
    try:
        before, now = list(values)[-2:]
        return float(before), float(now)
    except (TypeError, ValueError, KeyError):
        raise ConfigError(
            f"crossover, crossunder: given {type(values).__name__}, expected a number, or values "
            "of which the last two are numbers"
        ) from None

"""Conditions, evaluated at each step over the visible bars (E1)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omega.errors import ConfigError
from omega.reference.views import Indicator

Operand = Any
"""An indicator of this backend, or a number."""

_Both = tuple[float, float]

_NOW = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_CROSSINGS = ("crossover", "crossunder", "no crossover", "no crossunder")


@dataclass(frozen=True)
class Mask:
    """Whether a condition is known to hold on what is visible."""

    holds: Callable[[], bool]

    def __and__(self, other: Mask) -> Mask:
        return Mask(lambda: self.holds() and other.holds())

    def __or__(self, other: Mask) -> Mask:
        return Mask(lambda: self.holds() or other.holds())


def compare(how: str, left: Operand, right: Operand) -> Mask:
    """Make the mask of a comparison; one with NaN, or with a bar that is not there, is undefined.

    Example:
        >>> compare("<", 1.0, 2.0).holds(), compare("!=", math.nan, 2.0).holds()
        (True, False)
    """
    if how in _NOW:
        holds = _NOW[how]
        return Mask(lambda: _known(now := _both(left, right, 0)) and bool(holds(*now)))
    if how not in _CROSSINGS:
        raise ConfigError(
            f"condition: given {how}, expected one of >, >=, <, <=, ==, !=, crossover, crossunder. "
            "Name it in run_backtest()"
        )
    return Mask(lambda: _crosses(how, _both(left, right, 1), _both(left, right, 0)))


def _crosses(how: str, before: _Both, now: _Both) -> bool:
    """Whether the one crosses the other, of four known values; or whether it does not."""
    if not (_known(before) and _known(now)):
        return False
    (a, b), (x, y) = before, now
    crosses = a <= b and x > y if how.endswith("crossover") else a >= b and x < y
    return not crosses if how.startswith("no ") else crosses


def _known(values: _Both) -> bool:
    return not (math.isnan(values[0]) or math.isnan(values[1]))


def _both(left: Operand, right: Operand, ago: int) -> _Both:
    return _seen(left, ago), _seen(right, ago)


def _seen(one: Operand, ago: int) -> float:
    """The value so many bars ago; NaN before the first."""
    if not isinstance(one, Indicator):
        return float(one)
    return one.ago(ago) if ago < len(one) else math.nan

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
        return Mask(
            lambda: _known(left, right, 0) and bool(_NOW[how](_seen(left, 0), _seen(right, 0)))
        )
    if how not in _CROSSINGS:
        raise ConfigError(
            f"condition: given {how}, expected one of >, >=, <, <=, ==, !=, crossover, crossunder. "
            "Name it in run_backtest()"
        )
    return Mask(lambda: _known(left, right, 0, 1) and _crosses(how, left, right))


def _crosses(how: str, left: Operand, right: Operand) -> bool:
    """Whether the one crosses the other, of four known values; or whether it does not."""
    (a, b), (x, y) = ((_seen(left, ago), _seen(right, ago)) for ago in (1, 0))
    crosses = a <= b and x > y if how.endswith("crossover") else a >= b and x < y
    return not crosses if how.startswith("no ") else crosses


def _known(left: Operand, right: Operand, *agos: int) -> bool:
    return not any(math.isnan(_seen(one, ago)) for one in (left, right) for ago in agos)


def _seen(one: Operand, ago: int) -> float:
    """The value so many bars ago; NaN before the first."""
    if not isinstance(one, Indicator):
        return float(one)
    return one.ago(ago) if ago < len(one) else math.nan

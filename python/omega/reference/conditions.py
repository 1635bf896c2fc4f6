"""Conditions a second time: evaluated at each step, over what is visible then."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omega.errors import ConfigError
from omega.reference.views import Indicator

Operand = Any
"""An indicator of this backend, or a number."""

_NOW = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True)
class Mask:
    """Whether a condition holds on what is visible."""

    holds: Callable[[], bool]

    def __and__(self, other: Mask) -> Mask:
        return Mask(lambda: self.holds() and other.holds())

    def __or__(self, other: Mask) -> Mask:
        return Mask(lambda: self.holds() or other.holds())

    def __invert__(self) -> Mask:
        return Mask(lambda: not self.holds())


def compare(how: str, left: Operand, right: Operand) -> Mask:
    """Make the mask of a comparison; one with NaN, or with a bar that is not there, does not hold.

    Example:
        >>> compare("<", 1.0, 2.0).holds()
        True
    """
    if how in _NOW:
        return Mask(lambda: _known(left, right) and _NOW[how](_seen(left, 1), _seen(right, 1)))
    if how not in ("crosses_over", "crosses_under"):
        raise ConfigError(
            f"condition: given {how}, expected one of >, >=, <, <=, crosses_over, crosses_under. "
            "Name it in run_backtest()"
        )
    over = how == "crosses_over"

    def crosses() -> bool:
        if not _known(left, right, 2):
            return False
        (a, b), (x, y) = ((_seen(left, ago), _seen(right, ago)) for ago in (2, 1))
        return a <= b and x > y if over else a >= b and x < y

    return Mask(crosses)


def _known(left: Operand, right: Operand, bars: int = 1) -> bool:
    return all(not isinstance(one, Indicator) or len(one) >= bars for one in (left, right))


def _seen(one: Operand, ago: int) -> float:
    return one[-ago] if isinstance(one, Indicator) else float(one)

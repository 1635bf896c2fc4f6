"""Questions about indicators as a strategy sees them."""

from __future__ import annotations

from typing import Protocol


class Values(Protocol):
    """Values up to now: `values[-1]` is now, `values[-2]` the bar before."""

    def __getitem__(self, index: int, /) -> float: ...


def _pair(values: Values | float) -> tuple[float, float]:
    if isinstance(values, (int, float)):
        return float(values), float(values)
    return values[-2], values[-1]


def crossover(first: Values | float, second: Values | float) -> bool:
    """Return whether `first` was at or below `second` a bar ago and is above it now.

    Args:
        first: An indicator, or a number.
        second: An indicator, or a number.

    Returns:
        False where one of the four values is NaN.

    Example:
        >>> crossover([1.0, 3.0], 2.0)
        True
    """
    (before, now), (other_before, other_now) = _pair(first), _pair(second)
    return before <= other_before and now > other_now


def crossunder(first: Values | float, second: Values | float) -> bool:
    """Return whether `first` was at or above `second` a bar ago and is below it now.

    Example:
        >>> crossunder([1.0, 3.0], 2.0)
        False
    """
    (before, now), (other_before, other_now) = _pair(first), _pair(second)
    return before >= other_before and now < other_now

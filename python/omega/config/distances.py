"""Distances from a price."""

from __future__ import annotations

import dataclasses
from typing import Any

from omega.config.values import Refused, as_float


@dataclasses.dataclass(frozen=True)
class Distance:
    """How far a level is from a price, in price or in percent of it.

    A level of an order counts from the price at which its position is entered (rule F6), a stop
    that trails from the best price. In signal columns a distance counts from the close of the side
    that the entry trades on, and percents are those of the column `close`.

    Attributes:
        given: The number; in signal columns anything that stands for a column.
        is_percent: Whether it is in percent.

    Example:
        >>> Distance(0.0020), Distance.percent(2)
        (Distance(given=0.002), Distance.percent(2))
    """

    given: Any
    is_percent: bool = False

    @classmethod
    def percent(cls, given: Any) -> Distance:  # noqa: ANN401 - see `given`
        """Return a distance in percent of the price that it counts from.

        Example:
            >>> Distance.percent(1.5).given
            1.5
        """
        return cls(given, is_percent=True)

    def __repr__(self) -> str:
        name, word = ("Distance.percent", "") if self.is_percent else ("Distance", "given=")
        return f"{name}({word}{self.given!r})"


def as_level(given: object) -> float | Distance:
    """Take a price, or a distance in numbers."""
    if isinstance(given, Distance):
        return dataclasses.replace(given, given=_number(given.given))
    return _number(given)


def _number(given: object) -> float:
    try:
        return as_float(given)
    except Refused:
        raise Refused("a number or a Distance of a number") from None

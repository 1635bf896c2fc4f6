"""Built-in position managers: what they do at the close of a bar holds from the next one.

They are frozen values for the `position_manager` of a strategy or a run. Distances are in price;
they count from the entry price, in the direction of the trade, and are measured on the side that
closes the position (rule I4).
"""

from __future__ import annotations

from typing import TypeAlias

from omega.config.distances import Distance, as_level
from omega.config.values import CENTURY, MOST, Refused, check, number, optional, value, whole
from omega.errors import ConfigError


@value
class TrailingStop:
    """Keep the stop loss so far behind the most favourable price.

    Attributes:
        distance: In price.
        percent: In percent of that price, in place of `distance`.
        trigger: How far in profit, in price, a trade must have been before its stop moves; at once
            by default.

    Example:
        >>> TrailingStop(0.0020), TrailingStop(percent=2)
        (TrailingStop(distance=0.002), TrailingStop(percent=2.0))
        >>> TrailingStop(0.0020, trigger=0.0020)  # as the terminal of MetaTrader trails
        TrailingStop(distance=0.002, trigger=0.002)
    """

    distance: float | None = None
    percent: float | None = None
    trigger: float | None = None

    def __post_init__(self) -> None:
        """Check that there is one distance."""
        check(self, optional(number(above=0)), "distance", "percent", "trigger")
        if (self.distance is None) == (self.percent is None):
            raise ConfigError(
                f"TrailingStop: given distance={self.distance!r} and percent={self.percent!r}, "
                "expected one of them"
            )


def as_trail(given: object) -> float | Distance:
    """Take the distance of an order's own trailing stop.

    Example:
        >>> as_trail(TrailingStop(0.0020)), as_trail(TrailingStop(percent=2))
        (0.002, Distance.percent(2.0))
    """
    if not isinstance(given, TrailingStop):
        return as_level(given)
    if given.trigger is not None:
        raise Refused(
            f"a distance: a trigger is of the whole run, position_manager=omega.{given!r}"
        )
    return Distance.percent(given.percent) if given.distance is None else given.distance


@value
class BreakEven:
    """Move the stop loss to the entry price once the trade went far enough.

    Attributes:
        trigger: How far, in price.
        offset: How far beyond the entry price the stop goes.

    Example:
        >>> BreakEven(0.0010, offset=0.0001)
        BreakEven(trigger=0.001, offset=0.0001)
    """

    trigger: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Check that the stop stays behind the price that triggers it."""
        check(self, number(above=0), "trigger")
        check(self, number(minimum=0), "offset")
        if self.offset >= self.trigger:
            raise ConfigError(
                f"BreakEven.offset: given {self.offset!r}, expected less than the trigger, "
                f"{self.trigger!r}"
            )


@value
class TimeExit:
    """Close a position when its time is over.

    Attributes:
        bars: After so many bars.
        minutes: After so many minutes.

    Example:
        >>> TimeExit(minutes=30)
        TimeExit(minutes=30.0)
    """

    bars: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        """Check that there is an end."""
        check(self, optional(whole(minimum=1, maximum=MOST)), "bars")
        check(self, optional(number(above=0, maximum=CENTURY)), "minutes")
        if self.bars is None and self.minutes is None:
            raise ConfigError("TimeExit: given neither bars nor minutes, expected one of them")


@value
class PartialClose:
    """Close a part of a position once the trade went far enough.

    Attributes:
        trigger: How far, in price.
        fraction: Which part of the lots open then.

    Example:
        >>> PartialClose(0.0010, fraction=0.5)
        PartialClose(trigger=0.001, fraction=0.5)
    """

    trigger: float
    fraction: float

    def __post_init__(self) -> None:
        """Check both numbers."""
        check(self, number(above=0), "trigger")
        check(self, number(above=0, maximum=1), "fraction")


Manager: TypeAlias = TrailingStop | BreakEven | TimeExit | PartialClose
"""One of the built-in position managers."""

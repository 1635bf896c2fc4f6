"""Sizers: the size of an order that states none (M3)."""

from __future__ import annotations

from typing import TypeAlias

from omega.config.values import check, number, value


@value
class FixedLots:
    """The same size for each order, in lots of the instrument's contract size.

    Attributes:
        lots: Size of each order.

    Example:
        >>> FixedLots(0.1)
        FixedLots(lots=0.1)
    """

    lots: float

    def __post_init__(self) -> None:
        """Check the size."""
        check(self, number(above=0), "lots")


@value
class FixedUnits:
    """The same size for each order, in units: shares, coins, or units of the base currency.

    Attributes:
        units: Size of each order.

    Example:
        >>> FixedUnits(10_000)
        FixedUnits(units=10000.0)
    """

    units: float

    def __post_init__(self) -> None:
        """Check the size."""
        check(self, number(above=0), "units")


@value
class RiskAmount:
    """The size at which the order's stop loss, which it must have, costs this much money.

    Attributes:
        money: What the stop loss costs, in account currency.

    Example:
        >>> RiskAmount(50)
        RiskAmount(money=50.0)
    """

    money: float

    def __post_init__(self) -> None:
        """Check the amount."""
        check(self, number(above=0), "money")


@value
class RiskPercent:
    """The size at which the order's stop loss, which it must have, costs this percent of equity.

    Attributes:
        percent: What the stop loss costs; 0.5 is half a percent.

    Example:
        >>> RiskPercent(0.5)  # half a percent
        RiskPercent(percent=0.5)
    """

    percent: float

    def __post_init__(self) -> None:
        """Check the percentage."""
        check(self, number(above=0, maximum=100), "percent")


@value
class EquityPercent:
    """The size whose notional is this percent of equity; above 100 it needs leverage.

    Attributes:
        percent: Notional of each order; 25 is a quarter.

    Example:
        >>> EquityPercent(25)
        EquityPercent(percent=25.0)
    """

    percent: float

    def __post_init__(self) -> None:
        """Check the percentage."""
        check(self, number(above=0), "percent")


Sizer: TypeAlias = FixedLots | FixedUnits | RiskAmount | RiskPercent | EquityPercent
"""What turns an order without a size into lots (rule M3)."""

"""What a run costs and how it is executed: plain, frozen values that are checked when written.

What goes in: numbers and words by name. What comes out: values that compare equal when they mean
the same, so that a run can name its configuration. A wrong name or an impossible number raises
`omega.errors.ConfigError`.

Example:
    >>> import omega
    >>> omega.Costs(slippage_pips=0.2, fee_per_million=30)
    Costs(slippage_pips=0.2, fee_per_million=30.0)
    >>> omega.Costs(slipage_pips=0.2)
    Traceback (most recent call last):
        ...
    omega.errors.ConfigError: Costs has no 'slipage_pips'. Did you mean 'slippage_pips'?
"""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from omega._intervals import Intervals, Moment, intervals, windows
from omega._values import (
    check,
    flag,
    number,
    one_of,
    optional,
    settings,
    value,
    whole,
)
from omega.errors import ConfigError

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_INTRABAR = ("pessimistic", "optimistic", "ohlc_path", "nearest", "magnifier")


@settings
class Costs:
    """What trading costs (rule M4): slippage, fees and overnight financing.

    Attributes:
        slippage_pips: Pips by which each market or stop fill is worse than its price.
        slippage_random_pips: Largest extra slippage; the part taken is drawn from the run's seed.
        fee_per_million: Account money for each million of notional traded.
        fee_per_lot: Account money for each lot traded.
        fee_percent: Percent of the notional traded; 0.1 is a tenth of a percent.
        fee_min: Smallest fee of a fill that has one.
        swap_long: Points booked each night on a long position; negative is paid.
        swap_short: Points booked each night on a short position; negative is paid.
        swap_triple_day: Day whose night counts three times, "MON" to "SUN".

    Example:
        >>> Costs(fee_per_lot=7)
        Costs(fee_per_lot=7.0)
    """

    slippage_pips: float = 0.0
    slippage_random_pips: float = 0.0
    fee_per_million: float = 0.0
    fee_per_lot: float = 0.0
    fee_percent: float = 0.0
    fee_min: float = 0.0
    swap_long: float = 0.0
    swap_short: float = 0.0
    swap_triple_day: str = "WED"

    def __post_init__(self) -> None:
        """Check every field."""
        check(self, number(minimum=0), "slippage_pips", "slippage_random_pips")
        check(self, number(minimum=0), "fee_per_million", "fee_per_lot", "fee_percent", "fee_min")
        check(self, number(), "swap_long", "swap_short")
        check(self, one_of(*_DAYS), "swap_triple_day")


@settings
class Execution:
    """How orders are matched and what a strategy may hold.

    Attributes:
        intrabar: What happened first inside a bar (rule I2): "pessimistic", "optimistic",
            "ohlc_path", "nearest" or "magnifier".
        market_fill: Where market orders fill (rule L3): "next_open" or "last_close".
        position_mode: "hedging", each entry its own position, or "netting" (rule F7).
        close_at_end: Close what is open at the last close (rule L4).
        magnifier: Finer candles of the same symbol, or {symbol: finer candles}; needs
            `intrabar="magnifier"`.
        leverage: Notional that one unit of equity may carry; None leaves it to the instrument.
        stop_out_level: Equity as a share of used margin below which positions are closed (rule
            M6); 0.5 is 50 %.
        max_positions: Largest number of open positions.
        max_positions_per_symbol: Largest number of open positions in one symbol.
        cooldown_bars: Bars after an entry in which no order is taken.
        cooldown_minutes: Minutes after an entry in which no order is taken.
        cooldown_after_exit_minutes: Minutes after an exit in which no order is taken.
        sessions: Windows of the UTC day in which orders are taken, as ("08:00", "17:00") pairs or
            a table with columns `start` and `end`; a window that ends before it starts runs over
            midnight. None is always.
        blackouts: Intervals in which no order is taken, as (start, end) pairs of moments or a table
            with columns `start` and `end`, or `from` and `to`: any frame that speaks Arrow.
        limit_improvement: A limit that the open passes fills at the better open (rule F2).

    Example:
        >>> Execution(max_positions=1, sessions=[("08:00", "17:00")])
        Execution(max_positions=1, sessions=(('08:00', '17:00'),))
    """

    intrabar: str = "pessimistic"
    market_fill: str = "next_open"
    position_mode: str = "hedging"
    close_at_end: bool = True
    magnifier: object = dataclasses.field(default=None, repr=False)
    leverage: float | None = None
    stop_out_level: float | None = None
    max_positions: int | None = None
    max_positions_per_symbol: int | None = None
    cooldown_bars: int = 0
    cooldown_minutes: float = 0.0
    cooldown_after_exit_minutes: float = 0.0
    sessions: Intervals[str] | None = None
    blackouts: Intervals[Moment] | None = None
    limit_improvement: bool = True

    def __post_init__(self) -> None:
        """Check every field, and that the magnifier and its policy come together."""
        check(self, one_of(*_INTRABAR), "intrabar")
        check(self, one_of("next_open", "last_close"), "market_fill")
        check(self, one_of("hedging", "netting"), "position_mode")
        check(self, flag, "close_at_end", "limit_improvement")
        check(self, optional(number(above=0)), "leverage")
        check(self, optional(number(above=0, maximum=1)), "stop_out_level")
        check(self, optional(whole(minimum=1)), "max_positions", "max_positions_per_symbol")
        check(self, whole(minimum=0), "cooldown_bars")
        check(self, number(minimum=0), "cooldown_minutes", "cooldown_after_exit_minutes")
        check(self, optional(windows), "sessions")
        check(self, optional(intervals), "blackouts")
        if (self.magnifier is not None) != (self.intrabar == "magnifier"):
            message = (
                f"Execution: given intrabar={self.intrabar!r} and "
                f"{'no ' if self.magnifier is None else 'a '}magnifier, expected both or neither. "
                "Write Execution(intrabar='magnifier', magnifier=finer_candles)"
            )
            raise ConfigError(message)


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

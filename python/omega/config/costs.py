"""Trading costs, as a frozen value that is checked when it is created.

Values compare equal when they mean the same, so that a run can name its configuration. A wrong name
or an impossible number raises `omega.errors.ConfigError`.

Example:
    >>> import omega
    >>> omega.Costs(slippage_pips=0.2, fee_per_million=30)
    Costs(slippage_pips=0.2, fee_per_million=30.0)
    >>> try:
    ...     omega.Costs(slipage_pips=0.2)
    ... except ValueError as error:
    ...     print(error)
    Costs has no 'slipage_pips'. Did you mean 'slippage_pips'?
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, NamedTuple

from omega.config.values import MOST, Refused, check, number, one_of, optional, settings, whole

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class FeeBasis(NamedTuple):
    """A fill as a function given to `Costs(fee=...)` receives it (rule M4).

    Attributes:
        symbol: The symbol.
        side: "buy" or "sell".
        lots: Its size in lots.
        units: Its size in units: lots times the contract size.
        price: Its price, slippage included.
        notional: What it is worth, in account currency.
        is_maker: Whether it rested in the order book: a limit order or a take profit.
        is_entry: Whether it opens a position.
        time: Open time of the bar that it fills in.
        order_id: The order that fills; of a protective exit, the order that opened its position.

    Example:
        >>> def per_share(fill: FeeBasis) -> float:
        ...     return min(max(0.005 * fill.units, 1.0), 0.01 * fill.notional)
        >>> moment = datetime(2026, 1, 2, 9, 30)
        >>> fill = FeeBasis("ACME", "buy", 400.0, 400.0, 25.0, 10_000.0, False, True, moment, 0)
        >>> per_share(fill)
        2.0
        >>> Costs(fee=per_share)
        Costs(fee=per_share)
    """

    symbol: str
    side: str
    lots: float
    units: float
    price: float
    notional: float
    is_maker: bool
    is_entry: bool
    time: datetime
    order_id: int


@settings
class Costs:
    """What trading costs (rule M4): slippage, fees and overnight financing.

    All parts of a fee add up; `fee_min` applies to the sum.

    Attributes:
        slippage_pips: Pips by which each market or stop fill is worse than its price.
        slippage_random_pips: Largest extra slippage; the part taken is drawn from the run's seed.
        slippage_percent: Percent of its price by which such a fill is worse, on top of the pips.
        impact: Coefficient of the square-root law: such a fill is worse by
            impact x volatility x sqrt(units / volume) of its price as well. 1 is what is usually
            found; 0 is none.
        impact_window: Bars before the fill over which volatility (the standard deviation of their
            returns) and volume (their mean) are taken; only bars with a volume count.
        fee_fixed: Account money for each fill.
        fee_per_million: Account money for each million of notional traded.
        fee_per_lot: Account money for each lot traded.
        fee_percent: Percent of the notional traded; 0.1 is a tenth of a percent.
        fee_maker: Percent of the notional of limit orders that rested and of take profits.
        fee_taker: Percent of the notional of all other fills.
        fee: A function of the fill, an `omega.FeeBasis`, that returns account money, at least 0. It
            has to return the same fee for the same fill: it is also called for exits and sizes that
            are weighed and not taken.
        fee_min: Smallest fee of a fill that has one.
        side: Which fills have a fee: "both", or "entry" for a fee on entries alone. Slippage and
            swap are the same with either.
        swap_long: Points booked each night on a long position; negative is paid.
        swap_short: Points booked each night on a short position; negative is paid.
        swap_long_percent: Percent a year of the value of a long position, booked each night as
            1/365; negative is paid.
        swap_short_percent: Percent a year of the value of a short position, likewise.
        swap_triple_day: Day whose night counts three times, "MON" to "SUN", while other Saturdays
            and Sundays count nothing; None where each of the seven nights counts once.

    Example:
        >>> Costs(fee_per_lot=7)
        Costs(fee_per_lot=7.0)
        >>> Costs(fee_maker=0.02, fee_taker=0.05, slippage_percent=0.01, swap_triple_day=None)
        Costs(slippage_percent=0.01, fee_maker=0.02, fee_taker=0.05, swap_triple_day=None)
    """

    slippage_pips: float = 0.0
    slippage_random_pips: float = 0.0
    slippage_percent: float = 0.0
    impact: float = 0.0
    impact_window: int = 20
    fee_fixed: float = 0.0
    fee_per_million: float = 0.0
    fee_per_lot: float = 0.0
    fee_percent: float = 0.0
    fee_maker: float = 0.0
    fee_taker: float = 0.0
    fee: Callable[[FeeBasis], float] | None = None
    fee_min: float = 0.0
    side: str = "both"
    swap_long: float = 0.0
    swap_short: float = 0.0
    swap_long_percent: float = 0.0
    swap_short_percent: float = 0.0
    swap_triple_day: str | None = "WED"

    _elsewhere: ClassVar[dict[str, str]] = dict.fromkeys(
        ("commission", "fees", "percent"), "fee_percent= or fee_per_lot="
    ) | dict.fromkeys(
        ("spread", "spread_pips", "spread_points"),
        "a column spread of the candles, or omega.Candles(bid=..., spread=...),",
    )

    def __post_init__(self) -> None:
        """Check every field."""
        slippage = ("slippage_pips", "slippage_random_pips", "slippage_percent")
        check(
            self,
            number(minimum=0),
            "impact",
            *slippage,
            "fee_fixed",
            "fee_per_million",
            "fee_per_lot",
        )
        check(self, number(minimum=0), "fee_percent", "fee_maker", "fee_taker", "fee_min")
        check(self, whole(minimum=2, maximum=MOST), "impact_window")
        check(self, _function, "fee")
        check(self, one_of("both", "entry"), "side")
        check(self, number(), "swap_long", "swap_short", "swap_long_percent", "swap_short_percent")
        check(self, optional(one_of(*DAYS)), "swap_triple_day")


def _function(given: object) -> object:
    if given is not None and not callable(given):
        raise Refused("a function of the fill, or None")
    return given

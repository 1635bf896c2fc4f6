"""What trading costs, as a frozen value that is checked when it is written.

Values compare equal when they mean the same, so that a run can name its configuration. A wrong name
or an impossible number raises `omega.errors.ConfigError`.

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

from omega.config.values import check, number, one_of, settings

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


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
        check(self, one_of(*DAYS), "swap_triple_day")

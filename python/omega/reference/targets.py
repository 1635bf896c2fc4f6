"""From targets to trades: sizes, minimum trade, bands, turnover, one factor (W2 to W9)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from omega.contract import InstrumentFields, RuleFields
from omega.reference.sizing import over, round_down

_EQUAL_SIZES = 1e-9
_BARELY_LESS = 1.0 - 2.0**-40
"""So that what rounding adds to a sum of purchases is never more than there is."""


class Quote(NamedTuple):
    """The prices that a symbol is sized at: what a purchase pays, what a sale gets, the rate."""

    ask: float
    bid: float
    rate: float


@dataclass(slots=True)
class PlannedTrade:
    """The trade that brings a position to its target, in lots; below 0 is short, or to sell.

    Attributes:
        weight: The weight of the target; None for a symbol that is left alone.
        target: To be held.
        held: Held before.
        delta: To be traded.
        money: What that is worth, in account currency.
        reason: Why it is less than the target.
    """

    weight: float | None
    target: float
    held: float
    delta: float
    money: float
    reason: str | None = None

    def give_up(self, reason: str) -> None:
        """Trade nothing."""
        self.delta, self.money, self.reason = 0.0, 0.0, reason

    def traded(self, instrument: InstrumentFields) -> tuple[float, float]:
        """The lots that reduce, and those that increase (W6)."""
        step = instrument["volume_step"]
        delta, held = abs(self.delta), abs(self.held)
        if delta == 0.0:
            return 0.0, 0.0
        if self.held == 0.0 or (self.delta > 0.0) == (self.held > 0.0):
            return 0.0, round_down(step, delta)
        is_whole = self.reason is None
        if is_whole and self.target == 0.0:  # as it is, also where it is no multiple of the step
            return held, 0.0
        if delta < held * (1.0 - _EQUAL_SIZES):
            return round_down(step, delta), 0.0
        rest = abs(self.target) if is_whole else round_down(step, delta - held)
        return held, max(rest, 0.0)


def plan_trade(
    size: tuple[str, float],
    quote: Quote,
    account: tuple[float, float],
    instrument: InstrumentFields,
    rules: RuleFields,
) -> PlannedTrade | None:
    """The trade for a target at given prices; None where it has no size (W2, W4, W5).

    `account` is the lots held and the equity. What buys is sized by the ask, what sells by the
    bid; between them nothing is traded.

    Example:
        >>> from omega.strategy.rebalance import PLAIN
        >>> shares = {"contract_size": 1.0, "volume_step": 1.0}
        >>> plan_trade(("weight", 0.3), Quote(100.0, 100.0, 1.0), (400.0, 1e5), shares, PLAIN).delta
        -100.0
    """
    (kind, number), (held, equity) = size, account
    if kind == "keep":
        return PlannedTrade(None, held, held, 0.0, 0.0, "hold")
    bought, sold = (_lots(size, price, quote.rate, equity, instrument) for price in quote[:2])
    if bought > held:
        target, price = bought, quote.ask
    elif sold < held:
        target, price = sold, quote.bid
    elif math.isfinite(bought) and math.isfinite(sold):
        target, price = held, quote.bid
    else:
        return None
    if not math.isfinite(target):
        return None
    unit = abs(price) * instrument["contract_size"] * quote.rate

    def share(lots: float) -> float:
        return lots * unit / equity if equity > 0.0 else 0.0

    weight = number if kind == "weight" else share(target)
    delta = target - held
    planned = PlannedTrade(weight, target, held, delta, abs(delta) * unit)
    if target == 0.0 and held != 0.0:  # full exits are always done
        return planned
    least = rules["min_trade"]
    least = least * equity if least < 1.0 else least
    if delta != 0.0 and planned.money < least:
        planned.give_up("min_trade")
    elif abs(share(held) - weight) < rules["band"]:
        planned.give_up("band")
    return planned


def _lots(
    size: tuple[str, float], price: float, rate: float, equity: float, instrument: InstrumentFields
) -> float:
    """The lots of a target at a price, rounded toward 0 to the volume step (W2)."""
    kind, number = size
    unit = abs(price) * instrument["contract_size"] * rate
    if kind == "weight":
        lots = over(number * max(equity, 0.0), unit)
    elif kind == "value":
        lots = over(number, unit)
    else:
        lots = number / instrument["contract_size"]
    return toward_zero(lots, instrument)


def toward_zero(lots: float, instrument: InstrumentFields) -> float:
    """A size rounded to the volume step, toward 0."""
    rounded = round_down(instrument["volume_step"], abs(lots))
    return -rounded if lots < 0.0 else rounded


def cut_to_turnover(plans: Sequence[tuple[PlannedTrade, InstrumentFields]], most: float) -> None:
    """Cut all trades by one factor where together they are more than that (W9)."""
    total = 0.0
    for planned, _ in plans:
        total += planned.money
    most = max(0.0, most)  # of an equity below 0 nothing can be traded
    if total <= most:
        return
    factor = most / total
    for planned, instrument in plans:
        if planned.delta != 0.0:
            planned.delta = toward_zero(planned.delta * factor, instrument)
            planned.reason = "turnover"


@dataclass(slots=True)
class Needs:
    """What the increases of a step need: what grows with them, what does not, and in all."""

    variable: float = 0.0
    fixed: float = 0.0
    full: float = 0.0

    def factor(self, free: float) -> float:
        """By how much all increases are made smaller: 1 where the money suffices (W7).

        Example:
            >>> round(Needs(variable=100_100.0, full=100_100.0).factor(100_000.0), 6)
            0.999001
        """
        if self.full <= free:
            return 1.0
        left = free - self.fixed
        if not (left > 0.0 and self.variable > 0.0):
            return 0.0
        factor = left / self.variable * _BARELY_LESS
        return factor if factor < 1.0 else _BARELY_LESS


def floor(step: float | None, lots: float) -> float:
    """A size rounded down to a volume step, also where it is just short of one (W7).

    Example:
        >>> floor(1.0, 2.9999999999), round_down(1.0, 2.9999999999)
        (2.0, 3.0)
    """
    return round_down(step, lots, tolerance=0.0)

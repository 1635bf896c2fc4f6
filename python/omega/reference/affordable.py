"""Margin that an entry needs, and the largest size that the account can pay for (M3, M7)."""

from __future__ import annotations

from typing import NamedTuple

from omega.contract import CostFields, InstrumentFields
from omega.reference import costs, sizing
from omega.reference.costs import Leg

_MOST_STEPS = 64
_BARELY_LESS = 1.0 - 2.0**-52


def margin_of(instrument: InstrumentFields, worth: float, lots: float, price: float) -> float:
    """The margin of lots that are worth so much in account currency at a price (M7).

    Example:
        >>> own = {"contract_size": 50.0, "margin_rate": 0.1, "margin_per_lot": 500.0}
        >>> margin_of(own, 1_000.0, 2.0, 10.0)
        1000.0
        >>> margin_of({**own, "margin_per_lot": None}, 1_000.0, 2.0, 10.0)
        100.0
    """
    per_lot = instrument["margin_per_lot"]
    if per_lot is None:
        return worth * instrument["margin_rate"]
    quoted = abs(lots * instrument["contract_size"] * price)
    return lots * per_lot * (worth / quoted if quoted > 0.0 else 1.0)


class Entry(NamedTuple):
    """A fill that is to open a position: at its full size, at which rate, of what."""

    full: Leg
    rate: float
    instrument: InstrumentFields
    costs: CostFields

    def at(self, lots: float) -> Leg:
        """The fill with so many lots."""
        units = lots * self.instrument["contract_size"]
        notional = abs(units * self.full.price * self.rate)
        return self.full._replace(lots=lots, units=units, notional=notional)

    def need(self, lots: float, own: float) -> float:
        """Margin and fee of lots, where the fee function gave so much."""
        leg = self.at(lots)
        margin = margin_of(self.instrument, leg.notional, lots, leg.price)
        return margin + costs.with_own(self.costs, leg, own)

    def most_that_fits(self, free: float, own: float) -> float | None:
        """The largest size whose need is free; None where no order may have it.

        Parts of the fee that do not grow with the size count as at the full size.
        """
        one = self.at(1.0)
        margin = margin_of(self.instrument, one.notional, 1.0, one.price)
        constant, per_lot, minimum = costs.split(self.costs, one, own)
        most = sizing.over(free - constant, margin + per_lot)
        if minimum > 0.0:
            most = min(most, sizing.over(free - minimum, margin))
        lots = sizing.order_size(self.instrument, min(self.full.lots, most))
        step = self.instrument["volume_step"]
        for _ in range(_MOST_STEPS):
            if lots is None or self.need(lots, own) <= free:
                return lots
            less = lots * _BARELY_LESS if step is None else lots - step
            lots = sizing.order_size(self.instrument, less)
        return None

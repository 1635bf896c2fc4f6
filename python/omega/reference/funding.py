"""What an entry needs of the account, and the largest size that it can pay for (M3, M7)."""

from __future__ import annotations

from typing import NamedTuple

from omega.contract import CostFields, InstrumentFields
from omega.reference import costs
from omega.reference.costs import Leg

_MOST_STEPS = 64
_BARELY_LESS = 1.0 - 2.0**-52


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
        margin = leg.notional * self.instrument["margin_rate"]
        return margin + costs.with_own(self.costs, leg, own)

    def most_that_fits(self, free: float, own: float) -> float | None:
        """The largest size whose need is free; None where no order may have it.

        Parts of the fee that do not grow with the size count as at the full size.
        """
        one = self.at(1.0)
        margin = one.notional * self.instrument["margin_rate"]
        constant, per_lot, minimum = costs.split(self.costs, one, own)
        most = costs.over(free - constant, margin + per_lot)
        if minimum > 0.0:
            most = min(most, costs.over(free - minimum, margin))
        lots = costs.order_size(self.instrument, min(self.full.lots, most))
        step = self.instrument["volume_step"]
        for _ in range(_MOST_STEPS):
            if lots is None or self.need(lots, own) <= free:
                return lots
            less = lots * _BARELY_LESS if step is None else lots - step
            lots = costs.order_size(self.instrument, less)
        return None

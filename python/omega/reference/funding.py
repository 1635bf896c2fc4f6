"""What an entry needs of the account, and the largest size that it can pay for (M3, M7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from omega.reference import costs

_MOST_STEPS = 64
_BARELY_LESS = 1.0 - 2.0**-52


class Entry(NamedTuple):
    """A fill that is to open a position: where, at which rate, of what and at which costs."""

    price: float
    rate: float
    instrument: Mapping[str, Any]
    costs: Mapping[str, Any]

    def value(self, lots: float) -> float:
        """What lots are worth in account currency."""
        return float(abs(lots * self.instrument["contract_size"] * self.price * self.rate))

    def need(self, lots: float) -> float:
        """Margin and fee of lots."""
        value = self.value(lots)
        return value * float(self.instrument["margin_rate"]) + costs.fee(self.costs, lots, value)

    def most_that_fits(self, full: float, free: float) -> float | None:
        """The largest size up to a full one whose need is free; None where no order may have it.

        Parts of the fee that do not grow with the size count as at the full size.
        """
        value = self.value(1.0)
        margin = value * self.instrument["margin_rate"]
        per_lot, fixed, least = costs.fee_parts(self.costs, value)
        most = costs.over(free - fixed, margin + per_lot)
        if least > 0.0:
            most = min(most, costs.over(free - least, margin))
        lots = costs.order_size(self.instrument, min(full, most))
        step = self.instrument["volume_step"]
        for _ in range(_MOST_STEPS):
            if lots is None or self.need(lots) <= free:
                return lots
            less = lots * _BARELY_LESS if step is None else lots - step
            lots = costs.order_size(self.instrument, less)
        return lots if lots is not None and self.need(lots) <= free else None

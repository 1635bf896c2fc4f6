"""State by symbol: positions, waiting orders, and sums over positions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from omega.contract import CostFields, InstrumentFields, SymbolFields
from omega.reference.rows import Order
from omega.strategy.actions import Close


class Due(NamedTuple):
    """An order that fills when its symbol has its next bar."""

    order: Order
    close: Close | None
    """What it closes (I4.5); None where it opens."""
    at_close: bool = False
    """Whether it fills at the close of that bar (F16)."""
    is_part: bool = False
    """Whether it is of a rebalance, whose orders fill together (W6)."""
    is_left: bool = False
    """Whether a fill of this bar left it, so that it waits for the next one (W10)."""


@dataclass(slots=True)
class Market:
    """A symbol as orders meet it: its instrument, its costs, and its sessions.

    `session_ends` are the open times of the bars that hold the end of a session (F16); None where
    the calendar has no sessions. `impact` is by bar the part of the price that a fill of one unit
    moves it by (M13).
    """

    symbol: str
    instrument: InstrumentFields
    costs: CostFields
    session_ends: frozenset[int] | None
    impact: Sequence[float] | None = None

    @classmethod
    def of(cls, symbol: str, fields: SymbolFields) -> Market:
        """Read what is known of a symbol."""
        ends = fields["session_ends"]
        known = None if ends is None else frozenset(ends.tolist())
        impact = None if fields["impact"] is None else fields["impact"].tolist()
        return cls(symbol, fields["instrument"], fields["costs"], known, impact)

    def moved_by(self, price: float, units: float, bar: int) -> float:
        """Return how far a fill of so many units in a bar moves its price (M13)."""
        if self.impact is None:
            return 0.0
        return abs(price) * self.impact[min(bar, len(self.impact) - 1)] * math.sqrt(units)

    def ends_session(self, opens: int) -> bool:
        """Whether the bar that opens then holds the end of a session, where there are any."""
        return self.session_ends is None or opens in self.session_ends


@dataclass(slots=True)
class Sums:
    """Open profit and margin of the first of the positions, in the order of entry."""

    positions: int = 0
    profit: float = 0.0
    margin: float = 0.0

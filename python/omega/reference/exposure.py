"""Profit and margin of the positions of one symbol at a price (M9).

All sums go in order of entry and start at 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from omega.reference.rows import Position


class Exposure(NamedTuple):
    """Units and cost of the longs and the shorts of a symbol, in account currency.

    A side without positions is None.
    """

    longs: tuple[float, float] | None
    shorts: tuple[float, float] | None

    @classmethod
    def of(cls, positions: Iterable[Position], rate: float) -> Exposure:
        """Add up positions of one symbol, converted at one rate; a cash account's at their own."""
        sides: dict[float, tuple[float, float]] = {}
        for position in positions:
            size = position.lots * position.contract_size
            units = size * rate
            paid = units if position.entry_rate is None else size * position.entry_rate
            before, cost = sides.get(position.sign, (0.0, 0.0))
            sides[position.sign] = before + units, cost + paid * position.entry_price
        return cls(sides.get(1.0), sides.get(-1.0))

    @property
    def has_both(self) -> bool:
        """Whether there are longs and shorts."""
        return self.longs is not None and self.shorts is not None

    def profit(self, bid: float, ask: float) -> float:
        """The open profit: longs on the bid, shorts on the ask."""
        parts = []
        if self.longs is not None:
            units, cost = self.longs
            parts.append(units * bid - cost)
        if self.shorts is not None:
            units, cost = self.shorts
            parts.append(cost - units * ask)
        return parts[0] + parts[1] if self.has_both else (parts or [0.0])[0]

    def value(self, bid: float, ask: float) -> float:
        """The notional: of longs and shorts together."""
        long, short = (side[0] if side else 0.0 for side in (self.longs, self.shorts))
        return long * abs(bid) + short * abs(ask)

    def price_of(self, rest: Rest, share: float, rate: float) -> float | None:
        """The price at which equity is a share of the margin, for positions of one direction.

        None where the margin falls with the price as fast as equity does. A share of 0 gives the
        price at which nothing is left. Margin goes by the price without its sign (M6).

        Example:
            >>> Exposure((9_900.0, 990_000.0), None).price_of(Rest(10_000.0, 0.0), 0.5, 0.01)
            99.48733566824019
        """
        owed, part = share * rest.margin, share * rate
        if self.longs is not None:
            if part >= 1.0:
                return None
            units, cost = self.longs
            value = cost - rest.equity + owed
            return value / (units * (1.0 + part if value < 0.0 else 1.0 - part))
        assert self.shorts is not None, "one side has positions"  # noqa: S101 - of the caller
        units, cost = self.shorts
        value = cost + rest.equity - owed
        grows = 1.0 - part if value < 0.0 else 1.0 + part
        return value / (units * grows) if grows > 0.0 else None


class Rest(NamedTuple):
    """The account without one symbol: what equity and margin are without its positions."""

    equity: float
    margin: float

"""Netting: a fill closes what is open in the other direction first (F7.1, F14)."""

from __future__ import annotations

from omega.contract import Settings
from omega.reference.oco import Groups
from omega.reference.rows import Moment, Order, Position

_EQUAL_SIZES = 1e-9


class Netting(Groups):
    """The open positions, which orders of the other direction may close."""

    settings: Settings
    positions: list[Position]

    def nets(self, order: Order) -> bool:
        """Whether an order closes before it opens."""
        return self.settings["position_mode"] == "netting" or bool(order.reduce_only)

    def close_opposite(
        self, order: Order, left: float, raw_price: float, now: Moment, *, is_maker: bool
    ) -> float:
        """Close so many lots of the other direction, oldest first; give what is left."""
        for position in [p for p in self.positions if order.may_close(p)]:
            if not left > 0.0:
                break
            open_lots = position.lots
            closes_all = left >= open_lots * (1.0 - _EQUAL_SIZES)
            lots = open_lots if closes_all else left
            equal = closes_all and left <= open_lots * (1.0 + _EQUAL_SIZES)
            left = 0.0 if equal else left - lots
            self.leave(position, lots, raw_price, "signal", now, order=order, is_maker=is_maker)
        return left

    def leave(
        self,
        position: Position,
        lots: float,
        raw_price: float,
        reason: str,
        now: Moment,
        *,
        order: Order | None = None,
        is_maker: bool = False,
        slips: bool = True,
    ) -> None:
        """Close lots of a position at a price before slippage; `order` where one requested it."""
        raise NotImplementedError

"""The share of a bar's volume that a symbol may trade, and what becomes of the rest (W10).

Orders and closes are cut to it; protective exits and what the account closes are not.
"""

from __future__ import annotations

import math
from dataclasses import replace

from omega.reference import sizing
from omega.reference.fills import Fills
from omega.reference.markets import Due
from omega.reference.rows import Known, Moment, Order, Position
from omega.strategy.actions import Close

_ARMED = {"stop": "market", "stop_limit": "limit", "limit_if_touched": "limit"}
"""What is left of an order whose price was reached."""


class Participation(Fills):
    """Positions whose orders may trade a share of the volume alone."""

    _traded: dict[str, tuple[int, float]]
    """By symbol, when its bar opened, and the lots traded in it."""

    def volume_left(self, now: Moment) -> float:
        """The lots that a symbol may still trade in its bar."""
        participation = self.settings["participation"]
        if participation is None:
            return math.inf
        instrument = self.markets[now.symbol].instrument
        units = participation[0] * now.volume
        most = sizing.round_down(instrument["volume_step"], units / instrument["contract_size"])
        opens, lots = self._traded.get(now.symbol, (now.opens, 0.0))
        left = most - lots if opens == now.opens else most
        return max(0.0, left)

    def note_volume(self, first: int, now: Moment) -> None:
        """Count the fills from one on."""
        opens, lots = self._traded.get(now.symbol, (now.opens, 0.0))
        if opens != now.opens:
            lots = 0.0
        for fill in self.fills[first:]:
            lots += fill.lots
        self._traded[now.symbol] = (now.opens, lots)

    @property
    def retries(self) -> bool:
        """Whether what the volume leaves of an order is tried again."""
        participation = self.settings["participation"]
        return participation is not None and participation[2]

    def within_volume(self, order: Order, now: Moment) -> float | None:
        """The lots that the volume allows; None where the order does not fill."""
        left = self.volume_left(now)
        if order.lots <= left:
            return order.lots
        if order.expires == "fok":
            order.status, order.reject_reason = "cancelled", "ioc"
            return None
        if left > 0.0:
            return left
        order.status, order.reject_reason = "cancelled", "participation"
        self.carry_over(order, 0.0)
        return None

    def carry_over(self, order: Order, done: float) -> None:
        """Note that an order filled no more than so many lots, and try the rest again."""
        rest = order.lots - done
        if rest <= 0.0:
            return
        order.note = "participation"
        if not self.retries or order.expires in ("ioc", "fok"):
            return
        kind = _ARMED.get(order.type, order.type)
        price = (
            order.limit_price if order.type in ("stop_limit", "limit_if_touched") else order.price
        )
        again = replace(
            order,
            order_id=self._take_number(),
            lots=rest,
            type=kind,
            price=None if kind == "market" else price,
            limit_price=None,
            oco=None,  # the fill has ended the group
            armed_in=None,
            status="working",
            reject_reason=None,
            note=None,
        )
        self._add_row(again)
        if kind in ("market", "close"):
            self.due.append(Due(again, None, at_close=kind == "close", is_left=True))
        else:
            again.begins_in = self.bars[order.symbol] + 1
            self.waiting.append(again)

    def part_within_volume(
        self, order: Order, position: Position, lots: float, close: Close, now: Moment
    ) -> float | None:
        """The lots of a position that a close may close; None where no volume is left."""
        left = self.volume_left(now)
        if lots <= left:
            return lots
        stays = position.lots - left
        order.note = "participation"
        if left <= 0.0 and order.lots == 0.0:  # nothing of its other parts filled
            order.status, order.reject_reason = "cancelled", "participation"
        if self.retries:
            again = self._row(self._take_number(), "market", -position.sign, now)
            fraction = min((lots - left) / stays, 1.0)
            rest = Close(now.symbol, position.trade_id, fraction, close.reason)
            self.due.append(Due(again, rest, is_left=True))
        return left if left > 0.0 else None

    def release_left(self) -> None:
        """Let what the fills of a step left fill in the next one."""
        self.due = [due._replace(is_left=False) for due in self.due]

    def _take_number(self) -> int:
        self.next_order += 1
        return self.next_order - 1

    def _row(self, number: int, kind: str, sign: float, now: Known) -> Order:
        return self._add_row(Order(number, now.symbol, sign, kind, now.time))

    def _add_row(self, order: Order) -> Order:
        self.orders.append(order)
        self.numbered[order.order_id] = order
        return order

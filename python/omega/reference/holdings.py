"""Open positions and what opens and closes them: fills with their costs (M3, M4, M6; F7).

What goes in: an order and a price before slippage. What comes out: positions, fills, bookings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from omega.reference import costs
from omega.reference.book import Fill, Moment, Order, Position, Trade
from omega.reference.matching import Live
from omega.reference.portfolio import Portfolio, total

_ENTRY_LEG = 0
_EQUAL_SIZES = 1e-9


class Holdings:
    """The positions of a run, its orders so far, and the account behind them."""

    def __init__(self, settings: Mapping[str, Any], symbol: str, portfolio: Portfolio) -> None:
        self.settings = settings
        self.symbol = symbol
        self.instrument: Mapping[str, Any] = settings["instrument"]
        self.costs: Mapping[str, Any] = settings["costs"]
        self.portfolio = portfolio
        self.orders: list[Order] = []
        self.waiting: list[Order] = []
        self.positions: list[Position] = []
        self.fills: list[Fill] = []
        self.events: list[Fill | Trade] = []
        self.next_order = 0
        self.next_trade = 0
        self.last_entry: tuple[int, int] | None = None
        self.last_exit: int | None = None

    def position(self, trade_id: int) -> Position | None:
        """An open position by its number."""
        return next((p for p in self.positions if p.trade_id == trade_id), None)

    def equity(self) -> float:
        """Balance plus the profits of the last mark (rules 23 and 27)."""
        return self.portfolio.balance + total(p.open_profit for p in self.positions)

    def margin_held(self) -> float:
        """What the open positions hold (rule 27)."""
        return total(p.margin for p in self.positions)

    def is_full(self) -> bool:
        """Whether the run allows no further position (rule 32)."""
        limits = (self.settings["max_positions"], self.settings["max_positions_per_symbol"])
        return any(most is not None and len(self.positions) >= most for most in limits)

    def enter(self, order: Order, raw_price: float, live: Live, now: Moment) -> Position | None:
        """Fill an entry order: opposite positions first in netting mode, then a position for what
        is left (F1 to F4, F7, rule 33). A refusal is written into the order (M6)."""
        left = order.lots
        if self.settings["position_mode"] == "netting":
            left = self._net(order, raw_price, now)
        position = None
        if left > 0.0:
            lots = costs.order_size(self.instrument, left)
            if lots is None:
                order.reject("size")
            elif self.is_full():
                order.reject("max_positions")
            else:
                position = self._open_position(order, lots, raw_price, live, now)
        if order.status == "working":
            order.status = "filled"
            self._cancel_group(order)
        return position

    def _net(self, order: Order, raw_price: float, now: Moment) -> float:
        """Close positions of the other direction, oldest first; give the lots that are left."""
        left = order.lots
        for position in [p for p in self.positions if p.sign != order.sign]:
            if not left > 0.0:
                break
            open_lots = position.lots
            closes_all = left >= open_lots * (1.0 - _EQUAL_SIZES)
            lots = open_lots if closes_all else left
            equal = closes_all and left <= open_lots * (1.0 + _EQUAL_SIZES)
            left = 0.0 if equal else left - lots
            self.leave(position, lots, raw_price, "signal", now, order)
        return left

    def _cancel_group(self, filled: Order) -> None:
        """A fill cancels the others of its group that wait (F8, rule 15)."""
        for order in [o for o in self.waiting if o.oco is not None and o.oco == filled.oco]:
            self.waiting.remove(order)
            order.status = "cancelled"

    def _open_position(
        self, order: Order, lots: float, raw_price: float, live: Live, now: Moment
    ) -> Position | None:
        slipped = self._slippage(order.order_id, _ENTRY_LEG) if _slips(order) else 0.0
        price = raw_price + order.sign * slipped
        size = self.instrument["contract_size"]
        notional = abs(lots * size * price * now.rate)
        if not math.isfinite(notional):
            order.reject("size")
            return None
        margin = notional * self.instrument["margin_rate"]
        if margin > 0.0 and margin > self.equity() - self.margin_held():
            order.reject("margin")
            return None
        # rule 5: a position that filled at the open starts at the open of its exit side
        first = now.bar.exit_side(order.sign).open if live is Live.FROM_OPEN else price
        fill = Fill(
            order_id=order.order_id,
            trade_id=self.next_trade,
            symbol=order.symbol,
            sign=order.sign,
            index=now.index,
            time=now.bar.time,
            price=price,
            lots=lots,
            fee=costs.fee(self.costs, lots, notional),
            slippage=slipped,
        )
        position = Position(
            trade_id=self.next_trade,
            order_id=order.order_id,
            symbol=order.symbol,
            sign=order.sign,
            lots=lots,
            contract_size=size,
            entry_index=now.index,
            entry_time=now.bar.time,
            entry_price=price,
            entry_fee=fill.fee,
            margin=margin,
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            initial_stop=order.stop_loss,
            trailing_stop=order.trailing_stop,
            reason=order.reason,
            tags=order.tags,
            best_price=first,
            worst_price=first,
            live=live,
        )
        self.next_trade += 1
        self.last_entry = (now.index, now.bar.time)
        self.portfolio.book_fee(fill)
        self.positions.append(position)
        self._record(fill)
        return position

    def leave(
        self,
        position: Position,
        lots: float,
        raw_price: float,
        reason: str,
        now: Moment,
        order: Order | None = None,
    ) -> None:
        """Close lots of a position at a price before slippage; `order` where one asked for it."""
        if order is None:  # a protective exit: under the number of the entry (rule 24)
            number, leg = position.order_id, _ENTRY_LEG + 1 + position.exit_legs
        else:
            number, leg = order.order_id, position.trade_id
        slips = reason != "take_profit" and (order is None or _slips(order))
        slipped = self._slippage(number, leg) if slips else 0.0
        price = raw_price - position.sign * slipped
        notional = abs(lots * position.contract_size * price * now.rate)
        fill = Fill(
            order_id=number,
            trade_id=position.trade_id,
            symbol=position.symbol,
            sign=-position.sign,
            index=now.index,
            time=now.bar.time,
            price=price,
            lots=lots,
            fee=costs.fee(self.costs, lots, notional),
            slippage=slipped,
        )
        part = lots < position.lots
        share = lots / position.lots if part else 1.0  # rule 25
        fee, swap = position.entry_fee * share, position.swap * share
        self.last_exit = now.bar.time
        trade = self.portfolio.book_exit(position, fill, reason, fee, swap, now.rate)
        if part:
            position.lots -= lots
            position.entry_fee -= fee
            position.swap -= swap
            position.margin -= position.margin * share
            position.open_profit -= position.open_profit * share
            position.exit_legs += 1
        else:
            self.positions.remove(position)
        self._record(fill)
        self.events.append(trade)

    def net_if_closed(self, position: Position, price: float, slip: bool, now: Moment) -> float:
        """Net profit of all lots had they been closed at a price (I3, rule 20)."""
        if slip:
            leg = _ENTRY_LEG + 1 + position.exit_legs
            price -= position.sign * self._slippage(position.order_id, leg)
        notional = abs(position.lots * position.contract_size * price * now.rate)
        fee = costs.fee(self.costs, position.lots, notional)
        gross = position.profit(price, position.lots, now.rate)
        return gross - (position.entry_fee + fee) + position.swap

    def close_at_end(self, now: Moment) -> None:
        """Close what is open at the last close (L4, rule 34)."""
        for position in list(self.positions):
            close = now.bar.exit_side(position.sign).close
            self.leave(position, position.lots, close, "end_of_data", now)

    def _slippage(self, order: int, leg: int) -> float:
        return costs.slippage(self.costs, self.settings["seed"], order, leg)

    def _record(self, fill: Fill) -> None:
        self.fills.append(fill)
        self.events.append(fill)


def _slips(order: Order) -> bool:
    """Market and stop orders slip, limits do not (F1 to F4, rule 24)."""
    return order.type in ("market", "stop")

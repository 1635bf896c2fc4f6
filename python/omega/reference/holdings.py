"""Open positions and what opens and closes them: fills with their costs (M3, M4, M6; F7).

What goes in: an order and a price before slippage. What comes out: positions, fills, bookings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omega.reference import costs
from omega.reference.book import Fill, Moment, Order, Position, Trade
from omega.reference.matching import Live
from omega.reference.portfolio import Portfolio, total

_ENTRY_LEG = 0


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

    def position(self, trade_id: int) -> Position | None:
        """An open position by its number."""
        return next((p for p in self.positions if p.trade_id == trade_id), None)

    def equity(self) -> float:
        """Balance plus the profits of the last mark (rules 23 and 27)."""
        return self.portfolio.balance + total(p.open_profit for p in self.positions)

    def free_margin(self) -> float:
        """What new positions may use (rule 27)."""
        return self.equity() - total(p.margin for p in self.positions)

    def enter(
        self, order: Order, raw_price: float, live: Live, now: Moment
    ) -> tuple[Position | None, str | None]:
        """Fill an entry order: a position, or the reason why there is none (F1 to F4, M6)."""
        order_slips = order.type in ("market", "stop")
        slipped = self._slippage(order.order_id, _ENTRY_LEG) if order_slips else 0.0
        price = raw_price + order.sign * slipped
        lots, size = order.lots, self.instrument["contract_size"]
        notional = abs(lots * size * price * now.rate)
        margin = notional * self.instrument["margin_rate"]
        if margin > 0.0 and margin > self.free_margin():
            return None, "margin"
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
        self.portfolio.book_fee(fill)
        order.status = "filled"
        self.positions.append(position)
        self._record(fill)
        return position, None

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
        slipped = 0.0 if reason == "take_profit" else self._slippage(number, leg)
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

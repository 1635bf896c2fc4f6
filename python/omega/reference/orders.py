"""Actions in: orders accepted, sized and numbered, or refused (F12; rules 8, 13, 14, 30 to 32).

What goes in: what a strategy or a position manager asks for. What comes out: rows of the orders
table, orders that wait, and fills at the market.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from omega.errors import ConfigError, OmegaError
from omega.reference import costs
from omega.reference.holdings import Holdings
from omega.reference.matching import Candle, Live
from omega.reference.portfolio import Portfolio
from omega.reference.rows import Moment, Order, Position, is_over
from omega.signals import Action, Cancel, Close, Modify, Signal
from omega.times import PER_SECOND, to_units


class Asked(NamedTuple):
    """A close that a manager asked for, to be filled at the next bar (rule 31)."""

    order: Order
    position: Position
    fraction: float
    reason: str


class Orders(Holdings):
    """The order book: takes actions at the open of a bar (step 3)."""

    def __init__(
        self, settings: Mapping[str, Any], symbol: str, unit: str, portfolio: Portfolio
    ) -> None:
        super().__init__(settings, symbol, portfolio)
        self.unit = unit
        self.units_per_day = 86_400 * PER_SECOND[unit]
        self.asked: list[Asked] = []

    @property
    def is_idle(self) -> bool:
        """Whether no bar can change anything."""
        return not (self.positions or self.waiting or self.asked)

    @property
    def pending(self) -> list[Order]:
        """Orders that wait, and closes that a manager asked for, by number."""
        asked = [asked.order for asked in self.asked]
        return sorted(self.waiting + asked, key=lambda order: order.order_id)

    def process(self, action: Action, now: Moment) -> None:
        """Take one action of the strategy; each takes one order number, refused or not."""
        number = self._take_number()
        match action:
            case Signal():
                refused = self._open(number, action, now)
            case Close():
                refused = self._close(number, action, now)
            case Cancel():
                refused = self._cancel(number, action, now)
            case Modify():
                refused = self._modify(number, action, now, now.last)
        self.raise_if_strict(number, refused, now)

    def process_managed(self, action: Action, now: Moment) -> None:
        """Take an action of a manager written by the user: levels move at once, closes wait."""
        match action:
            case Modify():
                number = self._take_number()
                refused = self._modify(number, action, now, now.bar)
                self.raise_if_strict(number, refused, now)
            case Close(trade_id=trade_id):
                for position in list(self.positions):
                    if trade_id in (None, position.trade_id):
                        self.ask_close(position, action.fraction, action.reason, now)
            case _:
                raise ConfigError(
                    "position manager: given a Signal or a Cancel, expected Modify or Close. Open "
                    "positions and cancel orders in the strategy"
                )

    def ask_close(self, position: Position, fraction: float, reason: str, now: Moment) -> None:
        """Note that a manager wants a close at the next bar (rule 31)."""
        order = self._row(self._take_number(), "market", -position.sign, now)
        self.asked.append(Asked(order, position, fraction, reason))

    def fill_asked(self, now: Moment) -> None:
        """Fill the closes that managers asked for on the last bar (step 3, rule 31)."""
        due, self.asked = self.asked, []
        for order, position, fraction, reason in due:
            if position not in self.positions:
                order.status = "cancelled"
                continue
            self._close_part(order, position, fraction, reason, now)
            if order.status == "working":
                self.raise_if_strict(order.order_id, order.reject("size"), now)

    # --- opening ---------------------------------------------------------------------------------

    def _open(self, number: int, signal: Signal, now: Moment) -> str | None:
        order = self._row(number, signal.type, 1.0 if signal.direction == "long" else -1.0, now)
        order.ask(signal)
        if signal.expires is not None:
            day = signal.expires == "day"
            order.expires = "day" if day else to_units(signal.expires, self.unit)
        refused = self._refusal(order, signal, now)
        if refused:
            return order.reject(refused)
        if order.type == "market":  # F1, rule 8
            price = self._market_price(now, order.sign, entry=True)
            self.enter(order, price, Live.FROM_OPEN, now)
        elif is_over(order, now.bar.time, self.units_per_day):  # rule 12
            order.status = "expired"
        else:
            self.waiting.append(order)
        return order.reject_reason

    def _refusal(self, order: Order, signal: Signal, now: Moment) -> str | None:
        """Why an order is refused, in the order of rule 13; an order that is not gets its size."""
        own = [price for price in (order.price, order.limit_price) if price is not None]
        distance = order.trailing_stop
        if not all(map(math.isfinite, own)):
            return "price"
        if distance is not None and not 0.0 < distance < math.inf:
            return "price"
        reference = own[-1] if own else now.last.entry_side(order.sign).close
        wrong = wrong_side(order.sign, reference, order.stop_loss, order.take_profit)
        if wrong:
            return wrong
        sizer = self.settings["sizer"] if signal.size is None else ("fixed_lots", signal.size)
        basis = costs.Basis(reference, order.stop_loss, self.equity(), now.last_rate)
        asked = costs.lots_of(sizer, self.instrument, basis)  # M3, rule 23
        if asked is None:
            return "sizer_needs_stop"
        lots = costs.order_size(self.instrument, asked)
        if lots is None:
            return "size"
        hedging = self.settings["position_mode"] == "hedging"
        refused = self._out_of_time(now)
        refused = refused or ("max_positions" if hedging and self.is_full() else None)
        order.lots = order.lots if refused else lots
        return refused

    def _out_of_time(self, now: Moment) -> str | None:
        """Sessions, blackouts and cool-downs (rule 32)."""
        time, settings = now.bar.time, self.settings
        sessions, of_day = settings["sessions"], time % self.units_per_day
        if sessions and not any(_within(of_day, *session) for session in sessions):
            return "session_closed"
        if any(start <= time < end for start, end in settings["blackouts"]):
            return "blackout"
        if self.last_entry is not None:
            index, entered = self.last_entry
            bars, elapsed = now.index - index, time - entered
            if bars < settings["cooldown_bars"] or elapsed < settings["cooldown_entry"]:
                return "cooldown"
        if self.last_exit is not None and time - self.last_exit < settings["cooldown_exit"]:
            return "cooldown"
        return None

    # --- closing, cancelling, moving -------------------------------------------------------------

    def _close(self, number: int, close: Close, now: Moment) -> str | None:
        """Close positions, or a fraction of each, at the market (F1)."""
        meant = [p for p in self.positions if close.trade_id in (None, p.trade_id)]
        order = self._row(number, "market", -meant[0].sign if meant else -1.0, now)
        if not 0.0 < close.fraction <= 1.0:
            return order.reject("size")
        if not meant:
            return order.reject("not_found")
        for position in meant:
            self._close_part(order, position, close.fraction, close.reason, now)
        return order.reject("size") if order.status == "working" else None

    def _close_part(
        self, order: Order, position: Position, fraction: float, reason: str, now: Moment
    ) -> None:
        """Close a fraction of a position; where less than a step would go, nothing happens."""
        lots: float | None = position.lots
        if not 0.0 < fraction <= 1.0:
            return
        if fraction < 1.0:
            lots = costs.order_size(self.instrument, position.lots * fraction)
        if lots is None:
            return
        lots = min(position.lots, lots)
        order.lots += lots
        order.status = "filled"
        price = self._market_price(now, position.sign, entry=False)
        self.leave(position, lots, price, reason, now, order=order)

    def _cancel(self, number: int, cancel: Cancel, now: Moment) -> str | None:
        order = next((o for o in self.waiting if o.order_id == cancel.order_id), None)
        if order is None:  # rule 14
            return self._row(number, "cancel", -1.0, now).reject("not_found")
        self.waiting.remove(order)
        order.status = "cancelled"
        return None

    def _modify(self, number: int, modify: Modify, now: Moment, judge: Candle) -> str | None:
        """Move the exits of a position, judged against a close of its exit side (rule 14)."""
        position = next((p for p in self.positions if p.trade_id == modify.trade_id), None)
        if position is None:
            return self._row(number, "modify", -1.0, now).reject("not_found")
        stop, target = position.stop_loss, position.take_profit
        if modify.stop_loss is not ...:
            stop = modify.stop_loss
        if modify.take_profit is not ...:
            target = modify.take_profit
        close = judge.exit_side(position.sign).close
        refused = wrong_side(position.sign, close, stop, target)
        if refused:
            return self._row(number, "modify", -position.sign, now).reject(refused)
        if stop != position.stop_loss:
            position.stop_reason = "stop_loss"
        position.stop_loss, position.take_profit = stop, target
        return None

    # --- what they share -------------------------------------------------------------------------

    def _take_number(self) -> int:
        self.next_order += 1
        return self.next_order - 1

    def _row(self, number: int, kind: str, sign: float, now: Moment) -> Order:
        order = Order(number, self.symbol, sign, kind, now.bar.time)
        self.orders.append(order)
        return order

    def _market_price(self, now: Moment, sign: float, *, entry: bool) -> float:
        """The open of the bar, or the last close (F1, L3, rule 8), before slippage."""
        next_open = self.settings["market_fill"] == "next_open"
        bar = now.bar if next_open else now.last
        side = bar.entry_side(sign) if entry else bar.exit_side(sign)
        return side.open if next_open else side.close

    def raise_if_strict(self, number: int, refused: str | None, now: Moment) -> None:
        """A refusal ends a strict run, and is a row in any other (F12, rule 13)."""
        if refused and self.settings["strict"]:
            raise OmegaError(
                f"order {number} at bar {now.index} was rejected: {refused}. "
                "Use strict=False to go on"
            )


def wrong_side(sign: float, price: float, stop: float | None, target: float | None) -> str | None:
    """Why levels are refused: a stop belongs below the price, a target above, facing (F12).

    Example:
        >>> wrong_side(1.0, 100.0, 101.0, None)
        'stop_loss_side'
    """
    if any(level is not None and not math.isfinite(level) for level in (stop, target)):
        return "price"
    if stop is not None and stop * sign >= price * sign:
        return "stop_loss_side"
    if target is not None and target * sign <= price * sign:
        return "take_profit_side"
    return None


def _within(time: int, start: int, end: int) -> bool:
    """Whether a session holds a time of day; over midnight where it ends before it starts."""
    if start < end:
        return start <= time < end
    return time >= start or time < end

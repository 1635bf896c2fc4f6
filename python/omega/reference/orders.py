"""The order book: actions become orders or are refused (F1.1, F12.1 to F12.3, I4.3 to I4.5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import EllipsisType

import numpy as np

from omega.config.times import PER_SECOND, to_units
from omega.contract import Settings
from omega.errors import ConfigError, OmegaError
from omega.reference import sizing
from omega.reference.days import Days
from omega.reference.executor import State, is_bare
from omega.reference.markets import Due
from omega.reference.matching import Live
from omega.reference.participation import Participation
from omega.reference.portfolio import Portfolio
from omega.reference.rows import (
    NO_CANDLE,
    Known,
    Moment,
    Order,
    Position,
    changed,
    level_from,
    number_of,
)
from omega.reference.visibility import Clock
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.rebalance import Rebalance

_CHANGEABLE = ("price", "limit_price", "lots", "expires")


class Orders(Participation):
    """The order book: takes actions before the bar of a step (L1.3)."""

    def __init__(self, settings: Settings, clock: Clock, unit: str, portfolio: Portfolio) -> None:
        super().__init__(settings, list(clock.of_symbols), portfolio)
        self._traded = {}
        self.clock = clock
        self.unit = unit
        self.units_per_day = 86_400 * PER_SECOND[unit]
        self.submitted: list[Action] = []
        self.session_times = dict(zip(clock.of_symbols, settings["session_times"], strict=False))
        """Begins and ends of sessions in turn, of each symbol; none where it may always trade."""
        self.member_times = dict(zip(clock.of_symbols, settings["member_times"], strict=False))
        """When each symbol joins and leaves the universe in turn; none where it is always in."""

    def is_idle(self) -> bool:
        """Whether no bar can change anything."""
        if (self.carry is not None and self.carry.has_interest) or self.receivables:
            return False
        return not (self.positions or self.waiting or self.due)

    def expire(self, now: Known) -> None:
        """End the orders whose time is over (F5.1)."""
        for order in self.pending:
            if order.symbol == now.symbol and is_over(
                order, now.time, self.clock.of_symbols[now.symbol]
            ):
                self.end_order(order, "expired")

    def submit(self, actions: list[Action]) -> int:
        """Take the strategy's actions; a bare close is one order for each symbol held (L1.1)."""
        self.events.clear()
        held = self.state().symbols_held(list(self.markets))
        for action in actions:
            if isinstance(action, Close) and is_bare(action) and held:
                self.submitted += [replace(action, symbol=symbol) for symbol in held]
            else:
                self.submitted.append(action)
        actions.clear()
        return len(self.submitted)

    def state(self) -> State:
        """Return what it holds."""
        return State(
            last_trades=self.last_trades,
            has_positions=bool(self.positions),
            positions=self.positions,
            events=self.events,
            working=self.waiting + [due.order for due in self.due],
            next_order=self.next_order,
        )

    def process(self, action: Action, nows: Mapping[str, Known]) -> None:
        """Take one action of the strategy; each takes one order number, refused or not."""
        number = self._take_number()
        now = nows[self._symbol_of(action)]
        match action:
            case Signal():
                refused = self._open(number, action, now)
            case Close():
                refused = self._close(number, action, now)
            case Cancel():
                refused = self._cancel(number, action, now)
            case Modify():
                refused = self._modify(number, action, now)
            case Rebalance():
                refused = None
                self.take_rebalance(action)
        self.raise_if_strict(number, refused, now)

    def take_rebalance(self, request: Rebalance) -> None:
        """Take a request to bring positions to targets, once all else of the step is done (W6)."""
        raise NotImplementedError

    def _symbol_of(self, action: Action) -> str:
        """The symbol that an action is about: the trade's or the one named, else the first."""
        meant = action.symbol if isinstance(action, (Signal, Close)) else None
        number = action.trade_id if isinstance(action, (Close, Modify)) else None
        if number is not None:
            found = self._position(number) or self._waiting(number)
            meant = None if found is None else found.symbol
        return meant or next(iter(self.markets))

    def _position(self, number: int) -> Position | None:
        return self.open.get(number)

    def _waiting(self, number: int | None) -> Order | None:
        """The order that waits under the number of a trade to be (F13)."""
        if not self.is_second or number is None:
            return None
        return self._pending(number)

    def _pending(self, number: int) -> Order | None:
        order = self.numbered.get(number)
        return order if order is not None and order.status == "working" else None

    def process_managed(self, action: Action, nows: Mapping[str, Known]) -> None:
        """Take an action of a manager written by the user: levels move at once, closes wait."""
        match action:
            case Modify():
                number = self._take_number()
                now = nows[self._symbol_of(action)]
                refused = self._modify(number, action, now)
                self.raise_if_strict(number, refused, now)
            case Close(trade_id=number) if waiting := self._waiting(number):
                self.end_order(waiting, "cancelled")
            case Close(symbol=symbol, trade_id=trade):
                for position in list(self.positions):
                    of_symbol = trade is None and symbol in (None, position.symbol)
                    if of_symbol or trade == position.trade_id:
                        now = nows[position.symbol]
                        self.queue_close(position, action.fraction, action.reason, now)
            case _:
                raise ConfigError(
                    "position manager: given a Signal or a Cancel, expected Modify or Close. Open "
                    "positions and cancel orders in the strategy"
                )

    def queue_close(self, position: Position, fraction: float, reason: str, now: Known) -> None:
        """Note that a manager wants a close at the next bar (I4.5)."""
        order = self._row(self._take_number(), "market", -position.sign, now)
        self.due.append(Due(order, Close(position.symbol, position.trade_id, fraction, reason)))

    def fill_due(self, now: Moment) -> None:
        """Fill what waited for this bar, by order number (L1.3, I4.5, X2.2)."""
        mine = [due for due in self.due if due.order.symbol == now.symbol and not due.at_close]
        for due in mine:
            order, close = due.order, due.close
            if due.is_part or due.is_left:
                continue
            if order.status != "working":  # cancelled by one of its group
                continue
            self.due.remove(due)
            if close is None:
                price = self._market_price(now, order.sign, entry=True)
                self.enter(order, price, Live.FROM_OPEN, now)
            else:
                self._fill_close(order, close, now)
            self.raise_if_strict(order.order_id, order.refused, now)

    # --- opening ---------------------------------------------------------------------------------

    def _open(self, number: int, signal: Signal, now: Known) -> str | None:
        order = self._row(number, signal.type, 1.0 if signal.direction == "long" else -1.0, now)
        order.take_over(signal)
        order.trail_to(now.last, "close")
        order.expires = self._expiry(signal.expires)
        refused = "ruin" if self.ruined else None  # M8
        if refused is None and self.is_gone(now):
            refused = "delisted"
        if refused is None and self.stale is not None and self.stale.holds(now):
            refused = "stale"
        refused = refused or self._refusal(order, signal, now)
        if refused:
            return order.reject(refused)
        if self.is_second and order.oco in self.filled_groups:  # F8: requested with what filled
            order.status = "cancelled"
        elif order.type == "market" and isinstance(now, Moment):  # F1.1
            price = self._market_price(now, order.sign, entry=True)
            self.enter(order, price, Live.FROM_OPEN, now)
        elif order.type == "market":  # X2: it has no bar at this step
            self.due.append(Due(order, None))
        elif is_over(order, now.time, self.clock.of_symbols[now.symbol]):  # F5.1
            order.status = "expired"
        elif order.type == "close":
            self.due.append(Due(order, None, at_close=True))
        else:
            self.waiting.append(order)
        return order.refused

    def is_gone(self, now: Known) -> bool:
        """Whether a symbol is traded no more (A7)."""
        return self.schedule is not None and now.time >= self.schedule.gone_from[now.symbol]

    def is_member(self, now: Known) -> bool:
        """Whether a symbol is in the universe of the run (U1)."""
        member = self.member_times.get(now.symbol)
        return member is None or int(np.searchsorted(member, now.time, side="right")) % 2 == 1

    def _refusal(self, order: Order, signal: Signal, now: Known) -> str | None:
        """Why an order is refused, in the order of F12.1; an order that is not gets its size."""
        reference, refused = self._priced(order, now)
        if refused:
            return refused
        sizer = self.settings["sizer"] if signal.size is None else ("fixed_lots", signal.size)
        stop, _ = order.levels(reference)
        basis = sizing.Basis(reference, stop, self.equity(), now.last_rate)
        instrument = self.markets[order.symbol].instrument
        wanted = sizing.lots_of(sizer, instrument, basis)  # M3.1
        if wanted is None:
            return "sizer_needs_stop"
        lots = self._order_size(order, wanted)
        if lots is None:
            return "size"
        order.scales = signal.size is None and sizer[0] in sizing.BY_ACCOUNT
        refused = self._limited(order, now)
        order.lots = order.lots if refused else lots
        return refused

    def _priced(self, order: Order, now: Known) -> tuple[float, str | None]:
        """The reference price of an order, and why its prices are refused (F12.1)."""
        own = [price for price in (order.price, order.limit_price) if price is not None]
        distances = [d for d in (order.trailing_stop, order.trail) if d is not None]
        trails = all(0.0 < number_of(distance) < math.inf for distance in distances)
        if not now.is_ready:
            return math.nan, "not_ready"
        if now.last is NO_CANDLE or not (trails and all(map(math.isfinite, own))):
            return math.nan, "price"
        reference = own[-1] if own else now.last.entry_side(order.sign).close
        return reference, wrong_side(order.sign, reference, *order.levels(reference))

    def _order_size(self, order: Order, lots: float) -> float | None:
        """A size rounded down and within limits; what only reduces has neither (F14)."""
        if order.reduce_only:
            return lots if 0.0 < lots < math.inf else None
        return sizing.order_size(self.markets[order.symbol].instrument, lots)

    def _limited(self, order: Order, now: Known) -> str | None:
        """Why the limits of the run refuse an order (F12.3); they are about what is opened."""
        if order.reduce_only:
            return None
        hedging = self.settings["position_mode"] == "hedging"
        refused = self._out_of_time(now)
        refused = refused or self.refused_short(order, "hedging", now.time)
        return refused or ("max_positions" if hedging and self.is_full(now.symbol) else None)

    def _out_of_time(self, now: Known) -> str | None:
        """Sessions, blackouts and cool-downs (F12.3)."""
        time, settings = now.time, self.settings
        if not self.is_member(now):
            return "not_member"  # U1
        sessions, of_day = settings["sessions"], time % self.units_per_day
        if sessions and not any(_within(of_day, *session) for session in sessions):
            return "session_closed"
        times = self.session_times.get(now.symbol)
        if times is not None and np.searchsorted(times, time, side="right") % 2 == 0:
            return "session_closed"
        if any(start <= time < end for start, end in settings["blackouts"]):
            return "blackout"
        limits = settings["cooldown_bars"], settings["cooldown_entry"], settings["cooldown_exit"]
        pauses = self.last_trades[now.symbol].pauses(limits, now.index, time)
        return "cooldown" if pauses else None

    # --- closing, cancelling, moving -------------------------------------------------------------

    def _close(self, number: int, close: Close, now: Known) -> str | None:
        """Close positions of a symbol, or a fraction of each, at the market (F1).

        An order that still waits is cancelled, which leaves no row (F13).
        """
        waiting = self._waiting(close.trade_id)
        if waiting is not None and 0.0 < close.fraction <= 1.0:
            self.end_order(waiting, "cancelled")
            return None
        meant = self._meant(close, now.symbol)
        order = self._row(number, "market", -meant[0].sign if meant else -1.0, now)
        if not 0.0 < close.fraction <= 1.0:
            return order.reject("size")
        if not meant:
            return order.reject("not_found")
        if isinstance(now, Moment):
            self._fill_close(order, close, now)
        else:  # X2: it has no bar at this step
            self.due.append(Due(order, close))
        return order.refused

    def _meant(self, close: Close, symbol: str) -> list[Position]:
        held = self.held_in(symbol)
        return [position for position in held if close.trade_id in (None, position.trade_id)]

    def _fill_close(self, order: Order, close: Close, now: Moment) -> None:
        """Close what is open of what was meant; where nothing is, nothing happens."""
        meant = self._meant(close, now.symbol)
        for position in meant:
            self._close_part(order, position, close, now)
        if not meant:
            order.status = "cancelled"
        elif order.status == "working":
            order.reject("size")

    def _close_part(self, order: Order, position: Position, close: Close, now: Moment) -> None:
        """Close a fraction of a position (M3)."""
        lots: float | None = position.lots
        fraction, fills = close.fraction, len(self.fills)
        if not 0.0 < fraction <= 1.0:
            return
        instrument = self.markets[position.symbol].instrument
        if fraction < 1.0 and not self.is_second:
            lots = sizing.order_size(instrument, position.lots * fraction)
        elif fraction < 1.0:
            lots = sizing.part_to_close(instrument, position.lots, fraction)
        if lots is None:
            return
        lots = self.part_within_volume(order, position, min(position.lots, lots), close, now)
        if lots is None:
            return
        order.lots += lots
        order.status = "filled"
        price = self._market_price(now, position.sign, entry=False)
        self.leave(position, lots, price, close.reason, now, order=order)
        self.note_volume(fills, now)

    def _cancel(self, number: int, cancel: Cancel, now: Known) -> str | None:
        order = self._pending(cancel.order_id)
        if order is None:  # F12.2
            meant = self.numbered.get(cancel.order_id)
            is_filled = meant is not None and meant.status == "filled"
            reason = "filled" if self.is_second and is_filled else "not_found"
            return self._row(number, "cancel", -1.0, now).reject(reason)
        self.end_order(order, "cancelled")
        return None

    def _modify(self, number: int, modify: Modify, now: Known) -> str | None:
        """Change the order that waits, or else the exits of its position (F13)."""
        order, position = self._waiting(modify.trade_id), self._position(modify.trade_id)
        sign = -1.0
        if order is not None:
            sign, refused = order.sign, self._modify_order(order, modify, now)
        elif position is not None:
            sign, refused = -position.sign, self._modify_position(position, modify, now)
        else:
            refused = "not_found"
        return self._row(number, "modify", sign, now).reject(refused) if refused else None

    def _modify_order(self, order: Order, modify: Modify, now: Known) -> str | None:
        """Change an order that waits, where one like it would be taken now (F12.1)."""
        if any(due.order is order and due.close is not None for due in self.due):
            return "not_found"
        wanted = replace(order)
        if not wanted.take_change(modify):
            return "price"
        if not isinstance(modify.expires, EllipsisType):
            wanted.expires = self._expiry(modify.expires)
            if wanted.expires == "day":  # the day of the change
                wanted.expires = self.clock.of_symbols[now.symbol].end(now.time)
        _, refused = self._priced(wanted, now)
        lots = self._order_size(wanted, wanted.lots)
        refused = refused or ("size" if lots is None else self._limited(order, now))
        if refused or lots is None:
            return refused
        wanted.lots = lots
        order.scales = order.scales and isinstance(modify.size, EllipsisType)  # M3
        for name in (*_CHANGEABLE, "stop_loss", "take_profit", "distances"):
            setattr(order, name, getattr(wanted, name))
        order.armed_in = wanted.armed_in
        if is_over(order, now.time, self.clock.of_symbols[now.symbol]):
            self.end_order(order, "expired")
        return None

    def _modify_position(self, position: Position, modify: Modify, now: Known) -> str | None:
        """Move the exits of a position, judged against the last close of its side (F12.2)."""
        if replace(modify, stop_loss=..., take_profit=...) != Modify(modify.trade_id):
            return "filled"
        entry, sign = position.entry_price, position.sign
        stop = level_from(changed(position.stop_loss, modify.stop_loss), entry, -sign)
        target = level_from(changed(position.take_profit, modify.take_profit), entry, sign)
        close = now.last.exit_side(position.sign).close
        refused = wrong_side(position.sign, close, stop, target)
        if refused:
            return refused
        if stop != position.stop_loss:
            position.stop_reason = "stop_loss"
        position.stop_loss, position.take_profit = stop, target
        return None

    # --- what they share -------------------------------------------------------------------------

    def _expiry(self, given: datetime | int | str | None) -> int | str | None:
        if given is None or (isinstance(given, str) and given in ("day", "ioc", "fok")):
            return given
        return to_units(given, self.unit)

    def _market_price(self, now: Moment, sign: float, *, entry: bool) -> float:
        """The open of the bar, or the last close (F1.1, L3), before slippage."""
        next_open = self.settings["market_fill"] == "next_open"
        bar = now.bar if next_open else now.last
        side = bar.entry_side(sign) if entry else bar.exit_side(sign)
        return side.open if next_open else side.close

    def raise_if_strict(self, number: int, refused: str | None, now: Known) -> None:
        """A refusal ends a strict run, and is a row in any other (F12.1)."""
        if refused and self.settings["strict"]:
            raise OmegaError(
                f"order {number} at bar {now.index} was rejected: {refused}. "
                "Use strict=False to go on"
            )


def is_over(order: Order, time: int, days: Days) -> bool:
    """Whether the time of an order ran out before a bar that opens then (F5.1)."""
    if order.expires in ("ioc", "fok"):
        return False
    if order.expires == "day":
        return days.of(order.submitted_time) < days.of(time)
    return order.expires is not None and time >= int(order.expires)


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

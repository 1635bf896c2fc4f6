"""The order book of a run, and what one bar does to it (``docs/concepts/execution.md``).

What goes in: actions and bars. What comes out: order rows, fills and positions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from omega.errors import ConfigError, OmegaError
from omega.reference import costs, intrabar, managers
from omega.reference.book import Moment, Order, Position
from omega.reference.holdings import Holdings
from omega.reference.intrabar import Exits, Outcome
from omega.reference.matching import Armed, Candle, Hit, Live, Match, at_open, in_bar
from omega.reference.portfolio import Portfolio
from omega.signals import Action, Cancel, Close, Modify, Signal
from omega.times import to_units


class Simulator(Holdings):
    """Accepts, matches and closes by the rules of a run."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        symbol: str,
        units_per_day: int,
        unit: str,
        portfolio: Portfolio,
    ) -> None:
        super().__init__(settings, symbol, portfolio)
        self.units_per_day = units_per_day
        self.unit = unit
        self.bars = 0
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

    # --- actions in: step 3 ----------------------------------------------------------------------

    def process(self, action: Action, now: Moment) -> None:
        """Take one action at the open of a bar; each takes one order number, refused or not."""
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
        self._raise_if_strict(number, refused, now)

    def _open(self, number: int, signal: Signal, now: Moment) -> str | None:
        order = Order(
            order_id=number,
            symbol=self.symbol,
            sign=1.0 if signal.direction == "long" else -1.0,
            type=signal.type,
            submitted_time=now.bar.time,
            lots=0.0 if signal.size is None else signal.size,
            price=None if signal.type == "market" else signal.entry_price,
            limit_price=signal.limit_price if signal.type == "stop_limit" else None,
            stop_loss=signal.stop_loss,
            take_profit=signal.take_profit,
            trailing_stop=signal.trailing_stop,
            expires=self._expiry(signal),
            oco=signal.oco,
            reason=signal.reason,
            tags=tuple(signal.tags),
        )
        self.orders.append(order)
        refused = self._refusal(order, signal, now)
        if refused:
            return order.reject(refused)
        if order.type == "market":  # F1, L3, rule 8
            price = self._market_price(now, order.sign, entry=True)
            self.enter(order, price, Live.FROM_OPEN, now)
        else:
            self.waiting.append(order)
        return order.reject_reason

    def _expiry(self, signal: Signal) -> int | str | None:
        if signal.expires is None or signal.expires == "day":
            return signal.expires
        return to_units(signal.expires, self.unit)

    def _refusal(self, order: Order, signal: Signal, now: Moment) -> str | None:
        """Why an order is refused, in the order of rule 13 (F12)."""
        reference = now.last.entry_side(order.sign).close
        if order.price is not None:
            reference = order.price
            if not math.isfinite(reference):
                return "price"
        if order.limit_price is not None:
            reference = order.limit_price
            if not math.isfinite(reference):
                return "price"
        distance = order.trailing_stop
        if distance is not None and not 0.0 < distance < math.inf:
            return "price"
        wrong = _wrong_side(order.sign, reference, order.stop_loss, order.take_profit)
        if wrong:
            return wrong
        sizer = self.settings["sizer"] if signal.size is None else ("fixed_lots", signal.size)
        asked = costs.lots_of(
            sizer, self.instrument, reference, order.stop_loss, self.equity(), now.last_rate
        )
        if asked is None:
            return "sizer_needs_stop"
        lots = costs.order_size(self.instrument, asked)
        if lots is None:
            return "size"
        refused = self._time_refusal(now)
        if refused is None and self.settings["position_mode"] == "hedging" and self.is_full():
            refused = "max_positions"
        if refused is None:
            order.lots = lots
        return refused

    def _time_refusal(self, now: Moment) -> str | None:
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

    def _close(self, number: int, close: Close, now: Moment) -> str | None:
        """Close positions, or a fraction of each, at the market (F1)."""
        if close.trade_id is None:
            meant = list(self.positions)
        else:
            meant = [p for p in self.positions if p.trade_id == close.trade_id]
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
        lots: float | None = position.lots
        if fraction < 1.0:
            lots = costs.order_size(self.instrument, position.lots * fraction)
        if lots is None:
            return
        order.lots += lots
        order.status = "filled"
        price = self._market_price(now, position.sign, entry=False)
        self.leave(position, lots, price, reason, now, order)

    def _cancel(self, number: int, cancel: Cancel, now: Moment) -> str | None:
        order = next((o for o in self.waiting if o.order_id == cancel.order_id), None)
        if order is None:  # rule 14
            return self._row(number, "cancel", -1.0, now).reject("not_found")
        self.waiting.remove(order)
        order.status = "cancelled"
        return None

    def _modify(self, number: int, modify: Modify, now: Moment, judge: Candle) -> str | None:
        """Move the exits of a position, judged against a close of its exit side (rule 14)."""
        position = self.position(modify.trade_id)
        if position is None:
            return self._row(number, "modify", -1.0, now).reject("not_found")
        refused = self._move(position, modify, judge.exit_side(position.sign).close)
        if refused:
            self._row(number, "modify", -position.sign, now).reject(refused)
        return refused

    def _move(self, position: Position, modify: Modify, close: float) -> str | None:
        stop, target = position.stop_loss, position.take_profit
        if modify.stop_loss is not ...:
            stop = modify.stop_loss  # type: ignore[assignment]  # the ellipsis is gone
        if modify.take_profit is not ...:
            target = modify.take_profit  # type: ignore[assignment]  # the ellipsis is gone
        wrong = _wrong_side(position.sign, close, stop, target)
        if wrong:
            return wrong
        if stop != position.stop_loss:
            position.stop_reason = "stop_loss"
        position.stop_loss, position.take_profit = stop, target
        return None

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

    def _raise_if_strict(self, number: int, refused: str | None, now: Moment) -> None:
        if refused and self.settings["strict"]:
            raise OmegaError(
                f"order {number} at bar {now.index} was rejected: {refused}. "
                "Use strict=False to go on"
            )

    def fill_asked(self, now: Moment) -> None:
        """Fill the closes that managers asked for on the last bar (rule 31)."""
        due, self.asked = self.asked, []
        for order, position, fraction, reason in due:
            if position not in self.positions:
                order.status = "cancelled"
                continue
            if 0.0 < fraction <= 1.0:
                self._close_part(order, position, fraction, reason, now)
            if order.status == "working":
                order.reject("size")

    # --- a bar over orders and positions: steps 1, 4 and 5 ---------------------------------------

    def expire(self, now: Moment) -> None:
        """End the orders whose time is over (F5, rule 12)."""
        for order in list(self.waiting):
            if order.expires == "day":
                day = order.submitted_time // self.units_per_day
                over = day < now.bar.time // self.units_per_day
            else:
                over = order.expires is not None and now.bar.time >= int(order.expires)
            if over:
                self.waiting.remove(order)
                order.status = "expired"

    def match_bar(self, now: Moment) -> None:
        """What the open triggers, then what the rest of the bar triggers (F9), then extremes."""
        self.bars += 1
        self._match(now, opening=True)
        self._match(now, opening=False)
        self._note_extremes(now)

    def _match(self, now: Moment, *, opening: bool) -> None:
        """By order number; an exit counts under the number of the order that opened (F9)."""
        reach = self._exit_at_open if opening else self._exit_inside
        items: list[tuple[int, int, Order | Position]] = [
            (order.order_id, -1, order) for order in self.waiting
        ]
        items += [(p.order_id, p.trade_id, p) for p in self.positions]
        for _, _, item in sorted(items, key=lambda item: item[:2]):
            if isinstance(item, Position):
                if item in self.positions:
                    reach(item, now)
            elif item in self.waiting:
                fill = self._fill if opening else self._fill_first_of_group
                position = fill(item, now, opening=opening)
                if position is not None:
                    reach(position, now)  # F11

    def _met(self, order: Order, now: Moment, *, opening: bool) -> Match:
        if order.armed_in == self.bars:  # rule 11: a limit from the next bar on
            return None
        bar = now.bar.entry_side(order.sign).facing(order.sign)
        if opening:
            return at_open(order.waiting(), bar, improve=self.settings["limit_improvement"])
        return in_bar(order.waiting(), bar)

    def _fill(self, order: Order, now: Moment, *, opening: bool) -> Position | None:
        """Fill or arm an order that the bar reaches; give the position that it opened."""
        match self._met(order, now, opening=opening):
            case Armed():
                order.armed_in = self.bars
            case Hit(price, live):
                self.waiting.remove(order)
                return self.enter(order, price * order.sign, live, now)
        return None

    def _fill_first_of_group(self, order: Order, now: Moment, *, opening: bool) -> Position | None:
        """Fill what the policy takes of an order's group, until the order is settled (rule 15)."""
        position = None
        while position is None and order in self.waiting:
            group = [o for o in self.waiting if o is order or (o.oco is not None and o.oco == order.oco)]
            candidates = [c for c in (self._candidate(o, now) for o in group) if c is not None]
            if not isinstance(self._met(order, now, opening=False), Hit):
                return self._fill(order, now, opening=opening)
            chosen = candidates[0]
            for candidate in candidates[1:]:
                if candidate.comes_before(chosen, self.settings["intrabar"]):
                    chosen = candidate
            position = self._fill(chosen.order, now, opening=opening)
            if position is not None and len(candidates) > 1:
                worths = [candidate.worth for candidate in candidates]
                position.remember(min(worths), max(worths))
        return position

    def _candidate(self, order: Order, now: Moment) -> Candidate | None:
        """What filling an order inside the bar is worth, and when its path gets there."""
        met = self._met(order, now, opening=False)
        if not isinstance(met, Hit):
            return None
        sign = order.sign
        close = now.bar.exit_side(sign).close
        size = self.instrument["contract_size"]
        worth = (close - met.price * sign) * sign * order.lots * size * now.rate
        low_first = self._low_first(sign, now)
        if low_first is None:
            return Candidate(order, worth, None)
        corners = intrabar.path(now.bar.entry_side(sign).facing(sign), low_first=low_first)
        leg = intrabar.leg_of(met.live, low_first=low_first)
        return Candidate(order, worth, (leg, abs(met.price - corners[leg])))

    def _low_first(self, sign: float, now: Moment) -> bool | None:
        """Which extreme the policy's path visits first, facing (rule 19)."""
        low_first = intrabar.low_comes_first(self.settings["intrabar"], now.bar)
        return low_first if low_first is None or sign > 0.0 else not low_first

    def _exit_at_open(self, position: Position, now: Moment) -> None:
        """The exits that the open price itself triggers (F6, rule 17)."""
        sign = position.sign
        bar = now.bar.exit_side(sign).facing(sign)
        exits = _exits(position)
        if exits.stop_within(bar.open):
            self.leave(position, position.lots, bar.open * sign, position.stop_reason, now)
        elif exits.target is not None and exits.target_within(bar.open):
            price = bar.open
            if not self.settings["limit_improvement"]:
                price = max(bar.low, exits.target)
            self.leave(position, position.lots, price * sign, "take_profit", now)

    def _exit_inside(self, position: Position, now: Moment) -> None:
        """The exits that the rest of the bar triggers (F6, F11; I1 to I3, rules 16 to 20)."""
        policy, sign = self.settings["intrabar"], position.sign
        low_first = self._low_first(sign, now)
        bar = now.bar.exit_side(sign).facing(sign)
        chosen, worst, best = intrabar.resolve(
            policy, low_first, bar, _exits(position), position.live
        )
        if worst != best:
            nets = [self._net_of(position, outcome, now) for outcome in (worst, best)]
            position.remember(nets[0], nets[1])
        if chosen is not Outcome.OPEN:
            reason = position.stop_reason if chosen is Outcome.STOP else "take_profit"
            price = intrabar.price_inside(chosen, bar, _exits(position))
            self.leave(position, position.lots, price * sign, reason, now)

    def _net_of(self, position: Position, outcome: Outcome, now: Moment) -> float:
        """Net profit in one outcome; still open counts as closed at the close (rule 20)."""
        bar = now.bar.exit_side(position.sign).facing(position.sign)
        price = intrabar.price_inside(outcome, bar, _exits(position)) * position.sign
        return self.net_if_closed(position, price, outcome is not Outcome.TARGET, now)

    def _note_extremes(self, now: Moment) -> None:
        """How far prices went for and against each position still open (step 5)."""
        for position in self.positions:
            sign = position.sign
            bar = now.bar.exit_side(sign).facing(sign)
            low_counts = position.live in (Live.FROM_OPEN, Live.FROM_LIMIT)
            high_counts = position.live in (Live.FROM_OPEN, Live.FROM_STOP)
            low = bar.low if low_counts else bar.close
            high = bar.high if high_counts else bar.close
            if low < position.worst_price * sign:
                position.worst_price = low * sign
            if high > position.best_price * sign:
                position.best_price = high * sign
            position.live = Live.FROM_OPEN  # of the next bar, all follows

    # --- the night before, and the end of a bar: steps 1, 6 and 7 --------------------------------

    def book_nights(self, now: Moment) -> None:
        """Book swap for each night between the last bar and this one (M4, rule 26)."""
        swaps = (self.costs["swap_long"], self.costs["swap_short"])
        last, today = now.last.time // self.units_per_day, now.bar.time // self.units_per_day
        nights = costs.nights(last, today, self.costs["triple_day"]) if any(swaps) else 0
        for position in self.positions if nights else ():
            swap = swaps[0] if position.sign > 0.0 else swaps[1]
            amount = swap * position.lots * position.contract_size * now.rate * float(nights)
            position.swap += amount
            self.portfolio.book(now.bar.time, "swap", position.trade_id, amount)

    def manage(self, now: Moment) -> None:
        """Run the managers, position by position, manager by manager (step 6)."""
        for position in self.positions:
            if position.trailing_stop is not None:
                managers.trail(position, position.trailing_stop)
            for place, manager in enumerate(self.settings["managers"]):
                wish = managers.apply(manager, place, position, now)
                if wish is not None:
                    self._ask_close(position, *wish, now)

    def process_managed(self, action: Action, now: Moment) -> None:
        """Take an action of a manager written by the user: levels move at once, closes wait."""
        match action:
            case Modify():
                number = self._take_number()
                refused = self._modify(number, action, now, now.bar)
                self._raise_if_strict(number, refused, now)
            case Close(trade_id=trade_id):
                for position in list(self.positions):
                    if trade_id is None or position.trade_id == trade_id:
                        self._ask_close(position, action.fraction, action.reason, now)
            case _:
                raise ConfigError(
                    "position manager: given a Signal or a Cancel, expected Modify or Close. Open "
                    "positions and cancel orders in the strategy"
                )

    def _ask_close(self, position: Position, fraction: float, reason: str, now: Moment) -> None:
        order = self._row(self._take_number(), "market", -position.sign, now)
        self.asked.append(Asked(order, position, fraction, reason))

    def stop_out(self, now: Moment) -> None:
        """Close the largest losses while equity is below the stop-out level (M6, rule 27)."""
        level = self.settings["stop_out_level"]
        while level is not None and self.positions:
            if self.equity() >= level * self.margin_held():
                return
            position = min(self.positions, key=lambda p: p.open_profit)
            close = now.bar.exit_side(position.sign).close
            self.leave(position, position.lots, close, "stop_out", now)


class Asked(NamedTuple):
    """A close that a manager asked for, to be filled at the next bar."""

    order: Order
    position: Position
    fraction: float
    reason: str


class Candidate(NamedTuple):
    """An order of a group that the rest of a bar fills (rule 15)."""

    order: Order
    worth: float
    """At the bar's close, in account currency, without costs."""
    when: tuple[int, float] | None
    """Leg of the path, and how far along."""

    def comes_before(self, other: Candidate, policy: str) -> bool:
        """Whether a policy takes this one rather than another with a lower number."""
        if self.when is not None and other.when is not None:
            return self.when < other.when
        return self.worth > other.worth if policy == "optimistic" else self.worth < other.worth


def _exits(position: Position) -> Exits:
    """The protective exits of a position, facing."""
    stop, target, sign = position.stop_loss, position.take_profit, position.sign
    return Exits(None if stop is None else stop * sign, None if target is None else target * sign)


def _wrong_side(sign: float, price: float, stop: float | None, target: float | None) -> str | None:
    """Why levels are refused: a stop belongs below the price, a target above, facing (F12)."""
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

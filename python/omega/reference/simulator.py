"""Matching: what one bar does to orders and positions (F9, L1.1 to L1.7)."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

from omega.reference import intrabar, managers
from omega.reference.corporate import Corporate
from omega.reference.intrabar import Exits, Outcome
from omega.reference.matching import Armed, Hit, Live, Match, at_open, in_bar
from omega.reference.oco import Candidate, first_to_fill
from omega.reference.rows import Known, Moment, Order, Position
from omega.reference.solvency import Forced
from omega.strategy.actions import Action


class Simulator(Corporate):
    """Matches the order book and the open positions against bars."""

    # --- the executor of the loop ----------------------------------------------------------------

    def on_open(self, nows: Mapping[str, Known]) -> None:
        """Process all that the opens bring, then what was submitted (L1.2, L1.3)."""
        moments = [now for now in nows.values() if isinstance(now, Moment)]
        self.seen_equity = self.equity()
        if len(nows) == len(self.markets):  # not a finer bar of one of several
            self.known = nows
        self.at_hand = frozenset(now.symbol for now in moments)
        self.filled_groups.clear()
        if self.schedule is None and self.carry is None:
            for now in moments:
                self.book_nights(now)
                if self.ruined:  # M8: of symbols that had no bar
                    self.ruin({now.symbol: now}, "open")
        else:
            nows = self.begin_dates(nows)
            moments = [now for now in nows.values() if isinstance(now, Moment)]
        for now in moments:
            self.expire(now)
            self.fill_due(now)
        submitted, self.submitted = self.submitted, []
        for action in submitted:
            self.process(action, nows)
        self.rebalance(nows)
        if self.is_second:
            for now in moments:
                self.match(now, opening=True)
            self.test_opens(moments)

    def on_bar(self, now: Moment) -> None:
        """Process what follows the open inside a bar, or inside a finer one (L1.4 to L1.6)."""
        if not self.is_second:
            self.match(now, opening=True)
        self.begin_inside(now)
        self.match(now, opening=False)
        if self.is_second:
            self.force_exits(now)
            self.test_extremes(now)
            self.note_inside(now)
        self.fund_inside(now)
        self._fill_at_close(now)  # after the tests: it has seen nothing of the bar
        self._note_extremes(now)
        self.manage(now)

    def on_close(
        self,
        nows: Sequence[Moment],
        managed: Sequence[Action],
        after: Mapping[str, Known],
        *,
        inside: bool = False,
    ) -> None:
        """Process the manager's actions, then mark and stop out (L1.7)."""
        self.is_inside = inside
        for action in managed:
            self.process_managed(action, after)
        self.settle(nows)
        self.release_left()
        if not inside:
            self.release_stale(nows)
            self.measure_weights()

    def quiet(self, time: int) -> int:
        """Write the row of a step in which nothing can happen."""
        if self.submitted or not self.is_idle():
            return 0
        self.portfolio.write_row(time, [])
        return 1

    # --- matching: L1.4 and L1.5 -----------------------------------------------------------------

    def match(self, now: Moment, *, opening: bool) -> None:
        """What the open triggers, or what the rest of the bar triggers (F9)."""
        self.bars[now.symbol] += 1 if opening else 0
        if not opening:
            self._end_immediate(now)
        reach = self._exit_at_open if opening else self._exit_inside
        fill = self._fill_at_open if opening else self._fill_inside
        if not (self.positions or self.waiting):
            return
        items: list[tuple[int, int, Order | Position]] = [
            (p.order_id, p.trade_id, p) for p in self.held_in(now.symbol)
        ]  # by order number; an exit counts under the number of the order that opened
        items += [(o.order_id, -1, o) for o in self.waiting if self._works(o, now)]
        for _, _, item in sorted(items, key=operator.itemgetter(0, 1)):
            if isinstance(item, Order) and item.status == "working":
                position = fill(item, now)
                if position is not None:
                    reach(position, now)  # F11
            elif isinstance(item, Position) and item.trade_id in self.open:
                reach(item, now)

    def _works(self, order: Order, now: Moment) -> bool:
        """Whether an order works in a bar: one that is tried again, from the next on (W10)."""
        return order.symbol == now.symbol and self.bars[now.symbol] >= order.begins_in

    def force_exits(self, now: Moment) -> None:
        """Close by force, as long as some position reaches the price of now (M9)."""
        while self.forced_exit(now) is not None:
            held = [p for p in self.held_in(now.symbol) if self._stops_within(p, now)]
            held.sort(key=lambda p: (p.order_id, p.trade_id))
            if not any(self._look(position, now) for position in held):
                return

    def _end_immediate(self, now: Moment) -> None:
        """End what works at the open of its first bar only (F16)."""
        for order in [o for o in self.waiting if o.symbol == now.symbol]:
            if order.expires in ("ioc", "fok"):
                self.end_order(order, "cancelled", "ioc")

    def _fill_at_close(self, now: Moment) -> None:
        """Fill what waits for the close of the symbol's own bar, which ends a session (F16)."""
        for due in [due for due in self.due if due.at_close and due.order.symbol == now.symbol]:
            order = due.order
            if due.is_left or not now.closes:
                continue
            if order.status != "working":  # cancelled by one of its group
                continue
            if not self.markets[now.symbol].ends_session(now.opens):
                continue
            self.due.remove(due)
            self.enter(order, now.bar.entry_side(order.sign).close, Live.FROM_PULLBACK, now)
            self.raise_if_strict(order.order_id, order.refused, now)

    def _fill_at_open(self, order: Order, now: Moment) -> Position | None:
        bar = now.bar.entry_side(order.sign).facing(order.sign)
        improve = self.settings["limit_improvement"]
        met = at_open(order.waiting(), bar, improve=improve)
        if isinstance(met, Armed) and self.is_second:  # F4: the whole bar follows
            order.armed_in = self.bars[now.symbol] - 1
            return None
        return self._take(order, met, now)

    def _take(self, order: Order, met: Match, now: Moment) -> Position | None:
        """Fill or arm an order that the bar reaches; give the position that it opened."""
        match met:
            case Armed():
                order.armed_in = self.bars[now.symbol]
            case Hit(price, live):
                self.waiting.remove(order)
                is_maker = self._is_maker(order, live, now)
                position = self.enter(order, price * order.sign, live, now, is_maker=is_maker)
                self.raise_if_strict(order.order_id, order.refused, now)
                return position
        return None

    def _is_maker(self, order: Order, live: Live, now: Moment) -> bool:
        """Whether a waiting order rested in the book before it filled (M4.4)."""
        kind = order.waiting().kind
        if kind == "limit":
            return live is not Live.FROM_OPEN or order.submitted_time < now.time
        return kind in ("stop_limit", "limit_if_touched") and live is Live.FROM_PULLBACK

    def _met_inside(self, order: Order, now: Moment) -> Match:
        if order.armed_in == self.bars[now.symbol]:  # F4.1: a limit from the next bar on
            return None
        return in_bar(order.waiting(), now.bar.entry_side(order.sign).facing(order.sign))

    def _fill_inside(self, order: Order, now: Moment) -> Position | None:
        """Fill what the policy takes of an order's group, until the order is settled (F8.1)."""
        position = None
        while position is None and order.status == "working":
            met = self._met_inside(order, now)
            if not isinstance(met, Hit):
                return self._take(order, met, now)
            group = [order] if order.oco is None else self.rivals(order)
            candidates = [c for c in (self._candidate(o, now) for o in group) if c is not None]
            chosen = first_to_fill(candidates, self.settings["intrabar"])
            position = self._take(chosen.order, self._met_inside(chosen.order, now), now)
            if position is not None and len(candidates) > 1:
                worths = [candidate.worth for candidate in candidates]
                position.remember(min(worths), max(worths))
        return position

    def _candidate(self, order: Order, now: Moment) -> Candidate | None:
        """What filling an order inside the bar is worth, and when its path gets there."""
        met = self._met_inside(order, now)
        if not isinstance(met, Hit):
            return None
        sign, size = order.sign, self.markets[now.symbol].instrument["contract_size"]
        close = now.bar.exit_side(sign).close
        worth = (close - met.price * sign) * sign * order.lots * size * now.rate
        low_first = self._low_first(sign, now)
        if low_first is None:
            return Candidate(order, worth, None)
        corners = intrabar.path(now.bar.entry_side(sign).facing(sign), low_first=low_first)
        leg = intrabar.leg_of(met.live, low_first=low_first)
        return Candidate(order, worth, (leg, abs(met.price - corners[leg])))

    def _low_first(self, sign: float, now: Moment) -> bool | None:
        """Which extreme the policy's path visits first, facing (I2.2)."""
        low_first = intrabar.low_comes_first(self.settings["intrabar"], now.bar)
        return low_first if low_first is None or sign > 0.0 else not low_first

    def _exit_at_open(self, position: Position, now: Moment) -> None:
        """The exits that the open price itself triggers (F6.1)."""
        sign, exits = position.sign, _exits(position)
        bar = now.bar.exit_side(sign).facing(sign)
        if exits.stop_within(bar.open):
            self.leave(position, position.lots, bar.open * sign, position.stop_reason, now)
        elif exits.target is not None and exits.target_within(bar.open):
            improve = self.settings["limit_improvement"]
            price = bar.open if improve else max(bar.low, exits.target)
            self.leave(position, position.lots, price * sign, "take_profit", now)

    def _exit_inside(self, position: Position, now: Moment) -> None:
        """The exits that the rest of the bar triggers, the position's own and those by force."""
        while position.trade_id in self.open and self._look(position, now):
            continue

    def _exits_by_now(self, position: Position, now: Moment) -> tuple[Exits, Forced | None]:
        """A position's exits, facing, and what forces its stop where the account does (M9)."""
        exits, forced = _exits(position), self.forced_exit(now)
        if forced is None:
            return exits, None
        # Of equal ones its own; a price that is no number, as of units that overflow, is no nearer.
        if exits.stop is not None and not forced.price * position.sign > exits.stop:
            return exits, None
        return Exits(forced.price * position.sign, exits.target), forced

    def _stops_within(self, position: Position, now: Moment) -> bool:
        """Whether a bar reaches the stop of a position, its own or the account's."""
        sign = position.sign
        bar = now.bar.exit_side(sign).facing(sign)
        return self._exits_by_now(position, now)[0].stop_within(bar.low)

    def _look(self, position: Position, now: Moment) -> bool:
        """Let the rest of a bar trigger exits (F6.1, F11, I1.1 to I3.1).

        The stop is the nearer of the position's own and the price at which the account closes by
        force (M9); gives whether the latter closed something, which may be another position.
        """
        sign, live = position.sign, position.live
        exits, forced = self._exits_by_now(position, now)
        bar = now.bar.exit_side(sign).facing(sign)
        policy, low_first = self.settings["intrabar"], self._low_first(sign, now)
        chosen, worst, best = intrabar.resolve(policy, low_first, bar, exits, live)
        if chosen is worst is best is Outcome.OPEN:  # as on most bars
            return False
        levels = {Outcome.STOP: exits.stop, Outcome.TARGET: exits.target}
        prices = {Outcome.OPEN: bar.close * sign} | {  # F6.1, I3.1
            outcome: intrabar.price_inside(level * sign, sign, bar)
            for outcome, level in levels.items()
            if level is not None
        }
        reasons = {Outcome.OPEN: "", Outcome.TARGET: "take_profit"}
        reasons[Outcome.STOP] = forced.reason if forced else position.stop_reason
        if worst != best:
            nets = [
                self.net_if_closed(
                    position,
                    prices[outcome],
                    now,
                    slips=outcome is not Outcome.TARGET,
                    reason=reasons[outcome],
                )
                for outcome in (worst, best)
            ]
            position.remember(*nets)
        if chosen is Outcome.STOP and forced is not None:
            self.force(forced, now)
            return True
        if chosen is not Outcome.OPEN:
            self.leave(position, position.lots, prices[chosen], reasons[chosen], now)
        return False

    def _note_extremes(self, now: Moment) -> None:
        """How far prices went for and against each position still open (L1.5)."""
        for position in self.held_in(now.symbol):
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

    # --- the end of a bar: L1.6 and L1.7 ---------------------------------------------------------

    def manage(self, now: Moment) -> None:
        """Run the managers, position by position, manager by manager (L1.6)."""
        for order in [order for order in self.waiting if order.symbol == now.symbol]:
            order.trail_to(now.bar, "low")
        for position in self.held_in(now.symbol):
            if position.trailing_stop is not None:
                managers.trail(position, position.trailing_stop)
            for place, manager in enumerate(self.settings["managers"]):
                request = managers.apply(manager, place, position, now)
                if request is not None:
                    self.queue_close(position, *request, now)


def _exits(position: Position) -> Exits:
    """The protective exits of a position, facing."""
    stop, target, sign = position.stop_loss, position.take_profit, position.sign
    return Exits(None if stop is None else stop * sign, None if target is None else target * sign)

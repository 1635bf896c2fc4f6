"""Holding costs: swap, interest on cash, borrowing and funding (M4.3, C1 to C4)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from omega.reference import swap
from omega.reference.dated_events import Funding
from omega.reference.rebalancing import Rebalancing
from omega.reference.rows import Known, Moment, Position

_YEAR = 360.0
"""Days of a year of borrowing."""


class Carrying(Rebalancing):
    """The positions of a run, which cost something by the day."""

    def book_interest(self, nows: Mapping[str, Known]) -> None:
        """Book the interest of the days that have ended since the last step (C1)."""
        carry = self.carry
        if carry is None:
            return
        carry.entered.clear()
        time = next(iter(nows.values())).time
        today = next(iter(self.clock.of_symbols.values())).of(time)
        begun = today if carry.day is None else carry.day
        carry.day = max(today, begun)
        for day in range(begun, today):
            cash = self._cash()
            rates = carry.debit if cash < 0.0 else carry.cash
            rate = None if rates is None else rates.of(day)
            amount = cash * (rate or 0.0) / carry.days_of_year
            if amount != 0.0:
                self.portfolio.book(time, "interest", None, amount)

    def _cash(self) -> float:
        """What is not in positions: in a cash account the balance less what they cost."""
        cash = self.portfolio.balance
        if self.settings["account"]["kind"] != "cash":
            return cash
        for position in self.positions:
            rate = 1.0 if position.entry_rate is None else position.entry_rate
            cash -= position.entry_price * position.lots * position.contract_size * rate
        return cash

    def book_nights(self, now: Known) -> None:
        """Book swap for each night between the last bar and this one, or this step (M4.3)."""
        own = self.markets[now.symbol].costs
        days = self.clock.of_symbols[now.symbol]
        since, opens, rate = _span(now)
        last, today = days.of(since), days.of(opens)
        if last == today:
            return
        nights = swap.nights(last, today, own["triple_day"])
        for position in self.held_in(now.symbol):
            mark = now.last.exit_side(position.sign).close  # as of `settle`
            per_night = swap.per_night(own, position.sign, mark)
            if per_night == 0.0 or nights == 0:
                continue
            amount = per_night * position.lots * position.contract_size * rate * float(nights)
            position.swap += amount
            self.portfolio.book(opens, "swap", position.trade_id, amount)

    def book_borrow(self, now: Known) -> None:
        """Book what it cost to borrow a symbol on the days since its last bar (C2)."""
        rates = None if self.carry is None else self.carry.borrow.get(now.symbol)
        if rates is None or self.carry is None:
            return
        days = self.clock.of_symbols[now.symbol]
        since, opens, rate_now = _span(now)
        for position in [p for p in self.held_in(now.symbol) if p.sign < 0.0]:
            close = position.marked_price
            collateral = _up(1.02 * close) if self.carry.rounds_collateral else close
            for day in range(days.of(since), days.of(opens)):
                rate = rates.of(day) or 0.0
                cost = position.lots * position.contract_size * collateral * rate / _YEAR
                self._book(position, "borrow", -(cost * rate_now), now.time)

    def book_last_days(self, now: Known) -> None:
        """Book swap and borrowing of a symbol that ends, unless its bar there has booked them."""
        if not isinstance(now, Moment):
            self.book_nights(now)
            self.book_borrow(now)

    def day_of(self, symbol: str, time: int) -> int:
        """The day of a time."""
        return self.clock.of_symbols[symbol].of(time)

    # --- funding: C3 -----------------------------------------------------------------------------

    def fund_open(self, now: Moment) -> None:
        """Book the funding at the very open of a bar, of what was held before it."""
        if self.carry is None:
            return
        for event in self.carry.funding_of(now):
            if event.time == event.opens:
                for position in self.held_in(now.symbol):
                    self._fund(position, event, now)

    def begin_inside(self, now: Moment) -> None:
        """Note that what leaves from now on may have been there at a funding of the bar."""
        if self.carry is not None:
            self.carry.inside = now.symbol

    def fund_inside(self, now: Moment) -> None:
        """Book the funding inside a bar, of what is still held at its end."""
        if self.carry is None:
            return
        self.carry.inside = None
        for event in self.carry.funding_of(now):
            at_open = event.time == event.opens
            for position in self.held_in(now.symbol):
                is_new = position.entry_index == now.index
                if at_open and not is_new:
                    continue
                entered = position.trade_id in self.carry.entered
                in_doubt = is_new and (at_open or entered)
                if not in_doubt or _cost(position, event, now) < 0.0:
                    self._fund(position, event, now)

    def fund_leaving(self, position: Position, now: Moment) -> None:
        """Book the funding that what leaves inside a bar may have had to pay."""
        if self.carry is None or self.carry.inside != now.symbol:
            return
        for event in self.carry.funding_of(now):
            is_booked = event.time == event.opens and position.entry_index != now.index
            if not is_booked and _cost(position, event, now) < 0.0:
                self._fund(position, event, now)

    def _fund(self, position: Position, event: Funding, now: Moment) -> None:
        self._book(position, "funding", _cost(position, event, now), event.time)

    def _book(self, position: Position, kind: str, amount: float, time: int) -> None:
        """Book money on an open position; a line of 0 would look like a charge."""
        if amount != 0.0:
            position.swap += amount
            self.portfolio.book(time, kind, position.trade_id, amount)


def _span(now: Known) -> tuple[int, int, float]:
    """When the last bar of a symbol opened, when its days end, and its rate of exchange."""
    if isinstance(now, Moment):
        return now.since, now.opens, now.rate
    return now.time if now.newest is None else now.newest, now.time, now.current_rate


def _up(value: float) -> float:
    return float(math.ceil(value)) if math.isfinite(value) else value


def _cost(position: Position, event: Funding, now: Moment) -> float:
    """What a funding adds to the balance."""
    mark = now.bar.exit_side(position.sign).open if event.mark is None else event.mark
    units = position.sign * position.lots * position.contract_size
    return -(units * mark * event.rate) * now.rate

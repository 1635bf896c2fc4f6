"""Effects of corporate actions on positions and waiting orders (A1 to A7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from omega.reference import sizing
from omega.reference.dated_events import Event, Receivable
from omega.reference.markets import Due
from omega.reference.portfolio import total
from omega.reference.restated import Restated
from omega.reference.rolls import Rolling
from omega.reference.rows import NO_CANDLE, Known, Moment, Order, Position
from omega.strategy.actions import Action, Close, Signal
from omega.strategy.rebalance import Rebalance

_EQUAL_STEPS = 1e-9


class Corporate(Rolling):
    """The positions and orders of a run, to which things happen by date.

    Attributes:
        is_inside: Whether the step has begun, so that the next open is that of a finer bar.
    """

    is_inside = False

    def begin_dates(self, nows: Mapping[str, Known]) -> dict[str, Known]:
        """The days since the last step, then what is due at this one, before any order.

        Returns the symbols as the prices after a split have them.
        """
        self.book_interest(nows)
        for now in nows.values():
            if isinstance(now, Moment):
                self.book_nights(now)
                if now.since != now.opens:
                    self.book_borrow(now)
                self.fund_open(now)
        after = dict(nows)
        if self.schedule is not None:
            self._let_happen(after)
        for now in after.values():
            if self.ruined and isinstance(now, Moment):  # M8: of symbols that had no bar
                self.ruin({now.symbol: now}, "open")
        return after

    def _let_happen(self, nows: dict[str, Known]) -> None:
        """Let happen what is due."""
        assert self.schedule is not None, "asked by the caller"  # noqa: S101 - as stated
        time = next(iter(nows.values())).time
        self._pay(time)
        moments = [now for now in nows.values() if isinstance(now, Moment)]
        due = self.schedule.take(time, moments, inside=self.is_inside)
        names = list(self.markets)
        for event in due:
            now = nows.get(names[event.symbol])
            if now is None:  # a finer bar of another symbol
                continue
            self._happen(event, now, nows)
        if due:
            self.marks += 1
            self.forget_sums()

    def _happen(self, event: Event, now: Known, nows: dict[str, Known]) -> None:
        match event.kind:
            case "split" | "roll":
                nows[now.symbol] = self._restated(now, self._restate(event, now))
            case "dividend":
                self._pay_dividend(event, now)
            case "reinvest":
                for position in self.held_in(now.symbol):
                    position.lots *= event.number
                    position.entry_price /= event.number
                    position.marked_price -= event.second or 0.0
            case "change":
                assert event.to is not None, "of the contract"  # noqa: S101 - as stated
                new = nows[list(self.markets)[event.to]]  # a step has all symbols
                if self.held_in(now.symbol) or any(map(self._is_about(now.symbol), self.submitted)):
                    nows[new.symbol] = _as_known(new, now, event.number)
                self._change(event, now, new)
            case "delisting":
                self._give_up_at(event.first, event.second, now)
            case "leave" | "recall":
                self._send_away(now, shorts_only=event.kind == "recall")

    # --- splits: A1 ------------------------------------------------------------------------------

    def _restate(self, event: Event, now: Known) -> Restated:
        """Let a split or a roll happen."""
        if event.kind == "roll":
            assert isinstance(now, Moment), "it waits for a bar"  # noqa: S101 - of the contract
            return self.roll(event, now)
        by = Restated.split(event.number)
        self._split(by, now)
        return by

    def _restated(self, now: Known, by: Restated) -> Known:
        """The last candle, and the volume of the bar before, after a split or a roll."""
        participation = self.settings["participation"]
        is_lagged = participation is not None and participation[1]
        last = by.candle(now.last)
        if isinstance(now, Moment) and is_lagged:
            return replace(now, last=last, volume=now.volume * by.lots)
        return replace(now, last=last)

    def _split(self, by: Restated, now: Known) -> None:
        for position in self.held_in(now.symbol):
            by.position(position)
        self.restate_orders(now.symbol, by)
        for sign in (1.0, -1.0):
            self._pay_fraction(sign, now)

    def restate_orders(self, symbol: str, by: Restated) -> None:
        """Restate what waits of a symbol, and what was decided on the bar before."""
        self._restate_waiting(symbol, by)
        self.submitted = [
            by.targets(action, symbol)
            if isinstance(action, Rebalance)
            else by.action(action)
            if self._symbol_of(action) == symbol
            else action
            for action in self.submitted
        ]

    def _restate_waiting(self, symbol: str, by: Restated) -> None:
        for order in self.pending:
            if order.symbol == symbol:
                by.order(order)

    def _pay_fraction(self, sign: float, now: Known) -> None:
        """Pay what a split leaves below a volume step, of the newest part first."""
        instrument = self.markets[now.symbol].instrument
        step = instrument["volume_step"]
        if step is None:
            return
        held = [p for p in self.held_in(now.symbol) if p.sign == sign]
        lots = total(position.lots for position in held)
        left = lots - sizing.round_down(step, lots)
        while left > _EQUAL_STEPS * step and held:
            newest = held.pop()
            closes_all = left >= newest.lots * (1.0 - _EQUAL_STEPS)
            part = newest.lots if closes_all else left
            price = newest.marked_price
            if isinstance(now, Moment):
                price = now.bar.exit_side(sign).open
            self.leave(newest, part, price, "split_cash", _at_last(now, back=0), slips=False)
            left -= part

    # --- dividends: A2 ---------------------------------------------------------------------------

    def _pay_dividend(self, event: Event, now: Known) -> None:
        rate = now.rate if isinstance(now, Moment) else now.current_rate
        for position in self.held_in(now.symbol):
            units = position.sign * position.lots * position.contract_size
            gross = units * event.number * rate
            tax = -(gross * (event.second or 0.0)) if gross > 0.0 else 0.0
            position.swap += gross
            position.swap += tax
            owed = Receivable(event.pays or now.time, position.trade_id, gross, tax)
            if owed.time > now.time:
                self.receivables.append(owed)
            else:
                self._book_dividend(owed, now.time)
        self.receivables.sort(key=lambda owed: owed.time)
        self._note_receivables()

    def _pay(self, time: int) -> None:
        """Pay the dividends whose date has come."""
        due = [owed for owed in self.receivables if owed.time <= time]
        for owed in due:
            self._book_dividend(owed, time)
        if due:
            self.receivables = self.receivables[len(due) :]
            self._note_receivables()

    def _book_dividend(self, owed: Receivable, time: int) -> None:
        self.portfolio.book(time, "dividend", owed.trade_id, owed.gross)
        if owed.tax != 0.0:
            self.portfolio.book(time, "tax", owed.trade_id, owed.tax)

    def _note_receivables(self) -> None:
        owed = 0.0
        for one in self.receivables:
            owed = owed + one.gross + one.tax
        self.portfolio.receivable = owed

    # --- the end of a symbol: A6, A7 -------------------------------------------------------------

    def _change(self, event: Event, now: Known, new: Known) -> None:
        """Let what is open and what waits go on under another symbol."""
        self.book_last_days(now)
        rate = now.rate if isinstance(now, Moment) else now.current_rate
        cash, by = event.second or 0.0, Restated.split(event.number)
        if cash == 0.0:
            self._rename_submitted(now.symbol, new.symbol, by)
        moved = [*self.held_in(now.symbol)]
        for position in moved:
            units = position.sign * position.lots * position.contract_size
            self._book(position, "split_cash", units * cash * rate, now.time)
            by.position(position)
            _change_symbol(position, now, new)
        if cash == 0.0:
            self._restate_waiting(now.symbol, by)
            for order in self.pending:
                if order.symbol == now.symbol:
                    self._rename_waiting(order, new.symbol)
            self.due = [_renamed(due, now.symbol, new.symbol) for due in self.due]
        else:
            self._cancel_all_of(now.symbol)
        # Where nothing went on, what is held of the other symbol stays as it is.
        for sign in (1.0, -1.0) if moved else ():
            self._pay_fraction(sign, new)

    def _rename_waiting(self, order: Order, symbol: str) -> None:
        """Let an order go on with the next bar of another symbol, whose bars count anew."""
        order.symbol, order.begins_in = symbol, self.bars[symbol] + 1
        if order.armed_in is not None:
            order.armed_in = -1  # in a bar before

    def _rename_submitted(self, old: str, new: str, by: Restated) -> None:
        """What was decided on the bar before is about the symbol that it goes on as."""
        is_about = self._is_about(old)
        self.submitted = [
            _about(by.action(action), old, new) if is_about(action) else action
            for action in self.submitted
        ]

    def _is_about(self, symbol: str) -> Callable[[Action], bool]:
        """Return whether an action is about a symbol."""
        return lambda one: not isinstance(one, Rebalance) and self._symbol_of(one) == symbol

    def _cancel_all_of(self, symbol: str) -> None:
        for order in [order for order in self.pending if order.symbol == symbol]:
            self.end_order(order, "cancelled", "delisted")

    def _give_up_at(self, price: float | None, change: float | None, now: Known) -> None:
        """Close what is open of a symbol that is traded no more, and cancel what waits."""
        self.book_last_days(now)
        self._cancel_all_of(now.symbol)
        last = _at_last(now, back=1)
        for position in self.held_in(now.symbol):
            close = position.marked_price
            known = price
            if known is None and change is not None:
                known = close * (1.0 + change)
            if known is not None:
                self.leave(position, position.lots, known, "delisted", last, slips=False)
                continue
            worthless = self.net_if_closed(position, 0.0, last, slips=False, is_maker=False)
            position.remember(worthless, worthless)
            self.leave(position, position.lots, close, "delisted", last)

    def _send_away(self, now: Known, *, shorts_only: bool) -> None:
        """Close what is open at the open of a bar, or the shorts of it (U1, C2)."""
        assert isinstance(now, Moment), "it waits for a bar"  # noqa: S101 - of the contract
        for position in self.held_in(now.symbol):
            if position.sign < 0.0 or not shorts_only:
                price = now.bar.exit_side(position.sign).open
                self.leave(position, position.lots, price, "signal", now)


def _change_symbol(position: Position, old: Known, new: Known) -> None:
    """Move a position to another symbol, held for as many of its bars, as far as it has them."""

    def moved(entered: int) -> int:
        return max(new.index - max(old.index - entered, 0), 0)

    position.symbol, position.entry_index = new.symbol, moved(position.entry_index)
    if position.origin is not None:
        index, time, price = position.origin
        position.origin = moved(index), time, price


def _at_last(now: Known, *, back: int) -> Moment:
    """A symbol at its bar, or where it has none so many bars before its next one."""
    if isinstance(now, Moment):
        return now
    return now.at_last(max(now.index - back, 0), now.time)


def _as_known(new: Known, old: Known, ratio: float) -> Known:
    """A symbol that has no bar yet, with the last one of that which goes on as it."""
    if new.last is not NO_CANDLE:
        return new
    last = Restated.split(ratio).candle(old.last)
    return replace(new, last=last, last_rate=old.last_rate, is_ready=old.is_ready)


def _about(action: Action, old: str, new: str) -> Action:
    """Return an action that is about another symbol, where it names one or means the first."""
    if isinstance(action, Signal):
        return replace(action, symbol=new)
    if isinstance(action, Close) and action.trade_id is None and action.symbol in (None, old):
        return replace(action, symbol=new)
    return action


def _renamed(due: Due, old: str, new: str) -> Due:
    if due.close is None or due.close.symbol != old:
        return due
    return due._replace(close=replace(due.close, symbol=new))

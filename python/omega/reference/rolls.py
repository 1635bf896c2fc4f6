"""Rolls: positions and orders move from one contract into the next (R3)."""

from __future__ import annotations

from omega.reference import sizing
from omega.reference.carrying import Carrying
from omega.reference.costs import Key
from omega.reference.dated_events import Event
from omega.reference.matching import Live
from omega.reference.restated import Restated
from omega.reference.rows import Moment, Position

_ENTRY_LEG = 0


class Rolling(Carrying):
    """The positions of a run, which go on in another contract."""

    def roll(self, event: Event, now: Moment) -> Restated:
        """Roll what is open of a symbol at the open of a bar that both contracts have."""
        old_bid, old_ask = event.number, event.second or 0.0
        by = Restated.rolled(old_bid, now.bar.bid.open, by_ratio=event.by_ratio)
        self.restate_orders(now.symbol, by)
        for position in self.held_in(now.symbol):
            old = old_bid if position.sign > 0.0 else old_ask
            new = now.bar.entry_side(position.sign).open
            lots: float | None = position.lots
            if event.same_notional:
                worth = sizing.over(position.lots * abs(old), abs(new))
                lots = sizing.order_size(self.instrument(position), worth)
            if lots is None:
                self.leave(position, position.lots, old, "roll", now)
            else:
                self._roll_position(position, (old, new, lots), by, now)
        return by

    def restate_orders(self, symbol: str, by: Restated) -> None:
        """Restate what waits of a symbol, and what was decided on the bar before."""
        raise NotImplementedError

    def _roll_position(
        self, position: Position, rolled: tuple[float, float, float], by: Restated, now: Moment
    ) -> None:
        """Close it at the price of the old contract, and open so many lots at that of the new."""
        old, new, lots = rolled
        sign, legs = position.sign, position.exit_legs
        exit_key = Key(position.order_id, _ENTRY_LEG + 1 + legs, slips=True)
        fill = self._filled(
            position.trade_id,
            -sign * position.lots,
            old,
            exit_key,
            now,
            is_maker=False,
            is_entry=False,
        )
        trade = self.portfolio.book_exit(position, fill, "roll", 1.0, now.rate)
        self._record(fill)
        self.events.append(trade)
        entry_key = exit_key._replace(leg=exit_key.leg + 1)
        entry = self._filled(position.trade_id, sign * lots, new, entry_key, now, is_maker=False)
        position.origin = position.first_entry
        by.position(position)
        position.lots = lots
        position.entry_index, position.entry_time = entry.index, entry.time
        position.entry_price, position.entry_fee = entry.price, entry.fee
        position.swap = 0.0
        position.initial_stop = position.stop_loss
        position.best_price = position.worst_price = now.bar.exit_side(sign).open
        position.marked_price, position.open_profit = entry.price, 0.0
        units = lots * float(self.instrument(position)["contract_size"])
        position.value = abs(units * entry.price * now.rate)
        position.live = Live.FROM_OPEN
        position.exit_legs += 2
        position.turned_down = None
        self.portfolio.book_entry(position, entry)
        self._record(entry)
        self.forget_sums()

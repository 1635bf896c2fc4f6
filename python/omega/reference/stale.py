"""Stale symbols, which stopped trading while others go on, are given up (F15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omega.reference.orders import Orders
from omega.reference.rows import Known, Moment, Position


class Stale(Orders):
    """The orders of a run, of which those of stale symbols end."""

    known: Mapping[str, Known] = {}
    """What is known of each symbol at this step."""

    def release_stale(self, nows: Sequence[Moment]) -> None:
        """Let go of symbols that have been without a bar for too long (F15)."""
        if self.stale is None:
            return
        trading = {now.symbol for now in nows}
        over = max(now.time for now in nows)  # with finer bars, with the last of them (I5)
        for now in self.known.values():
            if now.symbol in trading or not self.stale.holds(now):
                continue
            self.expire(now)
            for order in [order for order in self.pending if order.symbol == now.symbol]:
                self.end_order(order, "cancelled", "stale")
            for position in self.held_in(now.symbol):
                self._give_up(position, now, over)

    def _give_up(self, position: Position, now: Known, over: int) -> None:
        """Close a position at its last mark; that it is worth nothing is the other outcome."""
        last = now.at_last(now.index - 1, over)
        worthless = self.net_if_closed(position, 0.0, last, slips=False, is_maker=False)
        position.remember(worthless, worthless)
        self.leave(position, position.lots, position.marked_price, "stale", last)

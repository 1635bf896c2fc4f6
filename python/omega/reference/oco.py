"""Groups of orders of which one fills and the others are cancelled (F8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from omega.reference.markets import Due
from omega.reference.rows import Order


class Candidate(NamedTuple):
    """An order of a group that the rest of a bar fills (F8.1)."""

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


def first_to_fill(candidates: Sequence[Candidate], policy: str) -> Candidate:
    """Return the order that a policy fills; among equals the one with the lowest number."""
    chosen = candidates[0]
    for candidate in candidates[1:]:
        if candidate.comes_before(chosen, policy):
            chosen = candidate
    return chosen


class Groups:
    """The orders that wait, and the groups of which one has filled."""

    waiting: list[Order]
    due: list[Due]
    filled_groups: set[str]
    """Those of which an order filled since the opens at hand began (F8)."""

    @property
    def pending(self) -> list[Order]:
        """Orders that wait for a price, or for the next bar, by number."""
        waiting = self.waiting + [due.order for due in self.due]
        return sorted(waiting, key=lambda order: order.order_id)

    def end_order(self, order: Order, status: str, reason: str | None = None) -> None:
        """Let an order wait no longer."""
        if order in self.waiting:
            self.waiting.remove(order)
        else:
            self.due = [due for due in self.due if due.order is not order]
        order.status, order.reject_reason = status, reason

    def cancel_group(self, filled: Order) -> None:
        """A fill cancels the others of its group that wait, of any symbol (F8.1)."""
        if filled.oco is None:
            return
        self.filled_groups.add(filled.oco)
        for order in [o for o in self.pending if o.is_with(filled)]:
            self.end_order(order, "cancelled")

    def rivals(self, order: Order) -> list[Order]:
        """The orders of a group that wait for a price of its symbol."""
        return [o for o in self.waiting if o.symbol == order.symbol and o.is_with(order)]

"""The executor that the loop drives: it turns actions and bars into fills.

The `Simulator` of this backend is one, and `ForeignExecutor` lets a user's own be one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from omega.reference.rows import Fill, Known, Moment, Order, Position, Trade
from omega.strategy.actions import Close


@dataclass(slots=True)
class LastTrades:
    """When a symbol was last traded, from which its cool-downs count."""

    entry: tuple[int, int] | None = None
    """Index and time of the bar of the last entry."""
    exit: int | None = None

    def pauses(self, limits: Sequence[int], index: int, time: int) -> bool:
        """Whether limits in bars and time still hold after an entry or an exit (F12.3)."""
        bars, after_entry, after_exit = limits
        if self.entry is not None:
            at, when = self.entry
            if index - at < bars or time - when < after_entry:
                return True
        return self.exit is not None and time - self.exit < after_exit


@dataclass(slots=True)  # several are made at each step: frozen, each takes several times as long
class State:
    """What an executor holds after the newest visible bar."""

    last_trades: Mapping[str, LastTrades]
    has_positions: bool = False
    """Whether any position is open; of a user's own executor no more than that is known."""
    positions: Sequence[Position] = ()
    events: Sequence[Fill | Trade] = ()
    """Fills and exits since the last submit."""
    working: Sequence[Order] = field(default=())
    """Orders that wait, in no order."""
    next_order: int = 0

    @property
    def pending(self) -> list[Order]:
        """Orders that wait, by number."""
        return sorted(self.working, key=lambda order: order.order_id)

    def symbols_held(self, symbols: Sequence[str]) -> list[str]:
        """The symbols with something open, in the order of the run."""
        held = {position.symbol for position in self.positions}
        return [symbol for symbol in symbols if symbol in held]


class Executor(Protocol):
    """Turns actions and bars into fills."""

    def is_idle(self) -> bool:
        """Whether nothing is open and nothing waits, so that no bar can change anything."""

    def submit(self, actions: list[Any]) -> int:
        """Take what the strategy wants done at the next open; give the number of orders."""

    def on_open(self, nows: Mapping[str, Known]) -> None:
        """Process all that the opens bring, then what was submitted (L1.2, L1.3)."""

    def on_bar(self, now: Moment) -> None:
        """Process what follows the open inside a bar, or inside a finer one (L1.4 to L1.6)."""

    def on_close(
        self,
        nows: Sequence[Moment],
        managed: Sequence[Any],
        after: Mapping[str, Known],
        *,
        inside: bool = False,
    ) -> None:
        """Process the manager's actions, which saw the closes; mark and stop out (L1.7).

        `inside` is between the finer bars of a step.
        """

    def quiet(self, time: int) -> int:
        """Take a step in which nothing can happen, and write its row; give how many were taken."""

    def state(self) -> State:
        """Return what it holds."""

    def finish(self, closes: Mapping[str, Moment]) -> bool:
        """Close what is open at the last closes (L4); give whether there was anything."""


def is_bare(action: object) -> bool:
    """Whether an action closes everything: it names neither a symbol nor a trade."""
    return isinstance(action, Close) and (action.symbol, action.trade_id) == (None, None)

"""What a run offers to the strategy that it drives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from omega.indicators.declaring import Declares
from omega.strategy.actions import Action
from omega.strategy.operands import Evaluates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omega._core import Indicator, Mask, PendingOrder, Position, Run
    from omega.strategy.order_entry import OrderEntry


class RunContext(Declares, Evaluates, Protocol):
    """What a run offers to the strategy that it drives; each backend has one."""

    symbols: tuple[str, ...]
    is_cash: bool
    """Whether its account holds no shorts (M12)."""
    takes_targets: bool
    """Whether its account is one strategy's alone, and may be brought to targets (W2)."""
    semantics: str
    """The version of the rules."""
    queue: list[Action]
    account: Run | None
    """The run, where its strategy sees the whole of its account; None where it sees a part."""
    columns: dict[object, Indicator]
    """What was declared by expressions and functions, each of which is computed once."""

    @property
    def orders(self) -> OrderEntry:
        """What takes orders."""

    @property
    def balance(self) -> float:
        """Cash after all booked profits and costs."""

    @property
    def equity(self) -> float:
        """Balance plus open profit at the newest bar's close."""

    @property
    def positions(self) -> list[Position]:
        """All open positions, oldest first."""

    @property
    def position(self) -> Position | None:
        """The oldest open position, or None."""

    @property
    def pending(self) -> list[PendingOrder]:
        """Orders that wait, oldest first."""

    def due(self, times: NDArray[np.int64]) -> Mask:
        """Return what holds before the first step at or after each of these times."""

    def shows(self, given: object) -> bool:
        """Return whether a position or an order is of this run, as what no run has shown is."""

    def next_order_id(self) -> int:
        """Return the number that the next queued action will take."""

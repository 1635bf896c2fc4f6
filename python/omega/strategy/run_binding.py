"""Binds a strategy to its run, and keeps the final state of a run that is over."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from omega._core import PendingOrder, Position
    from omega.strategy.context import RunContext


@dataclasses.dataclass(frozen=True)
class EndedRun:
    """What a run that is over goes on showing."""

    symbols: tuple[str, ...]
    positions: list[Position]
    pending: list[PendingOrder]
    balance: float
    equity: float

    @classmethod
    def of(cls, run: RunContext) -> EndedRun:
        """Take the state of a run at its end."""
        return cls(run.symbols, list(run.positions), list(run.pending), run.balance, run.equity)

    @property
    def position(self) -> Position | None:
        """The oldest position left open, or None."""
        return next(iter(self.positions), None)


class Bound(Protocol):
    """What can be tied to a run: `omega.Strategy`."""

    def _tie(self, run: RunContext | EndedRun | None) -> None: ...


OfRun = TypeVar("OfRun", bound=Bound)


def tie(strategy: Bound, run: RunContext | EndedRun | None) -> None:
    """Tie a strategy to the run that it declares and orders in, to an ended one, or to none."""
    strategy._tie(run)  # noqa: SLF001 - a method would take a name from strategies of users


@contextlib.contextmanager
def tied(strategy: OfRun, run: RunContext) -> Iterator[OfRun]:
    """Tie a strategy to a run for a while."""
    tie(strategy, run)
    try:
        yield strategy
    finally:
        tie(strategy, None)

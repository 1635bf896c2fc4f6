"""Several strategies on one account: one balance, one margin pool, shared limits.

An `Ensemble` calls its members in order. Each sees its own positions, orders, fills and exits, and
reaches no other's (X3); its trades have its label as their last tag, which no member can set. Both
backends run it as they run any strategy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from omega.config.values import Refused, shown, taken, text, whole
from omega.errors import CallbackFailed, ConfigError
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.arguments import instance_of
from omega.strategy.base import Strategy
from omega.strategy.conditions import triggers_of
from omega.strategy.context import RunContext
from omega.strategy.order_entry import OrderEntry
from omega.strategy.run_binding import EndedRun, tie

if TYPE_CHECKING:
    from omega._core import Bar, Fill, PendingOrder, Position, Trade

_BARS = whole(minimum=0)
_NOTHING = -1
"""A number that no run gives: what is requested of it is refused as not found (F12)."""


class _Queue(list[Action]):
    """Takes a member's actions, marks them as its own, and hands them to the run."""

    def __init__(self, member: Member) -> None:
        super().__init__()
        self.member = member

    def append(self, action: Action) -> None:
        self.member.submit(action)


class Member:
    """A strategy of an ensemble, and the run as it sees it: with its own positions alone."""

    def __init__(self, label: str, strategy: Strategy, run: RunContext) -> None:
        self.label, self.strategy, self._run = label, strategy, run
        self.queue: list[Action] = _Queue(self)
        self.orders, self.account = OrderEntry(self), None
        self.takes_targets = False
        self._numbers: set[int] = set()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the run has
        return getattr(self._run, name)

    @property
    def positions(self) -> list[Position]:
        """Its open positions, oldest first."""
        return [one for one in self._run.positions if self.opened(one)]

    @property
    def position(self) -> Position | None:
        """Its oldest open position."""
        return next(iter(self.positions), None)

    @property
    def pending(self) -> list[PendingOrder]:
        """Its orders that wait."""
        return [one for one in self._run.pending if one.order_id in self._numbers]

    def owns(self, order_id: int) -> bool:
        """Return whether an order is its own."""
        return order_id in self._numbers

    def opened(self, one: Position | Trade) -> bool:
        """Return whether it opened a position: its label is the last tag of all that it opens."""
        return one.tags[-1:] == [self.label]

    def _own(self, number: int) -> int:
        """Return a number of its own; another one's is to it like one that nothing has."""
        if self._run.semantics == "1":  # where numbers of trades are not those of orders
            is_own = any(one.trade_id == number for one in self.positions)
        else:
            is_own = self.owns(number)
        return number if is_own else _NOTHING

    def submit(self, action: Action) -> None:
        """Request something of its own.

        A close without a number closes what it has itself, symbol by symbol in the order of the
        run. Groups are its own as well: those of two members may have one name.
        """
        match action:
            case Signal():
                self._hand_on(self._marked(action))
            case Cancel(order_id=number):
                own = number if self.owns(number) else _NOTHING
                self._hand_on(dataclasses.replace(action, order_id=own))
            case Close(trade_id=None):
                for trade in self._held(action.symbol) or [_NOTHING]:
                    self._hand_on(dataclasses.replace(action, symbol=None, trade_id=trade))
            case Close(trade_id=int(number)) | Modify(trade_id=number):
                self._hand_on(dataclasses.replace(action, trade_id=self._own(number)))

    def _marked(self, signal: Signal) -> Signal:
        """Mark a signal as its own."""
        return dataclasses.replace(
            signal,
            tags=(*signal.tags, self.label),
            reduce_only="owner" if signal.reduce_only else False,
            oco=None if signal.oco is None else f"{self.label!r} {signal.oco}",
        )

    def _held(self, symbol: str | None) -> list[int]:
        """Return the numbers of its positions, of one symbol or of all."""
        symbols = [symbol] if symbol else self._run.symbols
        held = self.positions
        return [one.trade_id for name in symbols for one in held if one.symbol == name]

    def take(self, returned: Action | Sequence[Action] | None) -> None:
        """Request what a callback returned, after what it queued."""
        if returned is None:
            return
        for action in returned if isinstance(returned, (list, tuple)) else [returned]:
            if not isinstance(action, (Signal, Close, Cancel, Modify)):
                raise CallbackFailed(
                    f"{self.label} returned {action!r}, expected None, a Signal, Close, Cancel or "
                    "Modify, or a list of these"
                )
            self.submit(action)

    def _hand_on(self, action: Action) -> None:
        self._numbers.add(self._run.next_order_id())
        self._run.queue.append(action)


class Ensemble(Strategy):
    """Calls its members in order.

    Example:
        >>> class Buyer(Strategy):
        ...     def on_bar(self, bar):
        ...         if self.position is None:
        ...             self.buy()
        >>> Ensemble.of([Buyer(), Buyer()])
        Ensemble({'Buyer': Buyer(), 'Buyer 2': Buyer()})
    """

    def __init__(self, strategies: Mapping[str, Strategy]) -> None:
        super().__init__()
        self.strategies = dict(strategies)
        self._members: list[Member] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what ties the members to a run."""
        return {**super().__getstate__(), "_members": []}

    @classmethod
    def of(cls, given: Sequence[Any] | Mapping[str, Any]) -> Ensemble:
        """Return strategies their labels: their class's name, numbered where it repeats.

        Raises:
            ConfigError: One of them is no class strategy, or has a condition or a manager.
        """
        if not given:
            raise ConfigError(
                f"strategy: given an empty {type(given).__name__}, expected at least one strategy"
            )
        named = dict(given) if isinstance(given, Mapping) else _labelled(given)
        for label in named:
            taken("strategy", label, _label)
        return cls({label: _checked(label, one) for label, one in named.items()})

    def __repr__(self) -> str:
        return f"Ensemble({self.strategies!r})"

    def init(self) -> None:
        """Let each member declare its indicators."""
        run = self._context()
        self._members = [Member(label, one, run) for label, one in self.strategies.items()]
        for member in self._members:
            tie(member.strategy, cast("RunContext", member))
            member.strategy.init()
        self.warmup = max(warmup_of(member.strategy) for member in self._members)

    def _tie(self, run: RunContext | EndedRun | None) -> None:
        """Tie the members as well, once there are some: each to what it sees."""
        super()._tie(run)
        for member in self._members:
            ended = EndedRun.of(cast("RunContext", member)) if isinstance(run, EndedRun) else None
            tie(member.strategy, ended)

    def on_bar(self, bar: Bar) -> None:
        """Call each member."""
        for member in self._members:
            member.take(member.strategy.on_bar(bar))

    def on_fill(self, fill: Fill) -> None:
        """Call the member whose order it was."""
        for member in self._members:
            if member.owns(fill.order_id):
                member.take(member.strategy.on_fill(fill))

    def on_exit(self, trade: Trade) -> None:
        """Call the member whose trade it was."""
        for member in self._members:
            if member.opened(trade):
                member.take(member.strategy.on_exit(trade))


def warmup_of(strategy: Strategy) -> int:
    """Return the bars that a strategy needs besides its indicators' own.

    Raises:
        ConfigError: They are no whole number.
    """
    return taken(f"{type(strategy).__name__}.warmup", strategy.warmup, _BARS)


def _label(given: object) -> str:
    try:
        return text(given)
    except Refused as refused:
        raise ConfigError(f"strategy: given the label {shown(given)}, expected {refused}") from None


def _labelled(given: Sequence[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for one in given:
        label = one.__name__ if isinstance(one, type) else type(one).__name__
        seen = sum(other == label or other.startswith(f"{label} ") for other in named)
        named[label if seen == 0 else f"{label} {seen + 1}"] = one
    return named


def _checked(label: str, given: object) -> Strategy:
    strategy = given
    if isinstance(given, type) and issubclass(given, Strategy):
        strategy = instance_of(given)
    if not isinstance(strategy, Strategy):
        raise ConfigError(
            f"strategy {label!r}: given {shown(given)}, expected a Strategy or a class of one; a "
            "function has no positions of its own"
        )
    if triggers_of(type(strategy)):
        raise ConfigError(
            f"strategy {label!r}: a strategy with conditions runs alone; test them in on_bar"
        )
    if getattr(strategy, "position_manager", None) is not None:
        raise ConfigError(
            f"strategy {label!r}: managers belong to the account here; give them to run_backtest "
            "as position_manager="
        )
    return strategy

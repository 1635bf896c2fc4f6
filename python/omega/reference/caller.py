"""Calls the user's functions: a strategy's once a step and for each event, and a manager's."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from omega.contract import Callback, Callbacks
from omega.errors import CallbackFailed
from omega.reference import conditions, rows, views
from omega.reference.executor import State
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.not_ready import NotReadyBar
from omega.strategy.rebalance import Rebalance

if TYPE_CHECKING:
    from omega.reference.context import Context

Slices = Mapping[str, object]


class Caller:
    """A strategy of callbacks, as the loop drives it."""

    who = "strategy"

    def __init__(
        self,
        context: Context,
        callbacks: Callbacks,
        slices: Slices | None = None,
        adapt: Callback | None = None,
    ) -> None:
        self.context, self.world, self.slices = context, context.world, slices
        self.adapt = adapt
        """Makes actions of what an older strategy returned."""
        self.seconds = 0.0
        instance = callbacks["instance"]

        def of_instance(function: Callback | None) -> Callback | None:
            is_plain = function is None or instance is None
            return function if is_plain else partial(cast("Callback", function), instance)

        self.on_fill, self.on_exit = map(of_instance, (callbacks["on_fill"], callbacks["on_exit"]))
        self.manager = callbacks["manage"]
        self.decisions: list[tuple[Callback, conditions.Mask | None]] = [
            (cast("Callback", of_instance(function)), cast("conditions.Mask", mask))
            for function, mask in callbacks["triggers"]
        ]
        """What is called on each bar, or only where a condition holds, in order."""
        on_bar = of_instance(callbacks["on_bar"])
        if on_bar is not None:
            self.decisions.append((on_bar, None))

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Call `on_fill` and `on_exit` (L1.1)."""
        if not state.events or (self.on_fill is None and self.on_exit is None):
            return
        with noted(self.context, self.who):
            for event in list(state.events):
                source = self.context.sources[event.symbol]
                if isinstance(event, rows.Fill) and self.on_fill is not None:
                    self._take(self.on_fill(views.Fill(event, source)), actions)
                elif isinstance(event, rows.Trade) and self.on_exit is not None:
                    self._take(self.on_exit(views.Trade(event, source)), actions)

    def evaluate(self, state: State, actions: list[Action]) -> None:  # noqa: ARG002 - of the loop
        """Call what decides on this bar (L1.1)."""
        with noted(self.context, self.who):
            bar = self._newest()
            for call, mask in self.decisions:
                if mask is None or mask.holds():
                    began = time.perf_counter()
                    returned = call(bar)
                    self.seconds += time.perf_counter() - began
                    if self.adapt is not None and returned is not None:
                        returned = self.adapt(returned)
                    self._take(returned, actions)

    def manage(self, state: State, actions: list[Action]) -> None:  # noqa: ARG002 - of the loop
        """Call the position manager; in an engine, for each symbol with something open (X2.3)."""
        if self.manager is None:
            return
        if self.slices is not None:
            self._manage_each(self.manager, self.slices, actions)
            return
        with noted(self.context, self.who):
            positions, bar = self.context.positions, self._newest()
            late = isinstance(bar, NotReadyBar)
            sides = (bar, bar) if late else (bar.bid, bar.ask)
            self._take(self.manager(positions, bar, *sides, positions), actions)

    def _manage_each(self, manager: Callback, slices: Slices, actions: list[Action]) -> None:
        for symbol, one in self.world.symbols.items():
            if not one.base.fresh or one.base.visible == 0:
                continue
            with noted(self.context, self.who):
                own, everything = self._open_in(symbol)
                if own:
                    bar = self.context.sources[symbol].newest()
                    call = partial(manager, own, slices[symbol], bar.bid, bar.ask, everything)
                    self._take(self._managed(call, symbol), actions)

    def _managed(self, call: Callback, symbol: str) -> object:  # noqa: ARG002 - for a subclass
        """Call the manager for a symbol."""
        return call()

    def _open_in(self, symbol: str) -> tuple[Sequence[Any], Sequence[Any]]:
        """The open positions of a symbol, and all of them."""
        everything = self.context.positions
        return [position for position in everything if position.symbol == symbol], everything

    def finish(self, state: State, actions: list[Action]) -> None:
        """Call `on_fill` and `on_exit` for the last time."""
        self.on_events(state, actions)

    def _newest(self) -> views.Bar | NotReadyBar:
        """The newest complete bar of the first symbol."""
        first, sources = self.context.symbols[0], self.context.sources
        if first not in self.world.waiting:
            return sources[first].newest()
        return NotReadyBar(first, cast("Any", sources[self.world.ready()[0]].newest()))

    def _take(self, returned: object, actions: list[Action]) -> None:
        """Take what was queued, then what was returned: nothing, an action or a list of them."""
        queue = self.context.queue
        several = isinstance(returned, (list, tuple))
        items = list(cast("Sequence[object]", returned)) if several else [returned]
        for item in [*queue, *(items if several or returned is not None else [])]:
            actions.append(self._checked(item))
        queue.clear()

    def _checked(self, item: object) -> Action:
        action = checked(item)
        symbols = self.context.symbols
        given = action.symbol if isinstance(action, (Signal, Close)) else None
        if given is not None and given not in symbols:
            expected = f"'{symbols[0]}', the only symbol of this run"
            if len(symbols) > 1:
                expected = "one of " + ", ".join(f"'{symbol}'" for symbol in symbols)
            raise CallbackFailed(f"a signal for symbol '{given}', expected {expected}")
        return action


def checked(item: object) -> Action:
    """Refuse what is no action.

    Raises:
        CallbackFailed: It is none.
    """
    if not isinstance(item, (Signal, Close, Cancel, Modify, Rebalance)):
        raise CallbackFailed(
            f"the strategy returned {item!r}, expected None, a Signal, Close, Cancel or "
            "Modify, or a list of these"
        )
    return item


@contextlib.contextmanager
def noted(context: Context, who: str) -> Iterator[None]:
    """Let an exception pass as it was raised, with the newest bar as a note."""
    try:
        yield
    except BaseException as error:
        bar = context.sources[context.world.ready()[0]].newest()
        error.add_note(f"raised by the {who} on bar {bar.index} ({bar.time}) of {bar.symbol}")
        raise

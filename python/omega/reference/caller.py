"""Calls the strategy: once a step, and for each fill and exit.

What goes in: a strategy and a position manager of the user's own. What comes out: actions, checked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

from omega.errors import CallbackFailed
from omega.reference import conditions, rows, views
from omega.reference.context import Context
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.base import Strategy
from omega.strategy.conditions import condition_of, triggers_of

Callback = Callable[..., Any]


class Caller:
    """Calls the strategy, once a bar and for each event, and takes what it asks for."""

    def __init__(
        self,
        context: Context,
        strategy: Strategy | Callback,
        manager: Any,  # noqa: ANN401 - as run
        when: Any = None,  # noqa: ANN401 - as run
    ) -> None:
        self.context = context
        self.manager = None if manager is None else manager.manage_positions
        self.on_fill: Callback | None = None
        self.on_exit: Callback | None = None
        self.seconds = 0.0
        self.asks: list[tuple[Callback, conditions.Mask | None]] = []
        """What is called on each bar, or only where a condition holds, in order."""
        if not isinstance(strategy, Strategy):
            mask = None if when is None else _mask(when, _declarer(context), context)
            self.asks.append((strategy, mask))
            return
        kind = type(strategy)
        given = triggers_of(strategy) | ({} if when is None else {"on_bar": when})
        for name, condition in given.items():
            call = partial(getattr(kind, name), strategy)
            self.asks.append((call, _mask(condition, strategy, context)))
        if not given or ("on_bar" not in given and kind.on_bar is not Strategy.on_bar):
            self.asks.append((partial(kind.on_bar, strategy), None))
        if kind.on_fill is not Strategy.on_fill:
            self.on_fill = partial(kind.on_fill, strategy)
        if kind.on_exit is not Strategy.on_exit:
            self.on_exit = partial(kind.on_exit, strategy)

    def evaluate(self) -> list[Action]:
        """Tell of fills and exits, then ask for actions (L1.1)."""
        with self._noted():
            self._tell()
            bar = self._newest()
            for call, mask in self.asks:
                if mask is None or mask.holds():
                    began = time.perf_counter()
                    returned = call(bar)
                    self.seconds += time.perf_counter() - began
                    self._take(returned)
        return self._taken()

    def manage(self) -> list[Action]:
        """Let the user's own position manager look at the step that is over (L1.6, X2.3)."""
        if self.manager is None:
            return []
        with self._noted():
            positions, bar = self.context.positions, self._newest()
            self._take(self.manager(positions, bar, bar.bid, bar.ask, positions), apart=False)
        return self._taken()

    def finish(self) -> None:
        """Tell of the last events; what is asked for now comes too late."""
        with self._noted():
            self._tell()

    def _newest(self) -> views.Bar:
        """The newest complete bar of the first symbol."""
        return self.context.sources[self.context.symbols[0]].newest()

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """Let an exception pass as it was raised, with the newest bar as a note."""
        try:
            yield
        except BaseException as error:
            bar = self._newest()
            error.add_note(
                f"raised by the strategy on bar {bar.index} ({bar.time}) of {bar.symbol}"
            )
            raise

    def _taken(self) -> list[Action]:
        actions, self.context.taken = self.context.taken, []
        return actions

    def _tell(self) -> None:
        context = self.context
        for event in list(context.simulator.events):
            source = context.sources[event.symbol]
            if isinstance(event, rows.Fill) and self.on_fill is not None:
                self._take(self.on_fill(views.Fill(event, source)))
            elif isinstance(event, rows.Trade) and self.on_exit is not None:
                self._take(self.on_exit(views.Trade(event, source)))

    def _take(self, returned: object, *, apart: bool = True) -> None:
        """Take what was queued, then what was returned: nothing, an action or a list of them."""
        context = self.context
        queued = list(context.queue)
        several = isinstance(returned, (list, tuple))
        items = list(cast("Sequence[object]", returned)) if several else [returned]
        for item in queued + (items if several or returned is not None else []):
            action = self._checked(item)
            context.taken.extend(self._taken_apart(action) if apart else [action])
        context.queue.clear()

    def _taken_apart(self, action: Action) -> list[Action]:
        """Make one close for each symbol of one that names neither symbol nor trade."""
        if not isinstance(action, Close) or (action.symbol, action.trade_id) != (None, None):
            return [action]
        held = {position.symbol for position in self.context.simulator.positions}
        symbols = [symbol for symbol in self.context.symbols if symbol in held]
        return [dataclasses.replace(action, symbol=symbol) for symbol in symbols] or [action]

    def _checked(self, item: object) -> Action:
        if not isinstance(item, (Signal, Close, Cancel, Modify)):
            raise CallbackFailed(
                f"the strategy returned {item!r}, expected None, a Signal, Close, Cancel or "
                "Modify, or a list of these"
            )
        symbols = self.context.symbols
        given = item.symbol if isinstance(item, (Signal, Close)) else None
        if given is not None and given not in symbols:
            expected = f"'{symbols[0]}', the only symbol of this run"
            if len(symbols) > 1:
                expected = "one of " + ", ".join(f"'{symbol}'" for symbol in symbols)
            raise CallbackFailed(f"a signal for symbol '{given}', expected {expected}")
        return item


def _declarer(context: Context) -> Strategy:
    """What a function of the condition declares indicators with, where there is no class."""
    declarer = Strategy()
    declarer._run = cast("Any", context)  # noqa: SLF001 - it declares for this run
    return declarer


def _mask(
    condition: Any,  # noqa: ANN401 - anything that holds on bars
    strategy: Strategy,
    context: Context,
) -> conditions.Mask:
    return cast("conditions.Mask", condition_of(condition, strategy).mask(cast("Any", context)))

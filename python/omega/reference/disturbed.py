"""A strategy whose orders come late or are lost (stress tests)."""

from __future__ import annotations

from dataclasses import replace

from omega.reference import loop
from omega.reference.context import Context
from omega.reference.costs import uniform
from omega.reference.executor import State
from omega.strategy.actions import Action, Cancel, Close, Signal
from omega.strategy.rebalance import Rebalance

LEG = 1 << 20
"""Draws whether an entry is lost, beside the draws of slippage, which count legs from 0."""

NOTHING = Cancel(2**32 - 1)
"""Takes a number in place of what is held back, and does nothing."""


class Disturbed:
    """Runs a strategy and disturbs its orders."""

    def __init__(
        self, context: Context, strategy: loop.Strategy, how: tuple[bool, bool, int, float]
    ) -> None:
        self._context, self._strategy = context, strategy
        self._late_entries, self._late_exits, self._seed, self._share = how
        self._is_active = self._late_entries or self._late_exits or self._share > 0.0
        self._held: list[tuple[int, Action]] = []
        self._entered: list[tuple[str, str]] = []
        self._closed: list[int] = []
        self._released_at = 0
        self._entries = 0

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Hand on, and disturb what comes of it."""
        if not self._is_active:
            self._strategy.on_events(state, actions)
            return
        before = self._release(actions)
        self._strategy.on_events(state, actions)
        self._disturb(state, actions, before)

    def evaluate(self, state: State, actions: list[Action]) -> None:
        """Let it decide, and disturb what comes of it."""
        if not self._is_active:
            self._strategy.evaluate(state, actions)
            return
        before = self._release(actions)
        self._strategy.evaluate(state, actions)
        self._disturb(state, actions, before)

    def _release(self, actions: list[Action]) -> int:
        """Send what was held back at an earlier step; give how many actions there are then."""
        step = self._context.world.step
        if self._released_at < step:
            self._entered, self._closed, self._released_at = [], [], step
        due = [action for since, action in self._held if since < step]
        self._held = [one for one in self._held if one[0] >= step]
        for action in due:
            if isinstance(action, Signal):
                self._entered.append((self._symbol_of(action), action.direction))
            elif isinstance(action, Close) and action.trade_id is not None:
                self._closed.append(action.trade_id)
        actions.extend(due)
        return len(actions)

    def _disturb(self, state: State, actions: list[Action], before: int) -> None:
        for place in range(before, len(actions)):
            action = actions[place]
            if isinstance(action, Signal) and not action.reduce_only:
                actions[place] = self._entry(action)
            elif isinstance(action, Close) and self._late_exits:
                self._hold(action, state)
                actions[place] = NOTHING
            elif isinstance(action, Rebalance):
                actions[place] = self._rebalance(action)

    def _entry(self, signal: Signal) -> Action:
        if self._is_lost():
            return NOTHING
        if not self._late_entries:
            return signal
        # A strategy that sees no position yet enters again: that is the same entry.
        if (self._symbol_of(signal), signal.direction) not in self._entered:
            self._held.append((self._context.world.step, signal))
        return NOTHING

    def _is_lost(self) -> bool:
        self._entries += 1
        return self._share > 0.0 and uniform(self._seed, self._entries, LEG) < self._share

    def _rebalance(self, request: Rebalance) -> Action:
        """Hold back what reduces, increases or both; each target may be lost as far as bought."""
        lost = frozenset([symbol for symbol, *_ in request.targets if self._is_lost()])
        entries, exits = self._late_entries, self._late_exits
        if entries or exits:
            late = replace(request, reduces=exits, increases=entries, lost=lost)
            self._held.append((self._context.world.step, late))
        if entries and exits:
            return NOTHING
        return replace(request, reduces=not exits, increases=not entries, lost=lost)

    def _hold(self, close: Close, state: State) -> None:
        """Hold back a close of what is open now, not of what is opened until it goes out."""
        everything = close.symbol is None and close.trade_id is None
        for position in state.positions:
            is_own = close.trade_id == position.trade_id
            of_symbol = close.trade_id is None and close.symbol == position.symbol
            # While it is on its way the position still shows, and is closed again.
            if (everything or is_own or of_symbol) and position.trade_id not in self._closed:
                late = replace(close, symbol=None, trade_id=position.trade_id)
                self._held.append((self._context.world.step, late))

    def _symbol_of(self, signal: Signal) -> str:
        return signal.symbol or self._context.symbol

    def manage(self, state: State, actions: list[Action]) -> None:
        """Hand on."""
        self._strategy.manage(state, actions)

    def finish(self, state: State, actions: list[Action]) -> None:
        """Hand on."""
        self._strategy.finish(state, actions)

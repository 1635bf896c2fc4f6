"""A schedule: strategies that follow each other in one run, on one account (WF3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from omega.contract import Callbacks, ScheduleFields
from omega.reference import loop
from omega.reference.caller import Caller, noted
from omega.reference.context import Context
from omega.reference.executor import State
from omega.reference.weights import TargetReader
from omega.strategy.actions import Action, Cancel, Close


class Scheduled:
    """Hands each step to the strategy in force.

    Attributes:
        seconds: Time spent in callbacks.
    """

    def __init__(self, context: Context, schedule: ScheduleFields) -> None:
        self._context, self._make = context, schedule["make"]
        self._stages = list(enumerate(schedule["stages"]))
        self._own: loop.Strategy | None = None
        self._over = 0.0

    @property
    def seconds(self) -> float:
        """Time spent in callbacks."""
        return self._over + getattr(self._own, "seconds", 0.0)

    @property
    def _border(self) -> str | None:
        """What becomes of what is open, where a stage begins at this step."""
        is_due = self._stages and self._stages[0][1][0] <= self._context.world.step
        return self._stages[0][1][1] if is_due else None

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Hand events to the strategy in force; at a border that keeps all, to the new one."""
        border, before = self._border, self._own
        if border is not None:
            if border != "keep" or not _hears(before):
                return
            self._begin()
        if self._own is not None and (border is None or _hears(self._own)):
            self._own.on_events(state, actions)

    def evaluate(self, state: State, actions: list[Action]) -> None:
        """Let the strategy in force decide."""
        border = self._border
        if border is None:
            self._decide(state, actions)
            return
        border = self._begin()
        if border != "keep":
            actions.extend(_leaving(border, state))
            state = replace(
                state, positions=() if border == "flat" else state.positions, working=()
            )
            self._context.hidden = border
        try:
            self._decide(state, actions)
        finally:
            self._context.hidden = None

    def _decide(self, state: State, actions: list[Action]) -> None:
        if self._own is not None:
            self._own.evaluate(state, actions)

    def _begin(self) -> str:
        """Begin the last of the stages that begin by now."""
        border = "keep"
        place = 0
        while self._border is not None:
            place, (_, border) = self._stages.pop(0)
        before = self._own if border == "keep" else None
        self._over, self._own = self.seconds, None
        with noted(self._context, Caller.who):
            made = self._make(place)
        is_python = isinstance(made, Mapping)
        own = Caller(self._context, cast("Callbacks", made)) if is_python else made
        if isinstance(own, TargetReader) and isinstance(before, TargetReader):
            own.go_on_from(before)
        self._own = cast("loop.Strategy | None", own)
        return border

    def manage(self, state: State, actions: list[Action]) -> None:
        """Let the manager of the account look."""
        if self._own is not None:
            self._own.manage(state, actions)

    def finish(self, state: State, actions: list[Action]) -> None:
        """Hand the last events to the last strategy."""
        if self._own is not None:
            self._own.finish(state, actions)


def _hears(own: Any) -> bool:  # noqa: ANN401 - a strategy of any form
    """Return whether a strategy is told of fills and exits."""
    return any(getattr(own, name, None) is not None for name in ("on_fill", "on_exit"))


def _leaving(border: str, state: State) -> list[Action]:
    """Close and cancel what does not go over a border, positions first (WF4)."""
    closes = [_closed(position.trade_id) for position in state.positions]
    cancels = [Cancel(order.order_id) for order in state.pending]
    return [*(closes if border == "flat" else ()), *cancels]


def _closed(trade: int) -> Close:
    """Close a trade for a reason that no strategy can give."""
    close = Close(trade_id=trade)
    object.__setattr__(close, "reason", "window")
    return close

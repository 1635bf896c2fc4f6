"""Passes the requests of a strategy to an observer; the orders table holds what came of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

from omega.contract import Callbacks
from omega.strategy.actions import Action, Close
from omega.strategy.context import RunContext


class Request(NamedTuple):
    """One action of a strategy, and the number that its order takes."""

    number: int
    action: Action


Observer = Callable[[Request], None]
_observer: ContextVar[Observer | None] = ContextVar("requests", default=None)


@contextlib.contextmanager
def requests_to(observer: Observer) -> Iterator[None]:
    """Hand every action that a strategy in Python requests meanwhile to an observer."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def is_heard() -> bool:
    """Return whether there is an observer."""
    return _observer.get() is not None


def heard(callbacks: Callbacks, context: RunContext) -> Callbacks:
    """Return the callbacks of a run, whose requests go to an observer if there is one."""
    observer = _observer.get()
    if observer is None:
        return callbacks

    def hearing(function: Any) -> Any:  # noqa: ANN401 - any callback
        if function is None:
            return None

        def call(*given: object) -> object:
            number = context.next_order_id()
            returned = function(*given)
            if returned is None and not context.queue:  # as on most bars
                return None
            listed = returned if isinstance(returned, (list, tuple)) else [returned]
            for action in [*context.queue, *(one for one in listed if one is not None)]:
                # A close that names nothing is one order for each symbol held (X3.1).
                for _ in range(_orders_of(action, context)):
                    observer(Request(number, action))
                    number += 1
            return returned

        return call

    return {
        **callbacks,
        "on_bar": hearing(callbacks["on_bar"]),
        "triggers": [(hearing(function), mask) for function, mask in callbacks["triggers"]],
        "on_fill": hearing(callbacks["on_fill"]),
        "on_exit": hearing(callbacks["on_exit"]),
    }


def _orders_of(action: object, context: RunContext) -> int:
    if isinstance(action, Close) and (action.symbol, action.trade_id) == (None, None):
        return len({position.symbol for position in context.positions}) or 1
    return 1

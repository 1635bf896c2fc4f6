"""Strategies of all forms, called in one way.

An object with `evaluate`, `on_data` or `check_entry` becomes a function of an index and slices, and
what it returns becomes actions; a form of Omega's own stays what it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast

from omega.config.values import nearest
from omega.contract import AnyForm
from omega.engines.older_signals import action_of, kept_of
from omega.engines.slices import MultiSymbolSlice
from omega.engines.wrappers import found
from omega.errors import ConfigError
from omega.strategy.actions import Action, Signal
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals


@dataclasses.dataclass(frozen=True)
class Adapted:
    """A strategy as an engine calls it.

    Attributes:
        strategy: One of Omega's own forms; or a function of an index and slices.
        takes_slices: Whether it is such a function.
        timeframe: What it calls the bars that it runs on.
        primary: The symbol that its signals mean where they name none; None for the first.
    """

    strategy: AnyForm
    takes_slices: bool
    timeframe: str | None = None
    primary: str | None = None

    def adapt(self, *, keeps_own: bool) -> Callback | None:
        """Return the function that makes actions of what the strategy returned.

        Args:
            keeps_own: Whether signals of the user's own class stay what they are, for an executor
                of the user's own.
        """
        if not self.takes_slices:
            return None
        one_of = kept_of if keeps_own else action_of
        primary = self.primary

        def adapt(returned: object) -> list[Any]:
            actions = [one_of(item) for item in listed(returned)]
            return [_named(action, primary) for action in actions if action is not None]

        return adapt


def adapted(strategy: AnyForm, symbols: Sequence[str]) -> Adapted:
    """Find out how a strategy is called.

    Raises:
        ConfigError: It has no known form, or its primary symbol is not there.
    """
    if isinstance(strategy, type):
        strategy = strategy()
    named = found(strategy, "get_primary_timeframe")
    timeframe = None if named is None else str(named())
    if isinstance(strategy, (Strategy, Signals, Native)):
        return Adapted(strategy, takes_slices=False, timeframe=timeframe)
    primary = found(strategy, "primary_symbol")
    if primary is not None and primary not in symbols:
        raise ConfigError(
            f"primary_symbol: given {primary!r}, expected a symbol of the data. "
            f"{nearest(str(primary), symbols)}"
        )
    decide = _deciding(strategy, primary or symbols[0])
    if decide is None:
        if callable(strategy):
            return Adapted(strategy, takes_slices=False, timeframe=timeframe)
        raise ConfigError(
            f"strategy: given {strategy!r}, expected an object with evaluate(index, slice_map), "
            "on_data(slice_map) or check_entry(slice, index=...), a Strategy, or a function "
            "on_bar(bar)"
        )
    other = primary if primary != symbols[0] else None
    return Adapted(decide, takes_slices=True, timeframe=timeframe, primary=other)


Callback = Callable[[object], list[Any]]
_Decide = Callable[[int, MultiSymbolSlice], Any]


def _deciding(strategy: object, primary: str) -> _Decide | None:
    # By `getattr`, since a wrapper may hand on what it does not have itself.
    evaluate, on_data, check_entry = (
        getattr(strategy, name, None) for name in ("evaluate", "on_data", "check_entry")
    )
    if evaluate is not None:
        return cast("_Decide", evaluate)
    if on_data is not None:
        return lambda _index, slices: on_data(slices)
    if check_entry is not None:

        def decide(_index: int, slices: MultiSymbolSlice) -> object:
            own = slices[primary]
            return None if own.index < 0 else check_entry(own, index=own.index)

        return decide
    return None


def _named(action: Action, primary: str | None) -> Action:
    """Let a signal that names no symbol mean the strategy's own."""
    if primary is not None and isinstance(action, Signal) and action.symbol is None:
        return dataclasses.replace(action, symbol=primary)
    return action


def listed(returned: object) -> list[Any]:
    """Return what was returned as a list."""
    if returned is None:
        return []
    return list(returned) if isinstance(returned, (list, tuple)) else [returned]

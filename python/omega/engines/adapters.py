"""Strategies of all forms, called in one way.

An object with `evaluate`, `on_data` or `check_entry` becomes a function of an index and slices; a
form of Omega's own stays what it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from omega.config.values import nearest
from omega.contract import AnyForm
from omega.engines.protocols import Evaluating, WithCheckEntry, WithOnData
from omega.engines.slices import MultiSymbolSlice
from omega.errors import CallbackFailed, ConfigError
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals

_NAMES = {
    "direction": "direction",
    "entry": "entry_price",
    "sl": "stop_loss",
    "tp": "take_profit",
    "symbol": "symbol",
    "type": "type",
    "reason": "reason",
    "tags": "tags",
    "size": "size",
    "meta": "meta",
    "scenario": "scenario",
}
"""The keys of an older signal, and what they are called now."""


@dataclasses.dataclass(frozen=True)
class Adapted:
    """A strategy as an engine calls it.

    Attributes:
        strategy: One of Omega's own forms; or a function of an index and slices.
        takes_slices: Whether it is such a function.
        timeframe: What it calls the bars that it runs on.
    """

    strategy: AnyForm
    takes_slices: bool
    timeframe: str | None = None


def adapted(strategy: AnyForm, symbols: Sequence[str]) -> Adapted:
    """Find out how a strategy is called.

    Raises:
        ConfigError: It has no known form, or its primary symbol is not there.
    """
    if isinstance(strategy, type):
        strategy = strategy()
    named = getattr(strategy, "get_primary_timeframe", None)
    timeframe = None if named is None else str(named())
    if isinstance(strategy, (Strategy, Signals, Native)):
        return Adapted(strategy, takes_slices=False, timeframe=timeframe)
    primary = getattr(strategy, "primary_symbol", None)
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
    if primary is not None and primary != symbols[0]:
        decide = _of_symbol(decide, primary)
    return Adapted(decide, takes_slices=True, timeframe=timeframe)


_Decide = Callable[[int, MultiSymbolSlice], Any]


def _deciding(strategy: object, primary: str) -> _Decide | None:
    if isinstance(strategy, Evaluating):
        return strategy.evaluate
    if isinstance(strategy, WithOnData):
        on_data = strategy.on_data
        return lambda _index, slices: actions_of(on_data(slices))
    if isinstance(strategy, WithCheckEntry):
        check_entry = strategy.check_entry

        def decide(_index: int, slices: MultiSymbolSlice) -> list[Any]:
            own = slices[primary]
            return [] if own.index < 0 else actions_of(check_entry(own, index=own.index))

        return decide
    return None


def _of_symbol(decide: _Decide, primary: str) -> _Decide:
    """Let signals that name no symbol mean the strategy's own."""

    def decided(index: int, slices: MultiSymbolSlice) -> list[Any]:
        return [
            dataclasses.replace(item, symbol=primary)
            if isinstance(item, Signal) and item.symbol is None
            else item
            for item in _listed(decide(index, slices))
        ]

    return decided


def _listed(returned: object) -> list[Any]:
    if returned is None:
        return []
    return list(returned) if isinstance(returned, (list, tuple)) else [returned]


def actions_of(returned: object) -> list[Any]:
    """Make signals of what an older strategy returned: nothing, a dict or an action, or a list.

    Raises:
        CallbackFailed: It is something else, or a dict with an unknown key or without a direction.
        ConfigError: A value has the wrong type.

    Example:
        >>> actions_of({"direction": "buy", "sl": 1.09, "scenario": 2})
        [Signal(direction='long', stop_loss=1.09, reason='2', meta={'scenario': 2})]
    """
    return [_action_of(item) for item in _listed(returned)]


def _action_of(item: object) -> Action:
    if isinstance(item, (Signal, Close, Cancel, Modify)):
        return item
    if not isinstance(item, Mapping):
        raise CallbackFailed(
            f"the strategy returned {item!r}, expected None, a dict, a Signal, Close, Cancel or "
            "Modify, or a list of these"
        )
    for key in item:
        if key not in _NAMES:
            raise CallbackFailed(
                f"the strategy returned a signal with {key!r}. {nearest(str(key), _NAMES)}"
            )
    if item.get("direction") is None:
        raise CallbackFailed(f"the strategy returned {dict(item)!r}, which has no direction")
    fields = {_NAMES[key]: given for key, given in item.items() if given is not None}
    scenario = fields.pop("scenario", None)
    if scenario is not None:
        fields.setdefault("reason", str(scenario))
        fields["meta"] = {**fields.get("meta", {}), "scenario": scenario}
    return Signal(**fields)

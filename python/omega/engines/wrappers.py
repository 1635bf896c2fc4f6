"""Attributes of a strategy behind wrappers.

A strategy may be wrapped once or many times, to log, filter or pause it. What the engine needs of
it is found where the wrapped one is a usual attribute; one found elsewhere is named in a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from omega.errors import EngineWarning

WRAPPED = (
    "strategy",
    "wrapped",
    "inner",
    "base",
    "base_strategy",
    "inner_strategy",
    "wrapped_strategy",
    "delegate",
    "target",
    "__wrapped__",
)
"""The attributes, also with an underscore before them, in which a wrapper holds what it wraps."""
_INSIDE = tuple(prefix + name for name in WRAPPED for prefix in ("", "_"))
_DEEPEST = 100
"""So many layers are looked at: an object that has every attribute has no last one."""


def found(strategy: object, name: str) -> Any:  # noqa: ANN401 - any attribute
    """Return an attribute of a strategy or of what it wraps, the outermost first; None without one.

    Example:
        >>> from types import SimpleNamespace as Object
        >>> found(Object(inner=Object(_strategy=Object(primary_symbol="EURUSD"))), "primary_symbol")
        'EURUSD'
    """
    for one in _layers(strategy):
        value = getattr(one, name, None)
        if value is not None:
            return value
    return None


def position_manager_of(strategy: object) -> Any:  # noqa: ANN401 - a manager of any kind
    """Return the position manager of a strategy, behind whatever it is wrapped in.

    Warns:
        EngineWarning: There is none, but an attribute that is no usual one holds an object that
            has one.
    """
    manager = found(strategy, "position_manager")
    if manager is not None:
        return manager
    for layer in _layers(strategy):
        for name, value in _attributes(layer):
            if _is_manager(value) or _is_manager(getattr(value, "position_manager", None)):
                where = name if _is_manager(value) else f"{name}.position_manager"
                warnings.warn(
                    f"{type(layer).__name__}.{where} manages positions and is not called: the "
                    "engine looks for position_manager on the strategy, and on what it wraps as "
                    f"{', '.join(WRAPPED[:4])}. Set strategy.position_manager = strategy.{where}",
                    EngineWarning,
                    stacklevel=4,
                )
    return None


def _layers(strategy: object) -> Iterator[object]:
    """A strategy, then what it wraps, each once."""
    seen: dict[int, object] = {}
    waiting = [strategy]
    while waiting and len(seen) < _DEEPEST:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen[id(one)] = one
        yield one
        for name in _INSIDE:
            value = getattr(one, name, None)
            if value is not None and not isinstance(value, (str, int, float, type)):
                waiting.append(value)


def _attributes(layer: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(layer, "__dict__", {}).items()
    for kind in type(layer).__mro__:
        slots = getattr(kind, "__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(layer, name):
                yield name, getattr(layer, name)


def _is_manager(value: object) -> bool:
    return callable(getattr(value, "manage_positions", None))

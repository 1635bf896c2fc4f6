"""Signals of older strategies: dicts, or objects of the user's own class.

The names of an older signal are those of the dict or attributes; today's names are taken as well.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from typing import Any

from omega.config.values import nearest
from omega.errors import CallbackFailed
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal

_OLD = {"entry": "entry_price", "sl": "stop_loss", "tp": "take_profit"}
"""The names that an older signal has for what is called otherwise now."""
_NOW = tuple(field.name for field in dataclasses.fields(Signal))
_NAMES = {**{name: name for name in _NOW}, **_OLD, "scenario": "scenario"}


class OlderSignal(Signal):
    """A signal that answers to the older names as well: `signal.sl`, `signal["sl"]`.

    It is what an executor of the user's own gets where the strategy gave a dict.

    Example:
        >>> signal = kept_of({"direction": "buy", "sl": 1.09, "scenario": 2})
        >>> signal.sl, signal["sl"], signal.stop_loss, signal.scenario, signal.get("tp")
        (1.09, 1.09, 1.09, 2, None)
    """

    __slots__ = ()

    @property
    def entry(self) -> float | None:
        """The entry price."""
        return self.entry_price

    @property
    def sl(self) -> Any:  # noqa: ANN401 - a price, or a distance from the entry
        """The stop loss."""
        return self.stop_loss

    @property
    def tp(self) -> Any:  # noqa: ANN401 - as above
        """The take profit."""
        return self.take_profit

    @property
    def scenario(self) -> object:
        """Which of the strategy's cases it was."""
        return (self.meta or {}).get("scenario")

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - any field
        if key not in _NAMES:
            raise KeyError(key)
        return getattr(self, key)

    def get(self, key: str, default: object = None) -> Any:  # noqa: ANN401 - as above
        """Return a field by its name, or the default where it has no value."""
        value = getattr(self, key) if key in _NAMES else None
        return default if value is None else value


def action_of(item: object) -> Action | None:
    """Make an action of one thing that an older strategy returned; None where it is no signal.

    Raises:
        CallbackFailed: It is something else, has an unknown key or lacks a direction.
        ConfigError: A value has the wrong type.

    Example:
        >>> action_of({"direction": "buy", "sl": 1.09, "scenario": 2})
        Signal(direction='long', stop_loss=1.09, reason='2', meta={'scenario': 2})
        >>> action_of({"direction": "none"})
    """
    if isinstance(item, (Signal, Close, Cancel, Modify)):
        return item
    return _signal_of(item, Signal)


def kept_of(item: object) -> Any:  # noqa: ANN401 - an action, or an object of the user's own
    """Return what an executor of the user's own gets: actions and objects as they are.

    Raises:
        CallbackFailed: As of `action_of`.
    """
    if isinstance(item, (Signal, Close, Cancel, Modify)):
        return item
    if isinstance(item, Mapping):
        return _signal_of(item, OlderSignal)
    return None if _direction(item) == "none" else item


def _signal_of(item: object, kind: type[Signal]) -> Signal | None:
    direction = _direction(item)
    if direction == "none":
        return None
    fields = {**_fields(item), "direction": direction}
    scenario = fields.pop("scenario", None)
    if scenario is not None:
        fields.setdefault("reason", scenario)
        fields["meta"] = {**fields.get("meta", {}), "scenario": scenario}
    if "type" in fields:
        fields["type"] = _word(fields["type"])
    if "reason" in fields:
        fields["reason"] = str(_word_of(fields["reason"]))
    if "tags" in fields:
        fields["tags"] = _tags(fields["tags"])
    return kind(**fields)


def _direction(item: object) -> object:
    """Return the direction in small letters; an enumeration counts by its word."""
    is_dict = isinstance(item, Mapping)
    if not is_dict and not hasattr(item, "direction"):
        raise CallbackFailed(
            f"the strategy returned {item!r}, expected None, a dict, an object with a direction, "
            "a Signal, Close, Cancel or Modify, or a list of these"
        )
    given = item.get("direction") if isinstance(item, Mapping) else getattr(item, "direction", None)
    if given is None:
        shown = dict(item) if isinstance(item, Mapping) else item
        raise CallbackFailed(f"the strategy returned {shown!r}, which has no direction")
    return _word(given)


def _fields(item: object) -> dict[str, Any]:
    """Return the fields of a signal, by today's names."""
    if isinstance(item, Mapping):
        given = dict(item)
        for key in given:
            if key not in _NAMES:
                raise CallbackFailed(
                    f"the strategy returned a signal with {key!r}. {nearest(str(key), _NAMES)}"
                )
    else:
        given = {name: getattr(item, name, None) for name in _NAMES}
    fields: dict[str, Any] = {}
    for key, value in given.items():
        name = _NAMES[key]
        if value is None or callable(value):
            continue
        if name in fields and fields[name] != value:
            raise CallbackFailed(
                f"the strategy returned {item!r}, which has two values of {name}: "
                f"{fields[name]!r} and {value!r}"
            )
        fields[name] = value
    return fields


def _word_of(given: object) -> object:
    if isinstance(given, enum.Enum):
        return given.value if isinstance(given.value, str) else given.name
    return given


def _word(given: object) -> object:
    word = _word_of(given)
    return word.lower() if isinstance(word, str) else word


def _tags(given: object) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        return (str(given),)
    return tuple(map(str, given))

"""The key of a run: the parts that it is made of, and which of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from omega.contract import AnyForm, ArrowLike
from omega.errors import ConfigError
from omega.keys.tables import data_identity
from omega.keys.values import fields_of, is_plain_value, state_of
from omega.keys.walk import Parts, Walk
from omega.strategy.base import Strategy

Part: TypeAlias = "str | Parts | None"
"""A hash, or hashes by the names of what they are of."""

Value: TypeAlias = Any
"""A value of a setting, or of a part of one."""

_SHOWN = 4
_TABLES = ("conversion", "timeframes", "magnifier")
"""Settings in which a path means the candles in that file."""


def key_of(
    data: ArrowLike,
    strategy: AnyForm,
    settings: Mapping[str, Any],
    *,
    version: str | None = None,
    **further: Mapping[str, Any],
) -> dict[str, Part]:
    """Return the key of a run, or of what runs have in common: all that their results depend on.

    Code is followed by content, from the strategy to whatever it reaches: base classes, helpers,
    globals, variables of functions around it, defaults, attributes. What is installed counts by its
    version. The parts are the same in another process and on another day.

    Args:
        data: The candles, or None.
        strategy: A strategy of any form.
        settings: Settings of `run_backtest`.
        version: What stands for all code, and for what has no content to compare.
        further: More that the result depends on, by name.

    Raises:
        ConfigError: Something has no content that could be compared, and there is no version.

    Example:
        >>> import omega
        >>> native = omega.native("sma_cross")
        >>> one, other = (key_of(None, native, {"cash": cash}) for cash in (1.0, 2.0))
        >>> differing(one, other)
        ['settings: cash']
    """
    walk = Walk(require_version(version))
    parts: dict[str, Part] = {
        "data": None if data is None else data_identity(data),
        "version": version,
        "strategy": walk.section("strategy", _of_strategy(strategy)),
        "settings": walk.section("settings", _of_settings(settings)),
    }
    return parts | {
        name: walk.section(name, _of_settings(values)) for name, values in further.items()
    }


def require_version(given: object) -> str | None:
    """Check the text that stands for code.

    Raises:
        ConfigError: It is no text.
    """
    if given is not None and not (isinstance(given, str) and given):
        raise ConfigError(f"version: given {given!r}, expected a text that is not empty, or None")
    return given


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name what differs between two keys, worst first: parts that changed, then others.

    Example:
        >>> differing({"data": "a", "seed": 1}, {"data": "b", "seed": 1})
        ['data']
    """
    return [words for name in now for words in _differing(name, before.get(name), now[name])]


def _differing(name: str, before: object, now: object) -> list[str]:
    if before == now:
        return []
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return [name]
    changed = [label for label in now if label in before and before[label] != now[label]]
    changed += [f"{label} (new)" for label in now if label not in before]
    changed += [f"{label} (gone)" for label in before if label not in now]
    shown = [f"{name}: {label}" for label in changed[:_SHOWN]]
    more = len(changed) - _SHOWN
    return [*shown, f"{more} more of {name}"] if more > 0 else shown


def _of_strategy(strategy: AnyForm) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a strategy: of an instance its class, and each of its attributes."""
    if not isinstance(strategy, Strategy):
        yield "what it is", strategy
        return
    yield "what it is", type(strategy)
    for name, value in sorted(state_of(strategy).items()):
        yield f"its attribute {name}", value


def _of_settings(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        yield from _of_setting(name, value, is_table=name in _TABLES)


def _of_setting(name: str, value: Value, *, is_table: bool) -> Iterator[tuple[str, Value]]:
    """Yield the fields of a setting, each by its name; of a path to candles the candles."""
    if is_plain_value(value):
        yield name, type(value)
        for field, own in fields_of(value).items():
            yield from _of_setting(f"{name}.{field}", own, is_table=field in _TABLES)
    elif type(value) is dict and all(isinstance(one, str) for one in value):
        yield name, list(value)
        for key, own in value.items():
            yield from _of_setting(f"{name}[{key!r}]", own, is_table=is_table)
    elif is_table and isinstance(value, (str, Path)) and Path(value).exists():
        yield name, data_identity(value)
    else:
        yield name, value

"""Labels for grid values that a table cannot hold, such as instances and functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omega.errors import ConfigError
from omega.sweeps.space import Value

_PLAIN = (bool, int, float, str, type(None))
_LONGEST = 60

Named = dict[str, dict[Any, Any]]


def labelled(grid: Any) -> tuple[Any, Named]:  # noqa: ANN401 - as sweep
    """Return a grid of names, and the values by parameter and name.

    Raises:
        ConfigError: Two values of a parameter have one name.

    Example:
        >>> from omega import Costs
        >>> labelled({"costs": {"none": Costs()}, "fast": [5]})
        ({'costs': ['none'], 'fast': [5]}, {'costs': {'none': Costs()}})
    """
    named: Named = {}
    if isinstance(grid, Mapping):
        return {name: _values(name, values, named) for name, values in grid.items()}, named
    if isinstance(grid, Sequence) and not isinstance(grid, str):
        runs = [
            {name: _one(name, value, named) for name, value in run.items()}
            if isinstance(run, Mapping)
            else run
            for run in grid
        ]
        return runs, named
    return grid, named


def _values(name: str, values: Value, named: Named) -> Value:
    if isinstance(values, Mapping):
        named[name] = dict(values)
        return list(values)
    if not isinstance(values, (list, tuple)) or all(type(value) in _PLAIN for value in values):
        return values
    return [_one(name, value, named) for value in values]


def _one(name: str, value: Value, named: Named) -> Value:
    """Return a plain value as it is, and the name of another one."""
    if type(value) in _PLAIN or hasattr(value, "item"):
        if name in named:
            named[name][value] = value
        return value
    label = str(value) if isinstance(value, tuple) else _shortened(repr(value))
    known = named.setdefault(name, {})
    if label in known and known[label] is not value and known[label] != value:
        raise ConfigError(
            f"grid: two values of {name!r} are both called {label!r}; name them: "
            f"{{{name!r}: {{'first': ..., 'second': ...}}}}"
        )
    known[label] = value
    return label


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"

"""Strategies by name, `file.py:Name` or `native:name`, as `omega.run_backtest` takes them."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import omega
from omega.cli._shared import Misunderstood
from omega.config.values import closest
from omega.contract import AnyForm
from omega.sweeps.spec import is_on_bar, strategy_with

_EXPECTED = "expected a file and a name, such as strategy.py:Name, or native:sma_cross"


def strategy_of(where: str, parameters: Mapping[str, object]) -> AnyForm:
    """Make the strategy: a class is called with the parameters, and so is a function of them.

    Raises:
        Misunderstood: There is no such file or name, or it takes no parameters.
    """
    found = found_at(where)
    if isinstance(found, str):
        numbers: dict[str, Any] = dict(parameters)
        return omega.native(found, **numbers)
    if inspect.isclass(found):
        return found(**parameters)
    is_made = isinstance(found, omega.Weights) or (callable(found) and not is_on_bar(found))
    if parameters and is_made:
        return strategy_with(found, dict(parameters))
    if parameters:
        name = where.rpartition(":")[2]
        raise Misunderstood(
            f"parameters go to a class, or a function that makes a strategy, and {name} is "
            f"{_kind(found)}: {', '.join(map(str, parameters))} cannot be set"
        )
    return found


def found_at(where: str) -> Any:  # noqa: ANN401 - a class, a function, a value, or a native name
    """Return what stands at `file.py:Name`, or the name of a strategy of the core.

    Raises:
        Misunderstood: There is no such file or name.
    """
    file, colon, name = where.rpartition(":")
    if file == "native":
        return name
    if not colon or not file or not name:
        hint = ""
        if where.endswith(".py") and Path(where).is_file():
            hint = f". {where} has {_listed(_public(_module(Path(where))))}"
        raise Misunderstood(f"STRATEGY: given {where!r}, {_EXPECTED}{hint}")
    module = _module(Path(file))
    if not hasattr(module, name):
        defined = _public(module)
        near = closest(name, defined)
        hint = f". Did you mean {near!r}?" if near else ""
        raise Misunderstood(
            f"STRATEGY: {Path(file).name} has no {name!r}; it has {_listed(defined)}{hint}"
        )
    return getattr(module, name)


def parameters_of(texts: Iterable[str], option: str = "--param") -> dict[str, object]:
    """Split each `name=value`; a value that is no Python literal is text.

    Raises:
        Misunderstood: There is no name, or no value.
    """
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise Misunderstood(f"{option}: given {text!r}, expected NAME=VALUE, such as fast=20")
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


def _module(path: Path) -> Any:  # noqa: ANN401 - a module with any names
    import cloudpickle  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; slow to import

    if not path.is_file():
        near = ""
        if path.parent.is_dir():
            scripts = sorted(other.name for other in path.parent.glob("*.py"))
            known = closest(path.name, scripts)
            near = f". Did you mean {str(path.parent / known)!r}?" if known else ""
        raise Misunderstood(f"STRATEGY: there is no file {str(path)!r}{near}")
    module_name = f"strategy_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise Misunderstood(f"STRATEGY: {str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    with contextlib.redirect_stdout(sys.stderr):  # what a script prints is none of our answers
        spec.loader.exec_module(module)
    # Processes of a sweep cannot import it by this name, so that what it defines is sent by value.
    cloudpickle.register_pickle_by_value(module)
    return module


def _public(module: Any) -> list[str]:  # noqa: ANN401 - as above
    """Name what the file itself defines."""
    return [
        name
        for name, item in vars(module).items()
        if name[0] != "_"
        and (isinstance(item, omega.Signals) or getattr(item, "__module__", "") == module.__name__)
    ]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _kind(found: object) -> str:
    return "a function" if inspect.isfunction(found) else f"a {type(found).__name__}"

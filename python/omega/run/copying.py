"""The copy of a strategy that a run works on, so that runs share nothing (rule D4)."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import GeneratorType, ModuleType, NoneType
from typing import Any

import numpy as np

from omega.data.dataset import Dataset
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.libraries import text_of
from omega.strategy.account import AccountView
from omega.strategy.arguments import OnTheCopy, is_of_engine
from omega.strategy.base import Strategy
from omega.strategy.ensemble import Ensemble
from omega.strategy.native import Native
from omega.strategy.schedule import Schedule
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights

_LIBRARIES = frozenset({"polars", "pyarrow", "pandas", "duckdb", "_duckdb"})
_ENGINE = ("omega._core", "omega.reference.", "omega.run.")
"""Views of a run that is over go on showing it; what is behind them is not the strategy's."""
_NOT_OF_THE_USER = frozenset({"builtins", "abc", "typing"})
_ENDS = (type, GeneratorType, str, bytes, int, float, complex)
"""What holds nothing that could be shared, or is a part of no strategy."""

_VALUES = frozenset({int, float, str, bool, NoneType})
"""What cannot change."""

_HEAP = 1 << 9
"""The flag of classes that are written in Python: `object.__new__` makes their instances."""

Memo = dict[int, Any]


def copied(strategy: Any, manager: Any) -> tuple[Any, Any]:  # noqa: ANN401 - of any form
    """Copy a strategy and the position manager beside it, without their `__init__`.

    What both, or several members of an ensemble, hold in common they go on sharing.

    Args:
        strategy: As `strategy_of` gives it; functions, signal columns and strategies of the core
            are given back.
        manager: As `run_backtest` takes it.

    Raises:
        ConfigError: Something cannot be copied; the attribute is named.

    Example:
        >>> class Kept(Strategy):
        ...     def __init__(self):
        ...         self.seen = []
        >>> given = Kept()
        >>> made, _ = copied(given, None)
        >>> made.seen == given.seen, made.seen is given.seen
        (True, False)
    """
    memo: Memo = {}
    members = _members(strategy)
    distinct = list({id(one): one for one in members if is_copied(one)}.values())
    for one in distinct:
        if not _copies_itself(one):
            make = AccountView if isinstance(one, Strategy) else object
            memo[id(one)] = make.__new__(type(one))  # so that members may know each other
    for one in distinct:
        memo[id(one)] = _filled(one, memo)
    made = [memo.get(id(one), one) for one in members]
    for place, one in enumerate(members):
        if any(one is before for before in members[:place]):
            made[place], _ = copied(one, None)  # one object given twice is two
    if isinstance(strategy, Ensemble):
        result: Any = Ensemble(dict(zip(strategy.strategies, made, strict=True)))
    elif isinstance(strategy, Schedule):
        result = strategy.of(made)
    else:
        (result,) = made
    return result, _copy(manager, memo, "position_manager")


def _members(strategy: Any) -> list[Any]:  # noqa: ANN401 - of any form
    if isinstance(strategy, Ensemble):
        return list(strategy.strategies.values())
    return list(strategy.strategies) if isinstance(strategy, Schedule) else [strategy]


def note_on_given(given: object, ran: object) -> None:
    """Let the object that was given refer to the copy for what only the copy has."""
    if isinstance(given, Mapping) and isinstance(ran, Ensemble):
        for one, copy_of_it in zip(given.values(), ran.strategies.values(), strict=True):
            note_on_given(one, copy_of_it)
    elif isinstance(given, Sequence) and isinstance(ran, Ensemble):
        for one, copy_of_it in zip(given, ran.strategies.values(), strict=True):
            note_on_given(one, copy_of_it)
    elif isinstance(given, Strategy) and type(given) is type(ran):
        for name in vars(ran).keys() - vars(given).keys():
            if not name.startswith("_"):
                object.__setattr__(given, name, OnTheCopy(type(given).__name__, name))


def is_copied(strategy: object) -> bool:
    """Return whether a run works on a copy: of objects with state of their own.

    Functions, methods and partials are not copied, and neither is what they refer to.
    """
    if isinstance(strategy, Strategy):
        return True
    function = inspect.isroutine(strategy) or hasattr(strategy, "__wrapped__")
    plain = (Signals, Native, Weights, functools.partial, type, NoneType)
    return not (function or isinstance(strategy, plain))


def holds_values(kind: type[Strategy]) -> bool:
    """Return whether nothing that a class holds, and none of its instances shares, can change.

    Example:
        >>> holds_values(Strategy)
        True
    """
    plain = kind.__new__ is Strategy.__new__ and not _copies_itself(kind.__new__(kind))
    return plain and all(type(value) in _VALUES for _, value in _of_classes(kind))


def has_values(one: Strategy) -> bool:
    """Return whether nothing that a strategy itself holds can change.

    Where that holds of its class too, a copy of one that nobody else has would be no other.

    Example:
        >>> class Kept(Strategy):
        ...     def __init__(self):
        ...         self.seen = []
        >>> has_values(Kept()), has_values(Strategy())
        (False, True)
    """
    return all(type(value) in _VALUES for _, value in _state(one))


def _copies_itself(one: object) -> bool:
    """Return whether its class states how it is copied or pickled."""
    kind = type(one)
    plain = all(base.__flags__ & _HEAP for base in kind.__mro__[:-1])
    if hasattr(kind, "__deepcopy__") or not plain:
        return True
    base = Strategy if isinstance(one, Strategy) else object
    names = ("__getstate__", "__reduce__", "__reduce_ex__")
    own = any(getattr(kind, name) is not getattr(base, name) for name in names)
    return own or hasattr(kind, "__setstate__")


def _filled(one: Any, memo: Memo) -> Any:  # noqa: ANN401 - an object of the user's
    """Copy the attributes of an object, and those of its classes that can change."""
    kind = type(one)
    if _copies_itself(one):
        made = _copy(one, memo, kind.__name__)
        own_names = set(getattr(made, "__dict__", ()))
    else:
        # Its `__dict__` is not looked at: from then on its attributes would be read through it,
        # which takes three times as long.
        made = memo[id(one)]
        own_names = set()
        for name, value in _state(one):
            object.__setattr__(made, name, _copy(value, memo, f"{kind.__name__}.{name}"))
            own_names.add(name)
    for name, value in _of_classes(kind):
        if name in own_names or not kind.__dictoffset__:
            continue
        own = _copy(value, memo, f"{kind.__name__}.{name}")
        if own is not value:
            object.__setattr__(made, name, own)
    return made


def _state(one: object) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an instance, those in slots too, but for its tie to a run."""
    state = object.__getstate__(one)
    several = state if isinstance(state, tuple) else (state,)
    is_tied = isinstance(one, Strategy)
    for part in several:
        # A dict of its own at once: a run in another thread may note what it made.
        for name, value in dict(part or {}).items():
            tie = is_tied and name.startswith("_") and hasattr(Strategy, name)
            if not tie and not isinstance(value, OnTheCopy):
                yield name, value


def _of_classes(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the class attributes of the user's own classes that hold values."""
    seen: set[str] = set()
    for base in kind.__mro__:
        module = base.__module__
        if module.partition(".")[0] in _NOT_OF_THE_USER or is_of_engine(module):
            continue
        for name, value in vars(base).items():
            hidden = name.startswith("__") or name == "_abc_impl" or hasattr(type(value), "__get__")
            if not hidden and name not in seen:
                yield name, value
            seen.add(name)


def _copy(value: Any, memo: Memo, name: str) -> Any:  # noqa: ANN401 - anything
    """Copy a value, but for what is shared."""
    if type(value) in _VALUES:
        return value
    _share(value, memo)
    try:
        return copy.deepcopy(value, memo)
    except Exception as error:
        raise ConfigError(
            f"{name}: a run works on a copy of the strategy (rule D4), and this attribute, a "
            f"{type(value).__name__}, cannot be copied: {text_of(error)}. Make it in init(), which "
            "runs on the copy, or define __deepcopy__"
        ) from error


def _share(value: object, memo: Memo) -> None:
    """Note whatever a copy shares with its original, wherever it is held."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _ENDS) or inspect.isroutine(one):
            if inspect.ismethod(one):
                waiting.append(one.__self__)
            continue
        seen.add(id(one))
        if _is_shared(one):
            memo.setdefault(id(one), one)
        elif id(one) not in memo:
            waiting.extend(gc.get_referents(one))


def _is_shared(one: object) -> bool:
    if isinstance(one, np.ndarray):
        return not one.flags.writeable
    if isinstance(one, (ModuleType, np.generic, CandleStore, Dataset)):
        return True
    kind = type(one)
    module = kind.__module__ or ""
    if module.partition(".")[0] in _LIBRARIES or f"{module}.".startswith(_ENGINE):
        return True
    return hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")

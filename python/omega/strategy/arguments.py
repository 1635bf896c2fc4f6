"""The parameters of a strategy, and what its given object shows of the copy that ran."""

from __future__ import annotations

import difflib
import functools
import weakref
from types import GetSetDescriptorType
from typing import Any, TypeVar

from omega.config.values import plain, shown
from omega.errors import ConfigError, RanOnCopy


def checked_parameter(strategy: str, name: str, given: object, default: object) -> object:
    """Refuse a parameter of another type than its default's; whole numbers pass for floats."""
    given, wanted = plain(given), type(default)
    is_truth = isinstance(given, bool)
    if default is None or (isinstance(given, wanted) and (not is_truth or wanted is not int)):
        return given
    if wanted is float and isinstance(given, int) and not is_truth:
        return float(given)
    raise ConfigError(
        f"{strategy}.{name}: given {shown(given)} ({type(given).__name__}), expected "
        f"{wanted.__name__}"
    )


def unknown_parameter(strategy: type, name: str, known: list[str]) -> str:
    """Return the error of an unknown parameter: a missing annotation, or the nearest known one."""
    own = strategy.__name__
    default = plain(getattr(strategy, name, None)) if not name.startswith("_") else None
    if type(default) in (bool, int, float, str):
        return (
            f"{own}.{name} = {default!r} is no parameter, as it has no annotation; write "
            f"{name}: {type(default).__name__} = {default!r} in the class"
        )
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{own} has no parameter {name!r}; it has {', '.join(known) or 'none'}.{hint}"


_Made = TypeVar("_Made")
_PROPERTIES = (property, classmethod, staticmethod, GetSetDescriptorType)
_free: weakref.WeakKeyDictionary[type, set[str]] = weakref.WeakKeyDictionary()
"""By class the names of parameters that are no method's: each run of a sweep has them again."""


@functools.lru_cache(maxsize=4096)
def is_of_engine(module: str) -> bool:
    """Return whether a module is part of the engine; the examples are written as a user writes.

    Example:
        >>> is_of_engine("omega.strategy.base"), is_of_engine("omega.examples.pairs")
        (True, False)
    """
    return module.startswith("omega.") and not module.startswith("omega.examples.")


def refuse_method_name(strategy: type, base: type, name: str) -> None:
    """Refuse a parameter that takes the place of a method.

    Raises:
        ConfigError: A class above the one that declares it has a method or property of that name.
    """
    free = _free.setdefault(base, set())
    if name in free:
        return
    for above in base.__mro__[1:]:
        taken = vars(above).get(name)
        if taken is not None and (callable(taken) or isinstance(taken, _PROPERTIES)):
            owner = "Strategy" if is_of_engine(above.__module__) else above.__name__
            raise ConfigError(
                f"{strategy.__name__}.{name}: a parameter is named like the method "
                f"{owner}.{name}, which it would replace; give it another name"
            )
    free.add(name)


def instance_of(kind: type[_Made]) -> _Made:
    """Return an instance of a class that was given in place of one.

    Raises:
        ConfigError: Its constructor needs arguments.
    """
    try:
        return kind()
    except TypeError as problem:
        if problem.__traceback__ is None or problem.__traceback__.tb_next is not None:
            raise  # it is of the constructor's own code
        raise ConfigError(
            f"strategy: given the class {kind.__name__}, whose constructor needs arguments "
            f"({problem}), expected one without. Give an instance, as {kind.__name__}(...)"
        ) from None


class OnTheCopy:
    """What a run made of a strategy that was given to it, on whose copy alone it is (rule D4).

    An attribute that raises and not a `__getattr__` of the class, which would make every attribute
    that a strategy reads four times as slow.
    """

    def __init__(self, strategy: str, name: str) -> None:
        object.__setattr__(self, "words", (strategy, name))

    def __getattribute__(self, used: str) -> Any:  # noqa: ANN401 - never returns
        if used.startswith("__"):  # what copies and prints objects
            return object.__getattribute__(self, used)
        strategy, name = object.__getattribute__(self, "words")
        raise RanOnCopy(
            f"{strategy}.{name}: a run works on a copy of the strategy (rule D4), and only the "
            f"copy has {name!r}. Read result.strategy.{name}, or of several strategies "
            f"result.strategy.strategies[label].{name}"
        )

    def _raise(self, *_given: object) -> Any:  # noqa: ANN401 - never returns
        return self.value

    __call__ = __getitem__ = __iter__ = __len__ = __bool__ = __contains__ = _raise
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __float__ = __int__ = _raise
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _raise
    __hash__ = __repr__ = __str__ = __setattr__ = __setitem__ = _raise

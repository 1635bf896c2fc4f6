"""Hashes of values: the same in every process, on every day.

What is equal and may act in another way is not the same: 1, 1.0 and True, 0.0 and -0.0, a list and
a tuple, the order of a dict. All NaN are one; sets have no order.
"""

from __future__ import annotations

import copyreg
import dataclasses
import enum
import functools
import hashlib
import inspect
import json
import os
import pickle
import random
import struct
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from omega.data.columns import Candles
from omega.data.dataset import Dataset
from omega.keys.installed import OMEGA, PYTHON, distribution, module_name
from omega.keys.tables import table_identity
from omega.strategy.arguments import OnTheCopy
from omega.strategy.base import Strategy
from omega.strategy.conditions import Condition
from omega.strategy.operands import is_indicator

_SCALARS = (bool, int, float, complex, str, bytes, type(None), type(...), type(NotImplemented))
_DESCRIBED = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
_TYPES = (types.GenericAlias, types.UnionType, typing.TypeVar, typing.ParamSpec)
_HIDDEN = (os.environ, random._inst, np.random.mtrand._rand)  # noqa: SLF001 - without names
"""What a process has once and begins with as it may: its environment, and global random numbers."""
_PYTHON_IN_POLARS = b"PLPYFN"


class Refers(Protocol):
    """Gives names to what has a part of its own: see `omega.keys.walk.Walk`."""

    version: str | None

    def function(self, given: types.FunctionType) -> str:
        """Name a function of the user's."""

    def kind(self, given: type) -> str:
        """Name a class of the user's."""

    def module(self, given: types.ModuleType) -> str:
        """Name a module of the user's."""

    def keep(self, value: object) -> int:
        """Return an identity that stays."""

    def note_version(self, named: str) -> None:
        """Count the version of a distribution."""

    def refuse(self, label: str, why: str) -> None:
        """Refuse what cannot be compared."""


class Writer:
    """Writes the content of one part.

    Attributes:
        label: The name of the part.
    """

    def __init__(self, walk: Refers, label: str, seen: Mapping[int, int] | None = None) -> None:
        self.label = label
        self._walk, self._hash = walk, hashlib.sha256()
        self._seen = dict(seen or {})

    def digest(self) -> str:
        """Return the hash of what was written."""
        return self._hash.hexdigest()[:32]

    def put(self, kind: str, content: str | bytes = b"") -> None:
        """Write one thing; its length stands before it, so that no two read the same."""
        given = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        self._hash.update(f"{kind}:{len(given)}:".encode("utf-8", "surrogatepass") + given)

    def installed(self, named: str, name: str) -> None:
        """Write the name of what is installed; its version counts for all of it."""
        self.put("installed", name)
        if named not in (OMEGA, PYTHON):
            self._walk.note_version(named)

    def value(self, value: Any) -> None:  # noqa: ANN401 - anything
        """Write a value.

        Raises:
            ConfigError: It has no content that could be compared.
        """
        is_written = (
            self._scalar(value) or self._code(value) or self._table(value) or self._container(value)
        )
        if not is_written:
            self._object(value)

    def attributes(self, given: Mapping[str, Any]) -> None:
        """Write attributes, which have no order."""
        self.put("attributes", str(len(given)))
        for name, value in sorted(given.items()):
            self.put("name", name)
            self.value(value)

    # --- plain values ----------------------------------------------------------------------------

    def _scalar(self, value: Any) -> bool:  # noqa: ANN401 - as above
        kind = type(value)
        if kind is float:
            self.put("float", _float(value))
        elif kind is complex:
            self.put("complex", _float(value.real) + _float(value.imag))
        elif kind is int:
            self.put("int", hex(value))  # in decimals its digits have a limit
        elif kind in _SCALARS:
            self.put(kind.__name__, value if kind in (str, bytes) else repr(value))
        elif isinstance(value, np.generic) and value.dtype.kind != "O":
            self.put(f"numpy {value.dtype.str}", value.tobytes())
        elif isinstance(value, ZoneInfo) and value.key:
            self.put("zone", value.key)
        elif isinstance(value, _TYPES) or type(value).__module__ == "typing":
            self.put("type", repr(value))
        else:
            return False
        return True

    def _table(self, value: Any) -> bool:  # noqa: ANN401 - as above
        if isinstance(value, pl.Expr):
            self._expression(value)
            return True
        if type(value) in (np.ndarray, np.memmap):
            self._array(value)
            return True
        found = table_identity(value)
        if found is not None:
            self.put(f"table {type(value).__name__}", found)
        return found is not None

    def _array(self, value: np.ndarray[Any, Any]) -> None:
        self.put("array", f"{value.dtype.descr} {value.shape}")
        if value.dtype.hasobject:
            self.value(value.tolist())
        else:
            self.put("values", value.tobytes())

    def _expression(self, value: pl.Expr) -> None:
        """Write an expression; functions in it by their content, as pickles differ."""
        try:
            written = value.meta.serialize()
            if _PYTHON_IN_POLARS not in written:
                self.put("expression", written)
                return
            plain, functions = _taken_out(json.loads(value.meta.serialize(format="json")))
        except Exception as error:  # noqa: BLE001 - Polars raises what it likes
            self._refuse(value, f" ({error})")
            return
        self.put("expression", json.dumps(plain))
        self.value(functions)

    def _container(self, value: Any) -> bool:  # noqa: ANN401 - as above
        kind = type(value)
        if kind is tuple:
            self._list("tuple", value)
        elif isinstance(value, (set, frozenset)):
            self._set(value)
        elif kind not in (list, dict, types.MappingProxyType, bytearray):
            return False
        elif self._is_new(value):
            if kind is list:
                self._list("list", value)
            elif kind is bytearray:
                self.put("bytearray", bytes(value))
            else:
                self._list("dict", [part for pair in value.items() for part in pair])
        return True

    def _is_new(self, value: object) -> bool:
        """Note what can change, which may be shared; where it was met before, only that counts."""
        key = self._walk.keep(value)
        if key in self._seen:
            self.put("again", str(self._seen[key]))
            return False
        self._seen[key] = len(self._seen)
        return True

    def _list(self, kind: str, values: Iterable[Any]) -> None:
        several = list(values)
        self.put(kind, str(len(several)))
        for one in several:
            self.value(one)

    def _set(self, value: Any) -> None:  # noqa: ANN401 - a set
        if not self._is_new(value):
            return
        digests = []
        for one in value:
            apart = Writer(self._walk, self.label, self._seen)
            apart.value(one)
            digests.append(apart.digest())
        self.value(type(value))
        self._list("set", sorted(digests))
        self.attributes(getattr(value, "__dict__", {}))

    # --- code ------------------------------------------------------------------------------------

    def code(self, given: types.CodeType) -> None:
        """Write compiled code without the lines and the file that it was read from."""
        self.put("code", given.co_code)
        self.put("raises", given.co_exceptiontable)
        counts = (given.co_argcount, given.co_posonlyargcount, given.co_kwonlyargcount)
        self.put("counts", repr((*counts, given.co_flags)))
        names = (given.co_names, given.co_varnames, given.co_freevars, given.co_cellvars)
        self.put("names", repr(names))
        for one in given.co_consts:
            self.value(one)

    def _code(self, value: Any) -> bool:  # noqa: ANN401 - as above
        if isinstance(value, types.CodeType):
            self.code(value)
        elif isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, types.ModuleType):
            self._module(value)
        elif isinstance(value, types.MethodType):
            if not self._of_hidden(value):
                self._list("method", (value.__func__, value.__self__))
        elif inspect.isbuiltin(value) or isinstance(value, types.MethodWrapperType):
            self._builtin(value)
        elif isinstance(value, _DESCRIBED):
            self.put("descriptor", value.__name__)
            self._class(value.__objclass__)
        else:
            return self._wrapper(value)
        return True

    def _wrapper(self, value: Any) -> bool:  # noqa: ANN401 - as above
        """Write what holds a function and nothing else that counts."""
        if isinstance(value, property):
            self._list("property", (value.fget, value.fset, value.fdel))
        elif isinstance(value, (classmethod, staticmethod)):
            self._list(type(value).__name__, (value.__func__,))
        elif isinstance(value, functools.cached_property):
            self._list("cached_property", (value.func,))
        elif type(value) is functools.partial:
            self._list("partial", (value.func, value.args, value.keywords, vars(value)))
        elif isinstance(value, functools._lru_cache_wrapper):  # noqa: SLF001 - it has no other name
            self._list("cached", (value.__wrapped__, value.cache_parameters()))
        elif type(value).__module__.startswith("numba.") and hasattr(value, "py_func"):
            self._list("compiled", (value.py_func, repr(value.targetoptions)))
        else:
            return False
        return True

    def _function(self, value: types.FunctionType) -> None:
        module = str(value.__globals__.get("__name__"))
        named = distribution(module)
        if named is not None:
            shown = value.__module__ or module  # of a wrapper that of what it wraps
            if distribution(shown) and is_importable(value, shown, value.__qualname__):
                self.installed(named, f"{shown}.{value.__qualname__}")
                return
            self.installed(named, module)
            if module == "functools" and hasattr(value, "registry"):  # its caches fill as it runs
                self._list("dispatching", (value.registry,))
                return
        self.put("function", self._walk.function(value))

    def _class(self, value: type) -> None:
        named = distribution(value.__module__)
        if named is not None and is_importable(value, value.__module__, value.__qualname__):
            self.installed(named, f"{value.__module__}.{value.__qualname__}")
        elif value.__module__ == "builtins":  # those without a name there, as that of functions
            self.put("installed", f"builtins.{value.__qualname__}")
        else:
            self.put("class", self._walk.kind(value))

    def _module(self, value: types.ModuleType) -> None:
        named = distribution(value.__name__)
        if named is not None:
            self.installed(named, value.__name__)
        else:
            self.put("module", self._walk.module(value))

    def _builtin(self, value: Any) -> None:  # noqa: ANN401 - a function in C
        owner = value.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            module = value.__module__ or ""
            named = distribution(module)
            if named is not None and is_importable(value, module, value.__qualname__):
                self.installed(named, f"{module}.{value.__qualname__}")
            else:
                self._refuse(value)
            return
        if not self._of_hidden(value):
            self.put("method", value.__name__)
            self.value(owner)

    def _of_hidden(self, value: Any) -> bool:  # noqa: ANN401 - a method
        """Write a method that a module has as a function, such as `random.random`, by that name."""
        module, name = type(value.__self__).__module__, value.__name__
        named = distribution(module)
        if named is None or getattr(sys.modules.get(module), name, None) != value:
            return False
        self.installed(named, f"{module}.{name}")
        return True

    # --- objects ---------------------------------------------------------------------------------

    def _object(self, value: Any) -> None:  # noqa: ANN401 - anything else
        if isinstance(value, Condition) or (_is_of_omega(value) and is_indicator(value)):
            self.put("of a run that is over", type(value).__name__)
        elif any(value is one for one in _HIDDEN):
            self.put("of the process", type(value).__qualname__)
        elif not _is_value(value) and not self._is_new(value):
            return
        elif isinstance(value, Strategy):
            self.value(type(value))
            self.attributes(state_of(value))
        elif _is_of_omega(value) and dataclasses.is_dataclass(value):
            self.value(type(value))
            self.attributes(fields_of(value))
        elif type(value).__module__.startswith("optuna.") and hasattr(value, "study_name"):
            self.put("study", str(value.study_name))
        else:
            self._reduced(value)

    def _reduced(self, value: Any) -> None:  # noqa: ANN401 - as above
        """Write an object as it would be pickled."""
        try:
            reducer = copyreg.dispatch_table.get(type(value))
            made: Any = reducer(value) if reducer else value.__reduce_ex__(4)
        except Exception as error:  # noqa: BLE001 - whatever shows that it cannot be
            self._refuse(value, f" ({error})")
            return
        if isinstance(made, str):
            module = getattr(value, "__module__", None) or type(value).__module__
            named = distribution(module)
            if not is_importable(value, module, made) or named is None:
                module = module.partition(".")[0]
                named = distribution(module)
            if named is None or not is_importable(value, module, made):
                self._refuse(value)
                return
            self.installed(named, f"{module}.{made}")
            return
        function, arguments, state, items, pairs = (*tuple(made), None, None, None)[:5]
        self.put("object")
        self.value(function)
        self.value(arguments)
        for part in state if _is_of_slots(state) else (state,):
            if isinstance(part, dict) and all(isinstance(name, str) for name in part):
                self.attributes(_without_caches(value, part))
            else:
                self.value(part)
        self._list("items", items or ())
        self._list("pairs", pairs or ())

    def _refuse(self, value: object, why: str = "") -> None:
        kind = type(value)
        if self._walk.version is not None:
            self.put("stands", f"{kind.__module__}.{kind.__qualname__}")
            return
        name = getattr(value, "__qualname__", None)
        shown = f"{name}, a {kind.__qualname__}" if isinstance(name, str) else f"a {kind.__name__}"
        self._walk.refuse(self.label, f"holds {shown}, which has no content to compare{why}")


def state_of(strategy: Strategy) -> dict[str, Any]:
    """Return the parameters and attributes of a strategy but for what ties it to a run."""
    kind = type(strategy)
    own = strategy.__getstate__() if kind.__getstate__ is not Strategy.__getstate__ else None
    state = own if isinstance(own, dict) else dict(vars(strategy))
    found = {name: getattr(strategy, name) for name in kind.parameters()}
    found |= _without_caches(strategy, state)
    return {
        name: value
        for name, value in found.items()
        if name != "_run" and not isinstance(value, OnTheCopy)
    }


def fields_of(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    """Return the fields of a dataclass of Omega's, those that its words hide included."""
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}


def is_plain_value(value: object) -> bool:
    """Return whether a value is one of Omega's, with fields that count one by one."""
    is_table = isinstance(value, (Candles, Dataset, type))
    return not is_table and _is_of_omega(value) and dataclasses.is_dataclass(value)


def is_importable(value: object, module: str, name: str) -> bool:
    """Return whether a name in a module stands for this very object."""
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value


def _is_of_omega(value: object) -> bool:
    return module_name(type(value).__module__).partition(".")[0] == OMEGA


def _is_value(value: object) -> bool:
    """Return whether it never changes, so that it makes no difference whether two are one."""
    if isinstance(value, enum.Enum):
        return True
    kind = type(value)
    by_value = kind.__hash__ not in (None, object.__hash__)
    return by_value and distribution(kind.__module__) is not None


def _without_caches(value: object, state: Mapping[str, Any]) -> dict[str, Any]:
    kind = type(value)
    return {
        name: one
        for name, one in state.items()
        if not isinstance(inspect.getattr_static(kind, name, None), functools.cached_property)
    }


def _is_of_slots(state: object) -> bool:
    return (
        isinstance(state, tuple)
        and len(state) == 2  # noqa: PLR2004 - the attributes of the instance, and of its slots
        and all(one is None or isinstance(one, dict) for one in state)
    )


def _float(value: float) -> bytes:
    return b"nan" if value != value else struct.pack(">d", value)  # noqa: PLR0124 - NaN alone


def _taken_out(written: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401 - of JSON
    """Return an expression without the functions in it, and these."""
    functions: list[Any] = []

    def plain(part: Any) -> Any:  # noqa: ANN401 - of JSON
        if isinstance(part, dict):
            return {name: plain(one) for name, one in part.items()}
        if not isinstance(part, list):
            return part
        if part[:6] != list(_PYTHON_IN_POLARS):
            return [plain(one) for one in part]
        content = bytes(part)
        start = content.index(b"\x80\x05")  # of a pickle
        functions.append(pickle.loads(content[start:]))  # noqa: S301 - it was made here
        return ["function", len(functions), list(content[6:start])]

    return plain(written), functions

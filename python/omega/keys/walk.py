"""The parts of a key: each function, class and global under its own name.

Parts refer to each other by name, so that a change shows in the part that changed, and in no other.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import importlib.util
import inspect
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from omega.errors import ConfigError
from omega.keys.code import Load, loads
from omega.keys.installed import PYTHON, distribution, module_name, version
from omega.keys.values import Writer

Parts = dict[str, str]
"""The hash of each part by its name."""

_MISSING = object()
_OF_MODULES = frozenset(vars(ModuleType("module"))) | {
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__conditional_annotations__",
    "__file__",
    "__path__",
}
_OF_CLASSES = frozenset(
    {
        "__abstractmethods__",
        "__annotations__",
        "__annotations_cache__",
        "__dict__",
        "__firstlineno__",
        "__module__",
        "__qualname__",
        "__slotnames__",
        "__static_attributes__",
        "__weakref__",
        "_abc_impl",
    }
)
_WHOLE = (eval, exec, globals, vars)
"""With these a function may read any global of its module."""
_ANYTHING = (__import__, importlib.import_module)
"""With these it may read anything."""


class Walk:
    """Follows what a run is made of.

    Args:
        version: What stands for all code, and for what cannot be compared; None where code is
            followed.
    """

    def __init__(self, version: str | None = None) -> None:
        self.version = version
        self._names: dict[object, str] = {}
        self._taken: dict[str, int] = {}
        self._alive: list[object] = []
        self._waiting: deque[tuple[str, Callable[[Writer], None]]] = deque()
        self._section, self._parts = "", Parts()

    def section(self, name: str, given: Iterable[tuple[str, Any]]) -> Parts:
        """Return the parts of some values by their names, and of all that they reach for the first.

        Raises:
            ConfigError: Something has no content that could be compared.
        """
        self._section, self._parts = name, {}
        for label, value in given:
            self._add(self._free(label), functools.partial(Writer.value, value=value))
        while self._waiting:
            self._add(*self._waiting.popleft())
        return dict(sorted(self._parts.items()))

    def _add(self, label: str, write: Callable[[Writer], None]) -> None:
        writer = Writer(self, label)
        try:
            write(writer)
        except RecursionError:
            if self.version is None:
                self.refuse(label, "is too deep to be followed")
        self._parts[label] = writer.digest()

    def refuse(self, label: str, why: str) -> None:
        """Refuse what cannot be compared, with the remedy."""
        raise ConfigError(
            f"{self._section}: {label} {why}. Give version=, a text of your own that stands for "
            "the code, as in omega.sweep(..., version='2'), and change it with the code"
        )

    def note_version(self, named: str) -> None:
        """Count the version of a distribution, once for all that is used of it."""
        label = f"the version of {named}"
        if label not in self._taken:
            self._taken[label] = 1
            self._parts[label] = version(named)

    def name(self, key: object, label: str, write: Callable[[Writer], None]) -> str:
        """Return the name of a part; its content follows when it is met for the first time."""
        if key not in self._names:
            self._names[key] = self._free(label)
            self._waiting.append((self._names[key], write))
        return self._names[key]

    def _free(self, label: str) -> str:
        """Number what has the name of another."""
        self._taken[label] = self._taken.get(label, 0) + 1
        return label if self._taken[label] == 1 else f"{label} ({self._taken[label]})"

    def keep(self, value: object) -> int:
        """Return an identity that stays while the walk lasts."""
        self._alive.append(value)
        return id(value)

    # --- functions -------------------------------------------------------------------------------

    def function(self, given: FunctionType) -> str:
        """Return the name of a function of the user's."""
        module = module_name(str(given.__globals__.get("__name__")))
        where = f"{module}.{given.__qualname__}"
        label = f"the function {where}"
        return self.name(
            self.keep(given), label, lambda writer: self._write_function(writer, given, where)
        )

    def _write_function(self, writer: Writer, given: FunctionType, where: str) -> None:
        if self.version is not None:
            return
        self.note_version(PYTHON)
        writer.code(given.__code__)
        writer.value(given.__defaults__)
        writer.value(given.__kwdefaults__)
        writer.attributes(vars(given))
        found = loads(given.__code__)
        for name, cell in zip(given.__code__.co_freevars, given.__closure__ or (), strict=True):
            label, value = f"the variable {name} of {where}", _content(cell)
            chains = [
                one.names[1:] for one in found if one[:1] == ("variable",) and one.names[0] == name
            ]
            for chain in chains or [()]:
                self._reach(writer, value, chain, label, id(cell))
        if distribution(str(given.__globals__.get("__name__"))) is None:
            for load in found:
                self._write_load(writer, load, given)

    def _write_load(self, writer: Writer, load: Load, given: FunctionType) -> None:
        if load.kind == "import":
            self._write_import(writer, load, given)
        if load.kind != "global" or load.names[0] in _OF_MODULES:
            return
        name, *chain = load.names
        own = given.__globals__
        value = own.get(name, getattr(builtins, name, _MISSING))
        if any(value is one for one in _WHOLE):
            module = sys.modules.get(str(own.get("__name__")))
            if module is not None:
                writer.value(module)
        self._refuse_dynamic(writer, value, chain)
        label = f"the global {name} of {module_name(str(own.get('__name__')))}"
        self._reach(writer, value, chain, label, (id(own), name))

    def _refuse_dynamic(self, writer: Writer, value: object, chain: Iterable[str]) -> None:
        for name in chain:
            value = getattr(value, name, None) if isinstance(value, ModuleType) else None
        if any(value is one for one in _ANYTHING):
            self.refuse(writer.label, "imports what is only known when it runs")

    def _write_import(self, writer: Writer, load: Load, given: FunctionType) -> None:
        name, *chain = load.names
        package = str(given.__globals__.get("__package__") or "")
        dots = "." * load.level
        try:
            full = importlib.util.resolve_name(dots + name, package) if dots else name
        except ImportError:
            full = name
        named = distribution(full)
        if named is not None:
            writer.installed(named, ".".join((full, *chain)))
            return
        try:
            module = importlib.import_module(full)
            if chain and not hasattr(module, chain[0]):
                importlib.import_module(f"{full}.{chain[0]}")
        except ImportError:
            writer.put("not there", full)
            return
        self._reach(writer, module, chain, f"the module {full}", self.keep(module))

    # --- what names stand for --------------------------------------------------------------------

    def _reach(
        self, writer: Writer, value: object, chain: Iterable[str], label: str, key: object
    ) -> None:
        """Write what a name stands for: of a module of the user's what is taken of it."""
        writer.put("name", ".".join((label.partition(" of ")[0], *chain)))
        names = list(chain)
        while names and isinstance(value, ModuleType) and distribution(value.__name__) is None:
            module, name = value, names.pop(0)
            value = getattr(module, name, _MISSING)
            label = f"the global {name} of {module_name(module.__name__)}"
            key = (id(vars(module)), name)
        if value is _MISSING:
            writer.put("not there", label)
        else:
            self.part(writer, value, label, key)

    def part(self, writer: Writer, value: object, label: str, key: object) -> None:
        """Write a value: what has a name of its own by that, anything else as a part."""
        if is_named(value):
            writer.value(value)
            return
        self.keep(value)
        named = self.name(("value", key), label, lambda inner: inner.value(value))
        writer.put("part", named)

    def module(self, given: ModuleType) -> str:
        """Return the name of a module of the user's, of which all counts."""
        where = module_name(given.__name__)

        def write(writer: Writer) -> None:
            for name, value in sorted(vars(given).items()):
                if self.version is None and name not in _OF_MODULES:
                    writer.put("name", name)
                    label = f"the global {name} of {where}"
                    self.part(writer, value, label, (id(vars(given)), name))

        return self.name(self.keep(given), f"the module {where}", write)

    # --- classes ---------------------------------------------------------------------------------

    def kind(self, given: type) -> str:
        """Return the name of a class of the user's."""
        where = f"{module_name(given.__module__)}.{given.__qualname__}"
        return self.name(
            self.keep(given),
            f"the class {where}",
            lambda writer: self._write_class(writer, given, where),
        )

    def _write_class(self, writer: Writer, given: type, where: str) -> None:
        if self.version is not None:
            return
        writer.value(type(given))
        writer.value(given.__bases__)
        for name, value in vars(given).items():
            if name in _OF_CLASSES:
                continue
            writer.put("name", name)
            if not callable(value) and not hasattr(type(value), "__get__"):
                label = f"the attribute {name} of {where}"
                self.part(writer, value, label, (id(given), name))
            else:
                writer.value(value)
        for name, annotation in annotations_of(given).items():
            writer.put(name, annotation if isinstance(annotation, str) else _shown(annotation))


def annotations_of(given: type) -> Mapping[str, Any]:
    """Return the annotations of a class; none where they cannot be read."""
    try:
        return inspect.get_annotations(given)
    except Exception:  # noqa: BLE001 - from 3.14 on they are code, which may raise anything
        return {}


def is_named(value: object) -> bool:
    """Return whether a value is referred to by a name of its own."""
    return isinstance(value, (FunctionType, type, ModuleType)) or inspect.isbuiltin(value)


def _shown(annotation: object) -> str:
    name = getattr(annotation, "__qualname__", None)
    return name if isinstance(name, str) else str(annotation)


def _content(cell: Any) -> object:  # noqa: ANN401 - a cell
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return _MISSING

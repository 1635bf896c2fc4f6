"""Installed modules: their code counts by version, not by content."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

OMEGA, PYTHON = "omega", "Python"
_FOLDERS = ("site-packages", "dist-packages")


def distribution(module: str) -> str | None:
    """Return the distribution that a module belongs to; None where it is the user's own.

    Example:
        >>> distribution("math"), distribution("omega.errors"), distribution("polars.functions")
        ('Python', 'omega', 'polars')
        >>> distribution("__main__") is None
        True
    """
    top = module.partition(".")[0]
    if top == "__main__":
        return None
    return OMEGA if top == "omega" else _distribution(top)


@functools.lru_cache(maxsize=1_024)
def _distribution(top: str) -> str | None:
    places = _places(top)
    if places is None:
        return PYTHON if top in sys.builtin_module_names else None
    if any(folder in place.parts for place in places for folder in _FOLDERS):
        return _named(top)
    library = Path(sysconfig.get_path("stdlib")).resolve()
    built_in = sys.builtin_module_names
    inside = any(place.is_relative_to(library) for place in places)
    return PYTHON if inside or top in built_in else None


def _places(top: str) -> list[Path] | None:
    """Return the file of a module, or the folders of a package without one; None where it has none.

    A package that is not imported yet is only looked for.
    """
    module = sys.modules.get(top)
    try:
        spec = module.__spec__ if module is not None else importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        spec = None
    file = getattr(module, "__file__", None) or (spec.origin if spec else None)
    if spec is not None and spec.origin == "frozen":
        return [Path(sysconfig.get_path("stdlib")).resolve()]
    if file is not None and file not in ("built-in", "frozen"):
        return [Path(file).resolve()]
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return [Path(folder).resolve() for folder in folders] or None


def _named(top: str) -> str | None:
    """Return the name of the distribution; None where it has none, as its version is not known."""
    try:
        return importlib.metadata.distribution(top).name
    except importlib.metadata.PackageNotFoundError:
        return next(iter(_by_package().get(top, [])), None)


@functools.cache
def _by_package() -> dict[str, list[str]]:
    return {
        name: sorted(several)
        for name, several in importlib.metadata.packages_distributions().items()
    }


def version(named: str) -> str:
    """Return the version of a distribution; of Python itself without the last number.

    Within a version of two numbers Python changes no result. From one to the next it may: `sum` of
    floats is rounded in another way from 3.12 on.
    """
    if named == PYTHON:
        return "{}.{}".format(*sys.version_info)
    return importlib.metadata.version(named)


def module_name(name: str) -> str:
    """Return the name by which a module is known, that of the program included.

    A program has the name that it would have as a module, so that a script that is imported and one
    that is run are the same.
    """
    if name not in ("__main__", "__mp_main__"):
        return name
    main = sys.modules.get("__main__", ModuleType(name))
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return str(spec.name).removesuffix(".__main__")
    file = getattr(main, "__file__", None)
    return Path(file).stem if file else "__main__"

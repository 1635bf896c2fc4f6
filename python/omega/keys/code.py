"""What a function reads besides its arguments: globals, closures, imports.

Read off its compiled form, which is always there and is what runs: source may be missing, as in a
notebook, or have changed since it was imported.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

_GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_VARIABLES = ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")


class Load(NamedTuple):
    """A name that code reads, and the attributes that it takes of it at once: `helpers.mean`.

    Attributes:
        kind: "global", "variable" or "import".
        names: The name and the attributes.
        level: Of an import: how many packages up it begins.
    """

    kind: str
    names: tuple[str, ...]
    level: int = 0


@functools.lru_cache(maxsize=4_096)
def loads(code: CodeType) -> tuple[Load, ...]:
    """Return what a function reads, that of functions inside it included.

    Example:
        >>> import math
        >>> loads((lambda given: math.sqrt(given)).__code__)
        (Load(kind='global', names=('math', 'sqrt'), level=0),)
    """
    found = [*_read(code), *_imported(code)]
    for part in code.co_consts:
        if isinstance(part, CodeType):
            found += loads(part)
    return tuple(dict.fromkeys(found))


def _read(code: CodeType) -> Iterator[Load]:
    names: list[str] = []
    kind = ""
    for one in dis.get_instructions(code):
        if names and one.opname in _ATTRIBUTES:
            names.append(one.argval)
            continue
        if names:
            yield Load(kind, tuple(names))
            names = []
        if one.opname in _GLOBALS or one.opname in _VARIABLES:
            kind = "global" if one.opname in _GLOBALS else "variable"
            names = [one.argval]


def _imported(code: CodeType) -> Iterator[Load]:
    """Yield the modules that are imported inside the function, and what is taken of them."""
    before: list[object] = [0, None]
    for one in dis.get_instructions(code):
        if one.opname == "IMPORT_NAME":
            level, taken = before[-2:]
            names = taken if isinstance(taken, tuple) else ()
            deep = level if isinstance(level, int) else 0
            for name in names or (None,):
                parts = (one.argval,) if name is None else (one.argval, str(name))
                yield Load("import", parts, deep)
        before = [before[-1], one.argval]

"""The source of a function: its syntax tree, its lines, and the meaning of its names."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import textwrap
import weakref
from pathlib import Path
from types import FunctionType
from typing import Any

from omega.compiling.kinds import MISSING, Refused, refusal


class Source:
    """A function as it was written.

    Attributes:
        tree: Its definition.
    """

    def __init__(self, function: FunctionType) -> None:
        self._function = weakref.ref(function)
        self.file = Path(function.__code__.co_filename).name
        try:
            lines, first = inspect.getsourcelines(function)
        except (OSError, TypeError) as problem:
            raise refusal(
                f"{function.__qualname__} of {self.file}",
                f"its source cannot be read ({problem}); write the class in a file",
            ) from None
        self.first = first
        definition = ast.parse(textwrap.dedent("".join(lines))).body[0]
        if not isinstance(definition, ast.FunctionDef):
            raise refusal(self.place(1), "a lambda or coroutine; write a function with def")
        self.tree = definition

    @property
    def function(self) -> Any:
        """The function, which whoever has its source has too."""
        found = self._function()
        if found is None:
            raise ReferenceError(f"the function of {self.file} is no more")
        return found

    def place(self, line: int) -> str:
        """Return a line in words."""
        return f"{self.file}, line {self.first + line - 1}, in {self.function.__qualname__}"

    def line(self, line: int) -> int:
        """Return a line of the tree as its line in the file."""
        return self.first + line - 1

    def meaning(self, name: str) -> Any:
        """Return what a name that is not local stands for.

        Raises:
            Refused: It stands for nothing.
        """
        code, cells = self.function.__code__, self.function.__closure__ or ()
        if name in code.co_freevars:
            try:
                return cells[code.co_freevars.index(name)].cell_contents
            except ValueError:
                raise Refused(f"{name} has no value yet") from None
        found = self.function.__globals__.get(name, MISSING)
        if found is MISSING:
            found = getattr(builtins, name, MISSING)
        if found is MISSING:
            raise Refused(f"{name} is not defined")
        return found

    def meaning_or(self, name: str) -> Any:
        """Return what a name stands for, or `MISSING`."""
        try:
            return self.meaning(name)
        except Refused:
            return MISSING

    @functools.cached_property
    def assigned(self) -> frozenset[str]:
        """The names that the function assigns to."""
        stored = (node for node in ast.walk(self.tree) if isinstance(node, ast.Name))
        return frozenset(node.id for node in stored if isinstance(node.ctx, ast.Store))


_sources: weakref.WeakKeyDictionary[FunctionType, Source] = weakref.WeakKeyDictionary()


def source_of(function: FunctionType) -> Source:
    """Return the source of a function, which is read once."""
    found = _sources.get(function)
    if found is None:
        found = _sources[function] = Source(function)
    return found


class Globals:
    """What names outside of the functions stood for, which the code has as constants.

    Functions and classes are held weakly: through the names that they see, they would keep the
    class alive whose program this is of.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[weakref.ref[FunctionType], str], Any] = {}

    def note(self, function: FunctionType, name: str, meaning: Any) -> None:
        """Note what a name stands for."""
        self._seen[weakref.ref(function), name] = _held(meaning)

    def are_the_same(self) -> bool:
        """Return whether all of them still stand for the same."""
        for (function, name), meaning in self._seen.items():
            own = function()
            if own is None or not _is_same(_held(source_of(own).meaning_or(name)), meaning):
                return False
        return True


def _held(meaning: Any) -> Any:
    """Return what is kept of what a name stands for; references to one object are one."""
    return weakref.ref(meaning) if isinstance(meaning, (FunctionType, type)) else meaning


def _is_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    plain = (bool, int, float, str)
    return type(one) is type(other) and isinstance(one, plain) and repr(one) == repr(other)

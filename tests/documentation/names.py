"""The public names: those of `omega.__all__`, of its modules, and the attributes of its classes.

A class, a function and a method have an example of their own. A property, and a method of a
protocol, is seen in an example of its class; a field has a line in the docstring of its class. What
only the engine calls has "the engine's part" and needs none.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import omega

TOP = Path(__file__).resolve().parents[2]
STUB = TOP / "python/omega/_core.pyi"
EXAMPLE = ">>> "
ALIASES = (types.GenericAlias, types.UnionType)
THE_ENGINES_PART = "the engine's part"


@dataclass(frozen=True)
class Name:
    """A public name, what it stands for, and the docstrings of the class that it belongs to."""

    path: str
    kind: str
    """What it is: "class", "function", "property", "promise" (of a protocol) or "field"."""
    doc: str
    class_doc: str = ""
    siblings: str = ""
    """The docstrings of all members of the class."""

    @property
    def own(self) -> str:
        """The last part of the name."""
        return self.path.rpartition(".")[2]

    def lacks(self) -> str | None:
        """Say what is missing, if anything."""
        if self.kind == "field":
            told = f"\n{self.own}:" in inspect.cleandoc(self.class_doc).replace("\n    ", "\n")
            return None if told or self.doc else "a line in the Attributes of its class"
        if not self.doc.strip():
            return "a docstring"
        shown = EXAMPLE in self.doc or THE_ENGINES_PART in self.doc
        if self.kind in {"property", "promise"}:
            seen = _examples(f"{self.class_doc}\n{self.siblings}")
            shown |= any(
                use in seen for use in (f".{self.own}", f"def {self.own}(", f"{self.own} =")
            )
            return None if shown else "an example, of its own or in that of its class"
        return None if shown else "an example of its own"


def _examples(doc: str) -> str:
    lines = [line.strip() for line in doc.splitlines()]
    return "\n".join(line for line in lines if line.startswith((">>> ", "... ")))


def stub_docs() -> dict[str, str]:
    """Give the docstrings of the stub by name, `Bar` and `Bar.close`."""
    found = {}
    for item in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(item, (ast.ClassDef, ast.FunctionDef)):
            found[item.name] = ast.get_docstring(item) or ""
        if isinstance(item, ast.ClassDef):
            for member in item.body:
                if isinstance(member, ast.FunctionDef):
                    found[f"{item.name}.{member.name}"] = ast.get_docstring(member) or ""
    return found


NATIVE = stub_docs()


def public_names() -> Iterator[Name]:
    """Walk all of them."""
    for name in omega.__all__:
        found = getattr(omega, name)
        if isinstance(found, types.ModuleType):
            for own in found.__all__:
                if not isinstance(getattr(found, own), ALIASES):
                    yield from _names(f"{name}.{own}", getattr(found, own))
        elif name != "__version__":
            yield from _names(name, found)


def _names(path: str, found: object) -> Iterator[Name]:
    if not inspect.isclass(found):
        yield Name(path, "function", NATIVE.get(path) or inspect.getdoc(found) or "")
        return
    native = found.__module__ == "omega._core"
    doc = NATIVE[path] if native else found.__doc__ or ""
    yield Name(path, "class", doc)
    members = {own: _doc_of(path, own, found) for own in dir(found) if not own.startswith("_")}
    siblings = "\n".join(members.values())
    for own, told in members.items():
        home = next(base for base in found.__mro__ if own in vars(base))
        if home.__module__ != "builtins":
            kind = _kind(found, inspect.getattr_static(found, own))
            class_doc = doc if native else home.__doc__ or doc
            yield Name(f"{path}.{own}", kind, told, class_doc, siblings)


def _kind(owner: type, member: object) -> str:
    if getattr(owner, "_is_protocol", False):
        return "promise"
    functions = (types.FunctionType, types.MethodDescriptorType, classmethod, staticmethod)
    if isinstance(member, functions):
        return "function"
    in_slot = isinstance(member, types.MemberDescriptorType) or hasattr(owner, "_fields")
    is_slot = in_slot and owner.__module__ != "omega._core"
    return "field" if is_slot or not hasattr(member, "__get__") else "property"


def _doc_of(path: str, own: str, owner: type) -> str:
    if owner.__module__ == "omega._core":
        return NATIVE[f"{path}.{own}"]
    member = inspect.getattr_static(owner, own)
    home = getattr(member, "__objclass__", owner)
    if home.__module__ == "omega._core":
        return NATIVE[f"{home.__name__}.{own}"]
    plain = getattr(member, "__func__", member)
    has_own = isinstance(plain, (types.FunctionType, property)) or hasattr(plain, "func")
    return (inspect.getdoc(plain) if has_own else None) or ""

"""What `help()` and editors show of the native classes is what the stub has."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import omega

_STUB = ast.parse(Path(omega.__file__).with_name("_core.pyi").read_text("utf-8"))
SEEN = {"AccountView", "Bar", "Fill", "Indicator", "PendingOrder", "Position", "SideView", "Trade"}
"""The classes whose objects a strategy gets, or is."""


def _documented() -> list[tuple[str, str, str]]:
    return [
        (node.name, member.name, text)
        for node in _STUB.body
        if isinstance(node, ast.ClassDef) and node.name in SEEN
        for member in node.body
        # those of operators CPython documents in its own words
        if isinstance(member, ast.FunctionDef) and not member.name.startswith("__")
        if (text := ast.get_docstring(member)) is not None
    ]


def test_every_class_is_in_the_stub() -> None:
    assert {owner for owner, _, _ in _documented()} == SEEN


@pytest.mark.parametrize(("owner", "name", "text"), _documented())
def test_a_member_is_documented_at_run_time(owner: str, name: str, text: str) -> None:
    core = pytest.importorskip("omega._core", reason="the native module is not there")
    member = inspect.getattr_static(getattr(core, owner), name)
    said = inspect.getdoc(member)
    assert said is not None
    assert " ".join(said.split("\n\n")[0].split()) == " ".join(
        text.split("\n\n", maxsplit=1)[0].split()
    )

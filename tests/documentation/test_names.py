"""Every public name is documented, with an example that runs."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from tests.documentation.names import EXAMPLE, NATIVE, STUB, Name, public_names

NAMES = list(public_names())


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.path)
def test_a_public_name_is_documented_with_an_example(name: Name) -> None:
    missing = name.lacks()
    assert missing is None, f"omega.{name.path} lacks {missing}"


@pytest.mark.parametrize("name", [name for name, doc in NATIVE.items() if EXAMPLE in doc])
def test_the_example_of_a_native_name_runs(name: str, doctest_namespace: dict[str, object]) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    names, file = {**doctest_namespace}, str(STUB)
    found = doctest.DocTestParser().get_doctest(NATIVE[name], names, name, file, 0)
    told: list[str] = []
    failures, tried = doctest.DocTestRunner(optionflags=flags).run(found, out=told.append)
    assert tried
    assert not failures, "".join(told)


def test_modules_are_where_doctest_looks() -> None:
    """Examples of Python names are collected from `python/omega`, which pyproject.toml names."""
    settings = (Path(STUB).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert '"--doctest-modules"' in settings
    assert '"python/omega"' in settings

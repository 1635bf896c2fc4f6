"""What every docstring's example may use; see tests/documentation/namespace.py."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule

from tests.documentation.namespace import names


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Import no module for its examples that has none."""
    found = yield
    has_examples = found and b">>>" in file_path.read_bytes()
    return [one for one in found if has_examples or not isinstance(one, DoctestModule)]


@pytest.fixture(autouse=True, scope="session")
def _names_of_examples(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(names())


@pytest.fixture(autouse=True, scope="session")
def _cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the candles of tests out of the cache of whoever runs them."""
    os.environ["OMEGA_CACHE"] = str(tmp_path_factory.mktemp("cache"))

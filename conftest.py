"""What every docstring's example may use; see tests/documentation/namespace.py."""

from __future__ import annotations

import os

import pytest

from tests.documentation.namespace import names


@pytest.fixture(autouse=True, scope="session")
def _names_of_examples(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(names())


@pytest.fixture(autouse=True, scope="session")
def _cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the candles of tests out of the cache of whoever runs them."""
    os.environ["OMEGA_CACHE"] = str(tmp_path_factory.mktemp("cache"))

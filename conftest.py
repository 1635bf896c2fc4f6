"""What every docstring's example may use; see tests/documentation/namespace.py."""

from __future__ import annotations

import pytest

from tests.documentation.namespace import names


@pytest.fixture(autouse=True, scope="session")
def _names_of_examples(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(names())

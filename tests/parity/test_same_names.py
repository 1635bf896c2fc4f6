"""A run of either backend offers the same methods, so that what drives one drives the other."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from omega import _core
from omega.reference.run import Run

ON_THREADS = {"again", "bounded", "sweep"}
"""Of runs on threads of the core, which the other has not."""


def methods(kind: type) -> set[str]:
    return {
        name
        for name, one in inspect.getmembers_static(kind)
        if not name.startswith("_") and callable(getattr(kind, name))
        if not inspect.isdatadescriptor(one)
    }


def shape(method: Callable[..., object]) -> list[tuple[object, object]]:
    """Kind and default of each parameter but `self`."""
    own = list(inspect.signature(method).parameters.values())[1:]
    return [(one.kind, one.default) for one in own]


def test_both_have_the_same_methods() -> None:
    assert methods(_core.Run) - ON_THREADS == methods(Run)


@pytest.mark.parametrize("name", ["execute", "execute_native", "drive", "column", "indicator"])
def test_both_take_the_same_arguments(name: str) -> None:
    assert shape(getattr(Run, name)) == shape(getattr(_core.Run, name))

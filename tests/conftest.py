"""What every test shares: the backends of a run, and how hard Hypothesis looks.

A test that takes `backend` is repeated on each of them.

`fast` is the default; `HYPOTHESIS_PROFILE=long` looks longer. Neither has a deadline, as a machine
may be busy, and `fast` tries the same examples each time: a change that fails, fails for everyone.
"""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.backends import BACKENDS


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Give each backend in turn."""
    return str(request.param)


@pytest.fixture
def nothing_in_gc() -> Iterator[None]:
    """Empty the callbacks of the garbage collector, for tests that interrupt their own process.

    Python ignores what is raised in one of them, Ctrl-C too, and Hypothesis registers one.
    """
    kept, gc.callbacks[:] = gc.callbacks[:], []
    yield
    gc.callbacks[:] = kept


def pytest_sessionstart() -> None:
    """Collect no garbage while tests are found, which takes a fifth of that time for nothing."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files of each folder over a run on all cores, in which files begin in order.

    Those that wait, as for engines of clusters or a browser, are in the same folders, and would
    wait side by side. The examples of docstrings stay last: they are short.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    folders = defaultdict[Path, dict[Path, int]](dict)
    for item in items:
        files = folders[item.path.parent]
        files.setdefault(item.path, len(files))

    def place(item: pytest.Item) -> float:
        files = folders[item.path.parent]
        is_test = item.path.name.startswith("test_")
        return files[item.path] / len(files) if is_test else 1.0

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Let no later collection of garbage look through ten thousand tests, which all stay.

    Those that follow are rarer: Hypothesis is called at the begin and at the end of each.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


settings.register_profile(
    "fast",
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", max_examples=500, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

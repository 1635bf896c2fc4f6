"""What every test shares: the backends of a run, and how hard Hypothesis looks.

A test that takes `backend` is repeated on each of them.

`fast` is the default; `HYPOTHESIS_PROFILE=long` looks longer. Neither has a deadline, as a machine
may be busy, and `fast` tries the same examples each time: a change that fails, fails for everyone.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

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

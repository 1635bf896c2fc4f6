"""Real engines, each begun once a module, and anew where a test has ended workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import omega
from tests.support.clusters import Engines


@pytest.fixture(scope="module")
def node_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the cache folder of workers."""
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def engines(node_cache: Path) -> Iterator[Engines]:
    """Give what begins engines."""
    begun = Engines(node_cache)
    yield begun
    for name in ("ray", "dask"):
        begun.end(name)


@pytest.fixture
def dask_client(engines: Engines) -> Any:
    """Give Dask on this machine: two processes of two threads."""
    return engines.reached("dask")


@pytest.fixture(params=["ray", "dask"])
def engine(request: pytest.FixtureRequest, engines: Engines) -> tuple[str, Any]:
    """Give each engine in turn, and its address."""
    name = str(request.param)
    reached = engines.reached(name)
    return name, reached if name == "ray" else reached.scheduler_info()["address"]


@pytest.fixture
def cluster(
    engine: tuple[str, Any],
    engines: Engines,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Give each engine in turn as an executor of two slots; its cache is not the driver's."""
    name, _ = engine
    monkeypatch.setenv("OMEGA_CACHE", str(tmp_path_factory.mktemp("driver")))
    if name == "ray":
        return omega.cluster.ray()
    return omega.cluster.dask(engines.reached("dask"), cpus=2)


@pytest.fixture
def mortal(cluster: Any, engine: tuple[str, Any], engines: Engines) -> Iterator[Any]:
    """Give each engine to a test that ends workers; the next one gets a new one."""
    yield cluster
    engines.end(engine[0])

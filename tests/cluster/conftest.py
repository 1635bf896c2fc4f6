"""Real engines, each begun once, with caches that are not the driver's, as on other machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import omega
from tests.sweeps.test_resuming import PATH

OF_WORKERS = {
    "PYTHONPATH": PATH,
    "RAY_AUTH_MODE": "disabled",
}


@pytest.fixture(scope="module")
def node_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the cache folder of workers."""
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def ray_address(node_cache: Path) -> Iterator[str]:
    """Begin Ray on this machine."""
    ray = pytest.importorskip("ray", reason="needs pip install 'omega-backtest[ray]'")
    with pytest.MonkeyPatch.context() as patched:  # its processes are begun by one that begins now
        for name, value in {**OF_WORKERS, "OMEGA_CACHE": str(node_cache)}.items():
            patched.setenv(name, value)
        begun = _begun(ray)
    yield begun.address_info["gcs_address"]
    ray.shutdown()


def _begun(ray: Any) -> Any:
    """Begin Ray, which gives up after 30 seconds: too few for a machine that is busy."""
    why = ""
    for _ in range(2):
        try:
            return ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        except Exception as problem:  # noqa: BLE001 - it has no kind of its own
            ray.shutdown()
            why = str(problem)
    pytest.skip(f"Ray does not begin on this machine: {why}")


@pytest.fixture(scope="module")
def dask_client(node_cache: Path) -> Iterator[Any]:
    """Begin Dask on this machine: two processes of two threads."""
    distributed = pytest.importorskip(
        "distributed", reason="needs pip install 'omega-backtest[dask]'"
    )
    with pytest.MonkeyPatch.context() as patched:  # as workers that are begun again need it, too
        for name, value in {**OF_WORKERS, "OMEGA_CACHE": str(node_cache)}.items():
            patched.setenv(name, value)
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            yield client


@pytest.fixture(params=["ray", "dask"])
def engine(request: pytest.FixtureRequest) -> tuple[str, Any]:
    """Give each engine in turn, and what it is reached by."""
    name = str(request.param)
    by = "ray_address" if name == "ray" else "dask_client"
    reached = request.getfixturevalue(by)
    return name, reached if name == "ray" else reached.scheduler_info()["address"]


@pytest.fixture
def cluster(engine: tuple[str, Any], request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give each engine in turn as an executor of two slots; its cache is not the driver's."""
    name, _ = engine
    driver = request.getfixturevalue("tmp_path_factory").mktemp("driver")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OMEGA_CACHE", str(driver))
        if name == "ray":
            yield omega.cluster.ray()
        else:
            yield omega.cluster.dask(request.getfixturevalue("dask_client"), cpus=2)

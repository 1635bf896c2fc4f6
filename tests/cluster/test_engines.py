"""Sweeps on real engines: their rows are those of one machine, and candles travel once."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

import omega
from omega.cluster import batches, software_check
from omega.cluster.protocol import WorkerFailed
from omega.errors import ConfigError
from tests.support.backends import WITHOUT_CORE
from tests.support.cluster_strategies import Noted
from tests.support.clusters import ENDLESS, FAST, Watched, at_row, noted, require_same
from tests.support.object_store import object_store
from tests.support.sweep_strategies import GRID, Cross, walk

pytestmark = [
    pytest.mark.filterwarnings("default"),  # engines warn of themselves
    pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core"),
    pytest.mark.skipif(sys.platform == "win32", reason="no signals to stop workers with"),
]


@pytest.mark.parametrize("strategy", [Cross, omega.native("sma_cross")], ids=["Python", "core"])
def test_rows_are_those_of_one_machine(cluster: Any, strategy: Any) -> None:
    words: dict[str, Any] = {"trades": True, "equity": True, "costs": omega.Costs(fee_percent=0.1)}
    made = omega.sweep(walk(300), strategy, GRID, executor=cluster, **words)
    local = omega.sweep(walk(300), strategy, GRID, workers=2, **words)
    require_same(made, local)
    assert made.trades.equals(local.trades)
    assert made.equity.equals(local.equity)
    assert set(made.placement["executions"]) <= {1, 2}, "twice where a machine is slow to begin"
    assert made.placement["run"].to_list() == list(range(6))
    assert "made by" in made._repr_html_()
    if strategy is Cross:
        processes = omega.sweep(walk(300), strategy, GRID, workers=1, **words)
        require_same(made, processes)


def test_strategies_come_from_anywhere(cluster: Any, tmp_path: Path) -> None:
    module = tmp_path / "of_my_own.py"
    module.write_text(
        "import omega\nfrom my_helper import size\n\n"
        "class Mine(omega.Strategy):\n"
        "    fast: int = 3\n\n"
        "    def on_bar(self, bar):\n"
        "        if bar.index == self.fast:\n"
        "            self.buy(size=size())\n"
    )
    (tmp_path / "my_helper.py").write_text("def size():\n    return 2.0\n")
    of_cell: dict[str, Any] = {"__name__": "__main__", "omega": omega}
    exec(  # noqa: S102 - as a notebook does
        module.read_text().replace("from my_helper import size", "size = lambda: 2.0"), of_cell
    )
    sys.path.insert(0, str(tmp_path))
    try:
        mine = importlib.import_module("of_my_own").Mine
        for kind in (mine, of_cell["Mine"]):
            made = omega.sweep(walk(60), kind, {"fast": [3, 5]}, executor=cluster)
            require_same(made, omega.sweep(walk(60), kind, {"fast": [3, 5]}, workers=1))
            assert made.failures.is_empty()
    finally:
        sys.path.remove(str(tmp_path))
        for name in ("of_my_own", "my_helper"):
            sys.modules.pop(name, None)


def test_a_worker_with_other_software_is_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = {**software_check.own(), "Omega": "0.0.1"}
    monkeypatch.setattr(software_check, "own", lambda: theirs)
    with pytest.raises(WorkerFailed, match=r"other software: Omega .*, the driver has 0\.0\.1"):
        omega.sweep(walk(60), Cross, GRID, executor=cluster)


def test_a_machine_fetches_candles_once_and_again_where_they_are_damaged(
    engine: tuple[str, Any], cluster: Any, node_cache: Path
) -> None:
    data = {"A": walk(300, seed=len(engine[0])), "B": walk(300, seed=70 + len(engine[0]))}
    watched = Watched(cluster)
    first = omega.sweep(data, Cross, GRID, executor=watched)
    assert first.failures.is_empty()
    assert [*watched.fetched.values()] == [1, 1], "two files, whoever of the workers was first"
    omega.sweep(data, Cross, {"fast": [4, 6]}, executor=watched)
    assert watched.fetched.total() == 2
    name = next(iter(watched.fetched))[1]
    with (node_cache / f"{name}.arrow").open("r+b") as file:
        file.seek(3_000)
        file.write(b"\xff" * 64)
    again = omega.sweep(data, Cross, GRID, executor=watched)
    require_same(again, first)
    assert watched.fetched.total() == 3


def test_machines_with_caches_of_their_own_fetch_once_each(
    dask_client: Any, node_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PATIENCE", ENDLESS)  # both are waited for, however slow

    def use(folder: str) -> None:
        import os  # noqa: PLC0415 - it runs on a worker

        os.environ["OMEGA_CACHE"] = folder

    workers = list(dask_client.nthreads())
    try:
        for place, worker in enumerate(workers):
            dask_client.run(use, str(tmp_path / f"node-{place}"), workers=[worker])
        watched = Watched(omega.cluster.dask(dask_client))
        made = omega.sweep(
            walk(300, seed=73), Noted, noted(tmp_path, seconds=0.3), executor=watched
        )
    finally:
        dask_client.run(use, str(node_cache))
    assert made.failures.is_empty()
    assert [*watched.fetched.values()] == [1, 1]
    assert len(watched.fetched) == 2


def test_candles_at_an_address_are_read_from_there(
    engine: tuple[str, Any], cluster: Any, tmp_path: Path
) -> None:
    seed = 80 + len(engine[0])
    walk(300, seed=seed).write_parquet(tmp_path / "candles.parquet")
    watched = Watched(cluster)
    with object_store() as store:
        store.objects["bucket/candles.parquet"] = (tmp_path / "candles.parquet").read_bytes()
        data = omega.Dataset("s3://bucket/candles.parquet", storage_options=store.options)
        made = omega.sweep(data, Cross, GRID, executor=watched)
    assert watched.fetched.total() == 1
    local = omega.sweep(walk(300, seed=seed), Cross, GRID, workers=1)
    assert made.failures.is_empty()
    assert made.to_polars()["fingerprint"].equals(local.to_polars()["fingerprint"])


def test_a_second_driver_is_refused(cluster: Any, tmp_path: Path) -> None:
    notes, out = tmp_path / "notes", tmp_path / "out"
    notes.mkdir()

    def second() -> None:
        with pytest.raises(ConfigError, match="a sweep writes to"):
            omega.sweep(walk(300), Noted, noted(notes), executor=cluster, out=out)

    made = omega.sweep(
        walk(300), Noted, noted(notes), executor=cluster, out=out, progress=at_row(1, second)
    )
    assert len(made) == len(FAST)

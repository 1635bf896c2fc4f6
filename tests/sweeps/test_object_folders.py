"""Rows in an object store: written whole, gone on with, and by one sweep at a time."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError, WriteFailed
from omega.sweeps import lease, object_folders
from tests.support import loopback_files
from tests.support.backends import WITHOUT_CORE
from tests.support.object_store import ObjectStore, object_store
from tests.support.sweep_strategies import GRID, Cross, walk
from tests.sweeps.test_resuming import PATH

pytest.importorskip("fsspec", reason="addresses need fsspec")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")

ADDRESS = "loopback://bucket/fx"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    for name, seconds in (("BEAT", 0.05), ("EXPIRES", 1.0)):
        monkeypatch.setattr(lease, name, seconds)
    with object_store() as begun:
        monkeypatch.setenv(loopback_files.VARIABLE, begun.address)
        loopback_files.register()
        yield begun


def names(store: ObjectStore) -> list[str]:
    return sorted(name.removeprefix("bucket/fx/") for name in store.objects)


def test_rows_are_there_and_gone_on_with(store: ObjectStore, tmp_path: Path) -> None:
    words: dict[str, Any] = {"workers": 1, "trades": True, "daily": True}
    local = omega.sweep(walk(), Cross, GRID, out=tmp_path, **words)
    made = omega.sweep(walk(), Cross, GRID, out=ADDRESS, **words)
    assert made.to_polars().equals(local.to_polars())
    assert made.folder == ADDRESS
    tables = ("daily", "moments", "runs", "trades")
    own = ["sweep.json", *(f"{table}-000000.parquet" for table in tables)]
    assert names(store) == [".sweep.lease-000001", *sorted(own)]
    for name in own:
        here = (tmp_path / name).read_bytes()
        assert store.objects[f"bucket/fx/{name}"] == here, "the same bytes as in a folder"
    again = omega.sweep(walk(), Cross, GRID, out=ADDRESS, **words)
    assert again.to_polars().equals(local.to_polars())
    assert again.trades.equals(local.trades)
    assert names(store) == [".sweep.lease-000002", *sorted(own)]
    assert pickle.loads(pickle.dumps(again)).trades.equals(local.trades)  # noqa: S301 - of ours
    del store.objects["bucket/fx/runs-000000.parquet"]
    assert omega.sweep(walk(), Cross, GRID, out=ADDRESS, **words).trades.equals(local.trades)


def test_another_sweep_and_other_objects_are_refused(store: ObjectStore) -> None:
    omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS)
    with pytest.raises(ConfigError, match="holds another sweep"):
        omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS, cash=5_000)
    store.objects.clear()
    store.objects["bucket/fx/mine.txt"] = b"mine"
    with pytest.raises(ConfigError, match="is not empty"):
        omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS)
    assert store.objects["bucket/fx/mine.txt"] == b"mine"


def test_a_second_sweep_is_refused(store: ObjectStore) -> None:
    refused: list[str] = []

    def second(_: omega.SweepProgress) -> None:
        with pytest.raises(ConfigError, match=r"a sweep writes to .* \(process") as caught:
            omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS)
        refused.append(str(caught.value))

    omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS, progress=second)
    assert refused
    assert str(os.getpid()) in refused[0]


KILLED = """
import os, sys
import omega
from omega.sweeps import lease, rows
from tests.support import loopback_files
from tests.support.sweep_strategies import Slow, walk

loopback_files.register()
lease.BEAT, rows.SECONDS = 0.05, 0.0

def look(state):
    if state.done >= 4:
        os.kill(os.getpid(), 9)

grid = {"fast": [3, 4, 5, 6, 7, 8, 9, 10]}
omega.sweep(walk(300), Slow, grid, workers=1, out=sys.argv[1], progress=look)
"""


def test_a_driver_that_is_killed_goes_on_once_its_heart_has_stopped(store: ObjectStore) -> None:
    words = [sys.executable, "-c", KILLED, ADDRESS]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": PATH}, check=False, timeout=300)
    assert done.returncode == -9
    there = [name for name in names(store) if name.startswith("runs")]
    assert there
    from tests.support.sweep_strategies import Slow  # noqa: PLC0415 - beside the other process

    grid = {"fast": [3, 4, 5, 6, 7, 8, 9, 10]}
    began = time.monotonic()
    made = omega.sweep(walk(300), Slow, grid, workers=1, out=ADDRESS)
    assert time.monotonic() - began >= lease.EXPIRES, "it might have lived"
    assert made.to_polars()["fast"].to_list() == grid["fast"]
    assert [name for name in names(store) if name.startswith("runs")][: len(there)] == there


def test_of_many_newcomers_one_takes_over(store: ObjectStore) -> None:
    store.objects["bucket/fx/.sweep.lease-000007"] = b'{"pid": 1, "host": "elsewhere", "beat": 3}'
    taken, refused = [], []
    ready = threading.Barrier(4)

    def take() -> None:
        place = object_folders.ObjectFolder(ADDRESS)
        ready.wait()
        try:
            with object_folders.leased(place):
                taken.append(place)
                time.sleep(2 * lease.EXPIRES)
        except ConfigError as problem:
            refused.append(problem)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(taken), len(refused)) == (1, 3)
    assert names(store) == [".sweep.lease-000008"]
    assert store.objects["bucket/fx/.sweep.lease-000008"] == b"{}"


def test_who_was_taken_over_writes_no_more(store: ObjectStore) -> None:
    def take_over(state: omega.SweepProgress) -> None:
        if state.done == 1:
            store.objects["bucket/fx/.sweep.lease-000002"] = b'{"pid": 1, "host": "elsewhere"}'

    with pytest.raises(WriteFailed, match="another sweep has taken the place over") as caught:
        omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS, progress=take_over)
    assert len(caught.value.result) == 6
    assert not [name for name in names(store) if name.startswith("runs")]
    assert store.objects["bucket/fx/.sweep.lease-000002"] != b"{}"


def test_an_answer_that_was_lost_is_no_second_writer(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = object_folders.ObjectFolder.create

    def twice(own: object_folders.ObjectFolder, name: str, content: bytes) -> bool:
        create(own, name, content)
        return create(own, name, content) or name.startswith(".")

    monkeypatch.setattr(object_folders, "_require_creation", lambda _: None)
    monkeypatch.setattr(object_folders.ObjectFolder, "create", twice)
    made = omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS)
    assert len(made) == 6
    assert len(pl.read_parquet(store.objects["bucket/fx/runs-000000.parquet"])) == 6


def test_a_store_that_writes_over_is_refused(store: ObjectStore) -> None:
    store.creates_only_new = False
    with pytest.raises(ConfigError, match="cannot create only what is not there"):
        omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS)
    assert names(store) == []


@pytest.mark.parametrize(("address", "said"), [
    ("nowhere://bucket/x", "that fsspec supports"),
    ("file:///tmp/of-nobody/x", "it looks first, and writes then"),
    ("loopback://", "expected the address of a folder"),
])  # fmt: skip
def test_an_address_that_is_none_is_refused(store: ObjectStore, address: str, said: str) -> None:
    del store
    with pytest.raises((ConfigError, WriteFailed), match=said):
        omega.sweep(walk(60), Cross, GRID, workers=1, out=address)
    assert not Path("nowhere:").exists()


def test_a_store_that_is_gone_is_an_error_with_the_rows(store: ObjectStore) -> None:
    def leave(state: omega.SweepProgress) -> None:
        if state.done == 1:
            os.environ[loopback_files.VARIABLE] = "http://127.0.0.1:9"

    with pytest.raises(WriteFailed, match="cannot be written"):
        omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS, progress=leave)
    with pytest.raises(WriteFailed, match="cannot be written"):
        omega.sweep(walk(), Cross, GRID, workers=1, out=ADDRESS)
    del store


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigError, match="pip install fsspec s3fs"):
        omega.sweep(walk(60), Cross, GRID, workers=1, out="s3://bucket/x")

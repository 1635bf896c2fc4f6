"""Candles by content: written once, checked, removed when they are old, and never while in use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

import omega
from omega.data import cache as of_cache
from omega.data.cache import Cache, cache_size, caching
from omega.data.files import replaced
from omega.data.hashing import content_hash
from omega.errors import CandleWarning, ConfigError, InvalidCandleData
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import Cross, walk
from tests.sweeps.test_resuming import PATH

needs_core = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")
no_locks = pytest.mark.skipif(sys.platform == "win32", reason="no locks that end with a process")

HOLDING = """
import sys, time
from pathlib import Path
from omega.data.cache import Cache
from omega.data.files import replaced

cache = Cache()
if len(sys.argv) > 1:
    assert cache.found(sys.argv[1])
with replaced(cache.path("0" * 64)) as part:
    part.write_text("half a file")
    print(part, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("OMEGA_CACHE", str(place))
    return place


def write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_ipc(path, compression="uncompressed")


def kept(cache: Cache, frame: pl.DataFrame) -> str:
    return cache.keep(frame.lazy(), lambda path: write(frame, path))


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.arrow")}


def test_the_same_rows_are_written_once_and_found_again(folder: Path) -> None:
    frame, times = walk(300), []
    for chunks in (frame, pl.concat([frame[:100], frame[100:]], rechunk=False)):
        with caching() as cache:
            name = kept(cache, chunks)
            times.append(cache.path(name).stat().st_mtime_ns)
    assert names(folder) == {name} == {content_hash(frame.lazy())}
    assert times[0] == times[1]
    assert cache_size() == (folder / f"{name}.arrow").stat().st_size


def test_a_file_that_was_changed_is_removed_and_written_again(folder: Path) -> None:
    frame = walk(300)
    with caching() as cache:
        name = kept(cache, frame)
    file = folder / f"{name}.arrow"
    with file.open("r+b") as opened:
        opened.seek(2_000)
        opened.write(b"\xff" * 8)
    with caching() as cache, pytest.warns(CandleWarning, match=f"hash .*, expected {name}"):
        assert kept(cache, frame) == name
    assert pl.read_ipc(file).equals(frame)


def test_what_arrives_with_another_hash_is_refused(folder: Path) -> None:
    with caching() as cache, pytest.raises(InvalidCandleData, match="has the hash"):
        cache.file("0" * 64, lambda path: write(walk(300), path))
    assert not names(folder)
    assert not list(folder.glob(".*.part"))


def test_the_longest_unused_goes_first_and_none_in_use(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [walk(300, seed=seed) for seed in (1, 2, 3)]
    with caching() as cache:
        first, second = (kept(cache, frame) for frame in frames[:2])
    time.sleep(0.02)
    with caching() as cache:
        assert cache.found(first)
    size = (folder / f"{first}.arrow").stat().st_size
    monkeypatch.setenv("OMEGA_CACHE_BYTES", str(2 * size))
    with caching() as cache:
        third = kept(cache, frames[2])
        assert names(folder) == {first, third}, "the second was used longest ago"
    with caching() as one, caching() as other:
        assert one.found(first)
        monkeypatch.setenv("OMEGA_CACHE_BYTES", "0")
        kept(other, frames[1])
        assert names(folder) == {first, second}, "both are in use"
    with caching():
        assert not names(folder)
    assert not list(folder.glob("*.note"))


@pytest.mark.parametrize("given", ["1 GB", "-1", "1.5", ""])
def test_a_limit_that_is_no_number_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMEGA_CACHE_BYTES", given)
    with pytest.raises(ConfigError, match="expected a whole number of bytes"), caching():
        pass


@no_locks
def test_one_writes_while_the_others_wait(folder: Path) -> None:
    frame, writes = walk(300), []
    name = content_hash(frame.lazy())

    def slowly(path: Path) -> None:
        writes.append(path)
        time.sleep(0.3)
        write(frame, path)

    def ask() -> None:
        with caching() as cache:
            cache.file(name, slowly)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(writes) == 1
    assert names(folder) == {name}


@no_locks
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_dead_process_left_goes_and_what_it_used_may(
    folder: Path, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caching() as cache:
        name = kept(cache, walk(300))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, name],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATH},
    ) as process:
        assert process.stdout is not None
        half = Path(process.stdout.readline().strip())
        monkeypatch.setenv("OMEGA_CACHE_BYTES", "0")
        with caching():
            assert half.exists(), "its writer lives"
            assert names(folder) == {name}, "it is in use"
        process.send_signal(how)
        process.wait()
    with caching():
        assert not half.exists()
        assert not names(folder)


@no_locks
def test_files_that_others_put_there_stay(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.arrow").write_text("mine")
    (folder / f".{'0' * 64}.arrow-notes.part").write_text("mine")
    with caching() as cache, replaced(cache.path("1" * 64)) as part:
        part.write_text("")
    assert {"notes.arrow", f".{'0' * 64}.arrow-notes.part"} <= {p.name for p in folder.iterdir()}


def test_the_folder_is_that_of_the_user_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMEGA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    if sys.platform == "linux":
        assert of_cache.cache_folder() == Path("/elsewhere/omega-backtest")
    assert of_cache.cache_folder().name in ("omega-backtest", "cache")


@needs_core
def test_sweeps_over_the_same_files_convert_them_once(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "candles.parquet"
    walk(300).write_parquet(file)
    times = []
    for grid in ({"fast": [3, 5]}, {"fast": [4, 6]}):
        for data in (file, omega.Dataset(file), pl.read_parquet(file)):
            made = omega.sweep(data, Cross, grid, workers=2)
            assert made.to_polars()["error"].null_count() == 2
        times += [path.stat().st_mtime_ns for path in folder.glob("*.arrow")]
    assert len(times) == 2
    assert times[0] == times[1]

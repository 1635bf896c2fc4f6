"""One sweep at a time writes to a folder, and a dead one is in nobody's way."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

import omega
from omega.data import locks
from omega.errors import ConfigError
from omega.sweeps import lease
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import Slow, walk
from tests.sweeps.test_resuming import MANY, start

CONTENDING = """
import os, sys
from pathlib import Path
from omega.errors import ConfigError
from omega.sweeps.lease import leased

folder, times = Path(sys.argv[1]), 0
while times < 50:
    try:
        with leased(folder):
            os.close(os.open(folder / "inside", os.O_CREAT | os.O_EXCL))
            os.unlink(folder / "inside")
            times += 1
    except ConfigError:
        continue
"""
FORKING = """
import os, signal, sys, time
from pathlib import Path
from omega.sweeps.lease import leased

with leased(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    time.sleep(0.5)
    print(child, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("BEAT", 0.05), ("EXPIRES", 0.5), ("_SETTLES", 0.01)):
        monkeypatch.setattr(lease, name, seconds)


def put(folder: Path, host: str, beat: int = 0) -> None:
    content = json.dumps({"pid": 1, "host": host, "beat": beat})
    (folder / lease.FILE).write_text(content)


@pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")
def test_a_second_sweep_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = start(folder)
    try:
        while not list(folder.glob("runs-*.parquet")):
            time.sleep(0.02)
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGSTOP)  # so that it does not end before the second begins
        with pytest.raises(ConfigError, match=rf"already \(process {process.pid} on .*\); wait"):
            omega.sweep(walk(300), Slow, MANY, workers=1, out=folder, trades=True)
        process.kill()  # the process alone, and none of its workers
        process.wait()
        began = time.monotonic()
        done = omega.sweep(walk(300), Slow, MANY, workers=2, out=folder, trades=True)
        assert time.monotonic() - began < lease.EXPIRES / 2
    finally:
        with contextlib.suppress(ProcessLookupError):  # none of its workers lives
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    whole = omega.sweep(walk(300), Slow, MANY, workers=1, trades=True)
    assert done.to_polars().equals(whole.to_polars())
    assert done.trades.equals(whole.trades)
    assert not (folder / lease.FILE).exists()


def test_of_many_processes_one_holds_a_folder(tmp_path: Path) -> None:
    words = [sys.executable, "-c", CONTENDING, str(tmp_path)]
    processes = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(3)]
    complaints = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], complaints
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_a_fork_does_not_hold_the_lease_of_a_dead_parent(tmp_path: Path) -> None:
    words = [sys.executable, "-c", FORKING, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.wait()
        try:
            with lease.leased(tmp_path):
                os.kill(child, 0)  # it lives, and holds nothing
        finally:
            os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
@pytest.mark.parametrize(("seconds", "is_refused"), [(0.3, False), (60.0, True)])
def test_what_a_killed_process_leaves_locked_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, *, is_refused: bool
) -> None:
    monkeypatch.setattr(lease, "_SETTLES", 0.6)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    content = json.dumps({"pid": ended.pid, "host": platform.node(), "beat": 0})
    (tmp_path / lease.FILE).write_text(content)
    file = os.open(tmp_path / lease.FILE, os.O_RDWR)
    assert locks.locked(file)
    letting_go = threading.Timer(seconds, os.close, [file])
    letting_go.start()
    expected = pytest.raises(ConfigError, match="already") if is_refused else nullcontext()
    try:
        with expected, lease.leased(tmp_path):
            assert letting_go.finished.is_set()
    finally:
        letting_go.cancel()
    if is_refused:
        os.close(file)


@pytest.mark.usefixtures("hasty")
def test_a_holder_on_another_machine_is_dead_once_its_heart_stops(tmp_path: Path) -> None:
    put(tmp_path, "elsewhere")
    began = time.monotonic()
    with lease.leased(tmp_path):
        assert time.monotonic() - began >= lease.EXPIRES
    ended = threading.Event()

    def beat() -> None:
        beats = 0
        while not ended.wait(0.02):
            beats += 1
            put(tmp_path, "elsewhere", beats)

    put(tmp_path, "elsewhere")
    beating = threading.Thread(target=beat)
    beating.start()
    try:
        with pytest.raises(ConfigError, match="process 1 on elsewhere"), lease.leased(tmp_path):
            pass
    finally:
        ended.set()
        beating.join()


@pytest.mark.usefixtures("hasty")
def test_a_folder_that_vanishes_while_its_lease_is_waited_for_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    put(folder, "elsewhere")
    vanishing = threading.Timer(lease.EXPIRES / 2, shutil.rmtree, [folder])
    vanishing.start()
    with lease.leased(folder):
        assert vanishing.finished.is_set()
        assert (folder / lease.FILE).exists()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"[" * 990, b'{"pid": 1}', b"\xff", b"null"])
def test_what_is_no_lease_is_free(tmp_path: Path, content: bytes) -> None:
    (tmp_path / lease.FILE).write_bytes(content)
    with lease.leased(tmp_path):
        assert str(os.getpid()) in (tmp_path / lease.FILE).read_text()


@pytest.mark.usefixtures("hasty")
def test_a_heartbeat_stands_for_a_lock_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omega.data.locks.locked", lambda _: None)
    with lease.leased(tmp_path):
        with pytest.raises(ConfigError, match=f"process {os.getpid()}"), lease.leased(tmp_path):
            pass
        assert (tmp_path / lease.FILE).exists()
    assert list(tmp_path.iterdir()) == []
    put(tmp_path, "elsewhere")
    with lease.leased(tmp_path):
        put(tmp_path, "a third one that took it")
        time.sleep(4 * lease.BEAT)
    assert "third" in (tmp_path / lease.FILE).read_text()

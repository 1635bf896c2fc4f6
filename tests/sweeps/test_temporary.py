"""Temporary folders of sweeps: those that dead ones left go, and nobody else's do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from omega.data.files import replaced
from omega.sweeps import temporary
from tests.sweeps.test_resuming import PATH

HOLDING = """
import sys, time
from omega.data.files import replaced
from omega.sweeps.temporary import candles, temporary
from pathlib import Path

with temporary() as folder, replaced(Path(sys.argv[1])) as part:
    candles(folder, 1).write_text("half a file")
    part.write_text("half a file")
    print(folder, flush=True)
    time.sleep(60)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no locks that end with a process")


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def holder(page: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that holds a folder and writes a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(page)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATH},
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_dead_process_left_is_swept(tmp_path: Path, how: signal.Signals) -> None:
    page = tmp_path / "page.html"
    process, folder = holder(page)
    with process:
        temporary.sweep_dead()
        with replaced(page) as part:
            part.write_text("whole")
        halves = [path for path in tmp_path.iterdir() if path.suffix == ".part"]
        assert (folder / "candles-1.arrow").exists(), "its holder lives"
        assert len(halves) == 1
        process.send_signal(how)
        process.wait()
        assert folder.exists()
    temporary.sweep_dead()
    with replaced(page) as part:
        part.write_text("whole again")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert page.read_text() == "whole again"


def test_what_is_not_a_sweeps_own_stays(tmp_path: Path) -> None:
    notes = tmp_path / "omega-sweep-12345678" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    (tmp_path / "omega-sweep-of-mine").mkdir()
    (tmp_path / "omega-sweep-1234567_").write_text("a file")
    (tmp_path / ".page.html-notes.part").write_text("mine")
    (tmp_path / "omega-sweep-abcdefgh").symlink_to(notes.parent)
    before = sorted(tmp_path.iterdir())
    temporary.sweep_dead()
    with replaced(tmp_path / "page.html") as part:
        part.write_text("whole")
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "page.html"])
    assert notes.read_text() == "mine"


def test_a_folder_goes_with_its_sweep_and_what_others_put_there_stays(tmp_path: Path) -> None:
    with temporary.temporary() as folder:
        temporary.candles(folder, 1).write_text("")
        temporary.sweep_dead()
        assert temporary.candles(folder, 1).exists()
    assert not folder.exists()
    with temporary.temporary() as folder:
        temporary.candles(folder, 1).write_text("")
        (folder / "mine").write_text("mine")
    assert [path.name for path in folder.iterdir()] == ["mine"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_a_fork_does_not_keep_the_folder_of_its_dead_parent(tmp_path: Path) -> None:
    program = HOLDING.replace(
        "    time.sleep(60)",
        "    import os, signal\n"
        "    if os.fork():\n"
        "        time.sleep(0.5)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    time.sleep(5)\n",
    )
    page = str(tmp_path / "page.html")
    words = [sys.executable, "-c", program, page]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": PATH}
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().decode().strip())
        process.wait()
        time.sleep(0.1)
        temporary.sweep_dead()
        assert not folder.exists()

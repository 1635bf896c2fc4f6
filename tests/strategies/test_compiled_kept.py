"""Goal: compiled code that is kept on disk is run only where it is this user's, and whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import omega
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import walk
from tests.support.compiled_strategies import TrailingByHand

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = [
    pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core"),
    pytest.mark.skipif(os.name == "nt", reason="nothing is kept on Windows"),
]

program = pytest.importorskip("omega.compiling.program")
kept = pytest.importorskip("omega.compiling.code_cache")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own."""
    monkeypatch.setenv("OMEGA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


def again() -> bool:
    """Run the class as another process would; whether its code was found on disk."""
    program._programs.clear()  # noqa: SLF001 - what a process knows
    omega.run_backtest(walk(60), TrailingByHand())
    (found,) = program._programs[TrailingByHand]  # noqa: SLF001 - as above
    is_kept: bool = found.is_kept
    return is_kept


def the_file(folder: Path) -> Path:
    """The only file of the folder."""
    (found,) = folder.iterdir()
    return found


def test_what_was_kept_gives_the_same(folder: Path) -> None:
    plain = omega.run_backtest(walk(300), TrailingByHand(), compiled=False).fingerprint
    assert not again()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert the_file(folder).stat().st_mode & 0o777 == 0o600
    assert again()
    assert omega.run_backtest(walk(300), TrailingByHand()).fingerprint == plain


def test_another_program_is_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again()
    first = the_file(folder)
    monkeypatch.setattr(program.llvm, "get_host_cpu_name", lambda: "x86-64")
    assert not again()
    assert {first} < set(folder.iterdir())


@pytest.mark.parametrize("place", [0, 20, 60, -1])
def test_a_damaged_file_is_made_again(folder: Path, place: int) -> None:
    again()
    content = bytearray(the_file(folder).read_bytes())
    content[place] ^= 1
    the_file(folder).write_bytes(content)
    assert not again()
    assert again()


def test_a_file_that_was_cut_is_made_again(folder: Path) -> None:
    again()
    os.truncate(the_file(folder), 100)
    assert not again()


def test_a_file_of_another_name_is_not_run(folder: Path) -> None:
    again()
    whole = the_file(folder)
    code = whole.read_bytes()
    other = "0" * 64
    (folder / f"{other}.code").write_bytes(code)
    assert kept.kept(other) is None
    assert kept.kept(whole.stem) == code[48:]


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720])
def test_a_folder_that_others_may_write_to_is_not_read(folder: Path, mode: int) -> None:
    again()
    folder.chmod(mode)
    assert not again()
    assert "others may write" in str(kept.size_of_code()[1])
    folder.chmod(0o755)
    assert again()


def test_a_file_that_others_may_write_to_is_not_read(folder: Path) -> None:
    again()
    the_file(folder).chmod(0o666)
    assert not again()
    assert the_file(folder).stat().st_mode & 0o777 == 0o600


def test_what_belongs_to_another_user_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert not again()


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    again()
    file = the_file(folder)
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert not again()
    folder.rename(tmp_path / "other")
    folder.symlink_to(tmp_path / "other")
    assert not again()


def test_a_pipe_in_place_of_a_file_is_not_waited_for(folder: Path) -> None:
    again()
    name = the_file(folder)
    name.unlink()
    os.mkfifo(name)
    assert not again()


def test_a_place_that_cannot_be_written_to_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("OMEGA_CACHE", str(tmp_path / "file"))
    assert not again()
    assert not again()


def test_what_was_used_longest_ago_goes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LIMIT", 3000)
    for place, name in enumerate(("a", "b", "c")):
        kept.keep(name * 64, b"x" * 900)
        os.utime(folder / f"{name * 64}.code", (place, place))
    assert kept.kept("a" * 64) is not None  # and is used now
    (folder / ".half.part").write_bytes(b"y" * 100)
    os.utime(folder / ".half.part", (0, 0))
    kept.keep("d" * 64, b"x" * 900)
    assert {one.name[0] for one in folder.iterdir()} == {"a", "c", "d"}
    assert kept.size_of_code()[0] <= 3000


def test_another_process_finds_it(folder: Path) -> None:
    text = (
        "import logging; logging.basicConfig(level=logging.INFO)\n"
        "import omega\n"
        "from tests.support.candles import walk\n"
        "from tests.support.compiled_strategies import TrailingByHand\n"
        "print(omega.run_backtest(walk(60), TrailingByHand()).fingerprint)\n"
    )
    made = [
        subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert made[0].stdout == made[1].stdout
    assert "compiled the callbacks of TrailingByHand" in made[0].stderr
    assert "found the callbacks of TrailingByHand" in made[1].stderr
    assert folder.exists()

"""Sweeps that end early: killed, interrupted, called again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import GRID, Cross, Slow, walk

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")

TOP = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join([str(TOP), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
MANY = {"fast": list(range(2, 14)), "slow": [20, 30, 40, 50]}
PROGRAM = """
import sys, omega
from omega.sweeps import rows
from tests.support.sweep_strategies import Slow, walk
from tests.sweeps.test_resuming import MANY
rows.SECONDS = 0.05
result = omega.sweep(walk(300), Slow, MANY, workers=2, out=sys.argv[1], trades=True)
print(result)
"""
MEASURING = """
import pathlib, re, sys, time
import omega
from tests.support.sweep_strategies import walk

class Told(omega.Strategy):
    label: str = ""
    folder: str = ""

    def wait_for_both(self, name):
        folder = pathlib.Path(self.folder)
        (folder / f"{name}-{self.label}").touch()
        while len(list(folder.glob(f"{name}-*"))) < 2:
            time.sleep(0.01)

    def on_bar(self, bar):
        if bar.index == 250_000:
            self.wait_for_both("mapped")
            maps = pathlib.Path("/proc/self/smaps").read_text()
            part = maps[maps.index(".arrow") :].split("VmFlags")[0]
            sizes = [re.search(rf"{name}: +([0-9]+)", part)[1] for name in ("Rss", "Pss")]
            self.wait_for_both("measured")
            sys.stderr.write(" ".join(sizes) + "\\n")  # at once: two processes write

grid = {"label": ["a", "b"], "folder": [sys.argv[1]]}
omega.sweep(walk(260_000), Told, grid, workers=2)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a sweep in a process of its own group."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATH},
        start_new_session=True,
    )


def test_a_sweep_killed_ten_times_is_the_sweep(tmp_path: Path) -> None:
    whole = omega.sweep(walk(300), Slow, MANY, workers=1, trades=True)
    moments = random.Random(3)  # noqa: S311 - any moment will do
    for _ in range(10):
        process = start(tmp_path / "out")
        time.sleep(moments.uniform(0.5, 1.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    done = omega.sweep(walk(300), Slow, MANY, workers=2, out=tmp_path / "out", trades=True)
    assert done.to_polars().equals(whole.to_polars())
    assert done.trades.equals(whole.trades)
    parts = pl.concat([pl.read_parquet(p) for p in (tmp_path / "out").glob("runs-*.parquet")])
    assert sorted(parts["run"].to_list()) == list(range(48))


def test_an_interrupt_gives_what_is_there_within_a_second(tmp_path: Path) -> None:
    process = start(tmp_path / "out")
    while not list((tmp_path / "out").glob("runs-*.parquet")):
        time.sleep(0.02)
        assert process.poll() is None, process.communicate()
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    told, complaint = process.communicate(timeout=20)
    assert time.monotonic() - began < 5.0  # a second, and room for a busy machine
    assert told.endswith(", interrupted)\n"), complaint
    assert not told.startswith("SweepResult(0 ")


def test_a_finished_sweep_is_read_and_not_made_again(tmp_path: Path) -> None:
    first = omega.sweep(walk(), omega.native("sma_cross"), GRID, out=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = omega.sweep(walk(), omega.native("sma_cross"), GRID, out=tmp_path)
    assert again.to_polars().equals(first.to_polars())
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


class Other(Cross):
    """Another strategy with the same parameters."""


@pytest.mark.parametrize(
    ("words", "differs"),
    [
        ({"data": walk(seed=6)}, "data"),
        ({"strategy": Other}, "strategy"),
        ({"cash": 5_000.0}, "settings"),
        ({"grid": {"fast": [3]}}, "runs"),
        ({"metrics": ["sharpe"]}, "metrics"),
        ({"seed": 8}, "settings, seed"),
    ],
)
def test_another_sweep_is_refused(tmp_path: Path, words: dict[str, Any], differs: str) -> None:
    given: dict[str, Any] = {"data": walk(), "strategy": Cross, "grid": GRID, "workers": 1}
    omega.sweep(**given, out=tmp_path)
    with pytest.raises(ConfigError, match=f"another sweep .it differs in: {differs}"):
        omega.sweep(**{**given, **words}, out=tmp_path)


def test_a_fee_function_is_known_by_its_source(tmp_path: Path) -> None:
    def given(fee: Any) -> dict[str, Any]:  # noqa: ANN401 - a function of a fill
        costs = {"EURUSD": omega.Costs(fee=fee)}
        return {"data": {"EURUSD": walk(400)}, "grid": {"fast": [3]}, "costs": costs}

    fees = [
        lambda _fill: 1.0,
        lambda _fill: 2.0,
    ]
    first = omega.sweep(strategy=Cross, workers=1, out=tmp_path, **given(fees[0]))
    again = omega.sweep(strategy=Cross, workers=1, out=tmp_path, **given(fees[0]))
    assert again.to_polars().equals(first.to_polars())
    with pytest.raises(ConfigError, match=r"another sweep .it differs in: settings"):
        omega.sweep(strategy=Cross, workers=1, out=tmp_path, **given(fees[1]))


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        omega.sweep(walk(), omega.native("sma_cross"), GRID, out=tmp_path)


def test_a_folder_keeps_the_files_of_its_user(tmp_path: Path) -> None:
    words: dict[str, Any] = {"grid": GRID, "workers": 1, "trades": True}
    whole = omega.sweep(walk(), Cross, **words, out=tmp_path)
    part = (tmp_path / "trades-000000.parquet").read_bytes()
    mine = ["results-2024.parquet", "notes.tmp", "runs-mine.parquet", "trades-000007.parquet"]
    for name in mine:
        (tmp_path / name).write_text("mine")
    (tmp_path / "trades-000001.parquet").write_bytes(part)  # of this sweep; a run ended before it
    fingerprint = json.loads((tmp_path / "sweep.json").read_text())["fingerprint"]
    half = tmp_path / f".runs-000001.parquet.{fingerprint[:16]}.tmp"
    half.write_text("PAR1 and no more")
    again = omega.sweep(walk(), Cross, **words, out=tmp_path)
    assert again.to_polars().equals(whole.to_polars())
    assert again.trades.equals(whole.trades)
    assert {name: (tmp_path / name).read_text() for name in mine} == dict.fromkeys(mine, "mine")
    own = ["runs-000000.parquet", "sweep.json", "trades-000000.parquet"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*own, *mine])


def test_a_sweep_that_ended_before_its_first_part_goes_on(tmp_path: Path) -> None:
    whole = omega.sweep(walk(), Cross, GRID, workers=1, out=tmp_path)
    (tmp_path / "runs-000000.parquet").unlink()
    fingerprint = json.loads((tmp_path / "sweep.json").read_text())["fingerprint"]
    half = tmp_path / f".sweep.json.{fingerprint[:16]}.tmp"
    (tmp_path / "sweep.json").rename(half)
    again = omega.sweep(walk(), Cross, GRID, workers=1, out=tmp_path)
    assert again.to_polars().equals(whole.to_polars())
    assert not half.exists()


def test_a_part_of_another_sweep_is_found_by_its_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    omega.sweep(walk(), omega.native("sma_cross"), GRID, out=one)
    omega.sweep(walk(seed=6), omega.native("sma_cross"), GRID, out=two)
    part = next(one.glob("runs-*.parquet"))
    part.write_bytes(next(two.glob("runs-*.parquet")).read_bytes())
    with pytest.raises(ConfigError, match="belongs to another sweep"):
        omega.sweep(walk(), omega.native("sma_cross"), GRID, out=one)
    part.write_bytes(b"PAR1 and no more")
    with pytest.raises(ConfigError, match="cannot be read"):
        omega.sweep(walk(), omega.native("sma_cross"), GRID, out=one)


def test_the_data_is_in_memory_once_for_all_processes(tmp_path: Path) -> None:
    """By proportional set size: pages that processes share count once for all of them."""
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("this system does not tell how memory is shared")
    program = tmp_path / "program.py"
    program.write_text(MEASURING)
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": PATH},
        timeout=120,
    )
    told = [tuple(map(int, line.split())) for line in done.stderr.splitlines()]
    assert len(told) == 2, done.stderr
    for resident, proportional in told:
        assert resident > 10_000  # kilobytes: the file is mapped and was read
        assert proportional < 0.75 * resident

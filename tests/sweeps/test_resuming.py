"""Sweeps that end early: killed, interrupted, called again."""

from __future__ import annotations

import functools
import json
import math
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
from omega.sweeps import rows
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


def test_runs_with_many_rows_are_written_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "TABLE_ROWS", 1_000)
    whole = omega.sweep(walk(300), Cross, GRID, workers=1, equity=True)
    done = omega.sweep(walk(300), Cross, GRID, workers=1, equity=True, out=tmp_path / "out")
    assert done.equity.equals(whole.equity)
    sizes = [len(pl.read_parquet(part)) for part in (tmp_path / "out").glob("equity-*")]
    assert sum(sizes) == len(whole.equity)
    assert len(sizes) > 1
    assert max(sizes) < 1_000 + 300, "a part ends with the run that reaches the limit"


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
        ({"seed": 8}, "seed"),
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


LOOKBACK = 5


def helper(values: Any) -> float:  # noqa: ANN401 - a window
    return float(values[-1]) * LOOKBACK


class Above(omega.Strategy):
    """A base class."""

    def is_above(self, bar: omega.Bar) -> bool:
        return bar.close * LOOKBACK > helper(bar.close_window(2))


class Reaching(Above):
    """A strategy that uses what stands around it."""

    fast: int = 5

    def on_bar(self, bar: omega.Bar) -> None:
        if self.is_above(bar) and self.position is None:
            self.buy()


def reaching(size: float) -> Any:  # noqa: ANN401 - a function of the parameters
    def given(fast: int) -> omega.Strategy:
        return Reaching(fast=int(fast * size))

    return given


def test_code_that_the_strategy_uses_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(version: str | None = None) -> omega.SweepResult:
        words: dict[str, Any] = {"workers": 1, "out": tmp_path / "out", "version": version}
        return omega.sweep(walk(300), Reaching, {"fast": [3, 4]}, **words)

    first = call()
    assert call().to_polars().equals(first.to_polars())
    here = __name__
    monkeypatch.setattr(sys.modules[here], "LOOKBACK", 6)
    with pytest.raises(ConfigError, match=f"strategy: the global LOOKBACK of {here}"):
        call()
    monkeypatch.undo()
    monkeypatch.setattr(sys.modules[here], "helper", lambda values: 0.0)
    with pytest.raises(ConfigError, match=f"strategy: the function {here}.Above.is_above"):
        call()
    monkeypatch.undo()
    monkeypatch.setattr(Above, "is_above", lambda self, bar: False)
    with pytest.raises(ConfigError, match=f"the class {here}.Above"):
        call()
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="version"):
        call(version="2")
    assert call().to_polars().equals(first.to_polars())


def test_a_variable_of_a_function_around_is_compared(tmp_path: Path) -> None:
    def call(size: float) -> omega.SweepResult:
        return omega.sweep(walk(300), reaching(size), {"fast": [3]}, workers=1, out=tmp_path)

    first = call(2.0)
    assert call(2.0).to_polars().equals(first.to_polars())
    with pytest.raises(ConfigError, match=r"strategy: the variable size of .*reaching"):
        call(3.0)


def test_the_candles_of_a_magnifier_are_compared(tmp_path: Path) -> None:
    data = walk(300)

    def call(finer: pl.DataFrame) -> omega.SweepResult:
        execution = omega.Execution(intrabar="magnifier", magnifier=finer)
        words: dict[str, Any] = {"workers": 1, "out": tmp_path, "execution": execution}
        return omega.sweep(data, Cross, {"fast": [3]}, **words)

    first = call(data)
    assert call(data.clone()).to_polars().equals(first.to_polars())
    with pytest.raises(ConfigError, match=r"differs in: settings: execution\.magnifier"):
        call(data[:-1])


@pytest.mark.parametrize("named", [True, False])
def test_the_candles_of_files_in_the_grid_are_compared(tmp_path: Path, named: bool) -> None:
    path = str(tmp_path / "candles.parquet")

    def call(bars: int) -> omega.SweepResult:
        walk(bars).write_parquet(path)
        data: Any = {"one": path} if named else [path]
        grid = {"data": data, "fast": [3]}
        return omega.sweep(None, Cross, grid, workers=1, out=tmp_path / "out")

    first = call(300)
    assert call(300).to_polars().equals(first.to_polars())
    with pytest.raises(ConfigError, match=r"differs in: (values|runs): data"):
        call(299)


def test_a_version_goes_on_with_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words: dict[str, Any] = {"grid": {"fast": [3]}, "workers": 1, "out": tmp_path}
    first = omega.sweep(walk(300), Reaching, **words, version="1")
    monkeypatch.setattr(sys.modules[__name__], "LOOKBACK", 6)
    again = omega.sweep(walk(300), Reaching, **words, version="1")
    assert again.to_polars().equals(first.to_polars())
    with pytest.raises(ConfigError, match="differs in: version"):
        omega.sweep(walk(300), Reaching, **words, version="2")


@pytest.mark.parametrize(
    "values",
    [
        [math.nan, 1.0],
        [2**53 + 1, 0.5, 2**70],
        [2**70, 1],
        [10**40, 3],
        [10**40, math.inf],
        [True, 1, "a", None, 1e-7],
        [2**63 + 1, -1],
    ],
)
def test_parameters_are_recognised(tmp_path: Path, values: list[Any]) -> None:
    def made(base: type[Cross], fast: int, given: object) -> omega.Strategy:
        return base(fast=fast)

    def call() -> omega.SweepResult:
        grid = {"fast": [3], "given": values}
        partial = functools.partial(made, Cross)
        return omega.sweep(walk(100), partial, grid, workers=1, out=tmp_path)

    first = call()
    assert first.to_polars().height == len(values)
    before = sorted(path.name for path in tmp_path.iterdir())
    assert call().to_polars().equals(first.to_polars())
    assert sorted(path.name for path in tmp_path.iterdir()) == before


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
    tables = ("moments", "runs", "trades")
    own = ["sweep.json", *(f"{table}-000000.parquet" for table in tables)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*own, *mine])


def test_a_sweep_that_ended_before_its_first_part_goes_on(tmp_path: Path) -> None:
    whole = omega.sweep(walk(), Cross, GRID, workers=1, out=tmp_path)
    for table in ("runs", "moments"):
        (tmp_path / f"{table}-000000.parquet").unlink()
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

"""Commands from end to end: a sweep, a report, a file that is imported and run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from omega import native, sample, sweep
from omega.cli import main

TOP = Path(__file__).resolve().parents[2]
SAMPLE = TOP / "data" / "samples" / "random-walk_eurusd_2024-01-01_m1.parquet"


SCRIPT = """
from __future__ import annotations

import dataclasses
import enum

import beside
import omega


class Turn(enum.Enum):
    UP = "long"
    DOWN = "short"


@dataclasses.dataclass(frozen=True)
class Lengths:
    fast: int
    slow: int = beside.SLOWEST


class Base(omega.Strategy):
    def turn(self, turn: Turn) -> None:
        if self.position is not None:
            self.close()
        (self.buy if turn is Turn.UP else self.sell)()


def crossing(one, other) -> Turn | None:
    if omega.crossover(one, other):
        return Turn.UP
    return Turn.DOWN if omega.crossunder(one, other) else None


class Mine(Base):
    fast: int = 10

    def init(self) -> None:
        super().init()
        lengths = Lengths(self.fast)
        self.short, self.long = self.sma(lengths.fast), self.sma(lengths.slow)

    def on_bar(self, bar: omega.Bar) -> None:
        turn = crossing(self.short, self.long)
        if turn is not None:
            self.turn(turn)


def made(fast):
    return Mine(fast=fast)
"""


def omega(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_sweep_is_run_and_its_best_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from omega.examples.sma_cross import SmaCross\n\n\nclass Mine(SmaCross):\n    pass\n"
    )
    words = ("--grid", "fast=5,10", "--grid", "slow=20:40:20", "--workers", "1")
    done = omega("sweep", f"{file}:Mine", SAMPLE, *words, "--metric", "net_profit", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["runs"] == 4
    profits = [row["net_profit"] for row in document["best"]]
    assert profits == sorted(profits, reverse=True)
    one = json.loads(
        omega(
            "run", f"{file}:Mine", SAMPLE, "--param", "fast=5", "--param", "slow=20", "--json"
        ).stdout
    )
    assert one["metrics"]["net_profit"] in profits
    native = omega("sweep", "native:sma_cross", SAMPLE, "--grid", "fast=5,10", "--json")
    assert json.loads(native.stdout)["runs"] == 2


def test_a_sweep_says_how_much_of_its_best_run_is_luck(tmp_path: Path) -> None:
    file = tmp_path / "share.parquet"
    sample("SHARE").write_parquet(file)
    grid = {"fast": [5, 10, 20], "slow": [50, 100]}
    given = ("sweep", "native:sma_cross", str(file), "--grid", "fast=5,10,20")
    words = (*given, "--grid", "slow=50,100", "--start", "2015-01-01")
    trust = sweep(file, native("sma_cross"), grid, start="2015-01-01").trust("sharpe")
    found = json.loads(omega(*words, "--json").stdout)["trust"]
    assert (found["trials"], found["dsr"], found["pbo"]) == (6, trust.dsr, trust.pbo)
    shown = " ".join(omega(*words).stdout.split())
    assert trust.in_words() in shown
    assert "The best of 6 trials; deflated Sharpe ratio" in shown
    by_run = omega(*words, "--sort", "run")
    assert by_run.exit_code == 0, by_run.output


@pytest.mark.parametrize("name", ["Mine", "made"])
def test_a_sweep_of_a_script_is_the_same_for_any_number_of_workers(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "mine.py").write_text(SCRIPT)
    (tmp_path / "beside.py").write_text("SLOWEST = 40\n")
    tables = {}
    for workers in ("1", "2", None):
        out = tmp_path / f"out-{workers}"
        words = [
            "sweep",
            f"mine.py:{name}",
            str(SAMPLE),
            "--grid",
            "fast=5,10,15",
            "--out",
            str(out),
        ]
        words += ["--workers", workers] if workers else []
        done = subprocess.run(
            [sys.executable, "-m", "omega", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        tables[workers] = pl.concat(map(pl.read_parquet, out.glob("runs-*.parquet"))).sort("run")
    assert tables["1"]["run"].to_list() == [0, 1, 2]
    assert tables["1"]["error"].null_count() == 3
    assert (tables["1"]["trades"] > 0).all()
    assert tables["2"].equals(tables["1"])
    assert tables[None].equals(tables["1"])


def test_a_report_is_written(tmp_path: Path) -> None:
    saved, direct, later = (tmp_path / name for name in ("run", "direct.html", "later.html"))
    words = ("native:sma_cross", SAMPLE, "--out", saved, "--report", direct)
    done = omega("run", *words)
    assert done.exit_code == 0, done.output
    assert "<html" in direct.read_text()
    assert omega("report", saved, later).exit_code == 0
    assert "No candles" in later.read_text()
    assert omega("report", saved, later, "--data", SAMPLE).exit_code == 0
    assert "No candles" not in later.read_text()


def test_a_csv_is_imported_and_run(tmp_path: Path) -> None:
    file = tmp_path / "candles.csv"
    pl.read_parquet(SAMPLE).with_columns(pl.col("time").dt.strftime("%Y-%m-%d %H:%M:%S")).select(
        "time", open="bid_open", high="bid_high", low="bid_low", close="bid_close"
    ).write_csv(file)
    asked = omega("data", "import", file, "--time-zone", "UTC")
    assert asked.exit_code == 1
    assert "--bar-time open" in asked.output
    words = ("--time-zone", "UTC", "--bar-time", "open")
    done = omega("data", "import", file, *words, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 2_880
    ran = omega("run", "native:sma_cross", tmp_path / "candles.arrow", "--json")
    assert json.loads(ran.stdout)["copied_bytes"] == 0


def test_what_a_script_prints_is_no_part_of_the_answer(tmp_path: Path) -> None:
    file = tmp_path / "talks.py"
    file.write_text(
        "import omega\n\nprint('loaded')\n\n\n"
        "class Talks(omega.Strategy):\n    def on_bar(self, bar):\n        pass\n"
    )
    done = omega("run", f"{file}:Talks", SAMPLE, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"]["trades"] == 0
    assert "loaded" in done.stderr

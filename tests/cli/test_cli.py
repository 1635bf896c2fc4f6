"""`omega run`: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from omega.cli import _shared, main
from tests.support.backends import WITHOUT_CORE

TOP = Path(__file__).resolve().parents[2]
SAMPLE = TOP / "data" / "samples" / "random-walk_eurusd_2024-01-01_m1.parquet"
STRATEGY = """
import omega

class Every(omega.Strategy):
    n: int = 100

    def on_bar(self, bar):
        if bar.index % self.n == 0:
            self.buy(size=0.1, stop_loss=bar.close * 0.999)

def nothing(bar):
    return None

class Broken(omega.Strategy):
    def on_bar(self, bar):
        raise RuntimeError("my own mistake")
"""


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(STRATEGY)
    return file


def omega(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def crossed(folder: Path) -> Path:
    """Return the sample with three rows whose ask is below the bid."""
    frame = pl.read_parquet(SAMPLE)
    bad = pl.int_range(pl.len()).is_in([5, 6, 700])
    lowered = [
        pl.when(bad).then(pl.col(name) - 0.01).otherwise(pl.col(name)).alias(name)
        for name in ("ask_open", "ask_high", "ask_low", "ask_close")
    ]
    file = folder / "crossed.parquet"
    frame.with_columns(lowered).write_parquet(file)
    return file


def test_run_prints_the_summary(strategy: Path) -> None:
    done = omega("run", f"{strategy}:Every", SAMPLE, "--symbol", "EURUSD", "--param", "n=500")
    assert done.exit_code == 0, done.output
    assert "trades" in done.stdout.lower()
    *_, notice, remedies = done.stdout.splitlines()
    assert notice.startswith("Notice         the CAGR of ")
    assert remedies == "What to do     omega explain exposure short_period"


def test_run_prints_json_that_can_be_read(strategy: Path) -> None:
    done = omega("run", f"{strategy}:nothing", SAMPLE, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["copied_bytes"] == 0
    assert document["metrics"]
    text = "the CAGR of 0.00 % is extrapolated from 2 days"
    assert document["notices"] == [{"level": "info", "kind": "short_period", "text": text}]


def test_run_writes_the_tables(strategy: Path, tmp_path: Path) -> None:
    done = omega("run", f"{strategy}:Every", SAMPLE, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert pl.read_parquet(tmp_path / "out" / "trades.parquet").height > 0


def test_run_does_not_overwrite_unasked(strategy: Path, tmp_path: Path) -> None:
    words = ("run", f"{strategy}:nothing", SAMPLE, "--out", tmp_path / "out")
    assert omega(*words).exit_code == 0
    refused = omega(*words)
    assert refused.exit_code == 2
    assert "is not empty" in refused.stderr
    assert omega(*words, "--overwrite").exit_code == 0
    (tmp_path / "out" / "manifest.json").write_text("{}")
    (tmp_path / "mine.html").write_text("mine")
    for more, told in (("--overwrite",), "no saved result"), (("--out", tmp_path / "b"), "no page"):
        before = omega(*words, *more, "--report", tmp_path / "mine.html")
        assert before.exit_code == 1
        assert told in before.stderr
    assert not (tmp_path / "b").exists()  # refused before the run, which may take long
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_run_takes_two_files(strategy: Path, tmp_path: Path) -> None:
    both = pl.read_parquet(SAMPLE)
    for side in ("bid", "ask"):
        prices = {f"{side}_{key}": key for key in ("open", "high", "low", "close")}
        both.select("time", *prices).rename(prices).write_parquet(tmp_path / f"{side}.parquet")
    bid, ask = tmp_path / "bid.parquet", tmp_path / "ask.parquet"
    two = omega("run", f"{strategy}:Every", bid, "--ask", ask, "--json")
    one = omega("run", f"{strategy}:Every", SAMPLE, "--json")
    assert two.exit_code == 0, two.output
    assert json.loads(two.stdout)["fingerprint"] == json.loads(one.stdout)["fingerprint"]


def test_an_error_is_one_message_without_a_traceback(strategy: Path) -> None:
    done = omega("run", f"{strategy}:Every", SAMPLE, "--start", "2030-01-01")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.output


def test_a_strategys_own_error_is_its_own(strategy: Path) -> None:
    done = omega("run", f"{strategy}:Broken", SAMPLE)
    assert isinstance(done.exception, RuntimeError)
    assert "my own mistake" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Missing argument 'STRATEGY'"),
        (["{strategy}:Every"], "DATA: no file of candles was given"),
        (["{strategy}", "{sample}"], "expected a file and a name"),
        (["{strategy}", "{sample}"], "mine.py has Every, nothing, Broken"),
        (["nowhere.py:X", "{sample}"], "there is no file 'nowhere.py'"),
        (["{folder}/mien.py:X", "{sample}"], "Did you mean '{folder}/mine.py'?"),
        (["{strategy}:X", "{sample}"], "mine.py has no 'X'; it has Every, nothing, Broken"),
        (["{strategy}:Evry", "{sample}"], "Did you mean 'Every'?"),
        (["{strategy}:Every", "{sample}", "--param", "n"], "expected NAME=VALUE"),
        (
            ["{strategy}:nothing", "{sample}", "--param", "n=1"],
            "parameters go to a class, or a function that makes",
        ),
        (["{strategy}:Every", "nowhere.parquet"], "there is no file 'nowhere.parquet'"),
        (["{strategy}:Every", "{sample}", "slow=50"], "Is it a parameter? --param slow=50"),
        (["{strategy}:Every", "{strategy}"], "is no Parquet or Arrow file"),
        (["{strategy}:Every", "{sample}", "{sample}"], "expected SYMBOL=FILE for each of several"),
        (["{strategy}:Every", "A={sample}", "{sample}"], "has no symbol beside others"),
        (["{strategy}:Every", "{sample}", "--simbol", "X"], "Did you mean '--symbol'?"),
        (["{strategy}:Every", "{sample}", "--backend", "rst"], "'rst' is not one of"),
        (["{strategy}:Every", "{sample}", "--cash", "much"], "'much' is not a valid float"),
    ],
)
def test_a_command_that_is_not_understood_ends_with_2(
    words: list[str], told: str, strategy: Path
) -> None:
    names = {"strategy": strategy, "sample": SAMPLE, "folder": strategy.parent}
    done = omega("run", *(word.format(**names) for word in words))
    assert done.exit_code == 2
    assert told.format(**names) in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--param", "m=1"], "Every has no parameter 'm'; it has n"),
        (["--param", "n=1.5"], "Every.n: given 1.5 (float), expected int"),
        (["--start", "yesterday"], "yesterday"),
        (["--allow", "crosed"], "crosed"),
        (["--timeframe", "1H"], "such as 'M15', 'H4', 'D1'"),
    ],
)
def test_a_run_that_is_refused_ends_with_1(words: list[str], told: str, strategy: Path) -> None:
    done = omega("run", f"{strategy}:Every", SAMPLE, *words)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_csv_is_refused_with_the_command_that_converts_it(tmp_path: Path) -> None:
    file = tmp_path / "candles.csv"
    file.write_text("time,open,high,low,close\n")
    done = omega("data", "check", file)
    assert done.exit_code == 2
    assert f"omega data import {file} --out {tmp_path / 'candles.arrow'}" in " ".join(
        done.stderr.split()
    )


def test_a_rule_can_be_lifted(strategy: Path, tmp_path: Path) -> None:
    file = crossed(tmp_path)
    refused = omega("run", f"{strategy}:nothing", file)
    assert refused.exit_code == 1
    allowed = omega("run", f"{strategy}:nothing", file, "--allow", "crossed")
    assert allowed.exit_code == 0, allowed.output


def test_several_symbols_are_named(strategy: Path) -> None:
    words = (f"EURUSD={SAMPLE}", f"GBPUSD={SAMPLE}", "--json")
    done = omega("run", f"{strategy}:Every", *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"]["bars"] == 2_880


def test_a_strategy_of_the_core_has_a_name() -> None:
    done = omega("run", "native:sma_cross", SAMPLE, "--param", "fast=5", "--json")
    assert done.exit_code == (1 if WITHOUT_CORE else 0), done.output


def test_nothing_but_the_answer_is_printed_where_nobody_looks(strategy: Path) -> None:
    done = omega("run", f"{strategy}:nothing", SAMPLE, "--json")
    assert done.stderr == ""
    json.loads(done.stdout)


def test_a_number_that_is_not_finite_is_null() -> None:
    document = {"a": float("nan"), "b": [float("inf"), 1.5], "c": {"d": None}}
    with CliRunner().isolation() as (out, *_):
        _shared.print_json(document)
        printed = out.getvalue()
    assert json.loads(printed) == {"a": None, "b": [None, 1.5], "c": {"d": None}}

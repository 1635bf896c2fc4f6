"""The examples: every form of each gives one fingerprint, over real candles and invented ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
import omega.examples
from data.generate import random_walk
from omega.examples import NAMES
from omega.examples import __main__ as all_of_them
from tests.support import catalog, market
from tests.support.backends import BACKENDS, WITHOUT_CORE
from tests.support.catalog import Example
from tests.support.interpreter import interpreter
from tests.support.scenario_reversion import SCENARIOS, ScenarioReversion

EXAMPLES = {**catalog.EXAMPLES, "scenario_reversion": SCENARIOS}
PROGRAMS = sorted(
    path
    for path in Path(omega.examples.__file__).parent.glob("*.py")
    if not path.name.startswith("_")
)

PAGES = Path(__file__).resolve().parents[2] / "docs/examples"

FEWEST_TRADES = {"buy_and_hold": 1}

needs_core = pytest.mark.skipif(WITHOUT_CORE, reason="years of candles are for the core")


def forms(example: Example) -> list[str]:
    return [form for form in example.forms if form != "native" or not WITHOUT_CORE]


@needs_core
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_forms_of_an_example_are_one_strategy(name: str) -> None:
    example = EXAMPLES[name]
    source = example.source()
    if not source.real:
        pytest.skip(f"{source.told}; set OMEGA_DATA")
    results = [example.run(form) for form in forms(example)]
    assert len(results) > 1
    assert results[0].trades.height >= FEWEST_TRADES.get(name, 20)
    assert len({result.fingerprint for result in results}) == 1


def invented(example: Example) -> dict[str, Any]:
    """Give random walks in place of an example's symbols, of hours where days are looked at."""
    factor = 60 if "timeframes" in example.settings else 1
    moment = pl.col("time").first() + (pl.col("time") - pl.col("time").first()) * factor
    return {
        symbol: random_walk.candles(6_000, seed=20 + place).with_columns(time=moment)
        for place, symbol in enumerate(example.source().candles)
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_forms_of_an_example_agree_on_both_backends(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = EXAMPLES[name]
    source = market.Source(invented(example), "invented", real=False)
    monkeypatch.setitem(vars(example), "source", lambda: source)
    found = {
        example.run(form, backend=backend).fingerprint
        for form in forms(example)
        for backend in BACKENDS
        if (form, backend) != ("native", "python")
    }
    assert len(found) == 1


@needs_core
@pytest.mark.parametrize("scenario", range(1, 7))
def test_each_scenario_fires_over_real_hours(scenario: int) -> None:
    example = EXAMPLES["scenario_reversion"]
    source = example.source()
    if not source.real:
        pytest.skip(f"{source.told}; set OMEGA_DATA")
    strategy = ScenarioReversion(scenarios=(scenario,))
    result = omega.run_backtest(
        source.candles,
        strategy,
        instruments="auto",
        timeframes=("H4", "D1"),
        position_manager=omega.TimeExit(bars=30),
    )
    assert result.trades.height > 0
    assert set(result.trades["reason"]) == {f"scenario {scenario}"}


@needs_core
def test_all_examples_can_be_run_by_one_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(all_of_them, "NAMES", ("buy_and_hold",))
    all_of_them.main()
    line, _, hint = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"buy_and_hold +1 trades +[\d,.-]+  The yardstick: .+", line)
    assert "python -m omega.examples." in hint


@pytest.fixture(scope="module")
def printed() -> Iterator[Callable[..., str]]:
    """What a program prints in an interpreter that knows nothing of this repository."""
    with interpreter("-I") as found:
        yield found


ALONE = """
import os, runpy, sys
os.chdir(sys.argv[1])
name = sys.argv[2]
sys.argv[:] = [name]
runpy.run_path(name, run_name="__main__")
"""


@needs_core
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_an_example_runs_where_it_is_copied_out_alone(
    program: Path, tmp_path: Path, printed: Callable[..., str]
) -> None:
    shutil.copy(program, tmp_path)
    assert "Net profit" in printed(ALONE, str(tmp_path), program.name)


def test_every_example_is_such_a_program() -> None:
    assert {path.stem for path in PROGRAMS} == {*NAMES} > {*catalog.EXAMPLES}


def test_every_example_has_a_page_whose_counts_are_those_of_its_run() -> None:
    pages = {path.stem: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    assert {*pages} - {"index"} == {*NAMES}
    for name, page in pages.items():
        if name != "index":
            heads = re.findall(r"^## (.+)$", page, re.MULTILINE)
            assert heads == ["Result", "Program", "What is wrong with it"]
            counted = re.search(r"Trades +([\d,]+)", page)
            assert counted is not None
            assert {*re.findall(r"([\d,]+) trades [a-z]", page)} <= {counted[1]}, name

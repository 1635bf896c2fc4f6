"""Every code block of every page runs, in the order in which a reader would paste them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.documentation.blocks import PAGES, TOP, parse, reason_not_to_run

SAMPLE = TOP / "data/samples/random-walk_eurusd_2024-01-01_m1.parquet"
LANGUAGES = {
    "c",
    "console",
    "json",
    "markdown",
    "python",
    "rust",
    "sh",
    "text",
    "toml",
    "{eval-rst}",
}
DIRECTIVES = ("{include} ", "{toctree}")
OTHERS = ("backtesting.py", "backtrader", "vectorbt", "nautilus_trader")

STRATEGIES = """\
from examples.sma_cross import SmaCross

class Pairs(SmaCross):
    pass
"""


def name(page: Path) -> str:
    return page.relative_to(TOP).as_posix()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder as a reader has it: candles, strategies, the repository's samples."""
    for name_of_candles in ("candles", "eurusd"):
        shutil.copy(SAMPLE, tmp_path / f"{name_of_candles}.parquet")
    for name_of_candles in ("euro", "pound"):
        pl.read_parquet(SAMPLE).write_ipc(tmp_path / f"{name_of_candles}.arrow")
    (tmp_path / "strategy.py").write_text(STRATEGIES, encoding="utf-8")
    for part in ("data", "examples"):
        (tmp_path / part).symlink_to(TOP / part)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_blocks_of_a_page_run(page: Path) -> None:
    for example in parse(page).examples():
        example.evaluate()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_block_says_what_it_is(page: Path) -> None:
    fences = re.findall(r"^ *```(.*)\n(?:.*\n)*?^ *```$", page.read_text(), re.MULTILINE)
    assert {fence for fence in fences if not fence.startswith(DIRECTIVES)} <= LANGUAGES


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_only_code_of_other_engines_is_not_run(page: Path) -> None:
    for example in parse(page).examples():
        reason = reason_not_to_run(example)
        if reason is not None:
            assert page.stem.startswith("coming-from-"), f"{name(page)}: {reason}"
            assert reason.startswith(OTHERS), f"{name(page)}: {reason}"
            assert "omega" not in example.parsed


def test_there_is_something_to_run() -> None:
    counted = {name(page): len(list(parse(page).examples())) for page in PAGES}
    assert counted["docs/tutorial.md"] > 10
    assert sum(counted.values()) > 40

"""Every code block of every page runs, in the order in which a reader would paste them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.documentation.blocks import PAGES, TOP, parse, reason_not_to_run

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
DIRECTIVES = ("{equity} ", "{include} ", "{listing} ", "{picture} ", "{toctree}")
OTHERS = ("backtesting.py", "backtrader", "vectorbt", "nautilus_trader")


def name(page: Path) -> str:
    return page.relative_to(TOP).as_posix()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder, as a reader has it who has installed the package and nothing else."""
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

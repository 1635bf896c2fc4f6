"""Every numbered line of the execution page links to the test that shows it, which is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "concepts" / "execution.md"


def items() -> dict[int, str]:
    """Give each numbered line of the page with the lines that belong to it."""
    found = re.findall(r"^(\d+)\. (.*?)(?=^\S|\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return {int(number): text for number, text in found}


def targets(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(path: Path) -> set[str]:
    """Give what a link into a file may name: its headings, or its tests."""
    content = path.read_text()
    if path.suffix == ".py":
        return set(re.findall(r"^def (test_\w+)\(", content, re.MULTILINE))
    titles = re.findall(r"^#+ (.+)$", content, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_lines_are_numbered_without_a_gap() -> None:
    numbers = list(items())
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


@pytest.mark.parametrize("number", items())
def test_a_line_links_to_what_shows_it(number: int) -> None:
    shown = [target for target in targets(items()[number]) if "/tests/" in target]
    assert shown, f"line {number} of {PAGE.name} has no link to a test or a scenario"
    for target in shown:
        file, _, anchor = target.partition("#")
        path = (PAGE.parent / file).resolve()
        assert path.is_file(), f"line {number}: no file {file}"
        assert anchor in anchors(path), f"line {number}: nothing in {file} is called {anchor!r}"


@pytest.mark.parametrize("page", sorted(TOP.glob("docs/**/*.md")), ids=lambda page: page.name)
def test_a_page_links_to_files_that_are_there(page: Path) -> None:
    for target in targets(page.read_text()):
        if "://" not in target:
            file = target.partition("#")[0]
            assert (page.parent / file).exists(), f"{page.name} links to {target}"

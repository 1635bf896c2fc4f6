"""Every reading of the execution page links to the test that shows it, which is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "concepts" / "execution.md"


def readings() -> dict[str, str]:
    """Give each reading of the page by its name, such as F2.1, with its text."""
    pattern = r"^### ([A-Z]+\d+\.\d+) (.*?)(?=^##|\Z)"
    return dict(re.findall(pattern, PAGE.read_text(), re.MULTILINE | re.DOTALL))


def targets(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(path: Path) -> set[str]:
    """Give what a link into a file may name: its headings, or its tests."""
    content = path.read_text()
    if path.suffix == ".py":
        return set(re.findall(r"^def (test_\w+)\(", content, re.MULTILINE))
    titles = re.findall(r"^#+ (.+)$", content, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readings_of_a_rule_are_numbered_without_a_gap() -> None:
    numbers: dict[str, list[int]] = {}
    for reading in readings():
        rule, number = reading.split(".")
        numbers.setdefault(rule, []).append(int(number))
    assert len(numbers) > 20
    for rule, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), f"{rule}: {found}"


@pytest.mark.parametrize("reading", readings())
def test_a_reading_links_to_what_shows_it(reading: str) -> None:
    shown = [target for target in targets(readings()[reading]) if "/tests/" in target]
    assert shown, f"{reading} of {PAGE.name} has no link to a test or a scenario"
    for target in shown:
        file, _, anchor = target.partition("#")
        path = (PAGE.parent / file).resolve()
        assert path.is_file(), f"{reading}: no file {file}"
        assert anchor in anchors(path), f"{reading}: nothing in {file} is called {anchor!r}"


@pytest.mark.parametrize("page", sorted(TOP.glob("docs/**/*.md")), ids=lambda page: page.name)
def test_a_page_links_to_files_that_are_there(page: Path) -> None:
    for target in targets(page.read_text()):
        if "://" not in target:
            file = target.partition("#")[0]
            assert (page.parent / file).exists(), f"{page.name} links to {target}"


def test_the_package_names_pages_of_the_site_by_their_titles() -> None:
    """A user of a wheel has no file of the documentation."""
    titles = set()
    for page in TOP.glob("docs/**/*.md"):
        found = re.search(r"^# (.+)$", page.read_text(), re.MULTILINE)
        titles |= {found[1], found[1].partition(":")[0]} if found else set()
    named = set()
    for file in sorted(TOP.glob("python/omega/**/*.py*")):
        if file.suffix in {".py", ".pyi"}:
            text = file.read_text()
            assert not re.search(r"docs/[\w-]+/[\w-]+\.md", text), f"{file} names a file"
            named |= set(re.findall(r'\bpage\s+"([A-Z][^"]+)"', text))
    assert named >= {"Results", "Sweeps", "Strategies without the interpreter"}
    assert named <= titles

"""Pages and docstrings are in plain English, and each check finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.documentation import prose


def test_pages_and_docstrings_are_in_plain_english() -> None:
    assert prose.found() == []


@pytest.mark.parametrize(
    "text",
    [
        "Size is told by the sizer.",
        "The time zone is asked for.",
        "An executor of one's own.",
        "The row stands in the table.",
        "It takes 40 ns a bar.",
        "Who runs a sweep can stop it.",
        "It is is so.",
        "It waits for ever.",
        "A notice says so.",
        "It gives a number.",
    ],
)
def test_a_planted_word_is_found(text: str) -> None:
    assert [line for line, _, _ in prose.in_prose(f"# Title\n\n{text}\n")] == [3]


@pytest.mark.parametrize("text", ["`told`", "```text\nwas told\n```", "[page](told.md)", "untold"])
def test_what_is_no_prose_is_left_alone(text: str) -> None:
    assert list(prose.in_prose(f"{text}\n")) == []


def test_docstrings_are_mended() -> None:
    before = 'def one():\n    """Give one."""\n\n\ndef many():\n    """Give many."""\n    yield 1\n'
    after = prose.mended(before)
    assert [word for _, word, _ in prose.docstrings(after)] == ["Return", "Yield"]
    assert list(prose.in_docstrings(before)) != []

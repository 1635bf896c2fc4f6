"""The changelog keeps its form: versions, and under each what was added, changed and fixed."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).resolve().parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
VERSION = r"## \d+\.\d+\.\d+, (?:not yet released|\d{4}-\d{2}-\d{2})"


def test_each_version_has_what_was_added_changed_and_fixed_in_that_order() -> None:
    _, *versions = re.split(r"^(?=## )", TEXT, flags=re.MULTILINE)
    assert len(versions) > 1
    for version in versions:
        head, *lines = version.splitlines()
        assert re.fullmatch(VERSION, head), head
        kinds = [line.removeprefix("### ") for line in lines if line.startswith("#")]
        assert kinds, head
        assert kinds == [kind for kind in KINDS if kind in kinds], head


def test_each_line_stands_below_a_kind() -> None:
    for version in TEXT.split("\n## ")[1:]:
        assert not re.search(r"^- ", version.partition("\n### ")[0], re.MULTILINE)


def test_nothing_is_said_twice() -> None:
    lines = re.findall(r"^- .*?(?=^- |^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert len(lines) > 100
    assert len({" ".join(line.split()) for line in lines}) == len(lines)

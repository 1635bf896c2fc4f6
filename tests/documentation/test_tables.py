"""The tables that the site makes of the code are complete, so that a build never stops at one."""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from pathlib import Path

import pytest

import omega
from omega.reference.results import SCHEMAS
from tests.documentation.blocks import TOP

sys.path.insert(0, str(TOP / "docs"))

from omega_site import tables

MEANINGS = tomllib.loads(Path(tables.COLUMNS).read_text(encoding="utf-8"))
NAMED = re.findall(
    r"<!-- defaults: (\w+) -->", (TOP / "docs/reference/defaults.md").read_text(encoding="utf-8")
)
SETTINGS = ("Account", "Costs", "Execution", "Limits", "Calendar", "Instrument", "run_backtest")


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_column_of_a_result_table_has_a_meaning(table: str) -> None:
    assert set(MEANINGS[table]) == set(SCHEMAS[table])
    page = (TOP / "docs/reference/tables.md").read_text(encoding="utf-8")
    assert f"<!-- columns: {table} -->" in page


@pytest.mark.parametrize("name", NAMED)
def test_every_setting_is_listed_with_its_default_and_its_meaning(name: str) -> None:
    rows = {row[0]: row for row in tables.defaults(name)}
    for argument in inspect.signature(getattr(omega, name)).parameters.values():
        _, default, meaning = rows[f"`{argument.name}`"]
        required = argument.default is inspect.Parameter.empty
        assert default == ("required" if required else f"`{argument.default!r}`")
        assert meaning


def test_the_page_of_defaults_has_all_settings() -> None:
    assert {*SETTINGS} <= {*NAMED}
    sizers = {"FixedLots", "FixedUnits", "RiskAmount", "RiskPercent", "EquityPercent"}
    assert sizers <= {*NAMED}


def test_every_preset_is_in_one_row() -> None:
    listed = [symbol for row in tables.presets() for symbol in row[0].split(", ")]
    assert sorted(listed) == omega.instruments.names()


def test_every_letter_of_a_rule_is_explained_at_the_top() -> None:
    page = (TOP / "docs/reference/rules.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[([A-Z]+)\]\(#([\w-]+)\) \|", page, re.MULTILINE)
    sections = re.findall(r"^## ([A-Z]+): (.+)$", page, re.MULTILINE)
    anchors = [f"{letter} {name}".lower().replace(" ", "-") for letter, name in sections]
    assert [letter for letter, _ in listed] == [letter for letter, _ in sections]
    assert [anchor for _, anchor in listed] == anchors

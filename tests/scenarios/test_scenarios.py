"""Every scenario of this folder, on every backend."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.play import differences, play
from tests.scenarios.scenario import Scenario, all_scenarios, read

SCENARIOS = all_scenarios()
RULES = "T2 L1 L2 L3 L4 F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 I1 I2 I3 I4 I5 M1 M2 M3 M4 M5 M6"
RULES += " X1 X2 X3"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_scenario_comes_out_as_it_says(scenario: Scenario, backend: str) -> None:
    result = play(scenario, backend)
    assert list(differences(scenario, result)) == []


@pytest.mark.parametrize("rule", RULES.split())
def test_every_rule_has_a_scenario(rule: str) -> None:
    assert any(re.search(rf"\b{rule}\b", scenario.title) for scenario in SCENARIOS)


def test_titles_are_unique() -> None:
    names = [str(scenario) for scenario in SCENARIOS]
    assert len(set(names)) == len(names)


BROKEN = """
## A fill that is not there

| bar | open | high | low | close |
|---|---|---|---|---|
| 0 | 100 | 101 | 99 | 100 |
| 1 | 100 | 101 | 99 | 100 |

| after bar | action |
|---|---|
| 0 | buy |

| fill | bar | price |
|---|---|---|
| 0 | 1 | 100.5 |
| 1 | _ | _ |
"""


def test_a_wrong_expectation_is_found(backend: str) -> None:
    (scenario,) = read("broken", BROKEN)
    found = list(differences(scenario, play(scenario, backend)))
    assert found == ["fill 0, price: 100.0, expected 100.5"]


def test_a_table_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="fils"):
        list(read("broken", BROKEN.replace("| fill |", "| fils |")))

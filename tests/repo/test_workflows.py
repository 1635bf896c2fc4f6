"""What the hosted checks do, anybody can do in a checkout: each step calls a make target."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((TOP / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (TOP / "Makefile").read_text(), re.MULTILINE))
STEP = re.compile(r"^\s*- run: (.*)$", re.MULTILINE)
SETUP = ("pip install ", "make .venv/bin/python ")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_step_calls_a_make_target(workflow: Path) -> None:
    steps = [step for step in STEP.findall(workflow.read_text()) if not step.startswith(SETUP)]
    assert steps
    for step in steps:
        words = step.split()
        assert words[0] == "make", step
        assert words[1] in TARGETS, step


def test_what_a_change_must_pass_is_called_by_the_workflows() -> None:
    wanted = set(re.findall(r"^make ([a-z-]+)", (TOP / ".ci/run").read_text(), re.MULTILINE))
    called = {
        word
        for workflow in WORKFLOWS
        for step in STEP.findall(workflow.read_text())
        for word in step.split()[1:2]
    }
    assert wanted <= called

"""Goal: the guide's code and commands run as they stand, one after the other in one folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from omega.cli import main
from tests.support.backends import WITHOUT_CORE

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/importing-data.md"


@pytest.mark.skipif(WITHOUT_CORE, reason="the page runs a strategy of the core")
def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    blocks = re.findall(r"```(python|sh)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) > 6
    for kind, code in blocks:
        if kind == "python":
            exec(compile(code, GUIDE.name, "exec"), names)  # noqa: S102 - the page is ours
            continue
        for line in code.strip().splitlines():
            done = CliRunner().invoke(main, shlex.split(line)[1:])
            assert done.exit_code == 0, done.output

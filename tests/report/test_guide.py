"""The code of the guide to results runs as it stands there, from its first block to its last."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

GUIDE = Path("docs/guides/reading-results.md").resolve()


def test_the_code_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    program = tmp_path / "guide.py"
    program.write_text("\n".join(blocks), "utf-8")
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path(str(program))
    assert names["result"].trades.height > 10
    assert {file.name for file in (tmp_path / "out").glob("*.html")} == {
        "again.html", "both.html", "map.html", "parallel.html", "run.html",
    }  # fmt: skip

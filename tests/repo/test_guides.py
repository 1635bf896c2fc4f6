"""The code of guides runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGES = ("look-ahead.md",)


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_guide_runs(page: str, tmp_path: Path) -> None:
    text = (TOP / "docs" / "guides" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        program = tmp_path / "block.py"
        program.write_text(f"import sys\nsys.path.insert(0, {str(TOP)!r})\n{block}")
        done = subprocess.run(
            [sys.executable, str(program)], cwd=TOP, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

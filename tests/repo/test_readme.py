"""The README's example runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


def test_the_example_runs(tmp_path: Path) -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert len(blocks) == 1
    program = tmp_path / "example.py"
    program.write_text(blocks[0], encoding="utf-8")
    (tmp_path / "data").symlink_to(TOP / "data")
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "entry_time" in done.stdout

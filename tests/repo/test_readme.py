"""The README's example runs as it stands there, and the whole fits on a few screens."""

import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
README = TOP / "README.md"
LONGEST = 120


def test_the_example_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    program = tmp_path / "example.py"
    program.write_text(blocks[0], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Net profit" in done.stdout
    assert (tmp_path / "out/fade.html").is_file()


def test_it_can_be_imported_without_a_run(tmp_path: Path) -> None:
    """Commands of `omega` load the file: what it printed would stand before their answers."""
    [block] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "fade.py").write_text(block, encoding="utf-8")
    words = [sys.executable, "-c", "import fade; print(fade.Fade.threshold)"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "2.5\n"


def test_it_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < LONGEST

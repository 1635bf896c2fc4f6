"""An environment for each engine, made of its pinned requirements."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".cache" / "compare"


class NotInstalled(Exception):
    """An engine cannot be installed on this Python."""


def python_of(engine: str) -> Path:
    """Give the Python that has an engine, and install it where that was not done yet.

    Raises:
        NotInstalled: With the last line of what pip said.
    """
    requirements = HERE / "requirements" / f"{engine}.txt"
    if not requirements.exists():
        return Path(sys.executable)  # Omega and the floor need nothing else
    folder = FOLDER / engine
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        venv.create(folder, clear=True, with_pip=True)
        _install(python, requirements)
        stamp.write_text(wanted, encoding="ascii")
    return python


def _install(python: Path, requirements: Path) -> None:
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check",
         "--only-binary", ":all:", "-r", requirements],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalled((said or ["pip failed"])[-1].removeprefix("ERROR: "))

"""Small invented files of each format, written where a test wants them; and the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.real_data import FOLDER as REAL

needs_real = pytest.mark.skipif(
    not (REAL / "histdata").is_dir(), reason=f"no real data at {REAL}; set OMEGA_DATA"
)

NEW_YORK = "America/New_York"


def put(folder: Path, name: str, text: str | bytes) -> Path:
    """Write a file, and its folders."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path

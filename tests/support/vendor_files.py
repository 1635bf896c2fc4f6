"""Small invented files of each format, written where a test wants them; and the real ones."""

from __future__ import annotations

import io
import zipfile
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


def zipped(folder: Path, name: str, *inside: tuple[str, str]) -> Path:
    """Write an archive of named texts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member, text in inside:
            archive.writestr(member, text)
    return put(folder, name, content.getvalue())

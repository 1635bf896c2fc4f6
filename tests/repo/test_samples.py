"""Every sample has its metadata, and is the file that the metadata speaks of."""

import hashlib
import json
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
FILES = sorted(path for path in SAMPLES.iterdir() if not path.name.endswith(".metadata.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_sample_is_what_its_metadata_says(file: Path) -> None:
    metadata = json.loads(file.with_suffix(".metadata.json").read_text())
    content = file.read_bytes()
    assert set(metadata) == {"file", "sha256", "bytes", "source", "licence", "date"}
    assert metadata["file"] == file.name
    assert metadata["bytes"] == len(content)
    assert metadata["sha256"] == hashlib.sha256(content).hexdigest()


def test_there_is_no_metadata_without_its_file() -> None:
    described = {json.loads(path.read_text())["file"] for path in SAMPLES.glob("*.metadata.json")}
    assert described == {path.name for path in FILES}

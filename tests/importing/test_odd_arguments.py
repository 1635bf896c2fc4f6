"""Arguments of imports that mean something else than they seem to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import omega
from omega import ConfigError
from omega.errors import WriteFailed
from omega.importing._example import candles, ticks

ROWS = "".join(f"2024-01-{day:02d},1,2,0.5,1.5\n" for day in range(1, 9))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bars.csv"
    path.write_text(f"time,open,high,low,close\n{ROWS}")
    return path


@pytest.mark.parametrize("name", ["sort", "drop_missing", "drop_flat_fillers", "clip_ohlc"])
@pytest.mark.parametrize("given", ["no", 1, None])
def test_a_repair_is_requested_by_true(file: Path, name: str, given: object) -> None:
    settings: dict[str, Any] = {name: given}
    with pytest.raises(ConfigError, match=rf"^{name}: given {given!r}, expected True or False"):
        omega.read_candles(file, **settings)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("symbol", 5, "a text"),
        ("symbol", "", "a text"),
        ("time_zone", [], "a text"),
        ("point", "x", "a number above 0"),
        ("point", -1, "a number above 0"),
        ("price_scale", True, "a number above 0"),
        ("unpack_limit", "x", "a whole number"),
        ("unpack_limit", 0, "a whole number"),
    ],
)
def test_what_is_stated_of_files_is_checked(
    file: Path, name: str, given: object, expected: str
) -> None:
    settings: dict[str, Any] = {name: given}
    with pytest.raises(ConfigError, match=rf"^{name}: given .*, expected {expected}"):
        omega.read_candles(file, **settings)


@pytest.mark.parametrize("given", [5, None, []])
def test_an_import_is_written_to_a_path(given: Any) -> None:  # noqa: ANN401 - on purpose
    for write in (candles().write_arrow, candles().write_parquet):
        with pytest.raises(ConfigError, match=r"^path: given .*, expected the path of a file"):
            write(given)


@pytest.mark.parametrize("given", [5, None, [], "x"])
def test_a_timeframe_of_ticks_is_named(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^timeframe: given .*, expected S, M, H, D or W"):
        ticks().candles(given)


def test_the_folder_that_is_missing_is_named_and_no_part_of_a_file(file: Path) -> None:
    folder = file.parent / "none"
    expected = rf"^'{folder / 'x'}' cannot be written: there is no folder '{folder}'\. Create it"
    for write in (candles().write_arrow, candles().write_parquet):
        with pytest.raises(WriteFailed, match=expected) as caught:
            write(folder / "x")
        assert "part" not in str(caught.value)
        with pytest.raises(WriteFailed, match=rf"written: '{file}' is a file\. Name a folder"):
            write(file / "x")
        with pytest.raises(WriteFailed, match=r"written: it is a folder\. Name a file"):
            write(file.parent)
        with pytest.raises(WriteFailed, match="written: File name too long"):
            write(file.parent / ("n" * 300))

"""Files that are damaged, too large once unpacked, or not what their names say."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import omega
from omega.errors import InvalidCandleData, WriteFailed
from omega.importing import _files
from omega.results.result import BrokenResult, example_result
from tests.support.backends import BACKENDS
from tests.support.candles import rising

ROWS = b"time,open,high,low,close\n2024-01-02 00:00+00:00,1,2,1,2\n2024-01-03 00:00+00:00,1,2,1,2\n"
ZEROS = 40_000_000


def _zip(raw: bytes, name: str = "a.csv") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, raw)
    return target.getvalue()


def _tar(raw: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(raw)
        archive.addfile(member, io.BytesIO(raw))
    return target.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a.csv.gz": lambda raw: gzip.compress(raw, 1),
    "a.zip": _zip,
    "a.tar": _tar,
    "a.tar.gz": lambda raw: gzip.compress(_tar(raw), 1),
    "a.tar.bz2": lambda raw: bz2.compress(_tar(raw)),
    "a.tar.xz": lambda raw: lzma.compress(_tar(raw), preset=0),
}


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty million zeros, with a limit of a million; the setting that lifts it is named."""
    monkeypatch.setattr(_files, "LEAST", 1_000_000)
    monkeypatch.setattr(_files, "RATIO", 1)
    path = tmp_path / name
    path.write_bytes(PACKED[name](ROWS))
    assert len(omega.read_candles(path, bar_time="open")) == 2
    path.write_bytes(PACKED[name](ROWS + bytes(ZEROS)))
    limit = ZEROS if name == "a.tar" else 1_000_000  # which is as large as it unpacks to
    with pytest.raises(InvalidCandleData, match="unpack_limit=10_000_000_000") as refused:
        omega.read_candles(path, bar_time="open", unpack_limit=limit)
    assert f"it unpacks to more than {limit:,} bytes" in str(refused.value)
    with pytest.raises(omega.OmegaError) as lifted:
        omega.read_candles(path, bar_time="open", unpack_limit=2 * ZEROS)
    assert "unpack_limit" not in str(lifted.value)  # the zeros are no candles


def test_a_damaged_archive_is_refused_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    for name, pack in PACKED.items():
        path = tmp_path / name
        whole = pack(ROWS * 50)
        for cut in range(0, len(whole), max(len(whole) // 25, 1)):
            for content in (whole[:cut], whole[:cut] + b"\xff\0\xff" + whole[cut + 3 :]):
                path.write_bytes(content)
                try:
                    omega.read_candles(path, bar_time="open", deduplicate="first", sort=True)
                except omega.OmegaError as refused:
                    assert str(tmp_path) in str(refused)  # noqa: PT017 - others are fine


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    content = bytearray(_zip(ROWS))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1  # the flag of an encrypted member
    path.write_bytes(content)
    with pytest.raises(InvalidCandleData, match=r"'a\.csv' is encrypted"):
        omega.read_candles(path)


def test_a_name_inside_an_archive_reaches_no_other_place(tmp_path: Path) -> None:
    """Members are read in memory; nothing is written, wherever their names point."""
    inside = tmp_path / "in"
    inside.mkdir()
    path = inside / "a.zip"
    path.write_bytes(_zip(ROWS, "../../escaped.csv"))
    before = sorted(tmp_path.rglob("*"))
    assert len(omega.read_candles(path, bar_time="open")) == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"time,open,high,low,close,close\n2024-01-02 00:00+00:00,1,2,1,2,3\n")
    with pytest.raises(InvalidCandleData, match="2 columns are named 'close'"):
        omega.read_candles(path, bar_time="open")


def test_a_number_beyond_a_double_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(ROWS.replace(b",2,1,2\n2024", b",1e400,1,2\n2024"))
    imported = omega.read_candles(path, bar_time="open")
    found = imported.findings.filter(pl.col("kind") == "infinite")
    assert found.select("row", "value").rows() == [(0, float("inf"))]
    with pytest.raises(InvalidCandleData, match="high"):
        omega.CandleStore(imported)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_file_that_was_cut_is_refused_by_a_run(backend: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    frame = rising(50)
    frame.write_parquet(path) if kind == "parquet" else frame.write_ipc(path)
    whole = path.read_bytes()
    for length in (0, 1, 8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        for data in (path, omega.Dataset(path)):
            with pytest.raises(omega.OmegaError, match=r"a\.") as refused:
                omega.run_backtest(data, lambda bar: None, backend=backend)
            assert "cannot be read" in str(refused.value)


def test_a_manifest_without_a_key_is_refused(tmp_path: Path) -> None:
    place = example_result().save(tmp_path / "run")
    file = place / "manifest.json"
    whole = json.loads(file.read_text("utf-8"))
    for key in whole:
        if key == "metrics":  # for people alone: they are computed anew
            continue
        file.write_text(json.dumps({name: one for name, one in whole.items() if name != key}))
        with pytest.raises(BrokenResult, match=r"manifest\.json"):
            omega.BacktestResult.load(place)
        odds: tuple[object, ...] = (None, 5, [], "x")
        for odd in odds:
            file.write_text(json.dumps({**whole, key: odd}))
            if (key, odd) in (
                ("backend", "x"),
                ("notices", []),
                ("events", []),
                ("copied_bytes", 5),
                ("standing", None),
            ):
                continue
            with pytest.raises(BrokenResult):
                omega.BacktestResult.load(place)


@pytest.mark.parametrize("place", ["/proc/omega/run", "a\0b", "x" * 5_000, "\ud800"])
def test_a_place_that_cannot_be_written_is_refused(place: str) -> None:
    result = example_result()
    for write in (result.save, result.report):
        with pytest.raises((omega.ConfigError, WriteFailed)):
            write(place)

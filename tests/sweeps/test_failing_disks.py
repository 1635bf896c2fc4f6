"""Disks that fill, folders that vanish and files that change: nothing that is done is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import InvalidCandleData, OmegaError, WriteFailed
from omega.sweeps import folders
from omega.sweeps import rows as of_rows
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import Cross, walk

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")

GRID = {"fast": [3, 4, 5, 6, 7, 8], "slow": [20, 30]}


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let the system refuse to write more to a file, as where a disk is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_rows, "AT_ONCE", 3)


def whole() -> omega.SweepResult:
    return omega.sweep(walk(300), Cross, GRID, workers=1, trades=True)


def again(folder: Path) -> omega.SweepResult:
    return omega.sweep(walk(300), Cross, GRID, workers=1, trades=True, out=folder)


def test_a_folder_that_could_not_even_be_named_goes_on(tmp_path: Path) -> None:
    with largest_file(100), pytest.raises(WriteFailed, match=r"sweep\.json' cannot be written"):
        again(tmp_path)
    (tmp_path / ".sweep.json.0123456789abcdef.tmp").write_text("{")  # of another version of it
    assert again(tmp_path).to_polars().equals(whole().to_polars())


def test_a_full_disk_keeps_what_is_written_and_hands_on_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _full_from(monkeypatch, 3)
    with pytest.raises(WriteFailed, match=r"'.*trades-000003\.parquet' cannot be written") as error:
        again(tmp_path)
    result, expected = error.value.result, whole()
    assert result.folder == tmp_path
    assert result.interrupted
    assert len(result) == 12
    assert result.to_polars().equals(expected.to_polars())
    assert result.trades.equals(expected.trades)
    monkeypatch.undo()
    assert not list(tmp_path.glob(".*.tmp"))
    done = again(tmp_path)
    assert done.to_polars().equals(expected.to_polars())
    assert done.trades.equals(expected.trades)


def _full_from(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """Refuse the parts from one on, after a few bytes of each."""
    write = pl.DataFrame.write_parquet

    def refused(frame: pl.DataFrame, path: Path, **words: Any) -> None:  # noqa: ANN401 - as it
        if f"-{part:06}" in path.name:
            with largest_file(50):
                write(frame, path, **words)
        write(frame, path, **words)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", refused)


def test_a_folder_that_becomes_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = folders._keep  # noqa: SLF001 - the last step of each write
    kept: list[str] = []

    def refuse_later(half: Path, path: Path) -> None:
        if len(kept) >= 4:
            raise PermissionError(30, "Read-only file system")
        kept.append(path.name)
        keep(half, path)

    monkeypatch.setattr(folders, "_keep", refuse_later)
    with pytest.raises(WriteFailed, match="Read-only file system") as error:
        again(tmp_path)
    tables = ("trades", "moments", "runs")
    assert kept == ["sweep.json", *(f"{name}-000000.parquet" for name in tables)]
    assert error.value.result.to_polars()["run"].to_list() == list(range(6))
    monkeypatch.undo()
    assert again(tmp_path).to_polars().equals(whole().to_polars())


def test_a_folder_that_vanishes(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def remove(state: omega.SweepProgress) -> None:
        if state.done == 4:
            shutil.rmtree(folder)

    with pytest.raises(OmegaError, match="cannot be written"):
        omega.sweep(walk(300), Slowly, GRID, workers=1, out=folder, progress=remove)
    assert again(folder).to_polars().equals(whole().to_polars())


class Slowly(Cross):
    """The same; progress is told of each run."""

    def init(self) -> None:
        import time  # noqa: PLC0415 - it travels by value

        time.sleep(0.12)
        super().init()


def test_no_room_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMEGA_CACHE", str(tmp_path))
    with largest_file(500), pytest.raises(WriteFailed, match=r"[0-9a-f]{64}\.arrow' cannot be"):
        omega.sweep(walk(300), Cross, GRID, workers=2)
    assert [path.name[:6] for path in tmp_path.iterdir()] == [".lock-"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "candles.arrow"
    walk(300).write_ipc(path, compression="uncompressed")
    return path


def touch_in(file: Path) -> type[omega.Strategy]:
    class Touching(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 10:
                with file.open("r+b") as opened:
                    opened.seek(-1, os.SEEK_END)
                    opened.write(b"x")

    return Touching


def test_a_file_that_changes_beneath_a_run(file: Path, backend: str) -> None:
    with pytest.raises(InvalidCandleData, match=r"candles\.arrow' has changed since it was mapped"):
        omega.run_backtest(file, touch_in(file), backend=backend)


def test_a_file_that_changes_between_two_runs(file: Path, backend: str) -> None:
    store = omega.CandleStore(file).symbol("SYMBOL")
    omega.run_backtest(store, omega.native("sma_cross"), backend=backend)
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(InvalidCandleData, match="has changed"):
        omega.run_backtest(store, omega.native("sma_cross"), backend=backend)
    with pytest.raises(InvalidCandleData, match="has changed"):
        omega.sweep(store, omega.native("sma_cross"), {"fast": [3, 4]})


def coarser(frame: pl.DataFrame, bars: int) -> pl.DataFrame:
    """So many bars as one."""
    columns = [name for name in frame.columns if name != "time"]
    how = {"open": pl.first, "high": pl.max, "low": pl.min, "close": pl.last}
    made = [how.get(name.rpartition("_")[2], pl.first)(name) for name in columns]
    group = (pl.int_range(pl.len()) // bars).alias("group")
    grouped = frame.group_by(group, maintain_order=True)
    return grouped.agg(pl.first("time"), *made).drop("group")


def test_a_magnifier_and_a_table_that_change(tmp_path: Path, file: Path) -> None:
    hours = coarser(walk(300), 10)
    finer = omega.Execution(intrabar="magnifier", magnifier=str(file))
    with pytest.raises(InvalidCandleData):  # whatever it is, it comes before any result
        omega.run_backtest(hours, touch_in(file), execution=finer)
    table = tmp_path / "table.arrow"
    hours.write_ipc(table, compression="uncompressed")
    with pytest.raises(InvalidCandleData, match=r"table\.arrow' has changed"):
        omega.run_backtest(walk(300), touch_in(table), timeframes={"H10": str(table)})


def test_a_file_that_is_replaced_or_removed_changes_nothing(file: Path) -> None:
    expected = omega.run_backtest(walk(300), omega.native("sma_cross")).fingerprint
    store = omega.CandleStore(file)
    omega.Dataset(file).to_arrow(file)
    assert omega.run_backtest(store, omega.native("sma_cross")).fingerprint == expected
    file.unlink()
    assert omega.run_backtest(store, omega.native("sma_cross")).fingerprint == expected

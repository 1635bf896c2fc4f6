"""Data sets that are elsewhere: an object store, partitioned folders, other libraries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.dataset
import pytest

import omega
from omega.errors import ConfigError, InvalidCandleData
from tests.support.backends import BACKENDS
from tests.support.object_store import ObjectStore, object_store

ROWS = 1_000
CANDLES = omega.sample("EURUSD").head(ROWS)
ONE: dict[str, Any] = {"backend": BACKENDS[0]}
CROSS = omega.native("sma_cross", fast=10, slow=30)


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    with object_store() as store:
        yield store


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_run_over_an_object_store_is_that_over_the_file(
    store: ObjectStore, ending: str, backend: str, tmp_path: Path
) -> None:
    file = tmp_path / f"eurusd.{ending}"
    (CANDLES.write_parquet if ending == "parquet" else CANDLES.write_ipc)(file)
    store.objects[f"candles/eurusd.{ending}"] = file.read_bytes()
    remote = omega.Dataset(f"s3://candles/eurusd.{ending}", storage_options=store.options)
    local = omega.run_backtest(omega.Dataset(file), CROSS, symbol="EURUSD", backend=backend)
    there = omega.run_backtest(remote, CROSS, symbol="EURUSD", backend=backend)
    assert there.fingerprint == local.fingerprint
    assert (len(remote), remote.fingerprint) == (ROWS, omega.Dataset(file).fingerprint)


def test_patterns_and_sweeps_over_an_object_store(store: ObjectStore, tmp_path: Path) -> None:
    for part in (0, 1):
        file = tmp_path / f"{part}.parquet"
        CANDLES.slice(part * ROWS // 2, ROWS // 2).write_parquet(file)
        store.objects[f"candles/parts/{part}.parquet"] = file.read_bytes()
    remote = omega.Dataset("s3://candles/parts/*.parquet", storage_options=store.options)
    grid = {"fast": [5, 10], "slow": [30]}
    for workers in (1, 2):
        there = omega.sweep(remote, omega.native("sma_cross"), grid, workers=workers, **ONE)
        here = omega.sweep(CANDLES, omega.native("sma_cross"), grid, **ONE)
        assert there.to_polars().equals(here.to_polars())


def test_the_environment_is_enough_and_secrets_are_not_shown(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CANDLES.write_parquet(tmp_path / "a.parquet")
    store.objects["candles/a.parquet"] = (tmp_path / "a.parquet").read_bytes()
    for name, value in store.options.items():
        monkeypatch.setenv(name.upper(), value)
    result = omega.run_backtest("s3://candles/a.parquet", CROSS, symbol="EURUSD", **ONE)
    assert result.metrics["bars"] == ROWS
    dataset = omega.Dataset("s3://candles/none.parquet", storage_options=store.options)
    assert "not to be shown" not in repr(dataset)
    with pytest.raises(InvalidCandleData, match=r"s3://candles/none\.parquet") as refused:
        omega.run_backtest(dataset, CROSS, **ONE)
    assert "not to be shown" not in str(refused.value)
    wrong: Any = {"key": 5}
    with pytest.raises(ConfigError, match="storage_options: expected") as refused_options:
        omega.Dataset("s3://candles/a.parquet", storage_options=wrong)
    assert "5" not in str(refused_options.value)


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"given 's3://candles/a\.csv', expected the address"):
        omega.Dataset("s3://candles/a.csv")


def test_a_partitioned_folder_has_the_columns_of_its_folders(tmp_path: Path) -> None:
    for symbol, frame in (("EURUSD", CANDLES), ("GBPUSD", omega.sample("GBPUSD").head(ROWS))):
        for year in (2020, 2021):
            folder = tmp_path / f"symbol={symbol}" / f"year={year}"
            folder.mkdir(parents=True)
            half = frame.slice((year - 2020) * ROWS // 2, ROWS // 2)
            half.write_parquet(folder / "part.parquet")
    whole = omega.CandleStore(omega.Dataset(tmp_path))
    assert (whole.symbols, len(whole)) == (["EURUSD", "GBPUSD"], 2 * ROWS)
    one = omega.run_backtest(omega.Dataset(tmp_path, symbol="EURUSD"), CROSS, **ONE)
    assert one.fingerprint == omega.run_backtest(CANDLES, CROSS, symbol="EURUSD", **ONE).fingerprint
    assert omega.CandleStore(str(tmp_path), symbol="GBPUSD").symbols == ["GBPUSD"]
    (tmp_path / "loose.parquet").write_bytes((folder / "part.parquet").read_bytes())
    plain = tmp_path / "plain"
    plain.mkdir()
    CANDLES.write_parquet(plain / "a.parquet")
    with pytest.raises(ConfigError, match="is a folder; give a pattern of its files"):
        omega.Dataset(plain)


def test_data_sets_of_pyarrow_and_files_of_duckdb_are_taken(tmp_path: Path) -> None:
    CANDLES.write_parquet(tmp_path / "a.parquet")
    expected = omega.run_backtest(CANDLES, CROSS, symbol="EURUSD", **ONE).fingerprint
    dataset = pyarrow.dataset.dataset(tmp_path / "a.parquet")
    assert omega.run_backtest(dataset, CROSS, symbol="EURUSD", **ONE).fingerprint == expected
    with duckdb.connect() as connection:
        rows = connection.read_parquet(str(tmp_path / "a.parquet")).order("time")
        assert omega.run_backtest(rows, CROSS, symbol="EURUSD", **ONE).fingerprint == expected


def test_a_lazy_frame_of_a_remote_file_goes_straight_in(store: ObjectStore, tmp_path: Path) -> None:
    CANDLES.write_parquet(tmp_path / "b.parquet")
    store.objects["candles/b.parquet"] = (tmp_path / "b.parquet").read_bytes()
    frame = pl.scan_parquet("s3://candles/b.parquet", storage_options=store.options)
    assert omega.run_backtest(frame, CROSS, **ONE).metrics["bars"] == ROWS

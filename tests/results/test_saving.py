"""Saving and loading: whole or not at all, and what comes back is what was saved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from polars.testing import assert_frame_equal

from omega import BacktestResult, ConfigError, Signal, run_backtest
from omega.errors import WriteFailed
from omega.results.files import TABLES
from omega.results.result import BrokenResult, EngineStats, example_result, tables_from_columns
from tests.support import candles
from tests.support import run_columns as runs

SAVED = (
    "metrics",
    "fingerprint",
    "pnl_interval",
    "stats",
    "config",
    "manifest",
    "backend",
    "notices",
    "copied_bytes",
    "symbols",
)
FRAMES = ("trades", "orders", "fills", "equity", "ledger", "positions", "ambiguous_trades")


def test_what_no_column_has_comes_back(backend: str, tmp_path: Path) -> None:
    """A low of 60 with 100 long at 100 leaves 6,000 of 10,000; the row of the bar has 10,000."""
    bars = candles.quoted((100,), (100,), (100, 101, 60, 100))
    plan = candles.told({0: Signal("long", size=100)})
    result = run_backtest(bars, plan, backend=backend)
    loaded = BacktestResult.load(result.save(tmp_path / "run"))
    for one in (result, loaded):
        assert (one.metrics["lowest_equity"], one.metrics["max_drawdown"]) == (6_000, 0)
        assert one.metrics["max_drawdown_intrabar"] == 0.4


def in_unit(run: runs.Run, unit: str) -> runs.Run:
    """The run with its times, which are milliseconds, in another unit."""
    factor = Fraction({"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit], 1_000)
    return {
        table: {
            name: [int(value * factor) for value in values] if name.endswith("time") else values
            for name, values in columns.items()
        }
        for table, columns in run.items()
    }


def test_a_loaded_result_equals_the_saved_one(tmp_path: Path) -> None:
    saved = BacktestResult(
        example_result().tables,
        stats=EngineStats(bars_processed=5, total_time_ms=1.5),
        config={"cash": 10_000.0, "symbols": ["EURUSD"]},
        manifest={"seed": 7, "data": {"rows": 5}},
        backend="python",
        notices=["one", "two"],
        copied_bytes=12,
    )
    loaded = BacktestResult.load(saved.save(tmp_path / "run"))
    for name in FRAMES:
        assert_frame_equal(getattr(loaded, name), getattr(saved, name), check_exact=True)
    for name in SAVED:
        assert getattr(loaded, name) == getattr(saved, name)
    assert loaded.summary() == saved.summary()


@given(runs.whole_runs())
def test_any_tables_survive_in_any_unit_and_zone(
    tmp_path_factory: pytest.TempPathFactory, run: runs.Run
) -> None:
    for unit, zone in (("s", None), ("ms", "UTC"), ("us", "Europe/Berlin"), ("ns", None)):
        tables = tables_from_columns(
            in_unit(run, unit),
            symbols=runs.SYMBOLS,
            contract_sizes=runs.CONTRACT_SIZES,
            unit=unit,
            timezone=zone,
        )
        saved = BacktestResult(tables)
        loaded = BacktestResult.load(saved.save(tmp_path_factory.mktemp("runs") / "run"))
        assert loaded.fingerprint == saved.fingerprint
        assert loaded.tables.metrics() == saved.tables.metrics()
        for name in FRAMES:
            assert_frame_equal(getattr(loaded, name), getattr(saved, name), check_exact=True)


def test_other_tools_can_read_the_files(tmp_path: Path) -> None:
    folder = example_result().save(tmp_path / "run")
    assert sorted(file.name for file in folder.iterdir()) == sorted(
        [*(f"{name}.parquet" for name in TABLES), "manifest.json"]
    )
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["metrics"]["net_profit"] == 150.0
    assert manifest["metrics"]["start"] == "2024-01-01T00:00:00+00:00"
    assert pl.read_parquet(folder / "trades.parquet")["net_pnl"].sum() == 150.0


def test_what_json_does_not_know_is_saved_as_text(tmp_path: Path) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    config = {"start": moment, "stats": EngineStats(bars_processed=1), "path": Path("a")}
    saved = BacktestResult(example_result().tables, config=config)
    loaded = BacktestResult.load(saved.save(tmp_path / "run"))
    assert loaded.config["start"] == moment.isoformat()
    assert loaded.config["stats"]["bars_processed"] == 1
    assert loaded.config["path"] == "a"


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    result = example_result()
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is not empty; give another one, or overwrite=True"):
        result.save(tmp_path)
    with pytest.raises(ConfigError, match=r"holds no saved result .* is missing"):
        result.save(tmp_path, overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("manifest", ["{}", "[]", "no JSON", '{"format": 1, "files": {"a": ""}}'])
def test_a_manifest_of_another_program_makes_no_result(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    (tmp_path / "trades.parquet").write_text("mine")
    with pytest.raises(ConfigError, match=r"is not empty and holds no saved result .*give another"):
        example_result().save(tmp_path, overwrite=True)
    kept = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert kept == {"manifest.json": manifest, "trades.parquet": "mine"}


def test_only_what_was_saved_is_replaced(tmp_path: Path) -> None:
    folder = example_result().save(tmp_path / "run")
    (folder / "notes.txt").write_text("mine")
    (folder / "pictures").mkdir()
    (folder / "pictures" / "one.png").write_text("mine, too")
    (tmp_path / "link").symlink_to(folder)
    BacktestResult.load(example_result().save(tmp_path / "link", overwrite=True))
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "pictures" / "one.png").read_text() == "mine, too"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "run"]
    (folder / "trades.parquet").write_text("mine by now")
    with pytest.raises(ConfigError, match=r"its trades.parquet is not the file that was saved"):
        example_result().save(folder, overwrite=True)
    assert (folder / "trades.parquet").read_text() == "mine by now"


def test_an_empty_directory_and_a_saved_result_can_be_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    folder.mkdir(parents=True)
    first = example_result().save(folder)
    with pytest.raises(ConfigError):
        example_result().save(folder)
    other = BacktestResult(example_result().tables, backend="python")
    assert BacktestResult.load(other.save(str(first), overwrite=True)).backend == "python"
    assert [file.name for file in folder.parent.iterdir()] == ["run"]


def test_a_failed_save_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(json, "dumps", fails)
    with pytest.raises(WriteFailed, match="no space left"):
        example_result().save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def without_a_table(folder: Path) -> None:
    (folder / "fills.parquet").unlink()


def with_another_table(folder: Path) -> None:
    frame = pl.read_parquet(folder / "ledger.parquet")
    frame.with_columns(amount=0.0).write_parquet(folder / "ledger.parquet")


def without_a_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def with_half_a_manifest(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_text(file.read_text()[:100])


STANDING = {
    "run": 0, "metric": "sharpe", "rank": 1, "ranked": 2, "trials": 2, "distinct": 2, "psr": 0.5,
    "dsr": None, "dsr_null": None, "pbo": None, "p_adjusted": None, "notes": [],
}  # fmt: skip


def edited(field: str, value: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        file = folder / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))

    return edit


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (without_a_table, "fills.parquet' is missing"),
        (with_another_table, "ledger.parquet' is not the file that was saved"),
        (without_a_manifest, "manifest.json' is missing"),
        (with_half_a_manifest, "manifest.json' cannot be read"),
        (edited("format", 99), "has format 99, expected 1 or 2"),
        (edited("files", {}), "does not list the files of a saved result"),
        (edited("fingerprint", "0" * 64), "fingerprint 5756d6f3"),
        (edited("standing", "first"), "its standing is 'first'"),
        (edited("standing", {"run": 0}), "its standing is {'run': 0}"),
        (edited("standing", STANDING | {"rank": "1"}), "its standing has '1' for 'rank'"),
        (edited("standing", STANDING | {"notes": None}), "its standing is .*'notes': None"),
    ],
)
def test_what_was_changed_is_not_loaded(
    tmp_path: Path, harm: Callable[[Path], None], message: str
) -> None:
    folder = example_result().save(tmp_path / "run")
    harm(folder)
    with pytest.raises(BrokenResult, match=message):
        BacktestResult.load(folder)


def test_a_result_of_the_first_format_is_held_to_the_hashes_of_its_files(tmp_path: Path) -> None:
    folder = example_result().save(tmp_path / "run")
    edited("format", 1)(folder)
    edited("fingerprint", "0" * 64)(folder)  # of a hash that is no more
    assert BacktestResult.load(folder).fingerprint == example_result().fingerprint
    with_another_table(folder)
    with pytest.raises(BrokenResult, match="is not the file that was saved"):
        BacktestResult.load(folder)


SAVING = """
import os, signal, sys
from pathlib import Path
from omega.results import atomic_directory
from omega.results.result import example_result

renames = int(sys.argv[2])
rename = Path.rename

def killed(path, target):
    global renames
    if renames == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    renames -= 1
    return rename(path, target)

Path.rename = killed
example_result().save(Path(sys.argv[1]), overwrite=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks that end with a process")
@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_save_that_is_killed_leaves_the_old_result_or_the_new_one(
    tmp_path: Path, renames: int
) -> None:
    folder = example_result().save(tmp_path / "run")
    (folder / "notes.txt").write_text("mine")
    done = subprocess.run([sys.executable, "-c", SAVING, str(folder), str(renames)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert BacktestResult.load(folder).fingerprint == example_result().fingerprint
    example_result().save(folder, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are of this system")
def test_a_full_disk_leaves_the_old_result(tmp_path: Path) -> None:
    import resource  # noqa: PLC0415 - not of every system

    folder = example_result().save(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(
            WriteFailed, match=r"'.*run' cannot be written: .*Make room on the disk"
        ):
            example_result().save(folder, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]

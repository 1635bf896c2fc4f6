"""The promises of docs/concepts/security.md, each with the code that would break it.

An audit hook of the interpreter sees every import, compilation, unpickling and process.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import omega
from omega.cli import main
from omega.results.result import example_result
from tests.support.candles import rising

_SEEN: list[str] | None = None
_TELLING = ("pickle.find_class", "exec", "compile", "os.system", "subprocess.Popen", "os.exec")


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if _SEEN is not None and event in _TELLING:
        _SEEN.append(f"{event} {arguments[:1]!r:.80}")


@pytest.fixture(autouse=True, scope="module")
def hook() -> None:
    """Add the hook, which stays, where these tests are run: it is called throughout a process."""
    sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Note what is executed meanwhile."""
    global _SEEN  # noqa: PLW0603 - a hook cannot be removed
    _SEEN = []
    try:
        yield _SEEN
    finally:
        _SEEN = None


class Bomb:
    """What writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(Path("exploded").absolute()),)


@pytest.fixture(autouse=True)
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import what is imported late, and stand in a folder of our own."""
    monkeypatch.chdir(tmp_path)
    place = example_result().save("warm")
    omega.BacktestResult.load(place).report("warm.html")
    rising(30).write_parquet("warm.parquet")
    omega.run_backtest("warm.parquet", omega.native("buy_and_hold"))
    Path("warm.csv").write_text("time,open,high,low,close\n2024-01-02 00:00+00:00,1,2,1,2\n")
    omega.read_candles("warm.csv", bar_time="open").write_arrow("warm.arrow")
    omega.sweep("warm.parquet", omega.native("sma_cross", slow=9), {"fast": [2]}, out="warm.sweep")


def test_the_hook_sees_what_a_pickle_does() -> None:
    with watched() as seen:
        pickle.loads(pickle.dumps(Bomb()))  # noqa: S301 - the point of it
    assert seen
    assert Path("exploded").is_dir()


def test_reading_a_saved_result_executes_nothing() -> None:
    """Not where pickles lie in its place, beside it, and as its names."""
    place = example_result().save("run")
    for name in ("strategy.pkl", "__init__.py", "manifest.pkl", "conftest.py"):
        (place / name).write_bytes(pickle.dumps(Bomb()))
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    manifest["config"]["strategy"] = "__import__('os').mkdir('exploded')"
    manifest["manifest"]["configuration"] = {"strategy": "os:mkdir"}
    (place / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with watched() as seen:
        result = omega.BacktestResult.load(place)
        result.summary()
        result.report("page.html")
    assert seen == []
    (place / "trades.parquet").write_bytes(pickle.dumps(Bomb()))
    (place / "manifest.json").write_bytes(pickle.dumps(Bomb()))
    with watched() as seen, pytest.raises(omega.OmegaError):
        omega.BacktestResult.load(place)
    assert seen == []
    assert not Path("exploded").exists()


def test_reading_the_folder_of_a_sweep_executes_nothing() -> None:
    strategy, grid = omega.native("sma_cross", slow=9), {"fast": [2, 3]}
    omega.sweep("warm.parquet", strategy, grid, out="runs", trades=True, workers=1)
    for name in ("runs-000000.pkl", "sweep.pkl"):
        (Path("runs") / name).write_bytes(pickle.dumps(Bomb()))
    with watched() as seen:
        omega.sweep("warm.parquet", strategy, grid, out="runs", trades=True, workers=1)
    assert [one for one in seen if not one.startswith("compile")] == []
    (Path("runs") / "sweep.json").write_bytes(pickle.dumps(Bomb()))
    with watched() as seen, pytest.raises(omega.OmegaError):
        omega.sweep("warm.parquet", strategy, grid, out="runs", trades=True, workers=1)
    assert [one for one in seen if not one.startswith("compile")] == []
    assert not Path("exploded").exists()


@pytest.mark.parametrize(
    "name", ["a.parquet", "a.arrow", "a.csv", "a.zip", "a.gz", "a.bi5", "a.pkl"]
)
def test_reading_a_file_of_candles_executes_nothing(name: str) -> None:
    Path(name).write_bytes(pickle.dumps(Bomb()))
    for read in (omega.CandleStore, omega.read_candles, omega.read_ticks):
        with watched() as seen, pytest.raises(omega.OmegaError):
            read(name)
        assert [one for one in seen if not one.startswith("compile")] == []
    assert not Path("exploded").exists()


def test_an_object_in_a_polars_column_is_not_unpickled() -> None:
    frame = rising(3).with_columns(odd=pl.Series([Bomb()] * 3, dtype=pl.Object))
    with watched() as seen:
        omega.CandleStore(frame)
    assert seen == []


def test_a_run_file_imports_only_the_files_that_it_names() -> None:
    Path("named.py").write_text(
        "import omega\nclass S(omega.Strategy):\n    def on_bar(self, bar): pass\n"
    )
    Path("other.py").write_text("import os\nos.mkdir('exploded')\n")
    Path("run.toml").write_text(
        '[run]\nstrategy = "named.py:S"\ndata = "warm.parquet"\nsymbol = "other.py:S"\n'
    )
    found = CliRunner().invoke(main, ["run", "run.toml"])
    assert found.exit_code == 0, found.output
    assert not Path("exploded").exists()


def test_the_name_of_a_symbol_is_no_path() -> None:
    """Not where results, reports and imports are written."""
    name = "../../escaped"
    before = sorted(Path.cwd().parent.rglob("escaped*"))
    result = omega.run_backtest(rising(30), omega.native("buy_and_hold"), symbol=name)
    result.save("run")
    result.report("page.html")
    imported = omega.read_candles("warm.csv", symbol=name, bar_time="open")
    imported.write_arrow("out.arrow")
    imported.write_parquet("out.parquet")
    assert sorted(Path.cwd().parent.rglob("escaped*")) == before
    assert omega.read_candles("out.parquet").symbol == name


def test_a_directory_that_is_replaced_loses_only_what_was_saved() -> None:
    """A manifest that names other files removes none of them."""
    place = example_result().save("run")
    (Path("run") / "mine.txt").write_text("kept")
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    manifest["files"] = {**manifest["files"], "../warm": "0" * 64}
    (place / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(omega.ConfigError):
        example_result().save("run", overwrite=True)
    assert (Path("run") / "mine.txt").read_text() == "kept"
    assert Path("warm.parquet").exists()


def test_a_pickled_result_is_as_dangerous_as_any_pickle() -> None:
    """What is documented as trusted: only `pickle.loads` of the user's own unpickles."""
    target = io.BytesIO(pickle.dumps(example_result()))
    with watched() as seen:
        pickle.load(target)  # noqa: S301 - as the page warns
    assert any(one.startswith("pickle.find_class") for one in seen)

"""A row of a sweep made again, a result that was saved, and runs that are scored from one bar."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.contract import AnyForm
from omega.errors import ConfigError, OmegaError, StateSyncError
from omega.results.result import BrokenResult
from tests.support.backends import BACKENDS
from tests.support.candles import walk

CANDLES = walk(600)
CROSS = omega.native("sma_cross")
COSTS = {"none": None, "dear": omega.Costs(fee_fixed=1)}
GRID = {"fast": [5, 10, 20], "slow": [10, 40], "costs": COSTS}


class Cross(omega.Strategy):
    fast: int = 5
    slow: int = 20

    def init(self) -> None:
        self.short, self.long = self.sma(self.fast), self.sma(self.slow)

    def on_bar(self, bar: omega.Bar) -> None:
        if omega.crossover(self.short, self.long):
            self.buy()
        elif omega.crossunder(self.short, self.long):
            self.close()


def columns(fast: int, slow: int) -> omega.Signals:
    short, long = (pl.col("close").rolling_mean(n) for n in (fast, slow))
    return omega.Signals(entry=short > long, exit=short < long)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("strategy", [CROSS, Cross, Cross(slow=30), columns])
def test_each_row_becomes_a_result_of_its_fingerprint(strategy: AnyForm, backend: str) -> None:
    result = omega.sweep(
        CANDLES, strategy, GRID, backend=backend, workers=1, constraint="fast < slow", cash=5_000
    )
    table = result.to_polars()
    assert table["error"].null_count() == table.height == 8
    for number in (0, 3, table.height - 1):
        row = table.row(number, named=True)
        again = result.run(number)
        assert again.fingerprint == row["fingerprint"]
        assert again.metrics["net_profit"] == row["net_profit"]
        assert result.run(row).fingerprint == row["fingerprint"]
        assert result.run(table[number]).backend == backend


def test_a_search_that_learns_is_made_again_too() -> None:
    pytest.importorskip("optuna", reason="an extra")
    space = {"fast": [5, 10, "never"], "slow": omega.samplers.Between(20, 40)}
    search = omega.samplers.Optuna({**space, "fast": [5, 10]}, runs=10)
    result = omega.sweep(CANDLES, CROSS, search)
    for number in range(10):
        expected = result.to_polars()["fingerprint"][number]
        assert result.run(number).fingerprint == expected


def test_a_failed_row_raises_what_failed() -> None:
    result = omega.sweep(CANDLES, CROSS, {"fast": [0, 5]})
    assert result.failures.height == 1
    with pytest.raises(ConfigError, match="fast"):
        result.run(0)


def test_another_result_than_that_of_the_row_is_an_error() -> None:
    state = {"size": 1.0}

    def strategy(fast: int) -> Callable[[omega.Bar], omega.Signal | None]:
        def on_bar(bar: omega.Bar) -> omega.Signal | None:
            return omega.Signal("long", size=state["size"]) if bar.index == fast else None

        return on_bar

    result = omega.sweep(CANDLES, strategy, {"fast": [3, 4]}, workers=1)
    assert result.run(0).trades["lots"].to_list() == [1.0]
    state["size"] = 2.0
    with pytest.raises(StateSyncError, match="run 0 came out"):
        result.run(0)


@pytest.mark.parametrize("row", [99, -1, 2**70, True, "0", None, {"fast": 5}, pl.DataFrame()])
def test_what_is_no_row_is_refused(row: Any) -> None:  # noqa: ANN401 - what is refused
    result = omega.sweep(CANDLES, CROSS, {"fast": [5, 10]})
    with pytest.raises(ConfigError):
        result.run(row)
    with pytest.raises(ConfigError, match="settings"):
        result.run(0, cash=5)


def test_a_saved_sweep_is_what_it_was(tmp_path: Path) -> None:
    result = omega.sweep(CANDLES, CROSS, GRID, trades=True, equity=True)
    folder = result.save(tmp_path / "sweep")
    loaded = omega.SweepResult.load(folder)
    assert loaded.to_polars().equals(result.to_polars())
    assert loaded.trades.equals(result.trades)
    assert loaded.equity.equals(result.equity)
    assert (loaded.metrics, loaded.total, loaded.notices, repr(loaded)) == (
        result.metrics,
        result.total,
        result.notices,
        repr(result),
    )
    assert loaded.parameters == result.parameters
    with pytest.raises(ConfigError, match="data=candles"):
        loaded.run(0)
    again = loaded.run(3, data=CANDLES, strategy=CROSS, grid=GRID)
    assert again.fingerprint == result.to_polars()["fingerprint"][3]
    with pytest.raises(StateSyncError):
        loaded.run(3, data=CANDLES, strategy=CROSS, grid=GRID, cash=1_234.0)
    with pytest.raises(ConfigError, match="strategy"):
        loaded.run(3, data=CANDLES)


def test_a_place_that_is_taken_is_refused(tmp_path: Path) -> None:
    result = omega.sweep(CANDLES, CROSS, {"fast": [5]})
    folder = result.save(tmp_path / "sweep")
    with pytest.raises(ConfigError, match="not empty"):
        result.save(folder)
    (folder / "mine.txt").write_text("x")
    omega.sweep(CANDLES, CROSS, {"fast": [5, 6]}, trades=True).save(folder, overwrite=True)
    assert len(omega.SweepResult.load(folder)) == 2
    assert (folder / "mine.txt").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a").write_text("x")
    with pytest.raises(ConfigError, match="not empty"):
        result.save(tmp_path / "other", overwrite=True)
    for odd in (None, 5, ""):
        with pytest.raises(ConfigError):
            result.save(odd)  # type: ignore[arg-type]  # refused
        with pytest.raises(ConfigError):
            omega.SweepResult.load(odd)  # type: ignore[arg-type]  # refused


@pytest.mark.parametrize("damage", [
    lambda d: (d / "runs.parquet").unlink(),
    lambda d: (d / "runs.parquet").write_bytes(b"x"),
    lambda d: (d / "sweep-result.json").unlink(),
    lambda d: (d / "sweep-result.json").write_text("{"),
    lambda d: (d / "sweep-result.json").write_text("[]"),
    lambda d: (d / "sweep-result.json").write_bytes(b"\xff\xfe"),
    lambda d: rewritten(d, format=99),
    lambda d: rewritten(d, files={}),
    lambda d: rewritten(d, files={"runs": "x", "../etc": "y"}),
    lambda d: rewritten(d, metrics=[1]),
    lambda d: rewritten(d, total="many"),
    lambda d: rewritten(d, notices=[5]),
])  # fmt: skip
def test_a_broken_one_is_an_error(damage: Callable[[Path], object], tmp_path: Path) -> None:
    folder = omega.sweep(CANDLES, CROSS, {"fast": [5]}).save(tmp_path / "sweep")
    damage(folder)
    with pytest.raises(OmegaError) as error:
        omega.SweepResult.load(folder)
    assert isinstance(error.value, (BrokenResult, ConfigError))


def rewritten(folder: Path, **changes: object) -> None:
    file = folder / "sweep-result.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_it_travels_without_candles() -> None:
    result = omega.sweep(CANDLES, CROSS, {"fast": [5, 10]})
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - written here
    assert again.to_polars().equals(result.to_polars())
    with pytest.raises(ConfigError, match="loaded or unpickled"):
        again.run(0)


def test_pandas_gets_the_table() -> None:
    pytest.importorskip("pandas", reason="not a dependency")
    table = omega.sweep(CANDLES, CROSS, {"fast": [5, 10]}).to_pandas()
    assert table["fast"].tolist() == [5, 10]


# --- spans ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("strategy", [CROSS, Cross])
def test_equal_spans_begin_where_the_longest_warm_up_ends(strategy: AnyForm, backend: str) -> None:
    grid = {"fast": [5], "slow": [20, 100]}
    own = omega.sweep(CANDLES, strategy, grid, backend=backend, workers=1)
    assert [one.kind for one in own.notices] == ["spans"]
    equal = omega.sweep(CANDLES, strategy, grid, backend=backend, workers=1, spans="equal")
    assert equal.notices == ()
    runs = [equal.run(number) for number in (0, 1)]
    firsts = {run.metrics["first_decision"] for run in runs}
    longest = own.run(1).metrics["first_decision"]
    assert firsts == {longest}
    assert equal.to_polars()["bars"].n_unique() == 1
    alone = (
        Cross(fast=5, slow=20) if strategy is Cross else omega.native("sma_cross", fast=5, slow=20)
    )
    by_hand = omega.run_backtest(CANDLES, alone, start=str(longest), backend=backend)
    assert by_hand.fingerprint == equal.to_polars()["fingerprint"][0]


def test_each_stretch_of_candles_has_a_span_of_its_own() -> None:
    grid = {"data": {"a": CANDLES[:300], "b": CANDLES[300:]}, "slow": [20, 100]}
    result = omega.sweep(None, omega.native("sma_cross", fast=5), grid, spans="equal")
    firsts = [str(result.run(number).metrics["first_decision"]) for number in range(4)]
    assert firsts[0] == firsts[1] < firsts[2] == firsts[3]
    assert result.notices == ()


def test_spans_are_a_part_of_a_folder(tmp_path: Path) -> None:
    words: dict[str, Any] = {"grid": {"slow": [20, 60]}, "out": tmp_path / "sweep"}
    once = omega.sweep(CANDLES, CROSS, **words, spans="equal")
    assert omega.sweep(CANDLES, CROSS, **words, spans="equal").to_polars().equals(once.to_polars())
    with pytest.raises(ConfigError, match="another sweep"):
        omega.sweep(CANDLES, CROSS, **words)


def test_spans_that_cannot_be_equal_are_refused() -> None:
    with pytest.raises(ConfigError, match="'own'"):
        omega.sweep(CANDLES, CROSS, {"fast": [5]}, spans="same")
    pytest.importorskip("optuna", reason="an extra")
    search = omega.samplers.Optuna({"fast": [5, 10]}, runs=4)
    with pytest.raises(ConfigError, match="start="):
        omega.sweep(CANDLES, CROSS, search, spans="equal")

"""Sweeps: every way of making runs gives the rows that single runs give."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.report._metrics import LESS_IS_BETTER
from omega.results.limits import with_limits
from omega.sweeps.spec import METRICS
from omega.sweeps.table import WHOLE
from tests.support import candles
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import GRID, Cross, walk

PRICES = ("open", "high", "low", "close")

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")


def expected(data: pl.DataFrame, costs: omega.Costs | None = None) -> list[dict[str, Any]]:
    """Give the rows of a grid by single runs."""
    rows = []
    for fast in GRID["fast"]:
        for slow in GRID["slow"]:
            result = omega.run_backtest(data, Cross(fast=fast, slow=slow), costs=costs)
            limits = with_limits(result.metrics)
            metrics = {name: limits[name] for name in METRICS}
            rows.append({"fast": fast, "slow": slow, **metrics, "fingerprint": result.fingerprint})
    return rows


def rows(result: omega.SweepResult) -> list[dict[str, Any]]:
    return result.to_polars().drop("run", "dsr", "p_adjusted", "error").to_dicts()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("strategy", [omega.native("sma_cross"), Cross], ids=["native", "python"])
def test_a_sweep_is_its_runs(strategy: object, workers: int) -> None:
    data = walk()
    costs = omega.Costs(fee_per_million=30)
    result = omega.sweep(data, strategy, GRID, workers=workers, costs=costs)
    assert result.to_polars()["run"].to_list() == list(range(6))
    assert rows(result) == expected(data, costs=costs)


@pytest.mark.parametrize("strategy", [omega.native("sma_cross"), Cross], ids=["native", "python"])
def test_a_fee_function_is_called_on_threads_and_in_processes(strategy: object) -> None:
    data = walk(400)
    costs = omega.Costs(fee=lambda fill: fill.notional / 1e4 + fill.is_entry)
    result = omega.sweep(data, strategy, GRID, workers=2, costs=costs)
    assert rows(result) == expected(data, costs=costs)


@pytest.mark.parametrize("strategy", [omega.native("sma_cross"), Cross], ids=["native", "python"])
def test_a_fee_function_that_fails_is_a_row(strategy: object) -> None:
    costs = {"free": omega.Costs(), "failing": omega.Costs(fee=lambda fill: fill.lots / 0)}
    result = omega.sweep(walk(400), strategy, {"fast": [2], "costs": costs}, workers=2)
    errors = result.to_polars()["error"].to_list()
    assert errors == [None, "ZeroDivisionError: float division by zero"]


def test_the_reference_backend_sweeps_as_well() -> None:
    data = walk(400)
    result = omega.sweep(data, Cross, GRID, workers=1, backend="python")
    assert rows(result) == expected(data)


def spawning() -> Executor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("pool", [lambda: ThreadPoolExecutor(2), spawning])
def test_any_executor_will_do(pool: Callable[[], Executor]) -> None:
    data = walk(600)
    with pool() as executor:
        result = omega.sweep(data, Cross, GRID, executor=executor)
    assert rows(result) == expected(data)


def test_a_strategy_from_main_needs_no_guard(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import omega\n"
        "from tests.support.sweep_strategies import Cross, GRID, walk\n"
        "class Mine(Cross):\n"
        "    pass\n"
        "print(omega.sweep(walk(300), Mine, GRID, workers=2))\n"
    )
    top = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(top)},
        timeout=60,
    )
    assert done.stdout == "SweepResult(6 of 6 runs, 0 failed)\n", done.stderr


def test_a_function_of_the_parameters_gives_any_form() -> None:
    def above(window: int, margin: float) -> omega.Signals:
        mean = pl.col("close").rolling_mean(window)
        return omega.Signals(entry=pl.col("close") > mean * margin, exit=pl.col("close") < mean)

    data = walk()
    grid = {"window": [10, 20], "margin": [1.0, 1.0001]}
    result = omega.sweep(data, above, grid, workers=2)
    singles = [omega.run_backtest(data, above(w, m)) for w in (10, 20) for m in (1.0, 1.0001)]
    prints = [single.fingerprint for single in singles]
    assert result.to_polars()["fingerprint"].to_list() == prints


def test_a_grid_may_run_over_data_costs_and_years() -> None:
    data = {"one": walk(seed=1), "two": walk(seed=2)}
    costs = {"none": None, "dear": omega.Costs(fee_per_lot=5)}
    grid = {"data": data, "costs": costs, "execution": [omega.Execution(intrabar="optimistic")]}
    for strategy in (omega.native("sma_cross"), Cross):
        result = omega.sweep(None, strategy, grid, workers=2).to_polars()
        assert result["error"].null_count() == 4
        assert result.select("data", "costs").rows() == [
            ("one", "none"), ("one", "dear"), ("two", "none"), ("two", "dear")
        ]  # fmt: skip
        single = omega.run_backtest(data["two"], Cross(fast=20, slow=50), costs=costs["dear"])
        if strategy is not Cross:
            assert result["net_profit"][3] == single.metrics["net_profit"]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("strategy", [omega.native("sma_cross"), Cross], ids=["native", "python"])
def test_a_run_that_fails_is_a_row(strategy: object, workers: int) -> None:
    bad = 0 if strategy is not Cross else 99
    result = omega.sweep(walk(500), strategy, {"fast": [3, bad, 5]}, workers=workers)
    table = result.to_polars()
    assert table["error"].is_not_null().to_list() == [False, True, False]
    assert result.failures["fast"].to_list() == [bad]
    words = "ConfigError: " if strategy is not Cross else "ValueError: 99 is not to be had"
    assert table["error"][1].startswith(words)
    assert table["sharpe"][1] is None
    assert repr(result) == "SweepResult(3 of 3 runs, 1 failed)"


def test_runs_that_are_ruined_are_counted(backend: str) -> None:
    """100 short at 100 lose 20,000 at 300, and 10 lose 2,000."""

    class Short(omega.Strategy):
        lots: float = 1.0

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.sell(size=self.lots)

    data = candles.quoted((100,), (100,), (300,), (300,))
    grid = {"lots": [10.0, 100.0]}
    result = omega.sweep(data, Short, grid, workers=1, backend=backend)
    assert result.ruined["lots"].to_list() == [100.0]
    assert repr(result) == "SweepResult(2 of 2 runs, 0 failed, 1 ruined)"


def test_a_process_that_dies_takes_one_run_with_it() -> None:
    class Dies(Cross):
        def init(self) -> None:
            if self.fast == 7:
                os._exit(3)
            super().init()

    result = omega.sweep(walk(300), Dies, {"fast": [3, 5, 7, 8, 9, 10]}, workers=2)
    errors = result.to_polars()["error"].to_list()
    assert errors == [None, None, "WorkerFailed: the process ended with code 3", None, None, None]


def test_trades_and_equity_are_kept_where_they_are_asked_for() -> None:
    data = walk()
    for strategy in (omega.native("sma_cross"), Cross):
        result = omega.sweep(data, strategy, GRID, workers=2, trades=True, equity=True)
        single = omega.run_backtest(data, Cross(fast=3, slow=21))
        of_one = result.trades.filter(run=1).drop("run")
        assert of_one["net_pnl"].equals(single.trades["net_pnl"])
        assert result.equity.filter(run=1)["equity"].equals(single.equity["equity"])
    with pytest.raises(ConfigError, match="trades=True"):
        _ = omega.sweep(data, omega.native("sma_cross"), GRID).trades


def test_the_table_goes_to_other_libraries() -> None:
    result = omega.sweep(walk(300), omega.native("sma_cross"), GRID)
    relation = duckdb.from_arrow(result.to_arrow())
    assert relation.aggregate("count(*), max(slow)").fetchall() == [(6, 21)]
    assert pl.DataFrame(result).equals(result.to_polars())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"grid": {"fats": [3]}}, "no parameter 'fats'.*Did you mean 'fast'"),
        ({"metrics": ["sharp"]}, "no metric 'sharp'. Did you mean 'sharpe'"),
        ({"metrics": ["alpha"]}, "are of a single run"),
        ({"benchmark": True}, "no setting 'benchmark'. A benchmark"),
        ({"metrics": "sharpe"}, "expected a list"),
        ({"metrics": 5}, "given 5, expected a list of names"),
        ({"metrics": [1]}, "given 1 in the list, expected names"),
        ({"workers": 0}, "at least 1"),
        ({"workers": "two"}, "given 'two', expected a whole number of at least 1"),
        ({"workers": 1.5}, "given 1.5, expected a whole number of at least 1"),
        ({"workers": True}, "given True, expected a whole number of at least 1"),
        ({"executor": "threads"}, "given 'threads', expected a concurrent.futures.Executor"),
        ({"out": 5}, "given 5, expected the path of a folder"),
        ({"out": b"x"}, "given b'x', expected the path of a folder"),
        ({"progress": 5}, "given 5, expected True, False, or a function"),
        ({"seed": "a"}, "given 'a', expected a whole number from 0"),
        ({"cahs": 5}, "no setting 'cahs'. Did you mean 'cash'"),
    ],
)
def test_a_mistake_is_named(words: dict[str, Any], message: str) -> None:
    arguments = {"grid": {"fast": [3]}, **words}
    with pytest.raises(ConfigError, match=message):
        omega.sweep(walk(300), Cross, **arguments)


@pytest.mark.parametrize("maximize", [5, "sharpe", [True], ["sharpe", "cagr"], {}, (1, 0)])
def test_a_pareto_front_takes_two_flags(maximize: Any) -> None:  # noqa: ANN401 - not what is taken
    result = omega.sweep(walk(300), omega.native("sma_cross"), {"fast": [3]})
    with pytest.raises(ConfigError, match=r"maximize: given .*, expected two flags"):
        result.pareto("sharpe", "max_drawdown", maximize=maximize)


def test_progress_is_told() -> None:
    states: list[omega.SweepProgress] = []
    omega.sweep(walk(300), omega.native("sma_cross"), GRID, progress=states.append)
    last = states[-1]
    assert (last.done, last.total, last.failed, last.metric) == (6, 6, 0, "sharpe")
    assert last.rate > 0


def test_optuna_drives_and_the_rows_do_not_depend_on_workers() -> None:
    pytest.importorskip("optuna")
    sampler = omega.samplers.Optuna(
        {"fast": omega.samplers.Between(2, 20), "slow": omega.samplers.Between(21, 60)},
        runs=24,
        metric="net_profit",
    )
    one, two = (
        omega.sweep(walk(), omega.native("sma_cross"), sampler, workers=workers, seed=4)
        for workers in (1, 2)
    )
    assert one.to_polars().equals(two.to_polars())
    assert len(one) == 24


def test_a_grid_may_run_over_the_files_of_a_data_set(tmp_path: Path) -> None:
    for seed in (1, 2):
        walk(500, seed).write_parquet(tmp_path / f"year-{seed}.parquet")
    whole = omega.Dataset(tmp_path / "year-*.parquet")
    grid = {"data": {str(number): one for number, one in enumerate(whole.files)}, "fast": [3, 5]}
    for strategy in (omega.native("sma_cross", slow=20), Cross):
        result = omega.sweep(
            None, strategy, grid, workers=2, out=tmp_path / type(strategy).__name__
        )
        single = omega.run_backtest(walk(500, 2), Cross(fast=5, slow=20))
        assert result.to_polars()["fingerprint"][3] == single.fingerprint


@pytest.mark.parametrize("spread", [0.0, 2e-4])
def test_a_store_is_mapped_with_all_that_belongs_to_it(spread: float) -> None:
    both = walk(500)
    bid = both.select("time", *(pl.col(f"bid_{p}").alias(p.title()) for p in PRICES))
    plain = bid.with_columns(spread=pl.lit(1e-4), level=pl.col("Close") + 1.0)
    data = omega.CandleStore(omega.Candles(bid=bid, spread=spread) if spread else plain)
    one, two = (omega.sweep(data, Cross, GRID, workers=workers) for workers in (1, 2))
    assert one.to_polars()["error"].null_count() == 6
    assert one.to_polars().equals(two.to_polars())


def test_metrics_that_are_counts_and_those_of_which_less_is_better_are_metrics() -> None:
    assert set(METRICS) >= WHOLE
    assert set(METRICS) >= LESS_IS_BETTER

"""How much of the best run is luck, in every way in which a sweep can be made."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega import ConfigError, statistics
from omega.sweeps.trust import Trials
from tests.support.backends import BACKENDS

GRID = {"fast": [2, 3, 5], "slow": [8, 13]}


def walk(bars: int = 1_200, seed: int = 1) -> pl.DataFrame:
    """A random walk by the hour: fifty days."""
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.004, bars)))
    begin = datetime(2026, 1, 1)  # noqa: DTZ001 - candles of no zone
    return pl.DataFrame({
        "time": [begin + timedelta(hours=k) for k in range(bars)],
        "open": close, "high": close, "low": close, "close": close,
    })  # fmt: skip


CANDLES = walk()


class Every(omega.Strategy):
    """Buys and sells by the number of the bar."""

    every: int = 7

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index % self.every == 0:
            self.buy(size=10.0)
        elif bar.index % self.every == self.every // 2:
            for position in self.positions:
                self.close(position)


def swept(**options: object) -> omega.SweepResult:
    given: dict[str, Any] = options
    return omega.sweep(CANDLES, omega.native("sma_cross"), GRID, **given)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_numbers_are_those_of_the_statistics(backend: str) -> None:
    result = swept(daily=True, backend=backend, workers=1)
    returns = daily_returns(result)
    trust, table = result.trust(), result.to_polars()
    ratios = returns.mean(0) / returns.std(0, ddof=1)
    assert (trust.trials, trust.distinct, trust.days) == (6, 6, 50)
    assert trust.sharpe_variance == pytest.approx(ratios.var(ddof=1))
    best = int(np.argmax(ratios))
    assert trust.best_run == best == result.best()["run"]
    assert trust.sharpe == pytest.approx(ratios[best])
    row = table.row(best, named=True)
    shape = (float(ratios[best]), 50, row["skewness"], row["kurtosis"] + 3.0)
    assert trust.psr == pytest.approx(statistics.probabilistic_sharpe(*shape))
    variance = float(ratios.var(ddof=1))
    assert trust.dsr == pytest.approx(statistics.deflated_sharpe(*shape, 6, variance))
    assert table["dsr"][best] == trust.dsr
    null = statistics.deflated_sharpe(*shape, 6, max(variance, 1 / 49))
    assert trust.dsr_null == pytest.approx(null)
    found = statistics.pbo(returns)
    assert (trust.pbo, trust.degradation) == (found.pbo, found.slope)
    assert trust.pbo_logits is not None
    assert trust.pbo_logits.tolist() == found.logits.tolist()
    assert trust.probability_of_loss == found.probability_of_loss
    assert trust.n_eff == statistics.effective_trials(returns)
    assert trust.spa == statistics.spa(returns)
    assert table["p_adjusted"].to_list() == statistics.romano_wolf(returns).tolist()
    assert trust.notes == ()


def daily_returns(result: omega.SweepResult) -> np.ndarray:
    """From the closes of each run's days, which are run again."""
    columns = []
    for row in result.to_polars().iter_rows(named=True):
        strategy = omega.native("sma_cross", fast=row["fast"], slow=row["slow"])
        run = omega.run_backtest(CANDLES, strategy)
        days = run.equity.group_by(pl.col("time").dt.date(), maintain_order=True).last()
        closes = np.array([10_000.0, *days["equity"].to_list()])
        columns.append(closes[1:] / closes[:-1] - 1.0)
    return np.array(columns).T


def test_all_ways_to_make_runs_keep_the_same(tmp_path: Path) -> None:
    expected = swept(daily=True).to_polars()
    folder = str(tmp_path / "sweep")
    with ThreadPoolExecutor(2) as pool:
        ways: list[dict[str, Any]] = [
            {"workers": 1}, {"workers": 2}, {"executor": pool}, {"backend": "python", "workers": 1},
            {"out": folder}, {"out": folder},
        ]  # fmt: skip
        for way in ways:
            assert swept(daily=True, **way).to_polars().equals(expected, null_equal=True), way


def test_a_sweep_that_goes_on_counts_all_runs(tmp_path: Path) -> None:
    whole = swept(out=str(tmp_path / "whole"), daily=True)
    parts = sorted((tmp_path / "whole").glob("*.parquet"))
    assert {path.name.partition("-")[0] for path in parts} == {"runs", "moments", "daily"}
    half = pl.read_parquet(parts[-1])
    assert half.height == 6
    again = swept(out=str(tmp_path / "whole"), daily=True)
    assert again.trust() == whole.trust()
    with pytest.raises(ConfigError, match="another sweep"):
        swept(out=str(tmp_path / "whole"))


def test_strategies_in_processes_are_trials_as_well() -> None:
    grid = {"every": [5, 7, 9]}
    here, there = (omega.sweep(CANDLES, Every, grid, workers=n, daily=True) for n in (1, 2))
    assert here.to_polars().equals(there.to_polars(), null_equal=True)
    assert here.trust().distinct == 3


def test_without_daily_returns_there_are_notes() -> None:
    result = swept()
    trust = result.trust()
    assert (trust.spa, trust.n_eff) == (None, None)
    assert trust.pbo is not None
    assert trust.notes == ("spa, n_eff and p_adjusted need the returns: sweep(..., daily=True)",)
    table = result.to_polars()
    assert table["p_adjusted"].null_count() == 6
    assert table["dsr"].null_count() == 0
    assert table.columns[-4:] == ["dsr", "p_adjusted", "fingerprint", "error"]
    assert "dsr" not in result.parameters


def test_equal_results_are_one_trial_and_idle_ones_have_a_ratio_of_nothing() -> None:
    idle = [5_000, 6_000, 7_000]  # bars that never come
    grid = [{"every": bars} for bars in (7, 7, 9, *idle)]
    result = omega.sweep(CANDLES, Every, grid, daily=True, workers=1)
    # Bar 0 is bought and never sold by the idle ones: equal results.
    trust = result.trust()
    assert (trust.trials, trust.distinct) == (6, 3)
    empty = omega.sweep(CANDLES, Never, {"level": [1, 2]}, workers=1, daily=True)
    assert empty.trust("net_profit").sharpe == 0.0
    assert empty.trust("net_profit").distinct == 1
    assert empty.to_polars()["dsr"].to_list() == [None, None]


class Never(omega.Strategy):
    """Never trades."""

    level: int = 1

    def on_bar(self, bar: omega.Bar) -> None:
        """Look on."""


def test_failed_runs_are_no_trials() -> None:
    result = omega.sweep(CANDLES, omega.native("sma_cross"), {"fast": [2, 0.5], "slow": [8]})
    assert result.failures.height == 1
    assert result.trust().trials == 1
    assert result.to_polars()["dsr"].null_count() == 1


def starts() -> list[datetime]:
    return [datetime(2026, 1, day) for day in (5, 20)]  # noqa: DTZ001 - as the candles


def test_runs_that_begin_on_other_days_share_their_last_ones() -> None:
    grid = {"fast": [2, 3], "start": starts()}
    native = omega.native("sma_cross", slow=8)
    trust = omega.sweep(CANDLES, native, grid, daily=True).trust()
    late = {"fast": [2, 3], "start": starts()[1:]}
    assert trust.notes == ("pbo, spa and n_eff are over the last 31 days, which all have",)
    alone = omega.sweep(CANDLES, native, late, daily=True)
    assert alone.trust().notes == ()
    assert alone.trust().days == 31
    assert trust.pbo is not None
    assert trust.spa is not None
    without = omega.sweep(CANDLES, native, grid).trust()
    assert without.pbo is None
    assert "start=" in without.notes[0]


def test_runs_that_end_on_other_days_have_no_common_ones() -> None:
    ends = [datetime(2026, 2, day) for day in (5, 15)]  # noqa: DTZ001 - as CANDLES
    grid = {"fast": [2, 3], "end": ends}
    trust = omega.sweep(CANDLES, omega.native("sma_cross", slow=8), grid, daily=True).trust()
    assert (trust.pbo, trust.spa) == (None, None)
    assert trust.dsr is not None
    assert "the same end" in trust.notes[0]


def test_few_days_have_no_blocks() -> None:
    trust = omega.sweep(CANDLES.head(200), omega.native("sma_cross"), {"fast": [2, 3]}).trust()
    assert (trust.days, trust.pbo) == (9, None)
    assert "16 days" in trust.notes[0]


def test_the_best_row_says_of_how_many_it_is_the_best() -> None:
    result = swept()
    best = result.best()
    dsr = result.to_polars()["dsr"].max()
    assert isinstance(dsr, float)
    assert repr(best).endswith(f"\nThe best of 6 trials; deflated Sharpe ratio {dsr:.3f}")
    printed = str(best).splitlines()
    assert printed[:2] == [f"run           {best['run']}", f"fast          {best['fast']}"]
    assert f"trades        {best['trades']}" in printed
    assert "skewness" not in str(best)
    assert printed[-1] == repr(best).splitlines()[-1]
    assert best == result.to_polars().row(best["run"], named=True)
    assert f"6 trials; the best deflated Sharpe ratio is {dsr:.3f}" in result._repr_html_()
    page = result.heatmap("fast", "slow").html
    assert f"the best deflated Sharpe ratio is {dsr:.3f}" in page


def test_printed_trust_has_each_number_with_its_meaning() -> None:
    trust = swept().trust()
    assert trust.dsr is not None
    assert trust.pbo is not None
    printed = str(trust).splitlines()
    assert printed[0] == trust.in_words()
    assert f"  dsr                 {trust.dsr:>9.3f}  and above what the best" in printed[2]
    assert f"  pbo                 {trust.pbo:>9.3f}  how often the winner" in printed[5]
    few = omega.sweep(CANDLES.head(200), omega.native("sma_cross"), {"fast": [2, 3]}).trust()
    assert "  pbo                 undefined  " in str(few)
    assert f"  note: {few.notes[0]}" in str(few)


def test_sweeps_without_fingerprints_count_by_their_moments() -> None:
    plain, without = swept().trust(), swept(fingerprint=False).trust()
    assert (without.distinct, without.dsr) == (plain.distinct, plain.dsr)


def test_a_table_made_by_hand_has_no_trials() -> None:
    frame = pl.DataFrame({"run": [0], "sharpe": [1.0], "fingerprint": ["a"], "error": [None]})
    result = omega.SweepResult(frame, metrics=("sharpe",), total=1)
    assert result.to_polars().columns == frame.columns
    with pytest.raises(ConfigError, match="nothing is known"):
        result.trust()


def test_the_ledger_widens_the_search() -> None:
    kinds = {"run": pl.UInt32, "fingerprint": pl.String, "error": pl.String}
    rows = pl.DataFrame([(0, "a", None), (1, "b", None)], schema=kinds, orient="row")
    moments = pl.DataFrame(
        {"run": [0, 1], "moments": [[500.0, 0.10, 0.0, 3.0], [500.0, 0.06, 0.0, 3.0]]},
        schema={"run": pl.UInt32, "moments": pl.List(pl.Float64)},
    )
    alone = Trials(rows, moments, lambda _: None)
    wide = alone.among({"a": 0.10, "c": 0.02, "d": math.nan})
    assert (alone.count, wide.count) == (2, 4)
    assert wide.variance == pytest.approx(np.var([0.10, 0.06, 0.02], ddof=1))
    before, after = (one.trust("sharpe", 0).dsr for one in (alone, wide))
    assert before is not None
    assert after is not None
    assert after < before

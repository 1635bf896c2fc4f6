"""What windows are measured by, with numbers by hand."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

import omega
from omega.forward.choice import Chooser, plateau
from omega.forward.measures import annualised, efficiency, rank_correlation, stability
from omega.sweeps.result import SweepResult
from tests.support.forward_forms import FORMS, candles


def test_efficiency_of_two_stretches() -> None:
    inside, outside = annualised(0.25, 504 / 252), annualised(0.04, 126 / 252)
    assert inside == pytest.approx(0.11803399, abs=5e-9)
    assert outside == pytest.approx(0.0816, abs=1e-12)
    assert efficiency(inside, outside) == pytest.approx(0.691326, abs=5e-7)


@pytest.mark.parametrize("inside", [-0.1, 0.0, None])
def test_a_loss_in_sample_has_no_efficiency(inside: float | None) -> None:
    assert efficiency(inside, 0.2) is None


def test_the_middle_of_a_plateau_is_chosen_before_a_peak() -> None:
    grid = [(a, b) for a in (1, 2, 3, 4) for b in (1, 2, 3)]
    values = [9.0, 0.1, 0.1, 0.1, 0.1, 0.1, 2.0, 2.1, 2.0, 2.0, 2.2, 2.0]
    frame = pl.DataFrame(
        {
            "run": range(12),
            "a": [a for a, _ in grid],
            "b": [b for _, b in grid],
            "sharpe": values,
            "error": pl.Series([None] * 12, dtype=pl.String),
        }
    )
    runs = SweepResult(frame, metrics=("sharpe",), total=12)
    assert Chooser.of("sharpe", None).choose(runs).run == 0
    # Around (4, 2) lie 2.0, 2.1, 2.0, 2.0, 2.2, 2.0, whose median is 2.0; so has (4, 1) of four.
    medians = plateau(frame.select("run", "a", "b", "sharpe"), "sharpe")["sharpe"].to_list()
    assert (medians[0], medians[9], medians[10]) == (0.1, 2.05, 2.0)
    assert Chooser.of("plateau:sharpe", None).choose(runs).run == 9


def test_rank_correlation_takes_ties_by_their_mean() -> None:
    # Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: 4.5 / sqrt(4.5 * 5).
    found = rank_correlation([1.0, 2.0, 2.0, 3.0], [1.0, 3.0, 2.0, 9.0])
    assert found == pytest.approx(4.5 / math.sqrt(4.5 * 5.0), abs=1e-12)
    assert rank_correlation([1.0, None, 2.0], [3.0, 4.0, 1.0]) == -1.0
    assert rank_correlation([1.0, 1.0], [1.0, 2.0]) is None


def test_stability_of_parameters() -> None:
    grid = [{"n": n, "side": side} for n in (5, 10, 20) for side in ("long", "short")]
    chosen = [
        {"n": 5, "side": "long"},
        {"n": 5, "side": "short"},
        None,
        {"n": 10, "side": "long"},
        {"n": 20, "side": "long"},
    ]
    rows = stability(chosen, grid).rows(named=True)
    # Shares 1/2, 1/4, 1/4: 1.5 bits of log2(3).
    assert rows[0]["entropy"] == pytest.approx(1.5 / math.log2(3))
    assert (rows[0]["changes"], rows[0]["on_border"]) == (1, 0.75)
    assert (rows[1]["changes"], rows[1]["on_border"]) == (1, None)


def test_stretches_add_up_to_the_account() -> None:
    frame = candles(400, seed=8)
    form = FORMS["class"]
    wf = omega.walk_forward(
        frame, form.strategy, form.grid, train=90, test=60, objective="total_return", workers=1
    )
    growth = 1.0
    for one in wf.windows["oos_total_return"]:
        growth *= 1.0 + one
    assert growth - 1.0 == pytest.approx(wf.oos.metrics["total_return"], rel=1e-9)
    assert wf.windows["oos_trades"].sum() == wf.oos.metrics["trades"]
    trust = wf.trust()
    printed = str(trust).splitlines()
    assert printed[1].split()[:2] == ["days", f"{trust.days:,}"]
    assert f"{trust.t_statistic:.3f}" in str(trust)
    assert len(printed) == 1 + len(vars(trust))
    metrics: dict[str, Any] = wf.oos.metrics
    per_day = metrics["sharpe"] / math.sqrt(metrics["periods_per_year"])
    assert trust.t_statistic == pytest.approx(per_day * math.sqrt(metrics["days"]))


def test_a_window_by_itself_is_a_run_of_its_stretch() -> None:
    frame = candles(400, seed=8)
    form = FORMS["class"]
    wf = omega.walk_forward(
        frame, form.strategy, form.grid, train=90, test=60, objective="total_return", workers=1
    )
    row = wf.windows.row(2, named=True)
    own = omega.run_backtest(
        frame, form.strategy(n=row["n"]), start=row["test_start"], end=row["test_end"]
    )
    assert row["alone_total_return"] == own.metrics["total_return"]
    assert row["alone_trades"] == own.metrics["trades"]


def test_one_window_alone_is_measured_as_the_run_is() -> None:
    frame = candles(300, seed=9)
    form = FORMS["sma_cross"]
    wf = omega.walk_forward(
        frame, form.strategy, form.grid, train=90, test=500, objective="total_return"
    )
    row, metrics = wf.windows.row(0, named=True), wf.oos.metrics
    for name in ("total_return", "cagr", "sharpe", "max_drawdown", "trades", "exposure"):
        assert row[f"oos_{name}"] == pytest.approx(metrics[name], rel=1e-9), name


def test_slices_are_marked_approximate_and_are_near() -> None:
    frame = candles(600, seed=9)
    form = FORMS["columns"]
    given: dict[str, Any] = {"train": 200, "test": 100, "objective": "total_return"}
    exact = omega.walk_forward(frame, form.strategy, form.grid, **given)
    near = omega.walk_forward(frame, form.strategy, form.grid, reuse="sliced", **given)
    assert (exact.is_approximate, near.is_approximate) == (False, True)
    assert "approximate" in repr(near)
    for one, other in zip(exact.sweeps, near.sweeps, strict=True):
        pairs = zip(one.to_polars()["total_return"], other.to_polars()["total_return"], strict=True)
        assert all(abs(a - b) < 5e-3 for a, b in pairs)
    with pytest.raises(omega.ConfigError, match="objective: no metric 'sortino'"):
        omega.walk_forward(
            frame,
            form.strategy,
            form.grid,
            train=200,
            test=100,
            objective="sortino",
            reuse="sliced",
        )


def test_holding_ends_the_train_stretch_earlier() -> None:
    frame = candles(300, seed=3)
    form = FORMS["zscore_reversion"]
    given: dict[str, Any] = {"train": 100, "test": 50, "objective": "total_return"}
    plain = omega.walk_forward(frame, form.strategy, form.grid, **given)
    cut = omega.walk_forward(frame, form.strategy, form.grid, purge="holding", **given)
    assert plain.windows["test_start"].equals(cut.windows["test_start"])
    hours = (plain.windows["train_end"] - cut.windows["train_end"]).dt.total_hours().to_list()
    assert all(0 < one <= 10 for one in hours)


@pytest.mark.parametrize("metric", ["net_profit", "sortino", "expectancy"])
def test_windows_have_what_was_chosen_by_out_of_sample(metric: str) -> None:
    form = FORMS["class"]
    frame = candles(400, seed=8)
    wf = omega.walk_forward(
        frame, form.strategy, form.grid, train=90, test=60, objective=metric, workers=1
    )
    shown = wf.windows.select(f"is_{metric}", f"oos_{metric}")
    assert shown[f"oos_{metric}"].null_count() < len(wf)
    if metric == "net_profit":
        assert shown["oos_net_profit"].sum() == pytest.approx(wf.oos.metrics["net_profit"])
    if metric == "expectancy":
        row = wf.windows.filter(pl.col("oos_trades") > 0).row(0, named=True)
        begin, end = row["test_start"], row["test_end"]
        trades = wf.oos.trades.filter(pl.col("exit_time").is_between(begin, end))
        assert row["oos_expectancy"] == pytest.approx(trades["net_pnl"].mean())

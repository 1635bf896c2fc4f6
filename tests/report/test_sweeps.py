"""The page of a run of a sweep: its rank, how many were tried, and how much of it is luck."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import polars as pl
import pytest

import omega
from omega.report import _standing
from tests.report.test_sections import cells
from tests.support import report_runs as runs

GUIDE = Path("docs/guides/how-much-is-luck.md")
GRID = {"fast": [3, 5, 8], "slow": [20, 30]}


@pytest.fixture(scope="module")
def swept() -> omega.SweepResult:
    one = pl.read_parquet(runs.SAMPLE).select(
        "time", "bid_open", "bid_high", "bid_low", "bid_close"
    )
    days = one.with_columns(pl.datetime_range(
        pl.datetime(2020, 1, 1), pl.datetime(2020, 1, 1) + pl.duration(hours=one.height - 1), "1h"
    ).alias("time"))  # fmt: skip
    return omega.sweep(days, omega.native("sma_cross"), GRID, daily=True)


def values(result: omega.BacktestResult) -> dict[str, str]:
    return {line[0]: line[1] for line in cells(_standing.panel(result))[1:]}


@pytest.mark.parametrize("metric", ["sharpe", "max_drawdown", "net_profit - 100 * fast"])
def test_the_best_run_is_the_first_by_what_it_was_chosen_by(
    swept: omega.SweepResult, metric: str
) -> None:
    result = swept.run(swept.best(metric))
    assert result.standing is not None
    assert (result.standing.rank, result.standing.ranked) == (1, 6)
    assert result.standing.metric == metric
    assert values(result)["Rank"] == "1 of 6"


def test_numbers_of_the_page_are_those_of_the_sweep(swept: omega.SweepResult) -> None:
    best, trust = swept.best("sharpe"), swept.trust("sharpe")
    result = swept.run(best)
    shown = values(result)
    table = swept.to_polars().filter(run=best["run"])
    assert trust.pbo is not None
    assert shown == {
        "Rank": "1 of 6",
        "Trials": f"{trust.distinct}",
        "Probabilistic Sharpe ratio": f"{trust.psr:.3f}",
        "Deflated Sharpe ratio (DSR)": f"{table['dsr'][0]:.3f}",
        "DSR, trials without skill": f"{trust.dsr_null:.3f}",
        "Probability of overfitting (PBO)": f"{trust.pbo:.3f}",
        "Adjusted p-value": f"{table['p_adjusted'][0]:.3f}",
    }
    page = result.plot().html
    assert "<h2>Chosen from a sweep</h2>" in page
    assert "its place among 6 runs by Sharpe" in page


def test_a_run_by_its_number_is_ranked_by_the_sharpe_ratio(swept: omega.SweepResult) -> None:
    by_sharpe = swept.sort("sharpe")["run"].to_list()
    for place in (0, 2, 5):
        standing = swept.run(by_sharpe[place]).standing
        assert standing is not None
        assert (standing.run, standing.metric, standing.rank) == (
            by_sharpe[place], "sharpe", place + 1
        )  # fmt: skip


def test_a_saved_run_keeps_its_standing(swept: omega.SweepResult, tmp_path: Path) -> None:
    result = swept.run(swept.best("net_profit"))
    loaded = omega.BacktestResult.load(result.save(tmp_path / "best"))
    assert loaded.standing == result.standing is not None
    assert values(loaded) == values(result)
    again = omega.BacktestResult.load(loaded.save(tmp_path / "again"))
    assert again.standing == result.standing
    alone = omega.run_backtest(runs.SAMPLE, omega.native("sma_cross"))
    assert omega.BacktestResult.load(alone.save(tmp_path / "alone")).standing is None


def test_what_is_not_known_is_a_dash_with_a_note() -> None:
    one = omega.sweep(runs.SAMPLE, omega.native("sma_cross"), {"fast": [3, 5]})
    result = one.run(0)
    shown = values(result)
    assert shown["Adjusted p-value"] == shown["Probability of overfitting (PBO)"] == "\u2013"
    assert result.standing is not None
    assert len(result.standing.notes) >= 2
    assert all(note in _standing.panel(result) for note in result.standing.notes)


def test_other_runs_have_no_such_part(swept: omega.SweepResult) -> None:
    result = runs.sample()
    assert result.standing is None
    assert "Chosen from a sweep" not in result.plot().html
    own = swept.run(0)
    assert pickle.loads(pickle.dumps(own)).standing == own.standing  # noqa: S301 - its own


def test_the_words_are_those_of_the_guide() -> None:
    guide = re.sub(r"[*`]", "", GUIDE.read_text("utf-8"))
    for name, says in _standing.SAYS.items():
        if name != "p_adjusted":
            assert says in guide
        assert _standing.CANNOT_SAY[name] in guide


@pytest.mark.parametrize(
    ("metric", "values", "shades"),
    [
        ("net_profit", [-100.0, -50.0, -1.0], [0, 2, 4]),
        ("total_return", [0.01, 0.5, 1.0], [4, 6, 8]),
        ("sharpe", [1.0, 1.5, 2.0], [0, 4, 8]),
        ("sharpe", [-1.0, 0.0, 0.5], [0, 4, 6]),
    ],
)
def test_the_middle_colour_of_gains_is_nothing_gained(
    metric: str, values: list[float], shades: list[int]
) -> None:
    runs = pl.DataFrame({"x": [1, 2, 3], "y": [1, 1, 1], metric: values})
    page = omega.report.heatmap(runs, x="x", y="y", metric=metric).html
    found = re.findall(r"<rect .*?style=\"fill:var\(--shade-(\d)\)\"", page)
    assert [int(one) for one in found] == shades

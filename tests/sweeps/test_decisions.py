"""The best runs of a sweep by metrics, expressions, gates, ranks, neighbours and years."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.sweeps.zones import connected, neighbours_of, scores
from tests.support.candles import walk

FRAME = pl.DataFrame(
    {
        "run": range(6),
        "fast": [1, 1, 2, 2, 3, 3],
        "slow": [10, 20, 10, 20, 10, 20],
        "sharpe": [0.5, 1.0, 2.0, None, 2.0, -1.0],
        "max_drawdown": [0.1, 0.2, 0.4, 0.1, 0.3, 0.0],
        "trades": [200, 90, 150, 0, 120, 5],
        "dsr": [0.9, 0.99, 0.96, None, 0.95, 0.1],
        "fingerprint": list("abcdef"),
        "error": pl.Series([None] * 6, dtype=pl.String),
    }
)


def swept(frame: pl.DataFrame = FRAME) -> omega.SweepResult:
    metrics = [n for n in ("sharpe", "max_drawdown", "trades", "final_equity") if n in frame]
    names = {"run", *metrics, "dsr", "fingerprint", "error"}
    assert set(frame.columns) - names <= {"fast", "slow", "mode"}
    return omega.SweepResult(frame, metrics=metrics, total=frame.height)


def test_the_best_are_a_row_or_a_frame() -> None:
    result = swept()
    assert result.best("sharpe")["run"] == 2  # of equal ones the first
    assert result.best("sharpe", n=3)["run"].to_list() == [2, 4, 1]
    assert result.best("sharpe", n=99).height == 5  # run 3 has no value
    assert result.best("max_drawdown")["run"] == 5
    assert result.best("max_drawdown", maximize=True)["run"] == 2


def test_expressions_over_metrics_are_maximised() -> None:
    result = swept()
    text = "sharpe - 5 * max_drawdown"  # 0, 0, 0, none, 0.5, -1
    assert result.best(text)["run"] == 4
    assert result.sort(text)["run"].to_list() == [4, 0, 1, 2, 5, 3]
    assert result.best(text, maximize=False)["run"] == 5
    assert result.best("sharpe - fast")["run"] in {1, 2}
    assert result.rank([text, "trades"])["run"][0] == 4 or result.rank([text])["run"][0] == 4
    cells = result.heatmap("fast", "slow", text).table
    assert cells.row(0) == (10, 0.0, 0.0, 0.5)
    assert result.pareto(text, "trades")["run"].to_list() == [4, 0]


def test_gates_keep_what_passes_all() -> None:
    result = swept()
    gates = {"trades": 100, "dsr": 0.95}
    assert result.select(minimum=gates)["run"].to_list() == [2, 4]
    assert result.best("sharpe", minimum=gates, maximum={"max_drawdown": 0.3})["run"] == 4
    assert result.best("sharpe", minimum={"trades / 100": 2})["run"] == 0
    assert result.select(where="fast < 3 and trades > 100")["run"].to_list() == [0, 2]
    assert result.select(where="sharpe < 9")["run"].to_list() == [0, 1, 2, 4, 5]
    with pytest.raises(ConfigError, match=r"trades >= 1000 by 6.*dsr >= 0.95 by 3"):
        result.best("sharpe", minimum={"trades": 1_000, "dsr": 0.95})


@pytest.mark.parametrize("call", [
    lambda r: r.best("sharp"),
    lambda r: r.best("sharpe - 2 * max_drawdwon"),
    lambda r: r.best(5),
    lambda r: r.best("sharpe", n=0),
    lambda r: r.best("sharpe", n=True),
    lambda r: r.best("sharpe", maximize="yes"),
    lambda r: r.best("sharpe", minimum={"sharp": 1}),
    lambda r: r.best("sharpe", minimum={"sharpe": "1"}),
    lambda r: r.best("sharpe", minimum=[("sharpe", 1)]),
    lambda r: r.best("sharpe", minimum={"sharpe": float("nan")}),
    lambda r: r.best("sharpe", minimum={"positive_years": 0.5}),
    lambda r: r.select(where="sharpe"),
    lambda r: r.select(where="error < 1"),
    lambda r: r.select(where=5),
    lambda r: r.rank([]),
    lambda r: r.rank("sharpe"),
    lambda r: r.rank({"sharpe": 0}),
    lambda r: r.rank(["sharpe"], weights=[1, 2]),
    lambda r: r.rank({"sharpe": 1}, weights=[1]),
    lambda r: r.rank(["sharpe"], maximize=["yes"]),
    lambda r: r.zone("sharpe", share=0),
    lambda r: r.zone("sharpe", share=1.5),
    lambda r: r.zone("sharpe", run=3),
    lambda r: r.zone("sharpe", reach=0),
    lambda r: r.zone("sharpe", nearest=0),
    lambda r: r.zone("sharpe", diagonal=1),
    lambda r: r.yearly(),
    lambda r: r.stability(),
    lambda r: r.run(0),
    lambda r: r.run(77),
    lambda r: r.heatmap("fast", "slow", plateau="x"),
    lambda r: r.heatmap("fast", "slow", "sharpe +"),
])  # fmt: skip
def test_what_is_of_no_use_is_refused(call: Callable[[omega.SweepResult], object]) -> None:
    with pytest.raises(ConfigError):
        call(swept())


def test_ranks_are_averaged() -> None:
    # sharpe: 2 and 4 share 1 and 2, then 1, 0, 5, 3 without a value.
    # drawdown, less is better: 5, then 0 and 3 share 2 and 3, 1, 4, 2.
    table = swept().rank(["sharpe", "max_drawdown"])
    means = dict(table.select("run", "mean_rank").rows())
    assert means == {0: 3.25, 1: 3.5, 2: 3.75, 3: 4.25, 4: 3.25, 5: 3.0}
    assert table["run"].to_list() == [5, 0, 4, 1, 2, 3]
    heavy = swept().rank({"sharpe": 3, "max_drawdown": 1})
    assert dict(heavy.select("run", "mean_rank").rows())[2] == (3 * 1.5 + 6) / 4
    turned = swept().rank(["max_drawdown"], maximize=[True])
    assert turned["run"][0] == 2


# --- neighbours ----------------------------------------------------------------------------------

NINE = [0.2, 0.4, 0.3, 0.5, 2.0, 0.4, 0.3, 0.4, 0.2]
GRID = pl.DataFrame(
    {
        "run": range(9),
        "fast": [5, 5, 5, 10, 10, 10, 40, 40, 40],
        "slow": [1, 2, 3] * 3,
        "sharpe": NINE,
    }
)


def test_plateau_scores_are_over_the_order_of_values() -> None:
    eight = scores(NINE, neighbours_of(GRID, ["fast", "slow"]), more=True).row(4, named=True)
    assert eight["neighbours"] == 8
    assert eight["plateau"] == pytest.approx(0.168750, abs=1e-12)
    assert eight["worst"] == pytest.approx(0.1, abs=1e-12)
    assert eight["neighbourhood"] == 0.4
    four = neighbours_of(GRID, ["fast", "slow"], diagonal=False)
    assert four[4] == [1, 3, 5, 7]
    assert scores(NINE, four, more=True)["plateau"][4] == pytest.approx(0.2125, abs=1e-12)
    assert scores([-1.0, -2.0], [[1], [0]], more=True)["plateau"].to_list() == [None, None]
    two = neighbours_of(GRID, ["fast", "slow"], reach=2)
    assert sorted(two[0]) == list(range(1, 9))


def test_a_peak_is_a_zone_of_its_own_and_a_plateau_is_not() -> None:
    peak = swept(GRID).zone("sharpe")
    assert (len(peak), peak.best["run"], peak.neighbours) == (1, 4, 8)
    assert peak.plateau == pytest.approx(0.168750)
    assert peak.ranges == {"fast": (10, 10), "slow": (2, 2)}
    ridge = swept(GRID).zone("sharpe", run=3, share=0.8)
    assert ridge.runs["run"].to_list() == [4, 3, 1, 5, 7]  # all that are 0.4 and above
    assert ridge.ranges == {"fast": (5, 40), "slow": (1, 3)}
    table = swept(GRID).plateaus("sharpe")
    assert table["neighbourhood"].is_sorted(descending=True)


def test_a_zone_of_less_is_better_grows_to_what_is_a_little_more() -> None:
    frame = FRAME.with_columns(max_drawdown=pl.Series([0.10, 0.5, 0.12, 0.5, 0.2, 0.5]))
    zone = swept(frame).zone("max_drawdown", share=0.8)
    assert zone.runs["run"].to_list() == [0, 2]
    assert zone.worst == 5.0


def test_values_without_an_order_are_no_neighbours() -> None:
    frame = pl.DataFrame(
        {
            "run": range(4),
            "fast": [1, 2, 1, 2],
            "mode": ["a", "a", "b", "b"],
            "sharpe": [1.0, 0.95, 1.2, 0.3],
        }
    )
    assert neighbours_of(frame, ["fast", "mode"]) == [[1], [0], [3], [2]]
    assert swept(frame).zone("sharpe").ranges == {"fast": (1, 1), "mode": ("b", "b")}


def test_runs_on_no_grid_have_their_nearest_as_neighbours() -> None:
    places = [0.0, 0.1, 0.25, 0.9, 1.0, 0.55]
    frame = pl.DataFrame({"fast": places, "slow": [x * 7 + x * x for x in places]})
    beside = neighbours_of(frame, ["fast", "slow"], nearest=1)
    assert beside == [[1], [0, 2], [1, 5], [4], [3], [2]]
    assert all(len(near) >= 4 for near in neighbours_of(frame, ["fast", "slow"]))
    line = [[1], [0, 2], [1, 3], [2, 4], [3]]
    assert connected([0.5, 0.9, 1.0, 0.2, 0.9], line, 2, share=0.8, more=True) == [2, 1]
    assert connected([-1.0, -2.0], [[1], [0]], 0, share=0.5, more=True) == [0]


def test_a_heat_map_outlines_the_plateau() -> None:
    frame = GRID.with_columns(sharpe=pl.Series([0.2, 1.9, 0.3, 0.5, 2.0, 0.4, 0.3, 0.4, 1.7]))
    page = swept(frame).heatmap("fast", "slow", plateau=True).html
    assert page.count('class="zone"') == 2
    assert page.count('class="best"') == 1
    assert 'class="zone"' not in swept(frame).heatmap("fast", "slow").html
    assert swept(frame).heatmap("fast", "slow", plateau=0.9).html.count('class="zone"') == 1


# --- years ---------------------------------------------------------------------------------------


class Always(omega.Strategy):
    side: str = "long"

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 0:
            (self.buy if self.side == "long" else self.sell)()


def test_years_need_the_equity_and_say_so() -> None:
    result = omega.sweep(walk(50), omega.native("sma_cross", slow=9), {"fast": [3]})
    with pytest.raises(ConfigError, match="equity=True"):
        result.yearly()


def test_years_are_compared_and_gate_runs() -> None:
    start = datetime(2022, 12, 1, tzinfo=UTC)
    days = [start + timedelta(days=k) for k in range(400)]
    close = [100.0 + k if k < 200 else 400.0 - k / 2 for k in range(400)]
    candles = pl.DataFrame(
        {"time": days, "open": close, "high": close, "low": close, "close": close}
    )

    def always(side: str) -> omega.Strategy:
        return Always(side=side)

    result = omega.sweep(
        candles, always, {"side": ["long", "short"]}, equity=True, cash=1_000.0, workers=1
    )
    years = result.yearly().filter(run=0)
    single = omega.run_backtest(candles, always("long"), cash=1_000.0)
    assert years["year"].to_list() == [2022, 2023, 2024] == single.yearly()["year"].to_list()
    assert years["days"].to_list() == [31, 365, 4]
    by_hand = []
    before = 1_000.0
    for year in (2022, 2023, 2024):
        last = single.equity.filter(pl.col("time").dt.year() == year)["equity"][-1]
        by_hand.append(last / before - 1.0)
        before = last
    assert years["total_return"].to_list() == by_hand == single.yearly()["total_return"].to_list()
    steady = result.stability().filter(run=0).row(0, named=True)
    assert steady["calendar_years"] == 3
    assert steady["positive_years"] == sum(one > 0 for one in by_hand) / 3
    assert (steady["worst_year"], steady["best_year"]) == (min(by_hand), max(by_hand))
    least = {"positive_years": steady["positive_years"], "worst_year": steady["worst_year"]}
    assert 0 in result.select(minimum=least)["run"].to_list()
    assert result.best("net_profit", minimum={"positive_years": 0.0})["run"] in {0, 1}

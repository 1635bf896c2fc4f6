"""Arguments of comparisons, pages and indicators that mean something else than they seem to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import polars as pl
import pytest

import omega
from omega import ConfigError
from omega.report import heatmap
from omega.results.result import example_result
from tests.support.candles import rising


@pytest.mark.parametrize("given", [5, None, "x", [None], [5], {"a": 1}])
def test_runs_are_compared_with_runs(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^results: .*expected .*BacktestResult"):
        omega.compare(given)


@pytest.mark.parametrize("name", ["metric", "setting"])
def test_a_run_has_a_name_that_no_column_of_a_comparison_has(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^results: '{name}' is the name of a column"):
        omega.compare({name: example_result(), "other": example_result()})


@pytest.mark.parametrize("given", [5, True, []])
def test_the_title_of_a_page_is_a_text(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^title: given .*, expected a text"):
        example_result().plot(title=given)


@pytest.mark.parametrize("given", [5, None, []])
def test_the_path_of_a_page_is_a_path(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^path: given .*, expected the path of a file"):
        example_result().report(given)


def test_parts_of_an_account_are_rebalanced_by_days_of_utc() -> None:
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    hours = pl.datetime_range(begin, datetime(2024, 1, 4, tzinfo=UTC), "1h", eager=True)
    candles = rising(len(hours)).with_columns(time=hours.dt.cast_time_unit("us"))
    shown = candles.with_columns(pl.col("time").dt.convert_time_zone("America/New_York"))
    moments = []
    for data in (candles, shown):
        run = omega.run_backtest(data, omega.native("buy_and_hold"))
        both = omega.combine([run, run], rebalance="1d")
        assert both.equity["time"].to_list() == run.equity["time"].to_list()
        moments.append([one.astimezone(UTC) for one in both.rebalanced])
    assert moments[0] == moments[1]
    assert {one.hour for one in moments[0]} == {23}


def test_a_window_beyond_any_number_is_refused() -> None:
    class Wide(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(10**400)

        def on_bar(self, bar: omega.Bar) -> None:
            """Look on."""

    with pytest.raises(ConfigError, match=r"window: given 1000.*, expected a whole number"):
        omega.run_backtest(rising(30), Wide)


RUNS = pl.DataFrame({"fast": [5, 9], "slow": [20, 20], "sharpe": [0.4, 0.9]})


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("x", 5, "a text"),
        ("y", ["slow"], "a text"),
        ("metric", None, "a text"),
        ("aggregate", [], "one of"),
        ("maximize", "no", "True or False"),
        ("title", 5, "a text"),
    ],
)
def test_what_is_stated_of_a_heat_map_is_checked(name: str, given: object, expected: str) -> None:
    settings: dict[str, Any] = {"x": "fast", "y": "slow", "metric": "sharpe"} | {name: given}
    with pytest.raises(ConfigError, match=rf"^{name}: given .*, expected .*{expected}"):
        heatmap(RUNS, **settings)


@pytest.mark.parametrize("name", ["value", "runs"])
def test_an_axis_has_a_name_that_no_column_of_the_cells_has(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^x: given '{name}'"):
        heatmap(RUNS.rename({"fast": name}), x=name, y="slow", metric="sharpe")


def test_a_heat_map_is_of_a_frame() -> None:
    with pytest.raises(ConfigError, match=r"^frame: given 5, expected a Polars DataFrame"):
        heatmap(5, x="fast", y="slow", metric="sharpe")  # type: ignore[arg-type]  # on purpose


CELLS = pl.DataFrame(
    {"a": [1.0, float("nan")], "b": [[1], [2]], "c": [1, 2], "sharpe": [0.1, 0.2]},
)


@pytest.mark.parametrize(
    ("name", "reason"), [("a", r"holds NaN.*fill_nan\(None\)"), ("b", r"holds List\(Int64\)")]
)
def test_values_that_have_no_place_on_an_axis_are_named(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=rf"^x: '{name}' {reason}"):
        heatmap(CELLS, x=name, y="c", metric="sharpe")
    known = CELLS.with_columns(pl.col("a").fill_nan(None))
    assert heatmap(known, x="a", y="c", metric="sharpe").table.height == 2


@pytest.mark.parametrize("given", [[2], [-1], ["a"], 1, [True], None])
def test_a_cell_that_is_not_there_is_not_marked(given: Any) -> None:  # noqa: ANN401 - on purpose
    cells, no_function = CELLS.head(1), cast("Any", [0])
    with pytest.raises(ConfigError, match=r"^mark: (given|returned) "):
        heatmap(cells, x="a", y="c", metric="sharpe", mark=lambda _: given)
    with pytest.raises(ConfigError, match=r"^mark: given .*, expected a function of the cells"):
        heatmap(cells, x="a", y="c", metric="sharpe", mark=no_function)

"""Constraints on the runs of a sweep, and names that are refused before the first run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import omega
from omega.contract import AnyForm
from omega.errors import ConfigError
from omega.sweeps.constraints import Constraint, Given, constrained
from omega.sweeps.spec import SweepSpec
from tests.support.backends import BACKENDS
from tests.support.candles import walk

CANDLES = walk(400)
GRID = {"fast": [5, 10, 20], "slow": [10, 20, 30]}
PAIRS = [(f, s) for f in GRID["fast"] for s in GRID["slow"] if f < s]
CROSS = omega.native("sma_cross")


def pairs(result: omega.SweepResult) -> list[tuple[int, int]]:
    return result.to_polars().select("fast", "slow").rows()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("constraint", [
    "fast < slow",
    lambda fast, slow: fast < slow,
    lambda p: p.fast < p["slow"],
    lambda **given: given["fast"] < given["slow"],
])  # fmt: skip
def test_only_runs_of_which_it_is_true_are_made(constraint: Given, backend: str) -> None:
    result = omega.sweep(CANDLES, CROSS, GRID, constraint=constraint, backend=backend, workers=1)
    assert pairs(result) == PAIRS
    assert result.to_polars()["run"].to_list() == list(range(len(PAIRS)))
    assert result.total == len(PAIRS)
    plain = omega.sweep(CANDLES, CROSS, GRID, backend=backend, workers=1).to_polars()
    kept = plain.filter(pl.col("fast") < pl.col("slow"))
    assert kept["fingerprint"].to_list() == result.to_polars()["fingerprint"].to_list()


def test_fixed_parameters_of_the_strategy_are_known() -> None:
    grid = {"fast": [5, 10, 60]}
    assert len(omega.sweep(CANDLES, CROSS, grid, constraint="fast < slow")) == 2  # slow is 50
    short = omega.native("sma_cross", slow=8)
    assert len(omega.sweep(CANDLES, short, grid, constraint="fast < slow")) == 1

    class Own(omega.Strategy):
        fast: int = 5
        slow: int = 9

        def on_bar(self, bar: omega.Bar) -> None:
            """Nothing."""

    assert len(omega.sweep(CANDLES, Own, grid, constraint="fast < slow", workers=1)) == 1


def test_a_list_and_samplers_are_filtered_or_drawn_on() -> None:
    runs = [{"fast": 5, "slow": 9}, {"fast": 9, "slow": 5}, {"fast": 6, "slow": 9}]
    assert pairs(omega.sweep(CANDLES, CROSS, runs, constraint="fast < slow")) == [(5, 9), (6, 9)]
    assert len(omega.sweep(CANDLES, CROSS, iter(runs), constraint="fast < slow")) == 2
    space = {"fast": omega.samplers.Between(2, 30), "slow": omega.samplers.Between(2, 30)}
    drawn = omega.sweep(CANDLES, CROSS, omega.samplers.Random(space, 25), constraint="fast < slow")
    assert len(drawn) == 25
    assert all(fast < slow for fast, slow in pairs(drawn))
    assert len(set(pairs(drawn))) == 25
    few = omega.samplers.Random({"fast": [2, 3, 4], "slow": [2, 3, 4]}, 9)
    assert len(omega.sweep(CANDLES, CROSS, few, constraint="fast < slow")) == 3
    spread = omega.samplers.LatinHypercube(space, 20)
    made = omega.sweep(CANDLES, CROSS, spread, constraint="fast < slow")
    assert 0 < len(made) < 20
    assert all(fast < slow for fast, slow in pairs(made))


def test_optuna_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optuna", reason="an extra")
    space = {"fast": omega.samplers.Between(2, 30), "slow": omega.samplers.Between(2, 30)}
    for metric in ("sharpe", ("sharpe", "max_drawdown"), "sharpe - 2 * max_drawdown"):
        search = omega.samplers.Optuna(space, runs=20, metric=metric)
        result = omega.sweep(CANDLES, CROSS, search, constraint="fast < slow")
        assert len(result) == result.total == 20
        assert all(fast < slow for fast, slow in pairs(result))
    monkeypatch.setattr("omega.sweeps.optuna._MOST_ASKED", 50)  # 2,000 take Optuna long
    none = omega.samplers.Optuna(space, runs=4)
    with pytest.raises(ConfigError, match="trials in a row"):
        omega.sweep(CANDLES, CROSS, none, constraint="fast < 0")


def test_a_search_of_ones_own_hears_of_runs_that_were_refused() -> None:
    heard: list[Any] = []

    class Search:
        total, fixed, metrics = 4, False, ("sharpe",)

        def __init__(self) -> None:
            self.left: Iterator[list[dict[str, Any]]] = iter(
                [[{"fast": 9, "slow": 5}], [{"fast": 5, "slow": 9}, {"fast": 8, "slow": 7}]]
            )

        def ask(self) -> list[dict[str, Any]]:
            return next(self.left, [])

        def tell(self, results: list[Mapping[str, Any] | None]) -> None:
            heard.append([one is None for one in results])

    class Sampler:
        def begin(self, seed: int) -> Search:
            return Search()

    result = omega.sweep(CANDLES, CROSS, Sampler(), constraint="fast < slow")
    assert pairs(result) == [(5, 9)]
    assert heard == [[True], [False, True]]


@pytest.mark.parametrize(("constraint", "words"), [
    ("fats < slow", ["'fats < slow'", "'fats'", "'fast'?", "fast, slow"]),
    ("fast <", ["'fast <'", "cannot be read"]),
    ("fast", ["'fast'", "is 5", "comparison"]),
    ("fast < 0", ["'fast < 0'", "true for no run"]),
    (lambda fats: True, ["'fats'", "'fast'?"]),
    (lambda p: p.fats, ["'fats'", "'fast'?"]),
    (lambda: True, ["arguments"]),
    (lambda fast: "yes", ["'yes'"]),
    (5, ["given 5"]),
])  # fmt: skip
def test_what_is_no_constraint_is_refused_before_the_first_run(
    constraint: Given, words: list[str]
) -> None:
    made = []

    def strategy(fast: int, slow: int) -> omega.Signals:
        made.append(fast)
        return omega.Signals(entry=True)

    with pytest.raises(ConfigError) as error:
        omega.sweep(CANDLES, strategy, GRID, constraint=constraint)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert made == []


def test_an_error_of_the_function_passes_with_the_parameters() -> None:
    def constraint(fast: int) -> bool:
        raise KeyError("of the user")

    with pytest.raises(KeyError, match="of the user") as error:
        omega.sweep(CANDLES, CROSS, GRID, constraint=constraint)
    assert "{'fast': 5, 'slow': 10}" in error.value.__notes__[0]


class Known(omega.Strategy):
    fast: int = 5

    def on_bar(self, bar: omega.Bar) -> None:
        raise AssertionError("no run is made")


@pytest.mark.parametrize("strategy", [
    Known, Known(), CROSS, lambda fast, slow: Known(), omega.Signals(entry=True), lambda bar: None,
])  # fmt: skip
@pytest.mark.parametrize("grid", [
    {"fsat": [5, 6]},
    [{"fsat": 5}],
    omega.samplers.Random({"fsat": [5, 6]}, 1),
])  # fmt: skip
def test_a_mistyped_parameter_is_refused_before_the_first_run(
    strategy: AnyForm, grid: object
) -> None:
    with pytest.raises(ConfigError, match="fsat"):
        omega.sweep(CANDLES, strategy, grid, workers=1)


def test_a_folder_belongs_to_a_constraint(tmp_path: Path) -> None:
    def made(constraint: str) -> pl.DataFrame:
        return omega.sweep(
            CANDLES, CROSS, GRID, out=tmp_path / "sweep", constraint=constraint
        ).to_polars()

    once = made("fast < slow")
    assert made("fast < slow").equals(once)
    with pytest.raises(ConfigError, match="another sweep"):
        made("fast <= slow")


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True),
        min_size=1,
    ),
    st.sampled_from(["a < 3", "a + b > 3", "not c == 1 or a > b", "a % 2 == 0 and b != c"]),
)
def test_a_text_and_a_function_choose_the_same_runs(grid: dict[str, list[int]], text: str) -> None:
    def strategy(a: int = 2, b: int = 1, c: int = 0) -> None: ...

    spec = SweepSpec(None, strategy, {}, {}, fingerprint=True, tables=(), backend="auto")
    functions: dict[str, Callable[[int, int, int], bool]] = {
        "a < 3": lambda a, b, c: a < 3,
        "a + b > 3": lambda a, b, c: a + b > 3,
        "not c == 1 or a > b": lambda a, b, c: c != 1 or a > b,
        "a % 2 == 0 and b != c": lambda a, b, c: a % 2 == 0 and b != c,
    }
    found: list[list[dict[str, Any]]] = []
    for given_ in (text, functions[text]):
        try:
            search = constrained(grid, 0, Constraint(given_, spec, list(grid)))
        except ConfigError:
            found.append([])
        else:
            found.append(search.ask())
    assert found[0] == found[1]

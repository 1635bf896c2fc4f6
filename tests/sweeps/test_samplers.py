"""Samplers: which runs they ask for, that a seed repeats them, and what they refuse."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omega import ConfigError, Costs
from omega.samplers import Between, Grid, LatinHypercube, Parameters, Random, Sampler, Search, begin

SPACE = {"fast": [5, 10, 20], "slow": Between(30, 60, step=10), "costs": [Costs(), None]}
RANGES = {"threshold": Between(1.0, 4.0), "window": Between(5, 500, log=True), "side": ["a", "b"]}


def all_runs(search: Search) -> list[Parameters]:
    return list(itertools.chain.from_iterable(iter(search.ask, [])))


def test_a_grid_makes_all_combinations_in_the_order_of_nested_loops() -> None:
    search = Grid(SPACE).begin(seed=0)
    expected = [
        {"fast": fast, "slow": slow, "costs": costs}
        for fast in (5, 10, 20)
        for slow in (30, 40, 50, 60)
        for costs in (Costs(), None)
    ]
    assert all_runs(search) == expected
    assert (search.total, len(Grid(SPACE)), search.fixed) == (24, 24, True)


def test_a_large_grid_is_never_laid_out_whole() -> None:
    space = {name: range(1_000) for name in "abcde"}
    search = Grid(space).begin(seed=0)
    assert search.total == 10**15
    assert search.ask()[:2] == [
        {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0},
        {"a": 0, "b": 0, "c": 0, "d": 0, "e": 1},
    ]


@pytest.mark.parametrize(
    "values",
    [
        (5, 10),
        range(5, 15, 5),
        np.array([5, 10]),
        pl.Series([5, 10]),
        pd.Series([5, 10]),
        (5 * k for k in (1, 2)),
        [np.int32(5), np.int64(10)],
    ],
)
def test_anything_that_lists_values_gives_plain_numbers(values: Any) -> None:  # noqa: ANN401 - any
    runs = all_runs(begin({"fast": values}, seed=0))
    assert runs == [{"fast": 5}, {"fast": 10}]
    assert all(type(run["fast"]) is int for run in runs)


def test_a_list_of_runs_is_made_as_it_stands() -> None:
    runs = [{"fast": 5}, {"fast": 10, "slow": np.float64(40.0)}]
    assert all_runs(begin(runs, seed=0)) == [{"fast": 5}, {"fast": 10, "slow": 40.0}]


SAMPLERS = [
    Grid(SPACE),
    Random(SPACE, runs=20),
    Random(RANGES, runs=20),
    LatinHypercube(RANGES, runs=20),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_a_seed_repeats_its_runs_and_a_sampler_travels(sampler: Sampler) -> None:
    first = all_runs(sampler.begin(seed=4))
    assert all_runs(sampler.begin(seed=4)) == first
    assert all_runs(pickle.loads(pickle.dumps(sampler)).begin(seed=4)) == first  # noqa: S301 - own
    other = all_runs(sampler.begin(seed=5))
    assert (other == first) == isinstance(sampler, Grid)


def test_random_runs_are_these_for_ever() -> None:
    drawn = all_runs(Random({"size": Between(0.0, 1.0)}, runs=2).begin(seed=0))
    counted = all_runs(Random({"fast": Between(5, 50)}, runs=3).begin(seed=0))
    spread = all_runs(LatinHypercube({"fast": range(100)}, runs=4).begin(seed=0))
    assert drawn == [{"size": 0.7398784268783034}, {"size": 0.6936344419695396}]
    assert [run["fast"] for run in counted] == [33, 50, 31]
    assert [run["fast"] for run in spread] == [62, 32, 77, 14]


@given(st.integers(1, 24), st.integers())
def test_random_combinations_come_once_and_a_longer_search_begins_like_a_shorter(
    runs: int, seed: int
) -> None:
    all_of_them = all_runs(Random(SPACE, runs=24).begin(seed))
    assert all_runs(Random(SPACE, runs=runs).begin(seed)) == all_of_them[:runs]
    assert all(all_of_them.count(run) == 1 for run in all_of_them)


@given(st.integers(1, 60), st.integers())
def test_a_hypercube_has_one_run_in_each_part_of_each_parameter(runs: int, seed: int) -> None:
    space = {"a": Between(0.0, 1.0), "b": Between(-3.0, 5.0), "c": ["x", "y", "z"]}
    found = all_runs(LatinHypercube(space, runs=runs).begin(seed))
    assert sorted(int(run["a"] * runs + 1e-9) for run in found) == list(range(runs))
    assert sorted(int((run["b"] + 3) / 8 * runs + 1e-9) for run in found) == list(range(runs))
    often = Counter(run["c"] for run in found)
    assert max(often.values()) - min(often[value] for value in "xyz") <= 1


@given(
    st.integers(1, 1_000),
    st.integers(0, 1_000),
    st.booleans(),
    st.floats(0, 1, exclude_max=True),
)
def test_a_range_gives_nothing_outside_it(low: int, more: int, log: bool, place: float) -> None:
    for between in (Between(low, low + more, log=log), Between(low / 7, low / 7 + more, log=log)):
        found = between.at(place)
        assert between.low <= found <= between.high
        assert type(found) is type(between.low)


def test_a_logarithmic_range_draws_as_many_small_numbers_as_large_ones() -> None:
    places = [(part + 0.5) / 1_000 for part in range(1_000)]
    assert sum(Between(1, 10_000, log=True).at(place) < 100 for place in places) == 500
    assert sum(Between(1.0, 10_000.0, log=True).at(place) < 100 for place in places) == 500


def test_steps_are_the_numbers_that_a_person_would_write() -> None:
    tenths = Between(0.1, 1.0, step=0.1)
    assert tenths.values() == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert Between(5, 21, step=5).values() == (5, 10, 15, 20)
    assert Between(5, 5).values() == (5,)
    assert Between(1, 2, step=0.5).values() == (1.0, 1.5, 2.0)


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: Between(5, 2), "given low=5 and high=2, expected low first"),
    (lambda: Between(float("nan"), 2), "Between.low: given nan, expected a number"),
    (lambda: Between(1, 2, step=0), "Between.step: given 0, expected a number above 0, or None"),
    (lambda: Between(0, 2, log=True), "low must be above 0 and step None"),
    (lambda: Between(1, 2, step=1, log=True), "low must be above 0 and step None"),
    (lambda: Between(0.0, 2.0).value(1), "cannot be counted; give a step"),
    (lambda: Grid({"fast": Between(0.1, 2.0)}), "'fast' is Between"),
    (lambda: Grid({"fast": 5}), "a list of values for 'fast', not a single int"),
    (lambda: Grid({"symbol": "EURUSD"}), "a list of values for 'symbol', not a single str"),
    (lambda: Grid({"data": pl.DataFrame({"a": [1]})}), "not a single DataFrame; write"),
    (lambda: Grid({"fast": {5, 10}}), "values in an order for 'fast'; a set has none"),
    (lambda: Grid({"fast": []}), "at least one value for 'fast'"),
    (lambda: Grid({"fast": (100, 300, 100)}), "did you mean range(100, 301, 100)?"),
    (lambda: Grid({"fast": [5, 9, 5.0, 9]}), "'fast' once, and 9 is there twice; a sweep makes"),
    (
        lambda: Grid({5: [1]}),  # type: ignore[dict-item]  # wrong on purpose
        "names of parameters; 5 is none",
    ),
    (
        lambda: Grid([1]),  # type: ignore[arg-type]  # wrong on purpose
        "Grid.space: given [1], expected the values of each parameter",
    ),
    (lambda: Random({"fast": [5, 10]}, runs=3), "given 3 and a space of 2 combinations"),
    (lambda: Random({"fast": [5, 10]}, runs=0), "Random.runs: given 0, expected a whole number"),
    (
        lambda: LatinHypercube({"fast": [5]}, run=3),  # type: ignore[call-arg]  # wrong on purpose
        "Did you mean 'runs'?",
    ),
    (lambda: begin([], seed=0), "grid: given an empty list"),
    (lambda: begin([{"fast": 5}, 3], seed=0), "grid[1]: given 3, expected {name: value}"),
    (lambda: begin("fast", seed=0), "grid: given 'fast', expected {name: values}"),
    (lambda: begin(5, seed=0), "grid: given 5, expected {name: values}"),
]


@pytest.mark.parametrize(("call", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_a_mistake_is_named(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        call()
    assert sentence in str(caught.value)

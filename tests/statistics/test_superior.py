"""Tests of the best of many trials, over resamples that can be counted out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from omega import ConfigError, statistics
from omega.statistics._superior import step_down
from tests.statistics.cases import KERNELS, Anything, D, circular_resamples, kernel, noise, normals
from tests.support.backends import BACKENDS


@pytest.mark.parametrize("kind", KERNELS)
def test_all_resamples_of_circular_blocks(kind: Anything) -> None:
    returns, draws = np.array(D, dtype=float), circular_resamples()
    means = np.array([returns[draw].mean(0) for draw in draws])
    deviations = math.sqrt(6.0) * means.std(0)
    assert deviations == pytest.approx([1.280191, 0.666667, 0.288675], abs=1e-6)
    white, best, own, count, counts, trials = kind.superior(returns, draws.ravel(), deviations)
    assert (white, count) == (pytest.approx(1.224745, abs=1e-6), 9)
    assert own == pytest.approx([0.956689, 1.224745, -1.414214], abs=1e-6)
    assert best == own.max()
    assert list(counts) == [14, 14, 20]
    assert step_down(own, trials / 36.0) == pytest.approx([20 / 36, 20 / 36, 1.0])
    # Each trial alone: no other is in its way.
    single = [
        int(kind.superior(returns[:, [k]].copy(), draws.ravel(), deviations[[k]])[5][0])
        for k in range(3)
    ]
    assert single == [8, 9, 36]


@pytest.mark.parametrize("kind", KERNELS)
def test_the_deviation_of_a_bootstrap_mean_in_closed_form(kind: Anything) -> None:
    values = np.array([[1.0], [3], [-2], [4], [0], [2], [-1], [5]])
    variance = kind.deviations(values, 3.0)[0] ** 2
    assert variance == pytest.approx(1.807242, abs=1e-6)
    assert variance / 8 == pytest.approx(0.225905, abs=1e-6)
    # Of single draws it is the variance itself.
    assert kind.deviations(values, 1.0)[0] ** 2 == pytest.approx(values.var())
    assert kind.deviations(np.full((8, 1), 0.1), 3.0).tolist() == [0.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_planted_trial_is_found(backend: str) -> None:
    """Unstudentised arch 8.0.0 gave .003, .011 and .011 here at its own draws."""
    returns = 0.01 * normals(250 * 5, 11).reshape(250, 5)
    returns[:, 2] += 0.002
    few = 2_000 if backend == "rust" else 200
    options: dict[str, Any] = {"block": 10, "replicates": few, "backend": backend}
    found = statistics.spa(returns, **options)
    assert found.statistic == pytest.approx(3.333770, abs=1e-6)
    assert found.lower <= found.consistent <= found.upper < 0.01
    assert found.p_value == found.consistent
    adjusted = statistics.romano_wolf(returns, **options)
    assert np.flatnonzero(adjusted < 0.05).tolist() == [2]
    check = statistics.reality_check(returns, **options)
    assert check.p_value < 0.03
    # A trial twenty times as loud blunts the reality check, and not the studentised test.
    loud = returns * [1, 1, 1, 1, 20]
    again = statistics.spa(loud, **options)
    assert (again.consistent, again.upper) == (found.consistent, found.upper)
    assert statistics.reality_check(loud, **options).p_value > 0.3


@pytest.mark.parametrize("backend", BACKENDS)
def test_noise_is_not_found(backend: str) -> None:
    """Under the null p-values are even: of twenty matrices few are below one tenth."""
    options: dict[str, Any] = {"block": 1, "replicates": 99, "backend": backend}
    found = [
        statistics.spa(noise(60, 8, seed=100 + k) - 0.0002, **options).consistent for k in range(20)
    ]
    assert sum(p < 0.1 for p in found) <= 6
    assert max(found) > 0.5


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_benchmark_is_taken_off(backend: str) -> None:
    returns = noise(50, 3, seed=8)
    options: dict[str, Any] = {"block": 2, "replicates": 50, "backend": backend}
    less = statistics.spa(returns - 0.001, **options)
    assert statistics.spa(returns, 0.001, **options) == less
    assert statistics.spa(returns, np.full(50, 0.001), **options) == less
    near: Any = np.float32(0.001)
    assert statistics.spa(returns, near, **options) == statistics.spa(
        returns, float(near), **options
    )
    with pytest.raises(ConfigError, match="benchmark: given 49 returns"):
        statistics.spa(returns, np.zeros(49), **options)
    frame = pl.DataFrame({"own": returns[:, 0], "held": [True, False] * 25})
    with pytest.raises(ConfigError, match="column 'held' has values of Boolean: leave it out"):
        statistics.spa(frame, **options)


@pytest.mark.parametrize("backend", BACKENDS)
def test_trials_that_never_vary_are_never_better(backend: str) -> None:
    returns = np.hstack([noise(40, 2, seed=9), np.zeros((40, 1))])
    options: dict[str, Any] = {"block": 1, "replicates": 50, "backend": backend}
    assert statistics.romano_wolf(returns, **options)[2] == 1.0
    flat = np.zeros((40, 3))
    assert statistics.spa(flat, **options).consistent == 1.0
    assert statistics.reality_check(flat, **options).p_value == 1.0
    assert statistics.romano_wolf(flat, **options).tolist() == [1.0] * 3


def test_more_replicates_begin_with_the_same_ones() -> None:
    few, many = (kernel("rust").draws(30, 4.0, count, 7).reshape(-1, 30) for count in (5, 9))
    assert (many[:5] == few).all()


def test_one_period_is_refused() -> None:
    with pytest.raises(ConfigError, match="two at least"):
        statistics.spa([[1.0, 2.0]], block=1)

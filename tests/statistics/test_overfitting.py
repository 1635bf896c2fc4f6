"""The probability of backtest overfitting, on matrices that were counted out by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from omega import ConfigError, statistics
from tests.statistics.cases import KERNELS, A, Anything, B, noise
from tests.support.backends import BACKENDS


@pytest.mark.parametrize("backend", BACKENDS)
def test_four_trials_over_four_blocks(backend: str) -> None:
    found = statistics.pbo(A, blocks=4, backend=backend)
    low, high = math.log(2 / 3), math.log(3 / 2)
    assert found.pbo == 1 / 3
    assert found.logits == pytest.approx([low, high, high, high, low, high])
    assert [found.slope, found.intercept] == pytest.approx([-0.689474, 0.998784], abs=1e-6)
    assert found.probability_of_loss == 1 / 6
    inside = [1.788119, 0.317406, 1.305582, 1.095445, 0.866025, 1.091410]
    outside = [-0.261116, 0.848875, 0.317406, 0.210042, 0.288675, 0.132068]
    assert found.in_sample == pytest.approx(inside, abs=1e-6)
    assert found.out_of_sample == pytest.approx(outside, abs=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_rank_in_the_middle_counts_and_ties_share_theirs(backend: str) -> None:
    found = statistics.pbo(B, blocks=4, backend=backend)
    expected = [0.0, 0.0, -0.510826, -1.098612, -1.098612, -1.098612]
    assert found.logits == pytest.approx(expected, abs=1e-6)
    assert found.logits[:2].tolist() == [0.0, 0.0]
    assert found.pbo == 1.0
    assert found.slope == pytest.approx(-0.351959, abs=1e-6)


@pytest.mark.parametrize("blocks", [4, 8, 16])
@pytest.mark.parametrize("backend", BACKENDS)
def test_equally_good_trials_are_all_overfit(backend: str, blocks: int) -> None:
    """What is above the mean in one half is below it in the other."""
    if backend == "python" and blocks == 16:
        pytest.skip("12,870 choices in plain Python take seconds, and are the same ones")
    returns = noise(1_600, 60, seed=blocks)
    returns = (returns - returns.mean(0)) / returns.std(0, ddof=1)
    found = statistics.pbo(returns, blocks=blocks, backend=backend)
    assert (found.pbo, found.probability_of_loss) == (1.0, 1.0)
    assert found.slope == pytest.approx(-1.0, abs=0.1)
    assert statistics.pbo(returns + 0.1, blocks=blocks, backend=backend).pbo == 1.0


def by_rows(returns: np.ndarray, blocks: int) -> tuple[float, list[float]]:
    """Count choice by choice over the rows themselves."""
    parts, logits = np.array_split(returns, blocks), []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[k] for k in chosen])
        outside = np.concatenate([parts[k] for k in range(blocks) if k not in chosen])
        best = int(np.argmax(inside.mean(0) / inside.std(0, ddof=1)))
        ratios = outside.mean(0) / outside.std(0, ddof=1)
        rank = (ratios < ratios[best]).sum() + 1
        share = rank / (returns.shape[1] + 1)
        logits.append(math.log(share / (1 - share)))
    return float(np.mean(np.array(logits) <= 1e-12)), logits


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("periods", [48, 53])
def test_block_moments_are_as_good_as_the_rows(backend: str, periods: int) -> None:
    """The first blocks are one row longer where they are not equal."""
    returns = noise(periods, 7, seed=periods)
    found = statistics.pbo(returns, blocks=6, backend=backend)
    expected, logits = by_rows(returns, 6)
    assert found.pbo == expected
    assert found.logits == pytest.approx(logits)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_offset_does_not_eat_the_digits(backend: str) -> None:
    returns = noise(80, 5, seed=1)
    plain, apart = (statistics.pbo(returns + by, 8, backend=backend) for by in (0.0, 1000.0))
    ranked = by_rows(returns + 1000.0, 8)[1]
    assert apart.logits == pytest.approx(ranked)
    assert plain.pbo == by_rows(returns, 8)[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_constant_and_equal_trials(backend: str) -> None:
    alone = statistics.pbo(noise(32, 1, seed=2), blocks=4, backend=backend)
    assert (alone.pbo, alone.logits.tolist()) == (1.0, [0.0] * 6)
    constant = statistics.pbo(np.full((16, 3), 0.1), blocks=4, backend=backend)
    assert (constant.pbo, constant.slope, constant.probability_of_loss) == (1.0, None, 0.0)
    assert constant.in_sample.tolist() == [0.0] * 6
    one = noise(32, 1, seed=3)
    same = statistics.pbo(np.hstack([one, one, one]), blocks=4, backend=backend)
    assert same.logits.tolist() == [0.0] * 6
    # A trial without a position is one with a ratio of 0 among the others.
    losing = -0.01 - np.abs(noise(32, 2, seed=4))
    still = statistics.pbo(np.hstack([losing, np.zeros((32, 1))]), blocks=4, backend=backend)
    assert still.pbo == 0.0
    assert still.out_of_sample.tolist() == [0.0] * 6


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("periods", "blocks", "said"), [
    (20, 5, "even"), (20, 0, "at least 2"), (7, 8, "7 rows"), (3, 2, "3 rows"), (20, 22, "at most"),
    (20, 2.0, "whole"), (20, True, "whole"),
])  # fmt: skip
def test_blocks_that_cannot_be(backend: str, periods: int, blocks: Anything, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        statistics.pbo(noise(periods, 3, seed=5), blocks=blocks, backend=backend)


@pytest.mark.parametrize("kind", KERNELS)
def test_a_run_is_kept_by_its_moments(kind: Anything) -> None:
    returns = np.array([0.5, 1.5, -0.5, 0.5, 1.0])
    kept = kind.trial_moments(returns, 2)
    assert kept[0] == 5.0
    assert kept[1] == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert kept[4:].tolist() == [0.5, 0.0, 0.5, 2.0, 0.25]
    assert kind.trial_moments(returns, 16).tolist() == kept[:4].tolist()
    empty = kind.trial_moments(np.array([]), 16)
    assert empty[0] == 0.0
    assert np.isnan(empty[1:]).all()


def exactly(returns: list[Fraction]) -> Fraction:
    """Give the square of a Sharpe ratio with its sign, which orders as the ratio does."""
    n, total = len(returns), sum(returns, Fraction())
    spread = n * sum(one * one for one in returns) - total * total
    return abs(total) * total / spread if spread else Fraction()


@pytest.mark.parametrize("backend", BACKENDS)
def test_ratios_that_are_equal_but_for_rounding_share_their_rank(backend: str) -> None:
    """Whole numbers have many equal ratios, and sums in floats differ in their last digits."""
    draws = np.random.default_rng(0)
    for _ in range(40):
        rows, trials = draws.integers(8, 17), draws.integers(2, 6)
        returns = draws.integers(-3, 5, (rows, trials))
        parts, logits, losses = np.array_split(returns, 4), [], 0
        for chosen in combinations(range(4), 2):
            halves = [np.concatenate([parts[k] for k in range(4) if (k in chosen) == side])
                      for side in (True, False)]  # fmt: skip
            inside, outside = ([exactly([Fraction(int(one)) for one in column])
                                for column in half.T] for half in halves)  # fmt: skip
            own = outside[inside.index(max(inside))]
            rank = sum(one < own for one in outside) + (outside.count(own) + 1) / 2
            logits.append(math.log(rank / (trials + 1 - rank)))
            losses += own < 0
        found = statistics.pbo(returns.astype(float), blocks=4, backend=backend)
        assert found.logits == pytest.approx(logits)
        assert found.pbo == sum(logit <= 0 for logit in logits) / 6
        assert found.probability_of_loss == losses / 6

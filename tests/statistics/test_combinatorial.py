"""Combinatorial purged cross-validation, on splits that can be counted out."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from omega import ConfigError, statistics
from tests.statistics.cases import Anything, noise
from tests.support.backends import BACKENDS


def rows_of(stretches: Anything) -> list[int]:
    return [row for begin, end in stretches for row in range(begin, end)]


@pytest.mark.parametrize(("groups", "tested", "splits", "paths"), [
    (6, 2, 15, 5), (10, 2, 45, 9), (10, 8, 45, 36), (16, 8, 12_870, 6_435),
])  # fmt: skip
def test_how_many_there_are(groups: int, tested: int, splits: int, paths: int) -> None:
    found = statistics.combinatorial_splits(160, groups, tested)
    assert (len(found.splits), len(found.paths)) == (splits, paths)


def test_each_path_takes_each_group_from_another_split() -> None:
    found = statistics.combinatorial_splits(60, groups=6, tested=2)
    assert found.paths.tolist() == [
        [0, 0, 1, 2, 3, 4],
        [1, 5, 5, 6, 7, 8],
        [2, 6, 9, 9, 10, 11],
        [3, 7, 10, 12, 12, 13],
        [4, 8, 11, 13, 14, 14],
    ]
    for path in found.paths:
        for group, split in enumerate(path):
            assert group in found.splits[split].tested
    assert sorted({(int(s), g) for path in found.paths for g, s in enumerate(path)}) == sorted(
        (place, group) for place, split in enumerate(found.splits) for group in split.tested
    ), "each test of each split is in one path"


@pytest.mark.parametrize(("cut", "trains"), [
    ({}, [[8, 9, 10, 11], [4, 5, 6, 7], [0, 1, 2, 3]]),
    ({"purge": 1}, [[9, 10, 11], [5, 6], [0, 1, 2]]),
    ({"embargo": 1}, [[9, 10, 11], [5, 6, 7], [0, 1, 2, 3]]),
    ({"purge": 1, "embargo": 1}, [[10, 11], [6], [0, 1, 2]]),
    ({"purge": 4}, [[], [], []]),
])  # fmt: skip
def test_what_is_near_a_test_is_left_out(cut: dict[str, int], trains: list[list[int]]) -> None:
    """As skfolio 1.12.2 does with 12 rows in 3 folds, of which 2 are tested."""
    found = statistics.combinatorial_splits(12, groups=3, tested=2, **cut)
    assert [rows_of(split.train) for split in found.splits] == trains
    assert [rows_of(split.test) for split in found.splits] == [
        [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 8, 9, 10, 11],
    ]  # fmt: skip


def test_no_row_is_lost() -> None:
    found = statistics.combinatorial_splits(17, groups=5, tested=1)
    assert found.groups == ((0, 4), (4, 8), (8, 11), (11, 14), (14, 17))
    for split in found.splits:
        assert sorted(rows_of(split.train) + rows_of(split.test)) == list(range(17))


def by_rows(returns: np.ndarray, splits: statistics.Splits) -> list[tuple[int, float, float]]:
    found = []
    for split in splits.splits:
        inside, outside = (returns[rows_of(part)] for part in (split.train, split.test))
        ratios = inside.mean(0) / inside.std(0, ddof=1)
        best = int(np.argmax(ratios))
        own = outside[:, best]
        found.append((best, float(ratios[best]), float(own.mean() / own.std(ddof=1))))
    return found


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cut", [{}, {"purge": 2, "embargo": 3}], ids=["whole", "cut"])
def test_slices_are_scored_as_their_rows_are(backend: str, cut: dict[str, int]) -> None:
    returns = noise(83, 9, seed=21)
    found = statistics.cpcv(returns, 6, 2, backend=backend, **cut)
    expected = by_rows(returns, statistics.combinatorial_splits(83, 6, 2, **cut))
    assert found.chosen.tolist() == [best for best, _, _ in expected]
    assert found.in_sample == pytest.approx([inside for _, inside, _ in expected])
    assert found.out_of_sample == pytest.approx([outside for *_, outside in expected])
    for path, splits in enumerate(found.splits.paths):
        for (begin, end), split in zip(found.splits.groups, splits, strict=True):
            own = returns[begin:end, expected[split][0]]
            assert found.returns[begin:end, path].tolist() == own.tolist()
    ratios = found.returns.mean(0) / found.returns.std(0, ddof=1)
    assert found.sharpe == pytest.approx(ratios)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_best_of_all_is_on_all_paths(backend: str) -> None:
    returns = noise(60, 5, seed=22)
    returns[:, 3] = 0.01 + 0.001 * np.arange(60) % 0.003
    found = statistics.cpcv(returns, 5, 3, backend=backend)
    assert set(found.chosen.tolist()) == {3}
    assert (found.returns == returns[:, [3]]).all()
    assert math.comb(4, 2) == len(found.sharpe)


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_has_nothing_to_choose_on_trades_nothing(backend: str) -> None:
    found = statistics.cpcv(noise(12, 3, seed=23), 3, 2, purge=4, backend=backend)
    assert found.chosen.tolist() == [-1, -1, -1]
    assert np.isnan(found.in_sample).all()
    assert (found.returns == 0.0).all()
    assert found.sharpe.tolist() == [0.0, 0.0]
    flat = statistics.cpcv(np.zeros((12, 3)), 3, 2, backend=backend)
    assert (flat.chosen.tolist(), flat.sharpe.tolist()) == ([0, 0, 0], [0.0, 0.0])


def test_the_first_of_equal_ones_is_chosen() -> None:
    one = noise(30, 1, seed=24)
    assert set(statistics.cpcv(np.hstack([one, one, one]), 5, 2).chosen.tolist()) == {0}


@pytest.mark.parametrize(("given", "said"), [
    ({"groups": 1}, "groups"),
    ({"groups": 3, "tested": 3}, "fewer than there are"),
    ({"groups": 0}, "groups"),
    ({"groups": 13}, "13 for 12 rows"),
    ({"tested": 0}, "tested"),
    ({"purge": -1}, "purge"),
    ({"embargo": 1.5}, "embargo"),
    ({"groups": True}, "groups"),
])  # fmt: skip
def test_what_cannot_be_cut_is_refused(given: Anything, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        statistics.combinatorial_splits(12, **given)
    with pytest.raises(ConfigError, match=said):
        statistics.cpcv(noise(12, 2, seed=1), **given)


def test_too_many_splits_are_refused() -> None:
    with pytest.raises(ConfigError, match="184,756 splits"):
        statistics.combinatorial_splits(100, 20, 10)


def test_all_splits_are_there() -> None:
    found = statistics.combinatorial_splits(60, 7, 3)
    assert [split.tested for split in found.splits] == list(combinations(range(7), 3))

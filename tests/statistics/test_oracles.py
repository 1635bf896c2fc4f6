"""The same numbers as other packages give, where they are installed; and what they gave here.

They are heavy, and no part of the project's tests otherwise: `pip install arch ffn purgedcv
skfolio` in an environment of its own. The numbers that are written down are of arch 8.0.0, ffn
1.4.1, purgedcv 0.1.11, skfolio 1.12.2 and vectorbt 1.2.0.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from omega import statistics
from tests.statistics.cases import KERNELS, Anything, autoregressive, noise, normals
from tests.support.backends import BACKENDS

LENGTHS = [
    ((60, 3, 0.0), (0.161631484613532, 0.1850218624821498)),
    ((60, 3, -0.3), (5.3866538260478585, 6.166179354381381)),
    ((60, 3, 0.8), (5.951285919668031, 6.812521753751099)),
    ((250, 7, -0.3), (6.8174886444184555, 7.804076349711414)),
    ((250, 7, 0.8), (10.746066001902584, 12.301174803796028)),
    ((1_000, 9, 0.0), (1.336640252040183, 1.5300711336804727)),
    ((1_000, 9, -0.3), (10.136337976839364, 11.603210449422248)),
    ((1_000, 9, 0.8), (25.477336182168195, 29.16426959004726)),
    ((37, 2, 0.0), (4.706274520908871, 5.387339473450243)),
    ((37, 2, -0.3), (5.517271978602044, 6.3156998139461615)),
    ((37, 2, 0.8), (1.7557162699144362, 2.0097934200536653)),
]
"""Block lengths by arch: observations, seed and autocorrelation."""


def series(count: int, seed: int, rho: float) -> np.ndarray:
    errors = normals(count, seed)
    values = [errors[0]]
    for error in errors[1:]:
        values.append(rho * values[-1] + error)
    return np.array(values)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("of", "expected"), LENGTHS)
def test_block_lengths_are_those_of_arch(
    backend: str, of: tuple[int, int, float], expected: tuple[float, float]
) -> None:
    """Below 1 there is no block, which arch leaves to the caller."""
    found = statistics.block_length(series(*of), backend=backend)
    assert found == pytest.approx([max(length, 1.0) for length in expected], rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_block_lengths_are_those_of_the_tests_of_arch(backend: str) -> None:
    errors = np.random.RandomState(0).standard_normal(10_100)
    for place in range(1, len(errors)):
        errors[place] += 0.3 * errors[place - 1]
    found = statistics.block_length(errors[100:], backend=backend)
    assert found == pytest.approx((13.635665, 15.608940), abs=1e-6)


def planted() -> np.ndarray:
    returns = 0.01 * normals(250 * 5, 11).reshape(250, 5)
    returns[:, 2] += 0.002
    return returns


@pytest.mark.parametrize("kind", KERNELS)
def test_unstudentised_p_values_are_those_of_arch_over_its_resamples(kind: Anything) -> None:
    bootstrap = pytest.importorskip("arch.bootstrap", reason="an oracle of its own environment")
    returns, replicates = planted(), 300
    drawn = bootstrap.StationaryBootstrap(10, np.arange(250), seed=42).bootstrap(replicates)
    rows = np.array([values[0] for values, _ in drawn], dtype=np.uint32)
    found = kind.superior(returns, rows.ravel().copy(), np.ones(5))
    spa = bootstrap.SPA(
        np.zeros(250), -returns, block_size=10, reps=replicates, studentize=False, seed=42
    )
    spa.compute()
    _, _, _, count, counts, _ = found
    ways = ("lower", "consistent", "upper")
    assert [c / replicates for c in counts] == [spa.pvalues[way] for way in ways]
    assert count / replicates == spa.pvalues["upper"], "White's test is the upper one"


@pytest.mark.parametrize("backend", BACKENDS)
def test_block_lengths_agree_with_arch_where_it_is(backend: str) -> None:
    bootstrap = pytest.importorskip("arch.bootstrap", reason="an oracle of its own environment")
    for values in (autoregressive(), *(series(300, seed, 0.4) for seed in range(1, 9))):
        expected = bootstrap.optimal_block_length(values).to_numpy()[0]
        found = statistics.block_length(values, backend=backend)
        assert found == pytest.approx(np.maximum(expected, 1.0), rel=1e-11)


@pytest.mark.parametrize("kind", KERNELS)
def test_ratios_are_deflated_as_vectorbt_does(kind: Anything) -> None:
    """Of its 1.2.0, `returns.deflated_sharpe_ratio(ddof=1, bias=False)` of the first five."""
    returns = noise(400, 30, seed=31)
    ratios = [
        kind.moments(column.copy())[0] / kind.moments(column.copy())[1] for column in returns.T
    ]
    variance = kind.moments(np.array(ratios))[1] ** 2
    expected = [
        0.04564549927086152, 0.0050052364214178, 0.5187612173319293, 0.20867844997492546,
        0.4744753121667871,
    ]  # fmt: skip
    for place, value in enumerate(expected):
        _, _, skewness, kurtosis = kind.moments(returns[:, place].copy())
        given = (ratios[place], 400.0, skewness, kurtosis)
        found = kind.deflated(given, 30.0, variance, (False, 0.0))
        assert found == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ffn_deflates_alike(backend: str) -> None:
    ffn = pytest.importorskip("ffn", reason="an oracle of its own environment")
    pandas = pytest.importorskip("pandas")
    returns = noise(400, 30, seed=31)
    ratios = returns.mean(0) / returns.std(0, ddof=1)
    best = pandas.Series(returns[:, int(ratios.argmax())])
    expected = ffn.calc_deflated_sharpe_ratio(best, ratios, nperiods=252, annualized_trials=False)
    shape = float(best.skew()), float(best.kurt()) + 3.0
    variance = float(ratios.var(ddof=1))
    found = statistics.deflated_sharpe(
        float(ratios.max()), 400, *shape, 30, variance, backend=backend
    )
    assert found == pytest.approx(expected, rel=1e-12)
    for trials in (2, 45, 1_000):
        hurdle = ffn.calc_expected_max_sharpe(trials, 1.0)
        own = statistics.expected_max_sharpe(trials, backend=backend)
        assert own == pytest.approx(hurdle, rel=1e-12)
    pbo = ffn.calc_prob_backtest_overfitting(pandas.DataFrame(returns), n_blocks=8)
    assert statistics.pbo(returns, 8, backend=backend).pbo == pbo


@pytest.mark.parametrize("backend", BACKENDS)
def test_purgedcv_counts_alike(backend: str) -> None:
    """Of an even number of trials no rank is in the middle, which it does not count."""
    purgedcv = pytest.importorskip("purgedcv", reason="an oracle of its own environment")
    returns = noise(203, 12, seed=32)
    expected = purgedcv.probability_of_backtest_overfitting(returns.T, 8)
    assert statistics.pbo(returns, 8, backend=backend).pbo == pytest.approx(expected.pbo)
    root = math.sqrt(252)
    given = 2 / root, 1 / root
    exact = statistics.min_track_record(given[0], 0.0, 3.0, given[1], backend=backend)
    assert exact is not None
    rounded = purgedcv.min_track_record_length(*given, 0.05, 0.0, 3.0)
    assert rounded == math.ceil(exact - 1.0) + 1.0 == 689
    for trials in (10, 45, 46, 100):
        years = statistics.min_backtest_years(trials, 1.0, backend=backend)
        assert years == pytest.approx(purgedcv.minimum_backtest_length(trials, 1.0), rel=1e-9)


@pytest.mark.parametrize(("groups", "tested", "purge", "embargo"), [
    (3, 2, 0, 0), (6, 2, 2, 3), (6, 3, 1, 0), (5, 2, 0, 4), (10, 8, 1, 1),
])  # fmt: skip
def test_skfolio_splits_alike(groups: int, tested: int, purge: int, embargo: int) -> None:
    selection = pytest.importorskip(
        "skfolio.model_selection", reason="an oracle of its own environment"
    )
    rows = 12 * groups
    theirs = selection.CombinatorialPurgedCV(
        n_folds=groups, n_test_folds=tested, purged_size=purge, embargo_size=embargo
    )
    ours = statistics.combinatorial_splits(rows, groups, tested, purge=purge, embargo=embargo)
    found = list(theirs.split(np.zeros((rows, 2))))
    assert len(found) == len(ours.splits)
    for (train, tests), split in zip(found, ours.splits, strict=True):
        assert train.tolist() == in_rows(split.train)
        assert [one.tolist() for one in tests] == [in_rows([part]) for part in split.test]
    assert theirs.recombined_paths.T.tolist() == ours.paths.tolist()


def in_rows(stretches: Anything) -> list[int]:
    assert all(a[1] < b[0] for a, b in pairwise(stretches)), "they do not touch"
    return [row for begin, end in stretches for row in range(begin, end)]

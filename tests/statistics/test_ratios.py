"""Sharpe ratios: published numbers, and what is undefined, on both backends."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from omega import ConfigError, statistics
from tests.statistics.cases import KERNELS, Anything, kernel
from tests.support.backends import BACKENDS

SKEWED = (-2.448, 10.164)
NORMAL = (0.0, 3.0)
SR = 0.036 / 0.079
RATIO = 2.5 / math.sqrt(250)
VARIANCE = 0.5 / 250


def close(value: float | None, expected: float, digits: int = 6) -> bool:
    return value is not None and abs(value - expected) <= 0.51 * 10.0**-digits


@pytest.mark.parametrize("kind", KERNELS)
def test_the_normal_distribution_is_that_of_the_standard_library(kind: Anything) -> None:
    normal = NormalDist()
    for z in np.linspace(-8.0, 8.0, 161).tolist():
        expected = 0.5 * math.erfc(-z / math.sqrt(2.0))
        assert kind.cdf(z) == pytest.approx(expected, rel=4e-15, abs=0.0)
    for p in [1e-10, 1e-6, 0.01, 0.02425, 0.1, 0.4, 0.5, 0.6, 0.9, 0.99, 0.999999]:
        assert kind.ppf(p) == pytest.approx(normal.inv_cdf(p), rel=1e-12, abs=1e-16)
        assert kind.cdf(kind.ppf(p)) == pytest.approx(p, rel=1e-13)
    assert [kind.ppf(p) for p in (0.0, 1.0)] == [-math.inf, math.inf]
    assert (kind.cdf(-math.inf), kind.cdf(math.inf)) == (0.0, 1.0)
    assert math.isnan(kind.ppf(1.5))
    assert math.isnan(kind.cdf(math.nan))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("arguments", "options", "expected"), [
    ((0.458, 24, *SKEWED), {}, 0.913361),
    ((0.458, 24, *NORMAL), {}, 0.981675),
    ((0.458, 36, *SKEWED), {}, 0.953505),
    ((SR, 24, *SKEWED), {}, 0.912709),
    ((SR, 24, *SKEWED), {"convention": "2025"}, 0.987207),
    ((SR, 24, *SKEWED, 0.1), {"convention": "2025"}, 0.939148),
    ((SR, 24, *SKEWED), {"convention": "2025", "autocorrelation": 0.2}, 0.965832),
    ((SR, 24, *SKEWED, 0.1), {"convention": "2025", "autocorrelation": 0.2}, 0.900476),
])  # fmt: skip
def test_probabilistic_sharpe(
    backend: str, arguments: tuple[Any, ...], options: dict[str, Any], expected: float
) -> None:
    found = statistics.probabilistic_sharpe(*arguments, **options, backend=backend)
    assert close(found, expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_standard_errors(backend: str) -> None:
    def error(*arguments: Anything, **options: Anything) -> float | None:
        return statistics.sharpe_error(*arguments, **options, backend=backend)

    new = {"convention": "2025"}
    assert close(error(0.458, 24, *SKEWED), 0.336333)
    assert close(error(SR, 24, *SKEWED, SR, **new), 0.328589)
    assert close(error(SR, 24, *NORMAL, SR, **new), 0.214460)
    assert close(error(SR, 24, *SKEWED, SR, **new, autocorrelation=0.2), 0.379490)
    # Lo (2002), table 1, with normal returns.
    expected = {12: 0.306186, 24: 0.216506, 36: 0.176777, 60: 0.136931, 250: 0.067082}
    for n, value in expected.items():
        assert close(error(0.5, n, benchmark=0.5, **new), value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_annual_factors(backend: str) -> None:
    cases = [((12, 0.2), 2.878849), ((252, 0.1), 14.364792), ((252, -0.2), 19.426169)]
    for arguments, expected in cases:
        assert close(statistics.annual_factor(*arguments, backend=backend), expected)
    assert statistics.annual_factor(252, backend=backend) == math.sqrt(252)


@pytest.mark.parametrize("backend", BACKENDS)
def test_minimum_track_record(backend: str) -> None:
    def periods(*arguments: Anything, **options: Anything) -> float | None:
        return statistics.min_track_record(*arguments, **options, backend=backend)

    for many, expected, years in [
        (252, 688.208037, 2.730984), (52, 147.099347, 2.828834), (12, 38.877608, 3.239801),
    ]:  # fmt: skip
        root = math.sqrt(many)
        found = periods(2.0 / root, *NORMAL, 1.0 / root)
        assert close(found, expected)
        assert found is not None
        assert close(found / many, years)
    root = math.sqrt(12)
    monthly = periods(2.0 / root, -0.72, 5.78, 1.0 / root)
    assert close(monthly, 59.895099)
    assert monthly is not None
    assert close(monthly / 12, 4.991258)
    assert close(periods(0.458, *SKEWED), 34.557506)
    assert close(periods(SR, *SKEWED, convention="2025"), 13.028778)
    assert periods(0.1, *NORMAL, 0.1) is None
    assert periods(0.1, *NORMAL, 0.2) is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_minimum_backtest_years(backend: str) -> None:
    for trials, expected in [(45, 4.998087), (46, 5.036303), (10, 2.479360), (100, 6.403951)]:
        assert close(statistics.min_backtest_years(trials, 1.0, backend=backend), expected)
    assert statistics.min_backtest_years(45, 0.0, backend=backend) is None
    assert statistics.min_backtest_years(1, 1.0, backend=backend) == 0.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_expected_maximum(backend: str) -> None:
    approximate = {
        2: 0.519755, 5: 1.192594, 10: 1.574598, 45: 2.235640, 100: 2.530603, 200: 2.765524,
        1_000: 3.255122, 10_000: 3.860665, 1_000_000: 4.867860,
    }  # fmt: skip
    for trials, expected in approximate.items():
        assert close(statistics.expected_max_sharpe(trials, backend=backend), expected)
    exact = {2: 0.564190, 5: 1.162964, 10: 1.538753, 45: 2.207720, 100: 2.507594, 1_000: 3.241436}
    for trials, expected in exact.items():
        assert close(statistics.expected_max_sharpe(trials, exact=True, backend=backend), expected)
    assert statistics.expected_max_sharpe(1, backend=backend) == 0.0
    assert abs(statistics.expected_max_sharpe(1, exact=True, backend=backend)) < 1e-12


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("trials", "shape", "hurdle", "expected"), [
    (100, (-3.0, 10.0), 0.113172, 0.900397),
    (46, (-3.0, 10.0), 0.100362, 0.950502),
    (45, (-3.0, 10.0), None, 0.951607),
    (88, NORMAL, 0.111146, 0.950491),
    (89, NORMAL, None, 0.949839),
    (100, NORMAL, 0.113172, 0.942771),
])  # fmt: skip
def test_deflated_sharpe(
    backend: str, trials: int, shape: tuple[float, float], hurdle: float | None, expected: float
) -> None:
    found = statistics.deflated_sharpe(RATIO, 1250, *shape, trials, VARIANCE, backend=backend)
    assert close(found, expected)
    highest = math.sqrt(VARIANCE) * statistics.expected_max_sharpe(trials, backend=backend)
    assert hurdle is None or close(highest, hurdle)
    above = statistics.probabilistic_sharpe(RATIO, 1250, *shape, highest, backend=backend)
    assert found == above


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_deflated_sharpe_of_2025(backend: str) -> None:
    of = kernel(backend)
    found = statistics.deflated_sharpe(SR, 24, *SKEWED, 10, 0.1, convention="2025", backend=backend)
    assert close(found, 0.450681)
    hurdle = math.sqrt(0.1) * of.expected_maximum(10.0)
    assert close(hurdle, 0.497932)
    # Of the largest of ten the deviation is smaller than of one.
    variance = of.normal_maximum(10.0)[1]
    assert close(variance, 0.344344)
    error = of.sharpe_error((SR, 24.0, *SKEWED), hurdle, (True, 0.0))
    assert close(of.cdf((SR - hurdle) / (error * math.sqrt(variance))), 0.416360)


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_trial_is_not_deflated(backend: str) -> None:
    plain = statistics.probabilistic_sharpe(0.1, 500, -0.5, 4.0, backend=backend)
    assert statistics.deflated_sharpe(0.1, 500, -0.5, 4.0, 1, 0.01, backend=backend) == plain


@pytest.mark.parametrize("backend", BACKENDS)
def test_trials_to_doubt(backend: str) -> None:
    def doubt(*arguments: Anything) -> int | None:
        return statistics.trials_to_doubt(*arguments, backend=backend)

    assert doubt(RATIO, 1250, -3.0, 10.0, VARIANCE) == 46
    assert doubt(RATIO, 1250, *NORMAL, VARIANCE) == 88
    assert doubt(0.0, 1250, *NORMAL, VARIANCE) == 0
    assert doubt(RATIO, 1250, *NORMAL, 0.0) is None
    assert doubt(RATIO, 2, *NORMAL, VARIANCE) is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_undefined_is_none(backend: str) -> None:
    assert statistics.probabilistic_sharpe(0.5, 2, *NORMAL, backend=backend) is None
    # One less ten halves is below 0.
    assert statistics.probabilistic_sharpe(0.5, 50, 10.0, 1.0, backend=backend) is None
    assert statistics.sharpe_error(0.5, 50, 10.0, 1.0, backend=backend) is None
    assert statistics.min_track_record(0.5, 10.0, 1.0, backend=backend) is None
    assert statistics.deflated_sharpe(0.5, 50, 10.0, 1.0, 5, 0.1, backend=backend) is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_effective_trials(backend: str) -> None:
    correlations = np.array([[1, 0.5, 0.2], [0.5, 1, 0.3], [0.2, 0.3, 1]])
    expected = {"average": 2.333333, "entropy": 2.650454, "participation": 2.393617}
    # Returns with exactly these correlations: rows of a root of the matrix, about their mean.
    centred = np.linalg.qr(np.column_stack([np.ones(8), np.eye(8)[:, :3]]))[0][:, 1:]
    returns = centred @ np.linalg.cholesky(correlations).T
    assert np.linalg.eigvalsh(np.corrcoef(returns.T)) == pytest.approx(
        [0.487160, 0.828931, 1.683909], abs=1e-6
    )
    for method, value in expected.items():
        found = statistics.effective_trials(returns + 1.0, method=method, backend=backend)
        assert close(found, value)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", ["participation", "entropy"])
def test_more_trials_than_periods_are_counted_over_the_periods(backend: str, method: str) -> None:
    returns = np.random.default_rng(3).normal(size=(6, 9))
    values = np.linalg.eigvalsh(np.corrcoef(returns.T))
    shares = np.clip(values, 1e-300, None) / values.sum()
    expected = {
        "participation": values.sum() ** 2 / (values**2).sum(),
        "entropy": math.exp(-(shares * np.log(shares)).sum()),
    }
    found = statistics.effective_trials(returns, method=method, backend=backend)
    assert found == pytest.approx(expected[method], rel=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_equal_trials_are_one_and_constant_ones_do_not_count(backend: str) -> None:
    one = np.random.default_rng(4).normal(size=20)
    several = np.column_stack([one, one, 2 * one, np.full(20, 0.1)])
    for method in ("participation", "entropy", "average"):
        found = statistics.effective_trials(several, method=method, backend=backend)
        assert found == pytest.approx(1.0, abs=1e-9)
    assert statistics.effective_trials(np.zeros((5, 3)), backend=backend) is None


@pytest.mark.parametrize("kind", KERNELS)
def test_moments_are_those_of_a_result(kind: Anything) -> None:
    mean, deviation, skewness, kurtosis = kind.moments(np.array([1.0, 2.0, 4.0, 9.0]))
    assert (mean, deviation) == (4.0, math.sqrt(38.0 / 3.0))
    # From the mean -3, -2, 0, 5: squares 9.5, cubes 22.5 and fourth powers 180.5 on average.
    assert skewness == pytest.approx(22.5 / 9.5**1.5 * math.sqrt(12.0) / 2.0)
    assert kurtosis == pytest.approx(3.0 + 3.0 / 2.0 * (5.0 * (180.5 / 9.5**2 - 3.0) + 6.0))
    assert kind.moments(np.full(5, 0.1)) == (pytest.approx(0.1), 0.0, None, None)


def test_a_longer_record_is_surer() -> None:
    found = [statistics.probabilistic_sharpe(0.05, n, *NORMAL) for n in (50, 100, 500, 5_000)]
    assert all(a is not None and b is not None and a < b for a, b in pairwise(found))


def test_periods_are_a_whole_number() -> None:
    assert statistics.annual_factor(252.0) == statistics.annual_factor(252)
    with pytest.raises(ConfigError, match=r"^periods: given 252\.9, expected a whole number"):
        statistics.annual_factor(252.9)

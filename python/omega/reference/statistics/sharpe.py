"""Confidence in a Sharpe ratio, and its deflation by the number of trials."""

from __future__ import annotations

import math

from omega.reference.statistics.normal import cdf, ppf

Sample = tuple[float, float, float, float]
"""Sharpe ratio, periods, skewness and kurtosis."""

Way = tuple[bool, float]
"""Whether the variance is that at the tested ratio, and the autocorrelation."""

_LEAST = 3.0
_EULER = 0.5772156649015329
_MOST = 1e15


def _unit_variance(sample: Sample, sr: float, way: Way) -> float | None:
    _, _, skewness, kurtosis = sample
    rho = way[1]
    r, squared = rho / (1.0 - rho), rho * rho / (1.0 - rho * rho)
    a, b, c = 1.0 + 2.0 * r, 1.0 + r + squared, 1.0 + 2.0 * squared
    found = a - b * skewness * sr + c * (kurtosis - 1.0) / 4.0 * (sr * sr)
    return found if found > 0.0 else None


def sharpe_error(sample: Sample, benchmark: float, way: Way) -> float | None:
    """The standard error of the ratio where `benchmark` is tested."""
    sr, n, _, _ = sample
    at, over = (benchmark, n) if way[0] else (sr, n - 1.0)
    variance = _unit_variance(sample, at, way)
    if variance is None or n < _LEAST:
        return None
    return _finite(math.sqrt(variance / over))


def probabilistic(sample: Sample, benchmark: float, way: Way) -> float | None:
    """The probability that the true ratio is above `benchmark`."""
    error = sharpe_error(sample, benchmark, way)
    if error is None:
        return None
    apart = sample[0] - benchmark
    # As machines divide: by an error of 0 it is infinite, or nothing.
    z = apart / error if error > 0.0 else math.copysign(math.inf, apart) if apart else math.nan
    return _finite(cdf(z))


def minimum_track_record(
    sample: Sample, benchmark: float, confidence: float, way: Way
) -> float | None:
    """Observations until the probability is `confidence`."""
    sr = sample[0]
    at, more = (benchmark, 0.0) if way[0] else (sr, 1.0)
    variance = _unit_variance(sample, at, way)
    if variance is None or not sr > benchmark:
        return None
    z = ppf(confidence) / (sr - benchmark)
    return _finite(more + variance * (z * z))


def annual_factor(periods: float, autocorrelation: float) -> float | None:
    """What the ratio of a period is multiplied with to be that of several."""
    q, rho = periods, autocorrelation
    decay = (1.0 - math.pow(rho, q)) / (q * (1.0 - rho))
    spread = 1.0 + 2.0 * rho / (1.0 - rho) * (1.0 - decay)
    return _finite(math.sqrt(q) / math.sqrt(spread)) if spread > 0.0 else None


def expected_maximum(trials: float) -> float:
    """The expected largest of `trials` normal numbers, approximately; 0 for one."""
    if trials <= 1.0:
        return 0.0
    one, other = ppf(1.0 / trials), ppf(1.0 / (trials * math.e))
    return 0.0 - (1.0 - _EULER) * one - _EULER * other


def minimum_backtest_years(trials: float, sr: float) -> float | None:
    """Years within which the best of `trials` without skill is expected to show `sr` a year."""
    if not sr > 0.0:
        return None
    ratio = expected_maximum(trials) / sr
    return _finite(ratio * ratio)


def deflated(sample: Sample, trials: float, variance: float, way: Way) -> float | None:
    """The probability that the ratio is above that of the best of the trials without skill."""
    return probabilistic(sample, math.sqrt(variance) * expected_maximum(trials), way)


def trials_to_doubt(sample: Sample, variance: float, confidence: float) -> float | None:
    """The largest number of trials at which the deflated ratio is at least `confidence`."""

    def found(trials: float) -> float | None:
        return deflated(sample, trials, variance, (False, 0.0))

    first, last = found(1.0), found(_MOST)
    if first is None or last is None:
        return None
    if first < confidence:
        return 0.0
    if last >= confidence:
        return None
    low, high = 1.0, _MOST
    while high - low > 1.0:
        middle = math.floor((low + high) / 2.0)
        value = found(middle)
        if value is None:
            return None
        if value >= confidence:
            low = float(middle)
        else:
            high = float(middle)
    return low


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

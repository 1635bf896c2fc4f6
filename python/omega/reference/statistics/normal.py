"""The normal distribution, of `+ - * /`, `exp`, `log` and `sqrt` alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SERIES_BELOW = 1.0
_NEAR, _FARTHEST = 2.0, 27.3
_STEPS_NEAR, _STEPS_FAR = 200, 60
_SQRT_2 = math.sqrt(2.0)
_SQRT_PI = math.sqrt(math.pi)

# Acklam's coefficients, of the highest power first.
_MIDDLE_OVER = (
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.383577518672690e2,
    -3.066479806614716e1, 2.506628277459239,
)  # fmt: skip
_MIDDLE_UNDER = (
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
    -1.328068155288572e1, 1.0,
)  # fmt: skip
_TAIL_OVER = (
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734,
    4.374664141464968, 2.938163982698783,
)  # fmt: skip
_TAIL_UNDER = (
    7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1.0,
)  # fmt: skip
_TAIL = 0.02425

_REACH, _STEPS = 9.0, 4_000


def _erfc(x: float) -> float:
    if x < 0.0:
        return 2.0 - _erfc(0.0 - x)
    if x < _SERIES_BELOW:
        return 1.0 - _series(x)
    if x > _FARTHEST:
        return 0.0
    fraction = x
    for step in range(_STEPS_NEAR if x < _NEAR else _STEPS_FAR, 0, -1):
        fraction = x + 0.5 * float(step) / fraction
    return math.exp(0.0 - x * x) / (_SQRT_PI * fraction)


def _series(x: float) -> float:
    """The error function by a series of positive terms (Abramowitz and Stegun 7.1.6)."""
    term = total = x
    odd = 1.0
    while True:
        odd += 2.0
        term = term * (2.0 * x * x) / odd
        following = total + term
        if following == total:
            return 2.0 / _SQRT_PI * math.exp(0.0 - x * x) * total
        total = following


def cdf(z: float) -> float:
    """The probability of a value up to `z`."""
    return z if math.isnan(z) else 0.5 * _erfc((0.0 - z) / _SQRT_2)


def density(z: float) -> float:
    """The density at `z`."""
    return math.exp(0.0 - 0.5 * z * z) / math.sqrt(2.0 * math.pi)


def ppf(p: float) -> float:
    """The value below which a part `p` of all lies: Acklam's, and one step of Halley's method."""
    if not 0.0 <= p <= 1.0:
        return math.nan
    if p == 0.0:
        return -math.inf
    if p > 0.5:  # noqa: PLR2004 - the lower half alone, where probabilities keep their digits
        return 0.0 - ppf(1.0 - p)
    if p < _TAIL:
        q = math.sqrt(0.0 - 2.0 * math.log(p))
        z = _polynomial(_TAIL_OVER, q) / _polynomial(_TAIL_UNDER, q)
    else:
        q = p - 0.5
        r = q * q
        z = _polynomial(_MIDDLE_OVER, r) * q / _polynomial(_MIDDLE_UNDER, r)
    under = density(z)
    if under == 0.0:
        return z
    step = (cdf(z) - p) / under
    halley = z - step / (1.0 + 0.5 * z * step)
    return halley if math.isfinite(halley) else z


def _polynomial(coefficients: Sequence[float], x: float) -> float:
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def normal_maximum(trials: float) -> tuple[float, float]:
    """Mean and variance of the largest of so many normal numbers, by Simpson's rule."""
    width = 2.0 * _REACH / float(_STEPS)
    mass = first = second = 0.0
    for step in range(_STEPS + 1):
        z = float(step) * width - _REACH
        below = cdf(z)
        if below <= 0.0:
            continue
        weight = 1.0 if step in (0, _STEPS) else 4.0 if step % 2 == 1 else 2.0
        part = weight * trials * math.exp((trials - 1.0) * math.log(below)) * density(z)
        mass += part
        first += part * z
        second += part * (z * z)
    mean = first / mass
    return mean, second / mass - mean * mean

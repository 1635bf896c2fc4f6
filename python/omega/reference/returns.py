"""Daily returns, and the arithmetic that all metrics share.

Sums go from the first to the last, and a ratio needs a divisor above 0, so that the native metrics
are the same to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Number: TypeAlias = float | int | None

_TAIL = 0.05


def annualised(
    returns: Sequence[float], excess: Sequence[float], per_year: float | None
) -> dict[str, float | None]:
    """Return what is made of mean and spread of returns, for so many of them a year.

    Args:
        returns: Of which the volatilities are.
        excess: Returns above those without risk, of which the ratios are.
        per_year: How many returns a year has.

    Example:
        >>> annualised([0.5, -0.25], [0.5, -0.25], 4.0)["downside_volatility"]
        0.3535533905932738
    """
    scale = None if per_year is None else math.sqrt(per_year)
    mean, deviation, downside = spread(returns)
    wide, below = deviation, downside
    if excess is not returns:
        mean, wide, below = spread(excess)
    return {
        "volatility": product(deviation, scale),
        "sharpe": product(ratio(mean, wide), scale),
        "sortino": product(ratio(mean, below), scale),
        "downside_volatility": product(downside, scale),
    }


def growth_rate(growth: float | None, years: float | None) -> float | None:
    """Return the growth of one year that makes so much in so many.

    Example:
        >>> growth_rate(4.0, 2.0), growth_rate(-1.0, 2.0)
        (1.0, None)
    """
    if growth is None or years is None or growth < 0.0 or not years > 0.0:
        return None
    return power(growth, 1.0 / years)


def spread(returns: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Mean, sample deviation and downside of daily returns."""
    if not returns:
        return None, None, None
    n = float(len(returns))
    mean = total(returns) / n
    squares = total((r - mean) * (r - mean) for r in returns)
    losses = total(r * r for r in returns if r < 0.0)
    deviation = math.sqrt(squares / (n - 1.0)) if len(returns) > 1 else None
    return mean, deviation, math.sqrt(losses / n)


def shape(returns: Sequence[float], mean: float | None) -> dict[str, Number]:
    """Skewness and excess kurtosis of daily returns, corrected for the size of the sample."""
    skewness = kurtosis = None
    if mean is not None:
        n = float(len(returns))
        apart = [r - mean for r in returns]
        second = total(d * d for d in apart) / n
        third = ratio(total(d * d * d for d in apart) / n, second * math.sqrt(second))
        fourth = ratio(total((d * d) * (d * d) for d in apart) / n, second * second)
        if third is not None and n > 2.0:  # noqa: PLR2004 - the correction needs three
            skewness = third * (math.sqrt(n * (n - 1.0)) / (n - 2.0))
        if fourth is not None and n > 3.0:  # noqa: PLR2004 - and four
            factor = (n - 1.0) / ((n - 2.0) * (n - 3.0))
            kurtosis = factor * ((n + 1.0) * (fourth - 3.0) + 6.0)
    return {"skewness": skewness, "kurtosis": kurtosis}


def tails(returns: Sequence[float]) -> dict[str, Number]:
    """The best and the worst days, and gains beside losses."""
    gains, losses = total(r for r in returns if r > 0.0), total(r for r in returns if r < 0.0)
    found: dict[str, Number] = {
        "best_day": None,
        "worst_day": None,
        "value_at_risk": None,
        "conditional_value_at_risk": None,
        "tail_ratio": None,
        "omega_ratio": ratio(gains, 0.0 - losses),
    }
    if returns and all(map(math.isfinite, returns)):
        ascending = sorted(returns)
        low, high = _quantile(ascending, _TAIL), _quantile(ascending, 1.0 - _TAIL)
        worst = ascending[: int(_TAIL * float(len(returns) - 1)) + 1]
        found |= {
            "best_day": ascending[-1],
            "worst_day": ascending[0],
            "value_at_risk": low,
            "conditional_value_at_risk": total(worst) / float(len(worst)),
            "tail_ratio": ratio(abs(high), abs(low)),
        }
    return found


def _quantile(ascending: Sequence[float], part: float) -> float:
    """Return the value below which a part of some values lies, on the line between two of them."""
    place = part * float(len(ascending) - 1)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (ascending[above] - ascending[below]) * (place - float(below))


def total(values: Iterable[float]) -> float:
    """From the first to the last, starting at 0; Python's own `sum` compensates, so it differs."""
    total = 0.0
    for value in values:
        total += value
    return total


def ratio(a: float | None, b: float | None) -> float | None:
    """Return a quotient; None unless the divisor is above 0.

    Example:
        >>> ratio(1.0, 4.0), ratio(1.0, 0.0)
        (0.25, None)
    """
    if a is None or b is None or not b > 0.0:
        return None
    return a / b


def product(a: float | None, b: float | None) -> float | None:
    """Return a product; None of what is undefined.

    Example:
        >>> product(2.0, 4.0), product(None, 4.0)
        (8.0, None)
    """
    return None if a is None or b is None else a * b


def power(growth: float, exponent: float) -> float | None:
    """Return a power less 1; None of one that no number reaches.

    Example:
        >>> power(4.0, 0.5)
        1.0
    """
    try:
        return math.pow(growth, exponent) - 1.0
    except OverflowError:
        return None

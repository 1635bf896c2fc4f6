"""Window statistics: spread, extremes, quantiles, trend, correlation, scores.

Where sums matter they are sums of whole numbers, and each result is rounded once, by a division.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from omega.reference.indicators import averages
from omega.reference.indicators.averages import ema, exact_sum, ratio, sma, whole_numbers
from omega.reference.indicators.registry import Columns, Entry, optional, over_window, whole


def rolling_std(values: Sequence[float], n: int, ddof: int) -> list[float]:
    """Sample (`ddof` 1) or population (`ddof` 0) deviation of the last n; 0 where all are equal.

    Example:
        >>> rolling_std([1.0, 3.0, 3.0], 2, 1)
        [nan, 1.4142135623730951, 0.0]
    """
    divisor = float(n) * (float(n) - float(ddof))

    def deviation(window: Sequence[float]) -> float:
        return math.sqrt(spread(window, window) / divisor)

    return averages.of_windows(values, n, deviation)


def spread(x: Sequence[float], y: Sequence[float]) -> float:
    """`n Σ x y - Σ x Σ y`, rounded once: n² times the covariance.

    Example:
        >>> spread([1.0, 2.0], [0.5, 0.0])
        -0.5
    """
    a, a_unit = whole_numbers(x)
    b, b_unit = (a, a_unit) if y is x else whole_numbers(y)
    products = sum(left * right for left, right in zip(a, b, strict=True))
    return ratio(len(a) * products - sum(a) * sum(b), a_unit + b_unit)


def rolling_min(values: Sequence[float], n: int) -> list[float]:
    """Smallest of the last n values.

    Example:
        >>> rolling_min([3.0, 1.0, 2.0], 2)
        [nan, 1.0, 1.0]
    """
    return of_windows(values, n, min)


def rolling_max(values: Sequence[float], n: int) -> list[float]:
    """Largest of the last n values.

    Example:
        >>> rolling_max([3.0, 1.0, 2.0], 2)
        [nan, 3.0, 2.0]
    """
    return of_windows(values, n, max)


def median(values: Sequence[float], n: int) -> list[float]:
    """Middle one of the last n, or the mean of the two in the middle.

    Example:
        >>> median([3.0, 1.0, 2.0], 2)
        [nan, 2.0, 1.5]
    """

    def middle(window: Sequence[float]) -> float:
        ordered = sorted(value + 0.0 for value in window)
        if n % 2:
            return ordered[n // 2]
        return 0.5 * (ordered[n // 2 - 1] + ordered[n // 2])

    return of_windows(values, n, middle)


def quantile(values: Sequence[float], n: int, q: float) -> list[float]:
    """Quantile q of the last n, 0 to 1, on the line between the two nearest ranks.

    Example:
        >>> quantile([3.0, 1.0, 2.0], 3, 0.75)
        [nan, nan, 2.5]
    """

    def at(window: Sequence[float]) -> float:
        return quantile_of(sorted(value + 0.0 for value in window), q)

    return of_windows(values, n, at)


def quantile_of(ordered: Sequence[float], q: float) -> float:
    """Quantile of values in order, on the line between the two nearest ranks.

    Example:
        >>> quantile_of([1.0, 2.0, 4.0], 0.75)
        3.0
    """
    place = q * (len(ordered) - 1.0)
    rank = min(math.floor(place), len(ordered) - 1)
    fraction = place - math.floor(place)
    if fraction == 0.0:
        return ordered[rank]
    return ordered[rank] + (ordered[rank + 1] - ordered[rank]) * fraction


def slope(values: Sequence[float], n: int) -> list[float]:
    """Slope, a bar, of the line through the last n values by least squares.

    Example:
        >>> slope([1.0, 3.0, 4.0], 3)
        [nan, nan, 1.5]
    """
    divisor = float(n) * (float(n) * float(n) - 1.0) / 6.0
    weights = range(1 - n, n + 1, 2)
    return averages.of_windows(values, n, lambda window: exact_sum(window, weights, 1) / divisor)


def linear_regression(values: Sequence[float], n: int) -> list[list[float]]:
    """Line through the last n by least squares: newest, slope, oldest, one bar ahead, degrees.

    Example:
        >>> [column[2] for column in linear_regression([1.0, 2.0, 3.0], 3)]
        [3.0, 1.0, 1.0, 4.0, 45.0]
    """
    means, slopes, half = sma(values, n), slope(values, n), (float(n) - 1.0) / 2.0
    rises = [half * rise for rise in slopes]
    newest = [mean + rise for mean, rise in zip(means, rises, strict=True)]
    oldest = [mean - rise for mean, rise in zip(means, rises, strict=True)]
    ahead = [last + rise for last, rise in zip(newest, slopes, strict=True)]
    return [newest, slopes, oldest, ahead, [math.atan(x) * (180.0 / math.pi) for x in slopes]]


def correlation(x: Sequence[float], y: Sequence[float], n: int) -> list[float]:
    """Pearson's correlation of the last n pairs; NaN where one side does not vary.

    Example:
        >>> correlation([1.0, 2.0, 4.0], [1.0, 2.0, 0.0], 2)
        [nan, 1.0, -1.0]
    """
    result = [math.nan] * min(n - 1, len(x))
    for end in range(n, len(x) + 1):
        a, b = x[end - n : end], y[end - n : end]
        known = all(map(math.isfinite, (*a, *b)))
        scale = math.sqrt(spread(a, a) * spread(b, b)) if known else 0.0
        result.append(min(max(spread(a, b) / scale, -1.0), 1.0) if scale > 0.0 else math.nan)
    return result


def zscore(values: Sequence[float], n: int, period: int | None, *, residual: bool) -> list[float]:
    """Distance from a mean in sample deviations of the last n; NaN where that is 0.

    The mean is that of the window, or an exponential one of a period. The deviations are those of
    the distances where `residual`, else those of the values.

    Example:
        >>> zscore([1.0, 3.0, 3.0], 2, None, residual=False)
        [nan, 0.7071067811865475, nan]
    """
    mean = sma(values, n) if period is None else ema(values, period)
    residuals = [x - m for x, m in zip(values, mean, strict=True)]
    return scores(residuals, rolling_std(residuals if residual else values, n, 1))


def scores(residuals: Sequence[float], scale: Sequence[float]) -> list[float]:
    """Each residual over its scale; NaN where that is 0.

    Example:
        >>> scores([1.0, 2.0], [0.0, 4.0])
        [nan, 0.5]
    """
    pairs = zip(residuals, scale, strict=True)
    return [r / s if s > 0.0 else math.nan for r, s in pairs]


def of_windows(
    values: Sequence[float], n: int, of: Callable[[Sequence[float]], float]
) -> list[float]:
    """Apply a function to the last n values wherever all of them are numbers.

    Example:
        >>> of_windows([1.0, 2.0, 4.0], 2, sum)
        [nan, 3.0, 6.0]
    """
    result = []
    full_from = n - 1
    for index, value in enumerate(values):
        if math.isnan(value):
            full_from = max(full_from, index + n)
        full = index >= full_from
        result.append(of(values[index + 1 - n : index + 1]) if full else math.nan)
    return result


def _zscore_settings(parameters: Sequence[float]) -> tuple[int | None, bool]:
    """Period of the mean, None of the window's own; and whether residuals give the deviation."""
    period = None
    if parameters[1] > 0.0:
        period = int(optional(parameters, 2) or parameters[0])
    said = optional(parameters, 3)
    return period, period is not None if said is None else said > 0.0


def _zscore_warmup(parameters: Sequence[float]) -> int:
    window = whole(parameters)
    period, residual = _zscore_settings(parameters)
    first = window if period is None else period
    return first + window - 1 if residual else max(first, window)


def _zscore(parameters: Sequence[float], columns: Columns) -> list[list[float]]:
    period, residual = _zscore_settings(parameters)
    return [zscore(columns.values[0], whole(parameters), period, residual=residual)]


ENTRIES = {
    "rolling_mean": over_window(sma),
    "rolling_std": Entry(
        ("source",),
        whole,
        lambda p, columns: [rolling_std(columns.values[0], whole(p), whole(p, 1))],
    ),
    "rolling_min": over_window(rolling_min),
    "rolling_max": over_window(rolling_max),
    "rolling_median": over_window(median),
    "rolling_quantile": Entry(
        ("source",), whole, lambda p, columns: [quantile(columns.values[0], whole(p), p[1])]
    ),
    "slope": over_window(slope),
    "linear_regression": Entry(
        ("source",), whole, lambda p, columns: linear_regression(columns.values[0], whole(p))
    ),
    "correlation": Entry(
        ("source", "second"),
        whole,
        lambda p, columns: [correlation(columns.values[0], columns.values[1], whole(p))],
    ),
    "zscore": Entry(("source",), _zscore_warmup, _zscore),
}
"""What this family is known by."""

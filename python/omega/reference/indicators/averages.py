"""Moving averages: exact window means, rounded once, and recursive ones.

They give one value a bar, NaN in warm-up, equal to the native kernels to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from omega.reference.indicators.registry import Entry, over_window, whole


def sma(values: Sequence[float], n: int) -> list[float]:
    """Mean of the last n values, rounded once.

    Example:
        >>> sma([1.0, 2.0, 4.0], 2)
        [nan, 1.5, 3.0]
    """
    return window_sums(values, n, n)


def wma(values: Sequence[float], n: int) -> list[float]:
    """Mean of the last n, the newest counted n times and the oldest once, rounded once.

    Example:
        >>> wma([1.0, 4.0], 2)
        [nan, 3.0]
    """
    return of_windows(values, n, lambda window: exact_mean(window, range(1, n + 1)))


def window_sums(values: Sequence[float], n: int, divisor: int = 1) -> list[float]:
    """Sum of the last n values over a divisor, rounded once; `exact_sum` with weights of 1.

    Example:
        >>> window_sums([0.1, 0.2, 0.3, 1e-300], 3)
        [nan, nan, 0.6, 0.5]
    """
    ratios = [value.as_integer_ratio() if math.isfinite(value) else (0, 1) for value in values]
    bits = max((below.bit_length() - 1 for _, below in ratios), default=0)
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if bits + _unit(largest, n) > 0:  # a window may round its smallest values
        return of_windows(values, n, lambda window: exact_sum(window, [1] * n, divisor))
    whole = [above << (bits + 1 - below.bit_length()) for above, below in ratios]
    before = list(accumulate(whole, initial=0))
    result, full_from = [], n - 1
    for index, value in enumerate(values):
        if not math.isfinite(value):
            full_from = max(full_from, index + n)
        full = index >= full_from
        total = before[index + 1] - before[index + 1 - n] if full else 0
        result.append(ratio(total, -bits, divisor) if full else math.nan)
    return result


def exact_mean(values: Sequence[float], weights: Sequence[int]) -> float:
    """Weighted mean in whole numbers, which is rounded once, when it is divided.

    Example:
        >>> exact_mean([1e20, 1.0, -1e20], [1, 1, 1])
        0.3333333333333333
    """
    return exact_sum(values, weights, sum(weights))


def exact_sum(values: Sequence[float], weights: Sequence[int], divisor: int) -> float:
    """Weighted sum in whole numbers over a divisor, rounded once.

    Example:
        >>> exact_sum([0.1, 0.2, 0.3], [1, 1, 1], 1)
        0.6
    """
    whole, unit = whole_numbers(values)
    return ratio(sum(x * weight for x, weight in zip(whole, weights, strict=True)), unit, divisor)


def whole_numbers(window: Sequence[float]) -> tuple[list[int], int]:
    """Return a window's values in units of a power of two, and its exponent.

    The unit lies so far below the largest value that 256 bits hold what is made of the numbers.
    A value between two of its multiples is rounded to the nearer one, or up.

    Example:
        >>> whole_numbers([1.0, 2.0**-121]) == ([2**120, 1], -120)
        True
    """
    unit = _unit(max(map(abs, window)), len(window))
    halves = [math.floor(math.ldexp(value, 1 - unit)) for value in window]
    return [(half + 1) >> 1 for half in halves], unit


def _unit(largest: float, n: int) -> int:
    """Return the exponent of the unit of n values, of which one is as large."""
    return math.frexp(largest)[1] - 125 + 2 * n.bit_length()


def ratio(whole: int, unit: int, divisor: int = 1) -> float:
    """Divide a number of units, rounding once; what no float holds is infinite.

    Example:
        >>> ratio(3, -1)
        1.5
    """
    try:
        return (whole << max(unit, 0)) / (divisor << max(-unit, 0))
    except OverflowError:
        return math.inf if whole > 0 else -math.inf


def of_windows(
    values: Sequence[float], n: int, of: Callable[[Sequence[float]], float]
) -> list[float]:
    """Apply a function to the last n values wherever all of them are finite.

    Example:
        >>> of_windows([1.0, 2.0, 4.0], 2, sum)
        [nan, 3.0, 6.0]
    """
    result = []
    full_from = n - 1
    for index, value in enumerate(values):
        if not math.isfinite(value):
            full_from = max(full_from, index + n)
        full = index >= full_from
        result.append(of(values[index + 1 - n : index + 1]) if full else math.nan)
    return result


def ema(values: Sequence[float], n: int, seed: str = "sma") -> list[float]:
    """Exponential mean, started with the mean of the first n, or with the first value.

    Example:
        >>> ema([1.0, 3.0, 5.0], 2)
        [nan, 2.0, 4.0]
    """
    return _smoothed(values, n if seed == "sma" else 1, 2.0 / (n + 1.0))


def dema(values: Sequence[float], n: int) -> list[float]:
    """Twice the exponential mean less its own exponential mean.

    Example:
        >>> dema([1.0, 2.0, 3.0], 2)
        [nan, nan, 3.0]
    """
    once = ema(values, n)
    return [2.0 * a - b for a, b in zip(once, ema(once, n), strict=True)]


def tema(values: Sequence[float], n: int) -> list[float]:
    """`3 a - 3 b + c` of the exponential mean, that of it, and that of that.

    Example:
        >>> tema([1.0, 2.0, 3.0, 4.0], 2)
        [nan, nan, nan, 4.0]
    """
    once = ema(values, n)
    twice = ema(once, n)
    all_three = zip(once, twice, ema(twice, n), strict=True)
    return [(3.0 * a - 3.0 * b) + c for a, b, c in all_three]


def hma(values: Sequence[float], n: int) -> list[float]:
    """Weighted mean over the root of n of twice that over half of n less that over n.

    Example:
        >>> hma([1.0, 2.0, 3.0, 4.0, 5.0], 4)[3:]
        [nan, 5.0]
    """
    pairs = zip(wma(values, max(n // 2, 1)), wma(values, n), strict=True)
    return wma([2.0 * half - whole for half, whole in pairs], math.isqrt(n))


def rma(values: Sequence[float], n: int) -> list[float]:
    """Wilder's smoothing, started with the mean of the first n.

    Example:
        >>> rma([1.0, 3.0, 5.0], 2)
        [nan, 2.0, 3.5]
    """
    return _smoothed(values, n, 1.0 / n)


def _smoothed(values: Iterable[float], n: int, weight: float) -> list[float]:
    """`state += weight * (value - state)`, started with the plain mean of the first n."""
    state, added, seen = math.nan, 0.0, 0
    result = []
    for value in values:
        if math.isnan(value):
            result.append(math.nan)
            continue
        seen += 1
        if seen > n:
            state += weight * (value - state)
        else:
            added += value
            if seen == n:
                state = added / n
        result.append(state)
    return result


ENTRIES = {
    "sma": over_window(sma),
    "ema": Entry(
        ("source",),
        lambda parameters: 1 if parameters[1] else whole(parameters),
        lambda parameters, columns: [
            ema(columns.values[0], whole(parameters), "first" if parameters[1] else "sma")
        ],
    ),
    "wma": over_window(wma),
    "dema": Entry(
        ("source",),
        lambda parameters: 2 * whole(parameters) - 1,
        lambda parameters, columns: [dema(columns.values[0], whole(parameters))],
    ),
    "tema": Entry(
        ("source",),
        lambda parameters: 3 * whole(parameters) - 2,
        lambda parameters, columns: [tema(columns.values[0], whole(parameters))],
    ),
    "hma": Entry(
        ("source",),
        lambda parameters: whole(parameters) + math.isqrt(whole(parameters)) - 1,
        lambda parameters, columns: [hma(columns.values[0], whole(parameters))],
    ),
    "rma": over_window(rma),
}
"""What this family is known by."""

"""The indicators a second time: sums of twice a double's precision, recursions from the left.

What goes in: one value a bar. What comes out: one value a bar, NaN in warm-up, equal to the native
kernels to the last bit. The double-double arithmetic is Knuth's two-sum and Dekker's product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from omega.reference.indicators.registry import Entry, over_candles, over_window, whole

Double = tuple[float, float]

_EQUAL_VALUES = 8.077935669463161e-28  # 2 ** -90: the rounding of equal values


def sma(values: Sequence[float], n: int) -> list[float]:
    """Mean of the last n values, rounded once.

    Example:
        >>> sma([1.0, 2.0, 4.0], 2)
        [nan, 1.5, 3.0]
    """
    return of_windows(values, n, lambda window: exact_mean(window, [1] * n))


def wma(values: Sequence[float], n: int) -> list[float]:
    """Mean of the last n, the newest counted n times and the oldest once, rounded once.

    Example:
        >>> wma([1.0, 4.0], 2)
        [nan, 3.0]
    """
    return of_windows(values, n, lambda window: exact_mean(window, range(1, n + 1)))


def exact_mean(values: Sequence[float], weights: Sequence[int]) -> float:
    """Weighted mean in whole numbers, which is rounded once, when it is divided.

    Example:
        >>> exact_mean([1e300, 1.0, -1e300], [1, 1, 1])
        0.3333333333333333
    """
    return exact_sum(values, weights, sum(weights))


def exact_sum(values: Sequence[float], weights: Sequence[int], divisor: int) -> float:
    """Weighted sum in whole numbers over a divisor; a float is a ratio to a power of two.

    Example:
        >>> exact_sum([0.1, 0.2, 0.3], [1, 1, 1], 1)
        0.6
    """
    ratios = [value.as_integer_ratio() for value in values]
    unit = max(below for _, below in ratios)
    parts = zip(ratios, weights, strict=True)
    total = sum(above * (unit // below) * weight for (above, below), weight in parts)
    try:
        return total / (unit * divisor)
    except OverflowError:
        return math.copysign(math.inf, total)


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
    pairs = zip(wma(values, n // 2), wma(values, n), strict=True)
    return wma([2.0 * half - whole for half, whole in pairs], math.isqrt(n))


def rma(values: Sequence[float], n: int) -> list[float]:
    """Wilder's smoothing, started with the mean of the first n.

    Example:
        >>> rma([1.0, 3.0, 5.0], 2)
        [nan, 2.0, 3.5]
    """
    return _smoothed(values, n, 1.0 / n)


def rolling_std(values: Sequence[float], n: int) -> list[float]:
    """Sample standard deviation of the last n values.

    Example:
        >>> rolling_std([1.0, 1.0], 2)
        [nan, 0.0]
    """
    return _over_windows(values, n, lambda window, _: window.std())


def zscore(values: Sequence[float], n: int) -> list[float]:
    """Distance from the window's mean in its sample standard deviations.

    Example:
        >>> zscore([1.0, 1.0], 2)
        [nan, nan]
    """
    return _over_windows(values, n, _Window.zscore)


def atr(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> list[float]:
    """Wilder's average true range; the first bar has no close before it and no true range.

    Example:
        >>> atr([10.0, 12.0, 11.0], [9.0, 11.0, 8.0], [9.5, 11.5, 9.0], 2)
        [nan, nan, 3.0]
    """
    before = [math.nan, *close[:-1]]
    ranges = [
        math.nan if math.isnan(b) else max(h - low_, abs(h - b), abs(low_ - b))
        for h, low_, b in zip(high, low, before, strict=True)
    ]
    return _smoothed(ranges, n, 1.0 / n)


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


class _Window:
    """Sum and sum of squares of a window; what leaves it leaves no trace."""

    def __init__(self, size: int) -> None:
        self.size = float(size)
        self.sum: Double = (0.0, 0.0)
        self.squares: Double = (0.0, 0.0)

    def change(self, value: float, sign: float) -> None:
        """Let a value enter (sign 1) or leave (sign -1)."""
        high, low = _product(value, value)
        self.sum = _plus(self.sum, (value * sign, 0.0 * sign))
        self.squares = _plus(self.squares, (high * sign, low * sign))

    def mean(self) -> float:
        return _divided(self.sum, self.size)[0]

    def std(self) -> float:
        """Sample standard deviation; exactly 0 where all values are equal."""
        high, low = _divided(_squared(self.sum), self.size)
        spread = _plus(self.squares, (-high, -low))[0]
        if spread <= self.squares[0] * _EQUAL_VALUES:
            return 0.0
        return math.sqrt(spread / (self.size - 1.0))

    def zscore(self, value: float) -> float:
        deviation = self.std()
        return (value - self.mean()) / deviation if deviation > 0.0 else math.nan


def _over_windows(
    values: Sequence[float], n: int, of: Callable[[_Window, float], float]
) -> list[float]:
    window, missing = _Window(n), 0
    result = []
    for index, value in enumerate(values):
        if index >= n:
            if math.isnan(values[index - n]):
                missing -= 1
            else:
                window.change(values[index - n], -1.0)
        if math.isnan(value):
            missing += 1
        else:
            window.change(value, 1.0)
        full = index >= n - 1 and missing == 0
        result.append(of(window, value) if full else math.nan)
    return result


def _plus(a: Double, b: Double) -> Double:
    total = a[0] + b[0]
    of_b = total - a[0]
    error = (a[0] - (total - of_b)) + (b[0] - of_b)
    return _renormalised(total, error + (a[1] + b[1]))


def _squared(a: Double) -> Double:
    high, low = _product(a[0], a[0])
    return _renormalised(high, low + 2.0 * a[0] * a[1])


def _divided(a: Double, divisor: float) -> Double:
    quotient = a[0] / divisor
    high, low = _product(quotient, divisor)
    rest = ((a[0] - high) - low) + a[1]
    return _renormalised(quotient, rest / divisor)


def _product(a: float, b: float) -> Double:
    high = a * b
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    return high, ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low


def _split(value: float) -> Double:
    scaled = 134217729.0 * value
    high = scaled - (scaled - value)
    return high, value - high


def _renormalised(high: float, low: float) -> Double:
    total = high + low
    return total, low - (total - high)


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
    "rolling_std": over_window(rolling_std),
    "zscore": over_window(zscore),
    "atr": over_candles(atr, "high low close", more=1),
}
"""What this family is known by."""

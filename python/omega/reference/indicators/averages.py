"""The indicators a second time: sums of twice a double's precision, recursions from the left.

What goes in: one value a bar. What comes out: one value a bar, NaN in warm-up, equal to the native
kernels to the last bit. The double-double arithmetic is Knuth's two-sum and Dekker's product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from omega.reference.indicators.registry import over_window

Double = tuple[float, float]


def sma(values: Sequence[float], n: int) -> list[float]:
    """Mean of the last n values.

    Example:
        >>> sma([1.0, 2.0, 4.0], 2)
        [nan, 1.5, 3.0]
    """
    return _over_windows(values, n, lambda window, _: window.mean())


def ema(values: Sequence[float], n: int) -> list[float]:
    """Exponential mean, started with the mean of the first n.

    Example:
        >>> ema([1.0, 3.0, 5.0], 2)
        [nan, 2.0, 4.0]
    """
    return _smoothed(values, n, 2.0 / (n + 1.0))


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
    "ema": over_window(ema),
    "rma": over_window(rma),
}
"""What this family is known by."""

"""Formats of numbers: signs, amounts, counts, and axis ticks."""

from __future__ import annotations

import math

_MINUS = "\u2212"
_DASH = "\u2013"
_STEPS = (1.0, 2.0, 5.0)
_MANY = 1_000_000


def minus(text: str) -> str:
    """Write the sign of a number as typographers do; a number that shows as 0 has none.

    Example:
        >>> minus("-1.00") == "\u22121.00", minus("-0.00"), minus("-") == "\u2013"
        (True, '0.00', True)
    """
    if not text.startswith("-"):
        return text
    if len(text) == 1:
        return _DASH
    digits = [one for one in text if one.isdigit()]
    rest = text[1:]
    return rest if digits and set(digits) == {"0"} else f"{_MINUS}{rest}"


def money(value: float, decimals: int = 2) -> str:
    """Write an amount.

    Example:
        >>> money(1234.5), money(-0.001)
        ('1,234.50', '0.00')
    """
    return minus(f"{value:,.{decimals}f}")


def percent(value: float, decimals: int = 2) -> str:
    """Write a share in percent.

    Example:
        >>> percent(0.125)
        '12.50 %'
    """
    return f"{minus(f'{100 * value:,.{decimals}f}')} %"


def ticks(low: float, high: float, most: int) -> list[float]:
    """Choose the marks of an axis: multiples of 1, 2 or 5 times a power of ten between two ends.

    Example:
        >>> ticks(0.0, 4200.0, 5)
        [0.0, 1000.0, 2000.0, 3000.0, 4000.0]
        >>> ticks(-0.3, 0.4, 4)
        [-0.2, 0.0, 0.2, 0.4]
    """
    step = step_of(low, high, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [round(k * step, digits) + 0.0 for k in range(first, last + 1)]


def step_of(low: float, high: float, most: int) -> float:
    """Choose the distance of the marks of an axis, so that there are at most so many.

    Example:
        >>> step_of(0.0, 1400.0, 5), step_of(0.0, 0.7, 4)
        (500.0, 0.2)
        >>> step_of(5.0, 5.0, 4)
        1.0
    """
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / max(most, 1)))
    for step in (one * scale for scale in (power, 10 * power) for one in _STEPS):
        count = math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1
        if count <= most:
            return step
    return span


def marks(low: float, high: float, most: int = 6) -> list[tuple[float, str]]:
    """Return the marks of an axis, each with its text: all with as many decimals as they need.

    Example:
        >>> marks(0.0, 4200.0, 3)
        [(0.0, '0'), (2000.0, '2,000'), (4000.0, '4,000')]
    """
    values = ticks(low, high, most)
    largest = max((abs(value) for value in values), default=0.0)
    if largest >= _MANY:
        return [(value, minus(_large(value, largest))) for value in values]
    step = step_of(low, high, most)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [(value, minus(f"{value:,.{digits}f}")) for value in values]


def _large(value: float, largest: float) -> str:
    """Write a number from a million on, all marks of an axis in one unit."""
    power, unit = next(p for p in ((1e12, "T"), (1e9, "B"), (1e6, "M")) if largest >= p[0])
    text = f"{value / power:,.3f}".rstrip("0").rstrip(".")
    return "0" if value == 0 else f"{text}{unit}"

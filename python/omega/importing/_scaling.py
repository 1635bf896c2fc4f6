"""Whole numbers as prices: one division by a power of ten, so that 1098800 is 109.88.

Multiplying by 0.0001 is wrong in the last bit, and so is Polars' division by a constant, which
multiplies by its inverse; NumPy divides, and IEEE 754 rounds that correctly.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl

from omega.errors import ConfigError

_LARGEST_POWER = 22
"""10**22 is the last power of ten that a double holds exactly."""
_DECIMALS = 10
_MOST_TIMES = 10**6
"""A factor up to here leaves products of whole prices exact."""


def scale_of(name: str, given: float) -> float:
    """Return a scale that was stated, as a number above 0.

    Raises:
        ConfigError: It is none.
    """
    try:
        size = float("nan") if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        size = float("nan")
    if not 0 < size < float("inf"):
        raise ConfigError(f"{name}: given {given!r}, expected a number above 0, such as 0.00001")
    return size


def times(values: pl.Series, scale: float) -> pl.Series:
    """Multiply by a scale such as 0.001, rounded once.

    Example:
        >>> times(pl.Series([128658.0, 7.0]), 0.001).to_list()
        [128.658, 0.007]
    """
    sign, digits, exponent = Decimal(repr(float(scale))).normalize().as_tuple()
    factor = int("".join(map(str, digits)))
    power = -exponent if isinstance(exponent, int) else 0
    if sign or not 0 < power <= _LARGEST_POWER or factor > _MOST_TIMES:
        return values * scale
    return over(values * factor if factor > 1 else values, 10.0**power)


def over(values: pl.Series, parts: float) -> pl.Series:
    """Divide by a number, rounded once; what is missing stays so.

    Example:
        >>> over(pl.Series([1098800.0, None]), 10_000).to_list()
        [109.88, None]
    """
    divided = pl.Series(values.name, np.divide(values.to_numpy(), parts), dtype=pl.Float64)
    if not values.null_count():
        return divided
    return divided.to_frame().select(pl.when(values.is_not_null()).then(pl.all())).to_series()


def scale_text(scale: float) -> str:
    """Write a scale without an exponent: 0.00001.

    Example:
        >>> scale_text(1e-5)
        '0.00001'
    """
    return format(Decimal(repr(scale)), "f")


def decimals(prices: pl.Series) -> int:
    """Return the number of decimals that the prices are written with."""
    values = prices.drop_nulls()
    for digits in range(_DECIMALS):
        scaled = values * 10.0**digits
        if bool(((scaled - scaled.round()).abs() < 1e-6 * scaled.abs().clip(1)).all()):
            return digits
    return _DECIMALS

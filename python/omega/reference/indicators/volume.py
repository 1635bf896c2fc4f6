"""Prices weighed by volume."""

from __future__ import annotations

import math
from collections.abc import Sequence

from omega.reference.indicators.averages import exact_sum, of_windows
from omega.reference.indicators.momentum import typical
from omega.reference.indicators.registry import Columns, Entry, optional, whole

Values = Sequence[float]

_ROUNDING = 2.0**-50  # typical prices that differ by less than this part are one


def obv(close: Values, volume: Values) -> list[float]:
    """Volume added where the close rises and taken away where it falls.

    Example:
        >>> obv([2.0, 3.0, 1.0], [5.0, 1.0, 2.0])
        [5.0, 6.0, 4.0]
    """
    state = last = math.nan
    result = []
    for price, amount in zip(close, volume, strict=True):
        if math.isnan(price) or math.isnan(amount):
            result.append(math.nan)
            continue
        if math.isnan(last):
            state = amount
        else:
            state += 0.0 if price == last else -amount if price < last else amount
        last = price
        result.append(state)
    return result


def mfi(high: Values, low: Values, close: Values, volume: Values, n: int) -> list[float]:
    """Money that came with rising typical prices in percent of all that moved; NaN where none did.

    Example:
        >>> mfi([2.0, 3.0, 2.0], [2.0, 3.0, 2.0], [2.0, 3.0, 2.0], [1.0, 1.0, 1.0], 2)
        [nan, nan, 60.0]
    """
    last = math.nan
    rising, falling = [], []
    for price, amount in zip(typical(high, low, close), volume, strict=True):
        money = price * amount
        known = not math.isnan(money) and not math.isnan(last)
        none = 0.0 if known else math.nan
        change, same = price - last, abs(last) * _ROUNDING
        rising.append(money if known and change > same else none)
        falling.append(money if known and change < -same else none)
        last = last if math.isnan(money) else price
    flows = zip(_sums(rising, n), _sums(falling, n), strict=True)
    return [100.0 * (up / (up + down)) if up + down > 0.0 else math.nan for up, down in flows]


def vwap_of_day(
    high: Values, low: Values, close: Values, volume: Values, days: Sequence[int]
) -> list[float]:
    """Mean typical price weighed by volume since the day began; NaN before any volume.

    Example:
        >>> vwap_of_day([2.0, 5.0], [2.0, 5.0], [2.0, 5.0], [1.0, 2.0], [0, 0])
        [2.0, 4.0]
    """
    money = traded = 0.0
    day = None
    result = []
    for price, amount, this in zip(typical(high, low, close), volume, days, strict=True):
        if this != day:
            money, traded, day = 0.0, 0.0, this
        if math.isnan(price * amount):
            result.append(math.nan)
            continue
        money += price * amount
        traded += amount
        result.append(money / traded if traded > 0.0 else math.nan)
    return result


def vwap(high: Values, low: Values, close: Values, volume: Values, n: int) -> list[float]:
    """Mean typical price weighed by volume over the last n bars; NaN where nothing traded.

    Example:
        >>> vwap([2.0, 5.0], [2.0, 5.0], [2.0, 5.0], [1.0, 2.0], 2)
        [nan, 4.0]
    """
    money = [p * v for p, v in zip(typical(high, low, close), volume, strict=True)]
    amounts = [math.nan if math.isnan(m) else v for m, v in zip(money, volume, strict=True)]
    sums = zip(_sums(money, n), _sums(amounts, n), strict=True)
    return [m / v if v > 0.0 else math.nan for m, v in sums]


def _sums(values: Values, n: int) -> list[float]:
    return of_windows(values, n, lambda window: exact_sum(window, [1] * n, 1))


def _vwap(parameters: Sequence[float], columns: Columns) -> list[list[float]]:
    window = optional(parameters, 0)
    high, low, close, volume = columns.values
    if window is None:
        return [vwap_of_day(high, low, close, volume, columns.days)]
    return [vwap(high, low, close, volume, int(window))]


ENTRIES = {
    "obv": Entry(
        ("close", "volume"),
        lambda _: 1,
        lambda _, columns: [obv(columns.values[0], columns.values[1])],
    ),
    "mfi": Entry(
        ("high", "low", "close", "volume"),
        lambda of: whole(of) + 1,
        lambda of, columns: [mfi(*columns.bars(), columns.values[3], whole(of))],
    ),
    "vwap": Entry(("high", "low", "close", "volume"), lambda of: int(optional(of, 0) or 1), _vwap),
}
"""What this family is known by."""

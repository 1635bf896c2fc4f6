"""Volume-weighted prices."""

from __future__ import annotations

import math
from collections.abc import Sequence

from omega.reference.indicators.averages import ema, window_sums
from omega.reference.indicators.momentum import momentum, typical
from omega.reference.indicators.periods import beginnings, weighed_since
from omega.reference.indicators.registry import Columns, Entry, optional, over_candles, whole
from omega.reference.indicators.smoothing import without

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
    flows = zip(window_sums(rising, n), window_sums(falling, n), strict=True)
    return [100.0 * (up / (up + down)) if up + down > 0.0 else math.nan for up, down in flows]


def vwap(high: Values, low: Values, close: Values, volume: Values, n: int) -> list[float]:
    """Mean typical price weighed by volume over the last n bars; NaN where nothing traded.

    Example:
        >>> vwap([2.0, 5.0], [2.0, 5.0], [2.0, 5.0], [1.0, 2.0], 2)
        [nan, 4.0]
    """
    return weighed(typical(high, low, close), volume, n)


def weighed(values: Values, volume: Values, n: int) -> list[float]:
    """Mean of values weighed by volume over the last n bars; NaN where nothing traded.

    Example:
        >>> weighed([2.0, 5.0], [1.0, 2.0], 2)
        [nan, 4.0]
    """
    money = [p * v for p, v in zip(values, volume, strict=True)]
    amounts = [math.nan if math.isnan(m) else v for m, v in zip(money, volume, strict=True)]
    sums = zip(window_sums(money, n), window_sums(amounts, n), strict=True)
    return [m / v if v > 0.0 else math.nan for m, v in sums]


def _places(high: Values, low: Values, close: Values) -> list[float]:
    """Where each close stands between low and high, -1 to 1; 0 where these are one."""
    bars = zip(high, low, close, strict=True)
    return [
        0.0 if h - lo <= 0.0 and not math.isnan(c) else _ratio((c - lo) - (h - c), h - lo)
        for h, lo, c in bars
    ]


def _ratio(a: float, b: float) -> float:
    return a / b if b != 0.0 else math.nan


def ad(high: Values, low: Values, close: Values, volume: Values) -> list[float]:
    """Volume by where the close stands in its bar, added up; a NaN is left out.

    Example:
        >>> ad([4.0, 4.0], [0.0, 0.0], [4.0, 1.0], [10.0, 4.0])
        [10.0, 8.0]
    """
    state, result = 0.0, []
    for place, amount in zip(_places(high, low, close), volume, strict=True):
        flow = place * amount
        state += 0.0 if math.isnan(flow) else flow
        result.append(math.nan if math.isnan(flow) else state)
    return result


def adosc(columns: Sequence[Values], fast: int, slow: int) -> list[float]:
    """Fast less slow exponential mean of `ad`, each from its first value on.

    Example:
        >>> adosc(([4.0, 4.0], [0.0, 0.0], [4.0, 4.0], [3.0, 3.0]), 1, 2)
        [nan, 1.0]
    """
    line = ad(*columns)
    means = ema(line, min(fast, slow), "first"), ema(line, max(fast, slow), "first")
    distances = [a - b for a, b in zip(*means, strict=True)]
    return without(distances, max(fast, slow) - 1)


def cmf(high: Values, low: Values, close: Values, volume: Values, n: int) -> list[float]:
    """Money flow of the last n bars over their volume; NaN where nothing traded.

    Example:
        >>> cmf([4.0, 4.0], [0.0, 0.0], [4.0, 3.0], [1.0, 1.0], 2)
        [nan, 0.75]
    """
    return weighed(_places(high, low, close), volume, n)


def force_index(close: Values, volume: Values, n: int) -> list[float]:
    """Exponential mean of the change of the close times the volume.

    Example:
        >>> force_index([1.0, 3.0], [1.0, 5.0], 1)
        [nan, 10.0]
    """
    return ema([c * v for c, v in zip(momentum(close, 1), volume, strict=True)], n)


def _vwap(parameters: Sequence[float], columns: Columns) -> list[list[float]]:
    window = optional(parameters, 0)
    high, low, close, volume = columns.values
    if window is None:
        begins = beginnings(columns.days, whole(parameters, 1))
        return [weighed_since(typical(high, low, close), volume, begins)]
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
    "vwma": over_candles(weighed, "close volume"),
    "ad": Entry(
        ("high", "low", "close", "volume"), lambda _: 1, lambda _, columns: [ad(*columns.values)]
    ),
    "adosc": Entry(
        ("high", "low", "close", "volume"),
        lambda of: max(whole(of), whole(of, 1)),
        lambda of, columns: [adosc(columns.values, whole(of), whole(of, 1))],
    ),
    "cmf": over_candles(cmf, "high low close volume"),
    "force_index": over_candles(force_index, "close volume", more=1),
    "vwap": Entry(("high", "low", "close", "volume"), lambda of: int(optional(of, 0) or 1), _vwap),
}
"""What this family is known by."""

"""Bootstrap: counter-based draws, block lengths, and intervals over resamples."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from omega.reference.costs import key_bits, next_bits
from omega.reference.statistics.moments import Numbers, sharpe, total
from omega.reference.statistics.normal import cdf, ppf

Draws = NDArray[np.uint32]

_FULL = 9007199254740992.0


def _uniform(bits: int) -> float:
    return float(bits >> 11) / _FULL


def _place(bits: int, n: int) -> int:
    return min(int(_uniform(bits) * float(n)), n - 1)


def draws(n: int, block: float, replicates: int, seed: int) -> Draws:
    """Row numbers of all replicates, one after the other."""
    chance = 1.0 / block
    found = []
    for replicate in range(replicates):
        row = 0
        for position in range(n):
            bits = key_bits(seed, replicate, position)
            if position == 0 or _uniform(bits) < chance:
                row = _place(next_bits(bits), n)
            else:
                row = 0 if row + 1 == n else row + 1
            found.append(row)
    return np.array(found, dtype=np.uint32)


def every_draw(n: int) -> Draws:
    """All draws of `n` rows, the last position changing first."""
    return np.array(list(product(range(n), repeat=n)), dtype=np.uint32).ravel()


def orders(n: int, replicates: int, seed: int) -> Draws:
    """Random orders, one after the other (Fisher and Yates)."""
    found: list[int] = []
    for replicate in range(replicates):
        order = list(range(n))
        for last in range(n - 1, 0, -1):
            other = _place(key_bits(seed, replicate, last), last + 1)
            order[last], order[other] = order[other], order[last]
        found += order
    return np.array(found, dtype=np.uint32)


def every_order(n: int) -> Draws:
    """All orders of `n` trades, in lexicographic order."""
    return np.array(list(permutations(range(n))), dtype=np.uint32).ravel()


def block_lengths(returns: Numbers) -> tuple[float, float]:
    """Of the stationary and of the circular bootstrap; 1 for a series that never varies."""
    values = returns.tolist()
    n = float(len(values))
    mean = total(values) / n
    apart = [value - mean for value in values]
    most = max(float(math.ceil(min(3.0 * math.sqrt(n), n / 3.0))), 1.0)
    quiet = max(int(math.log10(n)), 5)
    last = min(math.ceil(math.sqrt(n)) + quiet, max(len(values) - 2, 0))
    if last == 0 or all(value == values[0] for value in values):
        return 1.0, 1.0
    covariances, correlations = _lags(apart, last)
    band = 2.0 * math.sqrt(math.log10(n) / n)
    first = _first_quiet(correlations, quiet, band)
    m = last if first is None else min(2 * max(first, 1), last)
    g, spread = 0.0, covariances[0]
    for lag in range(1, m + 1):
        part = float(lag) / float(m)
        weight = 1.0 if part <= 0.5 else 2.0 * (1.0 - part)  # noqa: PLR2004 - the flat top
        g += 2.0 * weight * float(lag) * covariances[lag]
        spread += 2.0 * weight * covariances[lag]
    squared = spread * spread

    def length(d: float) -> float:
        if d == 0.0:
            return most
        found = math.pow(2.0 * (g * g) / d, 1.0 / 3.0) * math.pow(n, 1.0 / 3.0)
        return min(max(found, 1.0), most) if math.isfinite(found) else most

    return length(2.0 * squared), length(4.0 / 3.0 * squared)


def _lags(apart: list[float], last: int) -> tuple[list[float], list[float]]:
    """Autocovariances over all rows, and autocorrelations over those that have a partner."""
    n = len(apart)
    covariances, correlations = [], []
    for lag in range(last + 1):
        cross = total(a * b for a, b in zip(apart[lag:], apart, strict=False))
        scale = total(a * a for a in apart[lag + 1 :]) * total(a * a for a in apart[: n - lag - 1])
        covariances.append(cross / float(n))
        correlations.append(abs(cross) / math.sqrt(scale) if scale > 0.0 else math.inf)
    return covariances, correlations


def _first_quiet(correlations: list[float], window: int, band: float) -> int | None:
    for end in range(window, len(correlations)):
        if all(c < band for c in correlations[end - window : end]):
            return end - window
    return None


def measured(returns: Numbers, name: str) -> float:
    """The statistic of returns."""
    if name == "mean":
        return total(returns.tolist()) / float(len(returns))
    return sharpe(returns) if name == "sharpe" else fall(returns.tolist(), None)[1]


def resampled(returns: Numbers, draws: Draws, name: str) -> Numbers:
    """The statistic over each resample."""
    each = draws.reshape(-1, len(returns))
    return np.array([measured(returns[draw], name) for draw in each])


def quantile(ascending: Numbers, part: float) -> float:
    """The value below which a part of ascending values lies, on the line between two of them."""
    place = part * float(len(ascending) - 1)
    if math.isnan(place):
        return math.nan
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    low, high = float(ascending[below]), float(ascending[above])
    return low + (high - low) * (place - float(below))


def interval(
    returns: Numbers, estimates: Numbers, name: str, method: str, confidence: float
) -> tuple[float, float] | None:
    """Both ends; None where they are undefined."""
    ascending = np.sort(estimates)
    tail = (1.0 - confidence) / 2.0
    own = measured(returns, name)
    low, high = quantile(ascending, tail), quantile(ascending, 1.0 - tail)
    if method == "basic":
        low, high = 2.0 * own - high, 2.0 * own - low
    elif method == "bca":
        below = float(np.count_nonzero(estimates < own)) / float(len(estimates))
        bias, skew = ppf(below), _acceleration(returns, name)
        if not math.isfinite(bias) or skew is None:
            return None

        def at(part: float) -> float:
            z = bias + ppf(part)
            return quantile(ascending, cdf(bias + z / (1.0 - skew * z)))

        low, high = at(tail), at(1.0 - tail)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def _acceleration(returns: Numbers, name: str) -> float | None:
    """A sixth of the skewness of the statistic without each value in turn."""
    without = [measured(np.delete(returns, place), name) for place in range(len(returns))]
    mean = total(without) / float(len(without))
    squares = total((mean - one) * (mean - one) for one in without)
    cubes = total((mean - one) * (mean - one) * (mean - one) for one in without)
    scale = 6.0 * (squares * math.sqrt(squares))
    return cubes / scale if scale > 0.0 else None


def fall(trades: list[float], initial: float | None) -> tuple[float, float, float]:
    """The end of a path, and its deepest fall as a part of the peak and in money."""
    account = peak = 1.0 if initial is None else initial
    drawdown = money = 0.0
    for trade in trades:
        if initial is None:
            grown = account * (1.0 + trade)
            account = max(0.0, grown)
        else:
            account += trade
        peak = max(peak, account)
        money = max(money, peak - account)
        drawdown = max(drawdown, (peak - account) / peak)
    return account, drawdown, money


def paths(trades: Numbers, orders: Draws, initial: float | None) -> list[Numbers]:
    """The ends of all paths, and their deepest falls as parts and in money."""
    each = orders.reshape(-1, len(trades))
    found = [fall(trades[order].tolist(), initial) for order in each]
    return [np.array(column) for column in zip(*found, strict=True)]

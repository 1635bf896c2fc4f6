"""Checks of user columns: whether they hold prices of later bars.

A column that holds prices of later bars throughout was shifted, or joined from a higher timeframe
by the label of its beginning; the first such bar is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import counted

_Floats = NDArray[np.float64]
_Places = NDArray[np.int64]

_SHARE = 0.95
"""A column that equals something on so many bars is that thing."""

_FEWEST = 8
"""Fewer bars or groups prove nothing."""

_SHIFTS = range(1, 6)
_PRICES = [f"{side}_{price}" for side in ("bid", "ask") for price in ("close", "open")]
_SPANS = {"high": np.maximum, "low": np.minimum}


@dataclass(frozen=True)
class FutureValues:
    """What a column is, and the first bar on which that was not known yet.

    Attributes:
        what: What it holds, in words.
        bar: The first bar on which it does.
        ahead: How many bars before it is known.
        value: What it holds.
    """

    what: str
    bar: int
    ahead: int
    value: float


def future_values(candles: pl.DataFrame, name: str) -> FutureValues | None:
    """Return what a column holds too early, or None where it holds nothing that is recognised.

    Example:
        >>> closes = [1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 6.0, 9.0, 8.0, 10.0]
        >>> frame = pl.DataFrame({"bid_close": closes, "tomorrow": [*closes[1:], None]})
        >>> future_values(frame, "tomorrow").what
        'the bid close 1 bar later'
    """
    column = candles.get_column(name)
    if not column.dtype.is_numeric():
        return None
    values = _floats(column)
    known = np.flatnonzero(np.isfinite(values))
    return _shifted(candles, values, known) or _spanned(candles, values, known)


def _shifted(candles: pl.DataFrame, values: _Floats, known: _Places) -> FutureValues | None:
    """Look for a price of a bar that comes so many bars later."""
    for name in _present(candles, _PRICES):
        prices = _floats(candles.get_column(name))
        for ahead in _SHIFTS:
            rows = known[known + ahead < len(prices)]
            hits = rows[values[rows] == prices[rows + ahead]]
            by_chance = np.mean(prices[rows] == prices[rows + ahead]) if len(rows) else 1.0
            if _is_most(hits, rows) and by_chance < 1 - _SHARE / 2:
                what = f"the {name.replace('_', ' ')} {counted(ahead, 'bar')} later"
                return FutureValues(what, int(hits[0]), ahead, float(values[hits[0]]))
    return None


def _spanned(candles: pl.DataFrame, values: _Floats, known: _Places) -> FutureValues | None:
    """Look for the close, high or low of the stretch of bars on which the column stays the same."""
    turns = known[1:][values[known[1:]] != values[known[:-1]]]
    if len(turns) <= _FEWEST:
        return None
    firsts, lasts = turns[:-1], turns[1:] - 1
    longer = lasts > firsts
    firsts, lasts = firsts[longer], lasts[longer]
    for name, ends in _of_spans(candles, firsts, lasts):
        now = _floats(candles.get_column(name))[firsts]
        hits = firsts[(values[firsts] == ends) & (ends != now)]
        if _is_most(firsts[values[firsts] == ends], firsts) and len(hits) > len(firsts) / 2:
            last = lasts[np.flatnonzero(firsts == hits[0])[0]]
            what = f"the {name.replace('_', ' ')} of a stretch of bars, from its first bar on"
            return FutureValues(what, int(hits[0]), int(last - hits[0]), float(values[hits[0]]))
    return None


def _of_spans(
    candles: pl.DataFrame, firsts: _Places, lasts: _Places
) -> Iterator[tuple[str, _Floats]]:
    """Yield close, high and low of stretches of bars."""
    if not len(firsts):
        return
    for side in ("bid", "ask"):
        for name in _present(candles, [f"{side}_close"]):
            yield name, _floats(candles.get_column(name))[lasts]
        for price, best in _SPANS.items():
            for name in _present(candles, [f"{side}_{price}"]):
                prices = _floats(candles.get_column(name))
                pairs = zip(firsts.tolist(), lasts.tolist(), strict=True)
                yield name, np.array([best.reduce(prices[a : b + 1]) for a, b in pairs])


def _is_most(hits: _Places, of: _Places) -> bool:
    return len(of) >= _FEWEST and len(hits) >= _SHARE * len(of)


def _present(candles: pl.DataFrame, names: list[str]) -> list[str]:
    return [name for name in names if name in candles.columns]


def _floats(column: pl.Series) -> _Floats:
    return column.cast(pl.Float64).to_numpy()

"""Kinds of averages, turns and strength within its range against TA-Lib, warm-up and all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import talib

from omega.indicators.catalog import KINDS
from tests.support.talib_columns import Floats, check, columns, real, seen, walk

DATA = pytest.mark.parametrize("data", [walk, real])
OF_TALIB: dict[str, Any] = dict(zip(KINDS, (0, 1, 2, 3, 4, 9, 13, 5, 6, 8, 12), strict=True))
"""The kinds by TA-Lib's numbers."""


@DATA
@pytest.mark.parametrize("kind", KINDS)
def test_a_macd_of_every_kind_of_average_is_that_of_talib(
    kind: str, data: Callable[[], pl.DataFrame]
) -> None:
    frame, number = data(), OF_TALIB[kind]
    found = seen(frame, lambda s: s.macd(5, 12, 4, kind))
    expected = talib.MACDEXT(columns(frame)["close"], 5, number, 12, number, 4, number)
    for values, wanted in zip(found, expected, strict=True):
        # TA-Lib's sums for triangular means of odd windows gather errors from bar to bar.
        size = columns(frame)["close"].max() * (1e3 if kind == "trima" else 1.0)
        check(values, wanted[: len(values)], size)


@DATA
@pytest.mark.parametrize("kind", KINDS)
def test_bands_of_every_kind_of_average_are_those_of_talib(
    kind: str, data: Callable[[], pl.DataFrame]
) -> None:
    frame = data()
    found = seen(frame, lambda s: s.bollinger(20, 2.0, kind))
    expected = talib.BBANDS(columns(frame)["close"], 20, 2.0, 2.0, OF_TALIB[kind])
    for values, wanted in zip(found, expected, strict=True):
        check(values, wanted[: len(values)])


@DATA
def test_bands_of_true_ranges_take_every_kind_of_average(
    data: Callable[[], pl.DataFrame],
) -> None:
    """The exponential mean's are TA-Lib's; the plain one shows where bands begin."""
    frame = data()
    bars = columns(frame)
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3
    found = seen(frame, lambda s: s.keltner(20, 1.5, 10, "sma"))
    middle, width = talib.SMA(typical, 20), np.full(len(typical), np.nan)
    ranges = talib.TRANGE(bars["high"], bars["low"], bars["close"])
    width[19] = ranges[10:20].mean()
    for k in range(20, len(width)):
        width[k] = width[k - 1] + (ranges[k] - width[k - 1]) / 10
    for values, wanted in zip(
        found, (middle + 1.5 * width, middle, middle - 1.5 * width), strict=True
    ):
        check(values, wanted[: len(values)])


@DATA
@pytest.mark.parametrize("sides", [(2, 2), (3, 1), (1, 4)])
def test_swings_are_known_where_talib_reports_them(
    sides: tuple[int, int], data: Callable[[], pl.DataFrame]
) -> None:
    frame = data()
    bars = columns(frame)
    highs, lows, new_high, new_low = seen(frame, lambda s: s.fractals(*sides))
    expected = talib.FRACTAL(bars["high"], bars["low"], *sides)
    for new, wanted in zip((new_high, new_low), expected, strict=True):
        first = sum(sides)
        assert (new[first:] != 0).tolist() == (wanted[first : len(new)] != 0).tolist()
    for level, new, prices in ((highs, new_high, bars["high"]), (lows, new_low, bars["low"])):
        places = np.flatnonzero(new == 1.0)
        assert level[places].tolist() == prices[places - sides[1]].tolist()
        assert level[places[-1] :].tolist() == [level[-1]] * (len(level) - places[-1])


@DATA
def test_strength_within_its_range_is_that_of_talib(data: Callable[[], pl.DataFrame]) -> None:
    """Of the strength of Omega itself: where that hardly moves, a range turns on last bits."""
    frame = data()
    strength, fast, slow = seen(frame, lambda s: (s.rsi(14), *s.stochastic_rsi(14, 5, 1, 3)))
    low, high = (of(strength, 5) for of in (talib.MIN, talib.MAX))
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted: Floats = 100 * (strength - low) / (high - low)
    same = np.isclose(fast, wanted, rtol=1e-9, atol=1e-9) | np.isnan(wanted)
    assert same.all()
    of_talib = talib.STOCHRSI(columns(frame)["close"], 14, 5, 3)
    both = ~np.isnan(fast) & ~np.isnan(of_talib[0][: len(fast)])
    assert np.abs(fast[both] - of_talib[0][: len(fast)][both]).max() < 1e-6
    both = ~np.isnan(slow) & ~np.isnan(of_talib[1][: len(slow)])
    assert np.abs(slow[both] - of_talib[1][: len(slow)][both]).max() < 1e-6

"""Ranges, channels and statistics against TA-Lib, on prices of a walk and of a day of trading."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
import talib
from talib._ta_lib import MA_Type

from tests.support.talib_columns import Ours, Theirs, check, columns, real, seen, three, walk

CASES: dict[str, tuple[Ours, Theirs]] = {
    "true range": (
        lambda s: s.true_range(),
        lambda b: talib.TRANGE(b["high"], b["low"], b["close"]),
    ),
    "atr": (lambda s: s.atr(14), three(talib.ATR, 14)),
    "bollinger": (
        lambda s: s.bollinger(20, 2.5),
        lambda b: talib.BBANDS(b["close"], 20, 2.5, 2.5),
    ),
    "natr": (lambda s: s.natr(14), three(talib.NATR, 14)),
    "bollinger around an exponential mean": (
        lambda s: s.bollinger(20, 2.0, "ema"),
        lambda b: talib.BBANDS(b["close"], 20, 2.0, 2.0, MA_Type.EMA),
    ),
    "line": (
        lambda s: s.linear_regression(14)[2:4] + s.linear_regression(14)[:1],
        lambda b: [
            of(b["close"], 14) for of in (talib.LINEARREG_INTERCEPT, talib.TSF, talib.LINEARREG)
        ],
    ),
    "heikin ashi": (
        lambda s: s.heikin_ashi(),
        lambda b: talib.HA(b["open"], b["high"], b["low"], b["close"]),
    ),
    "percent rank": (lambda s: s.percent_rank(50), lambda b: talib.PERCENTRANK(b["close"], 50)),
    "keltner": (
        lambda s: s.keltner(20, 1.5, 10),
        lambda b: talib.KC(b["high"], b["low"], b["close"], 20, 10, 1.5),
    ),
    "keltner of a long range": (
        lambda s: s.keltner(5, 1.5, 10),
        lambda b: talib.KC(b["high"], b["low"], b["close"], 5, 10, 1.5),
    ),
    "donchian": (lambda s: s.donchian(20), lambda b: talib.DONCHIAN(b["high"], b["low"], 20)),
    "supertrend": (
        lambda s: s.supertrend(10, 3.0).line,
        lambda b: talib.SUPERTREND(b["high"], b["low"], b["close"], 10, 3.0)[0],
    ),
    "parabolic sar": (
        lambda s: s.parabolic_sar(0.03, 0.25),
        lambda b: talib.SAR(b["high"], b["low"], 0.03, 0.25),
    ),
    "population std": (lambda s: s.rolling_std(20, 0), lambda b: talib.STDDEV(b["close"], 20, 1.0)),
    "min": (lambda s: s.rolling_min(30), lambda b: talib.MIN(b["close"], 30)),
    "max": (lambda s: s.rolling_max(30), lambda b: talib.MAX(b["close"], 30)),
    "median": (lambda s: s.rolling_median(15), lambda b: talib.PERCENTILE(b["close"], 15, 50.0)),
}


@pytest.mark.parametrize("data", [walk, real])
@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_talib(name: str, data: Callable[[], pl.DataFrame]) -> None:
    ours, theirs = CASES[name]
    frame = data()
    expected = theirs(columns(frame))
    several = expected if isinstance(expected, (tuple, list)) else [expected]
    found = seen(frame, ours)
    assert len(found) == len(several)
    for values, of_talib in zip(found, several, strict=True):
        check(values, of_talib[: len(values)])
        assert np.isnan(values).tolist() == np.isnan(of_talib[: len(values)]).tolist()


@pytest.mark.parametrize("data", [walk, real])
def test_correlation_is_that_of_talib_where_both_sides_vary(
    data: Callable[[], pl.DataFrame],
) -> None:
    """TA-Lib adds squares of prices in doubles and loses half of the digits; it gives 0 then."""
    frame = data()
    bars = columns(frame)
    found = seen(frame, lambda s: s.correlation(30, ("high", "low")))[0]
    expected = talib.CORREL(bars["high"], bars["low"], 30)[: len(found)]
    assert np.nanmax(np.abs(found - expected)) < 1e-6


@pytest.mark.parametrize("data", [walk, real])
def test_a_slope_is_that_of_talib_and_the_exact_one(data: Callable[[], pl.DataFrame]) -> None:
    """TA-Lib takes two numbers of the size of prices from each other; Omega rounds once."""
    frame = data()
    close = columns(frame)["close"]
    found = seen(frame, lambda s: s.slope(14))[0]
    expected = talib.LINEARREG_SLOPE(close, 14)[: len(found)]
    assert np.nanmax(np.abs(found - expected)) < 1e-13 * close.max()
    for index in range(13, len(found), 97):
        window = [Fraction(value) for value in close[index - 13 : index + 1].tolist()]
        rise = sum((2 * k - 13) * value for k, value in enumerate(window))
        exact = float(rise / Fraction(14 * (14 * 14 - 1), 6))
        assert found[index] == pytest.approx(exact, rel=1e-15, abs=0.0)


@pytest.mark.parametrize("data", [walk, real])
def test_the_direction_of_a_supertrend_is_that_of_talib(
    data: Callable[[], pl.DataFrame],
) -> None:
    frame = data()
    bars = columns(frame)
    found = seen(frame, lambda s: s.supertrend(10, 3.0).direction)[0]
    expected = talib.SUPERTREND(bars["high"], bars["low"], bars["close"], 10, 3.0)[1]
    assert found[10:].tolist() == expected[10 : len(found)].tolist()


@pytest.mark.parametrize("data", [walk, real])
def test_a_rank_is_the_percent_rank_of_talib(data: Callable[[], pl.DataFrame]) -> None:
    """Of the average true range of Omega itself: a rank turns on the last bit of equal ranges."""
    frame = data()
    ranges, found = seen(frame, lambda s: (s.atr(14), s.volatility_rank(101, 14)))
    expected = talib.PERCENTRANK(ranges, 100)
    assert np.allclose(found, expected, rtol=1e-9, atol=0.0, equal_nan=True)

"""Candlestick patterns against TA-Lib's functions, on real candles and on random ones with ties."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
import talib
from talib import abstract as functions

import omega
from omega.indicators.pattern_names import OF_TALIB
from tests.support import candles
from tests.support.talib_columns import Floats, columns, real, seen, walk

ABSTRACT: Any = functions
PRICES = ("open", "high", "low", "close")


CALM = [(50, 56, 49, 55), (55, 56, 49, 50)] * 6
RARE = [
    [(0, 21, -1, 20), (24, 25, 21, 22), (21, 22, 18, 19), (20, 21, 17, 18), (19, 31, 18, 30)],
    [(100, 100, 55, 80), (85, 86, 60, 78), (74, 74, 72, 72)],
    [(100, 100, 90, 90), (90, 90, 80, 80), (76, 83, 70, 70), (85, 85, 65, 65)],
]
"""Bars of patterns that random ones hardly make: open, high, low, close."""


@cache
def ticks() -> pl.DataFrame:
    """Candles of few ticks, whose bodies are often as long as their average; and calm stretches."""
    rng, count = np.random.default_rng(5), 20_000
    step = rng.choice([1, 1, 4], count // 20).repeat(20)
    trend = rng.choice([-2, -1, 0, 1, 2], count // 20).repeat(20)
    move = rng.integers(-3, 4, count) * step + trend
    gap = rng.choice([0, 0, 0, 1, -1, 3, -3, 6, -6], count)
    opens = np.cumsum(move + gap) - move + 40_000
    closes = opens + move
    above, below = (rng.choice([0, 0, 0, 1, 2, 5], count) for _ in range(2))
    highs, lows = np.maximum(opens, closes) + above, np.minimum(opens, closes) - below
    drawn = np.array([bar for rows in RARE for bar in CALM + rows])
    values = {
        name: np.concatenate([column, 40_000 + drawn[:, place]])
        for place, (name, column) in enumerate(
            zip(PRICES, (opens, highs, lows, closes), strict=True)
        )
    }
    frame = pl.DataFrame({name: np.round(each * 1e-5, 5) for name, each in values.items()})
    return frame.insert_column(0, candles.rising(frame.height)["time"])


def _columns(frame: pl.DataFrame) -> list[Floats]:
    if "open" in frame.columns:
        return [frame[name].to_numpy() for name in PRICES]
    bars = columns(frame)
    return [bars[name] for name in PRICES]


@pytest.mark.parametrize("data", [walk, real, ticks])
def test_every_pattern_is_that_of_talib_at_every_bar(data: Callable[[], pl.DataFrame]) -> None:
    frame = data()
    found = seen(frame, lambda s: tuple(s.pattern(name) for name in OF_TALIB))
    for values, (name, function) in zip(found, OF_TALIB.items(), strict=True):
        wanted = getattr(talib, function)(*_columns(frame))[: len(values)]
        first = ABSTRACT.Function(function).lookback
        assert np.isnan(values[:first]).all(), name
        assert values[first:].tolist() == wanted[first:].tolist(), name


def test_the_candles_show_every_pattern() -> None:
    """So that the comparison covers each."""
    bars = _columns(ticks())
    assert [name for name, of in OF_TALIB.items() if not getattr(talib, of)(*bars).any()] == []


@pytest.mark.parametrize("name", ["morning_star", "dark_cloud_cover", "mat_hold"])
def test_a_penetration_is_that_of_talib(name: str) -> None:
    frame = ticks()
    found = seen(frame, lambda s: s.pattern(name, penetration=0.1))[0]
    wanted = getattr(talib, OF_TALIB[name])(*_columns(frame), penetration=0.1)
    first = ABSTRACT.Function(OF_TALIB[name]).lookback
    assert found[first:].tolist() == wanted[first : len(found)].tolist()


def test_unknown_names_and_depths_that_nothing_has_are_refused(backend: str) -> None:
    def declared(*given: object) -> None:
        class Looking(omega.Strategy):
            def init(self) -> None:
                self.pattern(*given)  # type: ignore[arg-type]  # wrong on purpose

        omega.run_backtest(candles.rising(30), Looking, backend=backend)

    with pytest.raises(omega.errors.ConfigError, match="pattern name: given 'hamer'"):
        declared("hamer")
    with pytest.raises(omega.errors.ConfigError, match=r"penetration: given 0\.3 for 'hammer'"):
        declared("hammer", 0.3)


def test_a_pattern_is_a_condition(backend: str) -> None:
    """Long after a bar whose body holds the one before, by numbers written out."""
    data = candles.rising(40).with_columns(
        open=pl.Series([10.0, 11.0] * 20),
        close=pl.Series([11.0, 10.0] * 20),
        high=pl.lit(12.0),
        low=pl.lit(9.0),
    )
    longer = pl.when(pl.int_range(pl.len()) == 20).then(9.5).otherwise(pl.col("open"))
    above = pl.when(pl.int_range(pl.len()) == 20).then(11.5).otherwise(pl.col("close"))
    data = data.with_columns(open=longer, close=above)
    signals = omega.Signals(
        long_entry=lambda s: s.pattern("engulfing") == 100, long_exit=lambda s: s.sma(1) < 0
    )
    result = omega.run_backtest(data, signals, backend=backend)
    assert result.trades["entry_time"].to_list() == [data["time"][21]]

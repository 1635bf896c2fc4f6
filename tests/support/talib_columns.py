"""Candles and values of indicators as TA-Lib takes and gives them, and how the two compare."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

import omega
from tests.support import candles
from tests.support.real_data import FOLDER

Floats = npt.NDArray[np.float64]
Bars = dict[str, Floats]
REAL = FOLDER / "fxcm_m1_bid_ask"


@cache
def walk() -> pl.DataFrame:
    """Bid candles of a walk, with volumes of some digits."""
    volume = np.random.default_rng(7).lognormal(3.0, 1.0, 6_000).round(2)
    return candles.walk(6_000, seed=3).with_columns(volume=volume)


@cache
def real() -> pl.DataFrame:
    """A stretch of real minutes; they have no volume, and get one."""
    if not REAL.is_dir():
        pytest.skip(f"no real candles at {REAL}; set OMEGA_DATA")
    frame = pl.read_csv(REAL / "gbpusd-m1-bid-2012.csv", n_rows=20_000)
    moment = pl.col("timestamp").str.to_datetime(time_zone="UTC").alias("time")
    prices = [pl.col(name).alias(f"bid_{name}") for name in ("open", "high", "low", "close")]
    asks = [pl.col(name).alias(f"ask_{name}") for name in ("open", "high", "low", "close")]
    volume = np.random.default_rng(8).integers(1, 900, frame.height).astype(float)
    return frame.select(moment, *prices, *asks).with_columns(volume=volume)


def columns(frame: pl.DataFrame) -> Bars:
    prices = {name: f"bid_{name}" for name in ("open", "high", "low", "close")}
    names = {**prices, "volume": "volume"}
    return {name: frame[column].to_numpy() for name, column in names.items()}


def seen(frame: pl.DataFrame, declare: Callable[[Any], Any]) -> list[Floats]:
    """All values of all outputs of an indicator, but the last bar's."""
    found: list[Floats] = []

    class Looking(omega.Strategy):
        def init(self) -> None:
            declared = declare(self)
            self.views = declared if isinstance(declared, tuple) else (declared,)

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == frame.height - 2:
                found.extend(view.window(bar.index + 1) for view in self.views)

    omega.run_backtest(frame, Looking, backend="rust", validate="off")
    return found


Theirs = Callable[[Bars], Any]
Ours = Callable[[Any], Any]


def three(of: Callable[..., Any], window: int) -> Theirs:
    """Call a function of high, low and close."""
    return lambda b: of(b["high"], b["low"], b["close"], window)


def four(of: Callable[..., Any], *windows: int) -> Theirs:
    """Call a function of high, low, close and volume."""
    return lambda b: of(b["high"], b["low"], b["close"], b["volume"], *windows)


def check(values: Floats, of_talib: Floats, size: float = 0.0) -> None:
    """Where both have a number it is one; Omega has none only in warm-up and where 0 is a guess.

    What is a difference of numbers of some size is as near as these are.
    """
    both = ~np.isnan(values) & ~np.isnan(of_talib)
    assert both.sum() > 0.97 * (~np.isnan(of_talib)).sum()
    scale = np.abs(of_talib[both]).max()  # what lies close to 0 is a difference of such numbers
    atol = max(1e-11 * scale, 1e-13 * size)
    assert np.allclose(values[both], of_talib[both], rtol=1e-9, atol=atol)
    first = np.flatnonzero(~np.isnan(of_talib))[0]
    assert not np.isnan(values[first])

"""Indicators against TA-Lib, which has most of them, on prices of a walk and of a day of trading.

TA-Lib reports 0 where a ratio is undefined and fills outputs of one function from one bar on; Omega
says NaN and gives each output from its own first bar. Where both have a number, it is the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import talib

import omega
from tests import candles

Floats = npt.NDArray[np.float64]
Bars = dict[str, Floats]
REAL = Path(os.environ.get("OMEGA_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL /= "fxcm_m1_bid_ask"


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
    names = {"high": "bid_high", "low": "bid_low", "close": "bid_close", "volume": "volume"}
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


CASES: dict[str, tuple[Ours, Theirs]] = {
    "sma": (lambda s: s.sma(20), lambda b: talib.SMA(b["close"], 20)),
    "long sma": (lambda s: s.sma(777), lambda b: talib.SMA(b["close"], 777)),
    "ema": (lambda s: s.ema(21), lambda b: talib.EMA(b["close"], 21)),
    "wma": (lambda s: s.wma(30), lambda b: talib.WMA(b["close"], 30)),
    "dema": (lambda s: s.dema(15), lambda b: talib.DEMA(b["close"], 15)),
    "tema": (lambda s: s.tema(15), lambda b: talib.TEMA(b["close"], 15)),
    "hma": (lambda s: s.hma(20), lambda b: talib.HMA(b["close"], 20)),
    "rma": (lambda s: s.rma(14), lambda b: talib.RMA(b["close"], 14)),
    "momentum": (lambda s: s.momentum(10), lambda b: talib.MOM(b["close"], 10)),
    "roc": (lambda s: s.roc(10), lambda b: talib.ROC(b["close"], 10)),
    "rsi": (lambda s: s.rsi(14), lambda b: talib.RSI(b["close"], 14)),
    "macd": (lambda s: s.macd(12, 26, 9), lambda b: talib.MACD(b["close"], 12, 26, 9)),
    "stochastic": (
        lambda s: s.stochastic(14, 3, 5),
        lambda b: talib.STOCH(b["high"], b["low"], b["close"], 14, 3, slowd_period=5),
    ),
    "williams_r": (lambda s: s.williams_r(14), three(talib.WILLR, 14)),
    "cci": (lambda s: s.cci(20), three(talib.CCI, 20)),
    "dmi": (
        lambda s: s.dmi(14),
        lambda b: [three(of, 14)(b) for of in (talib.PLUS_DI, talib.MINUS_DI, talib.DX, talib.ADX)],
    ),
    "adx": (lambda s: s.adx(9), three(talib.ADX, 9)),
    "aroon": (
        lambda s: s.aroon(25),
        lambda b: [
            *talib.AROON(b["high"], b["low"], 25),
            talib.AROONOSC(b["high"], b["low"], 25),
        ],
    ),
    "obv": (lambda s: s.obv(), lambda b: talib.OBV(b["close"], b["volume"])),
    "mfi": (
        lambda s: s.mfi(14),
        lambda b: talib.MFI(b["high"], b["low"], b["close"], b["volume"], 14),
    ),
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


def check(values: Floats, of_talib: Floats) -> None:
    """Where both have a number it is one; Omega has none only in warm-up and where 0 is a guess."""
    both = ~np.isnan(values) & ~np.isnan(of_talib)
    assert both.sum() > 0.97 * (~np.isnan(of_talib)).sum()
    scale = np.abs(of_talib[both]).max()  # what lies close to 0 is a difference of such numbers
    assert np.allclose(values[both], of_talib[both], rtol=1e-9, atol=1e-11 * scale)
    first = np.flatnonzero(~np.isnan(of_talib))[0]
    assert not np.isnan(values[first])

"""Indicators against TA-Lib, which has most of them, on prices of a walk and of a day of trading.

TA-Lib reports 0 where a ratio is undefined and fills outputs of one function from one bar on; Omega
gives NaN, and each output from its own first bar. Where both have a number, it is the same.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
import talib
from talib._ta_lib import MA_Type

from tests.support.talib_columns import Ours, Theirs, check, columns, four, real, seen, three, walk

EMA = MA_Type.EMA

CASES: dict[str, tuple[Ours, Theirs]] = {
    "trima": (lambda s: s.trima(20), lambda b: talib.TRIMA(b["close"], 20)),
    "trima of odd windows": (lambda s: s.trima(21), lambda b: talib.TRIMA(b["close"], 21)),
    "kama": (lambda s: s.kama(10), lambda b: talib.KAMA(b["close"], 10)),
    "t3": (lambda s: s.t3(5, 0.8), lambda b: talib.T3(b["close"], 5, 0.8)),
    "zlema": (lambda s: s.zlema(20), lambda b: talib.ZLEMA(b["close"], 20)),
    "vwma": (lambda s: s.vwma(20), lambda b: talib.VWMA(b["close"], b["volume"], 20)),
    "apo": (lambda s: s.apo(5, 12), lambda b: talib.APO(b["close"], 5, 12, EMA)),
    "apo of plain means": (
        lambda s: s.apo(5, 12, "sma"),
        lambda b: talib.APO(b["close"], 5, 12, MA_Type.SMA),
    ),
    "ppo": (lambda s: s.ppo(5, 12), lambda b: talib.PPO(b["close"], 5, 12, EMA)),
    "ppo of kama": (
        lambda s: s.ppo(5, 12, "kama"),
        lambda b: talib.PPO(b["close"], 5, 12, MA_Type.KAMA),
    ),
    "trix": (lambda s: s.trix(9), lambda b: talib.TRIX(b["close"], 9)),
    "tsi": (lambda s: s.tsi(25, 13), lambda b: talib.TSI(b["close"], 25, 13)),
    "ao": (lambda s: s.ao(), lambda b: talib.AO(b["high"], b["low"], 5, 34)),
    "dpo": (lambda s: s.dpo(21), lambda b: talib.DPO(b["close"], 21)),
    "cmo": (lambda s: s.cmo(14), lambda b: talib.CMOU(b["close"], 14)),
    "cmo of averages": (lambda s: s.cmo(14, "wilder"), lambda b: talib.CMO(b["close"], 14)),
    "ultimate oscillator": (
        lambda s: s.ultimate_oscillator(7, 14, 28),
        lambda b: talib.ULTOSC(b["high"], b["low"], b["close"], 7, 14, 28),
    ),
    "adxr": (lambda s: s.adxr(14), three(talib.ADXR, 14)),
    "vortex": (lambda s: s.vortex(14), three(talib.VORTEX, 14)),
    "ad": (lambda s: s.ad(), four(talib.AD)),
    "adosc": (lambda s: s.adosc(3, 10), four(talib.ADOSC, 3, 10)),
    "cmf": (lambda s: s.cmf(20), four(talib.CMF, 20)),
    "force index": (lambda s: s.force_index(13), lambda b: talib.EFI(b["close"], b["volume"], 13)),
    "stochastic of exponential means": (
        lambda s: s.stochastic(14, 3, 5, "ema"),
        lambda b: talib.STOCH(
            b["high"],
            b["low"],
            b["close"],
            14,
            3,
            slowk_matype=EMA,
            slowd_period=5,
            slowd_matype=EMA,
        ),
    ),
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
    bars = columns(frame)
    expected = theirs(bars)
    several = expected if isinstance(expected, (tuple, list)) else [expected]
    found = seen(frame, ours)
    assert len(found) == len(several)
    for values, of_talib in zip(found, several, strict=True):
        check(values, of_talib[: len(values)], bars["close"].max())

"""How long every indicator takes over two million bars, beside TA-Lib where it has the same.

Each is requested as by a strategy, of a run that has not computed it before; both sides run on
one thread and read the same arrays. tests/indicators/test_talib.py shows that the numbers agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import talib
from talib._ta_lib import MA_Type

from benchmarks.engine.figures import Figure, best, timed
from data.generate import random_walk
from omega._core import Run
from omega.data.store import CandleStore
from omega.indicators.catalog import CATALOG, REQUIRED, Reads, resolve
from omega.indicators.pattern_names import OF_TALIB

SEED = 20_240_102
BARS = 2_000_000
REPEATS = 3

Bars = dict[str, Any]
Call = Callable[[Bars], Any]


def of_close(of: Callable[..., Any], *parameters: object) -> Call:
    """Call a function of closes."""
    return lambda b: of(b["close"], *parameters)


def of_bars(of: Callable[..., Any], *parameters: object) -> Call:
    """Call a function of highs, lows and closes."""
    return lambda b: of(b["high"], b["low"], b["close"], *parameters)


def of_volume(of: Callable[..., Any], *parameters: object) -> Call:
    """Call a function of highs, lows, closes and volumes."""
    return lambda b: of(b["high"], b["low"], b["close"], b["volume"], *parameters)


def of_pattern(function: str) -> Call:
    """Call a function of candles."""
    of = getattr(talib, function)
    return lambda b: of(b["open"], b["high"], b["low"], b["close"])


LINES = (
    talib.LINEARREG,
    talib.LINEARREG_SLOPE,
    talib.LINEARREG_INTERCEPT,
    talib.TSF,
    talib.LINEARREG_ANGLE,
)
"""TA-Lib's functions of the line through a window, which Omega gives as one group."""

CALLS: dict[str, tuple[tuple[object, ...], Call]] = {
    "sma": ((20,), of_close(talib.SMA, 20)),
    "ema": ((20,), of_close(talib.EMA, 20)),
    "wma": ((20,), of_close(talib.WMA, 20)),
    "dema": ((20,), of_close(talib.DEMA, 20)),
    "tema": ((20,), of_close(talib.TEMA, 20)),
    "hma": ((20,), of_close(talib.HMA, 20)),
    "rma": ((14,), of_close(talib.RMA, 14)),
    "momentum": ((10,), of_close(talib.MOM, 10)),
    "roc": ((10,), of_close(talib.ROC, 10)),
    "rsi": ((14,), of_close(talib.RSI, 14)),
    "macd": ((12, 26, 9), of_close(talib.MACD, 12, 26, 9)),
    "stochastic": (
        (14, 3, 3),
        of_bars(talib.STOCH, 14, 3),
    ),
    "williams_r": ((14,), of_bars(talib.WILLR, 14)),
    "cci": ((20,), of_bars(talib.CCI, 20)),
    "dmi": (
        (14,),
        lambda b: [
            of_bars(of, 14)(b) for of in (talib.PLUS_DI, talib.MINUS_DI, talib.DX, talib.ADX)
        ],
    ),
    "adx": ((14,), of_bars(talib.ADX, 14)),
    "aroon": (
        (14,),
        lambda b: [
            *talib.AROON(b["high"], b["low"], 14),
            talib.AROONOSC(b["high"], b["low"], 14),
        ],
    ),
    "obv": ((), lambda b: talib.OBV(b["close"], b["volume"])),
    "mfi": ((14,), lambda b: talib.MFI(b["high"], b["low"], b["close"], b["volume"], 14)),
    "atr": ((14,), of_bars(talib.ATR, 14)),
    "true_range": ((), of_bars(talib.TRANGE)),
    "bollinger": ((20, 2.0), of_close(talib.BBANDS, 20, 2.0, 2.0)),
    "keltner": ((20, 2.0, 10), of_bars(talib.KC, 20, 10, 2.0)),
    "donchian": ((20,), lambda b: talib.DONCHIAN(b["high"], b["low"], 20)),
    "supertrend": ((10, 3.0), of_bars(talib.SUPERTREND, 10, 3.0)),
    "parabolic_sar": ((0.02, 0.2), lambda b: talib.SAR(b["high"], b["low"], 0.02, 0.2)),
    "rolling_std": ((20,), of_close(talib.STDDEV, 20, 1.0)),
    "rolling_min": ((20,), of_close(talib.MIN, 20)),
    "rolling_max": ((20,), of_close(talib.MAX, 20)),
    "slope": ((20,), of_close(talib.LINEARREG_SLOPE, 20)),
    "trima": ((20,), of_close(talib.TRIMA, 20)),
    "kama": ((10,), of_close(talib.KAMA, 10)),
    "t3": ((5, 0.7), of_close(talib.T3, 5, 0.7)),
    "zlema": ((20,), of_close(talib.ZLEMA, 20)),
    "vwma": ((20,), lambda b: talib.VWMA(b["close"], b["volume"], 20)),
    "typical_price": ((), of_bars(talib.TYPPRICE)),
    "ad": ((), of_volume(talib.AD)),
    "adosc": ((3, 10), of_volume(talib.ADOSC, 3, 10)),
    "cmf": ((20,), of_volume(talib.CMF, 20)),
    "force_index": ((13,), lambda b: talib.EFI(b["close"], b["volume"], 13)),
    "adxr": ((14,), of_bars(talib.ADXR, 14)),
    "vortex": ((14,), of_bars(talib.VORTEX, 14)),
    "cmo": ((14,), of_close(talib.CMOU, 14)),
    "stochastic_rsi": ((14, 5, 1, 3), of_close(talib.STOCHRSI, 14, 5, 3)),
    "apo": ((12, 26), of_close(talib.APO, 12, 26, MA_Type.EMA)),
    "ppo": ((12, 26), of_close(talib.PPO, 12, 26, MA_Type.EMA)),
    "trix": ((15,), of_close(talib.TRIX, 15)),
    "tsi": ((25, 13), of_close(talib.TSI, 25, 13)),
    "ao": ((5, 34), lambda b: talib.AO(b["high"], b["low"], 5, 34)),
    "dpo": ((20,), of_close(talib.DPO, 20)),
    "ultimate_oscillator": ((7, 14, 28), of_bars(talib.ULTOSC, 7, 14, 28)),
    "natr": ((14,), of_bars(talib.NATR, 14)),
    "percent_rank": ((100,), of_close(talib.PERCENTRANK, 100)),
    "linear_regression": (
        (14,),
        lambda b: [of_close(of, 14)(b) for of in LINES],
    ),
    "heikin_ashi": ((), lambda b: talib.HA(b["open"], b["high"], b["low"], b["close"])),
    "fractals": ((2, 2), lambda b: talib.FRACTAL(b["high"], b["low"], 2, 2)),
    "correlation": ((20,), lambda b: talib.CORREL(b["close"], b["open"], 20)),
}
"""Parameters, and TA-Lib's function of the same."""

PATTERNS = {(name,): of_pattern(function) for name, function in OF_TALIB.items()}
"""The parameters of each candlestick pattern, and TA-Lib's function."""

OTHERS: dict[str, tuple[object, ...]] = {"rolling_quantile": (20, 0.25)}
"""Parameters of what TA-Lib does not have, where 20 is none."""


def ask(store: CandleStore, name: str, parameters: tuple[object, ...]) -> list[Any]:
    """Compute an indicator in a run of its own."""
    call = resolve(name, parameters, {})
    sources = {
        Reads.SOURCE: "close",
        Reads.PAIR: ("close", "open"),
        Reads.THREE: ("close", "volume", "volume"),
        Reads.CANDLES: "bid",
    }
    source: Any = sources[call.definition.reads]
    run = Run([store.native], 10_000.0)
    return run.indicator(name, call.parameters, source, labels=call.labels)


def parameters_of(name: str) -> tuple[object, ...]:
    """Give the parameters that are compared, else the defaults, and 20 where there is none."""
    if name in CALLS:
        return CALLS[name][0]
    if name in OTHERS:
        return OTHERS[name]
    rows = CATALOG[name].parameters
    return tuple(20 if row.default is REQUIRED else row.default for row in rows)


def figures(bars: int = BARS) -> Iterator[Figure]:
    """Measure each indicator, and the sum of those that TA-Lib has."""
    frame = random_walk.candles(bars, seed=SEED)
    store = CandleStore(frame)
    columns = {name.removeprefix("bid_"): frame[name].to_numpy() for name in frame.columns[1:]}
    ours = theirs = alone = 0.0
    named = [name for name in CATALOG if name != "pattern"]
    rows = [(name, parameters_of(name), CALLS.get(name, ((), None))[1]) for name in named]
    rows += [("pattern", parameters, call) for parameters, call in PATTERNS.items()]
    for name, parameters, call in rows:
        turns = [lambda: timed(lambda: ask(store, name, parameters))]  # noqa: B023 - called at once
        if call is not None:
            turns.append(lambda: timed(lambda: call(columns)))  # noqa: B023 - called at once
        seconds = best(*turns, repeats=REPEATS)
        detail = f"{seconds[0] * 1e9 / bars:7.1f} ns a bar"
        if call is None:
            alone += seconds[0]
        else:
            ours, theirs = ours + seconds[0], theirs + seconds[1]
            detail += f", TA-Lib {seconds[1] * 1e9 / bars:7.1f} ns"
        yield Figure(f"{name}{parameters}", seconds[0] * 1e3, "ms", float("inf"), detail=detail)
    yield Figure(
        f"all that TA-Lib has, {bars:,} bars, / TA-Lib",
        ours / theirs,
        "x",
        1.0,
        detail=f"({ours * 1e3:.0f} ms, TA-Lib {theirs * 1e3:.0f} ms; others {alone * 1e3:.0f} ms)",
    )

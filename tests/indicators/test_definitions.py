"""Indicators against their definitions, written out with NumPy and Polars."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.indicators.catalog import resolve
from tests.support import candles

Floats = npt.NDArray[np.float64]
BARS = 400
DATA = candles.walk(BARS, chunks=3)


def values(
    backend: str,
    declare: Callable[[omega.Strategy], omega.Indicator],
    data: pl.DataFrame = DATA,
) -> Floats:
    """Give all values that a strategy sees of an indicator, one run over all bars but the last."""

    class Looking(omega.Strategy):
        def init(self) -> None:
            self.indicator_seen = declare(self)
            self.seen: Floats = np.empty(0)

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == data.height - 2:
                self.seen = self.indicator_seen.window(bar.index + 1)

    ran = omega.run_backtest(data, Looking, backend=backend).strategy
    assert isinstance(ran, Looking)
    return ran.seen


def assert_close(found: Floats, expected: pl.Series | Floats) -> None:
    wanted = np.asarray(expected, dtype=float)[: len(found)]
    assert np.isnan(found).tolist() == np.isnan(wanted).tolist()
    assert np.allclose(found, wanted, rtol=1e-9, atol=1e-12, equal_nan=True)


def test_sma(backend: str) -> None:
    for window in (1, 2, 20, 399):
        expected = DATA["bid_close"].rolling_mean(window)
        assert_close(values(backend, partial(omega.Strategy.sma, window=window)), expected)


def test_rolling_std(backend: str) -> None:
    for window in (2, 14, 100):
        expected = DATA["bid_close"].rolling_std(window, ddof=1)
        found = values(backend, partial(omega.Strategy.rolling_std, window=window))
        assert_close(found, expected)


def test_zscore(backend: str) -> None:
    close = DATA["bid_close"]
    expected = (close - close.rolling_mean(30)) / close.rolling_std(30, ddof=1)
    found = values(backend, lambda s: s.zscore(30))
    assert np.isnan(found[:29]).all()
    assert np.allclose(found[29:], expected[29 : BARS - 1], rtol=1e-6)


def test_ema(backend: str) -> None:
    window, close = 12, DATA["bid_close"].to_numpy()
    expected = np.full(BARS, np.nan)
    expected[window - 1] = close[:window].mean()
    for k in range(window, BARS):
        expected[k] = expected[k - 1] + 2 / (window + 1) * (close[k] - expected[k - 1])
    assert_close(values(backend, lambda s: s.ema(window)), expected)


def test_atr(backend: str) -> None:
    window = 14
    high, low, close = (DATA[f"bid_{name}"].to_numpy() for name in ("high", "low", "close"))
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    expected = np.full(BARS, np.nan)
    expected[window] = ranges[:window].mean()
    for k in range(window + 1, BARS):
        expected[k] = expected[k - 1] + (ranges[k - 1] - expected[k - 1]) / window
    assert_close(values(backend, lambda s: s.atr(window)), expected)


def test_other_columns_can_be_sources(backend: str) -> None:
    for source in ("open", "bid_low", "ask_high", "volume"):
        column = source if source in DATA.columns else f"bid_{source}"
        found = values(backend, partial(omega.Strategy.sma, window=5, source=source))
        assert_close(found, DATA[column].rolling_mean(5))


def test_an_indicator_can_be_the_source_of_another(backend: str) -> None:
    found = values(backend, lambda s: s.sma(4, source=s.rolling_std(6)))
    assert_close(found, DATA["bid_close"].rolling_std(6).rolling_mean(4))


def test_any_polars_expression_is_a_column(backend: str) -> None:
    expression = pl.col("close").ewm_mean(span=9) - pl.col("ask_low").rolling_min(3)
    expected = DATA.select(
        pl.col("bid_close").ewm_mean(span=9) - pl.col("ask_low").rolling_min(3)
    ).to_series()
    assert_close(values(backend, lambda s: s.column(expression)), expected.fill_null(np.nan))


def test_equal_values_have_no_deviation_and_no_score(backend: str) -> None:
    """Sums that forget what leaves them: nothing of a large value stays behind (D2)."""
    closes = [1e9, 3.3] + [0.1] * 60
    prices = dict.fromkeys(("open", "high", "low", "close"), closes)
    data = pl.DataFrame({"time": candles.rising(62)["time"]} | prices)
    std = values(backend, lambda s: s.rolling_std(20), data)
    assert (std[21:] == 0.0).all()
    assert np.isnan(values(backend, lambda s: s.zscore(20), data)[21:]).all()
    mean = values(backend, lambda s: s.sma(20), data)
    assert (mean[21:] == 0.1).all()


def test_a_window_means_the_same_wherever_it_stands(backend: str) -> None:
    """The value depends on the window alone, not on what came before it (L5)."""
    later = DATA[100:].rechunk()
    for declare in (
        lambda s: s.sma(15),
        lambda s: s.rolling_std(15),
        lambda s: s.zscore(15),
    ):
        whole, part = values(backend, declare), values(backend, declare, later)
        assert whole[114:].tolist() == part[14:].tolist()


def test_a_function_over_a_column_is_computed_once(backend: str) -> None:
    calls = []

    def peak(values: Floats) -> Floats:
        calls.append(len(values))
        highest: Floats = np.maximum.accumulate(values)
        return highest

    class Peaks(omega.Strategy):
        def init(self) -> None:
            self.one = self.column(peak, "peak", source="high")
            self.other = self.column(peak, "peak", source="high")
            self.mean = self.column(pl.col("close").rolling_mean(3))
            self.same = self.column(pl.col("close").rolling_mean(3))

        def on_bar(self, bar: omega.Bar) -> None:
            assert self.one[-1] == max(bar.high_window(bar.index + 1))

    strategy = omega.run_backtest(candles.rising(20), Peaks, backend=backend).strategy
    assert isinstance(strategy, Peaks)
    assert calls == [20]
    assert strategy.one is strategy.other
    assert strategy.mean is strategy.same


def test_a_call_is_checked_once_and_stands_for_no_other() -> None:
    assert resolve("sma", [20], {}) is resolve("sma", [20], {})
    assert resolve("sma", [], {"window": 20}) == resolve("sma", [20], {})
    resolve("sma", [1], {})
    for given in (1.0, True):
        with pytest.raises(ConfigError, match=f"given {given}, expected a whole number"):
            resolve("sma", [given], {})

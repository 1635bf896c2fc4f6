"""Indicators, conditions and volume of the chart: those of the run, never early."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import omega
from omega.report import _declared
from omega.report._candles import moments
from tests.support import report_runs as runs
from tests.support.backends import BACKENDS

CANDLES = pl.read_parquet(runs.SAMPLE)


class Drawn(omega.Strategy):
    def init(self) -> None:
        self.mean = self.sma(10)
        self.higher = self.sma(2, timeframe="M15")
        self.bands = self.bollinger(20)
        self.strength = self.rsi(14)
        self.trend = self.supertrend(5)
        self.seen: list[int] = []

    @omega.when(lambda self: (self.strength < 40) & ~omega.crossover(self.mean, "close"))
    def on_bar(self, bar: omega.Bar) -> None:
        self.seen.append(bar.index)


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_that_a_strategy_declared_is_on_the_chart(backend: str) -> None:
    result = omega.run_backtest(CANDLES, Drawn(), timeframes=("M15",), backend=backend)
    assert result.candles is not None
    found = {
        one.name: one for one in _declared.groups_of(result, result.candles, result.symbols[0])
    }
    kinds = {name: one.kind for name, one in found.items()}
    assert kinds == {
        "Volume": "volume", "sma(10)": "over", "sma(2) M15": "over",
        "bands: bollinger(20, 2.0, sma)": "over", "rsi(14)": "pane", "on_bar: condition": "marks",
        "trend: supertrend(5, 3.0)": "over", "trend: supertrend(5, 3.0) direction": "pane",
    }  # fmt: skip
    strategy = result.strategy
    assert isinstance(strategy, Drawn)
    mean = found["sma(10)"].lines[0][1]
    assert mean[-5:].tolist() == strategy.mean.window(5).tolist()
    assert found["Volume"].lines[0][1].tolist() == CANDLES["volume"].to_list()
    assert len(found["bands: bollinger(20, 2.0, sma)"].lines) == 3
    # The strategy was called where the condition holds, once it could decide, but not at the end.
    holds = np.flatnonzero(found["on_bar: condition"].lines[0][1] == 1.0)
    seen = [row for row in holds if strategy.seen[0] <= row < CANDLES.height - 1]
    assert seen == strategy.seen


def test_packed_lines_are_the_last_value_of_each_stretch() -> None:
    values = np.round(np.cumsum(np.random.default_rng(2).normal(0, 0.01, 5_000)) + 5, 3)
    values[:30] = np.nan
    group = _declared.Group("x", (("x", values),), "over")
    about, blocks = _declared.pack_groups([group], None)
    assert about[0]["lines"][0] == {
        "factor": 1, "rows": 5_000, "decimals": 3, "name": "x", "block": 0
    }  # fmt: skip
    about, smaller = _declared.pack_groups([group], 2_000)
    assert about[0]["lines"][0]["factor"] > 1
    assert len(smaller[0]) <= 2_000 < len(blocks[0])
    joined = _declared.joined(np.arange(10.0), "over", 4)
    assert joined.tolist() == [3.0, 7.0, 9.0]
    assert _declared.joined(np.arange(10.0), "volume", 4).tolist() == [6.0, 22.0, 17.0]


def test_only_lines_of_a_symbol_are_on_its_chart() -> None:
    class Two(omega.Strategy):
        def init(self) -> None:
            self.of_a, self.of_b = self.sma(5, symbol="A"), self.ema(5, symbol="B")

        def on_bar(self, bar: omega.Bar) -> None:
            pass

    result = omega.run_backtest({"A": CANDLES, "B": CANDLES[100:]}, Two())
    assert result.candles is not None
    names = {
        symbol: [
            one.name
            for one in _declared.groups_of(result, result.candles.symbol(symbol), symbol)
            if one.kind != "volume"
        ]
        for symbol in ("A", "B")
    }
    assert names == {"A": ["sma(5)"], "B": ["ema(5, sma)"]}


def test_bars_of_a_higher_timeframe_are_drawn_once_they_are_complete() -> None:
    class Higher(omega.Strategy):
        def init(self) -> None:
            self.higher = self.column(pl.col("close"), "last", timeframe="H1")

        def on_bar(self, bar: omega.Bar) -> None:
            pass

    result = omega.run_backtest(CANDLES, Higher(), timeframes=("H1",))
    assert result.candles is not None
    groups = _declared.groups_of(result, result.candles, result.symbols[0])
    drawn = groups[-1].lines[0][1]
    times = moments(CANDLES["time"])
    close = CANDLES["bid_close"].to_numpy()
    minute = (times // 60_000_000_000) % 60
    assert not np.isfinite(drawn[:60]).any()
    begins = np.flatnonzero(minute == 0)[1:]
    assert drawn[begins].tolist() == close[begins - 1].tolist()


def test_a_value_of_a_higher_timeframe_is_drawn_at_most_a_bar_after_it_was_seen() -> None:
    class Watching(omega.Strategy):
        def init(self) -> None:
            self.higher = self.sma(2, timeframe="M15")
            self.seen: list[float] = []

        def on_bar(self, bar: omega.Bar) -> None:
            self.seen.append(self.higher[-1])

    result = omega.run_backtest(CANDLES, Watching(), timeframes=("M15",))
    assert result.candles is not None
    drawn = _declared.groups_of(result, result.candles, result.symbols[0])[-1].lines[0][1]
    assert isinstance(result.strategy, Watching)
    seen = np.array(result.strategy.seen)
    shown = drawn[CANDLES.height - 1 - len(seen) : -1]
    assert len(seen) > 2_000
    late = shown[1:] != seen[1:]
    assert (shown[1:][late] == seen[:-1][late]).all()
    assert late.sum() < len(seen) / 10


def test_a_result_that_travelled_has_its_candles_and_no_lines() -> None:
    import pickle  # noqa: PLC0415 - for this test alone

    result = runs.sample()
    assert [line.group for line in result.declared.lines] == ["short", "long"]
    assert pickle.loads(pickle.dumps(result)).declared.lines == ()  # noqa: S301 - its own

"""Indicators, conditions and volume of the chart: those of the run, never early."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest

import omega
from omega.report import _declared
from omega.report._candles import moments
from omega.strategy.native import Native
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
    line = about[0]["lines"][0]
    assert (line["factor"], line["rows"], line["decimals"]) == (1, 5_000, 3)
    assert line["columns"] == [["value", "nullable", "sum", 0.001, 0.0]]
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


def drawn(result: omega.BacktestResult, symbol: str | None = None) -> dict[str, _declared.Group]:
    assert result.candles is not None
    name = symbol or result.symbols[0]
    groups = _declared.groups_of(result, result.candles.symbol(name), name)
    return {one.name: one for one in groups if one.kind != "volume"}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("strategy", "names"),
    [
        (omega.native("sma_cross", fast=5), {"sma(5)": "over", "sma(50)": "over"}),
        (omega.native("zscore_reversion"), {"zscore(100, rolling)": "pane", "atr(14)": "pane"}),
        (omega.native("rsi_reversion"), {"rsi(14)": "pane"}),
        (omega.native("buy_and_hold"), {}),
        (
            omega.native("donchian_breakout", exit=7),
            {f"rolling_{kind}({bars})": "over" for bars in (20, 7) for kind in ("max", "min")},
        ),
    ],
)  # fmt: skip
def test_strategies_of_the_core_have_their_indicators(
    backend: str, strategy: Native, names: dict[str, str]
) -> None:
    result = omega.run_backtest(CANDLES, strategy, backend=backend)
    assert {name: one.kind for name, one in drawn(result).items()} == names


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_indicator_of_the_core_has_the_values_of_a_class(backend: str) -> None:
    result = omega.run_backtest(CANDLES, omega.native("sma_cross", fast=8, slow=30),
                                backend=backend)  # fmt: skip
    of_class = drawn(omega.run_backtest(CANDLES, runs.Bracketed(), backend=backend))
    for name, group in drawn(result).items():
        assert np.array_equal(group.lines[0][1], of_class[name].lines[0][1], equal_nan=True)
        assert np.isfinite(group.lines[0][1]).sum() > 2_800


@pytest.mark.parametrize("backend", BACKENDS)
def test_signals_have_their_conditions_columns_and_expressions(backend: str) -> None:
    mean, mine = pl.col("close").rolling_mean(30), np.arange(float(CANDLES.height)) % 7
    signals = omega.Signals(
        long_entry=lambda own: omega.crossover(own.sma(5), own.sma(20)),
        long_exit=(pl.col("close") < mean) & (pl.col("mine") > 3),
        stop_loss=omega.Distance(0.001),
        take_profit=pl.col("close") + 0.002,
    )
    result = omega.run_backtest(
        CANDLES.with_columns(mine=mine), signals, symbol="X", backend=backend
    )
    found = drawn(result)
    assert {name: one.kind for name, one in found.items()} == {
        "take_profit": "over", "sma(5)": "over", "sma(20)": "over", "close.rolling_mean()": "over",
        "long entry: condition": "marks", "long exit: condition": "marks",
    }  # fmt: skip
    close = CANDLES["bid_close"]
    exits = (close < close.rolling_mean(30)).fill_null(value=False).to_numpy() & (mine > 3)
    assert (np.isfinite(found["long exit: condition"].lines[0][1]) == exits).all()
    fast, slow = (found[f"sma({bars})"].lines[0][1] for bars in (5, 20))
    crossed = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1])
    assert (np.isfinite(found["long entry: condition"].lines[0][1])[1:] == crossed).all()
    entries = result.trades["entry_index"].to_numpy()
    assert len(entries) > 20
    assert set(entries - 1) <= set(np.flatnonzero(crossed) + 1)
    level = found["take_profit"].lines[0][1]
    assert level.tolist() == pytest.approx((close + 0.002).to_list())


def test_signals_of_several_symbols_have_each_their_own() -> None:
    signals = omega.Signals(
        entry={"A": lambda own: own.sma(5) > own.sma(9), "B": pl.col("close") > 1.0},
        direction="long",
    )
    result = omega.run_backtest({"A": CANDLES, "B": CANDLES[50:]}, signals)
    assert set(drawn(result, "A")) == {"sma(5)", "sma(9)", "entry: condition"}
    assert set(drawn(result, "B")) == {"entry: condition"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_function_has_the_condition_and_the_expression_it_is_called_on(backend: str) -> None:
    seen: list[int] = []
    condition = pl.col("close") > pl.col("close").shift(3) * 1.0001
    result = omega.run_backtest(
        CANDLES, lambda bar: seen.append(bar.index), when=condition, backend=backend
    )
    found = drawn(result)
    assert list(found) == ["(close.shift(3)) * 1.0001", "on_bar: condition"]
    holds = np.flatnonzero(np.isfinite(found["on_bar: condition"].lines[0][1]))
    assert [row for row in holds if row < CANDLES.height - 1] == seen
    inline = omega.run_backtest(
        CANDLES, lambda bar: None, when=lambda own: own.rsi(9) < 30, backend=backend
    )
    assert list(drawn(inline)) == ["rsi(9)", "on_bar: condition"]


class Crossing(omega.Strategy):
    """Two averages, one of them of a higher timeframe."""

    fast: int = 5

    def init(self) -> None:
        self.quick = self.sma(self.fast)
        self.calm = self.sma(3, timeframe="M15")

    def on_bar(self, bar: omega.Bar) -> None:
        if omega.crossover(self.quick, 100.0):
            self.buy()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", ["core", "class"])
def test_the_chart_of_a_walk_forward_has_the_indicators_of_each_window(
    backend: str, kind: str
) -> None:
    strategy = Crossing if kind == "class" else omega.native("sma_cross", slow=20)
    turns = itertools.cycle([0, None, 1])
    found = omega.walk_forward(
        CANDLES, strategy, {"fast": [5, 8]}, train=600, test=400, backend=backend,
        objective=lambda _: next(turns), timeframes=["M15"],
    )  # fmt: skip
    groups = drawn(found.oos)
    name = "sma(quick)" if kind == "class" else "sma(fast)"
    other = "sma(calm) M15" if kind == "class" else "sma(slow)"
    assert list(groups)[:2] == [name, other]
    values = groups[name].lines[0][1]
    times = CANDLES["time"].to_list()
    for row in found.windows.iter_rows(named=True):
        first, last = (times.index(row[border]) for border in ("test_start", "test_end"))
        means = {fast: CANDLES["bid_close"].rolling_mean(fast).to_numpy() for fast in (5, 8)}
        expected = means.get(row["fast"], np.full(CANDLES.height, np.nan))
        np.testing.assert_allclose(values[first:last], expected[first:last])
    assert np.isnan(values[: times.index(found.windows["test_start"][0])]).all()
    assert {5, 8, None} == set(found.windows["fast"])
    assert "Indicators are those of the window in force" in found.oos.plot().html
    chosen = found.sweeps[0].run(0)
    assert "window in force" not in chosen.plot().html

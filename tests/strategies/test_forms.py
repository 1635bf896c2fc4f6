"""One strategy in all its forms: a class, triggers, signal columns, a strategy of the core."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from omega.examples.buy_and_hold import BuyAndHold
from omega.examples.donchian_breakout import DonchianBreakout
from omega.examples.rsi_reversion import RsiReversion
from omega.examples.sma_cross import SmaCross
from omega.examples.zscore_reversion import ZScoreReversion
from tests.support.backends import BACKENDS, WITHOUT_CORE
from tests.support.signal_columns import Reads, walk

needs_core = pytest.mark.skipif(WITHOUT_CORE, reason="a strategy of the core needs the core")


class Triggered(SmaCross):
    """The same, called only where the averages cross."""

    @omega.when(
        lambda self: (
            omega.crossover(self.short, self.long) | omega.crossunder(self.short, self.long)
        )
    )
    def on_bar(self, bar: omega.Bar) -> None:
        super().on_bar(bar)


def up(s: Any) -> Any:  # noqa: ANN401 - what declares
    """The fast average crosses above the slow one."""
    return omega.crossover(s.sma(20), s.sma(50))


def down(s: Any) -> Any:  # noqa: ANN401 - what declares
    """It crosses below."""
    return omega.crossunder(s.sma(20), s.sma(50))


CROSSINGS = omega.Signals(long_entry=up, short_entry=down, exit=lambda s: up(s) | down(s))


@needs_core
def test_one_strategy_has_one_fingerprint_in_all_forms() -> None:
    data = walk(3_000)
    forms: list[Any] = [SmaCross(), Triggered(), CROSSINGS, omega.native("sma_cross")]
    results = [omega.run_backtest(data, form) for form in forms]
    results += [omega.run_backtest(data, form, backend="python") for form in forms]
    assert results[0].trades.height > 50
    assert len({result.fingerprint for result in results}) == 1


@needs_core
@pytest.mark.parametrize(
    ("written", "name", "parameters"),
    [
        (SmaCross, "sma_cross", {"fast": 5, "slow": 12}),
        (DonchianBreakout, "donchian_breakout", {"entry": 30, "exit": 7}),
        (RsiReversion, "rsi_reversion", {"window": 9, "low": 25.0, "middle": 55.0}),
        (BuyAndHold, "buy_and_hold", {}),
        (ZScoreReversion, "zscore_reversion", {"window": 40, "threshold": 1.5, "bars_at_most": 9}),
    ],
)
def test_a_strategy_of_the_core_is_the_class_of_its_name(
    written: type[omega.Strategy], name: str, parameters: dict[str, Any]
) -> None:
    for seed in range(4):
        for given_parameters in ({}, parameters):
            data = walk(2_000, seed)
            native = omega.run_backtest(data, omega.native(name, **given_parameters))
            python = omega.run_backtest(data, written(**given_parameters))
            assert native.fingerprint == python.fingerprint
            assert native.stats.bars_processed == python.stats.bars_processed


@st.composite
def signal_columns(draw: st.DrawFn, bars: int = 60) -> pl.DataFrame:
    """Sparse columns with holes; stops on either side, so that some orders are refused."""
    some = st.none() | st.sampled_from([0.01, 0.5, 1.0, 2.0])
    rows = st.fixed_dictionaries(
        {
            "entry": st.sampled_from([0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 2.5]),
            "exit": st.sampled_from([False, False, False, True]),
            "stop": st.none() | st.sampled_from([1.2990, 1.2995, 1.3005, 1.3010]),
            "target": st.none() | st.sampled_from([2e-4, 5e-4]),
            "size": some,
        }
    )
    drawn = draw(st.lists(rows, min_size=bars, max_size=bars))
    schema = {"entry": pl.Float64, "exit": pl.Boolean, "stop": pl.Float64, "target": pl.Float64}
    return pl.DataFrame(drawn, schema={**schema, "size": pl.Float64})


@given(signal_columns(), st.booleans(), st.booleans(), st.sampled_from([None, 0.001]))
def test_signal_columns_are_a_class_that_reads_them(
    columns: pl.DataFrame, reverse: bool, accumulate: bool, stop_out: float | None
) -> None:
    data = walk(60, step=2e-4)
    signals = omega.Signals(
        entry=columns["entry"],
        exit=columns["exit"],
        stop_loss=columns["stop"],
        take_profit=omega.Distance(columns["target"]),
        size=columns["size"],
        reverse=reverse,
        accumulate=accumulate,
    )
    account = omega.Account(stop_out_level=stop_out)
    read = Reads(columns, reverse=reverse, accumulate=accumulate)
    expected = omega.run_backtest(data, read, account=account)
    for backend in BACKENDS:
        result = omega.run_backtest(data, signals, account=account, backend=backend)
        assert result.fingerprint == expected.fingerprint
        assert result.orders.equals(expected.orders)


class Everything(omega.Strategy):
    """Tests its condition on each bar."""

    def init(self) -> None:
        self.z, self.slope_of = self.zscore(20), self.slope(10)
        self.mean = self.sma(5, timeframe="M5")

    def holds(self, bar: omega.Bar) -> bool:
        extreme = self.z[-1] < -1.5 or self.z[-1] >= 1.5
        return (extreme and not self.slope_of[-1] > 0) or self.mean[-1] > bar.close * 1.0005

    def on_bar(self, bar: omega.Bar) -> None:
        if self.holds(bar):
            self.buy(take_profit=bar.ask.close + 3e-4, stop_loss=bar.close - 3e-4)

    def on_exit(self, trade: omega.Trade) -> None:
        if trade.exit_reason == "stop_loss":
            self.sell(take_profit=trade.exit_price - 4e-4)


class OnTrigger(Everything):
    """The same, called only where its condition holds."""

    def init(self) -> None:
        super().init()
        self.limit = self.column(pl.col("close") * 1.0005)

    @omega.when(
        lambda self: (
            (((self.z < -1.5) | (self.z >= 1.5)) & ~(self.slope_of > 0)) | (self.mean > self.limit)
        )
    )
    def on_bar(self, bar: omega.Bar) -> None:
        self.buy(take_profit=bar.ask.close + 3e-4, stop_loss=bar.close - 3e-4)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("constant", "trades"), [(False, 0), (0.0, 0), (True, 1), (1, 1)])
def test_a_truth_value_stands_for_all_bars(constant: float, trades: int, backend: str) -> None:
    result = omega.run_backtest(walk(9), omega.Signals(entry=constant), backend=backend)
    assert result.trades.height == trades


def test_a_trigger_is_a_test_on_each_bar(backend: str) -> None:
    data = walk(1_500)
    words: dict[str, Any] = {"timeframes": ("M5",), "backend": backend}
    tested = omega.run_backtest(data, Everything(), **words)
    triggered = omega.run_backtest(data, OnTrigger(), **words)
    assert tested.trades.height > 30
    assert tested.fingerprint == triggered.fingerprint


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_function_is_called_only_where_its_condition_holds(backend: str) -> None:
    data, seen = walk(200), []
    omega.run_backtest(
        data,
        lambda bar: seen.append(bar.index),
        when=pl.col("close") > pl.col("open"),
        backend=backend,
    )
    rising = (data["bid_close"] > data["bid_open"]).arg_true().to_list()
    assert seen == [index for index in rising if index < 199]


def test_a_condition_is_neither_true_nor_false() -> None:
    class Confused(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(3)

        def on_bar(self, bar: omega.Bar) -> None:
            if self.mean > 1.0:
                self.buy()

    with pytest.raises(TypeError, match="about all bars"):
        omega.run_backtest(walk(30), Confused())


def test_methods_with_conditions_are_called_as_they_are_written(backend: str) -> None:
    class Two(omega.Strategy):
        def init(self) -> None:
            self.called: list[str] = []

        @omega.when(pl.col("close") > 0.0)
        def first(self, bar: omega.Bar) -> None:
            self.called.append("first")

        @omega.when(pl.col("close") > 0.0)
        def on_bar(self, bar: omega.Bar) -> None:
            self.called.append("on_bar")

    result = omega.run_backtest(walk(3), Two(), backend=backend)
    assert result.strategy.called == ["first", "on_bar"] * 2  # not after the last bar

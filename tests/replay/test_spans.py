"""Runs with different warm-ups are measured over the same span (L2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

import omega
from tests.support import candles

START = candles.START


def days(bars: int) -> pl.DataFrame:
    """Give days whose bar `k` opens at `100 + k` and closes half a point higher."""
    times = [START + timedelta(days=k) for k in range(bars)]
    return candles.rising(bars).with_columns(time=pl.Series(times).cast(pl.Datetime("us", "UTC")))


class Once(omega.Strategy):
    """Holds ten lots from bar 251 to 261, whatever it declares."""

    window: int = 20

    def init(self) -> None:
        self.unused = self.sma(self.window)

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 250:
            self.buy(10)
        if bar.index == 260:
            self.close()


def first_bar(
    backend: str,
    declare: Callable[[omega.Strategy], Any],
    data: pl.DataFrame | None = None,
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> int:
    """Give how many bars are complete at the first decision."""

    class Own(omega.Strategy):
        def init(self) -> None:
            self.line = declare(self)
            self.first = -1

        def on_bar(self, bar: omega.Bar) -> None:
            if self.first < 0:
                self.first = bar.index + 1

    frame = days(100) if data is None else data
    first: int = omega.run_backtest(frame, Own, backend=backend, **settings).strategy.first
    return first


@pytest.mark.parametrize("window", [20, 200])
def test_a_warm_up_does_not_change_what_a_trade_is_measured_by(backend: str, window: int) -> None:
    """Bought at 351 and sold at 361: 100 are made of 10,000, over 300 days whatever is declared."""
    data = days(300)
    result = omega.run_backtest(data, Once(window=window), backend=backend)
    assert result.trades["net_pnl"].to_list() == [100]
    assert result.equity["time"].to_list() == data["time"].to_list()
    found: dict[str, Any] = dict(result.metrics)
    assert (found["start"], found["bars"], found["days"]) == (START, 300, 300)
    assert found["first_decision"] == START + timedelta(days=window)
    assert result.stats.bars_processed == 300 - window
    assert found["exposure"] == pytest.approx(10 / 300)  # the rows of bars 251 to 260
    years = 300 / 365.25
    assert found["cagr"] == pytest.approx(1.01 ** (1 / years) - 1)
    # Daily profits are 5 at the close of bar 251, 10 in each of nine days, and 5 at the last open.
    profits = [0.0] * 251 + [5.0] + [10.0] * 9 + [5.0] + [0.0] * 38
    equity = [10_000.0 + sum(profits[: k + 1]) for k in range(300)]
    assert result.equity["equity"].to_list() == equity
    before = [1e4, *equity[:-1]]
    returns = pl.Series([now / then - 1 for then, now in zip(before, equity, strict=True)])
    mean, deviation = returns.mean(), returns.std()
    assert isinstance(mean, float)
    assert isinstance(deviation, float)
    assert found["sharpe"] == pytest.approx(mean / deviation * (300 / years) ** 0.5)


def test_two_warm_ups_have_the_same_metrics(backend: str) -> None:
    short, long = (
        dict(omega.run_backtest(days(300), Once(window=window), backend=backend).metrics)
        for window in (20, 200)
    )
    assert short.pop("first_decision") == START + timedelta(days=20)
    assert long.pop("first_decision") == START + timedelta(days=200)
    assert short == long


def test_version_1_is_measured_from_the_first_decision(backend: str) -> None:
    result = omega.run_backtest(days(300), Once(window=200), semantics=1, backend=backend)
    assert result.equity.height == 100
    assert result.metrics["start"] == result.metrics["first_decision"]
    assert result.metrics["first_decision"] == START + timedelta(days=200)


@pytest.mark.parametrize(("start", "flat"), [(None, 30), (10, 20), (29, 1), (30, 0), (40, 0)])
def test_rows_are_flat_from_the_start_to_the_first_decision(
    backend: str, start: int | None, flat: int
) -> None:
    """A warm-up of 30 bars: the first decision is in bar 30, or in that of the start."""
    data = days(50)
    first = 0 if start is None else start
    begin = None if start is None else data["time"][start]
    result = omega.run_backtest(data, Once(window=30), start=begin, backend=backend)
    assert result.equity["time"].to_list() == data["time"][first:].to_list()
    assert result.metrics["first_decision"] == data["time"][max(first, 30)]
    assert result.stats.bars_processed == 50 - first - flat
    rows = result.equity.select("balance", "equity", "open_positions").rows()
    assert rows[: flat + 1] == [(10_000, 10_000, 0)] * (flat + 1)
    # What is paid in is booked with the first row.
    assert result.ledger["kind"].to_list() == ["deposit"]
    assert result.ledger["time"].to_list() == [data["time"][first]]


def test_the_first_decision_is_what_was_declared_and_not_where_numbers_begin(backend: str) -> None:
    """Thirty bars that do not move have no RSI before something moves; 15 bars are declared."""
    flat = [(100.0,) * 4] * 30
    moving = [(100.0 + k, 102.0 + k, 99.0 + k, 101.0 + k) for k in range(30)]
    data = candles.quoted(*flat, *moving)
    assert first_bar(backend, lambda s: s.rsi(14), data) == 15
    prefix = data.head(40)
    assert first_bar(backend, lambda s: s.rsi(14), prefix) == 15  # whatever comes later (L5)


@pytest.mark.parametrize(
    ("declare", "bars"),
    [
        (lambda s: s.sma(5), 5),
        (lambda s: s.rsi(14), 15),
        (lambda s: s.sma(5, source=s.rsi(14)), 20),
        (lambda s: s.ema(2, source=s.sma(2)), 4),
        (lambda s: s.sma(2, source=s.sma(3, source=s.sma(4))), 9),
        (lambda s: (s.sma(3), s.sma(8)), 8),
    ],
    ids=["one", "differences", "two nested", "ema", "three nested", "side by side"],
)
def test_of_nested_indicators_it_is_the_sum(
    backend: str, declare: Callable[[omega.Strategy], Any], bars: int
) -> None:
    assert first_bar(backend, declare) == bars


@pytest.mark.parametrize(("warmup", "bars"), [(0, 1), (1, 1), (7, 7)])
def test_a_column_declares_what_it_needs(backend: str, warmup: int, bars: int) -> None:
    """Its first number is at bar 3, which delays nothing by itself."""
    mean = pl.col("close").rolling_mean(3)
    assert first_bar(backend, lambda s: s.column(mean, "mean", warmup=warmup)) == bars


def test_in_version_1_a_column_delays_the_run_until_its_first_number(backend: str) -> None:
    mean = pl.col("close").rolling_mean(3)
    assert first_bar(backend, lambda s: s.column(mean, "mean"), semantics=1) == 3


def test_an_indicator_over_a_column_adds_what_the_column_declares(backend: str) -> None:
    def declare(strategy: omega.Strategy) -> Any:  # noqa: ANN401 - an indicator of either backend
        column = strategy.column(pl.col("close").rolling_mean(3), "mean", warmup=3)
        return strategy.sma(5, source=column)

    assert first_bar(backend, declare) == 8

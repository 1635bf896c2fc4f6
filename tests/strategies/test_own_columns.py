"""Columns of the user's own beside the candles: by name and in expressions, from every input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import duckdb
import numpy as np
import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS


def candles(bars: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    close = 100.0 + np.cumsum(rng.normal(0.0, 1.0, bars))
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - candles without a zone
    return pl.DataFrame(
        {
            "time": [start + timedelta(minutes=minute) for minute in range(bars)],
            "Open": close,
            "High": close + 1.0,
            "Low": close - 1.0,
            "Close": close,
            "go": rng.random(bars) > 0.8,
            "floor": close - 2.0,
        }
    )


SIGNALS = omega.Signals(entry="go", stop_loss="floor", exit=~pl.col("go"))


class Reads(omega.Strategy):
    """The same columns, read on each bar."""

    def init(self) -> None:
        self.go = self.column(pl.col("go"))
        self.floor = self.column(pl.col("floor"))

    def on_bar(self, bar: omega.Bar) -> None:
        if not self.go[-1]:
            if self.position is not None:
                self.close()
        elif self.position is None:
            self.buy(stop_loss=self.floor[-1])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "data_of",
    [
        lambda frame: frame,
        lambda frame: frame.lazy(),
        lambda frame: frame.to_arrow(),
        lambda frame: frame.to_arrow().to_reader(),
        lambda frame: frame.to_pandas(),
        lambda frame: omega.Candles(bid=frame, spread=0.0),
        omega.CandleStore,
        lambda frame: duckdb.sql("select * from frame"),
    ],
    ids=["polars", "lazy", "arrow", "reader", "pandas", "sides", "store", "duckdb"],
)
def test_signal_columns_of_the_data_are_a_class_that_reads_them(
    data_of: Callable[[pl.DataFrame], object], backend: str
) -> None:
    expected = omega.run_backtest(candles(), Reads(), backend=backend)
    result = omega.run_backtest(data_of(candles()), SIGNALS, backend=backend)
    assert result.trades.height > 3
    assert result.fingerprint == expected.fingerprint
    assert result.copied_bytes == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_symbol_has_columns_of_its_own(backend: str) -> None:
    class Both(omega.Strategy):
        def init(self) -> None:
            self.go = {name: self.column(pl.col("go"), symbol=name) for name in ("A", "B")}
            self.seen: list[tuple[float, float]] = []

        def on_bar(self, bar: omega.Bar) -> None:
            self.seen.append((self.go["A"][-1], self.go["B"][-1]))

    first = candles(20)
    second = first.with_columns(go=~pl.col("go"))
    whole = pl.concat([f.with_columns(symbol=pl.lit(n)) for n, f in (("A", first), ("B", second))])
    result = omega.run_backtest(whole, Both, backend=backend)
    expected = [(float(go), float(not go)) for go in first["go"][:-1]]
    assert result.strategy.seen == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_condition_may_be_a_column_of_the_data(backend: str) -> None:
    seen: list[int] = []
    frame = candles()
    omega.run_backtest(frame, lambda bar: seen.append(bar.index), when="go", backend=backend)
    assert seen == [row for row in frame["go"].arg_true().to_list() if row < frame.height - 1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_table_of_higher_bars_has_columns_of_its_own(backend: str) -> None:
    class Regime(omega.Strategy):
        def init(self) -> None:
            self.regime = self.column(pl.col("regime"), timeframe="M5", warmup=1)
            self.seen: list[float] = []

        def on_bar(self, bar: omega.Bar) -> None:
            self.seen.append(self.regime[-1])

    frame = candles(20)
    five = frame.group_by_dynamic("time", every="5m").agg(
        pl.col("Open").first(), pl.col("High").max(), pl.col("Low").min(), pl.col("Close").last()
    )
    five = five.with_columns(regime=pl.arange(five.height, eager=False).cast(pl.Float64))
    result = omega.run_backtest(frame, Regime, timeframes={"M5": five}, backend=backend)
    assert result.strategy.seen == [0.0] * 5 + [1.0] * 5 + [2.0] * 5


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_column_that_is_nowhere_is_named_with_the_nearest(backend: str) -> None:
    with pytest.raises(ConfigError, match=r"column 'goo': neither .* Did you mean 'go'"):
        omega.run_backtest(candles(), omega.Signals(entry="goo"), backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bars_that_were_made_have_candles_alone(backend: str) -> None:
    class Asks(omega.Strategy):
        def init(self) -> None:
            self.column(pl.col("go"), timeframe="M5")

    with pytest.raises(ConfigError, match="column 'go'"):
        omega.run_backtest(candles(), Asks(), timeframes=("M5",), backend=backend)

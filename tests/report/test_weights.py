"""Weights over time: of each symbol, together the net exposure, the rest as others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import omega
from omega.report import _weights
from omega.report._weights import Weights
from omega.results.result import BacktestResult
from tests.report.test_sections import cells
from tests.support import report_runs as runs
from tests.support.backends import BACKENDS

START = datetime(2024, 1, 1, tzinfo=UTC)
PRICES = {"A": [10.0, 10.0, 12.0, 12.0, 15.0], "B": [50.0, 50.0, 40.0, 60.0, 50.0]}


def of(result: BacktestResult) -> Weights:
    assert result.candles is not None
    stores = {k: result.candles.symbol(name) for k, name in enumerate(result.symbols)}
    found = _weights.weights(result, stores)
    assert found is not None
    return found


@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_are_lots_at_the_close_over_the_equity(backend: str) -> None:
    times = [START + timedelta(days=k) for k in range(5)]
    candles = {
        name: pl.DataFrame({"time": times, **dict.fromkeys(("open", "high", "low", "close"), one)})
        for name, one in PRICES.items()
    }

    class Two(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy(30, symbol="A")
                self.sell(4, symbol="B")

    result = omega.run_backtest(
        candles,
        Two(),
        cash=1_000,
        account=omega.Account(kind="margin", leverage=10),
        backend=backend,
    )
    found = of(result)
    # 30 of A, 4 of B short; equity 1,000 + 30 (A - 10) - 4 (B - 50), the last bar closes all.
    equity = [1_000, 1_000, 1_100, 1_020, 1_150]
    expected = {
        "A": [0.0, *(30 * a / e for a, e in zip(PRICES["A"][1:4], equity[1:4], strict=True))],
        "B": [0.0, *(-4 * b / e for b, e in zip(PRICES["B"][1:4], equity[1:4], strict=True))],
    }
    for name, values in expected.items():
        assert found.drawn[name][:4] == pytest.approx(values)
    assert found.table["symbol"].to_list() == ["A", "B"]
    own = found.table.row(0, named=True)
    assert own["largest"] == pytest.approx(360 / 1_020)
    assert own["last"] == found.drawn["A"][-1]
    assert own["mean"] == pytest.approx(float(np.mean(found.drawn["A"])))


def many(symbols: int, bars: int) -> BacktestResult:
    one = pl.read_parquet(runs.SAMPLE).head(bars)
    candles = {f"S{k:03}": one[k % 50 :] for k in range(symbols)}

    class Some(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index % 100 == 60:
                for k in range(symbols):
                    order = self.sell if k % 3 == 0 else self.buy
                    order(200_000 * (k + 1) / symbols**2, symbol=f"S{k:03}")
            if bar.index % 100 == 90:
                self.close()

    return omega.run_backtest(
        candles, Some(), cash=100_000, account=omega.Account(kind="margin", leverage=10)
    )


@pytest.mark.parametrize(("symbols", "bars"), [(20, 1_500), (500, 150)])
def test_weights_together_are_the_net_exposure(symbols: int, bars: int) -> None:
    result = many(symbols, bars)
    found = of(result)
    assert len(found.drawn) == 8
    assert list(found.drawn)[-1] == "Others"
    assert found.table.height == symbols
    times = result.exposure.filter(pl.col("time").is_in(found.times.implode()))
    together = np.sum(list(found.drawn.values()), axis=0)
    assert together == pytest.approx(times["net"].to_numpy())
    assert np.abs(together).max() > 0.01
    assert len(found.times) == min(bars, 1_000)


def test_every_number_of_the_table_is_that_of_the_symbol() -> None:
    result = many(20, 900)
    found = of(result)
    lines = cells(_weights.panel(found, result).partition("<table")[2])[1:]
    assert [line[0] for line in lines] == found.table["symbol"].to_list()
    for (_, *texts), (_, *numbers) in zip(lines, found.table.iter_rows(), strict=True):
        shown = [float(text.replace("\u2212", "-").removesuffix(" %")) / 100 for text in texts]
        assert shown == pytest.approx(numbers, abs=5.1e-5)
    mean = np.abs(found.drawn["S019"]).mean()
    assert mean >= max(np.abs(line).mean() for line in list(found.drawn.values())[1:-1])


def test_a_single_symbol_and_unknown_candles_have_no_weights() -> None:
    result = runs.sample()
    assert result.candles is not None
    assert _weights.weights(result, {0: result.candles}) is None
    assert "<h2>Weights</h2>" not in result.plot().html
    several = many(2, 150)
    assert _weights.weights(several, {}) is None
    assert "Weights need the candles of all symbols." in _weights.panel(None, several)

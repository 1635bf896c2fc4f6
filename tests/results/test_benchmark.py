"""A run beside a benchmark and a rate without risk, and the metrics of some of its trades."""

from __future__ import annotations

import math
import pickle
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.results.result import example_result
from tests.support.backends import BACKENDS
from tests.support.candles import walk

CANDLES = walk(9_000)
CROSS = omega.native("sma_cross", fast=10, slow=40)
SETTINGS: dict[str, Any] = {
    "symbol": "X", "sizer": omega.EquityPercent(50), "costs": omega.Costs(fee_percent=0.01),
}  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_symbol_is_bought_and_held_under_the_costs_of_the_run(backend: str) -> None:
    result = omega.run_backtest(CANDLES, CROSS, benchmark="X", backend=backend, **SETTINGS)
    plain = omega.run_backtest(CANDLES, CROSS, backend=backend, **SETTINGS)
    assert result.fingerprint == plain.fingerprint
    assert {**result.metrics, **plain.metrics} == result.metrics
    held = result.benchmark.result
    assert held.backend == backend
    assert held.trades.height == 1
    assert held.trades["fees"][0] > 0
    assert held.metrics["start"] == plain.metrics["first_decision"]
    spent = held.fills["price"][0] * held.fills["lots"][0]
    assert spent == pytest.approx(10_000.0, rel=1e-3)
    assert result.metrics["benchmark_return"] == pytest.approx(held.metrics["total_return"])
    days = result.benchmark.returns
    assert days.height == plain.metrics["days"]
    own, other = days["returns"].to_numpy(), days["benchmark"].to_numpy()
    covariance = ((own - own.mean()) * (other - other.mean())).sum()
    beta = covariance / ((other - other.mean()) ** 2).sum()
    assert result.metrics["beta"] == pytest.approx(beta, rel=1e-12)
    per_year = float(str(plain.metrics["periods_per_year"]))
    alpha = (own.mean() - beta * other.mean()) * per_year
    assert result.metrics["alpha"] == pytest.approx(alpha, rel=1e-9)
    apart = own - other
    error = apart.std(ddof=1) * math.sqrt(per_year)
    assert result.metrics["tracking_error"] == pytest.approx(error, rel=1e-12)
    ratio = apart.mean() * per_year / error
    assert result.metrics["information_ratio"] == pytest.approx(ratio, rel=1e-9)


def test_buying_and_holding_is_its_own_benchmark() -> None:
    result = omega.run_backtest(
        CANDLES, omega.native("buy_and_hold"), benchmark="X", symbol="X",
        sizer=omega.EquityPercent(100),
    )  # fmt: skip
    metrics = result.metrics
    assert metrics["beta"] == pytest.approx(1.0)
    assert metrics["alpha"] == pytest.approx(0.0, abs=1e-12)
    assert metrics["correlation"] == pytest.approx(1.0)
    assert metrics["up_capture"] == metrics["down_capture"] == 1.0
    assert metrics["tracking_error"] == 0.0
    assert metrics["information_ratio"] is None


def test_a_series_a_result_and_a_symbol_of_several() -> None:
    daily = CANDLES.group_by_dynamic("time", every="1d").agg(close=pl.col("bid_close").last())
    result = omega.run_backtest(CANDLES, CROSS, benchmark=daily, **SETTINGS)
    assert result.benchmark.name == "series"
    closes = daily["close"].to_list()
    assert result.benchmark.returns["benchmark"].to_list() == [
        b / a - 1.0 for a, b in pairwise(closes)
    ]
    other = omega.run_backtest(CANDLES, omega.native("sma_cross"), **SETTINGS)
    beside = omega.run_backtest(CANDLES, CROSS, benchmark=other, **SETTINGS)
    assert beside.metrics["benchmark_return"] == pytest.approx(other.metrics["total_return"])
    entry = omega.Signals(entry=pl.col("close") > pl.col("open"))
    both = omega.run_backtest({"X": CANDLES, "Y": walk(9_000, seed=2)}, entry, benchmark="Y")
    assert both.benchmark.result.symbols == ["Y"]


def test_a_rate_without_risk_lowers_ratios_alone() -> None:
    plain = omega.run_backtest(CANDLES, CROSS, **SETTINGS)
    result = omega.run_backtest(CANDLES, CROSS, risk_free=0.05, **SETTINGS)
    differing = {n for n, v in result.metrics.items() if v != plain.metrics[n]}
    assert differing == {"sharpe", "sortino"}
    assert result.metrics["sharpe"] == omega.metrics(plain, risk_free=0.05)["sharpe"]
    assert result.config["risk_free"] == 0.05
    assert result.benchmark is None
    dated = {date(2020, 1, 1): 0.05}
    again = omega.run_backtest(CANDLES, CROSS, risk_free=dated, **SETTINGS)
    assert again.metrics["sharpe"] == result.metrics["sharpe"]


@pytest.mark.parametrize(("settings", "words"), [
    ({"benchmark": "Y"}, "'Y' is no symbol"),
    ({"benchmark": 5}, "benchmark"),
    ({"benchmark": False, "risk_free": 5}, "4 % is 0.04"),
    ({"benchmark": [100.0, 101.0]}, "times"),
    ({"benchmark": pl.DataFrame({"time": [date(1999, 1, 1)], "close": [1.0]})}, "in common"),
    ({"risk_free": 5}, "4 % is 0.04"),
    ({"risk_free": {date(2100, 1, 1): 0.04}}, "first rate"),
])  # fmt: skip
def test_what_is_no_benchmark_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        omega.run_backtest(CANDLES, CROSS, **SETTINGS, **settings)
    with pytest.raises(ConfigError, match="no setting"):
        omega.sweep(CANDLES, CROSS, {"fast": [5]}, **settings)


@pytest.mark.parametrize("given", [True, "hold"])
def test_a_run_of_one_symbol_is_compared_with_holding_it(given: Any) -> None:  # noqa: ANN401 - both
    result = omega.run_backtest(CANDLES, CROSS, benchmark=given, **SETTINGS)
    named = omega.run_backtest(CANDLES, CROSS, benchmark="X", **SETTINGS)
    assert result.metrics == named.metrics
    assert result.benchmark.name == "X"
    two = {"A": CANDLES, "hold": CANDLES}
    with pytest.raises(ConfigError, match=r"in a run of 2 symbols, expected one of A, hold"):
        omega.run_backtest(two, lambda _bar: None, benchmark=True)
    assert omega.run_backtest(two, lambda _bar: None, benchmark="hold").benchmark.name == "hold"


def test_a_summary_and_a_page_show_what_holding_made(tmp_path: Path) -> None:
    result = omega.run_backtest(CANDLES, CROSS, benchmark=True, **SETTINGS)
    made: dict[str, Any] = result.metrics
    held: dict[str, Any] = result.benchmark.result.metrics
    returns = result.benchmark.returns["benchmark"].to_numpy()
    sharpe = returns.mean() / returns.std(ddof=1) * math.sqrt(made["periods_per_year"])
    assert made["benchmark_sharpe"] == pytest.approx(sharpe)
    assert 0.0 < made["benchmark_drawdown"] <= held["max_drawdown"] + 1e-12
    excess = 100 * (made["total_return"] - made["benchmark_return"])
    (line,) = [one for one in result.summary().splitlines() if one.startswith("Benchmark")]
    assert f"X: return {100 * made['benchmark_return']:.2f} %, drawdown" in line
    assert f"excess return {excess:.2f} %, alpha" in line
    loaded = omega.BacktestResult.load(result.save(tmp_path / "run"))
    assert line in loaded.summary()
    page = result.report(tmp_path / "run.html").read_text()
    assert "Benchmark drawdown" in page
    assert "Beside the benchmark" in page
    plain = omega.run_backtest(CANDLES, CROSS, **SETTINGS)
    assert "Benchmark" not in plain.summary()


def test_it_is_saved_and_travels(tmp_path: Path) -> None:
    result = omega.run_backtest(CANDLES, CROSS, benchmark="X", risk_free=0.02, **SETTINGS)
    loaded = omega.BacktestResult.load(result.save(tmp_path / "run"))
    assert loaded.metrics == result.metrics
    assert loaded.benchmark is None
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - written here
    assert again.metrics == result.metrics


# --- some of the trades --------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_metrics_of_all_trades_are_those_of_the_run(backend: str) -> None:
    result = omega.run_backtest(CANDLES, CROSS, backend=backend, **SETTINGS)
    found = result.metrics_of(result.trades)
    assert len(found) > 20
    assert found == {name: result.metrics[name] for name in found}
    won = result.metrics_of(result.trades.filter(pl.col("net_pnl") > 0))
    assert won["trades"] == result.metrics["wins"]
    assert won["closed_pnl"] == result.metrics["gross_profit"]
    assert won["profit_factor"] is None
    assert result.metrics_of(result.trades.clear())["trades"] == 0
    assert result.metrics_of(result.trades.reverse()) == found
    more = result.trades.with_columns(pl.lit(1).alias("own"))
    assert result.metrics_of(more) == found


def test_rows_that_are_no_trades_are_refused() -> None:
    result = example_result()
    for odd, words in (
        (result.trades.with_columns(pl.col("net_pnl") * 2), "no trade"),
        (result.trades.select("net_pnl"), "lack"),
        (pl.concat([result.trades, result.trades]), "no trade"),
        (None, "NoneType"),
        (result.orders, "lack"),
    ):
        with pytest.raises(ConfigError, match=words):
            result.metrics_of(odd)  # type: ignore[arg-type]  # refused


def test_years_by_the_days_of_a_calendar() -> None:
    start = pl.datetime(2023, 12, 31, 20, time_zone="UTC")
    times = pl.select(pl.datetime_range(start, start + timedelta(hours=5), "1h")).to_series()
    candles = pl.DataFrame({"time": times, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0})
    days = {}
    for calendar in (None, "FX"):
        years = omega.run_backtest(candles, lambda bar: None, calendar=calendar).yearly()
        days[calendar] = years.select("year", "start").rows()
    assert [year for year, _ in days[None]] == [2023, 2024]
    assert days[None][1][1] == times[4]
    assert days["FX"][1][1] == times[2]  # 17:00 in New York is 22:00

"""Metrics against an independent package: empyrical-reloaded, and SciPy for the moments.

It takes daily returns and the number of periods in a year; both come from the curve at hand. What
is defined otherwise there is named in docs/concepts/results.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from omega.results.result import tables_from_columns
from tests.support import catalog
from tests.support import run_columns as runs
from tests.support.backends import WITHOUT_CORE

CURVES = 1_000
_Floats = NDArray[np.float64]


def close_to(value: float) -> Any:  # noqa: ANN401 - what pytest makes
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def random_curve(seed: int) -> runs.Run:
    """Give an equity curve of days, weekdays or hours, calm or wild, short or long."""
    rng = np.random.default_rng(seed)
    bars = int(rng.integers(2, 500))
    step = (runs.DAY_MS, runs.DAY_MS, runs.DAY_MS // 24, runs.DAY_MS // 5)[seed % 4]
    days = np.arange(3 * bars + 20) * step + int(rng.integers(0, 18_000)) * runs.DAY_MS
    if seed % 3 == 0:
        days = days[(days // runs.DAY_MS) % 7 < 5]
    steps = rng.normal(rng.normal(0, 1e-3), 10 ** rng.uniform(-4, -1), bars)
    steps[rng.random(bars) < 0.1] = 0.0
    cash = float(10 ** rng.uniform(1, 7))
    equity = cash * np.cumprod(np.maximum(1 + steps, 0.01))
    run = runs.curve(equity.tolist(), cash=cash)
    run["equity"]["time"] = days[:bars].tolist()
    return run


def found_for(run: runs.Run) -> dict[str, Any]:
    shape: dict[str, Any] = {"symbols": runs.SYMBOLS, "contract_sizes": runs.CONTRACT_SIZES}
    return dict(tables_from_columns(run, **shape, unit="ms").metrics())


def daily_returns(times: Sequence[int], equity: Sequence[float], cash: float) -> _Floats:
    """Give the returns of days, of whole columns."""
    days, values = np.asarray(times) // runs.DAY_MS, np.asarray(equity)
    closes = np.concatenate([[cash], values[np.append(days[1:] != days[:-1], True)]])
    return np.asarray(closes[1:] / closes[:-1] - 1.0)


def independent(returns: _Floats, per_year: float) -> dict[str, float]:
    """Compute what the packages have."""
    annual = {"annualization": per_year}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of days that are all alike, and of what they import
        import empyrical  # noqa: PLC0415 - slow, and not for each process that finds all tests
        from scipy import stats  # noqa: PLC0415 - as above

        return {
            "total_return": empyrical.cum_returns_final(returns),
            "cagr": empyrical.cagr(returns, **annual),
            "volatility": empyrical.annual_volatility(returns, **annual),
            "sharpe": empyrical.sharpe_ratio(returns, **annual),
            "sortino": empyrical.sortino_ratio(returns, **annual),
            "downside_volatility": empyrical.downside_risk(returns, **annual),
            "value_at_risk": empyrical.value_at_risk(returns),
            "conditional_value_at_risk": empyrical.conditional_value_at_risk(returns),
            "tail_ratio": empyrical.tail_ratio(returns),
            "omega_ratio": empyrical.omega_ratio(returns),
            "skewness": float(stats.skew(returns, bias=False)) if len(returns) > 2 else np.nan,
            "kurtosis": float(stats.kurtosis(returns, bias=False)) if len(returns) > 3 else np.nan,
            "best_day": float(returns.max()),
            "worst_day": float(returns.min()),
        }


def of_days(returns: _Floats, per_year: float) -> dict[str, float]:
    """Compute what is the same only where each day has one bar: here falls are seen in each bar."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of days that are all alike, and of what it imports
        import empyrical  # noqa: PLC0415 - as above

        growth = empyrical.cum_returns(returns, starting_value=1.0)
        peaks = np.maximum.accumulate(np.append(1.0, growth))[1:]
        return {
            "max_drawdown": -empyrical.max_drawdown(returns),
            "calmar": empyrical.calmar_ratio(returns, annualization=per_year),
            "ulcer_index": float(np.sqrt(np.mean((1 - growth / peaks) ** 2))),
        }


def assert_alike(found: dict[str, Any], expected: dict[str, float]) -> None:
    for name, value in expected.items():
        if not np.isfinite(value):
            continue  # what is undefined there is looked at by other tests
        assert found[name] == close_to(value), name


@pytest.mark.parametrize("block", range(10))
def test_metrics_of_random_curves_are_those_of_an_independent_package(block: int) -> None:
    for seed in range(block * CURVES // 10, (block + 1) * CURVES // 10):
        run = random_curve(seed)
        times, equity = run["equity"]["time"], run["equity"]["equity"]
        returns = daily_returns(times, equity, run["ledger"]["amount"][0])
        found = found_for(run)
        per_year = found["periods_per_year"]
        # Undefined here is undefined there; the other way round, too, where there is no gain.
        expected = independent(returns, per_year)
        assert_alike(found, expected)
        undefined = [name for name in expected if found[name] is None]
        assert all(not np.isfinite(expected[name]) for name in undefined), undefined
        if len(returns) == len(times):
            assert_alike(found, of_days(returns, per_year))


def test_years_are_those_of_the_calendar() -> None:
    weekdays = pd.bdate_range("2021-01-01", "2023-12-29")
    run = runs.curve([100.0 + k for k in range(len(weekdays))])
    run["equity"]["time"] = (weekdays.as_unit("ms").asi8).tolist()
    found = found_for(run)
    assert found["periods_per_year"] == pytest.approx(261, abs=0.5)
    assert found["days"] / found["periods_per_year"] == found["years"]


@pytest.mark.skipif(WITHOUT_CORE, reason="the long examples are run by the core")
@pytest.mark.parametrize("name", ["sma_cross", "zscore_reversion", "donchian_breakout"])
def test_metrics_of_real_runs_are_those_of_an_independent_package(name: str) -> None:
    result = catalog.EXAMPLES[name].run("class")
    times = result.equity["time"].dt.epoch("ms").to_list()
    equity = result.equity["equity"].to_list()
    found: dict[str, Any] = dict(result.metrics)
    returns = daily_returns(times, equity, found["initial_equity"])
    assert_alike(found, independent(returns, found["periods_per_year"]))
    profits = result.trades["net_pnl"].to_numpy()
    mean, deviation = profits.mean(), profits.std(ddof=1)
    assert found["sqn"] == close_to(np.sqrt(len(profits)) * mean / deviation)
    wins, losses = profits[profits > 0], profits[profits < 0]
    payoff = wins.mean() / -losses.mean()
    assert found["payoff_ratio"] == close_to(payoff)
    rate = len(wins) / len(profits)
    assert found["kelly"] == close_to(rate - (1 - rate) / payoff)
    held = result.trades.select(days=(result.trades["exit_time"] - result.trades["entry_time"]))
    days = held["days"].dt.total_milliseconds().to_numpy() / runs.DAY_MS
    assert found["average_days_held"] == close_to(days.mean())
    assert found["longest_days_held"] == close_to(days.max())

"""Metrics: by hand, against NumPy, and bit for bit against the plain definitions."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import ANY

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from omega.reference.results import PlainTables
from omega.results.result import BacktestResult, example_result, tables_from_columns
from tests.support import run_columns as runs


def metrics(run: runs.Run) -> dict[str, Any]:
    tables = tables_from_columns(
        run, symbols=runs.SYMBOLS, contract_sizes=runs.CONTRACT_SIZES, unit="ms"
    )
    return dict(tables.metrics())


def test_growth_by_hand() -> None:
    # Two days that end at 110 and 99, from 100: +10 % and -10 %, in 2 / 365.25 years.
    found = metrics(runs.curve([105.0, 110.0, 104.0, 99.0], step=runs.DAY_MS // 2))
    assert found["bars"] == 4
    assert found["days"] == 2
    assert found["years"] == 2 / 365.25
    assert found["periods_per_year"] == 365.25
    assert found["initial_equity"] == 100.0
    assert found["final_equity"] == 99.0
    assert found["net_profit"] == -1.0
    assert found["total_return"] == pytest.approx(-0.01)
    assert found["cagr"] == pytest.approx(0.99 ** (365.25 / 2) - 1)
    returns = [0.1, -0.1]
    deviation = math.sqrt(0.02)  # mean 0, squares 0.01 + 0.01, over 2 - 1
    assert found["volatility"] == pytest.approx(deviation * math.sqrt(365.25))
    assert found["sharpe"] == pytest.approx(sum(returns) / 2 / deviation, abs=1e-12)
    assert found["sortino"] == pytest.approx(0.0, abs=1e-12)
    assert found["calmar"] == pytest.approx(found["cagr"] / 0.1)


def test_drawdown_by_hand() -> None:
    # The peak of 120 falls to 90, a quarter of it, and is reached again three bars after it.
    found = metrics(runs.curve([110.0, 120.0, 90.0, 100.0, 120.0, 114.0]))
    assert found["max_drawdown"] == 0.25
    assert found["max_drawdown_money"] == 30.0
    assert found["max_drawdown_bars"] == 3
    assert found["max_drawdown_days"] == 3.0


def test_a_drawdown_without_recovery_lasts_to_the_end() -> None:
    found = metrics(runs.curve([100.0, 50.0, 60.0, 70.0]))
    assert (found["max_drawdown"], found["max_drawdown_bars"]) == (0.5, 3)


def test_a_drawdown_begins_at_the_last_bar_of_its_peak() -> None:
    found = metrics(runs.curve([100.0, 100.0, 100.0, 80.0, 100.0]))
    assert found["max_drawdown_bars"] == 2


def test_the_cash_at_the_start_is_a_peak() -> None:
    found = metrics(runs.curve([75.0, 80.0]))
    assert (found["max_drawdown"], found["max_drawdown_bars"]) == (0.25, 1)


def test_all_falls_by_hand() -> None:
    # Below 100 for two days, by a tenth; below 120 for four, by a quarter; and one not over yet.
    found = metrics(
        runs.curve([90.0, 95.0, 100.0, 120.0, 114.0, 90.0, 96.0, 120.0, 121.0, 119.79, 120.5])
    )
    assert found["drawdowns"] == 3
    assert found["average_drawdown"] == pytest.approx((0.1 + 0.25 + 0.01) / 3)
    assert found["average_drawdown_days"] == pytest.approx((2 + 4 + 2) / 3)
    assert found["longest_drawdown_bars"] == 4
    assert found["longest_drawdown_days"] == 4.0
    assert (found["max_drawdown"], found["max_drawdown_bars"]) == (0.25, 4)
    depths = [0.1, 0.05, 0, 0, 0.05, 0.25, 0.2, 0, 0, 0.01, 1 - 120.5 / 121]
    assert found["ulcer_index"] == pytest.approx(math.sqrt(sum(d * d for d in depths) / 11))
    assert found["recovery_factor"] == pytest.approx(20.5 / 30)


def test_a_long_shallow_fall_is_the_longest_and_not_the_deepest() -> None:
    found = metrics(runs.curve([100.0, 99.0, 99.0, 99.0, 100.0, 50.0, 100.0]))
    assert (found["max_drawdown"], found["max_drawdown_bars"]) == (0.5, 2)
    assert found["longest_drawdown_bars"] == 4


def test_tails_by_hand() -> None:
    # Returns of -20 %, -10 %, 0, +10 % and +20 %: the fifth part of a day is between the worst two.
    equity = [80.0, 72.0, 72.0, 79.2, 95.04]
    found = metrics(runs.curve(equity))
    assert found["worst_day"] == pytest.approx(-0.2)
    assert found["best_day"] == pytest.approx(0.2)
    assert found["value_at_risk"] == pytest.approx(-0.18)
    assert found["conditional_value_at_risk"] == pytest.approx(-0.2)
    assert found["tail_ratio"] == pytest.approx(1.0)
    assert found["omega_ratio"] == pytest.approx(1.0)
    assert found["skewness"] == pytest.approx(0.0, abs=1e-12)
    assert found["kurtosis"] == pytest.approx(-1.2)
    # Squares of 0.2 and 0.1 over five days.
    assert found["downside_volatility"] == pytest.approx(
        math.sqrt(0.05 / 5) * math.sqrt(found["periods_per_year"])
    )


def test_the_deepest_fall_is_a_part_of_its_own_peak() -> None:
    # 50 of 100 is deeper than 60 of 300, though 60 is more money.
    found = metrics(runs.curve([100.0, 50.0, 300.0, 240.0]))
    assert found["max_drawdown"] == 0.5
    assert found["max_drawdown_money"] == 60.0
    assert found["max_drawdown_bars"] == 2


def test_a_curve_that_never_falls_has_a_drawdown_of_0() -> None:
    found = metrics(runs.curve([100.0, 101.0]))
    assert found["max_drawdown"] == 0.0
    assert found["max_drawdown_bars"] == 0
    assert found["calmar"] is None


def test_trades_by_hand() -> None:
    run = runs.curve([100.0]) | {
        "trades": runs.trades([30.0, -10.0, 0.0, 10.0], [3.0, -1.0, None, 1.0])
    }
    found = metrics(run)
    assert (found["trades"], found["wins"], found["losses"]) == (4, 2, 1)
    assert found["win_rate"] == 0.5
    assert found["profit_factor"] == 4.0
    assert found["expectancy"] == 7.5
    assert found["average_r"] == 1.0
    assert (found["average_win"], found["average_loss"]) == (20.0, -10.0)
    assert (found["largest_win"], found["largest_loss"]) == (30.0, -10.0)
    assert found["closed_pnl"] == 30.0
    assert (found["gross_profit"], found["gross_loss"]) == (40.0, -10.0)
    assert found["payoff_ratio"] == 2.0
    assert found["kelly"] == 0.25  # half of them win, twice what a loser costs
    # A mean of 7.5 and deviations of 22.5, -17.5, -7.5 and 2.5 from it.
    assert found["sqn"] == pytest.approx(2 * 7.5 / math.sqrt(875 / 3))
    assert (found["longest_win_streak"], found["longest_loss_streak"]) == (1, 1)
    assert (found["average_bars_held"], found["average_days_held"]) == (1.0, 1.0)


def test_streaks_are_in_the_order_of_exit() -> None:
    trades = runs.trades([1.0, -1.0, 1.0, 1.0, -1.0, 0.0, -1.0, -1.0])
    trades["exit_time"] = [5, 1, 2, 3, 9, 8, 7, 6]  # -1 1 1 1 -1 -1 0 -1
    found = metrics(runs.curve([100.0]) | {"trades": trades})
    assert (found["longest_win_streak"], found["longest_loss_streak"]) == (3, 2)
    assert found["longest_days_held"] == 9 / runs.DAY_MS


def test_costs_by_hand() -> None:
    run = runs.curve([200.0, 400.0])
    run["orders"] = {
        "order_id": [1, 4],
        "symbol": ["XAUUSD", "EURUSD"],
        "side": ["buy", "sell"],
        "type": ["market", "market"],
        "lots": [1.0, 1.0],
        "price": [None, None],
        "stop_loss": [None, None],
        "take_profit": [None, None],
        "submitted_time": [0, 0],
        "status": ["filled", "filled"],
        "reject_reason": [None, None],
    }
    run["fills"] = {
        "order_id": [4, 1],
        "trade_id": [0, 1],
        "time": [0, 0],
        "price": [1.5, 2_000.0],
        "lots": [0.5, 2.0],
        "fee": [3.0, 4.0],
        "slippage": [0.0001, 0.25],
        "rate": [1.0, 0.5],
    }
    for name, value in {
        "time": 0,
        "kind": "swap",
        "trade_id": 0,
        "amount": -2.5,
        "balance": 97.5,
    }.items():
        run["ledger"][name].append(value)
    found = metrics(run)
    # Half a lot of 100,000 at 1.5, and two lots of 100 at 2,000, of which one unit is worth 0.5; an
    # average equity of 300.
    assert found["turnover"] == (75_000.0 + 200_000.0) / 300.0
    assert found["fees"] == 7.0
    assert found["slippage_cost"] == pytest.approx(5.0 + 25.0)
    assert found["swap"] == -2.5
    assert found["total_costs"] == pytest.approx(7.0 + 30.0 + 2.5)
    assert found["exposure"] == 0.5


def test_the_profit_interval_holds_the_closed_profit() -> None:
    result = example_result()
    assert result.metrics["ambiguous_trades"] == result.ambiguous_trades.height == 1
    worst, best = result.pnl_interval
    assert (worst, result.metrics["closed_pnl"], best) == (60.0, 150.0, 150.0)


UNDEFINED_WITHOUT = {
    "bars": (
        "start end first_decision years periods_per_year final_equity net_profit total_return "
        "cagr volatility sharpe sortino calmar max_drawdown max_drawdown_money max_drawdown_bars "
        "max_drawdown_days exposure turnover downside_volatility skewness kurtosis best_day "
        "worst_day value_at_risk conditional_value_at_risk tail_ratio omega_ratio drawdowns "
        "average_drawdown average_drawdown_days longest_drawdown_bars longest_drawdown_days "
        "ulcer_index recovery_factor lowest_equity max_drawdown_intrabar"
    ),
    "trades": (
        "win_rate profit_factor expectancy average_r average_win average_loss largest_win "
        "largest_loss payoff_ratio kelly sqn average_bars_held average_days_held longest_days_held"
    ),
}


def test_what_is_undefined_is_none() -> None:
    found = metrics(runs.curve([]))
    undefined = {name for name, value in found.items() if value is None}
    assert undefined == set(" ".join(UNDEFINED_WITHOUT.values()).split())
    assert {found[name] for name in ("bars", "days", "trades", "ambiguous_trades")} == {0}


@pytest.mark.parametrize(
    ("equity", "cash", "undefined"),
    [
        ([100.0, 100.0], 100.0, {"sharpe", "sortino", "calmar"}),  # nothing ever moves
        ([101.0], 100.0, {"volatility", "sharpe", "sortino", "calmar"}),  # a single return
        ([50.0, -10.0], 100.0, {"cagr", "calmar"}),  # nothing grows into a debt
        ([-10.0, 50.0], 100.0, {"volatility", "sharpe", "sortino"}),  # nor out of one
        ([10.0], 0.0, {"total_return", "cagr", "volatility", "max_drawdown"}),  # nor from nothing
    ],
)
def test_ratios_that_do_not_exist_are_none(
    equity: list[float], cash: float, undefined: set[str]
) -> None:
    found = metrics(runs.curve(equity, cash=cash))
    assert undefined <= {name for name, value in found.items() if value is None}


def test_losses_alone_have_a_profit_factor_of_0_and_wins_alone_none() -> None:
    lost = metrics(runs.curve([100.0]) | {"trades": runs.trades([-1.0])})
    won = metrics(runs.curve([100.0]) | {"trades": runs.trades([1.0])})
    assert lost["profit_factor"] == 0.0
    assert won["profit_factor"] is None


def test_a_year_of_weekdays_has_about_261_periods() -> None:
    days = pl.datetime_range(date(2023, 1, 2), date(2024, 12, 31), "1d", time_unit="ms", eager=True)
    weekdays = days.filter(days.dt.weekday() <= 5).to_physical().to_list()
    run = runs.curve([100.0 + k % 3 for k in range(len(weekdays))])
    run["equity"]["time"] = weekdays
    assert metrics(run)["periods_per_year"] == pytest.approx(261, abs=0.5)


def test_times_are_datetimes_in_the_zone_of_the_result() -> None:
    assert example_result().metrics["start"] == datetime(2024, 1, 1, tzinfo=UTC)
    assert example_result().metrics["end"] == datetime(2024, 1, 5, tzinfo=UTC)


@given(runs.equity_curves(least=3, lowest=1.0))
def test_returns_agree_with_numpy(run: runs.Run) -> None:
    times = np.array(run["equity"]["time"])
    equity = np.array(run["equity"]["equity"])
    cash = run["ledger"]["amount"][0]
    days = times // runs.DAY_MS
    closes = equity[np.append(days[1:] != days[:-1], True)]
    assume(len(closes) > 2)
    returns = np.diff(np.append(cash, closes)) / np.append(cash, closes)[:-1]
    years = (days[-1] - days[0] + 1) / 365.25
    scale = np.sqrt(len(closes) / years)
    deviation = np.std(returns, ddof=1)
    downside = np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2))
    assume(deviation > 1e-9)
    found = metrics(run)
    size = float(np.abs(returns).max())
    assert found["volatility"] == pytest.approx(deviation * scale, rel=1e-9)
    assert found["sharpe"] == pytest.approx(
        returns.mean() / deviation * scale, rel=1e-6, abs=1e-9 * scale * size / deviation
    )
    if downside > 0:
        assert found["sortino"] == pytest.approx(
            returns.mean() / downside * scale, rel=1e-6, abs=1e-9 * scale * size / downside
        )
    else:
        assert found["sortino"] is None
    with np.errstate(over="ignore"):
        cagr = np.expm1(np.log(equity[-1] / cash) / years)
    assert found["cagr"] == (pytest.approx(cagr, rel=1e-6, abs=1e-9) if cagr < 1e300 else ANY)


@given(runs.equity_curves(least=1, lowest=1.0))
def test_drawdowns_agree_with_numpy(run: runs.Run) -> None:
    equity = np.array(run["equity"]["equity"])
    peaks = np.maximum.accumulate(np.append(run["ledger"]["amount"][0], equity))[1:]
    found = metrics(run)
    assert found["max_drawdown_money"] == np.max(peaks - equity)
    assert found["max_drawdown"] == np.max((peaks - equity) / peaks)
    open_bars = np.array(run["equity"]["open_positions"]) > 0
    assert found["exposure"] == pytest.approx(open_bars.mean(), rel=1e-12)


@given(st.lists(runs.money.map(lambda value: round(value, 6)), min_size=1, max_size=50))
def test_trade_statistics_agree_with_numpy(net: list[float]) -> None:
    found = metrics(runs.curve([100.0]) | {"trades": runs.trades(net)})
    pnl = np.array(net)
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    size = float(np.abs(pnl).sum()) + 1.0
    assert found["win_rate"] == len(wins) / len(pnl)
    assert found["expectancy"] == pytest.approx(pnl.mean(), abs=1e-12 * size)
    assert found["largest_win"] == (wins.max() if len(wins) else None)
    assert found["largest_loss"] == (losses.min() if len(losses) else None)
    if len(losses):
        assert found["profit_factor"] == pytest.approx(wins.sum() / -losses.sum(), rel=1e-9)
        assert found["average_loss"] == pytest.approx(losses.mean(), rel=1e-9)


@given(runs.whole_runs())
def test_native_and_plain_metrics_are_equal_to_the_last_bit(run: runs.Run) -> None:
    plain = PlainTables(run, symbols=runs.SYMBOLS, contract_sizes=runs.CONTRACT_SIZES, unit="ms")
    native = tables_from_columns(
        run, symbols=runs.SYMBOLS, contract_sizes=runs.CONTRACT_SIZES, unit="ms"
    )
    assert [(name, repr(value)) for name, value in native.metrics()] == [
        (name, repr(value)) for name, value in plain.metrics()
    ]


def test_a_result_over_plain_tables_is_the_same_result() -> None:
    run = runs.curve([100.0, 110.0, 90.0]) | {"trades": runs.trades([10.0, -20.0])}
    shape: dict[str, Any] = {"symbols": ["EURUSD"], "unit": "ms"}
    native = BacktestResult(tables_from_columns(run, **shape))
    plain = BacktestResult(PlainTables(run, **shape))
    assert native.summary() == plain.summary()

"""Runs that were made apart, joined into one account."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.results.result import BacktestResult, tables_from_columns
from tests.support.candles import walk

DAY = 86_400


def run(equity: list[float], cash: float = 100.0, first: int = 0) -> BacktestResult:
    """Give a result with a curve of days from 1 January 2024 on."""
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    times = [start + (first + k) * DAY for k in range(len(equity))]
    n = len(equity)
    curve: dict[str, list[Any]] = {
        "time": times,
        "balance": equity,
        "equity": equity,
        "open_positions": [0] * n,
    }
    ledger: dict[str, list[Any]] = {
        "time": times[:1], "kind": ["deposit"], "trade_id": [None], "amount": [cash],
        "balance": [cash],
    }  # fmt: skip
    tables = tables_from_columns({"equity": curve, "ledger": ledger}, symbols=["X"], unit="s")
    return BacktestResult(tables)


A = [100.0, 200.0, 200.0, 400.0]
B = [1_000.0, 1_000.0, 500.0, 500.0]


def test_shares_drift_without_rebalancing() -> None:
    both = omega.combine({"a": run(A), "b": run(B, 1_000.0)}, weights=[0.25, 0.75])
    assert both.equity["equity"].to_list() == [100.0, 125.0, 87.5, 137.5]
    assert both.equity["a"].to_list() == [1.0, 2.0, 2.0, 4.0]
    assert both.metrics["total_return"] == 0.375
    assert both.rebalanced == []
    assert both.table.filter(metric="total_return").row(0) == ("total_return", 0.375, 3.0, -0.5)


def test_shares_are_restored_at_the_end_of_a_period() -> None:
    both = omega.combine([run(A), run(B, 1_000.0)], rebalance="1d")
    # 1 -> 1.5 -> 1.5 * (0.5 + 0.25) -> that * (0.5 * 2 + 0.5)
    assert both.equity["equity"].to_list() == [100.0, 150.0, 112.5, 168.75]
    assert len(both.rebalanced) == 3
    monthly = omega.combine([run(A, first=29), run(B, 1_000.0, first=29)], rebalance="1mo")
    # Days 30, 31 January, 1 and 2 February: once, at the end of the 31st.
    assert monthly.equity["equity"].to_list() == [100.0, 150.0, 112.5, 187.5]
    assert [str(one)[:10] for one in monthly.rebalanced] == ["2024-01-31"]


def test_what_has_no_share_is_cash() -> None:
    both = omega.combine({"a": run(A)}, weights={"a": 0.5}, cash=1_000.0)
    assert both.equity["equity"].to_list() == [1_000.0, 1_500.0, 1_500.0, 2_500.0]


def test_a_run_is_in_cash_before_it_begins_and_keeps_what_it_made() -> None:
    both = omega.combine([run([200.0, 400.0]), run([50.0, 100.0], first=2)])
    assert both.equity["equity"].to_list() == [150.0, 250.0, 225.0, 250.0]


def test_one_run_is_itself_and_two_of_the_same_are_alike() -> None:
    result = omega.run_backtest(
        walk(6_000), omega.native("sma_cross"), sizer=omega.EquityPercent(100)
    )
    alone = omega.combine([result])
    assert alone.metrics["total_return"] == pytest.approx(result.metrics["total_return"])
    assert alone.metrics["max_drawdown"] == pytest.approx(result.metrics["max_drawdown"])
    twice = omega.combine([result, result], rebalance="1d")
    assert twice.metrics["sharpe"] == pytest.approx(result.metrics["sharpe"])
    assert twice.correlations["run 2"].to_list() == pytest.approx([1.0, 1.0])


def test_correlations_by_hand() -> None:
    both = omega.combine({"a": run([150.0, 75.0, 150.0]), "b": run([75.0, 150.0, 75.0])})
    # Returns 0.5, -0.5, 1 and -0.25, 1, -0.5.
    expected = pl.DataFrame({"x": [0.5, -0.5, 1.0], "y": [-0.25, 1.0, -0.5]})
    correlation = expected.select(pl.corr("x", "y")).item()
    assert both.correlations["b"][0] == pytest.approx(correlation)
    flat = omega.combine([run([150.0, 75.0]), run([100.0, 100.0])])
    assert flat.correlations["run 2"].to_list() == [None, None]


def test_the_page_holds_all_of_it(tmp_path: Path) -> None:
    both = omega.combine({"<a>": run(A), "b": run(B, 1_000.0)}, title="Both")
    page = both.report(tmp_path / "both.html").read_text()
    assert "<a>" not in page
    assert all(word in page for word in ("&lt;a&gt;", "Correlation", "combined", "Both"))
    assert repr(both) == "Combined(<a>, b: return 125.00 %)"


def test_a_run_that_lost_all_cannot_be_given_money() -> None:
    lost = run([100.0, 0.0, 0.0])
    both = omega.combine({"a": run([100.0, 200.0, 200.0]), "lost": lost})
    assert both.equity["equity"].to_list() == [100.0, 100.0, 100.0]
    with pytest.raises(ConfigError, match="lost has lost all"):
        omega.combine({"a": run([100.0, 200.0, 200.0]), "lost": lost}, rebalance="1d")


@pytest.mark.parametrize(("results", "settings"), [
    ([], {}),
    ([5], {}),
    (5, {}),
    ({"equity": run(A)}, {}),
    ([run(A)], {"weights": [0.5, 0.5]}),
    ([run(A)], {"weights": [1.5]}),
    ([run(A)], {"weights": [-1]}),
    ([run(A)], {"weights": {"b": 1}}),
    ([run(A)], {"weights": 5}),
    ([run(A)], {"rebalance": "1 month"}),
    ([run(A)], {"rebalance": 5}),
    ([run(A)], {"cash": 0}),
])  # fmt: skip
def test_what_is_of_no_use_is_refused(results: object, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        omega.combine(**{"results": results, **settings})


def test_runs_in_several_currencies_are_noticed() -> None:
    runs = {
        name: omega.run_backtest(
            walk(60), omega.native("sma_cross", fast=2, slow=5), account_currency=currency
        )
        for name, currency in (("a", "USD"), ("b", "EUR"), ("c", "USD"))
    }
    both = omega.combine(runs)
    assert [one.kind for one in both.notices] == ["several_currencies"]
    assert both.notices[0].level == "warning"
    assert "a, c in USD; b in EUR" in both.notices[0].text
    assert "a, c in USD; b in EUR" in both.html
    assert omega.combine({name: runs[name] for name in ("a", "c")}).notices == ()
    assert omega.combine([run(A), run(B)]).notices == ()

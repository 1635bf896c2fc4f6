"""Numbers of the sections are those of the metrics and tables, or follow from them by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega.report import _benchmark_curves, _daily, _drawdowns, _orders, _profit, _static_panels
from omega.report._exposure import valued_fills
from omega.report._labels import label
from omega.report._numbers import minus, money
from omega.results.holdings import largest_exposure
from omega.results.result import BacktestResult, example_result, tables_from_columns
from tests.support import report_runs as runs

START = datetime(2024, 1, 1, tzinfo=UTC)


def of_equity(levels: list[float], every: timedelta = timedelta(days=1)) -> BacktestResult:
    """A result whose equity begins at 100 and goes over some levels."""
    times = [int((START + k * every).timestamp() * 1_000) for k in range(len(levels))]
    equity = {
        "time": times,
        "balance": levels,
        "equity": levels,
        "open_positions": [0] * len(times),
    }
    ledger = {"time": times[:1], "kind": ["deposit"], "trade_id": [None], "amount": [100.0],
              "balance": [100.0]}  # fmt: skip
    columns: dict[str, Any] = {"equity": equity, "ledger": ledger}
    return BacktestResult(
        tables_from_columns(columns, symbols=["X"], unit="ms", timezone="UTC"), notices=()
    )


def number(result: BacktestResult, name: str) -> float:
    return float(str(result.metrics[name]))


def test_falls_are_found_from_peak_to_recovery() -> None:
    result = of_equity([90.0, 100.0, 120.0, 60.0, 90.0, 130.0, 117.0])
    found = _drawdowns.drawdowns(result)
    day = [START + timedelta(days=k) for k in range(7)]
    assert found.rows() == [
        (day[2], day[3], day[5], 0.5, 60.0, 3),
        (day[0], day[0], day[1], 0.1, 10.0, 1),
        (day[5], day[6], None, 0.1, 13.0, 1),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_falls_agree_with_the_metrics(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels = (100 * np.exp(np.cumsum(rng.normal(0.0, 0.02, 400)))).round(6).tolist()
    result = of_equity(levels)
    found = _drawdowns.drawdowns(result)
    assert found.height == result.metrics["drawdowns"]
    assert found["depth"][0] == pytest.approx(number(result, "max_drawdown"), abs=1e-12)
    assert found["bars"][0] == result.metrics["max_drawdown_bars"]
    assert found["depth"].mean() == pytest.approx(number(result, "average_drawdown"))
    assert found["bars"].max() == result.metrics["longest_drawdown_bars"]


def test_a_rolling_figure_over_all_days_is_the_metric() -> None:
    rng = np.random.default_rng(3)
    result = of_equity((100 * np.exp(np.cumsum(rng.normal(0.001, 0.02, 63)))).tolist())
    change = _daily.daily(result)["change"].to_numpy()
    mean, deviation = _daily.moments_over(change, 63)
    scale = np.sqrt(number(result, "periods_per_year"))
    assert deviation[-1] * scale == pytest.approx(number(result, "volatility"))
    assert mean[-1] / deviation[-1] * scale == pytest.approx(number(result, "sharpe"))


def test_rolling_figures_are_those_of_each_stretch() -> None:
    rng = np.random.default_rng(4)
    result = of_equity((100 * np.exp(np.cumsum(rng.normal(0.001, 0.02, 250)))).tolist())
    other = 50 * np.exp(np.cumsum(rng.normal(0.001, 0.01, 250)))
    times, curves = _daily.rolling(result, other)
    sharpe, volatility, beta = (curve.values for curve in curves)
    assert times.len() == len(sharpe) == 250
    assert not np.isfinite(sharpe[:62]).any()
    change = _daily.daily(result)["change"].to_numpy()
    own, theirs = change[138:201], other[138:201] / other[137:200] - 1
    scale = np.sqrt(number(result, "periods_per_year"))
    assert sharpe[200] == pytest.approx(own.mean() / own.std(ddof=1) * scale)
    assert volatility[200] == pytest.approx(own.std(ddof=1) * scale)
    assert beta[200] == pytest.approx(np.cov(own, theirs)[0, 1] / theirs.var(ddof=1))


def test_too_few_days_have_no_rolling_figure() -> None:
    assert _daily.rolling(of_equity([100.0] * 10))[1] == []
    assert "Too few days" in of_equity([100.0] * 10).plot().html


def cells(html: str) -> list[list[str]]:
    """The cells of the lines of a table."""
    lines = re.findall(r"<tr>(.*?)</tr>", html)
    found = [re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", line) for line in lines]
    return [line for line in found if line]


def amounts(html: str, column: int) -> list[float]:
    texts = [line[column].replace(",", "").replace("\u2212", "-") for line in cells(html)[1:]]
    return [float(text) for text in texts]


def test_weekdays_and_hours_come_to_the_net_profit() -> None:
    result = runs.sample()
    net = number(result, "net_profit")
    assert sum(amounts(_daily.by_weekday(result), 1)) == pytest.approx(net, abs=0.02)
    titles = re.findall(r"<title>\d\d: ([^<]+)</title>", _daily.by_hour(result))
    assert len(titles) == 24
    by_hour = [float(text.replace("\u2212", "-").replace(",", "")) for text in titles]
    assert sum(by_hour) == pytest.approx(net, abs=0.13)
    assert _daily.by_hour(of_equity([100.0, 101.0, 99.0])) == ""


@pytest.mark.parametrize(("fast", "slow", "is_shown"), [(2, 4, False), (50, 400, True)])
def test_net_exposure_is_off_where_it_turns_too_often(
    fast: int, slow: int, *, is_shown: bool
) -> None:
    cross = omega.native("sma_cross", fast=fast, slow=slow)
    result = omega.run_backtest(runs.SAMPLE, cross, symbol="EURUSD", **runs.SETTINGS)
    shown = {curve.name: curve.shown for curve in _benchmark_curves.held(result)}
    assert shown["Net"] is is_shown
    assert shown["Gross"]
    assert "Exposure" in result.plot().html


def test_a_weekday_has_the_changes_of_its_days() -> None:
    # 2024-01-01 is a Monday: 110, 99; the Monday after it 121.
    html = _daily.by_weekday(of_equity([110.0, 99.0, 99.0, 99.0, 99.0, 99.0, 99.0, 121.0]))
    assert cells(html)[1] == ["Monday", "32.00", "16.111 %", "100.0 %", "2"]
    assert cells(html)[2][:2] == ["Tuesday", "\u221211.00"]


@pytest.mark.parametrize("name", ["symbol", "direction", "exit reason", "tag", "holding time"])
def test_groups_of_trades_come_to_the_closed_profit(name: str) -> None:
    result = runs.sample()
    grouped = _profit.profit_by(result.trades, name)
    assert grouped["net"].sum() == pytest.approx(number(result, "closed_pnl"))
    assert grouped["trades"].sum() == result.metrics["trades"]
    wins = (grouped["won"] * grouped["trades"]).sum()
    assert wins == pytest.approx(number(result, "wins"))
    shown = amounts(_profit.panel(result, name).partition("<table")[2], 1)
    assert shown == pytest.approx(grouped["net"].to_list(), abs=0.0051)


def test_tags_and_holding_times_are_told_apart() -> None:
    times = [START, START, START + timedelta(seconds=59), START + timedelta(hours=1), START]
    ends = [one + gap for one, gap in zip(times, [timedelta(0), timedelta(seconds=59),
            timedelta(seconds=60), timedelta(hours=1), timedelta(days=400)],
            strict=True)]  # fmt: skip
    trades = pl.DataFrame(
        {
            "entry_time": times, "exit_time": ends, "net_pnl": [0.0, 1.0, 2.0, -3.0, 4.0],
            "tags": [["c"], ["a"], ["a", "b"], [], []],
        }
    )  # fmt: skip
    held = _profit.profit_by(trades, "holding time")
    assert held["group"].to_list() == [
        "within one bar", "under a minute", "1 to 5 minutes", "1 to 4 hours", "over a year"
    ]  # fmt: skip
    tagged = _profit.profit_by(trades, "tag").select("group", "trades", "net").rows()
    assert tagged == [("a", 2, 3.0), ("b", 1, 2.0), ("without a tag", 2, 1.0), ("c", 1, 0.0)]


def test_costs_are_those_of_the_ledger_and_of_the_metrics() -> None:
    result = runs.sample()
    assert _static_panels.cost_kinds(result) == {"fee": pytest.approx(-number(result, "fees"))}
    shown = dict(cells(_static_panels.costs(result).partition("<table")[2])[1:])
    assert shown == {
        "Fees": money(-number(result, "fees")),
        "Slippage": money(-number(result, "slippage_cost")),
    }


def test_refused_orders_are_counted_by_reason() -> None:
    result = omega.run_backtest(
        runs.SAMPLE, lambda bar: omega.Signal("long", size=1e9) if bar.index < 7 else None
    )
    found = _orders.refused(result)
    assert found.select("status", "orders").rows() == [("rejected", 7)]
    assert found["reason"][0] == result.orders["reject_reason"][0]
    assert found["last"][0] == result.orders["submitted_time"][6]
    assert cells(_orders.panel(result))[1][2] == "7"


def test_the_largest_exposure_is_that_of_the_notice() -> None:
    result = runs.sample()
    net, *_, count = _benchmark_curves.held(result)
    ratio, _ = largest_exposure(result, valued_fills(result))
    gross = next((one for one in _benchmark_curves.held(result) if one.name == "Gross"), net)
    assert np.nanmax(gross.values) == pytest.approx(ratio)
    assert count.values.tolist() == result.equity["open_positions"].to_list()
    assert (np.abs(net.values) <= gross.values + 1e-12).all()


def test_buy_and_hold_is_the_price_since_the_first_decision() -> None:
    result = runs.sample()
    store = result.candles
    assert store is not None
    held = _benchmark_curves.buy_and_hold(result, {0: store})
    close = pl.DataFrame(store)["bid_close"].to_numpy()
    first = int((result.equity["time"] == result.metrics["first_decision"]).arg_max() or 0)
    assert held is not None
    assert held[:first].tolist() == [10_000.0] * first
    assert held[first:] == pytest.approx(10_000.0 * close[first:] / close[first])


def test_two_symbols_are_held_for_equal_money() -> None:
    one = pl.read_parquet(runs.SAMPLE)
    result = omega.run_backtest({"A": one, "B": one[1_000:]}, lambda bar: None)
    store = result.candles
    assert store is not None
    held = _benchmark_curves.buy_and_hold(result, {0: store.symbol("A"), 1: store.symbol("B")})
    close = one["bid_close"].to_numpy()
    first = int((one["time"] == result.metrics["first_decision"]).arg_max() or 0)
    close = np.concatenate([np.full(first, close[first]), close[first:]])
    assert held is not None
    assert held[999] == pytest.approx(5_000 * close[999] / close[0] + 5_000)
    both = 5_000 * close[2_000] / close[0] + 5_000 * close[2_000] / close[1_000]
    assert held[2_000] == pytest.approx(both)
    assert _benchmark_curves.buy_and_hold(result, {0: store.symbol("A")}) is None


def test_a_benchmark_begins_at_the_money_of_the_run() -> None:
    result = of_equity([100.0, 110.0, 120.0, 125.0])
    assert _benchmark_curves.benchmark_of(result) is None
    days = pl.Series("day", [START.date() + timedelta(days=k) for k in (0, 1, 3)])
    returns = pl.DataFrame({"day": days, "returns": [0.0] * 3, "benchmark": [0.5, -0.5, 1.0]})
    beside: Any = SimpleNamespace(returns=returns)
    vars(result)["benchmark"] = beside
    drawn = _benchmark_curves.benchmark_of(result)
    assert drawn is not None
    assert drawn.tolist() == [150.0, 75.0, 75.0, 150.0]
    assert '"name":"Benchmark"' in result.plot().html


def test_the_page_says_what_it_is_of() -> None:
    class Dip(omega.Strategy):
        depth: int = 7

        def on_bar(self, bar: omega.Bar) -> None:
            pass

    result = omega.run_backtest(runs.SAMPLE, Dip(depth=9), symbol="EURUSD")
    page = result.plot().html
    assert "<td>Dip(depth=9)</td>" in page
    assert '<th scope="row">depth</th><td>9</td>' in page
    assert result.identity["data"]["EURUSD"][1] in page
    assert result.fingerprint in page


def test_every_metric_of_the_page_is_the_metric() -> None:
    result = runs.sample()
    shown = {line[0]: line[1] for line in cells(_static_panels.metrics(result)) if len(line) == 2}
    texts = result.metrics_table()
    assert len(shown) == texts.height
    for name, text in texts.select("metric", "text").iter_rows():
        assert shown[label(name)] == minus(text), name


def test_a_ruined_run_has_a_page() -> None:
    result = of_equity([50.0, 10.0, -5.0, -5.0])
    assert "Deepest drawdowns" in result.plot().html
    assert _drawdowns.drawdowns(result).height == 1


def test_a_result_of_another_kind_is_reported_too() -> None:
    plain = example_result()
    kept = SimpleNamespace(
        **{name: getattr(plain, name) for name in (
            "backend", "candles", "config", "manifest", "notices", "stats", "symbols", "tables",
            "trades", "fills", "orders", "ledger", "strategy", "declared", "equity", "positions",
            "metrics", "pnl_interval", "fingerprint", "happened",
        )}
    )  # fmt: skip
    from omega.report import plot  # noqa: PLC0415 - of its own module, not of a result

    assert plot(kept).html == plain.plot().html

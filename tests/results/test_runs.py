"""What holds for the tables of every run: they agree with each other, and with plain Python."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

import omega
from omega.reference.results import SCHEMAS, PlainTables
from omega.results.files import SELDOM, TABLES
from omega.strategy.actions import Action
from tests.support.backends import BACKENDS
from tests.support.candles import rising, told


class Coin(omega.Strategy):
    """Enters and leaves by a seeded coin, with a stop and a target now and then."""

    def init(self) -> None:
        self.coin = random.Random(7)  # noqa: S311 - chance with a seed

    def on_bar(self, bar: omega.Bar) -> None:
        draw = self.coin.random()
        price = bar.close
        if draw < 0.02:
            self.buy(size=1, stop_loss=price - 1.0, take_profit=price + 1.5)
        elif draw < 0.04:
            self.sell(size=2, stop_loss=price + 1.0)
        elif draw < 0.05:
            self.buy(size=-1)
        elif draw < 0.07:
            self.close()


def candles(bars: int) -> pl.DataFrame:
    walk = random.Random(3)  # noqa: S311 - chance with a seed
    rows = []
    price = 100.0
    for k in range(bars):
        middle = price + walk.uniform(-0.5, 0.5)
        close = middle + walk.uniform(-0.5, 0.5)
        high, low = max(price, middle, close), min(price, middle, close)
        rows.append((k * 15 * 60_000, price, high + 0.2, low - 0.2, close))
        price = close
    frame = pl.DataFrame(rows, schema=["time", "open", "high", "low", "close"], orient="row")
    return frame.with_columns(pl.col("time").cast(pl.Datetime("ms")))


@pytest.fixture(scope="module")
def result() -> omega.BacktestResult:
    costs = omega.Costs(slippage_random_pips=2.0, fee_per_lot=0.1)
    return omega.run_backtest(
        candles(5_000),
        Coin(),
        symbol="WALK",
        instruments=omega.Instrument("WALK", contract_size=10.0, pip_size=0.01),
        costs=costs,
        seed=1,
    )


def plain(result: omega.BacktestResult) -> PlainTables:
    columns = {
        name: pl.DataFrame(getattr(result.tables, name)())
        .with_columns(pl.col(pl.Datetime).to_physical())
        .to_dict(as_series=False)
        for name in (*TABLES, *SELDOM)
    }
    assert {name: list(table) for name, table in columns.items()} == {
        name: list(schema) for name, schema in SCHEMAS.items()
    }
    return PlainTables(
        columns,
        symbols=result.symbols,
        contract_sizes=result.tables.contract_sizes,
        unit="ms",
        first_decision=result.tables.first_decision,
    )


def test_the_run_is_worth_looking_at(result: omega.BacktestResult) -> None:
    assert result.trades.height > 100
    assert result.trades["exit_reason"].n_unique() >= 3
    assert {"filled", "rejected"} <= set(result.orders["status"].cast(pl.String))


def test_plain_python_gives_the_same_metrics_and_fingerprint(
    result: omega.BacktestResult,
) -> None:
    twin = plain(result)
    assert twin.metrics() == result.tables.metrics()
    assert twin.fingerprint() == result.fingerprint


def test_the_ledger_gives_every_balance(result: omega.BacktestResult) -> None:
    assert result.tables.first_broken_ledger_line() is None
    assert result.ledger["balance"][-1] == result.equity["balance"][-1]


def test_trades_equity_and_ledger_tell_of_the_same_profit(result: omega.BacktestResult) -> None:
    metrics = result.metrics
    assert metrics["net_profit"] == pytest.approx(metrics["closed_pnl"], abs=1e-9)
    fees = result.ledger.filter(kind="fee")["amount"].sum()
    assert metrics["fees"] == pytest.approx(-fees)
    assert metrics["fees"] == pytest.approx(result.trades["fees"].sum())


def test_each_trade_has_an_entry_and_an_exit_fill(result: omega.BacktestResult) -> None:
    legs = result.fills.group_by("trade_id").len()
    assert legs.filter(pl.col("len") != 2).is_empty()
    assert legs.height == result.trades["trade_id"].n_unique()


def test_the_interval_holds_the_closed_profit(result: omega.BacktestResult) -> None:
    worst, best = result.pnl_interval
    closed = result.metrics["closed_pnl"]
    assert isinstance(closed, float)
    assert worst <= closed <= best


@pytest.mark.parametrize("backend", BACKENDS)
def test_costs_are_in_the_currency_of_the_account(backend: str) -> None:
    """Two lots of ten units at 101 yen and at 102.5, each a yen worse; a yen is half a dollar."""
    plan: dict[int, Action] = {0: omega.Signal("long", size=2), 1: omega.Close()}
    result = omega.run_backtest(
        rising(4),
        told(plan),
        instruments=omega.Instrument("SYMBOL", contract_size=10, pip_size=1, quote_currency="JPY"),
        conversion={"JPY": 0.5},
        costs=omega.Costs(slippage_pips=1),
        backend=backend,
    )
    assert result.fills["price"].to_list() == [102.0, 101.0]
    assert result.fills["rate"].to_list() == [0.5, 0.5]
    assert result.metrics["slippage_cost"] == 20.0
    equity = result.equity["equity"].to_list()
    assert result.metrics["turnover"] == (1_020.0 + 1_010.0) / (sum(equity) / len(equity))


def test_a_saved_run_comes_back(result: omega.BacktestResult, tmp_path: Path) -> None:
    loaded = omega.BacktestResult.load(result.save(tmp_path / "run"))
    assert loaded.fingerprint == result.fingerprint
    assert loaded.trades.equals(result.trades)
    assert loaded.metrics == result.metrics

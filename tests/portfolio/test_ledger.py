"""The ledger closes: every number of a result can be rebuilt from it, to the last bit (M5)."""

from __future__ import annotations

import math

import polars as pl
import pytest

import omega
from tests.support import candles


class Busy(omega.Strategy):
    """Enters often, both ways, closes parts, and leaves something open."""

    def init(self) -> None:
        self.score = self.zscore(10)

    def on_bar(self, bar: omega.Bar) -> None:
        reach = 0.0010
        if self.score[-1] > 1.2:
            self.sell(0.3, stop_loss=bar.ask.close + reach, take_profit=bar.close - 2 * reach)
        elif self.score[-1] < -1.2:
            self.buy(0.7, limit=bar.close - 0.0001, stop_loss=bar.close - reach)
        if self.position is not None and bar.index % 7 == 0:
            self.close(self.position, fraction=0.4)


@pytest.fixture(scope="module")
def result(backend: str) -> omega.BacktestResult:
    return omega.run_backtest(
        candles.walk(2_000),
        Busy,
        instruments=omega.Instrument(
            "SYMBOL", contract_size=100_000, pip_size=0.0001, tick_size=0.00001, volume_step=0.01
        ),
        costs=omega.Costs(
            slippage_pips=0.1,
            slippage_random_pips=0.2,
            fee_per_lot=3.5,
            fee_min=0.5,
            swap_long=-7.1,
            swap_short=2.3,
        ),
        execution=omega.Execution(close_at_end=False),
        account=omega.Account(leverage=math.inf, ruin="allow"),
        backend=backend,
    )


def test_balances_are_the_running_sum_of_the_amounts(result: omega.BacktestResult) -> None:
    balance = 0.0
    for line in result.ledger.iter_rows(named=True):
        balance += line["amount"]
        assert line["balance"] == balance
    assert result.ledger.height > 200
    assert set(result.ledger["kind"]) == {"deposit", "pnl", "fee", "swap"}
    assert result.equity["balance"][-1] == balance


def test_equity_is_the_balance_and_the_marked_positions(result: omega.BacktestResult) -> None:
    last = result.equity.row(-1, named=True)
    positions = result.positions
    assert last["open_positions"] == positions.height > 0
    total = 0.0
    for profit in positions["open_profit"]:
        total += profit
    assert last["equity"] == last["balance"] + total


def test_a_trade_is_the_sum_of_its_lines(result: omega.BacktestResult) -> None:
    by_kind = result.ledger.group_by("trade_id", "kind").agg(pl.col("amount").sum())
    trades = result.trades.group_by("trade_id").agg(pl.col("gross_pnl", "fees", "swap").sum())
    closed = set(trades["trade_id"]) - set(result.positions["trade_id"])
    for row in trades.filter(pl.col("trade_id").is_in(closed)).iter_rows(named=True):
        lines = by_kind.filter(pl.col("trade_id") == row["trade_id"])
        booked = dict(lines.select("kind", "amount").rows())
        assert booked["pnl"] == pytest.approx(row["gross_pnl"], abs=1e-9)
        assert -booked["fee"] == pytest.approx(row["fees"], abs=1e-9)
        assert booked.get("swap", 0.0) == pytest.approx(row["swap"], abs=1e-9)


def test_the_parts_of_a_trade_add_up(result: omega.BacktestResult) -> None:
    trades = result.trades
    net = trades["gross_pnl"] - trades["fees"] + trades["swap"]
    assert trades["net_pnl"].to_list() == net.to_list()
    assert trades["units"].to_list() == (trades["lots"] * 100_000).to_list()
    assert (trades["mae"] <= 0).all()
    assert (trades["mfe"] >= 0).all()
    assert (trades["mae"] <= trades["gross_pnl"]).all()
    assert (trades["mfe"] >= trades["gross_pnl"]).all()


def test_lots_filled_are_lots_held_and_closed(result: omega.BacktestResult) -> None:
    """What was bought of a trade was sold of it, or is still there (B.1, 24)."""
    filled = dict(result.fills.group_by("trade_id").agg(pl.col("lots").sum()).rows())
    closed = dict(result.trades.group_by("trade_id").agg(pl.col("lots").sum()).rows())
    held = dict(result.positions.select("trade_id", "lots").rows())
    for trade, lots in filled.items():
        out, left = closed.get(trade, 0.0), held.get(trade, 0.0)
        assert lots == pytest.approx((out + left) + out)


def test_positions_are_worth_what_the_last_close_says(result: omega.BacktestResult) -> None:
    last = candles.walk(2_000).row(-1, named=True)
    for position in result.positions.iter_rows(named=True):
        long = position["direction"] == "long"
        close = last["bid_close"] if long else last["ask_close"]
        sign = 1.0 if long else -1.0
        profit = (close - position["entry_price"]) * sign * position["lots"] * 100_000 * 1.0
        assert position["open_profit"] == profit

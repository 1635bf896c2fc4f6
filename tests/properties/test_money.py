"""The accounting identities hold in every run, to the last bit (M2, M5)."""

from __future__ import annotations

import math

from hypothesis import given

from tests.support.property_runs import Case, cases


@given(cases())
def test_the_ledger_rebuilds_every_balance(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    balance, at = 0.0, []
    for line in result.ledger.iter_rows(named=True):
        balance += line["amount"]
        assert line["balance"] == balance
        at.append((line["time"], balance))
    for row in result.equity.iter_rows(named=True):
        assert row["balance"] == [amount for time, amount in at if time <= row["time"]][-1]


@given(cases())
def test_equity_is_balance_where_nothing_is_open(backend: str, case: Case) -> None:
    for row in case.run(backend=backend).equity.iter_rows(named=True):
        assert row["open_positions"] or row["equity"] == row["balance"]


@given(cases())
def test_the_balance_is_the_cash_and_the_closed_parts_less_open_costs(
    backend: str, case: Case
) -> None:
    """`balance = initial + net profit of closed parts - fees of open positions` (M5)."""
    result = case.run(backend=backend)
    closed = math.fsum(result.trades["net_pnl"])
    open_costs = math.fsum(result.positions["entry_fee"]) - math.fsum(result.positions["swap"])
    balance = result.equity["balance"][-1]
    assert math.isclose(balance, 10_000.0 + closed - open_costs, abs_tol=1e-8)


@given(cases())
def test_the_last_equity_is_the_balance_and_the_open_profits(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    total = 0.0
    for profit in result.positions["open_profit"]:
        total += profit
    assert result.equity["equity"][-1] == result.equity["balance"][-1] + total


@given(cases())
def test_a_profit_is_price_times_size(backend: str, case: Case) -> None:
    """In the order of rule M2, so that two programs agree to the bit."""
    size = case.instrument["contract_size"]
    for trade in case.run(backend=backend).trades.iter_rows(named=True):
        sign = 1.0 if trade["direction"] == "long" else -1.0
        gross = (trade["exit_price"] - trade["entry_price"]) * sign * trade["lots"] * size * 1.0
        assert trade["gross_pnl"] == gross
        assert trade["net_pnl"] == gross - trade["fees"] + trade["swap"]


@given(cases())
def test_what_was_filled_is_closed_or_open(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    filled: dict[int, float] = {}
    for fill in result.fills.iter_rows(named=True):
        known = fill["trade_id"] in filled
        filled[fill["trade_id"]] = filled.get(fill["trade_id"], 0.0) + (
            -fill["lots"] if known else fill["lots"]
        )
    left = dict(result.positions.select("trade_id", "lots").rows())
    for trade, lots in filled.items():
        assert math.isclose(lots, left.get(trade, 0.0), abs_tol=1e-9)


@given(cases())
def test_filled_orders_and_only_they_have_fills(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    status = dict(result.orders.select("order_id", "status").rows())
    with_fills = set(result.fills["order_id"])
    netting = case.execution["position_mode"] == "netting"
    for order, word in status.items():
        assert (word == "filled") == (order in with_fills) or (netting and word == "rejected")

"""What an entry needs of the account, and sizes that give way to it (M3, M7, M12)."""

from __future__ import annotations

import math
from typing import Any

import pytest

import omega
from omega.config.sizers import Sizer
from tests.support import candles

BUY = omega.Signal("long")
SHARES = omega.Instrument(volume_step=1)


def run(
    backend: str,
    *prices: float,
    plan: dict[int, Any],
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> omega.BacktestResult:
    """Run over bars that do not move, of one price each."""
    data = candles.quoted(*[(price,) for price in prices])
    strategy = candles.told(plan)
    return omega.run_backtest(data, strategy, backend=backend, **settings)


def test_a_second_purchase_needs_money_of_its_own(backend: str) -> None:
    """100 at 100, marked at 200, bind the whole equity of 20,000."""
    plan = {0: omega.Signal("long", size=100), 1: omega.Signal("long", size=50)}
    account = omega.Account(leverage=1)
    result = run(backend, 100, 100, 200, 200, plan=plan, account=account)
    assert result.orders["status"].to_list() == ["filled", "rejected"]
    assert result.orders["reject_reason"].to_list() == [None, "margin"]
    assert result.equity["equity"].to_list() == [10_000, 10_000, 20_000, 20_000]


@pytest.mark.parametrize("leverage", [None, 1])
def test_without_a_leverage_longs_and_shorts_are_paid_in_full(
    backend: str, leverage: float | None
) -> None:
    """60 long bind 6,000 and 50 short 5,000, which is 1,000 more than there is."""
    plan = {0: [omega.Signal("long", size=60), omega.Signal("short", size=50)]}
    account = omega.Account(leverage=leverage)
    result = run(backend, 100, 100, 100, plan=plan, account=account)
    assert result.orders["reject_reason"].to_list() == [None, "margin"]


def test_a_size_of_the_account_is_scaled_where_the_open_costs_more(backend: str) -> None:
    """At 103 and 0.1 % of fee 96 shares cost 9,897.89; 97 would cost 10,000.99."""
    result = run(
        backend,
        100,
        100,
        103,
        103,
        plan={1: BUY},
        sizer=omega.EquityPercent(100),
        instruments=SHARES,
        costs=omega.Costs(fee_percent=0.1),
    )
    order = result.orders.row(0, named=True)
    assert (order["lots"], order["status"], order["note"]) == (100, "filled", "scaled")
    assert result.fills["lots"][0] == 96
    assert result.fills["fee"][0] == pytest.approx(9.888)


def test_a_waiting_order_is_scaled_at_its_fill(backend: str) -> None:
    """100 shares by the limit of 100; the first order has left money for 40 of them."""
    limit = omega.Signal("long", type="limit", entry_price=100)
    plan = {0: [limit, omega.Signal("long", size=60)]}
    data = candles.quoted((101,), (100.5,), (100, 100, 99, 100), (100,))
    result = omega.run_backtest(
        data,
        candles.told(plan),
        sizer=omega.EquityPercent(100),
        instruments=SHARES,
        backend=backend,
    )
    # 60 at 100.5 are marked at 100.5: 10,000 - 6,030 leave 3,970, which is 39 shares at 100
    assert result.orders["note"].to_list() == ["scaled", None]
    assert result.fills.filter(order_id=0)["lots"][0] == 39


@pytest.mark.parametrize(
    ("sizer", "lots", "reason"),
    [
        (omega.FixedLots(100), [], "margin"),
        (omega.FixedUnits(100), [], "margin"),
        (omega.EquityPercent(100), [95, 95], None),
    ],
)
def test_a_least_fee_counts_whole(
    backend: str,
    sizer: Sizer,
    lots: list[float],
    reason: str | None,
) -> None:
    """100 shares at 100 and 500 of fee are 10,500; 95 and 500 are 10,000."""
    result = run(
        backend,
        100,
        100,
        100,
        plan={0: BUY},
        sizer=sizer,
        account="cash",
        instruments=SHARES,
        costs=omega.Costs(fee_min=500),
    )
    assert result.fills["lots"].to_list() == lots
    assert result.orders["reject_reason"].to_list() == [reason]


def test_no_purchase_takes_cash_below_zero(backend: str) -> None:
    """Worth 10,000 with a least fee of 100 and 5,050 at hand: 49.5 at 100 leave nothing."""
    result = run(
        backend,
        100,
        100,
        100,
        plan={0: omega.Signal("long", stop_loss=90)},
        sizer=omega.RiskAmount(1_000),
        account=omega.Account(kind="cash", cash=5_050),
        costs=omega.Costs(fee_min=100),
    )
    order, fill = result.orders.row(0, named=True), result.fills.row(0, named=True)
    assert (order["lots"], order["note"]) == (100, "scaled")
    assert (fill["lots"], fill["fee"]) == (49.5, 100)
    assert 5_050 - fill["lots"] * fill["price"] - fill["fee"] == 0


def test_what_is_scaled_below_the_smallest_size_is_refused(backend: str) -> None:
    """At 120 the money is worth 8 thirds of a lot of 1,000 shares at most, and 4 are the least."""
    result = run(
        backend,
        100,
        100,
        120,
        plan={1: BUY},
        cash=480_000,
        sizer=omega.EquityPercent(100),
        instruments=omega.Instrument(contract_size=1_000, volume_step=0.1, volume_min=4.1),
    )
    order = result.orders.row(0, named=True)
    assert (order["lots"], order["reject_reason"], order["note"]) == (4.8, "size", None)


def test_a_size_is_no_step_too_small(backend: str) -> None:
    """0.57 of 100,000 at 100 are 570 shares; 0.57 * 1,000 is 569.99... in floating point."""
    result = run(
        backend,
        100,
        100,
        100,
        plan={0: BUY},
        cash=100_000,
        sizer=omega.EquityPercent(57),
        instruments=SHARES,
    )
    assert result.fills["lots"][0] == 570


def test_a_size_is_converted_by_what_was_complete(backend: str) -> None:
    """10,000 dollars buy 100 at 100 pounds by the pound's last bar; the next one is at 1.25."""
    pounds = candles.quoted((1,), (1,), (1.25,), (1.25,))
    result = omega.run_backtest(
        {"SHARE": candles.quoted((100,), (100,), (100,), (100,)), "GBPUSD": pounds},
        candles.told({1: omega.Signal("long", symbol="SHARE")}),
        sizer=omega.EquityPercent(100),
        instruments=omega.Instrument("SHARE", quote_currency="GBP"),
        backend=backend,
    )
    assert result.fills["lots"][0] == 100
    assert result.orders["note"].to_list() == [None]


def test_an_infinite_leverage_tests_nothing(backend: str) -> None:
    account = omega.Account(leverage=math.inf)
    plan = {0: omega.Signal("long", size=1e9)}
    costs = omega.Costs(fee_per_lot=0.000001)
    result = run(backend, 100, 100, 100, plan=plan, account=account, costs=costs)
    assert result.orders["status"].to_list() == ["filled"]


@pytest.mark.parametrize("mode", ["hedging", "netting"])
def test_a_cash_account_sells_nothing_short(backend: str, mode: str) -> None:
    result = run(
        backend,
        100,
        100,
        100,
        plan={0: omega.Signal("short", size=1)},
        account="cash",
        execution=omega.Execution(position_mode=mode),
    )
    assert result.orders["reject_reason"].to_list() == ["short"]
    assert result.fills.height == 0


def test_in_netting_a_cash_account_sells_what_it_has(backend: str) -> None:
    result = run(
        backend,
        100,
        100,
        110,
        110,
        plan={0: omega.Signal("long", size=50), 1: omega.Signal("short", size=80)},
        account="cash",
        execution=omega.Execution(position_mode="netting"),
    )
    assert result.trades["lots"].to_list() == [50]
    assert result.trades["net_pnl"].to_list() == [500]
    assert result.orders["reject_reason"].to_list() == [None, "short"]


@pytest.mark.parametrize("semantics", [1, 2])
def test_version_one_needs_no_money_without_a_margin_rate(backend: str, semantics: int) -> None:
    plan = {0: omega.Signal("long", size=101)}
    result = run(backend, 100, 100, 100, plan=plan, semantics=semantics)
    assert result.orders["status"].to_list() == [["filled"], ["rejected"]][semantics - 1]

"""Interest, borrowing and funding (rules C1 to C4), with numbers computed by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.dated_runs import START, Script, booked, days, run

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def test_interest_is_booked_for_each_calendar_day(backend: str) -> None:
    """3.65 % of 100,000 are 10.00 a day, which earn in turn; a weekend has three days."""
    result = run(backend, days([30.0] * 3), {}, carry=omega.Carry(cash=0.0365))
    assert booked(result) == [("interest", pytest.approx(10.0))]
    assert result.equity["balance"].to_list() == [1e5, 1e5, pytest.approx(100_010.0)]
    friday = days([30.0, 30.0], start=START.replace(day=4))
    monday = days([30.0], start=START.replace(day=8))
    result = run(backend, friday.vstack(monday), {}, carry=omega.Carry(cash=0.0365))
    amounts = [amount for _, amount in booked(result)]
    assert amounts == pytest.approx([10.0, 10.001, 10.0020001])


def test_rates_go_by_date_and_a_debit_has_its_own(backend: str) -> None:
    rates = [{"date": "2023-12-01", "rate": 0.0}, {"date": "2024-01-03", "rate": 0.036}]
    result = run(backend, days([30.0] * 4), {}, carry=omega.Carry(cash=rates, days=360))
    assert booked(result) == [("interest", pytest.approx(10.0))]
    account = omega.Account(kind="margin", leverage=10, ruin="allow")
    costs = omega.Costs(fee_fixed=200_000.0, side="entry")
    script: dict[int, Any] = {0: omega.Signal("long", size=1)}
    settings = {"costs": costs, "account": account, "cash": 200_100.0}
    carry = omega.Carry(debit=0.0365)
    result = run(backend, days([30.0] * 4), script, carry=carry, **settings)
    assert booked(result, "interest") == []
    costs = omega.Costs(fee_fixed=200_000.0)
    settings |= {"costs": costs, "limits": omega.Limits()}
    script |= {1: omega.Close()}
    result = run(backend, days([30.0] * 4), script, carry=carry, **settings)
    assert booked(result, "interest") == [("interest", pytest.approx(-199_900 * 1e-4))]


def test_a_cash_account_earns_on_what_is_not_in_positions(backend: str) -> None:
    script = {0: omega.Signal("long", size=2_000)}
    carry = omega.Carry(cash=0.0365)
    data = days([30.0] * 3)
    cash = run(backend, data, script, carry=carry, account="cash")
    assert booked(cash, "interest") == [("interest", pytest.approx(4.0))]
    margin = run(backend, data, script, carry=carry)
    assert booked(margin, "interest") == [("interest", pytest.approx(10.0))]


@pytest.mark.parametrize(("collateral", "amount"), [("close", 0.211417), ("convention", 0.216667)])
def test_what_was_sold_short_is_borrowed(backend: str, collateral: str, amount: float) -> None:
    """100 shares at 25.37 and 3 %: a day's cost, also by the convention of 26."""
    carry = omega.Carry(borrow=0.03, collateral=collateral)
    data = days([25.37] * 4)
    result = run(backend, data, {0: omega.Signal("short", size=100)}, carry=carry)
    assert booked(result, "borrow") == [("borrow", pytest.approx(-amount, abs=5e-7))] * 2
    assert result.trades["swap"].to_list() == [pytest.approx(-2 * amount, abs=1e-6)]
    long = run(backend, data, {0: omega.Signal("long", size=100)}, carry=carry)
    assert booked(long, "borrow") == []


@pytest.mark.parametrize(
    "events",
    [
        omega.Events(delistings=[{"symbol": "GONE", "date": "2024-01-05", "price": 12.0}]),
        omega.Events(symbols=[{"old": "GONE", "new": "NEW", "date": "2024-01-05"}]),
    ],
)
def test_a_day_before_the_end_of_a_symbol_is_borrowed_once(
    backend: str, events: omega.Events
) -> None:
    """Short from January 2; a bar on the day of the event charged the day before it twice."""
    data = {"GONE": days([25.37] * 5), "OTHER": days([50.0] * 8), "NEW": days([25.37] * 5)}
    carry = omega.Carry(borrow={"GONE": 0.03, "OTHER": 0.0, "NEW": 0.0})
    script = {0: omega.Signal("short", size=100, symbol="GONE")}
    result = run(backend, data, script, carry=carry, events=events)
    assert booked(result, "borrow") == [("borrow", pytest.approx(-0.211417, abs=5e-7))] * 3


def test_what_nobody_lends_is_refused_and_called_back(backend: str) -> None:
    rates = [{"date": "2024-01-01", "rate": 0.03}, {"date": "2024-01-04", "rate": None}]
    script = {0: omega.Signal("short", size=100), 3: omega.Signal("short", size=100)}
    data = days([25.0] * 6, [25.0, 25.0, 25.0, 24.0, 25.0, 25.0])
    result = run(backend, data, script, carry=omega.Carry(borrow=rates))
    assert result.orders["reject_reason"].to_list() == [None, "no_borrow"]
    trade = result.trades.row(0, named=True)
    assert (trade["exit_time"], trade["exit_price"]) == (START.replace(day=4), 24.0)
    never = run(backend, data, script, carry=omega.Carry(borrow={"SYMBOL": None}))
    assert never.orders["reject_reason"].to_list() == ["no_borrow"] * 2


def test_a_short_that_waited_is_refused_where_nobody_lends_any_more(backend: str) -> None:
    """Placed on January 1 at 25.50, which is reached on January 4."""
    rates = [{"date": "2024-01-01", "rate": 0.03}, {"date": "2024-01-04", "rate": None}]
    short = omega.Signal("short", size=100, type="limit", entry_price=25.5)
    data = days([25.0] * 6, [25.0, 25.0, 25.0, 26.0, 25.0, 25.0])
    result = run(backend, data, {0: short}, carry=omega.Carry(borrow=rates))
    assert result.orders["reject_reason"].to_list() == ["no_borrow"]
    assert result.trades.height == 0


EIGHT = timedelta(hours=8)


def payments(rate: float, mark: float | None = None, last: int = 6) -> list[dict[str, object]]:
    times = [START + EIGHT * k for k in range(3 * last)]
    return [{"time": time, "rate": rate, "mark": mark} for time in times]


def test_a_daily_bar_holds_three_payments(backend: str) -> None:
    """0.5 lots at a mark of 60,000 and a rate of 0.0001: -3.00 each, held from the second bar."""
    carry = omega.Carry(funding=payments(0.0001, 60_000.0, last=4))
    settings = {"carry": carry, "instruments": omega.Instrument()}
    data = days([60_000.0] * 4)
    long = run(backend, data, {0: omega.Signal("long", size=0.5)}, **settings)
    assert booked(long, "funding") == [("funding", pytest.approx(-3.0))] * 9
    # The one at the very open of the entry would be earned: in doubt, it is not.
    short = run(backend, data, {0: omega.Signal("short", size=0.5)}, **settings)
    assert booked(short, "funding") == [("funding", pytest.approx(3.0))] * 8
    assert long.ledger.filter(kind="funding")["time"].to_list()[:2] == [
        START + 3 * EIGHT,
        START + 4 * EIGHT,
    ]


def test_between_two_payments_nothing_is_paid(backend: str) -> None:
    hourly = days([100.0] * 30, step=timedelta(hours=1))
    carry = omega.Carry(funding=payments(0.0001, last=2))
    held = run(backend, hourly, {8: omega.Signal("long", size=10), 11: omega.Close()}, carry=carry)
    assert booked(held, "funding") == []
    over = run(backend, hourly, {8: omega.Signal("long", size=10), 16: omega.Close()}, carry=carry)
    assert booked(over, "funding") == [("funding", pytest.approx(-10 * 100 * 0.0001))]


def test_of_what_leaves_inside_a_bar_a_cost_counts(backend: str) -> None:
    """The stop of the third day fills at some time of it: both payments after its open are paid."""
    data = days([100.0, 100.0, 90.0], [100.0, 100.0, 100.0])
    script = {0: omega.Signal("long", size=10, stop_loss=95.0)}
    settings = {"instruments": omega.Instrument()}
    paid = run(
        backend, data, script, carry=omega.Carry(funding=payments(1e-4, 100.0, 3)), **settings
    )
    assert booked(paid, "funding") == [("funding", pytest.approx(-0.1))] * 6
    earned = run(
        backend, data, script, carry=omega.Carry(funding=payments(-1e-4, 100.0, 3)), **settings
    )
    assert booked(earned, "funding") == [("funding", pytest.approx(0.1))] * 3


def test_a_missing_rate_is_refused(backend: str) -> None:
    data = days([100.0] * 4)
    rows = payments(1e-4, 100.0, 4)
    for broken in (rows[:3], rows[:4] + rows[5:], [*rows[:4], {**rows[4], "rate": None}]):
        with pytest.raises(ConfigError, match=r"rate"):
            run(backend, data, {}, carry=omega.Carry(funding=broken))
    with pytest.raises(ConfigError, match="from the first bar"):
        run(backend, data, {}, carry=omega.Carry(cash=[{"date": "2024-01-03", "rate": 0.1}]))


def test_version_one_of_the_rules_has_no_carry(backend: str) -> None:
    with pytest.raises(ConfigError, match="semantics"):
        run(backend, days([1.0] * 3), {}, carry=omega.Carry(cash=0.1), semantics=1)


def test_a_payment_belongs_to_one_bar(backend: str) -> None:
    data = days([100.0] * 4)
    settings = {"execution": omega.Execution(intrabar="magnifier", magnifier=data)}
    with pytest.raises(ConfigError, match="magnifier"):
        run(backend, data, {}, carry=omega.Carry(funding=payments(1e-4, 100.0, 4)), **settings)


def test_what_is_carried_lacks_no_swap(backend: str) -> None:
    """The notice of nights without swap is for positions that hold costs nothing."""
    data = days([100.0] * 5)
    script = {0: omega.Signal("short", size=1)}
    account = omega.Account(kind="margin", leverage=5)
    said = {}
    for name, carry in (("none", None), ("borrow", omega.Carry(borrow=0.01))):
        result = run(backend, data, script, account=account, carry=carry)
        said[name] = [notice.kind for notice in result.notices if notice.kind == "no_swap"]
    assert said == {"none": ["no_swap"], "borrow": []}


def test_a_date_has_one_rate(backend: str) -> None:
    assert backend
    rows = [{"date": "2024-01-01", "rate": 0.01}, {"date": "2024-01-01", "rate": 0.02}]
    for words in ({"cash": rows}, {"borrow": rows}, {"borrow": {"X": rows}}):
        with pytest.raises(ConfigError, match="one rate for a date"):
            omega.Carry(**words)


def test_each_cost_of_holding_has_a_metric_and_a_column(backend: str) -> None:
    """A long with a dividend and a short that pays it, borrowed, with interest on the cash."""
    data = {"A": days([30.0] * 4 + [33.0]), "B": days([20.0] * 4 + [21.0])}
    script: Script = {0: [omega.Signal("long", size=100, symbol="A"),
                  omega.Signal("short", size=100, symbol="B")],
              3: omega.Close(symbol="B")}  # fmt: skip
    paid = [{"symbol": name, "date": "2024-01-03", "amount": 1.0} for name in ("A", "B")]
    result = run(
        backend,
        data,
        script,
        carry=omega.Carry(cash=0.0365, borrow=0.036),
        events=omega.Events(dividends=paid, tax=0.25),
        costs=omega.Costs(fee_fixed=2.0),
        cash=1_000_000.0,
    )
    by_kind = dict.fromkeys(("borrow", "dividend", "tax", "interest", "funding", "swap"), 0.0)
    for kind, amount in booked(result, *by_kind):
        by_kind[kind] += amount
    found: dict[str, Any] = dict(result.metrics)
    assert by_kind["borrow"] < 0.0 < by_kind["interest"]
    assert found["borrow"] == by_kind["borrow"]
    assert found["interest"] == by_kind["interest"]
    assert found["dividends"] == pytest.approx(75.0 - 100.0)
    assert found["funding"] == found["swap"] == 0.0
    assert found["total_costs"] == pytest.approx(found["fees"] - by_kind["borrow"])
    table = result.by_symbol
    assert table["symbol"].to_list() == ["A", "B", "cash"]
    assert table["dividends"].to_list() == [75.0, -100.0, 0.0]
    assert table["carry"].to_list() == pytest.approx([0.0, by_kind["borrow"], 0.0])
    assert table["costs"].sum() == pytest.approx(found["total_costs"])
    assert table["net_pnl"][2] == pytest.approx(by_kind["interest"], abs=1e-6)
    assert table["contribution"].sum() == pytest.approx(found["total_return"], abs=1e-9)
    lines = {line.split()[0]: line.split()[1] for line in result.summary().splitlines() if line}
    assert lines["Dividends"] == "-25.00"
    assert float(lines["Borrow"]) == pytest.approx(by_kind["borrow"], abs=0.01)
    assert "Interest" in lines


def test_a_table_by_symbol_has_no_row_of_cash_without_any(backend: str) -> None:
    data = days([30.0, 30.0, 31.0, 32.0])
    result = run(backend, data, {0: omega.Signal("long", size=10)}, costs=omega.Costs(fee_fixed=2))
    assert result.by_symbol["symbol"].to_list() == ["SYMBOL"]
    assert result.by_symbol["contribution"].sum() == pytest.approx(
        result.metrics["total_return"], abs=1e-12
    )

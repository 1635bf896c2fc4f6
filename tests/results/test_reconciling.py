"""A broker's fills against a run's: planted differences are found, in money to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import omega
from omega.results.reconciling import Reconciliation, fills_of
from tests.support import report_runs as runs
from tests.support.backends import BACKENDS

RESULT = runs.sample()
OWN = fills_of(RESULT)


def changed(row: int, **values: object) -> pl.DataFrame:
    """The fills of the run with other values in one row."""
    there = pl.int_range(pl.len()) == row
    return OWN.with_columns(
        pl.when(there)
        .then(pl.lit(value))
        .otherwise(pl.col(name))
        .cast(OWN.schema[name])
        .alias(name)
        for name, value in values.items()
    )


def only(found: Reconciliation) -> dict[str, object]:
    assert found.differences.height == 1
    return found.differences.row(0, named=True)


def test_a_run_agrees_with_itself() -> None:
    found = omega.reconcile(RESULT, OWN)
    assert found.differences.height == 0
    assert found.money == 0.0
    assert found.matched["same"].all()
    assert repr(found) == f"Reconciliation({OWN.height} fills matched, no difference)"


def test_a_worse_price_costs_what_it_is_times_the_size() -> None:
    # Half a lot of EURUSD is 50,000 units: two pips more for a purchase are 10 dollars.
    row = int((OWN["side"] == "buy").arg_max() or 0)
    found = only(omega.reconcile(RESULT, changed(row, price=OWN["price"][row] + 0.0002)))
    assert (found["kind"], found["run_row"], found["broker_row"]) == ("price", row, row)
    assert found["money"] == pytest.approx(-10.0, abs=1e-6)
    row = int((OWN["side"] == "sell").arg_max() or 0)
    found = only(omega.reconcile(RESULT, changed(row, price=OWN["price"][row] + 0.0002)))
    assert found["money"] == pytest.approx(10.0, abs=1e-6)


def test_another_size_is_paid_at_the_price_of_the_broker() -> None:
    row = int((OWN["side"] == "sell").arg_max() or 0)
    found = only(omega.reconcile(RESULT, changed(row, lots=0.4)))
    assert (found["kind"], found["run"], found["broker"]) == ("size", 0.5, 0.4)
    assert found["money"] == pytest.approx(-10_000 * OWN["price"][row], abs=0.005)


def test_another_time_costs_nothing_and_may_be_tolerated() -> None:
    later = OWN["time"][3] + timedelta(seconds=40)
    moved = changed(3, time=later)
    found = only(omega.reconcile(RESULT, moved))
    assert (found["kind"], found["money"]) == ("time", 0.0)
    assert found["broker"] - found["run"] == pytest.approx(40.0)  # type: ignore[operator]  # floats
    within = omega.reconcile(RESULT, moved, time_tolerance=timedelta(minutes=1))
    assert within.differences.height == 0


def test_a_higher_fee_is_a_difference_where_the_broker_tells_fees() -> None:
    found = only(omega.reconcile(RESULT, changed(2, fee=OWN["fee"][2] + 1.25)))
    assert (found["kind"], found["money"]) == ("fee", pytest.approx(-1.25))
    assert omega.reconcile(RESULT, OWN.drop("fee")).differences.height == 0


def test_missing_and_extra_fills_are_named_with_what_they_paid() -> None:
    row = int((OWN["side"] == "buy").arg_max() or 0)
    found = only(omega.reconcile(RESULT, OWN.filter(pl.int_range(pl.len()) != row)))
    assert (found["kind"], found["run_row"], found["broker_row"]) == ("missing", row, None)
    paid = OWN["price"][row] * 50_000 + OWN["fee"][row]
    assert found["money"] == pytest.approx(paid, abs=0.005)
    again = pl.concat([OWN, OWN[row]])
    found = only(omega.reconcile(RESULT, again))
    assert (found["kind"], found["run_row"]) == ("extra", None)
    assert found["money"] == pytest.approx(-paid, abs=0.005)


def test_all_kinds_together_come_to_the_difference_of_the_profits() -> None:
    other = omega.run_backtest(
        runs.SAMPLE, runs.Bracketed(), symbol="EURUSD",
        **runs.SETTINGS | {"costs": omega.Costs(slippage_pips=0.3, fee_per_million=50)},
    )  # fmt: skip
    found = omega.reconcile(RESULT, fills_of(other))
    gap = float(str(other.metrics["net_profit"])) - float(str(RESULT.metrics["net_profit"]))
    assert gap < -10
    assert found.money == pytest.approx(gap, abs=0.005)
    assert found.by_kind["money"].sum() == pytest.approx(found.money)


def test_executions_of_one_order_are_one_fill() -> None:
    first = OWN[:1].with_columns(lots=pl.lit(0.2), price=pl.lit(1.0), fee=pl.lit(0.1))
    second = OWN[:1].with_columns(lots=pl.lit(0.3), price=pl.lit(1.1), fee=pl.lit(0.2))
    rest = OWN[1:].with_columns(order_id=pl.lit(None, pl.String))
    parts = pl.concat([first, second]).with_columns(order_id=pl.lit("A1"))
    found = omega.reconcile(RESULT, pl.concat([parts, rest])).differences
    assert found["kind"].to_list() == ["price", "fee"]
    assert found["broker"].to_list() == pytest.approx([1.06, 0.3])


@pytest.mark.parametrize("backend", BACKENDS)
def test_shorts_and_other_currencies_count_at_the_rate_of_the_run(backend: str) -> None:
    times = [datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in range(4)]
    prices = [150.0, 150.0, 151.0, 152.0]
    candles = pl.DataFrame(
        {"time": times, "open": prices, "high": prices, "low": prices, "close": prices}
    )
    result = omega.run_backtest(
        candles, lambda bar: omega.Signal("short", size=2) if bar.index == 0 else None,
        symbol="USDJPY", backend=backend, conversion={"JPY": 0.01},
        instruments=omega.Instrument("USDJPY", contract_size=10.0, quote_currency="JPY"),
    )  # fmt: skip
    own = fills_of(result)
    assert own.select("side", "lots", "price", "units").rows() == [
        ("sell", 2.0, 150.0, 0.1), ("buy", 2.0, 152.0, 0.1)
    ]  # fmt: skip
    worse = own.with_columns(price=pl.col("price") + 0.5 * (pl.col("side") == "buy"))
    # Half a yen more on 20 dollars: 10 yen at 0.01.
    assert only(omega.reconcile(result, worse))["money"] == pytest.approx(-0.1)


def test_columns_of_a_broker_are_found_and_named() -> None:
    theirs = OWN.rename({"time": "Time", "price": "Fill Price", "lots": "Quantity"}).with_columns(
        pl.col("side").str.to_uppercase()
    )
    found = omega.reconcile(RESULT, theirs, columns={"price": "Fill Price"})
    assert found.differences.height == 0


@pytest.mark.parametrize(
    ("fills", "message"),
    [
        (OWN.drop("price"), "no column 'price'"),
        (OWN.with_columns(side=pl.lit("hold")), "'side' in row 0 is missing or unknown"),
        (OWN.with_columns(pl.col("time").dt.replace_time_zone(None)), "times without a zone"),
        (OWN.with_columns(price=pl.lit("x")), "'price' holds String, expected numbers"),
    ],
)
def test_a_table_that_is_none_of_fills_is_refused(fills: pl.DataFrame, message: str) -> None:
    with pytest.raises(omega.ConfigError, match=message):
        omega.reconcile(RESULT, fills)

"""What must not matter does not: mirror images, scale, equal sides, the order of asking."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import omega
from tests.support.property_runs import (
    FIRST,
    MIRROR,
    PLAIN,
    Case,
    Lens,
    Row,
    Step,
    cases,
    graded_fee,
    opens,
    rows,
)

MONEY = ["gross_pnl", "fees", "net_pnl", "mae", "mfe", "r_multiple"]
LEVELS = ["entry_price", "exit_price", "stop_loss", "take_profit"]


@given(cases(exact=True))
def test_a_mirror_image_makes_the_same_money(backend: str, case: Case) -> None:
    """Prices reflected, sides exchanged, long for short: the same profits, to the bit."""
    case = replace(case, costs={**case.costs})
    plain, mirrored = case.run(backend=backend), case.run(MIRROR, backend=backend)
    turned = pl.col("direction").cast(pl.String).replace({"long": "short", "short": "long"})
    reflected = [(2 * FIRST * PLAIN.step - pl.col(name)).alias(name) for name in LEVELS]
    image = mirrored.trades.with_columns(turned, *reflected)
    expected = plain.trades.with_columns(pl.col("direction").cast(pl.String))
    assert_frame_equal(image, expected, check_exact=True)
    assert_frame_equal(mirrored.equity, plain.equity, check_exact=True)
    assert_frame_equal(mirrored.ledger, plain.ledger, check_exact=True)
    status = ["order_id", "type", "lots", "status", "reject_reason"]
    assert_frame_equal(mirrored.orders.select(status), plain.orders.select(status))
    assert mirrored.pnl_interval == plain.pnl_interval


@given(cases(), st.sampled_from([-7, -1, 3, 20]))
def test_a_scaled_run_makes_scaled_money(backend: str, case: Case, power: int) -> None:
    """Prices, cash and costs times a power of two: profits times it, exactly."""
    scale = 2.0**power
    by_money: dict[str, Any] = {
        name: case.costs[name] * scale for name in ("fee_per_lot", "fee_fixed")
    }
    if case.costs["fee"] is not None:
        by_money["fee"] = lambda fill: graded_fee(fill) * scale
    sizer = case.settings.get("sizer")
    if isinstance(sizer, omega.RiskAmount):
        sizer = omega.RiskAmount(sizer.money * scale)
    larger = replace(
        case,
        costs={**case.costs, **by_money},
        settings={**case.settings, "cash": 10_000.0 * scale, "sizer": sizer},
        instrument={**case.instrument, "tick_size": PLAIN.step * scale},
    )
    plain = case.run(backend=backend)
    scaled = larger.run(Lens(step=PLAIN.step * scale), backend=backend)
    bigger = [pl.col(name) * scale for name in [*LEVELS, *MONEY[:-1], "swap"]]
    assert_frame_equal(scaled.trades, plain.trades.with_columns(*bigger), check_exact=True)
    money = [pl.col(name) * scale for name in ("balance", "equity")]
    assert_frame_equal(scaled.equity, plain.equity.with_columns(*money), check_exact=True)


@given(cases())
def test_equal_sides_are_the_run_on_one_side(backend: str, case: Case) -> None:
    level = tuple(replace(row, spread=0) for row in case.rows)
    case = replace(case, rows=level)
    one = case.run(data=case.frame(sided=False), backend=backend)
    two = case.run(data=case.frame(), backend=backend)
    assert one.fingerprint == two.fingerprint
    assert one.metrics == two.metrics


@given(rows(), st.data())
def test_the_order_of_asking_for_independent_orders_does_not_matter(
    backend: str, bars: tuple[Row, ...], data: st.DataObject
) -> None:
    """Without margin, groups and random slippage, orders know nothing of one another."""
    bar = data.draw(st.integers(0, len(bars) - 2))
    asked = data.draw(st.lists(opens(bars[bar].close, alone=True), min_size=2, max_size=5))
    asked = [replace(step, size=step.size or 1.0) for step in asked]
    shuffled = list(asked)
    random.Random(len(asked)).shuffle(shuffled)  # noqa: S311 - a fixed shuffle of a few
    found = [outcomes(backend, bars, bar, order) for order in (asked, asked[::-1], shuffled)]
    assert found[0] == found[1] == found[2]


def outcomes(
    backend: str, bars: tuple[Row, ...], bar: int, asked: list[Step]
) -> list[tuple[object, ...]]:
    """Give what became of each order, whatever its number."""
    result = Case(bars, {bar: tuple(asked)}).run(backend=backend)
    assert result.orders.height == len(asked)
    hidden = ["trade_id", "symbol", "tags", "reason"]
    trades = result.trades.drop(hidden).with_columns(pl.col(pl.Categorical).cast(pl.String))
    rejected = result.orders.select("type", "price", "lots", "status").with_columns(
        pl.col(pl.Categorical).cast(pl.String)
    )
    return sorted(trades.rows(), key=repr) + sorted(rejected.rows(), key=repr)

"""A magnified run is the run on the finer series, if the strategy decides on the same bars (I5)."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import omega
from tests.properties.runs import PLAIN, PRICES, Case, managers, rows, scripts

PARTS = 3
"""Finer bars in a coarse one."""


def joined(finer: pl.DataFrame) -> pl.DataFrame:
    """Put finer bars together, each side by itself."""
    of = {"open": pl.Expr.first, "high": pl.Expr.max, "low": pl.Expr.min, "close": pl.Expr.last}
    prices = [of[price](pl.col(f"{side}_{price}")) for side in ("bid", "ask") for price in PRICES]
    group = pl.int_range(pl.len()) // PARTS
    return finer.group_by(group.alias("bar"), maintain_order=True).agg(
        pl.col("time").first(), *prices
    ).drop("bar")  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a run whose rows are the finer bars, and whose script counts in coarse ones."""
    bars = draw(rows(least=4 * PARTS, most=10 * PARTS))
    bars = bars[: len(bars) // PARTS * PARTS]
    return Case(
        bars,
        draw(scripts(bars[PARTS - 1 :: PARTS])),
        execution={
            "close_at_end": False,
            "position_mode": draw(st.sampled_from(["hedging", "netting"])),
            "limit_improvement": draw(st.booleans()),
        },
        costs={"slippage_pips": draw(st.sampled_from([0.0, 1.0])), "fee_per_lot": 0.5},
        managers=tuple(given for given in draw(managers) if given[0] != "time"),
    )


def both(backend: str, case: Case) -> tuple[omega.BacktestResult, omega.BacktestResult]:
    """Run on coarse bars with a magnifier, and on the finer bars themselves."""
    finer = case.frame()
    magnified = case.changed(intrabar="magnifier", magnifier=finer)
    late = {PARTS * bar + PARTS - 1: steps for bar, steps in case.script.items()}
    plain = replace(case, script=late)
    return magnified.run(data=joined(finer), backend=backend), plain.run(backend=backend)


@given(cases())
def test_a_magnified_run_makes_the_trades_of_the_finer_run(backend: str, case: Case) -> None:
    magnified, plain = both(backend, case)
    counted = ["entry_index", "exit_index", "bars_held"]
    assert_frame_equal(magnified.trades.drop(counted), plain.trades.drop(counted))
    assert_frame_equal(magnified.fills, plain.fills)
    assert_frame_equal(magnified.orders, plain.orders)
    assert_frame_equal(magnified.ledger.drop("time"), plain.ledger.drop("time"))
    assert_frame_equal(magnified.positions.drop("entry_index"), plain.positions.drop("entry_index"))


@given(cases())
def test_a_magnified_run_is_marked_like_the_finer_run(backend: str, case: Case) -> None:
    magnified, plain = both(backend, case)
    ends = plain.equity[2 * PARTS - 2 :: PARTS]
    assert_frame_equal(magnified.equity.drop("time"), ends.drop("time"))


@given(cases())
def test_without_finer_bars_a_magnifier_is_pessimistic(backend: str, case: Case) -> None:
    """A bar without finer bars is matched as it is."""
    data = joined(case.frame())
    elsewhere = case.frame().with_columns(pl.col("time") - pl.duration(days=30))
    magnified = case.changed(intrabar="magnifier", magnifier=elsewhere)
    expected = case.changed(intrabar="pessimistic").run(PLAIN, data=data, backend=backend)
    assert magnified.run(data=data, backend=backend).fingerprint == expected.fingerprint

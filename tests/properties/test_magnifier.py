"""A magnified run is the run on the finer series, if the strategy decides on the same bars (I5)."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import omega
from tests.support.property_runs import (
    PLAIN,
    PRICES,
    UNBOUND,
    Case,
    Row,
    managers,
    rows,
    scripts,
)

PARTS = 3
"""Finer bars in a coarse one."""


def joined(finer: pl.DataFrame, group: pl.Expr | pl.Series | None = None) -> pl.DataFrame:
    """Put finer bars together, each side by itself."""
    of = {"open": pl.Expr.first, "high": pl.Expr.max, "low": pl.Expr.min, "close": pl.Expr.last}
    prices = [of[price](pl.col(f"{side}_{price}")) for side in ("bid", "ask") for price in PRICES]
    group = pl.int_range(pl.len()) // PARTS if group is None else group
    return finer.group_by(group.alias("bar"), maintain_order=True).agg(
        pl.col("time").first(), *prices
    ).drop("bar")  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a run whose rows are the finer bars, and whose script counts in coarse ones.

    A `tight` account holds the margin of two lots and little more, so that it is stopped out.
    """
    bars = draw(rows(least=4 * PARTS, most=10 * PARTS))
    bars = bars[: len(bars) // PARTS * PARTS]
    tight = draw(st.booleans())
    return Case(
        bars,
        # The close of a coarse bar is another one than that of its first finer bar (F16.1).
        draw(scripts(bars[PARTS - 1 :: PARTS], at_close=False)),
        execution={
            "close_at_end": draw(st.booleans()),
            "position_mode": draw(st.sampled_from(["hedging", "netting"])),
            "limit_improvement": draw(st.booleans()),
        },
        account={"leverage": 1.0, "stop_out_level": 1.0} if tight else UNBOUND,
        costs={"slippage_pips": draw(st.sampled_from([0.0, 1.0])), "fee_per_lot": 0.5},
        managers=tuple(given for given in draw(managers) if given[0] != "time"),
        settings={"cash": 2_052.0 if tight else 10_000.0},
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
    ends = plain.equity[PARTS - 1 :: PARTS]
    assert_frame_equal(magnified.equity.drop("time"), ends.drop("time"))


@given(rows(least=12, most=40), st.data())
def test_a_magnified_run_over_uneven_bars_does_on_the_first_what_it_does_on_all(
    backend: str, finer_bars: tuple[Row, ...], data: st.DataObject
) -> None:
    """How long a bar lasts is told by the bars so far (L5)."""
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=len(finer_bars)))
    ends = [end for end in accumulate(sizes) if end <= len(finer_bars)]
    finer_bars = finer_bars[: ends[-1]]
    script = data.draw(scripts(tuple(finer_bars[end - 1] for end in ends)))
    case = Case(finer_bars, script, execution={"close_at_end": False, "intrabar": "magnifier"})
    finer = case.frame()
    coarse = joined(
        finer, pl.Series([k for k, n in enumerate(sizes) for _ in range(n)])[: ends[-1]]
    )
    assert coarse.height == len(ends)
    bars = data.draw(st.integers(2, len(ends) - 1))
    cut = coarse["time"][bars]
    known = finer.filter(pl.col("time") < cut)
    whole = case.changed(magnifier=finer).run(data=coarse, backend=backend)
    part = case.changed(magnifier=known).run(data=coarse[:bars], backend=backend)
    for name, time in (("fills", "time"), ("ledger", "time"), ("equity", "time")):
        expected = getattr(whole, name).filter(pl.col(time) < cut)
        assert_frame_equal(getattr(part, name), expected)
    assert_frame_equal(part.trades, whole.trades.filter(pl.col("exit_time") < cut))


@given(cases())
def test_without_finer_bars_a_magnifier_is_pessimistic(backend: str, case: Case) -> None:
    """A bar without finer bars is matched as it is."""
    data = joined(case.frame())
    magnified = case.changed(intrabar="magnifier", magnifier=data.head(1))
    expected = case.changed(intrabar="pessimistic").run(PLAIN, data=data, backend=backend)
    assert magnified.run(data=data, backend=backend).fingerprint == expected.fingerprint

"""Policies only choose between what a bar leaves open: worst <= any policy <= best (I2, I3)."""

from __future__ import annotations

import math
from dataclasses import replace

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import omega
from tests.support.property_runs import POLICIES, Case, Row, cases, opens, rows


@given(cases())
def test_each_trade_lies_in_its_own_interval(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    bounds = pl.DataFrame(result.tables.intervals())
    assert bounds["trade_id"].equals(result.trades["trade_id"])
    for trade, (worst, best) in zip(
        result.trades.iter_rows(named=True),
        bounds.select("net_pnl_worst", "net_pnl_best").rows(),
        strict=True,
    ):
        assert worst <= trade["net_pnl"] <= best
        assert trade["ambiguous"] or worst == best


@given(cases())
def test_the_interval_of_a_result_holds_its_profit(backend: str, case: Case) -> None:
    result = case.run(backend=backend)
    worst, best = result.pnl_interval
    net = sum(result.trades["net_pnl"])
    assert worst - 1e-9 <= net <= best + 1e-9
    assert result.ambiguous_trades.height or abs(best - worst) < 1e-9


@given(cases())
def test_without_ambiguity_every_policy_gives_the_same_bytes(backend: str, case: Case) -> None:
    results = [case.changed(intrabar=policy).run(backend=backend) for policy in POLICIES]
    if not any(result.ambiguous_trades.height for result in results):
        assert len({result.fingerprint for result in results}) == 1


@given(rows(), st.data())
def test_one_exit_choice_is_never_worse_than_the_pessimist_or_better_than_the_optimist(
    backend: str, bars: tuple[Row, ...], data: st.DataObject
) -> None:
    """A single market entry: its exits are one choice, in one bar, whatever the policy."""
    bar = data.draw(st.integers(0, len(bars) - 2))
    step = data.draw(opens(bars[bar].close, alone=True))
    case = Case(bars, {bar: (replace(step, kind="market", minutes=None),)})
    results = {p: case.changed(intrabar=p).run(backend=backend) for p in POLICIES}
    net = {policy: math.fsum(result.trades["net_pnl"]) for policy, result in results.items()}
    for policy in POLICIES:
        assert net["pessimistic"] <= net[policy] <= net["optimistic"]
        assert_interval(results[policy], net)


def assert_interval(result: omega.BacktestResult, net: dict[str, float]) -> None:
    """The interval of an ambiguous trade is that of the pessimist and the optimist."""
    if result.ambiguous_trades.height:
        assert result.pnl_interval == (net["pessimistic"], net["optimistic"])

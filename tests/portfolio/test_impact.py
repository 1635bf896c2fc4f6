"""Fills that move their own price (rule M13), and what that makes of profit (capacity)."""

from __future__ import annotations

import math

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.dated_runs import days, run

CLOSES = [100.0, 110.0, 99.0, 100.0, 100.0, 100.0]
DATA = days(CLOSES, volume=[400.0] * 6)
LAW = omega.Costs(impact=1.0, impact_window=2)
VOLATILITY = math.sqrt(0.1**2 + 0.1**2)
"""Of two returns of 10 % up and down."""


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_square_root_law(backend: str) -> None:
    """100 units of a volume of 400 move the price by half of the volatility."""
    result = run(backend, DATA, {2: omega.Signal("long", size=100)}, costs=LAW)
    away = 100.0 * VOLATILITY * math.sqrt(100 / 400)
    assert result.fills["slippage"][0] == pytest.approx(away, rel=1e-12)
    assert result.fills["price"][0] == 100.0 + result.fills["slippage"][0]
    fourth = run(backend, DATA, {2: omega.Signal("short", size=25)}, costs=LAW)
    assert fourth.fills["price"][0] == pytest.approx(100.0 - away / 2, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_decided_before_it_is_known(backend: str) -> None:
    """Two returns need three bars; those without a volume do not count."""
    entered: list[int] = []
    for data, first in ((DATA, 2), (days(CLOSES, volume=[400.0, 0, 400, 400, 400, 400]), 3)):
        entered.clear()
        omega.run_backtest(data, lambda bar: entered.append(bar.index), costs=LAW, backend=backend)
        assert entered[0] == first


@pytest.mark.parametrize("backend", BACKENDS)
def test_limits_and_targets_do_not_move_the_price(backend: str) -> None:
    order = omega.Signal("long", "limit", entry_price=100.0, size=100)
    result = run(backend, DATA, {2: order}, costs=LAW)
    assert result.fills["slippage"][0] == 0.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_split_changes_nothing_of_it(backend: str) -> None:
    """After a 2:1 split half of a price, and twice the volume, are the same law."""
    data = days([*CLOSES[:3], 50.0, 50.0, 50.0], volume=[400.0] * 3 + [800.0] * 3)
    split = omega.Events(splits=[{"date": "2024-01-04", "ratio": 2}])
    result = run(backend, data, {2: omega.Signal("long", size=100)}, costs=LAW, events=split)
    plain = run(backend, DATA, {2: omega.Signal("long", size=100)}, costs=LAW)
    assert result.fills["slippage"][0] * 2 == pytest.approx(plain.fills["slippage"][0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_purchase_that_is_cut_pays_for_what_it_buys(backend: str) -> None:
    """It is tested at the price of the full size, and fills at that of its own."""
    result = run(
        backend,
        DATA,
        {2: omega.Signal("long")},
        costs=LAW,
        sizer=omega.EquityPercent(100),
        account="cash",
        cash=40_000.0,
        execution=omega.Execution(close_at_end=False),
    )
    fill = result.fills.row(0, named=True)
    away = 100.0 * VOLATILITY * math.sqrt(fill["lots"] / 400)
    assert result.orders["note"].to_list() == ["scaled"]
    assert fill["slippage"] == pytest.approx(away, rel=1e-12)
    assert fill["lots"] * fill["price"] <= 40_000.0
    weights = omega.Weights({"time": [DATA["time"][2]], "SYMBOL": [1.0]})
    whole = omega.run_backtest(DATA, weights, costs=LAW, account="cash", cash=4e4, backend=backend)
    assert whole.fills["lots"][0] * whole.fills["price"][0] <= 40_000.0


def test_what_is_refused() -> None:
    for words, match in (
        ({"costs": LAW, "semantics": 1}, "semantics"),
        ({"costs": omega.Costs(impact=1.0)}, "21 bars"),
    ):
        with pytest.raises(ConfigError, match=match):
            omega.run_backtest(DATA, lambda _bar: None, **words)
    with pytest.raises(ConfigError, match="volume"):
        omega.run_backtest(DATA.drop("volume"), lambda _bar: None, costs=LAW)


def test_capacity_is_where_more_money_earns_less() -> None:
    """Without impact profit grows with the money; with it, less and less of it, down to a loss."""
    share = omega.sample("SHARE")
    levels = [1e5, 1e7, 1e8, 1e9]
    found = omega.capacity(
        share,
        omega.native("buy_and_hold"),
        levels,
        costs=omega.Costs(impact=1.0),
        sizer=omega.EquityPercent(50),
        workers=1,
    )
    table = found.table
    assert table["cash"].to_list() == levels
    returns = table["total_return"].to_list()
    assert returns == sorted(returns, reverse=True)
    assert table["marginal_return"][3] < table["marginal_return"][1]
    assert found.best == 1e8


def test_capacity_of_weights_with_a_limit() -> None:
    share = omega.sample("SHARE").head(300)
    weights = omega.Weights(
        {"time": [share["time"][k] for k in (10, 100, 200)], "SYMBOL": [0.9, 0.1, 0.9]},
        participation=0.01,
    )
    found = omega.capacity(share, weights, [1e5, 1e9], workers=1)
    assert found.table["turnover"][1] < found.table["turnover"][0]


def test_capacity_needs_something_that_grows() -> None:
    share, hold = omega.sample("SHARE"), omega.native("buy_and_hold")
    with pytest.raises(ConfigError, match="grow with size"):
        omega.capacity(share, hold, [1e5])
    for wrong in ([], [1.0, 1.0], ["x"], 5, [-1.0]):
        with pytest.raises(ConfigError):
            omega.capacity(share, hold, wrong, costs=LAW)  # type: ignore[arg-type]  # refused
    fixed = omega.Execution(participation=0.5)
    with pytest.raises(ConfigError, match="follow the account"):
        omega.capacity(share, hold, [1e5, 1e6], execution=fixed, workers=1)


def test_a_sweep_over_weights_changes_their_rules() -> None:
    table = pl.DataFrame({"time": [DATA["time"][0], DATA["time"][2]], "SYMBOL": [0.5, 0.52]})
    swept = omega.sweep(DATA, omega.Weights(table), {"band": [0.0, 0.1]}, workers=1)
    assert swept.failures.height == 0
    assert swept.to_polars()["trades"].to_list() == [2, 1]

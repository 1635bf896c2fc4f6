"""The price at which a share of the margin is reached is one more stop (M9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

import omega
from tests.support import candles

ACCOUNT = omega.Account(leverage=100, stop_out_level=0.5)
LONG = omega.Signal("long", size=9_900)
AT = 980_000 / 9_850.5
"""9,900 (p - 100) + 10,000 = 0.5 * 9,900 p / 100: 99.4873."""


def run(
    backend: str,
    *rows: Sequence[float],
    order: omega.Signal = LONG,
    spread: float = 0.0,
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> omega.BacktestResult:
    """Run over two quiet bars at 100 and then some; the order is filled at the second."""
    data = candles.quoted((100,), (100,), *rows, spread=spread)
    given = {"account": ACCOUNT, **settings}
    return omega.run_backtest(data, candles.told({0: order}), backend=backend, **given)


def exits(result: omega.BacktestResult) -> list[tuple[Any, ...]]:
    """Give price, reason and ambiguity of each exit."""
    prices = [pytest.approx(price, rel=1e-14) for price in result.trades["exit_price"]]
    reasons = result.trades["exit_reason"].cast(pl.String)
    return list(zip(prices, reasons, result.trades["ambiguous"], strict=True))


def test_inside_a_bar_it_comes_at_its_price(backend: str) -> None:
    assert exits(run(backend, (100, 101, 98, 101))) == [(AT, "stop_out", False)]


def test_a_bar_that_stays_above_it_leaves_the_position_open(backend: str) -> None:
    result = run(backend, (100, 101, 99.49, 101))
    assert exits(result) == [(101, "end_of_data", False)]
    assert result.metrics["lowest_equity"] == pytest.approx(10_000 - 9_900 * 0.51)
    assert result.metrics["max_drawdown_intrabar"] == pytest.approx(0.99 * 0.51)
    assert result.metrics["max_drawdown"] == 0


def test_a_long_is_looked_at_on_the_bid(backend: str) -> None:
    """Bought at the ask of 100.5: 9,900 (p - 100.5) + 10,000 = 49.5 p."""
    result = run(backend, (100, 101, 98, 101), spread=0.5)
    assert exits(result) == [(984_950 / 9_850.5, "stop_out", False)]


def test_a_short_is_looked_at_on_the_ask(backend: str) -> None:
    """Sold at the bid of 100: 9,900 (100 - p) + 10,000 = 49.5 p; the bid stays below 100.2."""
    order = omega.Signal("short", size=9_900)
    result = run(backend, (100, 100.2, 99, 100), order=order, spread=0.5)
    assert exits(result) == [(1_000_000 / 9_949.5, "stop_out", False)]


@pytest.mark.parametrize(
    ("stop_loss", "price", "reason"), [(99.6, 99.6, "stop_loss"), (99, AT, "stop_out")]
)
def test_of_stop_out_and_stop_loss_the_nearer_works(
    backend: str, stop_loss: float, price: float, reason: str
) -> None:
    order = omega.Signal("long", size=9_900, stop_loss=stop_loss)
    assert exits(run(backend, (100, 101, 98, 101), order=order)) == [(price, reason, False)]


@pytest.mark.parametrize(("open_", "reason"), [(99.2, "stop_out"), (98, "ruin")])
def test_a_gap_beyond_it_is_closed_at_the_open(backend: str, open_: float, reason: str) -> None:
    """At 99.2 equity is 2,080, below half the margin; at 98 it is -9,800."""
    assert exits(run(backend, (open_, 101, 97, 101))) == [(open_, reason, False)]


def test_it_slips(backend: str) -> None:
    instrument = omega.Instrument(pip_size=0.01)
    costs = omega.Costs(slippage_pips=1)
    order = omega.Signal("long", size=900, type="limit", entry_price=100)
    account = omega.Account(leverage=10, stop_out_level=0.5)
    result = run(
        backend,
        (100, 101, 90, 95),
        order=order,
        instruments=instrument,
        costs=costs,
        account=account,
    )
    # 900 (p - 100) + 10,000 = 45 p, less a pip
    assert exits(result) == [(80_000 / 855 - 0.01, "stop_out", False)]


@pytest.mark.parametrize(("low", "closed"), [(75, 1), (74, 2)])
def test_the_largest_loss_goes_first_and_then_it_is_made_anew(
    backend: str, low: float, closed: int
) -> None:
    """50 at 100 and 50 at 90, 2,000 of cash, margin of a tenth, half of it to be kept.

    100 p - 9,500 + 2,000 = 5 p gives 78.947; then 50 p - 4,500 + 947.37 = 2.5 p gives 74.792.
    """
    data = candles.quoted((100,), (100,), (90,), (80, 81, low, 79), (79,))
    plan = {k: omega.Signal("long", size=50) for k in (0, 1)}
    account = omega.Account(cash=2_000, leverage=10, stop_out_level=0.5)
    result = omega.run_backtest(data, candles.told(plan), account=account, backend=backend)
    second = (4_500 - (2_000 + 50 * (7_500 / 95 - 100))) / 47.5
    expected = [(7_500 / 95, "stop_out", False), (second, "stop_out", False)]
    assert exits(result)[:closed] == expected[:closed]
    assert result.trades["exit_reason"].to_list().count("stop_out") == closed


def test_a_maintenance_rate_and_a_liquidation_fee(backend: str) -> None:
    """900 (p - 100) + 10,000 = 900 p * 0.05, and a hundredth of 900 p as a fee."""
    instrument = omega.Instrument(margin_rate=0.1, maintenance_rate=0.05, liquidation_fee=1)
    account = omega.Account(stop_out_level=1)
    order = omega.Signal("long", size=900)
    result = run(backend, (100, 101, 90, 95), order=order, instruments=instrument, account=account)
    assert exits(result) == [(80_000 / 855, "stop_out", False)]
    assert result.trades["fees"].to_list() == pytest.approx([9 * 80_000 / 855])


def test_where_another_symbol_moved_too_it_may_not_have_come(backend: str) -> None:
    """A as alone; B is at 100 at its last mark, and has a bar as well. A is at 101 in the end."""
    data = {
        "A": candles.quoted((100,), (100,), (100, 101, 98, 101)),
        "B": candles.quoted((100,), (100,), (100, 110, 100, 110)),
    }
    plan = {
        0: [omega.Signal("long", symbol="A", size=9_900), omega.Signal("long", symbol="B", size=1)]
    }
    result = omega.run_backtest(data, candles.told(plan), account=ACCOUNT, backend=backend)
    # B holds a margin of 1, half of which counts
    price = (990_000 - 10_000 + 0.5) / 9_850.5
    assert exits(result)[0] == (price, "stop_out", True)
    worst, best = pl.DataFrame(result.tables.intervals()).row(0)[1:]
    assert worst == pytest.approx(9_900 * (price - 100))
    assert best == 9_900


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("pessimistic", (AT, "stop_out", True)), ("optimistic", (100.5, "end_of_data", True))],
)
def test_in_the_bar_of_the_entry_only_what_followed_is_certain(
    backend: str, policy: str, expected: tuple[float, str, bool]
) -> None:
    """A stop order fills at 100 on the way up; the low of 98 may have come before."""
    order = omega.Signal("long", size=9_900, type="stop", entry_price=100)
    data = candles.quoted((99,), (99,), (99, 101, 98, 100.5))
    result = omega.run_backtest(
        data,
        candles.told({1: order}),
        account=ACCOUNT,
        execution=omega.Execution(intrabar=policy),
        backend=backend,
    )
    assert exits(result) == [expected]
    if policy == "optimistic":  # what is not certain is not noted
        assert result.metrics["lowest_equity"] == 10_000


def test_what_has_no_bar_is_spared(backend: str) -> None:
    """A and B hold 500 each. B lost 700; A at p: 1,500 - 700 + 50 (p - 100) = 0.5 (430 + 5 p)."""
    data = {
        "A": candles.quoted((100,), (100,), (100, 101, 85, 90), (90,)),
        "B": candles.quoted((100,), (100, 101, 86, 86), (86,), minutes=[0, 1, 3]),
    }
    plan = {0: [omega.Signal("long", symbol=name, size=50) for name in "AB"]}
    account = omega.Account(cash=1_500, leverage=10, stop_out_level=0.5)
    result = omega.run_backtest(data, candles.told(plan), account=account, backend=backend)
    assert exits(result) == [
        ((5_000 - 800 + 215) / 47.5, "stop_out", False),
        (86, "end_of_data", False),
    ]


def test_a_magnifier_tests_each_finer_bar(backend: str) -> None:
    """The first half of the bar opens at 99.6 and falls to 98, the second recovers."""
    rows = (100,), (100,), (99.6, 99.7, 98, 98.5), (98.5, 101, 98.5, 101)
    finer = candles.quoted(*rows, minutes=[0, 1, 2, 2.5])
    execution = omega.Execution(intrabar="magnifier", magnifier=finer)
    result = run(backend, (99.6, 101, 98, 101), execution=execution)
    assert exits(result) == [(AT, "stop_out", False)]


@pytest.mark.parametrize(
    ("order", "row", "price"),
    [
        # 10,000 + 200 (p + 5) = 0.5 * 200 |p| / 10, with p below 0.
        (omega.Signal("long", size=200), (-5, -5, -60, -60), -11_000 / 210),
        # 10,000 - 200 (p + 5) = 0.5 * 200 p / 10, with p above 0.
        (omega.Signal("short", size=200), (-5, 60, -5, 60), 9_000 / 210),
        # 10,000 - 2,100 (p + 5) = 0.5 * 2,100 |p| / 10, with p below 0.
        (omega.Signal("short", size=2_100), (-5, 60, -5, 60), -500 / 1_995),
    ],
)
def test_margin_goes_by_the_price_without_its_sign(
    order: omega.Signal, row: Sequence[float], price: float, backend: str
) -> None:
    result = omega.run_backtest(
        candles.quoted((-5,), (-5,), row),
        candles.told({0: order}),
        instruments=omega.Instrument(allow_negative=True),
        account=omega.Account(leverage=10, stop_out_level=0.5),
        backend=backend,
    )
    assert exits(result) == [(price, "stop_out", False)]

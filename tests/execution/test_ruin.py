"""Where equity reaches 0 everything is closed, and nothing is traded any more (M8, M9)."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

import omega
from tests.support import candles

FREE = omega.Account(leverage=math.inf)
TWICE = omega.Account(leverage=2)


def run(
    backend: str,
    data: Any,  # noqa: ANN401 - any form
    plan: Any,  # noqa: ANN401 - as above
    account: omega.Account | None = None,
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> omega.BacktestResult:
    strategy = candles.told(plan)
    return omega.run_backtest(data, strategy, account=account, backend=backend, **settings)


def exits(result: omega.BacktestResult) -> list[tuple[float, str, bool]]:
    """Give price, reason and ambiguity of each exit."""
    return result.trades.select(
        "exit_price", pl.col("exit_reason").cast(pl.String), "ambiguous"
    ).rows()


def test_a_gap_to_three_times_the_price_ruins_a_short(backend: str) -> None:
    """100 short at 100 and an open at 300: 20,000 are lost of 10,000."""
    days = candles.quoted((100,), (100,), (300,), (55,), (55,), minutes=[0, 1440, 2880, 4320, 5760])
    plan = {0: omega.Signal("short", size=100), 2: omega.Signal("long", size=1)}
    result = run(backend, days, plan)
    assert exits(result) == [(300, "ruin", False)]
    assert result.equity["equity"].to_list() == [10_000, 10_000, -10_000, -10_000, -10_000]
    assert result.orders["reject_reason"].to_list() == [None, "ruin"]
    found: dict[str, Any] = dict(result.metrics)
    assert (found["cagr"], found["total_return"], found["max_drawdown"]) == (-1, -2, 2)
    # 0 of two days, -1 on the day of the ruin instead of -2, then 0 of two: the mean is -0.2
    assert (found["worst_day"], found["best_day"]) == (-1, 0)
    assert found["volatility"] == pytest.approx(math.sqrt(0.2 * found["periods_per_year"]))


def test_inside_a_bar_everything_goes_where_nothing_is_left(backend: str) -> None:
    """200 long at 100 with 10,000: nothing is left at 50."""
    data = candles.quoted((100,), (100,), (100, 101, 40, 60), (60,))
    plan = {0: omega.Signal("long", size=200), 1: omega.Signal("long", size=1)}
    result = run(backend, data, plan, TWICE)
    assert exits(result) == [(50, "ruin", False)]
    assert result.equity["equity"].to_list() == [10_000, 10_000, 0, 0]


def test_several_positions_of_a_symbol_go_together(backend: str) -> None:
    """100 long at 100 and 100 at 90: 10,000 + 200 p - 19,000 is 0 at 45."""
    data = candles.quoted((100,), (100,), (90,), (90, 91, 40, 60), (60,))
    plan = {k: omega.Signal("long", size=100) for k in (0, 1)}
    result = run(backend, data, plan, omega.Account(leverage=3))
    assert exits(result) == [(45, "ruin", False)] * 2
    assert result.trades["net_pnl"].to_list() == [-5_500, -4_500]


def test_a_stop_loss_at_the_same_price_is_the_positions_own(backend: str) -> None:
    data = candles.quoted((100,), (100,), (100, 101, 40, 60), (60,))
    plan = {0: omega.Signal("long", size=200, stop_loss=50)}
    assert exits(run(backend, data, plan, TWICE)) == [(50, "stop_loss", False)]


def test_ruin_may_be_allowed(backend: str) -> None:
    """At the low of 40 equity is -2,000, which is 1.2 of the peak below it."""
    data = candles.quoted((100,), (100,), (100, 101, 40, 60), (60,))
    account = omega.Account(leverage=2, ruin="allow")
    result = run(backend, data, {0: omega.Signal("long", size=200)}, account)
    assert exits(result) == [(60, "end_of_data", False)]
    assert result.metrics["lowest_equity"] == -2_000
    assert result.metrics["max_drawdown"] == 0.8
    assert result.metrics["max_drawdown_intrabar"] == 1.2


def test_what_has_no_bar_waits_for_its_next_open(backend: str) -> None:
    """A's short loses 11,000 at 210; B has no bar then, and gains 600 at its next open of 60."""
    data = {
        "A": candles.quoted((100,), (100,), (210,), (210,), (210,)),
        "B": candles.quoted((50,), (50,), (60, 70, 40, 65), (65,), minutes=[0, 1, 3, 4]),
    }
    plan = {
        0: [
            omega.Signal("short", symbol="A", size=100),
            omega.Signal("long", symbol="B", size=60, take_profit=62),
            omega.Signal("long", symbol="B", size=1, type="limit", entry_price=45),
        ],
        2: omega.Signal("long", symbol="A", size=1),
    }
    result = run(backend, data, plan, TWICE)
    assert exits(result) == [(210, "ruin", False), (60, "ruin", False)]
    assert [time.minute for time in result.trades["exit_time"]] == [2, 3]
    assert result.orders["status"].to_list() == ["filled", "filled", "cancelled", "rejected"]
    assert result.orders["reject_reason"].to_list() == [None, None, "ruin", "ruin"]
    assert result.equity["equity"].to_list() == [10_000, 10_000, -1_000, -400, -400]


def test_a_day_of_ruin_that_ends_above_zero_has_its_true_return(backend: str) -> None:
    """As above, but B gains 6,000 at its next open: 5,000 are left of 10,000."""
    data = {
        "A": candles.quoted((100,), (100,), (210,), (210,)),
        "B": candles.quoted((50,), (50,), (110,), minutes=[0, 1, 3]),
    }
    orders = [
        omega.Signal("short", symbol="A", size=100),
        omega.Signal("long", symbol="B", size=100),
    ]
    result = run(backend, data, {0: orders}, TWICE)
    assert result.equity["equity"].to_list() == [10_000, 10_000, -1_000, 5_000]
    assert (result.metrics["cagr"], result.metrics["worst_day"]) == (-1, -0.5)


def test_both_directions_close_at_the_worse_extreme(backend: str) -> None:
    """50 long more than short: 1,000 are gone at 80, and at the low of 70 they are -500."""
    data = candles.quoted((100,), (100,), (100, 101, 70, 95), (95,))
    plan = {0: [omega.Signal("long", size=100), omega.Signal("short", size=50)]}
    result = run(backend, data, plan, FREE, cash=1_000)
    assert exits(result) == [(70, "ruin", True), (70, "ruin", True)]
    assert result.trades["net_pnl"].to_list() == [-3_000, 1_500]
    # the other outcome: still open at the close of 95
    assert pl.DataFrame(result.tables.intervals()).rows() == [(0, -3_000, -500), (1, 250, 1_500)]


def test_both_directions_close_on_their_own_sides(backend: str) -> None:
    """With a spread of 2 the long is sold at 70 and the short bought back at 72."""
    data = candles.quoted((100,), (100,), (100, 101, 70, 95), (95,), spread=2)
    plan = {0: [omega.Signal("long", size=100), omega.Signal("short", size=50)]}
    result = run(backend, data, plan, FREE, cash=1_000)
    assert result.trades["exit_price"].to_list() == [70, 72]
    assert result.trades["net_pnl"].to_list() == [-3_200, 1_400]


def test_equity_is_looked_at_over_all_opens_together(backend: str) -> None:
    """Each of them loses 6,000 of 10,000 at its open, which it survives alone."""
    plan = {0: [omega.Signal("long", symbol=name, size=100) for name in "AB"]}
    data = {name: candles.quoted((100,), (100,), (40,), (90,)) for name in "AB"}
    result = run(backend, data, plan, TWICE)
    assert exits(result) == [(40, "ruin", False)] * 2
    assert result.metrics["lowest_equity"] == -2_000


def test_all_opens_come_before_what_follows_inside(backend: str) -> None:
    """A's stop is hit inside the bar, B's by the gap at the open: B leaves first."""
    plan = {0: [omega.Signal("long", symbol=name, size=1, stop_loss=90) for name in "AB"]}
    data = {
        "A": candles.quoted((100,), (100,), (100, 101, 80, 85)),
        "B": candles.quoted((100,), (100,), (85,)),
    }
    result = run(backend, data, plan)
    assert result.fills["price"].to_list() == [100, 100, 85, 90]
    first = run(backend, data, plan, semantics=1)
    assert first.fills["price"].to_list() == [100, 100, 90, 85]


def test_a_manager_that_wanted_a_close_is_cancelled_with_the_rest(backend: str) -> None:
    """The time of the position is over at the close of bar 2; the open of bar 3 ruins it."""
    data = candles.quoted((100,), (100,), (100,), (40,), (40,))
    manager = omega.TimeExit(bars=1)
    plan = {0: omega.Signal("long", size=200, type="stop", entry_price=100)}
    result = run(backend, data, plan, TWICE, position_manager=manager)
    # the queued close comes before the test of the opens
    assert exits(result) == [(40, "time", False)]
    assert result.equity["equity"][-1] == -2_000
    assert result.metrics["cagr"] == -1.0

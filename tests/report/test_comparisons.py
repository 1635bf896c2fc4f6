"""Several runs beside each other: each trade finds its partner, and the page shows the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

import omega
from omega.results.result import BacktestResult
from omega.strategy.actions import Action

PRICES = [100.0, 101.0, 103.0, 102.0, 104.0, 108.0, 107.0, 105.0, 109.0, 110.0]
START = datetime(2024, 1, 1, tzinfo=UTC)


def candles(unit: str = "us") -> pl.DataFrame:
    times = [START + timedelta(hours=k) for k in range(len(PRICES))]
    sides = dict.fromkeys(("open", "high", "low", "close"), PRICES)
    frame = pl.DataFrame({"time": times, **sides})
    return frame.with_columns(pl.col("time").dt.cast_time_unit(unit))  # type: ignore[arg-type]  # one


def held(*spans: tuple[int, int], unit: str = "us") -> BacktestResult:
    """Hold one unit from one bar to another, by market orders one bar before."""
    begins, ends = ({bar - 1 for bar in one} for one in zip(*spans, strict=True))

    def decide(bar: omega.Bar) -> list[Action]:
        actions: list[Action] = []
        if bar.index in ends:
            actions.append(omega.Close())
        if bar.index in begins:
            actions.append(omega.Signal("long", size=1))
        return actions

    return omega.run_backtest(candles(unit), decide)


def test_trades_are_the_same_moved_or_in_one_run_only() -> None:
    both = omega.compare({"a": held((1, 2), (3, 5), (6, 7)), "b": held((1, 2), (4, 5), (8, 9))})
    found = both.trades.select("status", "left_net_pnl", "right_net_pnl", "difference")
    assert found.rows() == [
        ("same", 2.0, 2.0, 0.0),
        ("moved", 6.0, 4.0, -2.0),
        ("only left", -2.0, None, 2.0),
        ("only right", None, 1.0, 1.0),
    ]
    times = both.trades.select("left_entry_time", "right_entry_time").row(1)
    assert times == (START + timedelta(hours=3), START + timedelta(hours=4))
    row = "<td>1</td><td>1</td><td>1</td><td>1</td><td>1.00</td>"
    assert f'<th scope="row">b</th>{row}' in both.html


def test_each_further_run_is_compared_with_the_first() -> None:
    first = held((1, 2), (3, 5))
    three = omega.compare([first, held((1, 2)), held((1, 2), (3, 6))])
    counts = three.trades.group_by("right", "status", maintain_order=True).len().rows()
    assert counts == [
        ("run 2", "same", 1),
        ("run 2", "only left", 1),
        ("run 3", "same", 1),
        ("run 3", "moved", 1),
    ]
    assert omega.compare([first]).trades.height == 0


def test_the_units_of_time_may_differ() -> None:
    both = omega.compare([held((1, 2)), held((1, 2), unit="ns")])
    assert both.trades["status"].to_list() == ["same"]
    assert both.trades.schema["right_entry_time"] == pl.Datetime("us", "UTC")


def test_differences_add_up_to_the_difference_in_closed_profit() -> None:
    a, b = held((1, 4), (5, 7)), held((2, 4), (6, 9))
    gap = omega.compare([a, b]).trades["difference"].sum()
    assert gap == float(str(b.metrics["closed_pnl"])) - float(str(a.metrics["closed_pnl"])) != 0.0

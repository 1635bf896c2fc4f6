"""Finer bars of several symbols at one step are walked in order of time, then of symbols (F15)."""

from __future__ import annotations

import polars as pl

import omega
from tests.support import candles

QUARTERS = range(0, 180, 15)
HOURS = range(0, 180, 60)


def quarters(*, falls_at: int) -> pl.DataFrame:
    """Give quarters of an hour at 100, of which one falls to 90."""
    rows = [(100, 100, 90, 100) if minute == falls_at else (100,) for minute in QUARTERS]
    return candles.quoted(*rows, minutes=list(QUARTERS))


def of(result: omega.BacktestResult, name: str) -> list[tuple[str, float]]:
    """Give the symbol of each fill, with its price or its minute from the start."""
    symbols = result.trades.select("trade_id", "symbol")
    fills = result.fills.join(symbols, on="trade_id", maintain_order="left")
    since = pl.col("time").dt.replace_time_zone(None) - candles.START.replace(tzinfo=None)
    return fills.select("symbol", pl.col("price"), minute=since.dt.total_minutes()).select(
        pl.col("symbol").cast(pl.String), name
    ).rows()  # fmt: skip


def hours() -> pl.DataFrame:
    """Give the same as hours, of which the second has the fall."""
    return candles.quoted((100,), (100, 100, 90, 100), (100,), minutes=list(HOURS))


def test_fills_of_two_symbols_are_in_order_of_time(backend: str) -> None:
    """Both open at 01:00; the second's stop is hit at 01:15 and the first's at 01:45."""
    finer = {"A": quarters(falls_at=105), "B": quarters(falls_at=75)}
    plan = {0: [omega.Signal("long", symbol=name, size=1, stop_loss=95) for name in "AB"]}
    result = omega.run_backtest(
        {"A": hours(), "B": hours()},
        candles.told(plan),
        execution=omega.Execution(intrabar="magnifier", magnifier=finer),
        costs=omega.Costs(fee_per_lot=1),
        backend=backend,
    )
    assert of(result, "minute") == [("A", 60), ("B", 60), ("B", 75), ("A", 105)]
    assert result.fills["price"].to_list() == [100, 100, 95, 95]
    assert result.trades["exit_reason"].to_list() == ["stop_loss", "stop_loss"]
    assert result.ledger["time"].is_sorted()
    # Each has paid 1 at its entry and 1 at its exit, and lost 5.
    assert result.ledger["balance"][-1] == 10_000 - 2 * 7


def test_at_one_time_it_is_the_order_of_the_symbols(backend: str) -> None:
    finer = {name: quarters(falls_at=90) for name in "BA"}
    plan = {0: [omega.Signal("long", symbol=name, size=1, stop_loss=95) for name in "AB"]}
    result = omega.run_backtest(
        {"B": hours(), "A": hours()},
        candles.told(plan),
        execution=omega.Execution(intrabar="magnifier", magnifier=finer),
        backend=backend,
    )
    # The orders in the order in which they were given, the stops in that of the symbols.
    assert of(result, "minute") == [("A", 60), ("B", 60), ("B", 90), ("A", 90)]


def test_what_one_has_lost_is_gone_when_another_falls_later(backend: str) -> None:
    """B loses 500 at 01:15; A, bought at 95 at 01:45, is 5 below at the low: 9,495 are left."""
    finer = {"A": quarters(falls_at=105), "B": quarters(falls_at=75)}
    plan = {
        0: [
            omega.Signal("long", symbol="A", size=1, type="limit", entry_price=95),
            omega.Signal("long", symbol="B", size=100, stop_loss=95),
        ]
    }
    result = omega.run_backtest(
        {"A": hours(), "B": hours()},
        candles.told(plan),
        execution=omega.Execution(intrabar="magnifier", magnifier=finer),
        backend=backend,
    )
    assert of(result, "price") == [("B", 100), ("B", 95), ("A", 95), ("A", 100)]
    assert result.fills["time"].is_sorted()
    assert result.metrics["lowest_equity"] == 9_495

"""Small portfolios: candles by open and close, weights by day, runs on both backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

import omega

START = datetime(2024, 1, 1)  # noqa: DTZ001 - of columns without a zone
WHOLE = omega.Instrument(volume_step=1)
BACKENDS = ("rust", "python")

Price = float | tuple[float, float] | None
"""The price of a day, or its open and its close; None where there is no bar."""


def day(number: int) -> datetime:
    """Give a day by its number, the first being 0."""
    return START + timedelta(days=number)


def candles(prices: Sequence[Price], volume: Sequence[float] | None = None) -> pl.DataFrame:
    """Daily bars of these opens and closes."""
    rows = []
    for number, price in enumerate(prices):
        if price is not None:
            opened, closed = price if isinstance(price, tuple) else (price, price)
            of_day = 0.0 if volume is None else volume[number]
            extremes = max(opened, closed), min(opened, closed)
            prices_of_day = map(float, (opened, *extremes, closed, of_day))
            rows.append((day(number), *prices_of_day))
    names = ["time", "open", "high", "low", "close", "volume"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame if volume is not None else frame.drop("volume")


def targets(by_day: Mapping[int, Mapping[str, float | None]]) -> pl.DataFrame:
    """Target weights, by the day that they are dated."""
    rows = [(day(d), symbol, w) for d, own in by_day.items() for symbol, w in own.items()]
    schema: dict[str, Any] = {
        "time": pl.Datetime("us"),
        "symbol": pl.String,
        "weight": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def run(
    data: Mapping[str, pl.DataFrame],
    strategy: Any,  # noqa: ANN401 - any strategy
    *,
    cash: float = 100_000.0,
    **settings: Any,  # noqa: ANN401 - of `run_backtest`
) -> omega.BacktestResult:
    """Run on both backends, which have to agree; give the result of the core."""
    given: dict[str, Any] = {
        "account": "cash",
        "instruments": WHOLE,
        "execution": omega.Execution(close_at_end=False),
        "strict": False,
    } | settings
    first, second = (
        omega.run_backtest(data, strategy, cash=cash, backend=backend, **given)
        for backend in BACKENDS
    )
    for table in ("trades", "orders", "fills", "equity", "ledger", "positions", "weights"):
        assert getattr(first, table).equals(getattr(second, table)), table
    assert first.fingerprint == second.fingerprint
    assert first.metrics == second.metrics
    return first


def filled(result: omega.BacktestResult) -> list[tuple[int, str, str, float, float]]:
    """Day, symbol, side, lots and price of each fill."""
    orders = result.orders.select("order_id", pl.col("symbol", "side").cast(pl.String))
    fills = result.fills.join(orders, on="order_id", maintain_order="left")
    return [
        ((time - START).days, symbol, side, lots, price)
        for time, symbol, side, lots, price in fills.select(
            "time", "symbol", "side", "lots", "price"
        ).rows()
    ]


def cash_of(result: omega.BacktestResult) -> float:
    """The cash at the end: the balance without what the open longs cost."""
    paid = (result.positions["lots"] * result.positions["entry_price"]).sum()
    return float(result.ledger["balance"][-1]) - float(paid)

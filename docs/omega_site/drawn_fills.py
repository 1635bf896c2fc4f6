"""Pictures of fills: each price that is marked in them is one at which the engine filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

import omega
from omega_site.drawing import Scale, Sheet, candle

START = datetime(2024, 1, 1, tzinfo=UTC)
Prices = Sequence[tuple[float, float, float, float]]


def frame(bid: Prices, spread: float = 0.0) -> pl.DataFrame:
    """Return hours of the given open, high, low and close."""
    opened, high, low, close = (
        [float(price) for price in prices] for prices in zip(*bid, strict=True)
    )
    times = [START + timedelta(hours=at) for at in range(len(bid))]
    prices = {"open": opened, "high": high, "low": low, "close": close}
    return pl.DataFrame({"time": times, **prices, "spread": [spread] * len(bid)})


def filled(bid: Prices, order: Callable[[], omega.Signal], **words: object) -> omega.BacktestResult:
    """Run one order that is decided on the first bar."""

    def decide(bar: omega.Bar) -> omega.Signal | None:
        return order() if bar.index == 0 else None

    return omega.run_backtest(frame(bid), decide, **words)


def bid_and_ask() -> Sheet:
    """Draw a long and a short trade between bid and ask."""
    sheet = Sheet(240)
    bid = [
        (100, 101, 99, 100),
        (100, 102, 99.5, 101.5),
        (101.5, 104, 101, 103.5),
        (103.5, 104, 102, 103),
    ]
    spread = 1.0
    y = Scale(98, 106, 20, 190)
    xs = [70, 170, 270, 370]
    for x, prices in zip(xs, bid, strict=True):
        sheet.box(x - 34, y(prices[3] + spread), 68, y(prices[3]) - y(prices[3] + spread))
        candle(sheet, y, x - 14, prices, width=18)
        candle(sheet, y, x + 14, [price + spread for price in prices], width=18)
    for direction, kind, offset in (("long", "up", 14), ("short", "down", -14)):
        result = omega.run_backtest(
            frame(bid, spread),
            lambda bar, way=direction: omega.Signal(way) if bar.index == 0 else None,
        )
        trade = result.trades.row(0, named=True)
        start, end = (
            (xs[1] + offset, y(trade["entry_price"])),
            (xs[3] - offset, y(trade["exit_price"])),
        )
        sheet.path([start, end], "accent" if kind == "up" else "warn")
        sheet.dot(*start, kind)
        sheet.dot(*end, kind)
        row = 212 if direction == "long" else 230
        told = (
            f"{direction}: in at {trade['entry_price']:g}, out at {trade['exit_price']:g}, "
            f"profit {trade['net_pnl']:+g} a unit"
        )
        sheet.text(20, row, told)
    sheet.text(56, y(101) - 8, "bid", anchor="middle", size=11)
    sheet.text(84, y(102) - 8, "ask", anchor="middle", size=11)
    return sheet


ORDERS: tuple[tuple[str, tuple[float, float, float, float], Callable[[], omega.Signal]], ...] = (
    ("market: the open", (101, 103, 99, 102), lambda: omega.Signal("long")),
    ("limit 99.5: its price", (101, 103, 99, 102), lambda: omega.Signal("long", "limit", 99.5)),
    (
        "stop 102 with a gap: the open",
        (103, 104, 102.5, 103.5),
        lambda: omega.Signal("long", type="stop", entry_price=102),
    ),
    (
        "stop 102, limit 102.5",
        (101, 103, 100, 102),
        lambda: omega.Signal("long", type="stop_limit", entry_price=102, limit_price=102.5),
    ),
)


def order_types() -> Sheet:
    """Draw four orders to buy, and where each fills."""
    sheet = Sheet(330)
    for place, (title, prices, order) in enumerate(ORDERS):
        left, top = 20 + 235 * (place % 2), 10 + 160 * (place // 2)
        y = Scale(98, 105, top + 30, top + 140)
        before = (100, 101, 99.5, 100.5)
        result = filled([before, prices, prices], order)
        price = result.fills["price"][0]
        sheet.text(left, top + 12, title, size=12)
        candle(sheet, y, left + 40, before)
        candle(sheet, y, left + 110, prices)
        asked = order().entry_price
        if asked is not None:
            sheet.line((left + 60, y(asked)), (left + 150, y(asked)), "warn", dash="4 3")
        sheet.dot(left + 110, y(price))
        sheet.text(left + 130, y(price) - 6, f"fills at {price:g}", size=12)
    return sheet


def inside_a_bar() -> Sheet:
    """Draw a bar that touches stop and target, and what each policy makes of it."""
    sheet = Sheet(260)
    bars = [
        (100, 101, 99.5, 100),
        (100, 100.5, 99.5, 100),
        (100, 104, 96, 101),
        (101, 101, 101, 101),
    ]
    y = Scale(95, 105, 20, 180)
    for x, prices in zip((60, 120, 200), bars, strict=False):
        candle(sheet, y, x, prices, width=30)
    for price, told in ((103, "target 103"), (97, "stop 97")):
        sheet.line((120, y(price)), (290, y(price)), "warn", dash="5 4")
        sheet.text(296, y(price) + 4, told)
    for row, policy in enumerate(("pessimistic", "optimistic", "ohlc_path", "nearest")):
        result = filled(
            bars,
            lambda: omega.Signal("long", stop_loss=97.0, take_profit=103.0),
            execution=omega.Execution(intrabar=policy),
        )
        trade = result.trades.row(0, named=True)
        column, line = 20 + 235 * (row % 2), 204 + 20 * (row // 2)
        sheet.text(
            column, line, f"{policy}: {trade['exit_reason']}, {trade['net_pnl']:+g}", size=12
        )
    worst, best = result.pnl_interval
    sheet.text(20, 250, f"The trade is marked ambiguous; its interval is {worst:+g} to {best:+g}.")
    return sheet


PICTURES = {
    "bid-and-ask": bid_and_ask,
    "order-types": order_types,
    "inside-a-bar": inside_a_bar,
}

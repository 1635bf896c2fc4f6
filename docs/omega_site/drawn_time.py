"""Pictures of time: one bar, a higher timeframe, two symbols, and how data flow through a run."""

from __future__ import annotations

from omega_site.drawing import Scale, Sheet, candle


def one_bar() -> Sheet:
    """Draw what happens between two closes."""
    sheet = Sheet(250)
    y = Scale(99, 106, 24, 120)
    for x, prices in ((70, (101, 104, 100, 103)), (300, (103.5, 105.5, 102, 105))):
        candle(sheet, y, x, prices, width=46)
    sheet.text(70, 16, "bar k", anchor="middle")
    sheet.text(300, 16, "bar k + 1", anchor="middle")
    sheet.line((20, 140), (460, 140), "strong")
    steps = [
        (100, "1", "bar k closes: on_bar(bar) sees bars 0 to k"),
        (140, "2", "your orders are checked; each gets a number"),
        (270, "3", "open: market orders fill, then what the open triggers"),
        (300, "4", "inside: waiting orders, stops and targets"),
        (330, "5", "close: managers run, positions are marked, one row of equity"),
    ]
    for row, (x, number, told) in enumerate(steps):
        sheet.line((x, 134), (x, 146), "strong")
        sheet.text(x, 132, number, anchor="middle", size=11)
        sheet.text(20, 168 + 18 * row, f"{number}  {told}")
    return sheet


def higher_timeframe() -> Sheet:
    """Draw when an hour is seen, and the join that sees it too early."""
    sheet = Sheet(230)
    sheet.line((30, 60), (460, 60), "strong")
    for place, clock in enumerate(("10:00", "10:15", "10:30", "10:45", "11:00", "11:15")):
        x = 50 + 76 * place
        sheet.line((x, 55), (x, 65), "strong")
        sheet.text(x, 48, clock, anchor="middle", size=12)
    sheet.box(50, 72, 304, 30)
    sheet.text(202, 92, "the hour that opens at 10:00 forms", anchor="middle")
    sheet.box(354, 72, 100, 30, "up", opacity=0.25)
    sheet.text(404, 92, "seen", anchor="middle")
    sheet.arrow((354, 132), (354, 106))
    sheet.text(354, 148, "bar.tf(“H1”) shows it from 11:00 on", anchor="middle")
    sheet.line((50, 168), (354, 168), "warn", dash="5 4")
    sheet.dot(50, 168, "down")
    sheet.text(20, 190, "A join by the label 10:00 has the close of 10:59 already at 10:00:")
    sheet.text(20, 208, "it looks ahead by up to an hour. omega.check_lookahead finds it.")
    return sheet


def two_symbols() -> Sheet:
    """Draw the steps of two symbols, one of which pauses."""
    sheet = Sheet(210)
    rows = {"EURUSD": (60, (1, 1, 1, 1, 1)), "GBPUSD": (110, (1, 0, 0, 1, 1))}
    for place in range(5):
        x = 130 + 75 * place
        sheet.text(x, 24, f"10:0{place}", anchor="middle", size=12)
        sheet.line((x, 32), (x, 140), "line", dash="3 4")
    for symbol, (y, bars) in rows.items():
        sheet.text(20, y + 4, symbol)
        for place, there in enumerate(bars):
            if there:
                sheet.box(130 + 75 * place - 12, y - 14, 24, 28, "up", opacity=0.5)
    sheet.text(242, 114, "no bar", anchor="middle", kind="quiet", size=12)
    sheet.arrow((205, 148), (348, 132))
    sheet.text(20, 160, "order for GBPUSD at 10:01")
    sheet.text(460, 160, "fills at 10:03", anchor="end")
    sheet.text(20, 186, "A step is a time at which any symbol has a bar. Nothing is filled up:")
    sheet.text(20, 204, "a symbol that pauses keeps its last bar, and fresh is False.")
    return sheet


def data_flow() -> Sheet:
    """Draw who owns the memory on the way from candles to results."""
    sheet = Sheet(300)
    boxes = [
        (20, "your candles", "Polars, Arrow, pandas, Parquet"),
        (80, "columns and store", "checked in place, one clock"),
        (140, "indicators", "whole columns, computed once"),
        (200, "the loop", "orders → fills → money, bar by bar"),
        (260, "results", "trades, orders, equity as Arrow tables"),
    ]
    for y, title, told in boxes:
        sheet.box(20, y - 14, 270, 40)
        sheet.text(30, y + 2, title)
        sheet.text(30, y + 19, told, kind="quiet", size=12)
        if y < boxes[-1][0]:
            sheet.arrow((155, y + 26), (155, y + 45))
    sheet.box(345, 180, 120, 46)
    sheet.text(405, 199, "your strategy", anchor="middle")
    sheet.text(405, 216, "Python", anchor="middle", kind="quiet", size=12)
    sheet.arrow((290, 196), (344, 196))
    sheet.arrow((344, 214), (290, 214))
    sheet.text(317, 189, "bar", anchor="middle", size=11)
    sheet.text(317, 229, "orders", anchor="middle", size=11)
    sheet.text(310, 24, "same addresses,", kind="quiet", size=12)
    sheet.text(310, 40, "0 bytes copied", kind="quiet", size=12)
    return sheet


PICTURES = {
    "one-bar": one_bar,
    "higher-timeframe": higher_timeframe,
    "two-symbols": two_symbols,
    "data-flow": data_flow,
}

"""Equity beside buy and hold and a benchmark, and the number of open positions."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.data.store import CandleStore, both_sides
from omega.report._candles import moments
from omega.report._curves import Curve, drawdown
from omega.report._days import dates
from omega.report._exposure import exposure, valued_fills
from omega.report._metrics import start_of
from omega.report._reported import Reported

Numbers = NDArray[np.float64]


def growth(result: Reported, stores: dict[int, CandleStore]) -> list[Curve]:
    """Return equity, buy and hold, a benchmark where there is one, and the drawdown below them."""
    equity = result.equity["equity"].to_numpy()
    curves = [Curve("Equity", equity, unit="money", kind="area")]
    held = buy_and_hold(result, stores)
    if held is not None:
        curves.append(Curve("Buy and hold", held, unit="money", colour="run-5"))
    other = benchmark_of(result)
    if other is not None:
        curves.append(Curve("Benchmark", other, unit="money", colour="run-3"))
    fall = drawdown(equity, start_of(result))
    curves.append(Curve("Drawdown", fall, unit="percent", pane=1, kind="under", colour="loss"))
    return curves


def buy_and_hold(result: Reported, stores: dict[int, CandleStore]) -> Numbers | None:
    """Return the equity of whoever bought every symbol for equal money and did nothing more.

    It is bought at the close of the bar of the first decision, or of the symbol's own first bar
    after it, without costs; money of a symbol that has no bar yet waits. None where a symbol has no
    candles here.
    """
    if not result.symbols or len(stores) < len(result.symbols) or not result.equity.height:
        return None
    when = moments(result.equity["time"])
    first = result.metrics.get("first_decision")
    begin = when[0] if first is None else moments(pl.Series([first]))[0]
    share = start_of(result) / len(result.symbols)
    total = np.zeros(len(when))
    for store in stores.values():
        frame = both_sides(store).select("time", "close").drop_nulls()
        times, close = moments(frame["time"]), frame["close"].to_numpy()
        rows = np.searchsorted(times, when, side="right") - 1
        bought = int(np.searchsorted(times, begin))
        if bought >= len(close) or not close[bought] > 0:
            total += share
            continue
        total += share * np.where(rows >= bought, close[np.maximum(rows, 0)] / close[bought], 1.0)
    return total


def benchmark_of(result: Reported) -> Numbers | None:
    """Return the equity that the benchmark of a run would have made of its money; None without one.

    The `returns` of a `result.benchmark` have a row for each day: ``day`` and ``benchmark``, its
    return. Within a day stands what the day ended at, and a day without a row changes nothing.
    """
    returns = getattr(getattr(result, "benchmark", None), "returns", None)
    if not isinstance(returns, pl.DataFrame) or not returns.height or not result.equity.height:
        return None
    known = returns["day"].cast(pl.Date).to_physical().to_numpy()
    grown = np.cumprod(1.0 + returns["benchmark"].cast(pl.Float64).fill_null(0.0).to_numpy())
    days = dates(result.equity["time"], result.tables).to_physical().to_numpy()
    rows = np.searchsorted(known, days, side="right") - 1
    return start_of(result) * np.where(rows >= 0, grown[np.maximum(rows, 0)], 1.0)


_MOST_TURNS = 60
"""Turns from long to short and back at which the net exposure is shown: more fill the chart."""


def held(result: Reported) -> list[Curve]:
    """Return what was held over time: net and gross as a share of the equity, and how many.

    Nothing where no order was filled.
    """
    fills = valued_fills(result)
    if not (fills.height and result.equity.height):
        return []
    longs, shorts = exposure(result, fills)
    levels = result.equity["equity"].to_numpy()

    def share(worth: Numbers) -> Numbers:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return np.where(levels > 0, worth / levels, np.nan)

    net = longs - shorts
    sides_of = np.sign(net[net != 0.0])
    is_calm = bool(np.count_nonzero(np.diff(sides_of)) <= _MOST_TURNS)
    count = result.equity["open_positions"].to_numpy().astype(np.float64)
    curves = [
        Curve("Net", share(net), unit="percent", kind="steps", shown=is_calm),
        Curve("Gross", share(longs + shorts), unit="percent", kind="steps", colour="run-5"),
    ]
    sides = [
        Curve(name, share(worth), unit="percent", kind="steps", colour=colour, shown=False)
        for name, worth, colour in (("Long", longs, "run-3"), ("Short", shorts, "run-4"))
    ]
    both = [*curves, *sides] if (shorts > 0).any() else curves[:1]
    open_now = Curve("Open positions", count, unit="count", pane=1, kind="steps", colour="run-2")
    return [*both, open_now]

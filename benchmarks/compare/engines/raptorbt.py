"""raptorbt: arrays of signals, its own averages, all in Rust.

A run of it trades one side, so a strategy that is always in the market takes two runs; the
crossings are found once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import raptorbt

from benchmarks.compare.measure import CASH, FAST, SLOW, Answer, Bars, measure

Columns = dict[str, npt.NDArray[np.generic]]


def load(bars: Bars) -> Columns:
    """Give the arrays that raptorbt takes."""
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    return {"timestamps": bars.times(), **prices, "volume": np.ones(len(bars.close))}


def run(columns: Columns) -> list[tuple[list[raptorbt.Trade], npt.NDArray[np.float64]]]:
    """Trade both sides, and give the trades and the equity of each."""
    fast, slow = (np.asarray(raptorbt.sma(columns["close"], n)) for n in (FAST, SLOW))
    above, known = fast > slow, ~np.isnan(slow[:-1])
    up, down = np.zeros_like(above), np.zeros_like(above)
    up[1:] = above[1:] & ~above[:-1] & known
    down[1:] = ~above[1:] & above[:-1] & known
    found = []
    for side, entries, exits in ((1, up, down), (-1, down, up)):
        result = raptorbt.run_single_backtest(
            **columns,
            entries=entries,
            exits=exits,
            direction=side,
            config=raptorbt.BacktestConfig(initial_capital=CASH, fill_timing="next_bar_open"),
            position_sizes=np.ones(len(above)),
        )
        found.append((result.trades(), result.equity_curve()))
    return found


def answer(found: list[tuple[list[raptorbt.Trade], npt.NDArray[np.float64]]]) -> Answer:
    """Leave out the trade that the end of the data has closed, and trade one unit."""
    return Answer.of(
        [
            (trade.exit_price - trade.entry_price) * trade.direction
            for trades, equity in found
            for trade in trades
            if trade.exit_idx < len(equity) - 1
        ]
    )


if __name__ == "__main__":
    measure("raptorbt", load, run, answer)

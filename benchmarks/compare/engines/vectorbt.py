"""vectorbt: averages, crossings and fills as columns, in Rust kernels where it has them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit
from vectorbt.portfolio.nb import order_nb, order_nothing_nb

from benchmarks.compare.measure import CASH, FAST, FOLLOWS, HIGHS, SLOW, Answer, Bars, measure


def load(bars: Bars) -> pd.DataFrame:
    """Give a frame over the columns."""
    prices = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame(prices, index=bars.stamps())


def run(frame: pd.DataFrame) -> tuple[Any, Any]:
    """Trade, and give the trades and the equity."""
    fast, slow = vbt.MA.run(frame["close"], FAST), vbt.MA.run(frame["close"], SLOW)
    portfolio = vbt.Portfolio.from_signals(
        frame["close"],
        entries=fast.ma_crossed_above(slow).vbt.signals.fshift(1),
        short_entries=fast.ma_crossed_below(slow).vbt.signals.fshift(1),
        price=frame["open"],  # of the bar after the crossing, to which the signals were shifted
        size=1.0,
        init_cash=CASH,
        freq="1min",
    )
    return portfolio.trades, portfolio.value()


@njit
def trail(c: Any, highs: Any, opens: Any, state: Any) -> Any:  # noqa: ANN401 - what vectorbt gives
    """Decide on the bar before: buy at a new high, and leave so far below the best close."""
    if c.i == 0:
        return order_nothing_nb()
    close = c.close[c.i - 1, c.col]
    if c.position_now == 0:
        if c.i > 1 and close >= highs[c.i - 2]:
            state[0] = close
            return order_nb(1.0, opens[c.i])
        return order_nothing_nb()
    state[0] = max(state[0], close)
    if close < state[0] - FOLLOWS:
        return order_nb(-1.0, opens[c.i])
    return order_nothing_nb()


def run_trail(frame: pd.DataFrame) -> tuple[Any, Any]:
    """Trade by a function of orders, which Numba compiles."""
    highs = frame["high"].rolling(HIGHS).max().to_numpy()
    portfolio = vbt.Portfolio.from_order_func(
        frame["close"],
        trail,
        highs,
        frame["open"].to_numpy(),
        np.zeros(1),
        init_cash=CASH,
        freq="1min",
    )
    return portfolio.trades, portfolio.value()


def answer(found: tuple[Any, Any]) -> Answer:
    """Leave out the trade that is still open."""
    return Answer.of(found[0].closed.records["pnl"])


if __name__ == "__main__":
    measure("vectorbt", load, run_trail if sys.argv[-1] == "trail" else run, answer)

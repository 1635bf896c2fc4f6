"""phasor-trader: averages, crossings and fills as whole columns, in Rust."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import phasor

from benchmarks.compare.measure import CASH, FAST, FOLLOWS, HIGHS, SLOW, Answer, Bars, measure

CLOSED = 1


def run(bars: Bars) -> tuple[Any, Any]:
    """Trade, and give the trades and the equity."""
    averages = phasor.factors(
        {"close": bars.close}, fast=f"Mean($close, {FAST})", slow=f"Mean($close, {SLOW})"
    )
    up = phasor.crossed_above(averages["fast"], averages["slow"])
    down = phasor.crossed_above(averages["slow"], averages["fast"])
    portfolio = phasor.from_signals(
        bars.close[:, None],
        next_bar(up),
        next_bar(down),
        direction="both",
        open=bars.open[:, None],
        price=bars.open[:, None],  # of the bar after the crossing
        size=1.0,
        init_cash=CASH,
    )
    return portfolio.trades(), portfolio.value()


def run_trail(bars: Bars) -> tuple[Any, Any]:
    """Trade by a function in Python that is called on every bar."""
    highs = phasor.factors({"high": bars.high}, highs=f"Max($high, {HIGHS})")["highs"]
    highs = np.asarray(highs).ravel()
    state = [0.0]

    def trail(ctx: Any, k: int, _: Any) -> float | None:  # noqa: ANN401 - what phasor gives
        """Decide on the bar before: buy at a new high, and leave so far below the best close."""
        row = ctx.row
        if row == 0:
            return None
        close = bars.close[row - 1]
        if ctx.position[k] == 0.0:
            if row > 1 and close >= highs[row - 2]:
                state[0] = close
                return 1.0
            return None
        state[0] = max(state[0], close)
        return -1.0 if close < state[0] - FOLLOWS else None

    portfolio = phasor.from_order_func(
        bars.close[:, None],
        order_func=trail,
        open=bars.open[:, None],
        price=bars.open[:, None],
        size_type="amount",
        init_cash=CASH,
    )
    return portfolio.trades(), portfolio.value()


def answer(found: tuple[Any, Any]) -> Answer:
    """Leave out the trade that is still open."""
    trades, _equity = found
    return Answer.of(trades["pnl"][trades["status"] == CLOSED])


def next_bar(signals: Any) -> Any:  # noqa: ANN401 - an array
    """Move signals to the bar that they fill on."""
    return np.concatenate([np.zeros_like(signals[:1]), signals[:-1]])


if __name__ == "__main__":
    made = run_trail if sys.argv[-1] == "trail" else run
    measure("phasor-trader", lambda bars: bars, made, answer)

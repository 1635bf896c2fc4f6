"""phasor-trader: averages, crossings and fills as whole columns, in Rust."""

from __future__ import annotations

from typing import Any

import numpy as np
import phasor

from benchmarks.compare.measure import CASH, FAST, SLOW, Answer, Bars, measure

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


def answer(found: tuple[Any, Any]) -> Answer:
    """Leave out the trade that is still open."""
    trades, _equity = found
    return Answer.of(trades["pnl"][trades["status"] == CLOSED])


def next_bar(signals: Any) -> Any:  # noqa: ANN401 - an array
    """Move signals to the bar that they fill on."""
    return np.concatenate([np.zeros_like(signals[:1]), signals[:-1]])


if __name__ == "__main__":
    measure("phasor-trader", lambda bars: bars, run, answer)

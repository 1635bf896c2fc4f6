"""vectorbt: averages, crossings and fills as columns, in Rust kernels where it has them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import vectorbt as vbt

from benchmarks.compare.measure import CASH, FAST, SLOW, Answer, Bars, measure


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


def answer(found: tuple[Any, Any]) -> Answer:
    """Leave out the trade that is still open."""
    return Answer.of(found[0].closed.records["pnl"])


if __name__ == "__main__":
    measure("vectorbt", load, run, answer)

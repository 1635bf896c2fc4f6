"""What a run costs for each indicator that its strategy declares, beside the indicator alone.

A declared indicator is computed once as a whole column, whatever the callback reads of it. So one
more of them should add its own computation and nothing to a bar; both sides are processor time.
"""

from __future__ import annotations

from typing import Any

import omega
from benchmarks.engine.figures import Figure, best, worked
from benchmarks.engine.indicators import ask
from benchmarks.engine.loop import rising

FEW, MANY = 1, 41
LONGEST = 60
"""The first window, which the warm-up waits for; each further one is shorter by a bar."""


class Declared(omega.Strategy):
    """Declares moving averages, and counts bars."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.seen, self.averages = count, 0, list[Any]()

    def init(self) -> None:
        """Declare."""
        self.averages = [self.sma(LONGEST - k) for k in range(self.count)]

    def on_bar(self, _bar: omega.Bar) -> None:
        """Count."""
        self.seen += 1


def figures(bars: int = 500_000, repeats: int = 5) -> list[Figure]:
    """Compare a run of many indicators with a run of one, over their computation alone."""
    store = rising(bars)
    windows = range(LONGEST - MANY + 1, LONGEST)
    fewest = omega.run_backtest(store, Declared(FEW))
    most = omega.run_backtest(store, Declared(MANY))
    assert fewest.fingerprint == most.fingerprint, "results differ"  # noqa: S101 - a check
    assert fewest.strategy.seen == most.strategy.seen > 0, "other bars"  # noqa: S101 - a check
    one, all_of_them, alone = best(
        lambda: worked(lambda: omega.run_backtest(store, Declared(FEW))),
        lambda: worked(lambda: omega.run_backtest(store, Declared(MANY))),
        lambda: worked(lambda: [ask(store, "sma", (window,)) for window in windows]),
        repeats=repeats,
    )
    each = (all_of_them - one) / len(windows)
    detail = f"({each / bars * 1e9:.1f} ns a bar and indicator)"
    name = f"a further indicator of a run of {MANY} / its computation alone"
    return [Figure(name, (all_of_them - one) / alone, "x", 1.25, detail=detail)]

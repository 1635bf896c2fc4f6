"""What a form of a strategy costs: beside a loop in C, beside a callback, with many positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

import omega
from benchmarks.compare.engines import floor
from benchmarks.compare.engines import omega as forms
from benchmarks.compare.measure import CASH, Bars
from benchmarks.compare.series import series
from benchmarks.engine.figures import Figure, best, worked
from benchmarks.engine.loop import rising, seconds_of

FORMS = ("class", "trigger", "signals", "native")


def sma_cross(bars: int = 2_000_000, repeats: int = 5) -> list[Figure]:
    """Compare the forms that never call Python with the same logic in C, results first."""
    few = forms.load(Bars(*series(20_000)))
    prints = {forms.run(form, few).fingerprint for form in FORMS}
    assert len(prints) == 1, "the forms differ"  # noqa: S101 - a check
    columns = Bars(*series(bars))
    frame = forms.load(columns)
    expected = floor.answer(floor.run(columns))
    assert forms.answer(forms.run("native", frame)) == expected, "C differs"  # noqa: S101 - a check
    in_c, signals, native = best(
        lambda: worked(lambda: floor.run(columns)),
        lambda: worked(lambda: forms.run("signals", frame)),
        lambda: worked(lambda: forms.run("native", frame)),
        repeats=repeats,
    )
    return [
        Figure("SMA cross by signal columns / the same in C", signals / in_c, "x", 2.0),
        Figure("SMA cross of the core / the same in C", native / in_c, "x", 2.0),
    ]


class Tested(omega.Strategy):
    """Tests its condition on each bar."""

    def init(self) -> None:
        """Take the column of the condition."""
        self.signal = self.column(pl.int_range(pl.len()) % 100 == 0, "signal")
        self.seen = 0

    def on_bar(self, _bar: omega.Bar) -> None:
        """Count where the condition holds."""
        if self.signal[-1] > 0:
            self.seen += 1


class Triggered(Tested):
    """The same, called only where it holds."""

    @omega.when(lambda self: self.signal > 0)
    def on_bar(self, _bar: omega.Bar) -> None:
        """Count."""
        self.seen += 1


def trigger(bars: int = 1_000_000, repeats: int = 5) -> list[Figure]:
    """Compare a condition that holds on one bar of a hundred, tested in Python and as a column."""
    store = rising(bars)
    first, second = omega.run_backtest(store, Tested()), omega.run_backtest(store, Triggered())
    assert first.fingerprint == second.fingerprint, "results differ"  # noqa: S101 - a check
    assert first.strategy.seen == second.strategy.seen > 0, "other bars"  # noqa: S101 - a check
    each, some = best(
        lambda: seconds_of(store, Tested()),
        lambda: seconds_of(store, Triggered()),
        repeats=repeats,
    )
    return [
        Figure("tested on each bar / triggered on 1 %", each / some, "x", at_least=20),
    ]


def positions(bars: int = 100_000, repeats: int = 5) -> list[Figure]:
    """Compare the cost of a bar with 1,000 open positions, each with a stop, with that of 10."""
    store = rising(bars)

    def holding(count: int) -> Callable[[], float]:
        entry = pl.Series(np.arange(bars) < count)
        plan = omega.Signals(
            entry=entry, stop_loss=pl.repeat(1.0, bars, eager=True), accumulate=True
        )
        words: dict[str, Any] = {"cash": CASH, "sizer": omega.FixedUnits(1)}
        result = omega.run_backtest(store, plan, **words)
        held = result.equity["open_positions"][-2]
        assert held == count, f"{held} positions"  # noqa: S101 - a check
        return lambda: seconds_of(store, plan, **words)

    few, many = best(holding(10), holding(1_000), repeats=repeats)
    detail = f"({few / bars * 1e9:.0f} and {many / bars * 1e9:.0f} ns a bar)"
    return [
        Figure("a bar with 1,000 open positions / with 10", many / few, "x", 5.0, detail=detail)
    ]

"""Callbacks without the interpreter, beside strategies of the core and the same in Python."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable
from typing import Any

import omega
from benchmarks.compare.engines import omega as forms
from benchmarks.compare.measure import CASH, Bars
from benchmarks.compare.series import series
from benchmarks.engine.figures import Figure, best, timed
from benchmarks.engine.loop import rising, seconds_of

GRID = {"fast": list(range(2, 42)), "slow": list(range(43, 68))}


class Nothing(omega.Strategy):
    """Does nothing."""

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Do nothing."""


class Waits(omega.Strategy):
    """Is never called: what the bars themselves cost."""

    @omega.when(lambda self: self.sma(2) < 0)
    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Do nothing."""


class Cross(omega.Strategy):
    """The crossing of two averages, compiled."""

    fast: int = 20
    slow: int = 50

    def init(self) -> None:
        """Declare."""
        self.short, self.long = self.sma(self.fast), self.sma(self.slow)

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:  # noqa: ARG002 - the averages tell all
        """Turn to the side of the faster average."""
        if omega.crossover(self.short, self.long):
            if self.position is not None:
                self.close()
            self.buy()
        elif omega.crossunder(self.short, self.long):
            if self.position is not None:
                self.close()
            self.sell()


class Trailing(omega.Strategy):
    """A stop that is moved by hand: state, a position that is read, and changes of its level."""

    window: int = 60
    share: float = 0.5

    def init(self) -> None:
        """Declare."""
        self.high = self.rolling_max(self.window, source="high")
        self.low = self.rolling_min(self.window, source="low")
        self.best = 0.0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Enter at a new high, and follow."""
        position = self.position
        width = (self.high[-1] - self.low[-1]) * self.share
        if position is None:
            if bar.close >= self.high.ago(1):
                self.best = bar.high
                self.buy(stop_loss=bar.close - width)
            return
        self.best = max(self.best, bar.high)
        level = self.best - width
        if position.stop_loss is None or level > position.stop_loss:
            self.modify(position, stop_loss=level)


def _missing() -> bool:
    return importlib.util.find_spec("llvmlite") is None


def figures(bars: int = 1_000_000, repeats: int = 5) -> list[Figure]:
    """A callback that does nothing, a crossing, and a stop by hand."""
    if _missing():
        return []
    first = _compilation()
    store, frame = rising(bars), omega.CandleStore(forms.load(Bars(*series(bars))))
    native = omega.native("sma_cross", fast=20, slow=50)
    words: dict[str, Any] = {"cash": CASH, "sizer": omega.FixedUnits(1)}
    mine = omega.run_backtest(frame, Cross(), **words)
    same = omega.run_backtest(frame, native, **words).fingerprint
    assert mine.fingerprint == same, "another result"  # noqa: S101 - a check
    nothing, waits, crossed, of_core, stop, python = best(
        lambda: seconds_of(store, Nothing()),
        lambda: seconds_of(store, Waits()),
        lambda: seconds_of(frame, Cross(), **words),
        lambda: seconds_of(frame, native, **words),
        lambda: seconds_of(frame, Trailing(), **words),
        lambda: seconds_of(frame, Trailing(), **words, compiled=False),
        repeats=repeats,
    )
    per_bar = 1e9 / bars
    detail = f"({crossed * per_bar:.0f} and {of_core * per_bar:.0f} ns a bar)"
    by_hand = f"({stop * per_bar:.0f} and {python * per_bar:.0f} ns a bar)"
    return [
        first,
        Figure("compiled no-op, beyond the bars", (nothing - waits) * per_bar, "ns", 10.0),
        Figure(
            "compiled sma_cross / native, all tables", crossed / of_core, "x", 1.3, detail=detail
        ),
        Figure("a stop by hand: Python / compiled", python / stop, "x", at_least=3, detail=by_hand),
    ]


def _compilation() -> Figure:
    """The first run of a class of its own, over few bars, beyond the second."""
    kind = type("Fresh", (Trailing,), {"__module__": Trailing.__module__})
    store = rising(200)
    began = time.perf_counter()
    omega.run_backtest(store, kind())
    first = time.perf_counter() - began
    again = timed(lambda: omega.run_backtest(store, kind()))
    return Figure("compilation of a class, llvmlite included", first - again, "s", 3.0)


def sweeps(bars: int = 20_000, repeats: int = 3) -> list[Figure]:
    """Sweep 1,000 pairs of averages with a compiled class."""
    if _missing():
        return []
    frame = forms.load(Bars(*series(bars)))

    def swept(workers: int = 2, *, hashed: bool = False) -> float:
        words: dict[str, Any] = {"cash": CASH, "sizer": omega.FixedUnits(1), "fingerprint": hashed}
        return timed(lambda: omega.sweep(frame, Cross, GRID, workers=workers, **words))

    turns = [swept, lambda: swept(1), lambda: _on_one_processor(swept)]
    turns += [lambda: swept(hashed=True), lambda: swept(1, hashed=True)]
    two, one, alone, hashed, hashed_one = best(*turns, repeats=repeats)
    name = "1,000 pairs x 20,000 bars, compiled"
    detail = f"({alone:.3f} s on one processor, {one:.3f} s on one thread and the caller's)"
    return [
        Figure(f"{name}, metrics alone", two, "s", 0.3, detail=detail),
        Figure(f"{name}, each result hashed", hashed, "s", 0.3, detail=f"({hashed_one:.3f} s)"),
        Figure("a compiled class: one processor / two", alone / two, "x", at_least=1.8),
    ]


def _on_one_processor(call: Callable[[], float]) -> float:
    """Measure with one processor for all threads."""
    # With one worker, the thread that calls puts runs together on another one.
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        return call()
    finally:
        os.sched_setaffinity(0, allowed)

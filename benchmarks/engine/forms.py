"""What a strategy costs in each of its forms, and what open positions cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

import omega
from benchmarks.engine.figures import Figure, best
from benchmarks.engine.loop import seconds_of
from examples.sma_cross import SmaCross

_START = datetime(2020, 1, 1, tzinfo=UTC)


def walk(bars: int, seed: int = 1) -> omega.CandleStore:
    """Give a checked store of minutes on five digits."""
    close = np.round(1.3 + np.cumsum(np.random.default_rng(seed).normal(0, 1e-4, bars)), 5)
    opened = np.r_[1.3, close[:-1]]
    end = _START + timedelta(minutes=bars - 1)
    frame = pl.DataFrame(
        {
            "time": pl.datetime_range(_START, end, "1m", time_unit="us", eager=True),
            "open": opened,
            "high": np.maximum(opened, close) + 5e-5,
            "low": np.minimum(opened, close) - 5e-5,
            "close": close,
        }
    )
    return omega.CandleStore(frame)


def _crossing(s: Any) -> omega.Condition:  # noqa: ANN401 - what declares
    return _up(s) | omega.crosses_below(s.sma(20), s.sma(50))


def _up(s: Any) -> omega.Condition:  # noqa: ANN401 - what declares
    return omega.crosses_above(s.sma(20), s.sma(50))


class Triggered(SmaCross):
    """The same, called only where the averages cross."""

    @omega.when(_crossing)
    def on_bar(self, bar: omega.Bar) -> None:
        """Turn, as the class does that looks on each bar."""
        super().on_bar(bar)


SIGNALS = omega.Signals(entry=_crossing, direction=_up, exit=_crossing)


def forms(bars: int = 2_000_000, repeats: int = 3) -> list[Figure]:
    """Measure an average crossing as class, trigger, signal columns and native; answers first."""
    store = walk(bars)
    strategies: list[Any] = [Triggered(), SIGNALS, omega.native("sma_cross")]
    prints = {omega.run_backtest(store, one).fingerprint for one in [*strategies, SmaCross()]}
    assert len(prints) == 1, "the forms differ"  # noqa: S101 - a check
    trigger, signals, native, written = best(
        *(lambda one=one: seconds_of(store, one) for one in [*strategies, SmaCross()]),
        repeats=repeats,
    )
    detail = f"({written / bars * 1e9:.0f} ns a bar)"
    return [
        Figure("class / trigger, averages that cross", written / trigger, "x", at_least=1,
               detail=detail),
        Figure("class / signal columns", written / signals, "x", at_least=7,
               detail=f"({signals / bars * 1e9:.1f} ns a bar, all tables)"),
        Figure("class / native", written / native, "x", at_least=7,
               detail=f"({native / bars * 1e9:.1f} ns a bar, all tables)"),
    ]  # fmt: skip


def rare_triggers(bars: int = 500_000, repeats: int = 5) -> list[Figure]:
    """Measure a condition that holds on one bar in a hundred, tested in a callback or a trigger."""
    store = walk(bars)

    class Tested(omega.Strategy):
        def init(self) -> None:
            self.rare = self.column(pl.int_range(pl.len()) * 7_919 % 100)
            self.limit = 1.0

        def on_bar(self, bar: omega.Bar) -> None:
            if self.rare[-1] < self.limit and self.position is None:
                self.buy(stop_loss=bar.close - 1e-3, take_profit=bar.close + 1e-3)

    class OnTrigger(Tested):
        @omega.when(lambda self: self.rare < self.limit)
        def on_bar(self, bar: omega.Bar) -> None:
            if self.position is None:
                self.buy(stop_loss=bar.close - 1e-3, take_profit=bar.close + 1e-3)

    same = {omega.run_backtest(store, one()).fingerprint for one in (Tested, OnTrigger)}
    assert len(same) == 1, "the trigger is another strategy"  # noqa: S101 - a check
    tested, triggered = best(
        lambda: seconds_of(store, Tested()),
        lambda: seconds_of(store, OnTrigger()),
        repeats=repeats,
    )
    detail = f"({triggered / bars * 1e9:.1f} ns a bar)"
    return [
        Figure("callback / trigger on 1 % of the bars", tested / triggered, "x", at_least=20,
               detail=detail),
    ]  # fmt: skip


def open_positions(bars: int = 100_000, repeats: int = 5) -> list[Figure]:
    """Compare a bar with 1,000 positions open to one with 10."""
    store = walk(bars)

    def holding(positions: int) -> omega.Signals:
        entry = np.zeros(bars)
        entry[:positions] = 1.0
        return omega.Signals(entry=entry, accumulate=True)

    few, many = best(
        lambda: seconds_of(store, holding(10)),
        lambda: seconds_of(store, holding(1_000)),
        repeats=repeats,
    )
    detail = f"({many / bars * 1e9:.0f} ns a bar, with 10 {few / bars * 1e9:.0f})"
    return [Figure("a bar with 1,000 positions / with 10", many / few, "x", 5.0, detail=detail)]

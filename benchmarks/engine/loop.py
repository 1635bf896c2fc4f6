"""What the loop costs around a Python callback, beside the same callback called from C."""

from __future__ import annotations

import collections
import itertools
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

import omega
from benchmarks.engine.figures import Figure, best, timed

_START = datetime(2020, 1, 1, tzinfo=UTC)


def rising(bars: int) -> omega.CandleStore:
    """Give a checked store of minutes whose closes rise: a comparison of two takes one branch."""
    close = 1.5 + np.arange(bars) * 1e-7
    opened = close - 1e-7
    times = pl.datetime_range(
        _START, _START + timedelta(minutes=bars - 1), "1m", time_unit="us", eager=True
    )
    frame = pl.DataFrame(
        {"time": times, "open": opened, "high": close, "low": opened, "close": close}
    )
    return omega.CandleStore(frame)


def nothing(_bar: object) -> None:
    """Do nothing."""


class Reader(omega.Strategy):
    """Count bars, read the close and compare it with the one kept."""

    def __init__(self) -> None:
        super().__init__()
        self.n, self.last, self.down = 0, 0.0, 0

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - a Bar, or the floor's ready-made object
        """Read and compare."""
        self.n += 1
        close = bar.close
        if close < self.last:
            self.down += 1
        self.last = close


class ReadyMade:
    """An object with a close."""

    __slots__ = ("close",)

    def __init__(self, close: float) -> None:
        self.close = close


def seconds_of(store: omega.CandleStore, plan: Any, **words: Any) -> float:  # noqa: ANN401 - any
    """Give the seconds of a run's loop and tables, without reading the store."""
    return omega.run_backtest(store, plan, **words).stats.total_time_ms / 1e3


def _drain(items: Any) -> None:  # noqa: ANN401 - any iterator
    collections.deque(items, 0)


def callbacks(bars: int = 2_000_000, repeats: int = 7) -> list[Figure]:
    """Measure a callback that does nothing, and one that reads and compares the close."""
    store = rising(bars)
    checked = omega.run_backtest(store, Reader()).strategy
    assert (checked.n, checked.down) == (bars - 1, 0), "other bars"  # noqa: S101 - a check
    ready = ReadyMade(1.5)
    floor, ours, floor_read, ours_read = best(
        lambda: timed(lambda: _drain(map(nothing, range(bars)))),
        lambda: seconds_of(store, nothing),
        lambda: timed(lambda: _drain(map(Reader().on_bar, itertools.repeat(ready, bars)))),
        lambda: seconds_of(store, Reader()),
        repeats=repeats,
    )
    per_bar = 1e9 / bars
    detail = f"({ours * per_bar:.0f} ns a bar, floor {floor * per_bar:.0f})"
    read = f"({ours_read * per_bar:.0f} ns a bar, floor {floor_read * per_bar:.0f})"
    return [
        Figure("no-op on_bar / the same call from C", ours / floor, "x", 1.5, detail=detail),
        Figure("on_bar that reads the close / same body from C", ours_read / floor_read, "x", 1.5,
               detail=read),
    ]  # fmt: skip


def views(bars: int = 50_000) -> list[Figure]:
    """Count the objects that `bar.ago(1)` and a window of 20 bars leave or build for a bar."""
    store = rising(bars)
    seen: set[int] = set()
    kept: list[int] = []
    foreign = 0
    (address, size), *_ = store.buffers("bid_close")

    def look(bar: Any) -> None:  # noqa: ANN401 - a Bar
        nonlocal foreign
        if bar.index < 20:  # noqa: PLR2004 - the length of the window below
            return
        before = bar.ago(1)
        assert before.close < bar.close, "the bar before is another"  # noqa: S101 - a check
        seen.add(id(before))
        del before
        window = bar.close_window(20)
        foreign += not address <= window.__array_interface__["data"][0] < address + size
        del window
        kept.append(sys.getallocatedblocks() - len(kept) - len(seen))

    omega.run_backtest(store, look)
    return [
        Figure("objects made for bar.ago(1), in 50,000 bars", len(seen), "", 2),
        Figure("windows of 20 bars that are not the store's memory", foreign, "", 0),
    ]


def never_trades(bars: int = 20_000, repeats: int = 30) -> list[Figure]:
    """Measure the loop without its callbacks, and a strategy that spends about 6 us a bar."""
    store = rising(bars)
    floor, ours = best(
        lambda: timed(lambda: _drain(map(nothing, range(bars)))),
        lambda: seconds_of(store, nothing),
        repeats=repeats,
    )

    steps = 150

    def busy(_bar: object) -> None:
        total = 0
        for step in range(steps):
            total += step

    # as many steps as take this machine 6 us
    took = best(lambda: timed(lambda: _drain(map(busy, range(bars)))), repeats=3)[0] / bars
    steps = round(steps * 6e-6 / took)
    busy_floor, busy_ours = best(
        lambda: timed(lambda: _drain(map(busy, range(bars)))),
        lambda: seconds_of(store, busy),
        repeats=20,
    )
    share = (busy_ours - busy_floor) / busy_ours * 100
    per_bar = f"({busy_floor / bars * 1e6:.1f} us a bar in the strategy)"
    return [
        Figure("20,000 bars, callbacks excluded", (ours - floor) * 1e3, "ms", 1.0),
        Figure("all but the strategy, 20,000 bars", max(share, 0.0), "%", 5.0, detail=per_bar),
    ]


def scaling(repeats: int = 3) -> list[Figure]:
    """Compare the cost of a bar at 20 million bars with that at 200,000."""
    small, large = rising(200_000), rising(20_000_000)
    few, many = best(
        lambda: min(seconds_of(small, nothing) for _ in range(20)),
        lambda: seconds_of(large, nothing),
        repeats=repeats,
    )
    return [Figure("a bar of 20,000,000 / a bar of 200,000", many / few / 100, "x", 1.15)]


def backends(bars: int = 20_000) -> list[Figure]:
    """Compare both backends around one cheap callback, results first."""
    store = rising(bars)
    rust = omega.run_backtest(store, nothing, backend="rust")
    python = omega.run_backtest(store, nothing, backend="python")
    assert rust.fingerprint == python.fingerprint, "the backends differ"  # noqa: S101 - a check
    fast, slow = best(
        lambda: seconds_of(store, nothing, backend="rust"),
        lambda: seconds_of(store, nothing, backend="python"),
        repeats=5,
    )
    return [Figure("reference / core around a cheap callback", slow / fast, "x", at_least=30)]


def memory(bars: int = 20_000) -> list[Figure]:
    """Measure how far a run of 20,000 bars raises the memory of a process that has run before."""
    store = rising(bars)
    omega.run_backtest(rising(1_000), nothing)
    before = _resident()
    result = omega.run_backtest(store, nothing)
    after = _resident()
    assert result.equity.height == bars, "rows are missing"  # noqa: S101 - a check
    return [Figure("memory of a run of 20,000 bars", (after - before) / 1e6, "MB", 3.0)]


def _resident() -> int:
    time.sleep(0.05)
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no file on a disk
        return int(file.read().split()[1]) * 4096

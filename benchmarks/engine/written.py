"""What people write: single reads and orders of a strategy, and whole strategies.

A read is measured as what a callback that does it costs beyond one that does nothing. A whole
strategy is measured beside the same body, called from C over objects that are ready-made: the
difference is the engine's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import polars as pl

import omega
from benchmarks.compare.engines import omega as forms
from benchmarks.compare.measure import CASH, Bars
from benchmarks.compare.series import series
from benchmarks.engine.figures import Figure, best, timed
from benchmarks.engine.loop import _drain, rising, seconds_of

BARS = 500_000


class Doing(omega.Strategy):
    """Declares two averages, opens a position where it is held, and does nothing else."""

    held: bool = False

    def init(self) -> None:
        """Declare."""
        self.fast, self.slow = self.sma(10), self.sma(30)

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - a Bar
        """Open once."""

    def on_fill(self, fill: omega.Fill) -> None:
        """Be called, so that the position is known to be there."""


class ReadsPosition(Doing):
    """Reads the position."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Read."""
        self.position  # noqa: B018 - what is measured


class ReadsEquity(Doing):
    """Reads the equity."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Read."""
        self.equity  # noqa: B018 - what is measured


class Crosses(Doing):
    """Looks for a crossing."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Look."""
        omega.crossover(self.fast, self.slow)


class ReadsTime(Doing):
    """Reads the time."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - as above
        """Read."""
        bar.time  # noqa: B018 - what is measured


class Windows(Doing):
    """Reads 20 closes."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - as above
        """Read."""
        bar.close_window(20)


def _held(kind: type[Doing]) -> type[Doing]:
    """Give the same with a position open from the first bar on."""

    class Held(kind):  # type: ignore[misc, valid-type]  # the class is an argument
        def init(self) -> None:
            """Declare, and open on the first bar."""
            super().init()
            self.first = self.column(pl.int_range(pl.len()) == 0, "first")

        @omega.when(lambda self: self.first > 0)
        def open(self, bar: Any) -> None:  # noqa: ANN401, ARG002 - as above
            """Open."""
            self.buy(1.0)

    return Held


def reads(bars: int = BARS, repeats: int = 5) -> list[Figure]:
    """Measure single reads beyond a callback that does nothing."""
    store = rising(bars)
    kinds = [Doing, ReadsPosition, ReadsEquity, Crosses, ReadsTime, Windows]
    flat = best(*(_seconds(store, kind) for kind in kinds), repeats=repeats)
    holding = best(*(_seconds(store, _held(kind)) for kind in kinds[:3]), repeats=repeats)
    beyond = [(took - flat[0]) / bars * 1e9 for took in flat]
    held = [(took - holding[0]) / bars * 1e9 for took in holding]
    return [
        Figure("self.position, flat", beyond[1], "ns", 40),
        Figure("self.position, held", held[1], "ns", 60),
        Figure("self.equity, held", held[2], "ns", 40),
        Figure("omega.crossover of two indicators", beyond[3], "ns", 80),
        Figure("bar.time", beyond[4], "ns", 100),
        Figure("a window of 20 bars", beyond[5], "ns", 180),
    ]


def _seconds(store: omega.CandleStore, kind: type[Doing]) -> Callable[[], float]:
    return lambda: seconds_of(store, kind())


class Orders(omega.Strategy):
    """Buys on a bar and closes on the next one."""

    def on_bar(self, bar: omega.Bar) -> None:
        """Open or close."""
        if bar.index & 1:
            self.close()
        else:
            self.buy(1.0)


class Waits(omega.Strategy):
    """Does as much without orders."""

    def on_bar(self, bar: omega.Bar) -> None:
        """Decide as the other does."""
        if bar.index & 1:
            self.nothing()
        else:
            self.nothing()

    def nothing(self) -> None:
        """Stand for a call."""


def orders(bars: int = 200_000, repeats: int = 5) -> list[Figure]:
    """Measure a market order and a close, filled, with all tables read."""
    store = rising(bars)
    few = omega.run_backtest(rising(1_000), Orders())
    assert few.trades.height * 2 == few.equity.height  # noqa: S101 - a check
    waiting, trading = best(
        lambda: timed(lambda: tables_of(omega.run_backtest(store, Waits()))),
        lambda: timed(lambda: tables_of(omega.run_backtest(store, Orders()))),
        repeats=repeats,
    )
    each = (trading - waiting) / bars * 1e6
    return [Figure("buy() or close(), filled, all tables read", each, "us", 0.9)]


def tables_of(result: omega.BacktestResult) -> list[int]:
    """Read all tables."""
    names = ("trades", "orders", "fills", "equity", "ledger", "positions")
    return [getattr(result, name).height for name in names]


class Cross(omega.Strategy):
    """The crossing of two averages, as most people write it."""

    def init(self) -> None:
        """Declare."""
        self.fast, self.slow = self.sma(10), self.sma(30)

    def on_bar(self, _bar: Any) -> None:  # noqa: ANN401 - a Bar or the floor's number
        """Follow the crossing."""
        if omega.crossover(self.fast, self.slow):
            if self.position:
                self.close()
            self.buy()
        elif omega.crossunder(self.fast, self.slow) and self.position:
            self.close()


class Watches(omega.Strategy):
    """Reads its position, the equity and the time on each bar."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - a Bar or the floor's object
        """Read."""
        if self.position is not None and self.equity < 0:
            self.close()
        self.seen = bar.time


class Fade(omega.Strategy):
    """The README's: buys what has fallen far below its mean, and leaves by stop or target."""

    threshold: float = 2.5

    def init(self) -> None:
        """Declare."""
        self.z, self.range = self.zscore(60), self.atr(14)

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - a Bar or the floor's object
        """Buy."""
        if self.position is None and self.z[-1] < -self.threshold:
            risk = 3 * self.range[-1]
            self.buy(stop_loss=bar.close - risk, take_profit=bar.close + risk)


class Pair(omega.Strategy):
    """Holds the first of two symbols while it is the cheaper one."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - a Bar or the floor's object
        """Compare."""
        cheaper = bar.close < bar["BBB"].close
        if cheaper and self.position is None:
            self.buy(1.0)
        elif not cheaper and self.position is not None:
            self.close()


class Holds(omega.Strategy):
    """Buys once, and leaves the rest to a position manager."""

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - a Bar
        """Buy."""
        if bar.index == 0:
            self.buy(1.0)


class Manager:
    """Looks at each open position, and closes one that has lost too much."""

    def manage_positions(self, *given: Any) -> None:  # noqa: ANN401 - positions and bars
        """Look."""
        own, _, bid, *_ = given
        for position in own:
            if position.entry_price - bid.close > position.entry_price:
                raise AssertionError


class ReadyMade:
    """A strategy's surroundings with values that are there already."""

    def __init__(self) -> None:
        self.position: object = None
        self.equity, self.time, self.threshold = 10_000.0, 0, 2.5
        self.entry_price, self.index = 1.5, 7
        self.z, self.range, self.symbols = [0.0], [1.0], {"BBB": self}

    close = 1.5

    def __getitem__(self, symbol: str) -> ReadyMade:
        """Give itself as the bar of another symbol."""
        return self.symbols[symbol]

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - itself
        """Do as `Watches`."""
        if self.position is not None and self.equity < 0:
            raise AssertionError
        self.seen = bar.time

    fade: Any = Fade.on_bar
    pair: Any = Pair.on_bar


def whole(bars: int = 2_000_000, repeats: int = 3) -> list[Figure]:
    """Measure whole strategies, a bar, and beside ready-made objects."""
    frame = forms.load(Bars(*series(bars)))
    store = omega.CandleStore(frame)
    ready = ReadyMade()
    words: dict[str, Any] = {"cash": CASH, "sizer": omega.FixedUnits(1)}
    floor, faded, watch, fade, cross = best(
        lambda: timed(lambda: _drain(map(ready.on_bar, itertools.repeat(ready, bars)))),
        lambda: timed(lambda: _drain(map(ready.fade, itertools.repeat(ready, bars)))),
        lambda: seconds_of(store, Watches(), **words),
        lambda: seconds_of(store, Fade(threshold=2.0), **words),
        lambda: seconds_of(store, Cross(), **words),
        repeats=repeats,
    )
    detail = f"({fade / bars * 1e9:.0f} ns a bar)"
    return [
        Figure("SMA cross as a class, a bar of 2,000,000", cross / bars * 1e9, "ns", 250),
        Figure("reads on each bar / the same body from C", watch / floor, "x", 3.0),
        Figure("the README's strategy / same body from C", fade / faded, "x", 4.0, detail=detail),
    ]


def managed(bars: int = 200_000, repeats: int = 5) -> list[Figure]:
    """Measure a position manager in Python, with one position open from the first bar on."""
    store, manager, ready = rising(bars), Manager(), ReadyMade()
    run = omega.run_backtest(store, Holds(), position_manager=manager)
    assert run.trades["bars_held"].to_list() == [bars - 2]  # noqa: S101 - a check
    arguments = ([ready], ready, ready, ready, [ready])
    calls = itertools.starmap
    floor, holds, ours = best(
        lambda: timed(
            lambda: _drain(calls(manager.manage_positions, itertools.repeat(arguments, bars)))
        ),
        lambda: seconds_of(store, Holds()),
        lambda: seconds_of(store, Holds(), position_manager=manager),
        repeats=repeats,
    )
    beyond = ours - holds
    detail = f"({beyond / bars * 1e9:.0f} ns a bar)"
    return [
        Figure("a position manager / same body from C", beyond / floor, "x", 8.0, detail=detail)
    ]


def two_symbols(bars: int = 200_000, repeats: int = 5) -> list[Figure]:
    """Measure a class over two symbols, which reads both on each bar."""
    both = {"AAA": forms.load(Bars(*series(bars))), "BBB": forms.load(Bars(*series(bars, 11)))}
    stores = {name: omega.CandleStore(frame) for name, frame in both.items()}
    ready = ReadyMade()
    words: dict[str, Any] = {"cash": CASH, "sizer": omega.FixedUnits(1)}
    floor, ours = best(
        lambda: timed(lambda: _drain(map(ready.pair, itertools.repeat(ready, bars)))),
        lambda: timed(lambda: omega.run_backtest(stores, Pair(), **words)),
        repeats=repeats,
    )
    detail = f"({ours / bars * 1e9:.0f} ns a step)"
    return [
        Figure("two symbols, a class / same body from C", ours / floor, "x", 8.0, detail=detail)
    ]


class Tested(omega.Strategy):
    """Tests its condition on each bar, and buys where it has nothing: with a stop and a target."""

    def init(self) -> None:
        """Take the column of the condition."""
        self.signal = self.column(pl.int_range(pl.len()) % 100 == 0, "signal")

    def on_bar(self, bar: omega.Bar) -> None:
        """Test."""
        if self.signal[-1] > 0:
            self.trade(bar)

    def trade(self, bar: omega.Bar) -> None:
        """Buy."""
        if not self.positions:
            self.buy(stop_loss=bar.close - 320, take_profit=bar.close + 320)


class Triggered(Tested):
    """The same, called only where the condition holds."""

    @omega.when(lambda self: self.signal > 0)
    def on_bar(self, bar: omega.Bar) -> None:
        """Buy."""
        self.trade(bar)


def triggers(bars: int = 1_000_000, repeats: int = 5) -> list[Figure]:
    """Compare a condition that trades, tested on each bar and as a trigger, and by columns."""
    frame = forms.load(Bars(*series(bars)))
    store = omega.CandleStore(frame)
    words: dict[str, Any] = {"cash": CASH, "sizer": omega.FixedUnits(1)}
    close = pl.col("close")
    plan = omega.Signals(
        entry=pl.int_range(pl.len()) % 100 == 0, stop_loss=close - 320, take_profit=close + 320
    )
    kinds = (Tested(), Triggered(), plan)
    trades = [omega.run_backtest(store, kind, **words).trades for kind in kinds]
    assert trades[0].equals(trades[1]), "other trades"  # noqa: S101 - a check
    each, some, columns = best(
        *((lambda kind=kind: seconds_of(store, kind, **words)) for kind in kinds),
        repeats=repeats,
    )
    detail = f"({trades[1].height:,} trades; by columns {columns / bars * 1e9:.0f} ns a bar)"
    return [
        Figure("tested on each bar / triggered, with trades", each / some, "x", at_least=10),
        Figure("triggered on 1 %, with trades, a bar", some / bars * 1e9, "ns", 20, detail=detail),
    ]

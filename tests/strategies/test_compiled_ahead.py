"""Goal: a compiled callback sees at each bar what it would see if each bar were a step of its own.

Between two requests the core hands out the bars of a stretch one after the other, so that these
runs leave long stretches in which prices, nights, levels and the account may end one early.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import omega
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import walk

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")

SEEDS = range(int(os.environ.get("AHEAD", "6")))
BARS = 4_000


class Notes(omega.Strategy):
    """Notes all that it sees on each bar, and requests something once in a while."""

    pause: int = 37
    width: float = 0.002

    def init(self) -> None:
        """Begin with nothing."""
        self.equities, self.balances = np.zeros(BARS), np.zeros(BARS)
        self.profits, self.counts = np.zeros(BARS), np.zeros(BARS, np.int64)
        self.calls, self.state = 0, 11

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Note, then request by a sequence of numbers of its own."""
        at = bar.index
        self.calls += 1
        self.note(at)
        self.balances[at] = self.balance
        self.counts[at] = 10 * len(self.positions) + len(self.pending)
        for one in self.positions:
            self.profits[at] += one.open_profit + one.bars_held
        self.state = (self.state * 75 + 74) % 65537
        if self.state % self.pause != 0:
            return
        choice = self.state % 7
        if choice == 0:
            self.close()
        elif choice == 1:
            self.buy(stop_loss=bar.close - self.width)
        elif choice == 2:
            self.sell(take_profit=bar.close - self.width, size=0.1)
        elif choice == 3:
            self.buy(limit=bar.close - self.width / 2, expires="day")
        elif choice == 4:
            self.sell(stop=bar.low - self.width, stop_loss=bar.high + self.width)
        elif choice == 5 and self.position is not None:
            self.modify(self.position, stop_loss=bar.bid.low - self.width * 3)
        else:
            self.buy(trailing_stop=self.width * 2)

    def note(self, at: int) -> None:
        """Note the equity."""
        self.equities[at] = self.equity


class Blind(Notes):
    """The same without a look at the equity, which the core then need not know ahead."""

    def note(self, at: int) -> None:
        """Note nothing."""


INSTRUMENT = omega.Instrument("AAA", contract_size=1.0, quote_currency="JPY")
SETTINGS: list[dict[str, Any]] = [
    {},
    {"execution": omega.Execution(position_mode="netting")},
    {"costs": omega.Costs(swap_long_percent=-3.0, swap_short_percent=-1.5, fee_percent=0.01)},
    {"account": omega.Account(leverage=30, stop_out_level=0.9), "cash": 1_500.0},
    {"instruments": INSTRUMENT, "conversion": {"JPY": 0.0091}},
    {"start": "2024-01-01 05:00", "end": "2024-01-02 09:00"},
]


def outcome(
    seed: int, words: dict[str, Any], kind: type[Notes], pause: int, *, compiled: bool
) -> tuple[object, ...]:
    """Return the fingerprint of a run, and what its strategy noted."""
    data = {"AAA": walk(BARS, seed=seed + 1, chunks=1 + seed % 4)}
    sizer = omega.FixedUnits(20_000)
    run: Any = omega.run_backtest
    made = run(data, kind(pause=pause), compiled=compiled, sizer=sizer, **words)
    own = made.strategy
    noted = (own.equities, own.balances, own.profits, own.counts)
    return made.fingerprint, own.calls, own.state, [column.tobytes() for column in noted]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("place", range(len(SETTINGS)))
@pytest.mark.parametrize("kind", [Notes, Blind])
def test_each_bar_is_seen_as_it_is(seed: int, place: int, kind: type[Notes]) -> None:
    pause = (3, 19, 37, 211)[seed % 4]
    words = SETTINGS[place]
    made = outcome(seed, words, kind, pause, compiled=True)
    assert made == outcome(seed, words, kind, pause, compiled=False)
    assert int(str(made[1])) > 1_000 or "start" in words


class Forgets(omega.Strategy):
    """Decides by what it sees alone, so that it can decide again where something happens.

    A whole number is divided by 0 at a step that no run has: where a bar has reached the stop of a
    position that is still open.
    """

    pause: int = 37
    width: float = 0.002

    def init(self) -> None:
        """Begin with nothing."""
        self.mean, self.calls, self.heard = self.sma(5), 0, 0.0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Request by the number of the bar, and by what is open and waits."""
        held, waits = len(self.positions), len(self.pending)
        for one in self.positions:
            if one.direction == "long" and one.stop_loss is not None and one.bars_held > 1:
                waits += 1 // int(bar.bid.low > one.stop_loss)
        choice = (bar.index * 7919 + 13 * held + waits + int(self.balance)) % (7 * self.pause)
        if choice == 0 or held + waits > 6:
            self.close()
        elif choice == 1:
            self.buy(stop_loss=bar.close - self.width)
        elif choice == 2:
            number = self.sell(take_profit=bar.close - self.width, size=0.1)
            self.modify(number, stop_loss=bar.close + self.width)
        elif choice == 3:
            self.buy(limit=bar.close - self.width / 2, expires="day")
        elif choice == 4:
            self.sell(stop=bar.low - self.width, stop_loss=bar.high + self.width)
        elif choice == 5 and self.mean[-1] > bar.close:
            self.buy(trailing_stop=self.width * 2)


class Looks(Forgets):
    """Reads bars, and the account where these are as they should be; a fill changes what it does.

    The core looks for such bars ahead, whatever happens until then.
    """

    rare: int = 5

    def init(self) -> None:
        """Begin with nothing."""
        super().init()
        self.kept, self.last = [0.0], 0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Request where the newest bar is high enough, and note once in a while."""
        choice = (bar.index * 7919 + self.last) % (self.rare * self.pause)
        if bar.index % (11 * self.rare) == 0:
            self.kept.append(bar.close)
        if choice > 3 and not omega.crossover(self.mean, bar.open):
            return
        if bar.close < self.mean.ago(1) and len(self.pending) < 3:
            self.sell(limit=bar.close + self.width, stop_loss=bar.close + 2 * self.width)
        elif self.position is None:
            self.buy(stop_loss=bar.low - self.width, take_profit=bar.close + self.width)
        elif choice % 2 == 0:
            self.calls += 1
            self.heard += self.equity + self.kept[-1]
        else:
            self.close()


class LooksAndHears(Looks):
    """The same with a callback for fills."""

    @omega.compiled
    def on_fill(self, fill: omega.Fill) -> None:
        """Decide otherwise from here on."""
        self.last, self.heard = fill.index % 97, self.heard + fill.price


class LooksOften(Looks):
    """The same, which reads the account on nearly each bar after a while."""

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Read it late, and request seldom."""
        if bar.index % 700 < 300 or bar.close > self.mean[-1]:
            self.calls += len(self.positions)
            if bar.index % 90 == 0:
                self.buy(stop_loss=bar.close - self.width)


class Hears(Forgets):
    """The same, which counts what happens and requests something then."""

    @omega.compiled
    def on_fill(self, fill: omega.Fill) -> None:
        """Count, and open again once in a while."""
        self.calls, self.heard = self.calls + 1, self.heard + fill.price
        if self.calls % 5 == 0:
            self.buy(limit=fill.price - self.width, stop_loss=fill.price - 2 * self.width)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("words", SETTINGS)
@pytest.mark.parametrize("kind", [Forgets, Hears, Looks, LooksAndHears, LooksOften])
def test_what_a_callback_decides_too_early_is_dropped(
    seed: int, words: dict[str, Any], kind: type[Forgets]
) -> None:
    data = {"AAA": walk(BARS, seed=seed + 20, chunks=1 + seed % 4)}
    run: Any = omega.run_backtest
    own = kind(pause=(3, 19, 37, 211)[seed % 4])
    made, plain = (
        run(data, own, compiled=compiled, sizer=omega.FixedUnits(20_000), **words)
        for compiled in (True, False)
    )
    assert (made.stats.callbacks, plain.stats.callbacks) == ("compiled", "python")
    assert made.fingerprint == plain.fingerprint
    counted = [(one.strategy.calls, one.strategy.heard) for one in (made, plain)]
    assert counted[0] == counted[1]
    assert made.orders.height > 0


def test_it_is_known_what_a_callback_keeps() -> None:
    from omega.compiling.program import program_of  # noqa: PLC0415 - not there without the extra

    made = []
    kinds: tuple[Any, ...] = (Forgets, Notes, Blind)
    for kind in kinds:
        store = walk(50)
        run: Any = omega.run_backtest
        ran = run(store, kind(), compiled=True).strategy
        made.append(program_of(ran, {"on_bar": kind.on_bar}))
    assert [(one.remembers, "equity" in one.read) for one in made] == [
        (False, False),
        (True, True),
        (True, False),
    ]
    assert "idle" not in made[0].addresses
    looks: Any = Looks
    ran = omega.run_backtest(walk(50), looks()).strategy
    assert "idle" in program_of(ran, {"on_bar": looks.on_bar}).addresses


@pytest.mark.parametrize("cooldown", [0, 7])
@pytest.mark.parametrize("data", ["chunks", "several", "timeframe"])
def test_idle_bars_are_those_of_each_market(data: str, cooldown: int) -> None:
    given: Any = {
        "chunks": walk(BARS, seed=3, chunks=9),
        "several": {"AAA": walk(900, seed=3), "BBB": walk(700, seed=5, chunks=2)},
        "timeframe": walk(900, seed=3),
    }[data]
    words: dict[str, Any] = {"timeframes": ["H1"]} if data == "timeframe" else {}
    words["limits"] = omega.Limits(cooldown_bars=cooldown)
    run: Any = omega.run_backtest
    made, plain = (
        run(given, Looks(pause=19), compiled=compiled, **words) for compiled in (True, False)
    )
    assert made.fingerprint == plain.fingerprint
    assert made.strategy.heard == plain.strategy.heard
    assert made.orders.height > 0

"""Goal: times, lists, arrays and callbacks of fills are compiled as Python has them."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omega
from omega.errors import ConfigError
from omega.examples.sma_cross import SmaCross
from tests.strategies.test_compiled import compare, state
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import rising, walk

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")

CANDLES = walk(600, chunks=3)
TOP = Path(__file__).resolve().parents[2]


class Levels(omega.Strategy):
    """Lists of floats, whole numbers and truths that grow and shrink."""

    def init(self) -> None:
        """Declare."""
        self.levels: list[float] = []
        self.ups: list[bool] = [True]
        self.mixed: list[float] = [1, 2]
        self.found, self.longest = 0.0, 0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Put in, take out, and look."""
        self.fill(bar)
        if bar.index % 50 == 7:
            self.mixed.append(bar.close)
            self.ups.clear()
        if bar.index in self.mixed and self.ups.count(True) > 3 and self.position is None:
            self.buy(stop_loss=bar.close - 0.001)
        for one in self.levels:
            if one > max(self.levels):
                continue
            if one < bar.low:
                break
            self.found += one
        if 3 not in self.mixed:
            self.found -= 1

    def fill(self, bar: omega.Bar) -> None:
        """Put in, and take out where there are many."""
        self.levels.append(bar.high)
        self.ups.append(bar.close > bar.open)
        self.mixed.append(bar.index)
        self.longest = max(self.longest, len(self.levels))
        if bar.index % 97 == 96 and len(self.levels) > 1:
            self.found += self.levels.pop(0) + self.levels.pop()
        if len(self.levels) > 40:
            self.levels[-3] = self.levels[3] * 2
            self.levels.pop(-2)
            while self.levels:
                self.found += self.levels.pop(len(self.levels) // 2)
                if len(self.levels) < 5:
                    break


def test_lists_are_those_of_python() -> None:
    ran = compare(CANDLES, Levels()).strategy
    plain = omega.run_backtest(CANDLES, Levels(), compiled=False).strategy
    assert isinstance(ran, Levels)
    assert isinstance(plain, Levels)
    assert ran.longest > 32  # so that memory was made larger more than once
    assert ran.levels == plain.levels
    assert (ran.ups, ran.mixed) == (plain.ups, plain.mixed)
    assert [type(one) for one in ran.ups] == [type(one) for one in plain.ups]


class Whole(omega.Strategy):
    """What Python makes of lists as a whole: sums, comparisons, orders."""

    def init(self) -> None:
        """Declare."""
        self.highs, self.lows = [1.5, -0.0], [0.0]
        self.steps: list[int] = []
        self.ups: list[bool] = []
        self.total, self.count, self.places = 0.0, 0, [0]

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Put in, and look at all."""
        self.highs.append(bar.high - bar.spread)
        self.lows.append(bar.low * 0.9999)
        self.steps.append(bar.index * 7919 % 23)
        self.ups.append(bar.close > bar.open)
        self.total += sum(bar.close_window(min(7, bar.index + 1)))
        self.count += sum(self.steps) + sum(self.ups)
        self.count += sum(self.steps[:3] + [bar.index])  # noqa: RUF005 - the sum of lists is meant
        both = self.highs[-4:] + self.lows[:2] + [bar.close, 0.5]
        ordered = sorted(both)
        self.total += both[0] - ordered[0] + len(both) + ordered[-2] + max(both + ordered[1:])
        self.places[:] = sorted(self.steps[-9:]) + self.places[:2]
        if self.steps[-3:] < self.steps[-2:] or self.ups[-2:] == [True, False]:
            self.count += 1
        if self.lows <= self.highs[-2:] and self.ups != self.ups[1:] and self.steps > [11, 2]:
            self.count += 3
        if self.places[:1] == [3.0] or self.steps[-1:] >= [] == self.highs[:0]:
            self.buy(stop_loss=bar.close - 0.001)
        if len(self.highs) > 30:
            del self.highs[:25]
            self.steps[:] = sorted(self.steps[-4:] + self.steps[:1])


def test_lists_as_a_whole_are_those_of_python() -> None:
    ran = compare(CANDLES, Whole()).strategy
    plain = omega.run_backtest(CANDLES, Whole(), compiled=False).strategy
    assert isinstance(ran, Whole)
    assert isinstance(plain, Whole)
    assert (ran.places, ran.steps, ran.count) == (plain.places, plain.steps, plain.count)
    assert ran.total.hex() == plain.total.hex()
    assert ran.count > 1_000


class Sums(omega.Strategy):
    """Adds up a list."""

    values: Any = ()

    def init(self) -> None:
        """Declare."""
        self.kept, self.total = list(self.values), 1.0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Add up all, and some."""
        self.total = sum(self.kept) - sum(self.kept[:2] + self.kept[1:])


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="it is refused there")
@pytest.mark.parametrize("values", [[-0.0], [1e16, 1.0, -1e16], [np.inf, 1.0, -np.inf], [0.1] * 9])
def test_a_sum_of_floats_is_that_of_python(values: list[float]) -> None:
    ran, plain = (
        omega.run_backtest(rising(5), Sums(values=tuple(values)), compiled=compiled)
        for compiled in (True, False)
    )
    assert ran.stats.callbacks == "compiled"
    assert repr(ran.strategy.total) == repr(float(plain.strategy.total))


def test_a_sum_that_depends_on_what_made_its_floats_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("omega.compiling.list_values._ADDS_ONE_BY_ONE", False)

    class Anew(Sums):
        """A class that is not compiled yet."""

    with pytest.raises(ConfigError, match=r"since Python 3\.12.*write np\.sum\(xs\[:\]\)"):
        omega.run_backtest(rising(5), Anew(values=(0.5,)))
    counted = omega.run_backtest(rising(5), Anew(values=(3, 4, 5))).strategy
    assert counted.total == 12 - (3 + 4 + 4 + 5)


class Empty(omega.Strategy):
    """Takes from an empty list."""

    def init(self) -> None:
        """Declare."""
        self.kept: list[float] = []

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Take one too many."""
        if bar.index == 30:
            self.kept.pop()
        if bar.index < 20:
            self.kept.append(1.0)
        elif bar.index < 30:
            self.kept.clear()


def test_what_is_not_in_a_list_raises_what_python_raises() -> None:
    with pytest.raises(IndexError, match="pop from empty list"):
        omega.run_backtest(CANDLES, Empty())


def test_a_list_of_two_names_is_refused() -> None:
    class Twice(omega.Strategy):
        def init(self) -> None:
            self.one: list[float] = []
            self.other = self.one

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            self.one.append(bar.close)
            self.other.pop()

    with pytest.raises(ConfigError, match=r"self\.other of Twice: it is the same list as another"):
        omega.run_backtest(CANDLES, Twice())


def test_a_method_gives_a_list_and_arrays_and_its_own_arrays_go() -> None:
    class Helped(omega.Strategy):
        def init(self) -> None:
            self.kept, self.total = [1.0, 2.0], 0.0

        def mine(self) -> list[float]:
            return self.kept

        def centred(self, bar: omega.Bar, factor: float) -> Any:  # noqa: ANN401 - an array
            window = bar.close_window(100) * factor
            return window - np.mean(window)

        def spread(self, bar: omega.Bar, factor: float) -> float:
            found = self.centred(bar, factor)
            return float(np.sum(found * found))

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index > 100:
                self.mine().append(bar.close)
                self.mine()[0] += 1
                for k in range(900):
                    self.total += self.spread(bar, k)

    ran = compare(walk(130), Helped()).strategy
    assert len(ran.kept) > 20


@pytest.mark.parametrize("how", ["in", "==", "sorted"])
def test_nan_in_a_list_ends_the_run(how: str) -> None:
    class Looks(omega.Strategy):
        way: str = "in"

        def init(self) -> None:
            self.kept, self.first = [float("nan")], 0.0

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            if self.way == "in" and self.kept[0] in self.kept:
                self.buy()
            if self.way == "==" and self.kept == self.kept[:]:
                self.buy()
            if self.way == "sorted":
                self.first = sum(sorted(self.kept))

    with pytest.raises(ConfigError, match="NaN looked for in a list"):
        omega.run_backtest(CANDLES, Looks(way=how))


class Grows(omega.Strategy):
    """Grows a list as far as memory goes round."""

    many: int = 3_000

    def init(self) -> None:
        """Declare."""
        self.kept = [0.5] * 10

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Put many in."""
        for _ in range(self.many):
            self.kept.append(bar.close)
        if bar.index == 98:
            self.kept.clear()


def grown() -> int:
    """Return by how much the peak of the memory of this process grows over forty runs, in KB."""
    import resource  # noqa: PLC0415 - not on every system

    store = omega.CandleStore(walk(100))

    def resident() -> int:
        gc.collect()
        peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak

    for _ in range(3):
        omega.run_backtest(store, Grows())
    before = resident()
    for _ in range(40):  # 2.4 MB or more each
        omega.run_backtest(store, Grows())
        gc.collect()
    return resident() - before


@pytest.mark.skipif(sys.platform == "win32", reason="no such measure of memory")
def test_memory_of_lists_is_given_back() -> None:
    program = "from tests.strategies.test_compiled_state import grown; print(grown())"
    words = [sys.executable, "-c", program]  # whose peak no other test has raised
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 40_000


class Arrays(omega.Strategy):
    """Arithmetic of whole arrays."""

    def init(self) -> None:
        """Declare."""
        self.mean = self.sma(5)
        self.weights = np.linspace(0.1, 1.0, 12)
        self.kept, self.out = np.zeros(20), np.zeros(12)

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Combine, compare and sum."""
        if bar.index < 150:
            return
        window, long = bar.close_window(12), bar.high_window(140)
        centred = window - np.mean(window)
        self.kept[0] = np.sum(centred * centred)
        self.kept[1] = (window * self.weights).sum() / self.weights.sum()
        self.kept[2] = np.std(long / bar.close - 1)
        self.kept[3] = np.sum(long > bar.close) + np.sum(window != bar.close)
        self.kept[4] = np.max(np.abs(-centred)) - np.min(2 - window)
        self.kept[5] = np.mean((long - 1) ** 2)
        self.kept[6] = float((window >= self.mean.window(12)).any())
        self.kept[7] = np.argmax(1.0 / window)
        changes = window[1:] - window[:-1]
        self.kept[8] = np.sum(abs(changes))
        self.out[:] = window * 3 - 1
        total = 0.0
        for k in range(700):  # more than the room holds at once
            total += float(np.mean(long * k))
        self.kept[9] = total
        scaled: float = 2
        if bar.index % 2:
            scaled = self.out[0]
        self.kept[10] = np.sum(window * scaled)
        for change in changes * 2:
            self.kept[11] += change
        if np.all(centred[-2:] > 0) and self.position is None:
            self.buy(stop_loss=bar.close - 0.002)


def test_arrays_are_those_of_numpy() -> None:
    assert compare(walk(400, chunks=3), Arrays(), {"cash": 100_000.0}).trades.height > 1


def test_arrays_of_other_lengths_raise_what_numpy_raises() -> None:
    class Unequal(omega.Strategy):
        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 20:
                self.buy(size=np.sum(bar.close_window(5) + bar.close_window(6)))

    with pytest.raises(ValueError, match="could not be broadcast"):
        omega.run_backtest(CANDLES, Unequal())


class Heard(omega.Strategy):
    """Orders in `on_fill` and `on_exit`, and all that they are given."""

    def init(self) -> None:
        """Declare."""
        self.mean = self.sma(10)
        self.wins, self.stops, self.total, self.fees, self.last = 0, 0, 0.0, 0.0, ""
        self.held, self.hours, self.numbers, self.multiples = 0, 0, 0, 0.0
        self.entered: list[int] = []

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Enter above the mean."""
        if bar.index > 10 and self.position is None and bar.close > self.mean[-1]:
            self.numbers += self.buy(stop_loss=bar.close - 0.002, take_profit=bar.close + 0.001)

    @omega.compiled
    def on_fill(self, fill: omega.Fill) -> None:
        """Protect what was bought."""
        self.fees += fill.fee + fill.slippage
        self.entered.append(fill.index + fill.order_id + fill.trade_id)
        self.hours += fill.time.hour
        if fill.side == "buy" and fill.lots > 0 and self.position is not None:
            self.numbers += self.sell(0.5, limit=fill.price + 0.001, reason=fill.symbol)

    @omega.compiled
    def on_exit(self, trade: omega.Trade) -> None:
        """Count."""
        self.wins += trade.net_pnl > 0
        self.stops += trade.exit_reason == "stop_loss"
        self.total += trade.gross_pnl - trade.fees + trade.swap + trade.lots
        self.total += trade.exit_price - trade.entry_price + trade.exit_index - trade.entry_index
        self.held += trade.bars_held + trade.trade_id
        self.hours += trade.exit_time.hour - trade.entry_time.minute
        self.last = trade.exit_reason
        if trade.r_multiple is not None:
            self.multiples += trade.r_multiple
        if trade.net_pnl < 0 and trade.direction == "long":
            self.numbers += self.buy(0.5, stop_loss=self.mean[-1] - 0.002, symbol=trade.symbol)


@pytest.mark.parametrize("chunks", [1, 4])
@pytest.mark.parametrize("mode", ["hedging", "netting"])
def test_fills_and_exits_are_heard(mode: str, chunks: int) -> None:
    costs = omega.Costs(fee_per_lot=0.00001, slippage_percent=0.001)
    settings = {
        "execution": omega.Execution(position_mode=mode),
        "costs": costs,
        "cash": 100_000.0,
    }
    ran = compare(walk(900, chunks=chunks), Heard(), settings)
    assert isinstance(ran.strategy, Heard)
    assert min(ran.strategy.stops, ran.strategy.wins) > 0
    assert len(ran.strategy.entered) == ran.fills.height


def test_exits_alone_are_heard() -> None:
    class Exits(omega.Strategy):
        def init(self) -> None:
            self.profit = 0.0

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            if self.position is None:
                self.buy(take_profit=bar.close + 0.001, stop_loss=bar.close - 0.001)

        @omega.compiled
        def on_exit(self, trade: omega.Trade) -> None:
            self.profit += trade.net_pnl

    ran = compare(CANDLES, Exits())
    assert ran.strategy.profit == pytest.approx(ran.trades["net_pnl"].sum())


def test_an_exception_in_a_fill_is_that_of_python() -> None:
    class Divides(omega.Strategy):
        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 5:
                self.buy()

        @omega.compiled
        def on_fill(self, fill: omega.Fill) -> None:
            self.sell(1 / (fill.index - 6))

    with pytest.raises(ZeroDivisionError) as raised:
        omega.run_backtest(CANDLES, Divides())
    with pytest.raises(ZeroDivisionError) as plain:
        omega.run_backtest(CANDLES, Divides(), compiled=False)
    assert raised.value.__notes__ == plain.value.__notes__
    assert raised.traceback[-1].name == "on_fill"


def test_one_callback_that_is_not_marked_is_refused() -> None:
    class Half(omega.Strategy):
        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            self.buy()

        def on_exit(self, trade: omega.Trade) -> None:
            self.sell()

    with pytest.raises(ConfigError, match=r"Half\.on_exit is called as well and is not compiled"):
        omega.run_backtest(CANDLES, Half())


def test_members_of_an_ensemble_run_in_python_and_a_notice_says_so() -> None:
    both: Any = {"a": Levels(), "b": SmaCross()}
    ran = omega.run_backtest(CANDLES, both)
    (told,) = [one.text for one in ran.notices if one.kind == "uncompiled"]
    assert told.startswith("the callbacks of a ran uncompiled, as members of an ensemble")
    assert ran.stats.callbacks == "python"
    plain = omega.run_backtest(CANDLES, both, compiled=False)
    assert not [one for one in plain.notices if one.kind == "uncompiled"]


def test_a_look_ahead_check_says_that_it_looked_at_the_source() -> None:
    report = omega.check_lookahead(Heard(), walk(200), prefixes=2)
    assert report.clean
    (told,) = report.unchecked
    assert "Heard ran uncompiled, as whatever they request is looked at" in told


def test_lists_and_arrays_are_kept_by_a_copy_alone() -> None:
    given = Levels()
    omega.run_backtest(CANDLES, given)
    assert state(given) == {}

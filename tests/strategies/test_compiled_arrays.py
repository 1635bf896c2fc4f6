"""Goal: arrays of whole numbers are compiled as NumPy has them, wrapping around included."""

from __future__ import annotations

import numpy as np
import pytest

import omega
from tests.strategies.test_compiled import compare
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import walk

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")

LEAST = -(2**63)


class Whole(omega.Strategy):
    """Arithmetic of whole arrays of whole numbers, with the largest that there are."""

    def init(self) -> None:
        """Declare."""
        self.counts = np.array([3, -7, 0, 2**62, LEAST, 2**63 - 1, 2**53 + 1], np.int64)
        self.other = np.arange(7, dtype=np.int64) - 3
        self.made = np.zeros((6, 7), np.int64)
        self.floats = np.zeros((4, 7))
        self.found, self.sums = np.zeros(12), np.zeros(6, np.int64)

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Combine, compare and sum."""
        n, up = bar.index - 3, bar.close > bar.open
        sums, product = self.counts + self.other, self.counts * (n * 3)
        for k in range(7):
            self.made[0, k], self.made[1, k] = sums[k], product[k]
            self.made[2, k] = (2 - self.counts)[k]
            self.made[3, k] = (self.counts**2)[k] + (-self.other)[k]
            self.made[4, k] = np.abs(self.counts)[k]
            self.made[5, k] = (self.other + up)[k]
            self.floats[0, k] = (self.counts * 0.5)[k]
            self.floats[1, k] = (self.counts / 3)[k]
            self.floats[2, k] = (self.counts - self.floats[0])[k]
            self.floats[3, k] = (-self.counts / 2.0)[k]
        self.compared(n)
        self.sums[0], self.sums[1] = np.sum(self.counts), np.sum(self.counts[4:] * 2)
        self.sums[2], self.sums[3] = np.max(self.counts - 1), np.argmin(self.counts + n)
        self.other[:] = self.other * 3 + n
        if np.sum(self.other > self.counts) > 3 and self.position is None:
            self.buy(stop_loss=bar.close - 0.002)
        elif np.any(self.other == n):
            self.close()

    def compared(self, n: int) -> None:
        """Compare, and sum as floats."""
        self.found[0] = np.sum(self.counts < n) + np.sum(self.counts != self.other)
        self.found[1] = np.sum(self.counts >= 0.5) + np.sum(self.counts == 2.0**53)
        self.found[2], self.found[3] = np.mean(self.other), np.std(self.other)
        self.found[4], self.found[5] = np.mean(self.counts), np.var(self.other[:3] - n)
        self.found[6] = float(np.all(self.other * 0 == 0))


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_arrays_of_whole_numbers_are_those_of_numpy() -> None:
    ran = compare(walk(60), Whole())
    assert isinstance(ran.strategy, Whole)
    assert ran.strategy.made[4, 4] == LEAST  # of itself, as in NumPy
    assert ran.strategy.sums[1] == 2**54 + 2 + LEAST * 2 % 2**64 + (2**63 - 1) * 2 - 2**64


class Means(omega.Strategy):
    """The mean of so many whole numbers."""

    size: int = 8192

    def init(self) -> None:
        """Declare."""
        self.many, self.mean = np.arange(self.size, dtype=np.int64) ** 4, 0.0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Take it."""
        self.mean = float(np.mean(self.many[bar.index :]))


def test_a_mean_of_whole_numbers_is_added_in_the_order_of_numpy() -> None:
    compare(walk(40), Means())
    with pytest.raises(omega.ConfigError, match="where Python goes on"):
        omega.run_backtest(walk(40), Means(size=8_300))


class Parts(omega.Strategy):
    """Parts of lists, read and taken out."""

    def init(self) -> None:
        """Declare."""
        self.levels: list[float] = [1.5]
        self.places: list[int] = []
        self.ups: list[bool] = []
        self.found, self.row = 0.0, np.zeros(4)

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Put in, look at parts, and take out what is old."""
        self.levels.append(bar.high)
        self.places.append(bar.index)
        self.ups.append(bar.close > bar.open)
        recent, before = self.levels[-5:], self.levels[:-5]
        self.levels.append(bar.low)  # which `recent` does not have
        self.found += max(recent) - min(self.levels[-3:]) + len(before)
        for one in self.places[2:-2]:
            if one % 3 == 1:
                continue
            self.found += one
        if before and self.ups[-4:].count(True) >= 3 and self.position is None:
            self.buy(stop_loss=min(recent) - 0.001)
        elif bar.index in self.places[:3] and not self.ups[-1:][0]:
            self.close()
        if len(recent) == 5:
            self.row[:] = recent[1:]
            self.found += np.mean(recent) + np.sum(self.levels[1:4]) + self.row[0] + recent[-1]
        self.cut(bar.index)

    def cut(self, index: int) -> None:
        """Take out what is old, and what is in the middle."""
        del self.levels[:-9]
        del self.ups[20:], self.places[len(self.places) - 8 : 2]
        if index % 4 == 3 and len(self.places) > 5:
            del self.places[0], self.places[-2]


def test_parts_of_lists_are_those_of_python() -> None:
    ran = compare(walk(300, chunks=3), Parts())
    assert ran.trades.height > 2
    assert isinstance(ran.strategy, Parts)
    assert len(ran.strategy.levels) == 9


class Joins(omega.Strategy):
    """Puts lists, their parts and tuples into lists."""

    def init(self) -> None:
        """Declare."""
        self.levels, self.others = [1.5], [2.5, 0.5]
        self.places: list[int] = []
        self.ups = [True]
        self.found = 0.0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        """Join, and replace what is in a list."""
        self.levels.append(bar.close)
        self.places += (bar.index, len(self.places))
        self.ups.extend([bar.close > bar.open, bar.index % 3 == 0])
        if bar.index % 5 == 1:
            self.others.extend(self.levels)
            self.levels.extend(self.levels)
            self.ups.extend(self.ups[-2:])
        if len(self.levels) > 20:
            self.levels[:] = self.levels[-3:]
            self.others[:] = self.levels
            self.places[:] = self.places
        if len(self.places) > 90:
            self.places[:] = (4, 5)
            self.ups[:] = self.ups[:3]
        for one in self.others:
            self.found += one
        if self.ups[-1] and self.position is None and self.found > 9.0:
            self.buy(stop_loss=min(self.others[:5]) - 0.001)


def test_lists_are_joined_and_replaced_as_in_python() -> None:
    candles = walk(300, chunks=3)
    ran = compare(candles, Joins()).strategy
    plain = omega.run_backtest(candles, Joins(), compiled=False).strategy
    assert isinstance(ran, Joins)
    assert isinstance(plain, Joins)
    assert ran.found > 100
    for name in ("levels", "others", "places", "ups"):
        assert repr(getattr(ran, name)) == repr(getattr(plain, name))


def test_an_item_that_is_not_there_cannot_be_taken_out() -> None:
    class Takes(omega.Strategy):
        def init(self) -> None:
            self.levels = [1.0]

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            del self.levels[bar.index - 3]

    with pytest.raises(IndexError, match="assignment index out of range"):
        omega.run_backtest(walk(20), Takes())

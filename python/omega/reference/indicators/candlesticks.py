"""Building blocks of candlestick patterns: sizes of candles, their averages, a look back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Values = Sequence[float]


class Setting(NamedTuple):
    """What is long, short or near: so many times the mean of a size over the bars before."""

    size: str
    bars: int
    factor: float


LONG = SHORT = Setting("body", 10, 1.0)
DOJI = SHADOW_NONE = Setting("range", 10, 0.1)
SHADOW_LONG = Setting("body", 0, 1.0)
SHADOW_VERY_LONG = Setting("body", 0, 2.0)
SHADOW_SHORT = Setting("shadows", 10, 1.0)
NEAR = Setting("range", 5, 0.2)
FAR = Setting("range", 5, 0.6)
EQUAL = Setting("range", 5, 0.05)

Average = tuple[Setting, int]
"""A setting, and how many bars ago the bar is that is compared with it."""


@dataclass(slots=True)
class View:
    """The bars up to one of them, seen from there: 0 is itself, 1 the one before."""

    rows: Sequence[tuple[float, ...]]
    at: int
    depth: float

    def open(self, ago: int) -> float:
        """Return where it opened."""
        return self.rows[self.at - ago][0]

    def high(self, ago: int) -> float:
        """Return its high."""
        return self.rows[self.at - ago][1]

    def low(self, ago: int) -> float:
        """Return its low."""
        return self.rows[self.at - ago][2]

    def close(self, ago: int) -> float:
        """Return where it closed."""
        return self.rows[self.at - ago][3]

    def white(self, ago: int) -> bool:
        """Return whether it closed no lower than it opened."""
        return self.close(ago) >= self.open(ago)

    def black(self, ago: int) -> bool:
        """Return whether it closed lower."""
        return not self.white(ago)

    def all_white(self, *ago: int) -> bool:
        """Return whether all of these did not close lower."""
        return all(map(self.white, ago))

    def all_black(self, *ago: int) -> bool:
        """Return whether all of these closed lower."""
        return all(map(self.black, ago))

    def turns(self, ago: int, before: int) -> bool:
        """Return whether two are of different colours."""
        return self.white(ago) != self.white(before)

    def hundred(self, ago: int) -> float:
        """Return 100 for a white bar and -100 for a black one."""
        return 100.0 if self.white(ago) else -100.0

    def body(self, ago: int) -> float:
        """Return the length of the body."""
        return abs(self.close(ago) - self.open(ago))

    def range(self, ago: int) -> float:
        """Return high less low."""
        return self.high(ago) - self.low(ago)

    def top(self, ago: int) -> float:
        """Return the upper end of the body."""
        return max(self.open(ago), self.close(ago))

    def bottom(self, ago: int) -> float:
        """Return the lower end of the body."""
        return min(self.open(ago), self.close(ago))

    def above(self, ago: int) -> float:
        """Return the upper shadow."""
        return self.high(ago) - self.top(ago)

    def below(self, ago: int) -> float:
        """Return the lower shadow."""
        return self.bottom(ago) - self.low(ago)

    def shadows(self, ago: int) -> float:
        """Return both shadows."""
        return self.above(ago) + self.below(ago)

    def gaps_up(self, ago: int, before: int) -> bool:
        """Return whether a body lies above another."""
        return self.bottom(ago) > self.top(before)

    def gaps_down(self, ago: int, before: int) -> bool:
        """Return whether a body lies below another."""
        return self.top(ago) < self.bottom(before)

    def leaps_up(self, ago: int, before: int) -> bool:
        """Return whether a whole bar lies above another."""
        return self.low(ago) > self.high(before)

    def leaps_down(self, ago: int, before: int) -> bool:
        """Return whether a whole bar lies below another."""
        return self.high(ago) < self.low(before)

    def rises(self, *ago: int) -> bool:
        """Return whether each of these has a higher high and low than the bar before it."""
        return all(self.high(k) > self.high(k + 1) and self.low(k) > self.low(k + 1) for k in ago)

    def falls(self, *ago: int) -> bool:
        """Return whether each of these has a lower high and low than the bar before it."""
        return all(self.high(k) < self.high(k + 1) and self.low(k) < self.low(k + 1) for k in ago)

    def inside(self, *ago: int) -> bool:
        """Return whether each of these lies within the bar before it."""
        return all(self.high(k) < self.high(k + 1) and self.low(k) > self.low(k + 1) for k in ago)

    def holds(self, ago: int, price: float) -> bool:
        """Return whether a price lies inside a body."""
        return self.bottom(ago) < price < self.top(ago)

    def descending(self, *closes: int) -> bool:
        """Return whether each of these closed lower than the one named before it."""
        values = [self.close(k) for k in closes]
        return all(later < earlier for earlier, later in itertools.pairwise(values))

    def opens_within(self, ago: int, near: float) -> bool:
        """Return whether it opens above the open before and not far above that close."""
        return self.open(ago + 1) < self.open(ago) <= self.close(ago + 1) + near

    def size_of(self, setting: Setting) -> float:
        """Return the size of the newest bar that a setting is about."""
        sizes = {"body": self.body, "range": self.range, "shadows": self.shadows}
        return sizes[setting.size](0)


def close_to(price: float, other: float, distance: float) -> bool:
    """Return whether two prices are no further apart than that.

    Example:
        >>> close_to(1.0, 1.5, 0.5)
        True
    """
    return other - distance <= price <= other + distance


@dataclass(slots=True)
class Averages:
    """Means of sizes over the bars before, updated from bar to bar in TA-Lib's order."""

    sizes: dict[Setting, list[float]]
    wanted: Sequence[Average]
    sums: list[float]

    @classmethod
    def of(cls, view: View, wanted: Sequence[Average], start: int) -> Averages:
        """Sum up the bars before the first that is checked."""
        settings = dict(wanted)
        rows = range(len(view.rows))
        sizes = {
            setting: [View(view.rows, at, 0.0).size_of(setting) for at in rows]
            for setting in settings
        }
        sums = [0.0] * len(wanted)
        for place, (setting, ago) in enumerate(wanted):
            for size in sizes[setting][start - ago - setting.bars : start - ago]:
                sums[place] += size
        return cls(sizes, wanted, sums)

    def next(self, at: int) -> list[float]:
        """Return the means for a bar, and move on."""
        means = []
        for place, (setting, ago) in enumerate(self.wanted):
            sizes = self.sizes[setting]
            if setting.bars == 0:
                means.append(setting.factor * sizes[at - ago])
                continue
            mean = setting.factor * (self.sums[place] / float(setting.bars))
            means.append(mean / 2.0 if setting.size == "shadows" else mean)
            self.sums[place] += sizes[at - ago] - sizes[at - ago - setting.bars]
        return means


def scan(
    bars: Sequence[Values],
    depth: float,
    start: int,
    wanted: Sequence[Average],
    value: Callable[..., float],
) -> list[float]:
    """Compute a pattern at each bar; NaN before it has its averages, and anew after a hole."""
    rows = list(zip(*bars, strict=True))
    result = [math.nan] * len(rows)
    holes = [at for at, row in enumerate(rows) if not all(map(math.isfinite, row))]
    first = 0
    for end in [*holes, len(rows)]:
        if end > first + start:
            view = View(rows[first:end], start, depth)
            averages = Averages.of(view, wanted, start)
            for at in range(start, end - first):
                view.at = at
                result[first + at] = value(view, *averages.next(at))
        first = end + 1
    return result

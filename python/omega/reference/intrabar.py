"""The order of events inside a bar (I1 to I3).

A bar and the exits of a position, both as the position faces them, give the outcome that the policy
takes, and the worst and the best that the bar allows.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from omega.reference.matching import Candle, Live, Ohlc


class Outcome(Enum):
    """What became of a position inside a bar."""

    STOP = "stop loss"
    TARGET = "take profit"
    OPEN = "still open"


class Exits(NamedTuple):
    """The protective exits of a position, facing."""

    stop: float | None
    target: float | None

    def stop_within(self, price: float) -> bool:
        """Whether a price is at or beyond the stop loss."""
        return self.stop is not None and price <= self.stop

    def target_within(self, price: float) -> bool:
        """Whether a price is at or beyond the take profit."""
        return self.target is not None and price >= self.target


class Resolution(NamedTuple):
    """The outcome chosen, and the range that the bar allowed."""

    chosen: Outcome
    worst: Outcome
    best: Outcome


def price_inside(level: float, sign: float, bar: Ohlc) -> float:
    """An exit's price inside a bar (facing): its worst where it never was at the level (F6.1).

    Example:
        >>> price_inside(101.0, 1.0, Ohlc(100.0, 100.5, 97.0, 99.0))
        97.0
    """
    level = level * sign
    return (level if bar.low <= level <= bar.high else bar.low) * sign


def low_comes_first(policy: str, bar: Candle) -> bool | None:
    """Which extreme the policy's path visits first, by the middle (I2); None without a path."""
    opened = bar.bid.open + bar.ask.open
    if policy == "ohlc_path":
        low, high = opened, bar.bid.close + bar.ask.close
    elif policy == "nearest":
        low, high = opened - (bar.bid.low + bar.ask.low), bar.bid.high + bar.ask.high - opened
    else:
        return None
    return None if low == high else low < high


def resolve(policy: str, low_first: bool | None, bar: Ohlc, exits: Exits, live: Live) -> Resolution:
    """Decide between stop, target and neither; `low_first` is facing, too.

    Example:
        >>> bar = Ohlc(100.0, 111.0, 94.0, 105.0)
        >>> resolve("pessimistic", None, bar, Exits(95.0, 110.0), Live.FROM_OPEN)[0].value
        'stop loss'
    """
    low_follows = live in (Live.FROM_OPEN, Live.FROM_LIMIT)
    high_follows = live in (Live.FROM_OPEN, Live.FROM_STOP)
    stop_possible = exits.stop_within(bar.low)
    stop_certain = exits.stop_within(bar.close) or (low_follows and stop_possible)
    target_possible = exits.target_within(bar.high)
    target_certain = exits.target_within(bar.close) or (high_follows and target_possible)
    worst = best = Outcome.OPEN  # I2.1
    if stop_possible:
        worst = Outcome.STOP
    elif target_certain:
        worst = Outcome.TARGET
    if target_possible:
        best = Outcome.TARGET
    elif stop_certain:
        best = Outcome.STOP
    chosen = worst  # I2.2
    if policy == "optimistic":
        chosen = best
    elif low_first is not None:
        chosen = _walk(bar, exits, live, low_first=low_first)
    return Resolution(chosen, worst, best)


def path(bar: Ohlc, *, low_first: bool) -> tuple[float, float, float, float]:
    """The corners of a path: three legs from the open to the close (I2)."""
    if low_first:
        return bar.open, bar.low, bar.high, bar.close
    return bar.open, bar.high, bar.low, bar.close


def leg_of(live: Live, *, low_first: bool) -> int:
    """The leg on which a position filled: the first falling, the first rising, or after both."""
    match live:
        case Live.FROM_OPEN:
            return 0
        case Live.FROM_LIMIT:
            return 0 if low_first else 1
        case Live.FROM_STOP:
            return 1 if low_first else 0
        case Live.FROM_PULLBACK:
            return 2 if low_first else 1


def _walk(bar: Ohlc, exits: Exits, live: Live, *, low_first: bool) -> Outcome:
    ends = path(bar, low_first=low_first)[1:]
    for end in ends[leg_of(live, low_first=low_first) :]:
        if exits.stop_within(end):
            return Outcome.STOP
        if exits.target_within(end):
            return Outcome.TARGET
    return Outcome.OPEN

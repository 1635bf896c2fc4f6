"""Lengths of windows: a number of bars, or a duration by the calendar."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

from omega.config.values import plain
from omega.errors import ConfigError

_WORDS = re.compile(r"(\d+)\s*(y|mo|w|d|h|min|m|s)", re.IGNORECASE)
_SECONDS = {"h": 3_600, "min": 60, "m": 60, "s": 1}
_DAY = 86_400
_LONGEST = 1_000 * 366 * _DAY
EXPECTED = 'a number of bars, or a duration such as "2y", "3mo", "6w", "10d", "12h", "30min"'


@dataclasses.dataclass(frozen=True)
class Span:
    """A length: months and days of the run's calendar, then seconds, then bars.

    Example:
        >>> Span(months=3) * 2 + Span(bars=5)
        Span(months=6, days=0, seconds=0, bars=5)
    """

    months: int = 0
    days: int = 0
    seconds: int = 0
    bars: int = 0

    def __add__(self, other: Span) -> Span:
        return Span(*(a + b for a, b in zip(self._parts, other._parts, strict=True)))

    def __mul__(self, times: int) -> Span:
        return Span(*(part * times for part in self._parts))

    @property
    def _parts(self) -> tuple[int, ...]:
        return self.months, self.days, self.seconds, self.bars

    @property
    def is_bars(self) -> bool:
        """Whether it is a number of bars alone."""
        return not (self.months or self.days or self.seconds)

    @property
    def is_empty(self) -> bool:
        """Whether it has no length."""
        return not any(self._parts)

    @property
    def rough(self) -> float:
        """Its length in seconds, months of 30.44 days, to compare two durations; bars left out."""
        return (self.months * 30.44 + self.days) * _DAY + self.seconds


def span_of(name: str, given: object, *, minimum: int = 1) -> Span:
    """Read a length.

    Args:
        name: What it is the length of, for the message.
        given: Bars, a duration as text, or a timedelta.
        minimum: The least number of bars.

    Raises:
        ConfigError: It is none, or too short.

    Example:
        >>> span_of("train", "1y6mo").months, span_of("test", 100).bars, span_of("gap", "2d").days
        (18, 100, 2)
    """
    taken = plain(given)
    if isinstance(taken, timedelta):
        found = Span(days=taken.days, seconds=taken.seconds)
    elif isinstance(taken, int) and not isinstance(taken, bool):
        found = Span(bars=taken)
    elif isinstance(taken, str):
        found = _written(name, taken)
    else:
        raise ConfigError(f"{name}: given {given!r}, expected {EXPECTED}")
    too_short = found.bars < minimum if found.is_bars else found.rough <= 0
    if found.rough > _LONGEST:
        raise ConfigError(f"{name}: given {given!r}, expected at most 1,000 years")
    if too_short:
        raise ConfigError(f"{name}: given {given!r}, expected at least {minimum} bars")
    return found


def _written(name: str, text: str) -> Span:
    found = _WORDS.findall(text)
    if not found or _WORDS.sub("", text).strip():
        raise ConfigError(f"{name}: given {text!r}, expected {EXPECTED}")
    total = Span()
    for number, word in found:
        count, unit = int(number), word.lower()
        if unit in ("y", "mo"):
            total += Span(months=count * (12 if unit == "y" else 1))
        elif unit in ("w", "d"):
            total += Span(days=count * (7 if unit == "w" else 1))
        else:
            total += Span(seconds=count * _SECONDS[unit])
    return total

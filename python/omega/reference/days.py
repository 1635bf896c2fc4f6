"""The calendar day of an instant (T4)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from omega.config.times import PER_SECOND
from omega.contract import LocalDays


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a run, numbered by their date: that of 1970-01-01 is 0.

    Attributes:
        length: How long each is, in UTC.
        first: The number of the first day of a calendar.
        starts: Where the days of a calendar begin; None for those of UTC.

    Example:
        >>> Days(86_400).of(-1), Days(86_400).end(0)
        (-1, 86400)
        >>> Days(86_400, 7, [0, 82_800, 169_200]).of(82_800)
        8
    """

    length: int
    first: int = 0
    starts: Sequence[int] | None = None

    @classmethod
    def in_unit(cls, unit: str, local: LocalDays | None = None) -> Days:
        """Return the days of times in a unit: of UTC, or of a calendar."""
        first, starts = local or (0, None)
        return cls(86_400 * PER_SECOND[unit], first, starts)

    def of(self, time: int) -> int:
        """Return the number of the day of a time."""
        if self.starts is None:
            return time // self.length
        return self.first + bisect_right(self.starts, time) - 1

    def end(self, time: int) -> int:
        """Return when the day of a time ends."""
        if self.starts is None:
            return (time // self.length + 1) * self.length
        begun = bisect_right(self.starts, time)
        return self.starts[begun] if begun < len(self.starts) else 2**63 - 1

"""Limits of a run: open positions, sessions, cool-downs."""

from __future__ import annotations

from omega.config.intervals import Intervals, Moment, intervals, windows
from omega.config.values import CENTURY, MOST, check, number, optional, settings, whole


def _sessions(given: object) -> object:
    return given if isinstance(given, str) and given == "calendar" else windows(given)


@settings
class Limits:
    """How many positions may be open, and when new orders are accepted (rule F12).

    Limits refuse new orders. Orders that wait already, stops and targets fill at any time.

    Attributes:
        max_positions: Largest number of open positions.
        max_positions_per_symbol: Largest number of open positions in one symbol.
        cooldown_bars: Bars after an entry in which no new order is accepted.
        cooldown_minutes: Minutes after an entry in which no new order is accepted.
        cooldown_after_exit_minutes: Minutes after an exit in which no new order is accepted.
        sessions: Windows of the day in which new orders are accepted, as ("08:00", "17:00") pairs
            or a table with columns `start` and `end`, in the zone of the calendar; a window that
            ends before it starts runs over midnight. "calendar" takes the calendar's sessions, with
            its holidays and half days. None is always.
        blackouts: Intervals in which no new order is accepted, as (start, end) pairs of moments or
            a table with columns `start` and `end`, or `from` and `to`: any frame that exports
            Arrow.
        stale_after: Days on which other symbols had a bar, after which a symbol without one is
            given up: its positions are closed at its last close, its orders are cancelled and new
            ones refused until it has a bar again (rule F15). None is never.

    Example:
        >>> Limits(max_positions=1, sessions=[("08:00", "17:00")])
        Limits(max_positions=1, sessions=(('08:00', '17:00'),))
    """

    max_positions: int | None = None
    max_positions_per_symbol: int | None = None
    cooldown_bars: int = 0
    cooldown_minutes: float = 0.0
    cooldown_after_exit_minutes: float = 0.0
    sessions: Intervals[str] | str | None = None
    blackouts: Intervals[Moment] | None = None
    stale_after: int | None = 10

    def __post_init__(self) -> None:
        """Check every field."""
        counts = ("max_positions", "max_positions_per_symbol", "stale_after")
        check(self, optional(whole(minimum=1, maximum=MOST)), *counts)
        check(self, whole(minimum=0, maximum=MOST), "cooldown_bars")
        minutes = number(minimum=0, maximum=CENTURY)
        check(self, minutes, "cooldown_minutes", "cooldown_after_exit_minutes")
        check(self, optional(_sessions), "sessions")
        check(self, optional(intervals), "blackouts")

"""Position managers: what they do at the end of a bar works from the next one (I4.1 to I4.5).

They move the stop of a position, or queue the close of a fraction of it.
"""

from __future__ import annotations

from typing import Any

from omega.config.distances import Distance
from omega.reference.rows import Moment, Position, away

Request = tuple[float, str] | None


def apply(manager: tuple[Any, ...], place: int, position: Position, now: Moment) -> Request:
    """Apply one manager of the run, the `place`-th, to a position."""
    name, first, second, duration, bars = manager
    index, time, price = position.first_entry
    gone = position.best_price * position.sign - price * position.sign
    if name in ("trailing_stop", "trailing_percent"):  # I4.1
        if second is None or gone >= second:
            trail(position, first if name == "trailing_stop" else Distance.percent(first))
    elif name == "break_even":  # I4.2
        if gone >= first:
            level = price * position.sign + second
            _raise_stop(position, level, "break_even")
    elif name == "time_exit":  # I4.3
        held, lasted = now.index - index, now.time - time
        over = (bars is not None and held >= bars) or (duration is not None and lasted >= duration)
        if over and not position.closing:
            position.closing = True
            return 1.0, "time"
    elif gone >= first and place not in position.parts_closed:  # partial close, I4.4
        position.parts_closed.add(place)
        return second, "signal"
    return None


def trail(position: Position, distance: float | Distance) -> None:
    """Keep the stop so far behind the most favourable price (I4.1)."""
    best = position.best_price * position.sign
    _raise_stop(position, best - away(distance, best), "trailing_stop")


def _raise_stop(position: Position, level: float, reason: str) -> None:
    """Move the stop to a level, facing, where that is above it or there is none."""
    stop = position.stop_loss
    if stop is None or level > stop * position.sign:
        position.stop_loss, position.stop_reason = level * position.sign, reason

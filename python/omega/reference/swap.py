"""Swap: price units a night, and the nights between two days (M4.3)."""

from __future__ import annotations

from omega.contract import CostFields


def per_night(costs: CostFields, sign: float, mark: float) -> float:
    """Price units a night for a direction, at the price of the last mark (M4.3).

    Example:
        >>> own = {"swap_long": -1.0, "swap_long_percent": -7.3}
        >>> per_night(own, 1.0, 50.0)
        -1.01
    """
    if sign > 0.0:
        points, percent = costs["swap_long"], costs["swap_long_percent"]
    else:
        points, percent = costs["swap_short"], costs["swap_short_percent"]
    return points + abs(mark) * percent / 100.0 / 365.0


def nights(last: int, now: int, triple_day: int | None) -> int:
    """How often swap is booked between two UTC days, counted from 1970-01-01 (M4.3).

    Example:
        >>> nights(0, 1, 3)  # 1970-01-01 was a Thursday: 3
        3
        >>> nights(1, 4, 3)  # Friday, Saturday, Sunday
        1
        >>> nights(1, 4, None)
        3
    """
    if triple_day is None:
        return now - last
    weeks, rest = divmod(now - last, 7)
    weights = [1] * 5 + [0] * 2
    weights[triple_day] = 3
    return weeks * sum(weights) + sum(weights[(last + day + 3) % 7] for day in range(rest))

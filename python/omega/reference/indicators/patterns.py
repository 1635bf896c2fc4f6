"""Candlestick patterns: TA-Lib's 61, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from omega.reference.indicators import pattern_rules as rules
from omega.reference.indicators.candlesticks import (
    DOJI,
    EQUAL,
    FAR,
    LONG,
    NEAR,
    SHADOW_LONG,
    SHADOW_NONE,
    SHADOW_SHORT,
    SHADOW_VERY_LONG,
    SHORT,
    Average,
    Values,
    View,
    close_to,
    scan,
)
from omega.reference.indicators.registry import Columns, Entry, Outputs, optional, whole


class Pattern(NamedTuple):
    """Bars that it looks back, its averages, its value at a bar, and its usual depth."""

    back: int
    averages: Sequence[Average]
    value: Callable[..., float]
    depth: float = 0.0


_NONE_0, _NONE_1, _NONE_2 = ((SHADOW_NONE, ago) for ago in range(3))
_LONG_0, _LONG_1, _LONG_2 = ((LONG, ago) for ago in range(3))
_SHORT_0, _SHORT_1, _DOJI_0, _DOJI_1 = (SHORT, 0), (SHORT, 1), (DOJI, 0), (DOJI, 1)
_SHADOW, _FAR_SHADOW = (SHADOW_LONG, 0), (SHADOW_VERY_LONG, 0)
_NEAR_1, _NEAR_2, _FAR_1, _FAR_2 = (NEAR, 1), (NEAR, 2), (FAR, 1), (FAR, 2)
_EQUAL_1, _EQUAL_2 = (EQUAL, 1), (EQUAL, 2)
_STAR = (_LONG_2, _SHORT_1, _SHORT_0)
_DOJI_STAR = (_LONG_2, _DOJI_1, _SHORT_0)
_MARKED = (_SHORT_0, _SHADOW, _NONE_0)
_KICK = (_NONE_1, _NONE_0, _LONG_1, _LONG_0)
_SOLDIERS = (_NONE_2, _NONE_1, _NONE_0, _NEAR_2, _NEAR_1, _FAR_2, _FAR_1, _SHORT_0)
_BLOCK = (*((SHADOW_SHORT, k) for k in (2, 1, 0)), _SHADOW, *_SOLDIERS[3:7], _LONG_2)

TABLE: Sequence[Pattern] = (
    Pattern(2, [_LONG_2], rules.two_crows),
    Pattern(3, [_NONE_2, _NONE_1, _NONE_0], rules.black_crows),
    Pattern(2, [_LONG_2, _SHORT_1], rules.three_inside),
    Pattern(3, [(NEAR, 3), _NEAR_2], rules.three_line_strike),
    Pattern(3, [], rules.three_outside),
    Pattern(2, [_LONG_2, (SHADOW_LONG, 2), _NONE_1, _NONE_0, _SHORT_0], rules.three_stars),
    Pattern(2, _SOLDIERS, rules.three_soldiers),
    Pattern(2, _DOJI_STAR, rules.abandoned_baby, 0.3),
    Pattern(2, _BLOCK, rules.advance_block),
    Pattern(0, [_LONG_0, _NONE_0], rules.belt_hold),
    Pattern(4, [(LONG, 4)], rules.breakaway),
    Pattern(0, [_LONG_0, _NONE_0], rules.closing_marubozu),
    Pattern(3, [(SHADOW_NONE, 3), _NONE_2, _NONE_1], rules.baby_swallow),
    Pattern(1, [_EQUAL_1, _LONG_1, _LONG_0], rules.counterattack),
    Pattern(1, [_LONG_1], rules.dark_cloud, 0.5),
    Pattern(0, [_DOJI_0], lambda v, doji: rules.up_if(v.body(0) <= doji)),
    Pattern(1, [_LONG_1, _DOJI_0], rules.doji_star),
    Pattern(
        0,
        [_DOJI_0, _NONE_0],
        lambda v, doji, none: rules.up_if(v.body(0) <= doji and v.above(0) < none < v.below(0)),
    ),
    Pattern(2, [], rules.engulfing),
    Pattern(2, _DOJI_STAR, rules.evening, 0.3),
    Pattern(2, _STAR, rules.evening, 0.3),
    Pattern(2, [_NEAR_1, _EQUAL_1], rules.side_by_side),
    Pattern(
        0,
        [_DOJI_0, _NONE_0],
        lambda v, doji, none: rules.up_if(v.body(0) <= doji and v.below(0) < none < v.above(0)),
    ),
    Pattern(
        1,
        [*_MARKED, _NEAR_1],
        lambda v, *means: rules.up_if(
            rules.hangs(v, *means[:3]) and v.bottom(0) <= v.low(1) + means[3]
        ),
    ),
    Pattern(
        1,
        [*_MARKED, _NEAR_1],
        lambda v, *means: rules.down_if(
            rules.hangs(v, *means[:3]) and v.bottom(0) >= v.high(1) - means[3]
        ),
    ),
    Pattern(1, [_LONG_1, _SHORT_0], rules.harami),
    Pattern(1, [_LONG_1, _DOJI_0], rules.harami),
    Pattern(
        0,
        [_SHORT_0, _FAR_SHADOW],
        lambda v, short, long: (
            v.hundred(0) if v.body(0) < short and min(v.above(0), v.below(0)) > long else 0.0
        ),
    ),
    Pattern(
        1,
        [_LONG_1, _SHORT_0],
        lambda v, long, short: rules.up_if(
            v.all_black(1, 0)
            and v.body(1) > long
            and v.body(0) <= short
            and v.open(0) < v.open(1)
            and v.close(0) > v.close(1)
        ),
    ),
    Pattern(2, [_NONE_2, _NONE_1, _NONE_0, _EQUAL_2, _EQUAL_1], rules.three_crows),
    Pattern(
        1,
        [_EQUAL_1, _LONG_1],
        lambda v, equal, long: rules.down_if(
            rules.falls_into(v, long) and v.close(1) <= v.close(0) <= v.close(1) + equal
        ),
    ),
    Pattern(
        1,
        _MARKED,
        lambda v, short, long, none: rules.up_if(
            v.body(0) < short and v.above(0) > long and v.below(0) < none and v.gaps_down(0, 1)
        ),
    ),
    Pattern(1, _KICK, lambda v, *means: v.hundred(0) if rules.kicks(v, *means) else 0.0),
    Pattern(
        1,
        _KICK,
        lambda v, *means: (
            v.hundred(0 if v.body(0) > v.body(1) else 1) if rules.kicks(v, *means) else 0.0
        ),
    ),
    Pattern(4, [_NONE_1], rules.ladder),
    Pattern(
        0,
        [_DOJI_0, _SHADOW],
        lambda v, doji, long: rules.up_if(v.body(0) <= doji and max(v.below(0), v.above(0)) > long),
    ),
    Pattern(
        0,
        [_LONG_0, (SHADOW_SHORT, 0)],
        lambda v, long, short: (
            v.hundred(0) if v.body(0) > long and max(v.above(0), v.below(0)) < short else 0.0
        ),
    ),
    Pattern(
        0,
        [_LONG_0, _NONE_0],
        lambda v, long, none: (
            v.hundred(0) if v.body(0) > long and max(v.above(0), v.below(0)) < none else 0.0
        ),
    ),
    Pattern(
        1,
        [_EQUAL_1],
        lambda v, equal: rules.up_if(v.all_black(1, 0) and close_to(v.close(0), v.close(1), equal)),
    ),
    Pattern(4, [(SHORT, 3), (SHORT, 2), _SHORT_1, (LONG, 4)], rules.mat_hold, 0.5),
    Pattern(2, _DOJI_STAR, rules.morning, 0.3),
    Pattern(2, _STAR, rules.morning, 0.3),
    Pattern(
        1,
        [_EQUAL_1, _LONG_1],
        lambda v, equal, long: rules.down_if(
            rules.falls_into(v, long) and close_to(v.close(0), v.low(1), equal)
        ),
    ),
    Pattern(
        1,
        [_LONG_1, _LONG_0],
        lambda v, long_1, long_0: rules.up_if(
            rules.falls_into(v, long_1)
            and v.body(0) > long_0
            and v.close(1) + v.body(1) * 0.5 < v.close(0) < v.open(1)
        ),
    ),
    Pattern(0, [_DOJI_0, _SHADOW, (NEAR, 0)], rules.rickshaw),
    Pattern(4, [(SHORT, 3), (SHORT, 2), _SHORT_1, (LONG, 4), _LONG_0], rules.three_methods),
    Pattern(1, [_NONE_0, _LONG_0, _EQUAL_1], rules.separating),
    Pattern(
        1,
        _MARKED,
        lambda v, short, long, none: rules.down_if(
            v.body(0) < short and v.above(0) > long and v.below(0) < none and v.gaps_up(0, 1)
        ),
    ),
    Pattern(
        0,
        [_SHORT_0, (SHADOW_SHORT, 0)],
        lambda v, short, shadow: (
            v.hundred(0) if v.body(0) < short and max(v.above(0), v.below(0)) < shadow else 0.0
        ),
    ),
    Pattern(
        0,
        [_SHORT_0],
        lambda v, short: (
            v.hundred(0) if v.body(0) < short and min(v.above(0), v.below(0)) > v.body(0) else 0.0
        ),
    ),
    Pattern(2, [_LONG_2, _LONG_1, _SHORT_0, _NONE_1, _NEAR_2, _NEAR_1], rules.stalled),
    Pattern(
        2,
        [_EQUAL_2],
        lambda v, equal: rules.up_if(
            v.all_black(2, 0)
            and v.white(1)
            and v.low(1) > v.close(2)
            and close_to(v.close(0), v.close(2), equal)
        ),
    ),
    Pattern(
        0,
        [_DOJI_0, _NONE_0, _FAR_SHADOW],
        lambda v, doji, none, long: rules.up_if(
            v.body(0) <= doji and v.above(0) < none and v.below(0) > long
        ),
    ),
    Pattern(2, [_NEAR_1], rules.tasuki),
    Pattern(
        1,
        [_EQUAL_1, _LONG_1],
        lambda v, equal, long: rules.down_if(
            rules.falls_into(v, long)
            and v.close(1) + equal < v.close(0) <= v.close(1) + v.body(1) * 0.5
        ),
    ),
    Pattern(2, [(DOJI, 2)], rules.tristar),
    Pattern(2, [_LONG_2, _SHORT_0], rules.river),
    Pattern(2, [_LONG_2, _SHORT_1], rules.gap_crows),
    Pattern(2, [], rules.gap_methods),
)
"""The patterns by the places of their words; the two that a later bar confirms come after."""


def pattern(bars: Sequence[Values], place: int, depth: float | None = None) -> list[float]:
    """The value of a pattern at each bar of open, high, low and close; 0 where it is not.

    Example:
        >>> bars = [1.0, 2.0, 2.5, 0.5], [3.0] * 4, [0.5] * 4, [1.5, 2.5, 1.0, 3.0]
        >>> pattern(bars, 18)
        [nan, nan, -80.0, 100.0]
    """
    if place >= len(TABLE):
        return _confirmed(bars, is_modified=place > len(TABLE))
    row = TABLE[place]
    depth = row.depth if depth is None else depth
    return scan(bars, depth, _start(row), row.averages, row.value)


def _start(row: Pattern) -> int:
    return row.back + max((setting.bars for setting, _ in row.averages), default=0)


def _confirmed(bars: Sequence[Values], *, is_modified: bool) -> list[float]:
    """A break out of an inside bar, and again where one of the next three bars turns it back."""
    start = 2 + (NEAR.bars if is_modified else 0)
    shown = start + 3
    since, value = 0, 0.0

    def found(v: View, near: float = 0.0) -> float:
        nonlocal since, value
        if v.at == start:
            since, value = 0, 0.0
        is_new = v.falls(0) or v.rises(0)
        is_new = is_new and (v.inside(2, 1) if is_modified else v.inside(1))
        if is_new and is_modified:
            falls = v.high(0) < v.high(1)
            is_new = v.close(2) <= v.low(2) + near if falls else v.close(2) >= v.high(2) - near
        if is_new:
            since, value = v.at, 100.0 if v.high(0) < v.high(1) else -100.0
            return value if v.at >= shown else math.nan
        before, result = v.at - since + 1, 0.0
        if value and v.at <= since + 3:
            turned = v.close(0) > v.high(before) if value > 0.0 else v.close(0) < v.low(before)
            result, value = (2.0 * value, 0.0) if turned else (0.0, value)
        return result if v.at >= shown else math.nan

    return scan(bars, 0.0, start, [(NEAR, 2)] if is_modified else [], found)


def _lookback(place: int) -> int:
    if place < len(TABLE):
        return _start(TABLE[place])
    return 5 + (NEAR.bars if place > len(TABLE) else 0)


def _pattern(p: Sequence[float], columns: Columns) -> Outputs:
    return [pattern(columns.values, whole(p), optional(p, 1))]


ENTRIES = {
    "pattern": Entry(("open", "high", "low", "close"), lambda p: _lookback(whole(p)) + 1, _pattern)
}
"""What this family is known by."""

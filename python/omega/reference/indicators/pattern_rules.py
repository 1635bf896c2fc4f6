"""Conditions of the candlestick patterns that have several.

Each gets a view of the bars and its averages in the table's order, and gives the pattern's value.
"""

from __future__ import annotations

from omega.reference.indicators.candlesticks import View, close_to


def up_if(holds: bool) -> float:
    """Return 100 where a pattern holds, else 0."""
    return 100.0 if holds else 0.0


def down_if(holds: bool) -> float:
    """Return -100 where a pattern holds, else 0."""
    return -100.0 if holds else 0.0


def three_inside(v: View, long: float, short: float) -> float:
    """A long body, one within it, and a close beyond its open."""
    inside = v.body(2) > long and v.body(1) <= short
    inside = inside and v.top(1) < v.top(2) and v.bottom(1) > v.bottom(2)
    beyond = v.close(0) < v.open(2) if v.white(2) else v.close(0) > v.open(2)
    return -v.hundred(2) if inside and beyond and v.turns(0, 2) else 0.0


def three_line_strike(v: View, near_3: float, near_2: float) -> float:
    """Three bars one way, and one that takes all of them back."""
    if v.turns(3, 2) or v.turns(2, 1) or not v.turns(1, 0):
        return 0.0
    for ago, near in ((3, near_3), (2, near_2)):
        if not v.bottom(ago) - near <= v.open(ago - 1) <= v.top(ago) + near:
            return 0.0
    if v.white(1):
        strikes = v.descending(1, 2, 3) and v.open(0) > v.close(1) and v.close(0) < v.open(3)
    else:
        strikes = v.descending(3, 2, 1) and v.open(0) < v.close(1) and v.close(0) > v.open(3)
    return v.hundred(1) if strikes else 0.0


def three_outside(v: View) -> float:
    """A body around the one before, and a close that goes on."""
    holds = v.turns(1, 2) and v.top(1) > v.top(2) and v.bottom(1) < v.bottom(2)
    further = v.close(0) > v.close(1) if v.white(1) else v.close(0) < v.close(1)
    return v.hundred(1) if holds and further else 0.0


def three_stars(v: View, *means: float) -> float:
    """Three black bars that grow smaller and hold their lows."""
    long, shadow, b, c, short = means
    first = v.all_black(2, 1, 0) and v.body(2) > long and v.below(2) > shadow
    second = v.body(1) < v.body(2) and v.close(2) < v.open(1) <= v.high(2)
    second = second and v.low(2) <= v.low(1) < v.close(2) and v.below(1) > b
    third = v.body(0) < short and v.below(0) < c and v.above(0) < c and v.inside(0)
    return up_if(first and second and third)


def three_soldiers(v: View, *means: float) -> float:
    """Three white bars with hardly a shadow above, each opening within the last."""
    shadows, (near_2, near_1, far_2, far_1, short) = means[:3], means[3:]
    marches = v.all_white(2, 1, 0) and v.descending(0, 1, 2) and v.body(0) > short
    marches = marches and all(v.above(2 - k) < shadows[k] for k in range(3))
    marches = marches and v.opens_within(1, near_2) and v.opens_within(0, near_1)
    return up_if(marches and v.body(1) > v.body(2) - far_2 and v.body(0) > v.body(1) - far_1)


def abandoned_baby(v: View, long: float, doji: float, short: float) -> float:
    """A doji that leaps away from a long bar, and a bar that leaps back."""
    if not (v.body(2) > long and v.body(1) <= doji and v.body(0) > short and v.turns(0, 2)):
        return 0.0
    reach = v.body(2) * v.depth
    if v.white(2):
        return down_if(v.close(0) < v.close(2) - reach and v.leaps_up(1, 2) and v.leaps_down(0, 1))
    return up_if(v.close(0) > v.close(2) + reach and v.leaps_down(1, 2) and v.leaps_up(0, 1))


def advance_block(v: View, *means: float) -> float:
    """Three white bars that lose strength."""
    a, b, c, shadow, near_2, near_1, far_2, far_1, long = means
    marches = v.all_white(2, 1, 0) and v.descending(0, 1, 2)
    marches = marches and v.opens_within(1, near_2) and v.opens_within(0, near_1)
    marches = marches and v.body(2) > long and v.above(2) < a
    first, second, third = v.body(2), v.body(1), v.body(0)
    weaker = (
        (second < first - far_2 and third < second + near_1)
        or third < second - far_1
        or (third < second < first and (v.above(0) > c or v.above(1) > b))
        or (third < second and v.above(0) > shadow)
    )
    return down_if(marches and weaker)


def belt_hold(v: View, long: float, none: float) -> float:
    """A long body that begins at an end of its bar."""
    begins = v.below(0) if v.white(0) else v.above(0)
    return v.hundred(0) if v.body(0) > long and begins < none else 0.0


def breakaway(v: View, long: float) -> float:
    """A gap, two more bars that way, and one that closes inside the gap."""
    if not v.body(4) > long or v.turns(4, 3) or v.turns(3, 1) or not v.turns(1, 0):
        return 0.0
    if v.black(4):
        holds = v.gaps_down(3, 4) and v.falls(2, 1) and v.open(3) < v.close(0) < v.close(4)
    else:
        holds = v.gaps_up(3, 4) and v.rises(2, 1) and v.close(4) < v.close(0) < v.open(3)
    return v.hundred(0) if holds else 0.0


def closing_marubozu(v: View, long: float, none: float) -> float:
    """A long body that ends at an end of its bar."""
    ends = v.above(0) if v.white(0) else v.below(0)
    return v.hundred(0) if v.body(0) > long and ends < none else 0.0


def baby_swallow(v: View, a: float, b: float, c: float) -> float:
    """Two black bars without shadows, one with, and one around that."""
    falls = v.all_black(3, 2, 1, 0) and max(v.below(3), v.above(3)) < a
    falls = falls and max(v.below(2), v.above(2)) < b and v.gaps_down(1, 2) and v.above(1) > c
    swallowed = v.high(1) > v.close(2) and v.high(0) > v.high(1) and v.low(0) < v.low(1)
    return up_if(falls and swallowed)


def counterattack(v: View, equal: float, long_1: float, long_0: float) -> float:
    """Two long bodies of two colours with one close."""
    holds = v.turns(1, 0) and v.body(1) > long_1 and v.body(0) > long_0
    return v.hundred(0) if holds and close_to(v.close(0), v.close(1), equal) else 0.0


def dark_cloud(v: View, long: float) -> float:
    """An open above a long white bar, and a close deep inside it."""
    falls = v.white(1) and v.body(1) > long and v.black(0) and v.open(0) > v.high(1)
    return down_if(falls and v.open(1) < v.close(0) < v.close(1) - v.body(1) * v.depth)


def doji_star(v: View, long: float, doji: float) -> float:
    """A doji beyond a long body."""
    gaps = v.gaps_up(0, 1) if v.white(1) else v.gaps_down(0, 1)
    return -v.hundred(1) if v.body(1) > long and v.body(0) <= doji and gaps else 0.0


def engulfing(v: View) -> float:
    """A body around one of the other colour; 80 where they share an end."""
    outside = v.top(0) >= v.top(1) and v.bottom(0) <= v.bottom(1)
    outside = outside and (v.top(0) > v.top(1) or v.bottom(0) < v.bottom(1))
    apart = v.open(0) != v.close(1) and v.close(0) != v.open(1)
    return v.hundred(0) * (1.0 if apart else 0.8) if v.turns(0, 1) and outside else 0.0


def evening(v: View, long: float, small: float, short: float) -> float:
    """A long white body, a small one above it, and a close deep inside the first."""
    falls = v.body(2) > long and v.white(2) and v.body(1) <= small and v.gaps_up(1, 2)
    falls = falls and v.body(0) > short and v.black(0)
    return down_if(falls and v.close(0) < v.close(2) - v.body(2) * v.depth)


def morning(v: View, long: float, small: float, short: float) -> float:
    """A long black body, a small one below it, and a close deep inside the first."""
    rises = v.body(2) > long and v.black(2) and v.body(1) <= small and v.gaps_down(1, 2)
    rises = rises and v.body(0) > short and v.white(0)
    return up_if(rises and v.close(0) > v.close(2) + v.body(2) * v.depth)


def side_by_side(v: View, near: float, equal: float) -> float:
    """Two white bodies alike beyond a gap."""
    up, down = (gaps(1, 2) and gaps(0, 2) for gaps in (v.gaps_up, v.gaps_down))
    alike = close_to(v.body(0), v.body(1), near) and close_to(v.open(0), v.open(1), equal)
    holds = (up or down) and v.all_white(1, 0) and alike
    return (100.0 if up else -100.0) if holds else 0.0


def hangs(v: View, short: float, long: float, none: float) -> bool:
    """Return whether a small body hangs above a long shadow."""
    return v.body(0) < short and v.below(0) > long and v.above(0) < none


def harami(v: View, long: float, small: float) -> float:
    """A small body within a long one; 80 where they share an end."""
    if not (v.body(1) > long and v.body(0) <= small):
        return 0.0
    if v.top(0) < v.top(1) and v.bottom(0) > v.bottom(1):
        return -v.hundred(1)
    within = v.top(0) <= v.top(1) and v.bottom(0) >= v.bottom(1)
    return -0.8 * v.hundred(1) if within else 0.0


def three_crows(v: View, *means: float) -> float:
    """Three black bars, each opening at the last close."""
    shadows, (equal_2, equal_1) = means[:3], means[3:]
    falls = v.all_black(2, 1, 0) and v.descending(2, 1, 0)
    falls = falls and all(v.below(2 - k) < shadows[k] for k in range(3))
    falls = falls and close_to(v.open(1), v.close(2), equal_2)
    return down_if(falls and close_to(v.open(0), v.close(1), equal_1))


def black_crows(v: View, *shadows: float) -> float:
    """Three black bars that close at their lows, each opening within the last."""
    falls = v.white(3) and v.all_black(2, 1, 0) and v.descending(2, 1, 0)
    falls = falls and all(v.below(2 - k) < shadows[k] for k in range(3))
    return down_if(
        falls and v.holds(2, v.open(1)) and v.holds(1, v.open(0)) and v.high(3) > v.close(2)
    )


def kicks(v: View, none_1: float, none_0: float, long_1: float, long_0: float) -> bool:
    """Return whether two long bars without shadows leap apart."""
    leaps = v.leaps_up(0, 1) if v.black(1) else v.leaps_down(0, 1)
    bare = max(v.above(1), v.below(1)) < none_1 and max(v.above(0), v.below(0)) < none_0
    return v.turns(1, 0) and leaps and bare and v.body(1) > long_1 and v.body(0) > long_0


def mat_hold(v: View, short_3: float, short_2: float, short_1: float, long: float) -> float:
    """A long white bar, three small ones that hold, and a close above all."""
    rests = v.body(4) > long and v.body(3) < short_3 and v.body(2) < short_2
    rests = rests and v.body(1) < short_1 and v.all_white(4, 0) and v.black(3) and v.gaps_up(3, 4)
    deepest = v.close(4) - v.body(4) * v.depth
    rests = rests and all(deepest < v.bottom(ago) < v.close(4) for ago in (2, 1))
    rests = rests and v.top(2) < v.open(3) and v.top(1) < v.top(2)
    return up_if(rests and v.open(0) > v.close(1) and v.close(0) > max(map(v.high, (3, 2, 1))))


def falls_into(v: View, long: float) -> bool:
    """Return whether a white bar opens below a long black one."""
    return v.black(1) and v.body(1) > long and v.white(0) and v.open(0) < v.low(1)


def rickshaw(v: View, doji: float, long: float, near: float) -> float:
    """A doji in the middle of its long shadows."""
    middle = v.low(0) + v.range(0) / 2.0
    balanced = v.bottom(0) <= middle + near and v.top(0) >= middle - near
    return up_if(v.body(0) <= doji and min(v.below(0), v.above(0)) > long and balanced)


def three_methods(v: View, *means: float) -> float:
    """A long bar, three small ones against it, and a long one that goes on."""
    short_3, short_2, short_1, long_4, long_0 = means
    if not v.turns(4, 3) or v.turns(3, 2) or v.turns(2, 1) or not v.turns(1, 0):
        return 0.0
    holds = v.body(4) > long_4 and v.body(0) > long_0 and v.body(3) < short_3
    holds = holds and v.body(2) < short_2 and v.body(1) < short_1
    holds = holds and all(v.bottom(k) < v.high(4) and v.top(k) > v.low(4) for k in (3, 2, 1))
    if v.white(4):
        goes_on = v.descending(3, 2, 1) and v.open(0) > v.close(1) and v.close(0) > v.close(4)
    else:
        goes_on = v.descending(1, 2, 3) and v.open(0) < v.close(1) and v.close(0) < v.close(4)
    return v.hundred(4) if holds and goes_on else 0.0


def separating(v: View, none: float, long: float, equal: float) -> float:
    """Two colours with one open, the second a belt hold."""
    holds = v.turns(1, 0) and close_to(v.open(0), v.open(1), equal)
    return belt_hold(v, long, none) if holds else 0.0


def stalled(v: View, *means: float) -> float:
    """Two long white bars, and a small one at their end."""
    long_2, long_1, short, none, near_2, near_1 = means
    rises = v.all_white(2, 1, 0) and v.descending(0, 1, 2) and v.body(2) > long_2
    rises = rises and v.body(1) > long_1 and v.above(1) < none and v.opens_within(1, near_2)
    return down_if(rises and v.body(0) < short and v.open(0) >= v.close(1) - v.body(0) - near_1)


def tasuki(v: View, near: float) -> float:
    """A gap, and a bar against it that does not close it."""
    holds = v.turns(1, 0) and v.holds(1, v.open(0)) and abs(v.body(1) - v.body(0)) < near
    if v.white(1):
        gap = v.gaps_up(1, 2) and v.top(2) < v.close(0) < v.open(1)
    else:
        gap = v.gaps_down(1, 2) and v.open(1) < v.close(0) < v.bottom(2)
    return v.hundred(1) if holds and gap else 0.0


def tristar(v: View, doji: float) -> float:
    """Three dojis, the middle one beyond the others."""
    if not all(v.body(ago) <= doji for ago in range(3)):
        return 0.0
    if v.gaps_up(1, 2) and v.top(0) < v.top(1):
        return -100.0
    return up_if(v.gaps_down(1, 2) and v.bottom(0) > v.bottom(1))


def river(v: View, long: float, short: float) -> float:
    """A long black bar, one inside it with a new low, and a small white one."""
    falls = v.body(2) > long and v.all_black(2, 1) and v.close(1) > v.close(2)
    falls = falls and v.open(1) <= v.open(2) and v.low(1) < v.low(2)
    return up_if(falls and v.body(0) < short and v.white(0) and v.open(0) > v.low(1))


def gap_crows(v: View, long: float, short: float) -> float:
    """Two black bars above a long white one, the second around the first."""
    gap = v.white(2) and v.body(2) > long and v.all_black(1, 0) and v.body(1) <= short
    gap = gap and v.gaps_up(1, 2) and v.open(0) > v.open(1)
    return down_if(gap and v.close(2) < v.close(0) < v.close(1))


def gap_methods(v: View) -> float:
    """A gap, and a bar against it that closes it."""
    gap = v.gaps_up(1, 2) if v.white(2) else v.gaps_down(1, 2)
    holds = not v.turns(2, 1) and v.turns(1, 0) and gap
    return v.hundred(2) if holds and v.holds(1, v.open(0)) and v.holds(2, v.close(0)) else 0.0


def two_crows(v: View, long: float) -> float:
    """Two black bars above a long white one, the second closing inside it."""
    falls = v.white(2) and v.body(2) > long and v.all_black(1, 0) and v.gaps_up(1, 2)
    return down_if(falls and v.holds(1, v.open(0)) and v.holds(2, v.close(0)))


def ladder(v: View, none: float) -> float:
    """Four black bars, the last with a shadow above, and a white one beyond."""
    falls = v.all_black(4, 3, 2, 1) and v.open(4) > v.open(3) > v.open(2)
    falls = falls and v.descending(4, 3, 2) and v.above(1) > none
    return up_if(falls and v.white(0) and v.open(0) > v.open(1) and v.close(0) > v.high(1))

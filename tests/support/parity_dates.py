"""Corporate actions, carry and membership of whole runs, drawn over the times of their bars."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from omega.results.event_rows import EventRows
from tests.support.recorder import Settings

Random: TypeAlias = Any
"""Of Hypothesis."""
NOTHING: Settings = {"member_times": [], "events": None, "carry": None}
_KINDS = ("split", "split", "dividend", "dividend", "reinvest", "leave", "recall")
_ENDS = ("change", "delisting", "delisting")
_RATIOS = (2.0, 0.5, 1.5, 3.0, 1 / 3)
_HOURS_BEFORE = (0, 0, 1, 30)


@st.composite
def dated(
    draw: st.DrawFn, times: Sequence[Sequence[int]], per_hour: int, *, tick: float, magnified: bool
) -> Settings:
    """What happens by date to symbols whose bars open at these times; mostly nothing."""
    if draw(st.integers(0, 2)):
        return dict(NOTHING)
    random = draw(st.randoms(use_true_random=False))
    made = dict(NOTHING)
    if random.random() < 0.7:
        made["events"] = _events(random, times, per_hour, tick)
    if random.random() < 0.6:
        made["carry"] = _carry(random, times, per_hour, tick, magnified=magnified)
    if random.random() < 0.2:
        made["member_times"] = [
            np.array(sorted(random.sample(list(own), min(len(own), 3))), dtype=np.int64)
            for own in times
        ]
    return made


def _events(random: Random, times: Sequence[Sequence[int]], hour: int, tick: float) -> Settings:
    rows: list[tuple[Any, ...]] = []
    for _ in range(random.randint(1, 5)):
        symbol = random.randrange(len(times))
        own = times[symbol]
        time = random.choice(own) - hour * random.choice(_HOURS_BEFORE)
        kind = random.choice(_KINDS)
        bar = bisect.bisect_left(own, time)
        pays = random.choice([None, time + 4 * hour, time + 24 * hour])
        first, second = {
            "split": (random.choice(_RATIOS), None),
            "dividend": (random.choice([tick, 7 * tick]), random.choice([0.0, 0.15])),
            "reinvest": (1.0 + random.random() / 9, tick),
        }.get(kind, (None, None))
        rows.append((symbol, kind, time, bar, first, second, pays, None))
    if random.random() < 0.4:
        symbol, kind = random.randrange(len(times)), random.choice(_ENDS)
        to = (symbol + 1) % len(times) if kind == "change" else None
        time = random.choice(random.choice(times)) + random.choice([0, 1])
        first = (
            random.choice(_RATIOS) if kind == "change" else random.choice([None, None, 3 * tick])
        )
        second = random.choice([0.0, tick]) if kind == "change" else random.choice([None, -0.3])
        if to != symbol:
            rows.append((symbol, kind, time, None, first, second, None, to))
    halts = [[(own[0], own[-1] - hour)] if random.random() < 0.3 else [] for own in times]
    columns = EventRows.of(rows)
    return {"rows": columns, "halts": halts, "rolls": _rolls(random, times, tick)}


def _rolls(random: Random, times: Sequence[Sequence[int]], tick: float) -> list[tuple[Any, ...]]:
    rolls: list[tuple[Any, ...]] = []
    for place, own in enumerate(times):
        if len(own) < 2 or random.random() < 0.6:
            continue
        adjust, size = random.choice(["none", "difference", "ratio"]), random.random() < 0.3
        for bar in sorted(random.sample(range(1, len(own)), min(len(own) - 1, 2))):
            bid = (400 + random.randint(-9, 9)) * tick
            ask = bid + random.choice([0, 2]) * tick
            rolls.append((place, own[bar], bar, bid, ask, adjust, size))
    return rolls


def _carry(
    random: Random,
    times: Sequence[Sequence[int]],
    hour: int,
    tick: float,
    *,
    magnified: bool,
) -> Settings:
    first = times[0][0] // (24 * hour)

    def rates(*some: float) -> Any:  # noqa: ANN401 - days and rates
        if random.random() < 0.4:
            return None
        return [-(2**62), first + 1, first + 3], [random.choice(some) for _ in range(3)]

    return {
        "cash": rates(0.0, 0.05, -0.01),
        "debit": rates(0.07),
        "days_of_year": random.choice([365.0, 360.0]),
        "borrow": [rates(0.0, 0.03, math.nan) for _ in times],
        "rounds_collateral": random.random() < 0.3,
        "funding": [[] if magnified else _funding(random, own, hour, tick) for own in times],
    }


def _funding(random: Random, own: Sequence[int], hour: int, tick: float) -> list[Any]:
    rows = []
    for time in range(own[0], own[-1] + hour, random.choice([hour, 3 * hour, 8 * hour])):
        bar = bisect.bisect_right(own, time) - 1
        mark = random.choice([None, 400 * tick])
        at = time + random.choice([0, 0, 1])
        rows.append((bar, own[bar], at, random.choice([0.0001, -0.0003]), mark))
    return rows

"""Whole runs of several symbols, whose bars have their own times, with higher timeframes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from omega.data.timeframes import Timeframe
from tests.support import parity_runs as runs
from tests.support.draws import one_of_each, rarely
from tests.support.parity_runs import Bar
from tests.support.recorder import Beside, Run, Script, Step

HOUR = timedelta(hours=1)
MOST = 16

_SHARED = one_of_each(
    [("ms", 10**3), ("us", 10**6), ("ns", 10**9)],
    [0, 1, 1, 1, 2, 2],
    rarely("union", "intersection"),
    rarely(0, 2, 4),
    rarely("nobody", "manager", "manager"),
    rarely(1.0, 0.7),
)
_OWN = one_of_each(
    [HOUR, HOUR, HOUR, HOUR / 3, 4 * HOUR, 24 * HOUR],
    rarely(0, 0, 1, 3, 20),
    rarely(None, "UTC", "America/New_York"),
    rarely("sided", "plain", "spread", "quotes"),
    [False, False, True],
    rarely(None, HOUR / 2, 3 * HOUR),
)
_TABLES = one_of_each([3 * HOUR, 25 * HOUR, 7 * HOUR], [None, None, 2 * HOUR, 26 * HOUR])
_RATES = one_of_each(rarely(1.0, 0.7), rarely(None, "TEST"), [True, False])
_CLOCKS: list[Any] = [
    ("H2", None),
    ("H4", None),
    ("M90", None),
    ("D1", None),
    ("M30", None),
    ("session", Timeframe("D1", anchor="17:00", zone="America/New_York")),
    ("H5", Timeframe("H5", anchor="03:30", zone="Europe/Berlin")),
    ("W1", Timeframe("W1", anchor="22:00")),
    ("H3", "given"),
    ("D1", "given"),
    ("MN1", None),
]
_TIMEFRAMES = one_of_each([None, None, *_CLOCKS], [None, *_CLOCKS])
_RANGES = one_of_each(rarely(None, None, 1, 3), rarely(None, None, 1, 5))
_PLACES = one_of_each([True, True, False], range(4), range(3))


@st.composite
def several(draw: st.DrawFn) -> Run:
    """A run of one to three symbols."""
    (unit, per_second), beside, align, warmup, manager, rate = draw(_SHARED)
    tick = draw(runs.TICKS)
    markets = [draw(_market(tick, unit)) for _ in range(beside + 1)]
    names = ["TEST", "B", "C"][: beside + 1]
    rows = [market[0] for market in markets]
    timeframes = _timeframes(draw, dict(zip(names, rows, strict=True)), tick, unit)
    settings = draw(runs.settings_of(tick, per_second))
    times = sorted({bar[0] for one in rows for bar in one})
    shared = set.intersection(*({bar[0] for bar in one} for one in rows))
    if len(shared) < 2 and warmup == 0:  # mostly nothing to see
        align = "union"
    first, last = draw(_RANGES)
    epochs = [int(time.timestamp()) * per_second for time in times]
    settings["start"] = None if first is None else epochs[min(first, len(times) - 1)] - first % 2
    settings["end"] = None if last is None else epochs[max(0, len(times) - last)]
    of_each = [[int(bar[0].timestamp()) * per_second for bar in one] for one in rows]
    magnified = any(market[2] is not None for market in markets)
    settings |= draw(runs.with_dates(settings, of_each, per_second, tick, magnified=magnified))
    closes = [[bar[1][3] for bar in one] for one in rows]
    changes = ("close", "modify")
    managing = draw(runs.scripts(closes[0], tick, changes)) if manager == "manager" else None
    run = Run(
        markets[0][1],
        settings,
        _together(draw, names, closes, tick),
        _of_symbols(draw(runs.scripts(closes[-1][:9], tick, ("open", "close"))), names),
        managing,
        indicator=None,
        members=_members(draw, names, closes, tick),
        warmup=warmup,
        finer=markets[0][2],
        rate=rate,
        beside={
            name: _beside(draw, market, tick)
            for name, market in zip(names[1:], markets[1:], strict=True)
        },
        timeframes=timeframes,
        align=align,
        placed=_placed(draw, names, list(timeframes)),
    )
    return runs.with_calendar(run, draw(runs.CLOCKS))


@st.composite
def _market(
    draw: st.DrawFn, tick: float, unit: str
) -> tuple[list[Bar], pl.DataFrame, pl.DataFrame | None]:
    """Bars of a symbol, which begin when they please, and finer ones for some."""
    step, late, zone, layout, magnified, closing = draw(_OWN)
    finer = None
    if magnified:
        fine = draw(runs.bars(step / 2, 16, 2 * MOST))
        rows = runs.coarser(fine, step)
        kept = [bar for bar in fine if bar[0].hour % 5]
        finer = runs.frame_of(_later(kept or fine, late * HOUR / 2), tick, "sided", unit, zone)
    else:
        rows = draw(runs.bars(step, 8, MOST))
    rows = _later(rows, late * HOUR / 2)
    frame = runs.frame_of(rows, tick, layout, unit, zone)
    if closing is not None:
        frame = frame.with_columns(close_time=pl.col("time") + closing)
    return rows, frame, finer


def _later(rows: list[Bar], delay: timedelta) -> list[Bar]:
    return [(time + delay, bid, ask) for time, bid, ask in rows]


def _beside(
    draw: st.DrawFn, market: tuple[list[Bar], pl.DataFrame, pl.DataFrame | None], tick: float
) -> Beside:
    rate, pair, inverse = draw(_RATES)
    own = {
        "instrument": draw(runs._instrument(tick)),  # noqa: SLF001 - of the same generator
        "costs": draw(runs._costs(tick)),  # noqa: SLF001 - as above
    }
    return Beside(market[1], own, market[2], rate, pair and (pair, inverse))


def _timeframes(
    draw: st.DrawFn, rows: dict[str, list[Bar]], tick: float, unit: str
) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for clock in draw(_TIMEFRAMES):
        if clock is None:
            continue
        name, given = clock
        if given == "given":
            step, closing = draw(_TABLES)
            given = {
                symbol: _table(runs.coarser(bars, step), tick, unit, closing)
                for symbol, bars in rows.items()
            }
        chosen[name] = given
    return chosen


def _table(rows: list[Bar], tick: float, unit: str, closing: timedelta | None) -> pl.DataFrame:
    """Give a table of higher bars, at times with when each closes."""
    table = runs.frame_of(rows, tick, "sided", unit, None)
    return table if closing is None else table.with_columns(close_time=pl.col("time") + closing)


def _placed(
    draw: st.DrawFn, names: list[str], timeframes: list[str]
) -> tuple[tuple[str | None, str | None], ...]:
    """Where to declare an indicator; mostly where there is something, rarely nowhere."""
    places = []
    for wanted, symbol, timeframe in draw(st.lists(_PLACES, max_size=2)):
        if wanted:
            known: list[str | None] = [None, *names]
            clocks: list[str | None] = [None, *timeframes]
            places.append((known[symbol % len(known)], clocks[timeframe % len(clocks)]))
    return tuple(places)


def _together(draw: st.DrawFn, names: list[str], closes: list[list[int]], tick: float) -> Script:
    """What to do in which symbol, call by call."""
    script: Script = {}
    for name, own in zip(names, closes, strict=True):
        for at, steps in draw(runs.scripts(own, tick)).items():
            script.setdefault(at, []).extend(_placed_in(step, name, at) for step in steps)
    return script


def _members(
    draw: st.DrawFn, names: list[str], closes: list[list[int]], tick: float
) -> tuple[tuple[Script, Script], ...]:
    drawn = draw(runs.members(closes[0], tick))
    return tuple(
        (_of_symbols(on_bar, names), _of_symbols(events, names)) for on_bar, events in drawn
    )


def _of_symbols(script: Script, names: list[str]) -> Script:
    return {
        at: [_placed_in(step, names[at % len(names)], at) for step in steps]
        for at, steps in script.items()
    }


def _placed_in(step: Step, symbol: str, at: int) -> Step:
    """Name the symbol of an order or a close; a close leaves it out at times."""
    takes = step.kind == "open" or (step.kind == "close" and at % 3)
    if not takes or "symbol" in step.fields:
        return step
    return Step(step.kind, {**step.fields, "symbol": symbol}, step.called)

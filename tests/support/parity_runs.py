"""Whole runs for two backends: bars, settings and a script of what the strategy does when.

Prices lie on a coarse grid, so that touches, ties and flat bars are common.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from omega import Calendar, calendars
from omega.config.distances import Distance
from tests.support import parity_dates
from tests.support.draws import Options, fields, one_of_all, one_of_each, rarely
from tests.support.parity_columns import COLUMNS, CONDITIONS
from tests.support.recorder import Run, Script, Settings, Step

Prices = tuple[int, int, int, int]
Bar = tuple[datetime, Prices, Prices]

BASE = 400  # the first open in ticks
START = datetime(2024, 1, 4, 20, tzinfo=UTC)  # a Thursday evening: nights and a weekend follow
NAMES = ("open", "high", "low", "close")


# --- bars ----------------------------------------------------------------------------------------

_SHAPES = one_of_each(
    [0, 0, 0, 1, -1, 3, -3, 7, -7],  # gap from the close before
    range(-5, 6),  # body
    [0, 1, 2, 4],  # upper shadow
    [0, 1, 2, 4],  # lower shadow
    *[range(4)] * 4,  # ask above bid: open, high, low, close
    [1, 1, 1, 1, 5, 24, 60],  # steps to the next bar
)


@functools.cache
def _shapes(least: int, most: int) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(_SHAPES, min_size=least, max_size=most)


@st.composite
def bars(draw: st.DrawFn, step: timedelta, least: int, most: int) -> list[Bar]:
    """Bars in ticks on a grid."""
    rows: list[Bar] = []
    close, time = BASE, START
    for gap, body, up, down, o, h, low_, c, steps in draw(_shapes(least, most)):
        opened = close + gap
        close = opened + body
        high, low = max(opened, close) + up, min(opened, close) - down
        asks = (opened + o, high + h, low + low_, close + c)
        asks = (asks[0], max(asks), min(asks[0], asks[2], asks[3]), asks[3])
        rows.append((time, (opened, high, low, close), asks))
        time += step * steps
    return rows


def frame_of(
    rows: list[Bar], tick: float, layout: str, unit: str, zone: str | None
) -> pl.DataFrame:
    """Bars as a frame of a layout."""
    bid = {name: [bids[k] * tick for _, bids, _ in rows] for k, name in enumerate(NAMES)}
    ask = {name: [asks[k] * tick for _, _, asks in rows] for k, name in enumerate(NAMES)}
    columns = {f"bid_{n}": v for n, v in bid.items()} | {f"ask_{n}": v for n, v in ask.items()}
    if layout == "quotes":
        columns = {"bid": bid["close"], "ask": ask["close"], "volume": [1.0] * len(rows)}
    if layout == "plain":
        columns = {**bid, "volume": [float(k) for k in range(len(rows))]}
    if layout == "spread":
        columns = {**bid, "spread": [(asks[0] - bids[0]) * tick for _, bids, asks in rows]}
    kinds = {"ms": pl.Datetime("ms", "UTC"), "us": pl.Datetime("us", "UTC")}
    kind = kinds.get(unit, pl.Datetime("ns", "UTC"))
    times = pl.Series("time", [row[0] for row in rows]).cast(kind)
    times = times.dt.convert_time_zone(zone) if zone else times.dt.replace_time_zone(None)
    return pl.DataFrame(columns).insert_column(0, times)


def coarser(rows: list[Bar], step: timedelta) -> list[Bar]:
    """Bars put together where they lie in one longer interval."""
    grouped: dict[datetime, list[Bar]] = {}
    for row in rows:
        grouped.setdefault(START + (row[0] - START) // step * step, []).append(row)

    def whole(sides: list[Prices]) -> Prices:
        highs, lows = [side[1] for side in sides], [side[2] for side in sides]
        return sides[0][0], max(highs), min(lows), sides[-1][3]

    return [
        (time, whole([bid for _, bid, _ in group]), whole([ask for _, _, ask in group]))
        for time, group in grouped.items()
    ]


# --- settings ------------------------------------------------------------------------------------

HOUR = 3_600


@functools.cache
def _costs(tick: float) -> st.SearchStrategy[Settings]:
    return st.tuples(_fees(), _slippage_and_swap(tick)).map(lambda both: both[0] | both[1])


def _fees() -> st.SearchStrategy[Settings]:
    return fields(
        fee_per_million=[0.0, 30.0],
        fee_per_lot=[0.0, 0.07],
        fee_percent=[0.0, 0.0, 0.1],
        fee_fixed=rarely(0.0, 0.3),
        fee_maker=rarely(0.0, 0.02),
        fee_taker=rarely(0.0, 0.05),
        fee=rarely(None, _graded_fee, _failing_fee),
        fee_min=[0.0, 0.0, 1.0],
        entry_only=rarely(False, True),  # noqa: FBT003 - a value, no flag
    )


def _slippage_and_swap(tick: float) -> st.SearchStrategy[Settings]:
    return fields(
        slippage=[0.0, tick, tick / 3],
        slippage_random=[0.0, tick * 2],
        slippage_percent=rarely(0.0, 0.07),
        impact=rarely(0.0, 0.0007),
        swap_long=[0.0, -tick / 7],
        swap_short=[0.0, tick / 7],
        swap_long_percent=rarely(0.0, -5.1),
        swap_short_percent=rarely(0.0, 2.3),
        triple_day=[2, 3, 4, 6, None],
    )


def _graded_fee(side: str, lots: float, *rest: Any) -> float:  # noqa: ANN401 - as `FeeCallback`
    """Give a fee that depends on every part of a fill."""
    units, price, notional, is_maker, is_entry, time, order = rest
    grade = (is_maker * 2 + is_entry) * 0.1 + (side == "buy") * 0.01 + time % 7 + order
    return float(abs(price) * 0.001 + min(units, 50.0) / 30 + notional / 1e5 + lots + grade)


def _failing_fee(_side: str, lots: float, *rest: Any) -> float:  # noqa: ANN401 - as above
    if rest[-1] > 2:
        raise ValueError(f"no fee for {lots} lots of order {rest[-1]} at {rest[1]}")
    return 0.25


@functools.cache
def _instrument(tick: float) -> st.SearchStrategy[Settings]:
    return fields(
        contract_size=[1.0, 10.0, 100_000.0],
        tick_size=[tick],
        pip_size=[tick],
        volume_min=rarely(None, 0.01, 1.0),
        volume_step=rarely(None, 0.01, 0.1, 1.0, 0.3),
        volume_max=rarely(None, 2.0),
        margin_rate=[0.0, 0.0, 0.05, 1.0],
        margin_per_lot=rarely(None, 0.5, 40.0),
        maintenance_rate=[0.0, 0.05, 0.05, 0.5],
        liquidation_fee=rarely(0.0, 0.5),
    )


@functools.cache
def _limits(per_second: int) -> st.SearchStrategy[Settings]:
    hour = HOUR * per_second
    first = int(START.timestamp()) * per_second
    return fields(
        max_positions=rarely(None, 1, 2),
        max_positions_per_symbol=rarely(None, 2),
        cooldown_bars=rarely(0, 2),
        cooldown_entry=rarely(0, 3 * hour),
        cooldown_exit=rarely(0, 2 * hour),
        sessions=rarely([], [(8 * hour, 23 * hour)], [(22 * hour, 8 * hour)]),
        blackouts=rarely([], [(first + 2 * hour, first + 6 * hour)]),
        stale_after=[None, 1, 1, 2, 10],
    )


@functools.cache
def _managers(tick: float, per_second: int) -> st.SearchStrategy[list[Any]]:
    distances = [count * tick for count in range(1, 7)]
    trailing: list[tuple[Any, ...]] = [
        ("trailing_stop", distance, None, None, None) for distance in distances
    ]
    even = [("break_even", trigger, 0.0, None, None) for trigger in distances]
    even += [("break_even", 3 * tick, 2 * tick, None, None)]
    timed: list[tuple[Any, ...]] = [("time_exit", None, None, None, bars) for bars in range(1, 5)]
    timed += [("time_exit", None, None, 5 * HOUR * per_second, None)]
    parts = [("partial_close", trigger, 1 / 3, None, None) for trigger in distances]
    parts += [("partial_close", tick, 0.5, None, None), ("partial_close", tick, 1.0, None, None)]
    lists = st.lists(st.sampled_from(trailing + even + timed + parts), max_size=3)
    return st.one_of(st.just([]), lists)


_SIZERS = [
    *[("fixed_lots", 1.0)] * 6,
    *[("fixed_units", units) for units in (1.0, 7.0)],
    *[("risk_amount", money) for money in (1.0, 50.0)],
    *[("risk_percent", percent) for percent in (0.5, 2.0)],
    *[("equity_percent", percent) for percent in (10.0, 250.0)],
]


_PARTICIPATION = st.sampled_from(
    [None] * 8 + [(0.5, True, False), (0.3, False, True), (1.0, True, True)]
)


_SEMANTICS = st.sampled_from(["2", "2", "2", "1"])
_PLAIN = fields(
    semantics=["2", "1"],
    cash=[10_000.0, 500.0, 1_000_000.1],
    seed=[0, 2**64 - 1],
    strict=[False] * 19 + [True],
    close_at_end=[True, False],
    limit_improvement=rarely(True, False),  # noqa: FBT003 - a value, no flag
    market_fill=rarely("next_open", "last_close"),
    intrabar=["pessimistic", "optimistic", "ohlc_path", "nearest"],
    position_mode=["hedging", "hedging", "netting"],
    stop_out_level=rarely(None, 0.5, 1.0),
    sizer=_SIZERS,
)
_ACCOUNT = fields(
    kind=rarely("margin", "cash"), tests_margin=[True, False], stops_at_ruin=[True, True, False]
)


@st.composite
def settings_of(draw: st.DrawFn, tick: float, per_second: int) -> Settings:
    """The settings of a run."""
    first = {"kind": "margin", "tests_margin": True, "stops_at_ruin": False}
    semantics = draw(_SEMANTICS)
    return {
        **draw(_PLAIN),
        "semantics": semantics,
        "account": first if semantics == "1" else draw(_ACCOUNT),
        **draw(_limits(per_second)),
        "instrument": draw(_instrument(tick)),
        "costs": draw(_costs(tick)),
        "managers": draw(_managers(tick, per_second)),
        "participation": None if semantics == "1" else draw(_PARTICIPATION),
    }


def with_dates(
    settings: Settings,
    times: Sequence[Sequence[int]],
    per_second: int,
    tick: float,
    *,
    magnified: bool,
) -> st.SearchStrategy[Settings]:
    """What happens by date, which version 1 of the rules does not have."""
    if settings["semantics"] == "1":
        return st.just(dict(parity_dates.NOTHING))
    return parity_dates.dated(times, HOUR * per_second, tick=tick, magnified=magnified)


# --- scripts -------------------------------------------------------------------------------------

MOST_BARS = 30
_SIZES = [*[None] * 9, *[1.0] * 6, 0.3, 0.3, 2.0, 2.0, 0.004, math.nan, -1.0]
_FRACTIONS = [1.0, 1.0, 1.0, 0.5, 0.5, 1 / 3, 0.001, 0.0, 1.5, math.nan]
_EXPIRES = [None, None, None, "day", "ioc", "fok", START + timedelta(hours=9)]
_AWAY = [*[None] * 6, *[1, 2, 3, 5, 8] * 2, -1]
_KINDS = ["open"] * 10 + ["close", "modify", "cancel"]
_TYPES = [*["market"] * 4, "limit", "stop", "stop_limit", "limit_if_touched", "close", "trail"]
_MOVED = [..., None, *range(-6, 7)]
_FOOLISH = [
    Step("raise", {"text": "the strategy's own"}),
    Step("nonsense", {"given": 17}, called=False),
    Step("nonsense", {"given": "buy"}, called=False),
    Step("open", {"direction": "long", "symbol": "OTHER"}),
    Step("close", {"symbol": "OTHER"}),
    *[Step("close", {"number": number}) for number in (1, 2, 3)],
    *[Step("modify", {"number": number, "stop_loss": None}) for number in (1, 2)],
]

_EXTRAS = ["nan", "why", "whose", "trailing", "reduce", "own", "owner", "away", "percent"]
_ORDER: Options = (
    ["long", "short"],
    _TYPES,
    range(-6, 7),
    range(-3, 4),
    _SIZES,
    _AWAY,
    _AWAY,
    _EXPIRES,
    [*[None] * 9, *_EXTRAS],
    rarely(None, "one", "two"),
)
_CHANGE: Options = (
    _FRACTIONS,
    [None, 0, 1, 2],
    ["signal", "time"],
    _MOVED,
    _MOVED,
    [False, False, True],  # whether of an order that waits, whose price, limit and size follow
    range(-6, 7),
    [..., ..., 0, 2],
    [..., ..., 1.0, 0.3, -1.0],
    [..., ..., ..., *_EXPIRES[2:]],
)
_STEP = one_of_all(range(MOST_BARS), _KINDS, [True, False], *_ORDER, *_CHANGE)
_STEPS = st.lists(_STEP, min_size=5, max_size=40)
_FEW_STEPS = st.lists(_STEP, min_size=1, max_size=12)


@st.composite
def scripts(draw: st.DrawFn, closes: list[int], tick: float, kinds: tuple[str, ...] = ()) -> Script:
    """What to do on which bar, near its close; of some kinds only, where they are named."""
    script: Script = {}
    for at, drawn, called, *details in draw(_FEW_STEPS if kinds else _STEPS):
        kind = kinds[at % len(kinds)] if kinds else drawn
        close = closes[at % len(closes)]
        order, change = details[: len(_ORDER)], details[len(_ORDER) :]
        what = _order(order, close, tick) if kind == "open" else _change(kind, change, close, tick)
        script.setdefault(at % len(closes), []).append(Step(kind, what, called))
    if draw(st.integers(0, 19)) == 19:
        at = draw(st.integers(0, len(closes)))
        script.setdefault(at, []).append(draw(st.sampled_from(_FOOLISH)))
    return script


def _change(kind: str, drawn: list[Any], close: int, tick: float) -> dict[str, Any]:
    fraction, nth, reason, stop, target, of_order, off, limit_off, size, expires = drawn
    if kind == "close":
        return {"nth": nth, "fraction": fraction, "reason": reason}
    if kind == "cancel":
        return {"nth": nth or 0}
    levels = {
        name: (close + ticks) * tick if isinstance(ticks, int) else ticks
        for name, ticks in (("stop_loss", stop), ("take_profit", target))
    }
    change = {"nth": nth or 0, **levels}
    if not of_order:
        return change
    limit = limit_off if limit_off is ... else (close + off + limit_off) * tick
    price = {"price": (close + off) * tick, "limit_price": limit}
    return {**change, **price, "size": size, "expires": expires}


def _order(drawn: list[Any], close: int, tick: float) -> dict[str, Any]:
    """An order near a close, its levels mostly on their right sides."""
    direction, kind, off, limit_off, size, stop, target, expires, extra, group = drawn
    sign = 1 if direction == "long" else -1
    order: dict[str, Any] = {"direction": direction, "type": kind, "size": size, "oco": group}
    price = close
    if kind not in ("market", "close", "trail"):
        price += off
        order |= {"entry_price": price * tick, "expires": expires}
    if kind == "trail":
        order |= {"type": "stop", "trail": off * tick, "expires": expires}
    if kind in ("stop_limit", "limit_if_touched"):
        price += limit_off
        order["limit_price"] = price * tick
    if stop is not None:
        order["stop_loss"] = (price - sign * stop) * tick
    if target is not None:
        order["take_profit"] = (price + sign * target) * tick
    extras: dict[str, dict[str, Any]] = {
        "nan": {"stop_loss": math.nan},
        "why": {"reason": "why", "tags": ("a", "b")},
        "reduce": {"reduce_only": True},
        "whose": {"tags": ("b", "a")},
        "own": {"reduce_only": "tag", "tags": ("a", "b")},
        "owner": {"reduce_only": "owner", "tags": ("a",)},
        "trailing": {"trailing_stop": (abs(off) - 1) * tick},
        "away": {"stop_loss": Distance(off * tick), "take_profit": Distance(3 * tick)},
        "percent": {
            "stop_loss": Distance.percent(off / 7),
            "take_profit": Distance.percent(0.3),
            "trailing_stop": Distance.percent(abs(off) / 3),
        },
    }
    return order | extras.get(extra, {})


# --- runs ----------------------------------------------------------------------------------------

TICKS = st.sampled_from([0.25, 0.01, 0.1, 1e-5] * 8 + [1e-12, 2.0**40, 1e150, 1e-170, 1e-307])
"""Prices as they are, and rarely ones whose products leave the range of a float."""

_DATA = one_of_each(
    [("ms", 10**3), ("us", 10**6), ("ns", 10**9)],
    rarely(None, "UTC", "America/New_York"),
    rarely("sided", "plain", "spread", "quotes"),
    rarely("bars", "finer", "finer"),
    rarely(None, "pair", "inverse"),
    rarely(1.0, 0.7),
    rarely(0, 3, 30),
    rarely("nobody", "manager"),
)
_INDICATORS = one_of_each(
    ["sma", "ema", "rma", "rolling_std", "zscore"],
    [2, 3, 4],
    [{"source": name} for name in ("close", "bid_high", "ask_low")],
) | one_of_each(["atr"], [2, 3, 4], [{"side": "bid"}, {"side": "ask"}])

_RANGES = one_of_each(rarely(None, 1, 2, 5), rarely(None, 1, 2, 9))

_CALENDARS = [
    *[None] * 4,
    calendars.FX,
    calendars.US_EQUITIES,
    Calendar("Australia/Sydney", "10:00"),
    Calendar("Asia/Kolkata", "05:30"),
    Calendar("Europe/London", sessions=[("08:00", "11:30"), ("13:00", "22:30")]),
    Calendar("UTC", "22:00", [("22:00", "21:00")], ["2024-01-08"], {"2024-01-09": "02:00"}),
]
CLOCKS = one_of_each(_CALENDARS, [True, False])
"""A calendar, and whether its sessions refuse orders."""


@st.composite
def members(draw: st.DrawFn, closes: list[int], tick: float) -> tuple[tuple[Script, Script], ...]:
    """What further strategies of an ensemble do, in some runs."""
    count = draw(st.sampled_from([0] * 5 + [1, 2]))
    events = ("open", "close")
    return tuple(
        (draw(scripts(closes, tick)), draw(scripts(closes[:9], tick, events))) for _ in range(count)
    )


def with_calendar(run: Run, clock: list[Any]) -> Run:
    """Put a run under a calendar."""
    calendar, by_session = clock
    has_sessions = calendar is not None and calendar.has_sessions
    return dataclasses.replace(run, calendar=calendar, by_session=by_session and has_sessions)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A whole run."""
    (unit, per_second), zone, layout, data, quoted, rate, warmup, manager = draw(_DATA)
    tick = draw(TICKS)
    hour = timedelta(hours=1)
    finer = pair = None
    if data == "finer":
        fine = draw(bars(hour / 3, 20, 60))
        rows = coarser(fine, hour)[:MOST_BARS]
        kept = [bar for bar in fine if bar[0].minute or bar[0].hour % 5]
        finer = frame_of(kept or fine, tick, "sided", unit, zone)
    else:
        rows = draw(bars(hour, 10, MOST_BARS))
    clock, dated = draw(CLOCKS), draw(st.integers(0, 9)) == 9
    if dated and finer is None:  # bars of whole days at midnight
        midnight = START + timedelta(hours=4)
        rows = [(midnight + (time - START) * 24, bid, ask) for time, bid, ask in rows]
    closes = [row[1][3] for row in rows]
    if quoted:
        quotes = frame_of(draw(bars(2 * hour, 1, 8)), 0.001, "quotes", unit, zone)
        pair = (quotes, quoted == "inverse")
    changes = ("close", "modify")
    settings = draw(settings_of(tick, per_second))
    first, last = draw(_RANGES)
    epochs = [int(row[0].timestamp()) * per_second for row in rows]
    settings["start"] = None if first is None else epochs[min(first, len(rows) - 1)] - first % 2
    settings["end"] = None if last is None else epochs[max(0, len(rows) - last)]
    settings |= draw(with_dates(settings, [epochs], per_second, tick, magnified=data == "finer"))
    others = draw(members(closes, tick))
    run = Run(
        frame_of(rows, tick, layout, unit, zone),
        settings,
        draw(scripts(closes, tick)),
        draw(scripts(closes[:9], tick, ("open", "close"))),
        draw(scripts(closes, tick, changes)) if manager == "manager" else None,
        indicator=draw(st.none() | _INDICATORS.map(tuple)),
        derived=draw(st.none() | COLUMNS),
        condition=None if others else draw(st.none() | CONDITIONS),
        members=others,
        warmup=warmup,
        finer=finer,
        rate=rate,
        pair=pair,
    )
    return with_calendar(run, clock)

"""Whole runs that Hypothesis can think of: bars, a script of actions, and settings.

Prices lie on a grid, so that ties, touches, gaps and flat bars are common; the grid is a power of
two, so that sums of prices are exact and a mirror image or a scaled run must agree to the bit. A
`Lens` turns grid steps into prices: as they are, scaled, or mirrored.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

import omega
from omega.strategy.actions import Action
from tests.support.candles import Callback
from tests.support.draws import Options, fields, one_of_all, one_of_each

START = datetime(2024, 1, 3, 23, 40, tzinfo=UTC)
"""Shortly before midnight of a Wednesday: day orders end and nights are booked."""

FIRST = 4_096
"""The first open, in grid steps."""

UNBOUND = {"leverage": math.inf, "ruin": "allow"}
"""An account that never has a say, so that what is tested is not about money."""

POLICIES = ("pessimistic", "optimistic", "ohlc_path", "nearest")
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Lens:
    """How grid steps are seen as prices."""

    step: float = 0.25
    mirrored: bool = False

    def price(self, steps: int) -> float:
        """Give a price; the mirror stands at twice the first open."""
        return (2 * FIRST - steps if self.mirrored else steps) * self.step

    def direction(self, long: bool) -> str:
        """Give the direction of a trade."""
        return "long" if long != self.mirrored else "short"


PLAIN = Lens()
MIRROR = Lens(mirrored=True)


@dataclass(frozen=True)
class Row:
    """A bar in grid steps, and how far its ask stands above its bid."""

    open: int
    high: int
    low: int
    close: int
    spread: int


@dataclass(frozen=True)
class Step:
    """One action; levels are grid steps, distances count from the order's own price."""

    verb: str
    long: bool = True
    kind: str = "market"
    level: int = 0
    limit: int = 0
    stop: int | None = None
    target: int | None = None
    size: float | None = None
    minutes: int | None = None
    group: str | None = None
    trailing: int | None = None
    reduce_only: bool = False
    trail: int = 2
    immediate: bool = False
    which: int = 0
    fraction: float = 1.0

    def action(self, lens: Lens) -> Action:
        """Give the action as a strategy would ask for it."""
        if self.verb == "close":
            return omega.Close(trade_id=self.which, fraction=self.fraction)
        if self.verb == "cancel":
            return omega.Cancel(self.which)
        stop = None if self.stop is None else lens.price(self.stop)
        target = None if self.target is None else lens.price(self.target)
        if self.verb == "modify":
            return omega.Modify(self.which, stop_loss=stop, take_profit=target)
        expires: datetime | str | None = None
        if self.minutes is not None:
            expires = START + timedelta(minutes=self.minutes)
        if self.minutes == 0:
            expires = "day"
        elif self.immediate and self.kind != "close":
            expires = "ioc"
        trails, armed = self.kind == "trail", self.kind in ("stop_limit", "limit_if_touched")
        is_priced = self.kind not in ("market", "close", "trail")
        return omega.Signal(
            lens.direction(self.long),
            type="stop" if trails else self.kind,
            entry_price=lens.price(self.level) if is_priced else None,
            limit_price=lens.price(self.limit) if armed else None,
            trail=self.trail * lens.step if trails else None,
            stop_loss=stop,
            take_profit=target,
            size=self.size,
            expires=expires,
            oco=self.group,
            trailing_stop=None if self.trailing is None else self.trailing * lens.step,
            reduce_only=self.reduce_only,
        )


@dataclass(frozen=True)
class Case:
    """All that a run needs."""

    rows: tuple[Row, ...]
    script: Mapping[int, tuple[Step, ...]]
    execution: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=lambda: UNBOUND)
    limits: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, Any] = field(default_factory=dict)
    instrument: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    managers: tuple[tuple[str, int, float], ...] = ()

    def frame(self, lens: Lens = PLAIN, *, sided: bool = True) -> pl.DataFrame:
        """Give the bars as candles."""
        return frame_of(self.rows, lens, sided=sided)

    def strategy(self, lens: Lens = PLAIN) -> Callback:
        """Give a function that follows the script."""
        plan = {k: [step.action(lens) for step in steps] for k, steps in self.script.items()}
        return lambda bar: plan.get(bar.index)

    def changed(self, **execution: object) -> Case:
        """Give the same run with other rules of filling."""
        return replace(self, execution={**self.execution, **execution})

    def run(
        self,
        lens: Lens = PLAIN,
        *,
        data: object = None,
        strategy: object = None,
        backend: str = "rust",
    ) -> omega.BacktestResult:
        """Run it."""
        instrument = omega.Instrument("SYMBOL", **{"pip_size": lens.step, **self.instrument})
        return omega.run_backtest(
            self.frame(lens) if data is None else data,
            strategy or self.strategy(lens),  # type: ignore[arg-type]  # one or the other
            instruments=instrument,
            costs=omega.Costs(**self.costs),
            execution=omega.Execution(**self.execution),
            account=omega.Account(**self.account),
            limits=omega.Limits(**self.limits),
            position_manager=[manager(lens, *given) for given in self.managers] or None,
            backend=backend,
            **self.settings,
        )


def manager(lens: Lens, name: str, distance: int, other: float) -> Any:  # noqa: ANN401 - any
    """Give a position manager."""
    match name:
        case "trailing":
            trigger = distance * lens.step if other else None
            return omega.TrailingStop(distance * lens.step, trigger=trigger)
        case "break_even":
            return omega.BreakEven(distance * lens.step)
        case "time":
            return omega.TimeExit(bars=distance)
        case _:
            return omega.PartialClose(distance * lens.step, fraction=other)


def frame_of(rows: tuple[Row, ...], lens: Lens, *, sided: bool = True) -> pl.DataFrame:
    """Give rows as candles, a minute apart."""
    columns: dict[str, list[Any]] = {
        "time": [START + timedelta(minutes=k) for k in range(len(rows))]
    }
    for side in ("bid", "ask") if sided else ("",):
        above = side == ("bid" if lens.mirrored else "ask")
        for price in PRICES:
            swapped = {"high": "low", "low": "high"}.get(price, price)
            source = swapped if lens.mirrored else price
            values = [getattr(row, source) + above * row.spread for row in rows]
            columns[f"{side}_{price}".strip("_")] = [lens.price(value) for value in values]
    return pl.DataFrame(columns).with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))


def graded_fee(fill: omega.FeeBasis) -> float:
    """Give a fee that depends on size, role and leg."""
    return min(fill.units, 40.0) / 32 + (fill.is_maker * 2 + fill.is_entry) * 0.25


# --- what Hypothesis draws -----------------------------------------------------------------------


def _nearest(most: int) -> list[int]:
    """Whole numbers up to a distance from 0, the nearest first, as cases shrink to the first."""
    return sorted(range(-most, most + 1), key=abs)


_SHAPES = one_of_each(
    [0, 0, 0, 1, -1, 3, -3, 9, -9],  # gap
    _nearest(5),  # body
    range(5),  # above it
    range(5),  # below it
    [0, 0, 1, 3],  # spread
)
_KINDS = ["market", "market", "limit", "stop", "stop_limit", "limit_if_touched", "trail"]
_AWAY = [None, 0, *range(1, 10), *range(2, 8), *range(3, 7)]
_ORDER: Options = (_nearest(6), _nearest(4), _AWAY, _AWAY)  # off, limit off, stop, target
_DETAIL: Options = ([None, 0.5, 1.0, 2.0, 3.25], [None, None, None, 0, 3, 22], range(1, 7))
_FURTHER: Options = (
    [None, None, None, "a", "b"],
    [None, None, None, 2, 5],
    [False] * 9 + [True],
    [False] * 9 + [True],
)
_NAMES = ("size", "minutes", "trail", "group", "trailing", "immediate", "reduce_only")


@functools.cache
def _orders(*, alone: bool, at_close: bool) -> st.SearchStrategy[list[Any]]:
    kinds = [*_KINDS, "close"] if at_close else _KINDS
    return one_of_all([False, True], kinds, *_ORDER, *_DETAIL, *(() if alone else _FURTHER))


_OCCASIONS = one_of_each(range(60), range(60), [*["open"] * 7, "close", "modify", "cancel"])
_LEVELS = [None] * 15 + _nearest(7)
_CHANGES = one_of_each(range(4), [1.0, 1.0, 0.5, 0.25], _LEVELS, _LEVELS)


@st.composite
def rows(draw: st.DrawFn, least: int = 3, most: int = 20) -> tuple[Row, ...]:
    """Draw bars."""
    found, close = [], FIRST
    for gap, body, above, below, spread in draw(
        st.lists(_SHAPES, min_size=draw(st.sampled_from([least, most // 2])), max_size=most)
    ):
        opened = close + gap
        close = opened + body
        found.append(
            Row(opened, max(opened, close) + above, min(opened, close) - below, close, spread)
        )
    return tuple(found)


@st.composite
def opens(draw: st.DrawFn, close: int, *, alone: bool = False, at_close: bool = True) -> Step:
    """Draw an order, near a close."""
    drawn = draw(_orders(alone=alone, at_close=at_close))
    long, kind, off, limit_off, stop, target, *details = drawn
    sign = 1 if long else -1
    level = close + off
    limit = level + limit_off
    armed = {"stop_limit": limit, "limit_if_touched": limit}
    own = {"market": close, "close": close, "trail": close, **armed}.get(kind, level)
    return Step(
        "open",
        long=long,
        kind=kind,
        level=level,
        limit=limit,
        stop=None if stop is None else own - sign * stop,
        target=None if target is None else own + sign * target,
        **dict(zip(_NAMES, details, strict=False)),
    )


@st.composite
def scripts(
    draw: st.DrawFn, bars: tuple[Row, ...], *, at_close: bool = True
) -> dict[int, tuple[Step, ...]]:
    """Draw what is asked for after which bar; with orders `at_close` where there may be some."""
    script: dict[int, tuple[Step, ...]] = {}
    for _ in range(draw(st.integers(2, 12))):
        first, second, verb = draw(_OCCASIONS)
        bar = min(first % (len(bars) - 1), second % (len(bars) - 1))
        close = bars[bar].close
        step = (
            draw(opens(close, at_close=at_close)) if verb == "open" else _change(draw, verb, close)
        )
        script[bar] = (*script.get(bar, ()), step)
    return script


def _change(draw: st.DrawFn, verb: str, close: int) -> Step:
    which, fraction, stop, target = draw(_CHANGES)
    return Step(
        verb,
        which=which,
        fraction=fraction,
        stop=None if stop is None else close + stop,
        target=None if target is None else close + target,
    )


_RULES = fields(
    intrabar=POLICIES,
    market_fill=["next_open", "next_open", "last_close"],
    limit_improvement=[True, True, False],
    position_mode=["hedging", "hedging", "netting"],
    close_at_end=[False, True],
)
_LIMITS = fields(max_positions=[None, None, None, 2], cooldown_bars=[0, 0, 0, 2])
_COSTS = fields(
    slippage_pips=[0.0, 0.5, 1.0],
    slippage_random_pips=[0.0, 3.0],
    fee_per_million=[0.0, 30.0],
    fee_per_lot=[0.0, 0.7],
    fee_percent=[0.0, 0.1],
    fee_fixed=[0.0, 0.3],
    fee_maker=[0.0, 0.02],
    fee_taker=[0.0, 0.05],
    fee=[None, None, graded_fee],
    side=["both", "both", "entry"],
    slippage_percent=[0.0, 0.01],
    swap_long=[0.0, -3.0],
    swap_short=[0.0, 1.0],
    swap_long_percent=[0.0, -5.1],
    swap_triple_day=["WED", None],
)
_ACCOUNTS = [UNBOUND, UNBOUND, {}, {"leverage": 20.0, "stop_out_level": 0.5, "ruin": "allow"}]
_SIZERS = [
    *[None] * 3,
    omega.RiskPercent(1.0),
    omega.EquityPercent(20.0),
    omega.RiskAmount(33.3),
]
_MONEY = one_of_each(
    range(4), [1.0, 16.0], _SIZERS, _ACCOUNTS, [None, 0.01, 0.3], [None, None, 0.05, 1.0]
)
managers = st.lists(
    st.sampled_from(
        [("trailing", distance, trigger) for distance in range(2, 9) for trigger in (0.0, 1.0)]
        + [("break_even", distance, 0.0) for distance in range(2, 9)] * 2
        + [("time", bars, 0.0) for bars in range(1, 7)] * 2
        + [("partial", distance, fraction) for distance in range(2, 9) for fraction in (0.5, 1.0)]
    ),
    max_size=2,
).map(tuple)


@st.composite
def cases(draw: st.DrawFn, *, exact: bool = False) -> Case:
    """Draw a run; an `exact` one has no numbers off the grid, so that its mirror image is exact."""
    bars, costs = draw(rows()), draw(_COSTS)
    seed, contract_size, sizer, account, volume_step, margin_rate = draw(_MONEY)
    settings: dict[str, Any] = {"seed": seed}
    instrument: dict[str, Any] = {"contract_size": contract_size}
    if exact:
        account = UNBOUND
        costs = {"slippage_pips": costs["slippage_pips"], "fee_per_lot": 0.5}
    else:
        settings["sizer"] = sizer
        instrument |= {"volume_step": volume_step, "margin_rate": margin_rate, "tick_size": 0.25}
    return Case(
        bars,
        draw(scripts(bars)),
        execution=draw(_RULES),
        account=account,
        limits=draw(_LIMITS),
        costs=costs,
        instrument=instrument,
        settings=settings,
        managers=draw(managers),
    )

"""Whole runs that Hypothesis can think of: bars, a script of actions, and settings.

Prices lie on a grid, so that ties, touches, gaps and flat bars are common; the grid is a power of
two, so that sums of prices are exact and a mirror image or a scaled run must agree to the bit. A
`Lens` turns grid steps into prices: as they are, scaled, or mirrored.
"""

from __future__ import annotations

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


@st.composite
def rows(draw: st.DrawFn, least: int = 3, most: int = 20) -> tuple[Row, ...]:
    """Draw bars."""
    shape = st.tuples(
        st.sampled_from([0, 0, 0, 1, -1, 3, -3, 9, -9]),  # gap
        st.integers(-5, 5),  # body
        st.integers(0, 4),  # above it
        st.integers(0, 4),  # below it
        st.sampled_from([0, 0, 1, 3]),  # spread
    )
    found, close = [], FIRST
    for gap, body, above, below, spread in draw(
        st.lists(shape, min_size=draw(st.sampled_from([least, most // 2])), max_size=most)
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
    long = draw(st.booleans())
    sign = 1 if long else -1
    kinds = ["market", "market", "limit", "stop", "stop_limit", "limit_if_touched", "trail"]
    kind = draw(st.sampled_from([*kinds, "close"] if at_close else kinds))
    level = close + draw(st.integers(-6, 6))
    limit = level + draw(st.integers(-4, 4))
    armed = {"stop_limit": limit, "limit_if_touched": limit}
    own = {"market": close, "close": close, "trail": close, **armed}.get(kind, level)
    distance = st.sampled_from([None, 0, *range(1, 10), *range(2, 8), *range(3, 7)])
    stop, target = draw(distance), draw(distance)
    return Step(
        "open",
        long=long,
        kind=kind,
        level=level,
        limit=limit,
        stop=None if stop is None else own - sign * stop,
        target=None if target is None else own + sign * target,
        size=draw(st.sampled_from([None, 0.5, 1.0, 2.0, 3.25])),
        minutes=draw(st.sampled_from([None, None, None, 0, 3, 22])),
        group=None if alone else draw(st.sampled_from([None, None, None, "a", "b"])),
        trailing=None if alone else draw(st.sampled_from([None, None, None, 2, 5])),
        trail=draw(st.integers(1, 6)),
        immediate=not alone and draw(st.sampled_from([False] * 9 + [True])),
        reduce_only=not alone and draw(st.sampled_from([False] * 9 + [True])),
    )


@st.composite
def steps(draw: st.DrawFn, close: int, *, at_close: bool = True) -> Step:
    """Draw any action, near a close; with an order `at_close` where it may have one."""
    verb = draw(st.sampled_from([*["open"] * 7, "close", "modify", "cancel"]))
    if verb == "open":
        return draw(opens(close, at_close=at_close))
    level = st.none() | st.integers(close - 7, close + 7)
    return Step(
        verb,
        which=draw(st.integers(0, 3)),
        fraction=draw(st.sampled_from([1.0, 1.0, 0.5, 0.25])),
        stop=draw(level),
        target=draw(level),
    )


@st.composite
def scripts(
    draw: st.DrawFn, bars: tuple[Row, ...], *, at_close: bool = True
) -> dict[int, tuple[Step, ...]]:
    """Draw what is asked for after which bar."""
    script: dict[int, tuple[Step, ...]] = {}
    for _ in range(draw(st.integers(2, 12))):
        bar = min(draw(st.integers(0, len(bars) - 2)), draw(st.integers(0, len(bars) - 2)))
        script[bar] = (*script.get(bar, ()), draw(steps(bars[bar].close, at_close=at_close)))
    return script


executions = st.fixed_dictionaries(
    {
        "intrabar": st.sampled_from(POLICIES),
        "market_fill": st.sampled_from(["next_open", "next_open", "last_close"]),
        "limit_improvement": st.sampled_from([True, True, False]),
        "position_mode": st.sampled_from(["hedging", "hedging", "netting"]),
        "close_at_end": st.booleans(),
    }
)
limits = st.fixed_dictionaries(
    {
        "max_positions": st.sampled_from([None, None, None, 2]),
        "cooldown_bars": st.sampled_from([0, 0, 0, 2]),
    }
)
accounts = st.sampled_from(
    [UNBOUND, UNBOUND, {}, {"leverage": 20.0, "stop_out_level": 0.5, "ruin": "allow"}]
)
every_cost = st.fixed_dictionaries(
    {
        "slippage_pips": st.sampled_from([0.0, 0.5, 1.0]),
        "slippage_random_pips": st.sampled_from([0.0, 3.0]),
        "fee_per_million": st.sampled_from([0.0, 30.0]),
        "fee_per_lot": st.sampled_from([0.0, 0.7]),
        "fee_percent": st.sampled_from([0.0, 0.1]),
        "fee_fixed": st.sampled_from([0.0, 0.3]),
        "fee_maker": st.sampled_from([0.0, 0.02]),
        "fee_taker": st.sampled_from([0.0, 0.05]),
        "fee": st.sampled_from([None, None, graded_fee]),
        "side": st.sampled_from(["both", "both", "entry"]),
        "slippage_percent": st.sampled_from([0.0, 0.01]),
        "swap_long": st.sampled_from([0.0, -3.0]),
        "swap_short": st.sampled_from([0.0, 1.0]),
        "swap_long_percent": st.sampled_from([0.0, -5.1]),
        "swap_triple_day": st.sampled_from(["WED", None]),
    }
)
managers = st.lists(
    st.one_of(
        st.tuples(st.just("trailing"), st.integers(2, 8), st.sampled_from([0.0, 1.0])),
        st.tuples(st.just("break_even"), st.integers(2, 8), st.just(0.0)),
        st.tuples(st.just("time"), st.integers(1, 6), st.just(0.0)),
        st.tuples(st.just("partial"), st.integers(2, 8), st.sampled_from([0.5, 1.0])),
    ),
    max_size=2,
).map(tuple)


@st.composite
def cases(draw: st.DrawFn, *, exact: bool = False) -> Case:
    """Draw a run; an `exact` one has no numbers off the grid, so that its mirror image is exact."""
    bars = draw(rows())
    settings: dict[str, Any] = {"seed": draw(st.integers(0, 3))}
    account: Mapping[str, Any] = UNBOUND
    instrument: dict[str, Any] = {"contract_size": draw(st.sampled_from([1.0, 16.0]))}
    costs = draw(every_cost)
    if exact:
        costs = {"slippage_pips": costs["slippage_pips"], "fee_per_lot": 0.5}
    else:
        sizers = [
            None,
            None,
            None,
            omega.RiskPercent(1.0),
            omega.EquityPercent(20.0),
            omega.RiskAmount(33.3),
        ]
        settings["sizer"] = draw(st.sampled_from(sizers))
        account = draw(accounts)
        instrument["volume_step"] = draw(st.sampled_from([None, 0.01, 0.3]))
        instrument["margin_rate"] = draw(st.sampled_from([None, None, 0.05, 1.0]))
        instrument["tick_size"] = 0.25
    return Case(
        bars,
        draw(scripts(bars)),
        execution=draw(executions),
        account=account,
        limits=draw(limits),
        costs=costs,
        instrument=instrument,
        settings=settings,
        managers=draw(managers),
    )

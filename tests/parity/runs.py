"""Whole runs for two backends: bars, settings and a script of what the strategy does when.

Prices lie on a coarse grid, so that touches, ties and flat bars are common. The strategy writes
down everything that it sees and hears; what both backends let it see must be the same text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

import omega
from omega.signals import Action, Cancel, Close, Modify, Signal
from omega.strategy import Strategy

Settings = dict[str, Any]

BASE = 400  # the first open in ticks
START = datetime(2024, 1, 4, 20, tzinfo=UTC)  # a Thursday evening: nights and a weekend follow
NOT_THERE = 999


@dataclass(frozen=True)
class Step:
    """One thing that the strategy does: open, close, cancel, modify, or something foolish."""

    kind: str
    fields: dict[str, Any]
    called: bool = True
    """Whether it is asked for with a call, or returned from the callback."""


@dataclass(frozen=True)
class Run:
    """All that a run needs."""

    frame: pl.DataFrame
    settings: Settings
    on_bar: dict[int, list[Step]]
    on_event: dict[int, list[Step]]
    indicator: tuple[str, int, str] | None = None
    warmup: int = 0

    def __repr__(self) -> str:
        rows = "\n    ".join(map(repr, self.frame.rows()))
        return (
            f"Run(\n  columns={self.frame.columns}\n    {rows}\n  settings={self.settings}\n"
            f"  on_bar={self.on_bar}\n  on_event={self.on_event}\n  indicator={self.indicator}, "
            f"warmup={self.warmup})"
        )


class Recorder(Strategy):
    """Follows the script and writes down what it sees."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.warmup = run.warmup  # type: ignore[misc]  # of this run alone
        self.log: list[object] = []
        self.events = 0
        self.lines: list[Any] = []

    def init(self) -> None:
        if self.run.indicator is not None:
            name, window, source = self.run.indicator
            first = self.indicator(name, window, source=source)
            self.lines = [first, self.sma(2, first), self.column(pl.col("close").diff(), "diff")]

    def on_bar(self, bar: Any) -> list[Action] | None:
        self.log += [
            repr(bar),
            (bar.index, bar.time, bar.timestamp, bar.symbol, bar.spread),
            (bar.open, bar.high, bar.low, bar.close, repr(bar.ask), bar.bid.low, bar.ask.high),
            attempt(lambda: bar.volume),
            attempt(lambda: repr(bar[-1])),
            attempt(lambda: bar.close_window(3).tolist()),
            attempt(lambda: bar.ask.high_window(2).tolist()),
            [(repr(line), len(line), attempt(lambda line=line: line[-2])) for line in self.lines],
        ]
        self.look()
        return self.act(self.run.on_bar.get(bar.index, []))

    def on_fill(self, fill: Any) -> list[Action] | None:
        names = "order_id trade_id symbol side index time price lots fee slippage"
        return self.heard("fill", fill, names)

    def on_exit(self, trade: Any) -> list[Action] | None:
        names = (
            "trade_id symbol direction lots entry_index entry_time entry_price exit_index "
            "exit_time exit_price exit_reason gross_pnl fees swap net_pnl r_multiple bars_held "
            "reason tags"
        )
        return self.heard("exit", trade, names)

    def heard(self, what: str, event: object, names: str) -> list[Action] | None:
        self.log.append((what, *(getattr(event, name) for name in names.split())))
        self.look()
        self.events += 1
        return self.act(self.run.on_event.get(self.events, []))

    def look(self) -> None:
        shown = "trade_id order_id symbol direction lots entry_index entry_time entry_price "
        shown += "stop_loss take_profit profit bars_held reason tags"
        for position in self.positions:
            self.log += [repr(position), [getattr(position, name) for name in shown.split()]]
        shown = "order_id symbol direction type price lots stop_loss take_profit"
        for order in self.pending:
            self.log += [repr(order), [getattr(order, name) for name in shown.split()]]
        self.log.append((self.balance, self.equity, repr(self.position)))

    def act(self, steps: list[Step]) -> list[Action] | None:
        returned: list[Action] = []
        for step in steps:
            action = self.action(step)
            if not step.called:
                returned.append(action)
            elif isinstance(action, Signal):
                self.log.append(self.order(action))
            else:
                self.log.append(self._ask(action))
        return returned or None

    def order(self, signal: Signal) -> int:
        return self._ask(signal)

    def action(self, step: Step) -> Any:
        """The action of a step; the trade or order meant is the nth that is there."""
        fields = dict(step.fields)
        nth = fields.pop("nth", None)
        if step.kind == "raise":
            raise RuntimeError(fields["text"])
        if step.kind == "nonsense":
            return fields["given"]
        if step.kind == "open":
            return Signal(**fields)
        if step.kind == "cancel":
            pending = self.pending
            return Cancel(pending[nth % len(pending)].order_id if pending else NOT_THERE)
        positions = self.positions
        trade = positions[nth % len(positions)].trade_id if positions and nth is not None else None
        if step.kind == "close":
            return Close(trade_id=trade, **fields)
        return Modify(NOT_THERE if trade is None else trade, **fields)


def attempt(look: Any) -> object:
    """What a look gives, or how it fails."""
    try:
        return look()
    except (ValueError, LookupError) as error:
        return type(error).__name__, str(error)


# --- bars ----------------------------------------------------------------------------------------


@st.composite
def frames(draw: st.DrawFn, tick: float, least: int = 2) -> tuple[pl.DataFrame, list[int]]:
    """Bars on a grid, and their closes in ticks."""
    small = st.integers(0, 4)
    shape = st.tuples(
        st.sampled_from([0, 0, 0, 1, -1, 3, -3, 7, -7]),  # gap from the close before
        st.integers(-5, 5),  # body
        small,  # upper shadow
        small,  # lower shadow
        st.tuples(*[st.integers(0, 3)] * 4),  # ask above bid: open, high, low, close
        st.sampled_from([1, 1, 1, 1, 5, 24, 60]),  # hours to the next bar
    )
    shapes = draw(st.lists(shape, min_size=least, max_size=24))
    layout = draw(st.sampled_from(["sided", "sided", "plain", "spread", "quotes"]))
    unit = draw(st.sampled_from(["ms", "us", "ns"]))
    zone = draw(st.sampled_from([None, "UTC", "America/New_York"]))
    rows, closes = [], []
    close, time = BASE, START
    for gap, body, up, down, (o, h, low_, c), hours in shapes:
        opened = close + gap
        close = opened + body
        high, low = max(opened, close) + up, min(opened, close) - down
        asks = (opened + o, high + h, low + low_, close + c)
        asks = (asks[0], max(asks), min(asks[0], asks[2], asks[3]), asks[3])
        rows.append((time, (opened, high, low, close), asks))
        closes.append(close)
        time += timedelta(hours=hours)
    frame = pl.DataFrame(_laid_out(layout, rows, tick))
    times = pl.Series("time", [row[0] for row in rows]).cast(pl.Datetime(unit, "UTC"))
    times = times.dt.convert_time_zone(zone) if zone else times.dt.replace_time_zone(None)
    return frame.insert_column(0, times), closes


def _laid_out(layout: str, rows: list[Any], tick: float) -> dict[str, list[float]]:
    names = ("open", "high", "low", "close")
    bid = {name: [bids[k] * tick for _, bids, _ in rows] for k, name in enumerate(names)}
    ask = {name: [asks[k] * tick for _, _, asks in rows] for k, name in enumerate(names)}
    if layout == "quotes":
        return {"bid": bid["close"], "ask": ask["close"], "volume": [1.0] * len(rows)}
    if layout == "plain":
        return {**bid, "volume": [float(k) for k in range(len(rows))]}
    if layout == "spread":
        spread = [(asks[0] - bids[0]) * tick for _, bids, asks in rows]
        return {**bid, "spread": spread}
    return {f"bid_{n}": v for n, v in bid.items()} | {f"ask_{n}": v for n, v in ask.items()}


# --- settings ------------------------------------------------------------------------------------


def settings_of(tick: float) -> st.SearchStrategy[Settings]:
    """The settings of a run, with each feature off more often than on."""
    costs = st.fixed_dictionaries(
        {
            "fee_per_million": st.sampled_from([0.0, 0.0, 30.0]),
            "fee_per_lot": st.sampled_from([0.0, 0.0, 0.07]),
            "fee_percent": st.sampled_from([0.0, 0.0, 0.1]),
            "fee_min": st.sampled_from([0.0, 0.0, 1.0]),
            "slippage": st.sampled_from([0.0, tick, tick / 3]),
            "slippage_random": st.sampled_from([0.0, tick * 2]),
        }
    )
    instrument = st.fixed_dictionaries(
        {
            "contract_size": st.sampled_from([1.0, 10.0, 100_000.0]),
            "tick_size": st.just(tick),
            "pip_size": st.just(tick),
            "volume_min": st.sampled_from([None, 0.01, 1.0]),
            "volume_step": st.sampled_from([None, 0.01, 0.1, 1.0, 0.3]),
            "volume_max": st.sampled_from([None, 2.0]),
            "margin_rate": st.sampled_from([0.0, 0.0, 0.05, 1.0]),
        }
    )
    sizer = st.one_of(
        st.just(("fixed_lots", 1.0)),
        st.tuples(st.just("fixed_units"), st.sampled_from([1.0, 7.0])),
        st.tuples(st.just("risk_amount"), st.sampled_from([1.0, 50.0])),
        st.tuples(st.just("risk_percent"), st.sampled_from([0.5, 2.0])),
        st.tuples(st.just("equity_percent"), st.sampled_from([10.0, 250.0])),
    )
    return st.fixed_dictionaries(
        {
            "start": st.none(),
            "end": st.none(),
            "cash": st.sampled_from([10_000.0, 500.0, 1_000_000.1]),
            "seed": st.integers(0, 3) | st.just(2**64 - 1),
            "strict": st.sampled_from([False] * 9 + [True]),
            "close_at_end": st.booleans(),
            "limit_improvement": st.sampled_from([True, True, False]),
            "market_fill": st.sampled_from(["next_open", "next_open", "last_close"]),
            "intrabar": st.sampled_from(["pessimistic", "optimistic", "ohlc_path", "nearest"]),
            "sizer": sizer,
            "instrument": instrument,
            "costs": costs,
        }
    )


# --- scripts -------------------------------------------------------------------------------------

_SIZES = st.sampled_from([None, None, 1.0, 0.3, 2.0, 0.004, float("nan"), -1.0])
_FRACTIONS = st.sampled_from([1.0, 1.0, 0.5, 1 / 3, 0.001, 0.0, 1.5])
_EXPIRES = st.sampled_from([None, None, None, "day", START + timedelta(hours=9)])
_FOOLISH = st.sampled_from(
    [
        Step("raise", {"text": "the strategy's own"}),
        Step("nonsense", {"given": 17}, called=False),
        Step("nonsense", {"given": "buy"}, called=False),
        Step("open", {"direction": "long", "symbol": "OTHER"}),
        Step("close", {"symbol": "OTHER"}),
    ]
)


@st.composite
def steps(draw: st.DrawFn, close: int, tick: float) -> Step:
    """Something to do near a close."""
    called = draw(st.booleans())
    kind = draw(st.sampled_from(["open"] * 6 + ["close", "cancel", "modify"]))
    near = st.integers(-6, 6).map(lambda ticks: (close + ticks) * tick)
    nth = draw(st.integers(0, 3))
    if kind == "close":
        fields = {
            "nth": draw(st.sampled_from([None, nth])),
            "fraction": draw(_FRACTIONS),
            "reason": draw(st.sampled_from(["signal", "time"])),
        }
        return Step(kind, fields, called)
    if kind == "cancel":
        return Step(kind, {"nth": nth}, called)
    if kind == "modify":
        level = st.one_of(st.just(...), st.none(), near)
        return Step(
            kind, {"nth": nth, "stop_loss": draw(level), "take_profit": draw(level)}, called
        )
    return Step(kind, draw(orders(close, tick)), called)


@st.composite
def orders(draw: st.DrawFn, close: int, tick: float) -> dict[str, Any]:
    """An order near a close, its levels mostly on their right sides."""
    direction = draw(st.sampled_from(["long", "short"]))
    sign = 1 if direction == "long" else -1
    kind = draw(st.sampled_from(["market", "market", "limit", "stop", "stop_limit"]))
    price = close + draw(st.integers(-6, 6))
    fields: dict[str, Any] = {"direction": direction, "type": kind, "size": draw(_SIZES)}
    if kind != "market":
        fields |= {"entry_price": price * tick, "expires": draw(_EXPIRES)}
    if kind == "stop_limit":
        price += draw(st.integers(-3, 3))
        fields["limit_price"] = price * tick
    away = st.sampled_from([None, 1, 2, 3, 5, 8, -1])
    stop, target = draw(away), draw(away)
    if stop is not None:
        fields["stop_loss"] = (price - sign * stop) * tick
    if target is not None:
        fields["take_profit"] = (price + sign * target) * tick
    if draw(st.integers(0, 30)) == 0:
        fields["stop_loss"] = float("nan")
    if draw(st.integers(0, 9)) == 0:
        fields |= {"reason": "why", "tags": ("a", "b")}
    return fields


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A whole run."""
    tick = draw(st.sampled_from([0.25, 0.01, 0.1, 1e-5]))
    frame, closes = draw(frames(tick))
    settings = draw(settings_of(tick))
    on_bar: dict[int, list[Step]] = {}
    for index, close in enumerate(closes):
        if draw(st.integers(0, 2)) > 0:
            on_bar[index] = draw(st.lists(steps(close, tick), max_size=3))
    if draw(st.integers(0, 15)) == 0:
        on_bar.setdefault(draw(st.integers(0, len(closes))), []).append(draw(_FOOLISH))
    on_event = draw(
        st.dictionaries(st.integers(1, 9), st.lists(steps(BASE, tick), max_size=2), max_size=2)
    )
    return Run(
        frame,
        settings,
        on_bar,
        on_event,
        indicator=draw(st.none() | _indicators),
        warmup=draw(st.sampled_from([0, 0, 3, 30])),
    )


_indicators = st.tuples(
    st.sampled_from(["sma", "ema", "atr", "rolling_std", "zscore"]),
    st.integers(2, 4),
    st.sampled_from(["close", "bid_high", "ask_low"]),
)


@dataclass
class Outcome:
    """What a backend made of a run."""

    log: list[object]
    error: object = None
    tables: dict[str, Any] = field(default_factory=dict)
    metrics: object = None
    fingerprint: str = ""


def store_of(run: Run) -> omega.CandleStore:
    """The candles as the native store holds them."""
    return omega.CandleStore(run.frame, symbol="TEST")

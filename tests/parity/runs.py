"""Whole runs for two backends: bars, settings and a script of what the strategy does when.

Prices lie on a coarse grid, so that touches, ties and flat bars are common. The strategy writes
down everything that it sees and hears; what both backends let it see must be the same text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from omega.signals import Action, Cancel, Close, Modify, Signal
from omega.strategy import Strategy

Settings = dict[str, Any]
Prices = tuple[int, int, int, int]
Bar = tuple[datetime, Prices, Prices]

BASE = 400  # the first open in ticks
START = datetime(2024, 1, 4, 20, tzinfo=UTC)  # a Thursday evening: nights and a weekend follow
NOT_THERE = 999
NAMES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Step:
    """One thing that the strategy does: open, close, cancel, modify, or something foolish."""

    kind: str
    fields: dict[str, Any]
    called: bool = True
    """Whether it is asked for with a call, or returned from the callback."""


Script = dict[int, list[Step]]


@dataclass(frozen=True)
class Run:
    """All that a run needs."""

    frame: pl.DataFrame
    settings: Settings
    on_bar: Script
    on_event: Script = field(default_factory=dict)
    on_manage: Script | None = None
    """What a position manager of the user's own does, by bar; None where there is none."""
    indicator: tuple[str, int, str] | None = None
    warmup: int = 0
    finer: pl.DataFrame | None = None
    rate: float = 1.0
    pair: tuple[pl.DataFrame, bool] | None = None

    def __repr__(self) -> str:
        """Rows instead of a drawing, so that a failure can be read and repeated."""
        frames = {"frame": self.frame, "finer": self.finer, "pair": self.pair and self.pair[0]}
        drawn = "".join(
            f"\n  {name}: {frame.schema}" + "".join(f"\n    {row}" for row in frame.rows())
            for name, frame in frames.items()
            if frame is not None
        )
        words = ("settings", "on_bar", "on_event", "on_manage", "indicator", "warmup", "rate")
        return f"Run({drawn}" + "".join(f"\n  {w}={getattr(self, w)}" for w in words) + "\n)"


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

    def on_bar(self, bar: Any) -> list[Action] | None:  # noqa: ANN401 - of either backend
        self.log += [
            repr(bar),
            (bar.index, bar.time, bar.timestamp, bar.symbol, bar.spread),
            (bar.open, bar.high, bar.low, bar.close, repr(bar.ask), bar.bid.low, bar.ask.high),
            attempt(lambda: bar.volume),
            attempt(lambda: repr(bar[-1])),
            attempt(lambda: bar.close_window(3).tolist()),
            attempt(lambda: bar.ask.high_window(2).tolist()),
            [(repr(line), len(line), self.before(line)) for line in self.lines],
        ]
        self.look(self.positions)
        return self.act(self.run.on_bar.get(bar.index, []))

    def on_fill(self, fill: Any) -> list[Action] | None:  # noqa: ANN401 - of either backend
        names = "order_id trade_id symbol side index time price lots fee slippage"
        return self.heard("fill", fill, names)

    def on_exit(self, trade: Any) -> list[Action] | None:  # noqa: ANN401 - of either backend
        names = (
            "trade_id symbol direction lots entry_index entry_time entry_price exit_index "
            "exit_time exit_price exit_reason gross_pnl fees swap net_pnl r_multiple bars_held "
            "reason tags"
        )
        return self.heard("exit", trade, names)

    def heard(self, what: str, event: object, names: str) -> list[Action] | None:
        self.log.append((what, *(getattr(event, name) for name in names.split())))
        self.look(self.positions)
        self.events += 1
        return self.act(self.run.on_event.get(self.events, []))

    def before(self, line: Any) -> object:  # noqa: ANN401 - an indicator of either backend
        return attempt(lambda: line[-2]), attempt(lambda: line.window(3).tolist())

    def look(self, positions: list[Any]) -> None:
        shown = "trade_id order_id symbol direction lots entry_index entry_time entry_price "
        shown += "stop_loss take_profit profit bars_held reason tags"
        for position in positions:
            self.log += [repr(position), [getattr(position, name) for name in shown.split()]]
        shown = "order_id symbol direction type price lots stop_loss take_profit"
        for order in self.pending:
            self.log += [repr(order), [getattr(order, name) for name in shown.split()]]
        self.log.append((self.balance, self.equity, repr(self.position)))

    def act(self, steps: list[Step]) -> list[Action] | None:
        returned: list[Action] = []
        for step in steps:
            action = self.action(step)
            if step.called:
                self.log.append(self._ask(action))
            else:
                returned.append(action)
        return returned or None

    def action(self, step: Step) -> Any:  # noqa: ANN401 - may be nonsense
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


class RecordingManager:
    """A position manager of the user's own, which follows the script and writes down."""

    def __init__(self, recorder: Recorder, script: Script) -> None:
        self.recorder, self.script = recorder, script

    def attach_portfolio(self, portfolio: Any) -> None:  # noqa: ANN401 - of either backend
        self.recorder.log.append(("attached", hasattr(portfolio, "balance")))

    def manage_positions(
        self,
        open_positions: list[Any],
        symbol_slice: Any,  # noqa: ANN401 - of either backend
        bid_candle: object,
        ask_candle: object,
        all_positions: list[Any],
    ) -> list[Action] | None:
        recorder = self.recorder
        recorder.log.append((repr(symbol_slice), repr(bid_candle), repr(ask_candle)))
        recorder.log.append(len(all_positions))
        recorder.look(open_positions)
        steps = self.script.get(symbol_slice.index, [])
        return [recorder.action(step) for step in steps] or None


def attempt(look: Callable[[], object]) -> object:
    """What a look gives, or how it fails."""
    try:
        return look()
    except (ValueError, LookupError) as error:
        return type(error).__name__, str(error)


# --- bars ----------------------------------------------------------------------------------------

_SHAPES = st.tuples(
    st.sampled_from([0, 0, 0, 1, -1, 3, -3, 7, -7]),  # gap from the close before
    st.integers(-5, 5),  # body
    st.integers(0, 4),  # upper shadow
    st.integers(0, 4),  # lower shadow
    st.tuples(*[st.integers(0, 3)] * 4),  # ask above bid: open, high, low, close
    st.sampled_from([1, 1, 1, 1, 5, 24, 60]),  # steps to the next bar
)


@st.composite
def bars(draw: st.DrawFn, step: timedelta, most: int = 24) -> list[Bar]:
    """Bars in ticks on a grid."""
    rows: list[Bar] = []
    close, time = BASE, START
    for gap, body, up, down, (o, h, low_, c), steps in draw(
        st.lists(_SHAPES, min_size=2, max_size=most)
    ):
        opened = close + gap
        close = opened + body
        high, low = max(opened, close) + up, min(opened, close) - down
        asks = (opened + o, high + h, low + low_, close + c)
        asks = (asks[0], max(asks), min(asks[0], asks[2], asks[3]), asks[3])
        rows.append((time, (opened, high, low, close), asks))
        time += step * steps
    return rows


def frame_of(rows: list[Bar], tick: float, layout: str, unit: str, zone: str | None) -> pl.DataFrame:
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
    times = pl.Series("time", [row[0] for row in rows]).cast(pl.Datetime(unit, "UTC"))  # type: ignore[arg-type]  # one of ms, us, ns
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


def _rarely(*values: object) -> st.SearchStrategy[Any]:
    """The first value mostly."""
    return st.sampled_from([values[0]] * 3 + list(values[1:]))


def _costs(tick: float) -> st.SearchStrategy[Settings]:
    return st.fixed_dictionaries(
        {
            "fee_per_million": _rarely(0.0, 30.0),
            "fee_per_lot": _rarely(0.0, 0.07),
            "fee_percent": _rarely(0.0, 0.1),
            "fee_min": _rarely(0.0, 1.0),
            "slippage": _rarely(0.0, tick, tick / 3),
            "slippage_random": _rarely(0.0, tick * 2),
            "swap_long": _rarely(0.0, -tick / 7),
            "swap_short": _rarely(0.0, tick / 7),
            "triple_day": st.sampled_from([2, 3, 4, 6]),
        }
    )


def _instrument(tick: float) -> st.SearchStrategy[Settings]:
    return st.fixed_dictionaries(
        {
            "contract_size": st.sampled_from([1.0, 10.0, 100_000.0]),
            "tick_size": st.just(tick),
            "pip_size": st.just(tick),
            "volume_min": _rarely(None, 0.01, 1.0),
            "volume_step": _rarely(None, 0.01, 0.1, 1.0, 0.3),
            "volume_max": _rarely(None, 2.0),
            "margin_rate": _rarely(0.0, 0.05, 1.0),
        }
    )


def _limits(per_second: int) -> st.SearchStrategy[Settings]:
    hour = HOUR * per_second
    first = int(START.timestamp()) * per_second
    return st.fixed_dictionaries(
        {
            "max_positions": _rarely(None, 1, 2),
            "max_positions_per_symbol": _rarely(None, None, 2),
            "cooldown_bars": _rarely(0, 0, 2),
            "cooldown_entry": _rarely(0, 0, 3 * hour),
            "cooldown_exit": _rarely(0, 0, 2 * hour),
            "sessions": _rarely([], [], [(8 * hour, 23 * hour)], [(22 * hour, 3 * hour)]),
            "blackouts": _rarely([], [], [(first + 2 * hour, first + 6 * hour)]),
        }
    )


def _managers(tick: float, per_second: int) -> st.SearchStrategy[list[Any]]:
    ticks = st.integers(1, 6).map(lambda count: count * tick)
    nothing = st.none()
    one = st.one_of(
        st.tuples(st.just("trailing_stop"), ticks, nothing, nothing, nothing),
        st.tuples(st.just("break_even"), ticks, st.sampled_from([0.0, tick]), nothing, nothing),
        st.tuples(st.just("time_exit"), nothing, nothing, nothing, st.integers(1, 4)),
        st.tuples(
            st.just("time_exit"), nothing, nothing, st.just(5 * HOUR * per_second), st.none()
        ),
        st.tuples(
            st.just("partial_close"), ticks, st.sampled_from([0.5, 1 / 3, 1.0]), nothing, nothing
        ),
    )
    return st.one_of(st.just([]), st.lists(one, max_size=3))


def settings_of(tick: float, per_second: int) -> st.SearchStrategy[Settings]:
    """The settings of a run, with each feature off more often than on."""
    sizer = st.one_of(
        st.just(("fixed_lots", 1.0)),
        st.tuples(st.just("fixed_units"), st.sampled_from([1.0, 7.0])),
        st.tuples(st.just("risk_amount"), st.sampled_from([1.0, 50.0])),
        st.tuples(st.just("risk_percent"), st.sampled_from([0.5, 2.0])),
        st.tuples(st.just("equity_percent"), st.sampled_from([10.0, 250.0])),
    )
    plain = st.fixed_dictionaries(
        {
            "start": st.none(),
            "end": st.none(),
            "cash": st.sampled_from([10_000.0, 500.0, 1_000_000.1]),
            "seed": st.sampled_from([0, 1, 2**64 - 1]),
            "strict": st.sampled_from([False] * 19 + [True]),
            "close_at_end": st.booleans(),
            "limit_improvement": _rarely(True, False),
            "market_fill": _rarely("next_open", "last_close"),
            "intrabar": st.sampled_from(["pessimistic", "optimistic", "ohlc_path", "nearest"]),
            "position_mode": _rarely("hedging", "netting", "netting"),
            "stop_out_level": _rarely(None, 0.5, 1.0),
            "sizer": sizer,
            "instrument": _instrument(tick),
            "costs": _costs(tick),
            "managers": _managers(tick, per_second),
        }
    )
    return st.builds(lambda a, b: a | b, plain, _limits(per_second))


# --- scripts -------------------------------------------------------------------------------------

_SIZES = st.sampled_from([None, None, 1.0, 0.3, 2.0, 0.004, float("nan"), -1.0])
_FRACTIONS = st.sampled_from([1.0, 1.0, 0.5, 1 / 3, 0.001, 0.0, 1.5, float("nan")])
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
_INDICATORS = st.tuples(
    st.sampled_from(["sma", "ema", "atr", "rolling_std", "zscore"]),
    st.integers(2, 4),
    st.sampled_from(["close", "bid_high", "ask_low"]),
)


@st.composite
def changes(draw: st.DrawFn, close: int, tick: float) -> Step:
    """A close or a change of levels."""
    called, nth = draw(st.booleans()), draw(st.integers(0, 3))
    if draw(st.booleans()):
        fields = {
            "nth": draw(st.sampled_from([None, nth])),
            "fraction": draw(_FRACTIONS),
            "reason": draw(st.sampled_from(["signal", "time"])),
        }
        return Step("close", fields, called)
    near = st.integers(-6, 6).map(lambda ticks: (close + ticks) * tick)
    level = st.one_of(st.just(...), st.none(), near)
    fields = {"nth": nth, "stop_loss": draw(level), "take_profit": draw(level)}
    return Step("modify", fields, called)


@st.composite
def steps(draw: st.DrawFn, close: int, tick: float) -> Step:
    """Something to do near a close."""
    kind = draw(st.sampled_from(["open"] * 6 + ["change", "change", "cancel"]))
    if kind == "change":
        return draw(changes(close, tick))
    called = draw(st.booleans())
    if kind == "cancel":
        return Step(kind, {"nth": draw(st.integers(0, 3))}, called)
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
    rare = draw(st.integers(0, 30))
    if rare == 0:
        fields["stop_loss"] = float("nan")
    if rare % 5 == 1:
        fields |= {"reason": "why", "tags": ("a", "b")}
    if rare % 5 == 2:
        fields["trailing_stop"] = draw(st.sampled_from([2 * tick, 5 * tick, 0.0]))
    fields["oco"] = draw(_rarely(None, None, "one", "two"))
    return fields


@st.composite
def scripts(draw: st.DrawFn, closes: list[int], tick: float) -> Script:
    """What to do on which bar."""
    script = {}
    for index, close in enumerate(closes):
        if draw(st.integers(0, 2)) > 0:
            script[index] = draw(st.lists(steps(close, tick), max_size=3))
    if draw(st.integers(0, 15)) == 0:
        script.setdefault(draw(st.integers(0, len(closes))), []).append(draw(_FOOLISH))
    return script


@st.composite
def manager_scripts(draw: st.DrawFn, closes: list[int], tick: float) -> Script | None:
    """What the user's own position manager does on which bar."""
    if draw(st.integers(0, 3)) > 0:
        return None
    some = st.dictionaries(
        st.integers(0, len(closes)), st.lists(changes(closes[-1], tick), max_size=2), max_size=6
    )
    script = draw(some)
    if draw(st.integers(0, 9)) == 0:
        script[draw(st.integers(0, len(closes)))] = [draw(_FOOLISH)]
    return script


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A whole run."""
    tick = draw(st.sampled_from([0.25, 0.01, 0.1, 1e-5]))
    unit, per_second = draw(st.sampled_from([("ms", 10**3), ("us", 10**6), ("ns", 10**9)]))
    zone = draw(_rarely(None, "UTC", "America/New_York"))
    layout = draw(_rarely("sided", "plain", "spread", "quotes"))
    hour = timedelta(hours=1)
    finer, rows = None, draw(bars(hour))
    if draw(st.integers(0, 3)) == 0:
        fine = draw(bars(hour / 3, most=40))
        rows = coarser(fine, hour)
        kept = [bar for bar in fine if bar[0].minute or bar[0].hour % 5]
        finer = frame_of(kept or fine, tick, "sided", unit, zone)
    closes = [row[1][3] for row in rows]
    pair = None
    if draw(st.integers(0, 4)) == 0:
        quotes = frame_of(draw(bars(2 * hour)), 0.001, "quotes", unit, zone)
        pair = (quotes, draw(st.booleans()))
    return Run(
        frame_of(rows, tick, layout, unit, zone),
        draw(settings_of(tick, per_second)),
        draw(scripts(closes, tick)),
        draw(_on_events(tick)),
        draw(manager_scripts(closes, tick)),
        indicator=draw(st.none() | _INDICATORS),
        warmup=draw(_rarely(0, 3, 30)),
        finer=finer,
        rate=draw(_rarely(1.0, 0.7)),
        pair=pair,
    )


def _on_events(tick: float) -> st.SearchStrategy[Script]:
    return st.dictionaries(
        st.integers(1, 9), st.lists(steps(BASE, tick), max_size=2), max_size=2
    )

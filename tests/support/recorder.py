"""A run as a value, and a strategy that follows its script and writes down what it sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

import polars as pl

from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.base import Strategy
from omega.strategy.conditions import when
from omega.strategy.ensemble import Ensemble
from tests.support import parity_columns

Settings = dict[str, Any]

NOT_THERE = 999


@dataclass(frozen=True)
class Step:
    """One thing that the strategy does: open, close, cancel, modify, or something foolish."""

    kind: str
    fields: dict[str, Any]
    called: bool = True
    """Whether it is asked for with a call, or returned from the callback."""


Script = dict[int, list[Step]]


@dataclass(frozen=True)
class Beside:
    """A symbol beside the first one."""

    frame: pl.DataFrame
    settings: Settings
    finer: pl.DataFrame | None = None
    rate: float = 1.0
    pair: tuple[str, bool] | None = None
    """A symbol of the run whose middle converts its profit, and whether the other way round."""


@dataclass(frozen=True)
class Run:
    """All that a run needs."""

    frame: pl.DataFrame
    settings: Settings
    on_bar: Script
    on_event: Script = field(default_factory=dict)
    on_manage: Script | None = None
    """What a position manager of the user's own does, by bar; None where there is none."""
    indicator: tuple[str, int, dict[str, str]] | None = None
    warmup: int = 0
    finer: pl.DataFrame | None = None
    rate: float = 1.0
    pair: tuple[pl.DataFrame, bool] | None = None
    beside: dict[str, Beside] = field(default_factory=dict)
    timeframes: dict[str, Any] = field(default_factory=dict)
    align: str = "union"
    placed: tuple[tuple[str | None, str | None], ...] = ()
    """Symbols and timeframes to declare an indicator on."""
    calendar: Any = None
    by_session: bool = False
    """Whether the sessions of the calendar refuse orders."""
    derived: tuple[Any, ...] | None = None
    """Arithmetic over columns, as a tree."""
    condition: tuple[Any, ...] | None = None
    """Where a second callback is called, as a tree."""
    members: tuple[tuple[Script, Script], ...] = ()
    """What further strategies on the same account do, by bar and by event."""

    def __repr__(self) -> str:
        """Rows instead of a drawing, so that a failure can be read and repeated."""
        frames = {"frame": self.frame, "finer": self.finer, "pair": self.pair and self.pair[0]}
        for name, one in self.beside.items():
            frames |= {name: one.frame, f"{name} finer": one.finer}
        for name, given in self.timeframes.items():
            frames |= {f"{name} {k}": v for k, v in given.items()} if type(given) is dict else {}
        drawn = "".join(
            f"\n  {name}: {frame.schema}" + "".join(f"\n    {row}" for row in frame.rows())
            for name, frame in frames.items()
            if frame is not None
        )
        words = ["settings", "on_bar", "on_event", "on_manage", "indicator", "warmup", "rate"]
        words += ["calendar", "by_session", "derived", "condition", "members"]
        words += ["timeframes", "align", "placed"] if self.beside or self.timeframes else []
        lines = [f"{word}={getattr(self, word)}" for word in words]
        lines += [f"{k}: {v.settings} {v.rate} {v.pair}" for k, v in self.beside.items()]
        return f"Run({drawn}" + "".join(f"\n  {line}" for line in lines) + "\n)"


class Recorder(Strategy):
    """Follows the script and writes down what it sees."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.warmup = run.warmup
        self.log: list[object] = []
        self.events = self.calls = 0
        self.lines: list[Any] = []

    def init(self) -> None:
        if self.run.indicator is not None:
            name, window, source = self.run.indicator
            first = self.indicator(name, window, **source)
            self.lines = [
                first,
                self.sma(2, source=first),
                self.column(pl.col("close").diff(), "diff"),
            ]
        if self.run.derived is not None:
            self.lines.append(parity_columns.column(self.run.derived, self))
        for symbol, timeframe in self.run.placed:
            there = self.indicator("ema", 2, symbol=symbol, timeframe=timeframe)
            self.lines += [there, self.sma(2, source=there)]
            moved = self.column(
                pl.col("high") - pl.col("ask_low"), "span", symbol=symbol, timeframe=timeframe
            )
            self.lines.append(moved)

    def on_bar(self, bar: Any) -> list[Action] | None:  # noqa: ANN401 - of either backend
        if bar.symbol not in bar.symbols and self.run.beside:  # the first symbol is not ready
            self.log += [attempt(lambda: bar.close), attempt(lambda: bar[bar.symbol].close)]
            self.log += [bar.symbols, attempt(partial(self.of_symbol, bar, bar.symbols[-1]))]
            self.look(self.positions)
            self.calls += 1
            return self.act(self.run.on_bar.get(self.calls, []))
        self.log += [
            repr(bar),
            (bar.index, bar.time, bar.timestamp, bar.symbol, bar.spread),
            (bar.open, bar.high, bar.low, bar.close, repr(bar.ask), bar.bid.low, bar.ask.high),
            attempt(lambda: bar.volume),
            attempt(lambda: repr(bar.ago(1))),
            attempt(lambda: bar.close_window(3).tolist()),
            attempt(lambda: bar.ask.high_window(2).tolist()),
            [(repr(line), len(line), self.before(line)) for line in self.lines],
        ]
        self.look(self.positions)
        self.calls += 1
        if not self.run.beside and not self.run.timeframes:
            return self.act(self.run.on_bar.get(bar.index, []))
        self.look_around(bar)
        return self.act(self.run.on_bar.get(self.calls, []))

    def look_around(self, bar: Any) -> None:  # noqa: ANN401 - of either backend
        self.log.append((bar.symbols, bar.fresh, attempt(lambda: bar["NONE"].index)))
        for name in bar.symbols:
            self.log.append((name, attempt(partial(self.of_symbol, bar, name))))
            self.log.append([position.trade_id for position in self.positions_in(name)])
        last = bar.symbols[-1]
        for name in [*self.run.timeframes, "H99"]:
            self.log.append((name, attempt(partial(self.on_timeframe, bar, name))))
            self.log.append(self.both_ways(bar, last, name))

    def of_symbol(self, bar: Any, name: str) -> object:  # noqa: ANN401 - of either backend
        return self.seen(bar[name])

    def on_timeframe(self, bar: Any, name: str) -> object:  # noqa: ANN401 - of either backend
        return self.seen(bar.tf(name))

    def both_ways(
        self,
        bar: Any,  # noqa: ANN401 - of either backend
        symbol: str,
        name: str,
    ) -> object:
        return (
            attempt(lambda: self.seen(bar[symbol].tf(name))),
            attempt(lambda: repr(bar.tf(name)[symbol])),
        )

    def seen(self, bar: Any) -> object:  # noqa: ANN401 - of either backend
        return (
            (repr(bar), repr(bar.ask), bar.index, bar.symbol, bar.time, bar.timestamp, bar.fresh),
            (bar.open, bar.high, bar.low, bar.close, bar.spread, attempt(lambda: bar.volume)),
            attempt(lambda: (repr(bar.ago(1)), bar.ago(1).fresh)),
            attempt(lambda: bar.high_window(2).tolist()),
            attempt(lambda: bar.ask.low_window(3).tolist()),
        )

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

    def look(self, positions: Sequence[Any]) -> None:
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
            if step.called and isinstance(action, Close):
                number, symbol = action.trade_id, action.symbol
                how = {"fraction": action.fraction, "reason": action.reason}
                words: Any = how
                self.log.append(self.close(number, symbol=symbol, **words))
            elif step.called:
                self.log.append(self.requested(action))
            else:
                returned.append(action)
        return returned or None

    def requested(self, action: Any) -> int:  # noqa: ANN401 - may be nonsense
        """Request an action by the method that stands for it; give its number."""
        if isinstance(action, Cancel):
            return self.cancel(action.order_id)
        if isinstance(action, Modify):
            changes = {one.name: getattr(action, one.name) for one in fields(action)[1:]}
            return self.modify(action.trade_id, **changes)
        if not isinstance(action, Signal) or action.reduce_only == "tag":
            return self._context().orders.submit(action)
        buys = self.buy if action.direction == "long" else self.sell
        names = (
            "size stop_loss take_profit symbol expires trailing_stop oco reduce_only reason tags"
        )
        words = {name: getattr(action, name) for name in names.split()}
        return buys(**prices_of(action), **words)

    def action(self, step: Step) -> Any:  # noqa: ANN401 - may be nonsense
        """The action of a step; the number meant is the nth that is there."""
        given = dict(step.fields)
        nth, number = given.pop("nth", None), given.pop("number", None)
        if step.kind == "raise":
            raise RuntimeError(given["text"])
        if step.kind == "nonsense":
            return given["given"]
        if step.kind == "open":
            return Signal(**given)
        if step.kind == "cancel":
            there = [one.order_id for one in self.pending]
            there += [one.order_id for one in self.positions]
            return Cancel(there[nth % len(there)] if there else NOT_THERE)
        there = [one.trade_id for one in self.positions]
        there += [order.order_id for order in self.pending]
        trade = there[nth % len(there)] if there and nth is not None else number
        if step.kind == "close":
            return Close(trade_id=trade, **given)
        return Modify(NOT_THERE if trade is None else trade, **given)


def strategy_of(run: Run) -> tuple[Strategy, Recorder]:
    """The strategy of a run, and the recorder that has its log."""
    first = Recorder(run) if run.condition is None else Conditioned(run)
    if not run.members:
        return first, first
    own = [replace(run, on_bar=on_bar, on_event=on_event) for on_bar, on_event in run.members]
    others = [Recorder(one) for one in own]
    for other in others:
        other.log = first.log
    named = {f"member {k}": one for k, one in enumerate([first, *others])}
    return Ensemble(named), first


def prices_of(signal: Signal) -> dict[str, Any]:
    """The words of `buy` for the prices that a signal waits for."""
    price, limit = signal.entry_price, signal.limit_price
    words = {
        "market": {},
        "limit": {"limit": price},
        "stop": {"stop": price} if signal.trail is None else {"trail": signal.trail},
        "stop_limit": {"stop": price, "limit": limit},
        "limit_if_touched": {"touch": price, "limit": limit},
        "close": {"at_close": True},
    }
    return words[signal.type]


class RecordingManager:
    """A position manager of the user's own, which follows the script and writes down."""

    def __init__(self, recorder: Recorder, script: Script) -> None:
        self.recorder, self.script = recorder, script

    def attach_portfolio(self, portfolio: Any) -> None:  # noqa: ANN401 - of either backend
        self.recorder.log.append(("attached", hasattr(portfolio, "balance")))

    def manage_positions(
        self,
        open_positions: Sequence[Any],
        symbol_slice: Any,  # noqa: ANN401 - of either backend
        bid_candle: object,
        ask_candle: object,
        all_positions: Sequence[Any],
    ) -> list[Action] | None:
        recorder = self.recorder
        recorder.log.append((repr(symbol_slice), repr(bid_candle), repr(ask_candle)))
        recorder.log.append(len(all_positions))
        recorder.look(open_positions)
        if recorder.run.beside or recorder.run.timeframes:
            recorder.look_around(symbol_slice)
        steps = self.script.get(symbol_slice.index, [])
        return [recorder.action(step) for step in steps] or None


class Conditioned(Recorder):
    """Writes down where a condition holds as well."""

    @when(lambda self: parity_columns.condition(self.run.condition, self))
    def on_condition(self, bar: Any) -> None:  # noqa: ANN401 - of either backend
        self.log.append(("holds", bar.index, repr(bar)))


def attempt(look: Callable[[], object]) -> object:
    """What a look gives, or how it fails."""
    try:
        return look()
    except (ValueError, LookupError) as error:
        return type(error).__name__, str(error)

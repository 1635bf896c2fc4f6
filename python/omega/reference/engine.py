"""An engine by the reference backend: the loop over components that can be changed one by one.

What goes in: a job and its components. What comes out: what the native backend gives. With Omega's
own executor the loop is that of every run; with one of the user's own it is `Driver`, which calls
each component in the same order.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from omega.engines.job import Parts, driven, slices_of
from omega.engines.slices import MultiSymbolSlice
from omega.errors import CallbackFailed
from omega.reference import loop, rows, views
from omega.reference.caller import Caller
from omega.reference.context import Context
from omega.reference.portfolio import Portfolio, total
from omega.reference.results import PlainTables
from omega.reference.run import RunReport, execute, tables_of, traded_of
from omega.reference.tracks import Higher, Track, World
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals

if TYPE_CHECKING:
    from omega._core import Bar
    from omega.run.job import Job

_STEPS_BETWEEN_TICKS = 1024


def run_python(job: Job, parts: Parts) -> tuple[PlainTables | None, RunReport]:
    """Run an engine by the reference backend."""
    if parts.is_native and isinstance(job.strategy, (Signals, Native)):
        return execute(job)  # they see no slices
    began = time.perf_counter()
    traded = traded_of(job)
    world = Watched([one.tracks(alone=len(traded) == 1) for one in traded], job.settings["align"])
    foreign = parts.portfolio if parts.has_foreign_portfolio else None
    context = Context(world, job.settings)
    if foreign is not None:
        context.portfolio = Forwarding(foreign, context)
        context.simulator.portfolio = context.portfolio
    shared = cast("Any", context)

    def track(timeframe: str | None, symbol: str) -> TrackView:
        return TrackView(world, world.track(symbol, timeframe))

    slices = slices_of(job, parts, shared, track)
    parts.attach(slices)
    with parts.bound(job, shared):
        if isinstance(job.strategy, Strategy):
            context.declare_warmup(job.strategy.warmup)
        if not parts.is_native:
            driver = Driver(world, context, driven(job, parts, slices))
            return None, driver.run(job, parts, began)
        rest = Rest.of(parts.rest(job.stores[0].time_unit), world)
        caller = EngineCaller(context, job, (slices, rest), takes_slices=parts.takes_slices)
        feed = loop.Feed(world, {one.candles.symbol: one.behind() for one in traded})
        steps = loop.plan(world, job.settings)
        feed.require_rates()
        context.portfolio.ledger[0].time = world.time
        signals = loop.run(feed, steps, caller, context.simulator, job.on_progress)
    exits = len(context.portfolio.trades)
    counts = (len(steps), signals, exits)
    return tables_of(context), _report(counts, steps[0], began, caller.seconds)


def _report(
    counts: tuple[int, int, int], start: int, began: float, asked_seconds: float
) -> RunReport:
    return RunReport(
        bars_processed=counts[0],
        signals_generated=counts[1],
        exits_triggered=counts[2],
        total_time_ms=(time.perf_counter() - began) * 1e3,
        callback_time_ms=asked_seconds * 1e3,
        start_index=start,
    )


class Watched(World):
    """A world that counts how often it moved."""

    looks = 0

    def move(self) -> None:
        """Go to the next step."""
        super().move()
        self.looks += 1

    @property
    def now(self) -> int:
        """The time of the step at hand; past the last one that of the last."""
        return self.times[min(max(self.step, 0), len(self.times) - 1)]


class TrackView:
    """The candles of a symbol on one timeframe: the `omega.slices.Track` of this backend."""

    def __init__(self, world: Watched, track: Track) -> None:
        self._world, self._track = world, track
        self._source = views.Source(world, track)

    @property
    def visible(self) -> int:
        """How many bars are complete."""
        return self._track.visible

    @property
    def looks(self) -> int:
        """Grows with each look at a new step."""
        return self._world.looks

    @property
    def now(self) -> int:
        """The time of the step at hand."""
        return self._world.now

    def bar(self, index: int) -> Bar:
        """Give a complete bar."""
        visible, source = self._track.visible, self._source
        if index >= visible:
            if visible == 0:
                source.newest()  # says that there is none
            raise IndexError(
                f"{source.place} {index} of {source.candles.symbol}: expected 0 to {visible - 1}"
            )
        fresh = self._track.fresh and index + 1 == visible
        return cast("Bar", views.Bar(source, index, fresh=fresh))

    def complete_at(self, moment: int) -> int:
        """Tell how many of the complete bars were so at a time."""
        base = self._world.symbols[self._track.candles.symbol].base
        complete = base.complete_at(moment)
        if isinstance(self._track, Higher):
            complete = self._track.complete_at(moment, complete)
        return min(complete, self._track.visible)


class Rest:
    """The times at which a strategy is not asked: cool-downs after what was accepted."""

    def __init__(self, fields: tuple[int, int, int], world: World) -> None:
        self.bars, self.after_entry, self.after_exit = fields
        self.world = world
        self.entries: dict[str, tuple[int, int]] = {}
        self.exits: dict[str, int] = {}
        self.next_trade = 0

    @classmethod
    def of(cls, fields: tuple[int, int, int], world: World) -> Rest | None:
        """None where there is no cool-down."""
        return cls(fields, world) if any(fields) else None

    def holds(self) -> bool:
        """Whether every symbol rests at the step at hand."""
        return all(
            self._rests(symbol, one.base.opened) for symbol, one in self.world.symbols.items()
        )

    def _rests(self, symbol: str, index: int) -> bool:
        now = self.world.time
        if symbol in self.entries:
            at, when = self.entries[symbol]
            if index - at < self.bars or now - when < self.after_entry:
                return True
        return symbol in self.exits and now - self.exits[symbol] < self.after_exit

    def note(self, events: list[rows.Fill | rows.Trade]) -> None:
        """Note what happened on the newest bar."""
        for event in events:
            if isinstance(event, rows.Trade):
                self.exits[event.symbol] = event.exit_time
            elif event.trade_id >= self.next_trade:
                self.next_trade = event.trade_id + 1
                self.entries[event.symbol] = (event.index, event.time)


class EngineCaller(Caller):
    """Asks a strategy as an engine does: with slices, and not while it rests."""

    def __init__(
        self,
        context: Context,
        job: Job,
        seen: tuple[MultiSymbolSlice, Rest | None],
        *,
        takes_slices: bool,
    ) -> None:
        strategy: Any = job.strategy
        slices, self.rest = seen
        if takes_slices:
            decide = strategy

            def strategy(bar: views.Bar) -> object:
                return decide(bar.index, slices)

        super().__init__(context, strategy, job.manager, job.when)
        self.slices = slices

    def evaluate(self) -> list[Action]:
        """Tell of fills and exits, then ask for actions, unless the strategy rests."""
        if self.rest is None:
            return super().evaluate()
        self.rest.note(self.context.simulator.events)
        if not self.rest.holds():
            return super().evaluate()
        with self._noted():
            self._tell()
        return self._taken()

    def manage(self) -> list[Action]:
        """Let the position manager look at each symbol that has a new bar and something open."""
        context = self.context
        for symbol, one in context.world.symbols.items():
            everything = context.positions
            own = [position for position in everything if position.symbol == symbol]
            if self.manager is None or not own or not one.base.fresh:
                continue
            with self._noted():
                slice_ = self.slices[symbol]
                sides = slice_.latest(None, "bid"), slice_.latest(None, "ask")
                self._take(self.manager(own, slice_, *sides, everything), apart=False)
        return self._taken()


class Forwarding(Portfolio):
    """Omega's books beside a portfolio of the user's own, whose cash is the account's balance."""

    def __init__(self, foreign: Any, context: Context) -> None:  # noqa: ANN401 - a component
        self.foreign, self.context = foreign, context
        self._own = 0.0
        super().__init__(float(foreign.cash), 0)

    @property
    def balance(self) -> float:
        """What sizes and margins are measured by."""
        return float(self.foreign.cash)

    @balance.setter
    def balance(self, value: float) -> None:
        self._own = value

    def book(self, time: int, kind: str, trade_id: int, amount: float) -> None:
        """Change Omega's own balance; tell of a night."""
        self._own += amount
        self.ledger.append(rows.LedgerLine(time, kind, trade_id, amount, self._own))
        if kind == "swap":
            held = self.context.simulator.positions
            position = next(one for one in held if one.trade_id == trade_id)
            self._call("register_fee", -amount, time, "swap", self._shown(position))

    def book_entry(self, position: rows.Position, fill: rows.Fill) -> None:
        """Book the fee of an entry, and tell of both."""
        super().book_entry(position, fill)
        shown = self._shown(position)
        self._call("register_entry", shown)
        self._fee(fill, "entry", shown)

    def book_exit(
        self, position: rows.Position, fill: rows.Fill, reason: str, share: float, rate: float
    ) -> rows.Trade:
        """Book an exit, and tell of it and its fee."""
        trade = super().book_exit(position, fill, reason, share, rate)
        shown = views.Trade(trade, self.context.sources[trade.symbol])
        self._call("register_exit", shown)
        self._fee(fill, "exit", shown)
        return trade

    def write_row(self, time: int, positions: Sequence[rows.Position]) -> None:
        """Write Omega's own row, and tell that the bar is over."""
        self._write(time, positions)
        if positions and hasattr(self.foreign, "mark"):
            self._call("mark", [self._shown(position) for position in positions])
        self._call("update", time)

    def rewrite_last_row(self) -> None:
        """Write the last row again, and let the other portfolio do so."""
        last = self.equity.pop().time
        self._write(last, [])
        if hasattr(self.foreign, "rewrite_last_row"):
            self._call("rewrite_last_row")
        else:
            self._call("update", last)

    def _write(self, time: int, positions: Sequence[rows.Position]) -> None:
        equity = self._own + total(position.open_profit for position in positions)
        self.equity.append(rows.EquityRow(time, self._own, equity, len(positions)))

    def _fee(self, fill: rows.Fill, kind: str, shown: object) -> None:
        if fill.fee != 0.0:
            self._call("register_fee", fill.fee, fill.time, kind, shown)

    def _shown(self, position: rows.Position) -> views.Position:
        return views.Position(position, self.context.sources[position.symbol])

    def _call(self, method: str, *arguments: object) -> None:
        with noted(self.context, "portfolio"):
            getattr(self.foreign, method)(*arguments)


@contextlib.contextmanager
def noted(context: Context, who: str) -> Iterator[None]:
    """Let an exception pass as it was raised, with the newest bar as a note."""
    try:
        yield
    except BaseException as error:
        bar = context.sources[context.symbols[0]].newest()
        error.add_note(f"raised by the {who} on bar {bar.index} ({bar.time}) of {bar.symbol}")
        raise


class Driver:
    """The loop over an executor of the user's own."""

    def __init__(self, world: Watched, context: Context, called: Mapping[str, Any]) -> None:
        self.world, self.context, self.called = world, context, called
        self.executor, self.portfolio = called["executor"], called["portfolio"]
        self.rest = Rest.of(called["rest"], world)
        self.signals = self.exits = 0
        self.seconds = 0.0

    def run(self, job: Job, parts: Parts, began: float) -> RunReport:
        """Walk the steps."""
        world, on_progress = self.world, job.on_progress
        steps = loop.plan(world, job.settings)
        if parts.steps is not None:
            first, past = parts.steps
            first = max(steps.start, first)
            steps = range(first, max(min(steps.stop, past), first))
            while steps and world.step < steps.start:
                world.move()
        reported = 0
        for done, _ in enumerate(steps, 1):
            with noted(self.context, "engine"):
                self._step()
            if done % _STEPS_BETWEEN_TICKS == 0:
                reported = loop.report(on_progress, done, reported, len(steps))
        if steps and job.settings["close_at_end"]:
            with noted(self.context, "engine"):
                self._close_at_end(world.times[steps.stop - 1])
        loop.report(on_progress, len(steps), reported, len(steps))
        counts = (len(steps), self.signals, self.exits)
        return _report(counts, steps.start, began, self.seconds)

    def _step(self) -> None:
        """One step: strategy, signals, exits, position manager, portfolio."""
        world, at = self.world, self.world.time
        present = {symbol: one.base.at_hand for symbol, one in world.symbols.items()}
        if self.rest is None or not self.rest.holds():
            for signal in self._asked():
                self._process(signal, at)
        is_active = bool(self.executor.active_positions)
        for symbol, index in present.items():
            if is_active and index is not None and self._is_active(symbol):
                exits = self._show(self.executor.evaluate_exits, symbol, index)
                if exits and self.rest is not None:
                    self.rest.exits[symbol] = at
        world.move()
        if is_active and self.called["manager"] is not None:
            self._manage()
        self.portfolio.update(at)

    def _asked(self) -> list[Action]:
        began = time.perf_counter()
        source = self.context.sources[self.context.symbols[0]]
        bar = source.newest()
        if self.called["takes_slices"]:
            returned = self.called["decide"](bar.index, self.called["slices"])
        else:
            returned = self.called["decide"](bar)
        self.seconds += time.perf_counter() - began
        return self._taken(returned)

    def _taken(self, returned: object) -> list[Action]:
        queue = self.context.queue
        several = isinstance(returned, (list, tuple))
        items = list(cast("list[Any]", returned)) if several else [returned]
        taken: list[Any] = [*queue, *(items if several or returned is not None else [])]
        queue.clear()
        for item in taken:
            if not isinstance(item, (Signal, Close, Cancel, Modify)):
                raise CallbackFailed(
                    f"the strategy returned {item!r}, expected None, a Signal, Close, Cancel or "
                    "Modify, or a list of these"
                )
        return taken

    def _process(self, signal: Action, at: int) -> None:
        """Hand a signal to the executor; an entry counts when it was accepted."""
        self.signals += 1
        before = len(self.executor.active_positions) if self.rest is not None else 0
        answer = self.executor.process_signal(signal)
        if self.rest is None or not isinstance(signal, Signal):
            return
        accepted = bool(answer)
        if answer is None:
            accepted = len(self.executor.active_positions) > before
        if accepted:
            symbol = signal.symbol or self.context.symbols[0]
            self.rest.entries[symbol] = (self.world.symbols[symbol].base.opened, at)

    def _is_active(self, symbol: str) -> bool:
        """Whether something active belongs to a symbol, as far as it says so."""
        first = self.context.symbols[0]
        return len(self.context.symbols) == 1 or any(
            (getattr(one, "symbol", symbol) or first) == symbol
            for one in self.executor.active_positions
        )

    def _show(self, method: Any, symbol: str, index: int) -> int:  # noqa: ANN401 - of the executor
        """Show the executor a bar; give how many exits there were."""
        bar = views.Bar(self.context.sources[symbol], index, fresh=True)
        before = len(self.executor.active_positions)
        answer = method(bar.bid, bar.ask)
        if answer is None:
            exits = max(before - len(self.executor.active_positions), 0)
        else:
            exits = len(answer) if hasattr(answer, "__len__") else int(answer)
        self.exits += exits
        return exits

    def _manage(self) -> None:
        """Let the position manager look at each symbol that has a new bar and something open."""
        for symbol, one in self.world.symbols.items():
            if not one.base.fresh or one.base.visible == 0:
                continue
            own = self.portfolio.get_open_positions(symbol)
            if own:
                bar = self.context.sources[symbol].newest()
                slice_ = self.called["slices"][symbol]
                active = self.executor.active_positions
                returned = self.called["manager"](own, slice_, bar.bid, bar.ask, active)
                for action in self._taken(returned):
                    self.executor.process_signal(action)

    def _close_at_end(self, last: int) -> None:
        """Let an executor that can do so close what is open at the last close (L4)."""
        close = getattr(self.executor, "close_at_end", None)
        if close is None or not self.executor.active_positions:
            return
        for symbol, one in self.world.symbols.items():
            if one.base.visible > 0 and self._is_active(symbol):
                self._show(close, symbol, one.base.visible - 1)
        if hasattr(self.portfolio, "rewrite_last_row"):
            self.portfolio.rewrite_last_row()
        else:
            self.portfolio.update(last)

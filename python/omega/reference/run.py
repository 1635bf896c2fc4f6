"""A run by the reference backend: a strategy in, result tables out.

What goes in: columns, a strategy and the settings that the native backend would get. What comes
out: the same tables, to the last bit.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from omega.errors import CallbackFailed, ConfigError
from omega.reference import indicators, loop, rows, views
from omega.reference.columns import Columns
from omega.reference.portfolio import Portfolio
from omega.reference.results import SCHEMAS, PlainTables
from omega.reference.simulator import Simulator
from omega.signals import Action, Cancel, Close, Modify, Signal
from omega.strategy import Strategy

if TYPE_CHECKING:
    import polars as pl

    from omega.backtest import Job

Callback = Callable[..., Any]
Named = str | views.Indicator


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run counted and how long it took."""

    bars_processed: int
    signals_generated: int
    exits_triggered: int
    total_time_ms: float
    callback_time_ms: float
    start_index: int


def execute(job: Job) -> tuple[PlainTables, RunReport]:
    """Run a job of `omega.run_backtest`, whose data are native stores."""
    rate, finer = job.behind.rate, job.behind.magnifier
    if isinstance(rate, float):
        rates = loop.Rates(rate)
    else:
        rates = loop.Rates(pair=Columns.from_store(rate.store), inverse=rate.inverse)
    return run(
        Columns.from_store(job.store),
        job.strategy,
        job.settings,
        manager=job.manager,
        rates=rates,
        magnifier=None if finer is None else Columns.from_store(finer),
        on_progress=job.on_progress,
    )


def run(
    candles: Columns,
    strategy: Strategy | Callback,
    settings: Mapping[str, Any],
    *,
    manager: Any = None,  # noqa: ANN401 - an object with manage_positions(...)
    rates: loop.Rates | None = None,
    magnifier: Columns | None = None,
    on_progress: loop.Progress | None = None,
) -> tuple[PlainTables, RunReport]:
    """Run a strategy over candles by the rules, one after the other.

    Args:
        candles: The columns of one symbol.
        strategy: A `Strategy`, or a function `on_bar(bar)`.
        settings: As `omega.run_backtest` hands them to a backend.
        manager: A position manager of the user's own.
        rates: Account currency per unit of quote currency; 1 by default.
        magnifier: Finer candles of the same symbol.
        on_progress: Called with bars done and bars in all, about a hundred times.

    Raises:
        WarmupIndexNotFound: No bar is left after start and warm-up.
        CallbackFailed: A callback returned what is no action.
        OmegaError: An order was refused and the run is strict.
    """
    began = time.perf_counter()
    rates = rates or loop.Rates()
    context = Context(candles, settings)
    with _bound(strategy, manager, context):
        caller = Caller(context, strategy, manager)
        bars = loop.plan(candles, settings, context.warmup)
        rates.require(int(candles.time[bars[0] - 1]))
        context.portfolio.ledger[0].time = int(candles.time[bars[0]])
        finer = None if magnifier is None else loop.Magnifier(magnifier, candles)
        feed = loop.Feed(candles, bars, rates, finer)
        signals = loop.run(feed, caller, context.simulator, on_progress)
    report = RunReport(
        bars_processed=len(bars),
        signals_generated=signals,
        exits_triggered=len(context.portfolio.trades),
        total_time_ms=(time.perf_counter() - began) * 1e3,
        callback_time_ms=caller.seconds * 1e3,
        start_index=bars[0],
    )
    return _tables(context), report


@contextlib.contextmanager
def _bound(
    strategy: Strategy | Callback,
    manager: Any,  # noqa: ANN401 - as run
    context: Context,
) -> Iterator[None]:
    """Tie a strategy to its run while it runs, and let it declare its indicators."""
    attach = getattr(manager, "attach_portfolio", None)
    if attach is not None:
        attach(context)
    if not isinstance(strategy, Strategy):
        yield
        return
    strategy._run = cast("Any", context)  # noqa: SLF001 - the base class and the run are one
    try:
        strategy.init()
        context.declare_warmup(strategy.warmup)
        yield
    finally:
        strategy._run = None  # noqa: SLF001 - as above


def _tables(context: Context) -> PlainTables:
    simulator, portfolio = context.simulator, context.portfolio
    candles = context.source.candles
    trades = sorted(portfolio.trades, key=lambda trade: trade.trade_id)
    tables: dict[str, Sequence[object]] = {
        "trades": trades,
        "intervals": trades,
        "orders": simulator.orders,
        "fills": simulator.fills,
        "equity": portfolio.equity,
        "ledger": portfolio.ledger,
        "positions": simulator.positions,
    }
    columns = {
        table: {name: [getattr(row, name) for row in tables[table]] for name in schema}
        for table, schema in SCHEMAS.items()
    }
    return PlainTables(
        columns,
        symbols=[candles.symbol],
        contract_sizes=[simulator.instrument["contract_size"]],
        unit=candles.unit,
        timezone=candles.timezone,
    )


class Context:
    """What a strategy may declare and ask: the `RunContext` of this backend."""

    def __init__(self, candles: Columns, settings: Mapping[str, Any]) -> None:
        self.source = views.Source(candles)
        self.clock = views.Clock()
        self.portfolio = Portfolio(settings["cash"], 0)
        self.simulator = Simulator(settings, candles.symbol, candles.unit, self.portfolio)
        self.queue: list[Action] = []
        self.taken: list[Action] = []
        self.warmup = 0

    def next_order_id(self) -> int:
        """Give the number that the next queued action will take."""
        return self.simulator.next_order + len(self.taken) + len(self.queue)

    @property
    def balance(self) -> float:
        """Cash after all booked profits and costs."""
        return self.portfolio.balance

    @property
    def equity(self) -> float:
        """Balance plus open profit at the newest bar's close."""
        return self.portfolio.marked_equity

    @property
    def positions(self) -> list[views.Position]:
        """All open positions, oldest first."""
        newest = max(self.clock.visible - 1, 0)
        return [views.Position(row, self.source, newest) for row in self.simulator.positions]

    @property
    def position(self) -> views.Position | None:
        """The oldest open position, or None."""
        return next(iter(self.positions), None)

    @property
    def pending(self) -> list[views.PendingOrder]:
        """Orders that wait, oldest first."""
        return [views.PendingOrder(row, self.source) for row in self.simulator.pending]

    def declare_warmup(self, bars: int) -> None:
        """Ask for so many complete bars before the first decision (L2)."""
        self.warmup = max(self.warmup, bars)

    def indicator(
        self,
        name: str,
        parameters: list[float],
        source: Named | tuple[Named, Named],
        *,
        labels: list[str],
        timeframe: str | None,
        symbol: str | None,
    ) -> list[views.Indicator]:
        """Compute an indicator over columns or other indicators; one view for each label."""
        for parameter, given in (("timeframe", timeframe), ("symbol", symbol)):
            if given is not None:
                raise ConfigError(
                    f"{parameter}: given {given}, expected None. "
                    "Indicators read the candles of the run itself"
                )
        entry = indicators.ENTRIES[name]
        named = iter(source if isinstance(source, tuple) else (source,))
        columns = tuple(
            self._values(next(named))
            if need in ("source", "second")
            else self._values(need if need == "volume" else f"{source}_{need}")
            for need in entry.needs
        )
        outputs = indicators.compute(name, parameters, indicators.Columns(columns, self._days()))
        self.declare_warmup(entry.warmup(parameters))
        return [self._indicator(*pair) for pair in zip(labels, outputs, strict=True)]

    def _days(self) -> list[int]:
        candles = self.source.candles
        return [int(time) // candles.units_per_day for time in candles.time]

    def _values(self, source: Named) -> Sequence[float]:
        return source.values if isinstance(source, views.Indicator) else self._column(source)

    def expression(self, expression: pl.Expr, name: str) -> views.Indicator:
        """Evaluate a Polars expression over the candles."""
        import polars as pl  # noqa: PLC0415 - slow to import, and few strategies need it

        frame = self.source.candles.frame()
        column = frame.select(expression.cast(pl.Float64).alias(name)).to_series()
        if len(column) != len(frame):
            raise ConfigError(
                f"column: given {len(column)} values, expected {len(frame)}, one for each bar. "
                "An expression must give one number for each bar"
            )
        return self._indicator(name, column.fill_null(float("nan")).to_list())

    def _indicator(self, name: str, values: list[float]) -> views.Indicator:
        array = np.array(values)
        known = np.flatnonzero(~np.isnan(array))
        self.declare_warmup(int(known[0]) + 1 if len(known) else len(array))
        return views.Indicator(name, array, self.clock)

    def _column(self, source: str) -> list[float]:
        if source == "volume" and self.source.candles.volume is None:
            raise ConfigError(
                "source: given volume, expected a column of the data. The data has no volume column"
            )
        sided = source.startswith(("bid_", "ask_")) or source == "volume"
        return list(self.source.column(source if sided else f"bid_{source}").tolist())


class Caller:
    """Calls the strategy, once a bar and for each event, and takes what it asks for."""

    def __init__(
        self,
        context: Context,
        strategy: Strategy | Callback,
        manager: Any,  # noqa: ANN401 - as run
    ) -> None:
        self.context = context
        self.manager = None if manager is None else manager.manage_positions
        self.on_fill: Callback | None = None
        self.on_exit: Callback | None = None
        self.seconds = 0.0
        if not isinstance(strategy, Strategy):
            self.on_bar = strategy
            return
        kind = type(strategy)
        self.on_bar = partial(kind.on_bar, strategy)
        if kind.on_fill is not Strategy.on_fill:
            self.on_fill = partial(kind.on_fill, strategy)
        if kind.on_exit is not Strategy.on_exit:
            self.on_exit = partial(kind.on_exit, strategy)

    def evaluate(self, newest: int) -> list[Action]:
        """Tell of fills and exits, then ask for actions (step 1)."""
        with self._on(newest):
            self._tell()
            began = time.perf_counter()
            returned = self.on_bar(views.Bar(self.context.source, newest))
            self.seconds += time.perf_counter() - began
            self._take(returned)
        return self._taken()

    def manage(self, newest: int) -> list[Action]:
        """Let the user's own position manager look at the bar that just closed (step 6)."""
        if self.manager is None:
            return []
        with self._on(newest):
            positions, bar = self.context.positions, views.Bar(self.context.source, newest)
            self._take(self.manager(positions, bar, bar.bid, bar.ask, positions))
        return self._taken()

    def finish(self, newest: int) -> None:
        """Tell of the last events; what is asked for now comes too late."""
        with self._on(newest):
            self._tell()

    @contextlib.contextmanager
    def _on(self, newest: int) -> Iterator[None]:
        """Show a bar; an exception passes as it was raised, with the bar as a note."""
        self.context.clock.visible = newest + 1
        try:
            yield
        except BaseException as error:
            error.add_note(self._note(newest))
            raise

    def _taken(self) -> list[Action]:
        actions, self.context.taken = self.context.taken, []
        return actions

    def _tell(self) -> None:
        context = self.context
        for event in list(context.simulator.events):
            if isinstance(event, rows.Fill) and self.on_fill is not None:
                self._take(self.on_fill(views.Fill(event, context.source)))
            elif isinstance(event, rows.Trade) and self.on_exit is not None:
                self._take(self.on_exit(views.Trade(event, context.source)))

    def _take(self, returned: object) -> None:
        """Take what was queued, then what was returned: nothing, an action or a list of them."""
        context = self.context
        queued = list(context.queue)
        several = isinstance(returned, (list, tuple))
        items = list(cast("Sequence[object]", returned)) if several else [returned]
        for item in queued + (items if several or returned is not None else []):
            context.taken.append(self._checked(item))
        context.queue.clear()

    def _checked(self, item: object) -> Action:
        if not isinstance(item, (Signal, Close, Cancel, Modify)):
            raise CallbackFailed(
                f"the strategy returned {item!r}, expected None, a Signal, Close, Cancel or "
                "Modify, or a list of these"
            )
        symbol = self.context.source.candles.symbol
        given = item.symbol if isinstance(item, (Signal, Close)) else None
        if given is not None and given != symbol:
            raise CallbackFailed(
                f"a signal for symbol '{given}', expected '{symbol}', the only symbol of this run"
            )
        return item

    def _note(self, newest: int) -> str:
        source = self.context.source
        moment = source.datetime(int(source.candles.time[newest]))
        return f"raised by the strategy on bar {newest} ({moment}) of {source.candles.symbol}"

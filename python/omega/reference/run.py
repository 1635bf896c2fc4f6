"""A run by the reference backend: a strategy in, result tables out.

What goes in: columns, a strategy and the settings that the native backend would get. What comes
out: the same tables, to the last bit.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from omega.errors import BackendUnavailable
from omega.reference import loop
from omega.reference.caller import Callback, Caller
from omega.reference.columns import Columns
from omega.reference.context import Context
from omega.reference.resample import Grid, resample
from omega.reference.results import SCHEMAS, PlainTables
from omega.reference.signals import ColumnReader
from omega.reference.tracks import Alone, Base, Higher, Tracks, World
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals

if TYPE_CHECKING:
    from omega.data.store import CandleStore
    from omega.run.job import Behind, Job


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run counted and how long it took."""

    bars_processed: int
    signals_generated: int
    exits_triggered: int
    total_time_ms: float
    callback_time_ms: float
    start_index: int


@dataclass(frozen=True, slots=True)
class Traded:
    """A symbol of a run.

    Attributes:
        candles: Its columns.
        rates: Account currency per unit of its quote currency.
        finer: Finer candles for the magnifier.
        higher: Higher timeframes: where bars begin, or the bars given and how long each lasts.
    """

    candles: Columns
    rates: loop.Rates = field(default_factory=loop.Rates)
    finer: Columns | None = None
    higher: Mapping[str, Grid | tuple[Columns, int]] = field(default_factory=dict)

    def tracks(self, *, alone: bool) -> Tracks:
        """Its candles, and its higher timeframes."""
        base = Alone(self.candles) if alone else Base(self.candles)
        higher = {name: self._higher(name, given) for name, given in self.higher.items()}
        return Tracks(base, higher)

    def _higher(self, name: str, given: Grid | tuple[Columns, int]) -> Higher:
        if isinstance(given, tuple) and isinstance(given[0], Columns):
            candles = replace(given[0], symbol=self.candles.symbol)
            ends = [begin + given[1] for begin in candles.time.tolist()]
            return Higher(candles, name, ends, [0] * len(ends))
        made = resample(self.candles, given)
        return Higher(made.candles, name, made.ends, made.pasts)

    def behind(self) -> loop.Behind:
        """What stands behind its candles."""
        finer = None if self.finer is None else loop.Magnifier(self.finer, self.candles)
        return loop.Behind(self.rates, finer)


def execute(job: Job) -> tuple[PlainTables, RunReport]:
    """Run a job of `omega.run_backtest`, whose data are native stores."""
    traded = traded_of(job)
    strategy = job.strategy
    if isinstance(strategy, Native):
        raise BackendUnavailable(
            f"{strategy!r} is a strategy of the core and has no Python backend; run it with "
            "backend='rust', or run the class of the same name in examples/"
        )
    if isinstance(strategy, Signals):
        strategy = ColumnReader(strategy)
    return run(
        traded,
        strategy,
        job.settings,
        manager=job.manager,
        on_progress=job.on_progress,
        when=job.when,
    )


def traded_of(job: Job) -> list[Traded]:
    """Give the symbols of a job."""
    return [
        _traded(job, store, behind) for store, behind in zip(job.stores, job.behind, strict=True)
    ]


def _traded(job: Job, store: CandleStore, behind: Behind) -> Traded:
    if isinstance(behind.rate, float):
        rates = loop.Rates(behind.rate)
    else:
        rates = loop.Rates(pair=Columns.from_store(behind.rate.store), inverse=behind.rate.inverse)
    higher: dict[str, Grid | tuple[Columns, int]] = {}
    for timeframe in job.timeframes:
        if timeframe.given is not None:
            table = timeframe.given[store.symbols[0]]
            higher[timeframe.name] = Columns.from_store(table), timeframe.length
        elif timeframe.grid is not None:
            higher[timeframe.name] = timeframe.grid
    finer = None if behind.magnifier is None else Columns.from_store(behind.magnifier)
    return Traded(Columns.from_store(store), rates, finer, higher)


def run(
    traded: Sequence[Traded],
    strategy: Strategy | Callback,
    settings: Mapping[str, Any],
    *,
    manager: Any = None,  # noqa: ANN401 - an object with manage_positions(...)
    on_progress: loop.Progress | None = None,
    when: Any = None,  # noqa: ANN401 - anything that holds on bars
) -> tuple[PlainTables, RunReport]:
    """Run a strategy over candles by the rules, one after the other.

    Args:
        traded: The symbols, in order.
        strategy: A `Strategy`, or a function `on_bar(bar)`.
        settings: As `omega.run_backtest` hands them to a backend.
        manager: A position manager of the user's own.
        on_progress: Called with steps done and steps in all, about a hundred times.
        when: A condition on which alone `on_bar` is called.

    Raises:
        WarmupIndexNotFound: No step is left after start and warm-up.
        CallbackFailed: A callback returned what is no action.
        ConfigError: No time is common to all symbols, or a rate is not known by the start.
        OmegaError: An order was refused and the run is strict.
    """
    began = time.perf_counter()
    alone = len(traded) == 1
    world = World([one.tracks(alone=alone) for one in traded], settings["align"])
    context = Context(world, settings)
    with _bound(strategy, manager, context):
        caller = Caller(context, strategy, manager, when)
        feed = loop.Feed(world, {one.candles.symbol: one.behind() for one in traded})
        steps = loop.plan(world, settings)
        feed.require_rates()
        context.portfolio.ledger[0].time = world.time
        signals = loop.run(feed, steps, caller, context.simulator, on_progress)
    report = RunReport(
        bars_processed=len(steps),
        signals_generated=signals,
        exits_triggered=len(context.portfolio.trades),
        total_time_ms=(time.perf_counter() - began) * 1e3,
        callback_time_ms=caller.seconds * 1e3,
        start_index=steps[0],
    )
    return tables_of(context), report


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


def tables_of(context: Context) -> PlainTables:
    """Give the rows of a run as tables."""
    simulator, portfolio = context.simulator, context.portfolio
    candles = context.world.first.candles
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
        symbols=context.symbols,
        contract_sizes=[
            own["instrument"]["contract_size"] for own in simulator.settings["symbols"]
        ],
        unit=candles.unit,
        timezone=candles.timezone,
    )

"""A run over a market: what `omega._core.Run` is, in plain Python."""

from __future__ import annotations

import dataclasses
import operator
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from omega.contract import (
    ArrowLike,
    Callbacks,
    ClockFields,
    Components,
    ForeignComponents,
    ForeignFields,
    Progress,
    ScheduleFields,
    Settings,
    SignalColumns,
    SymbolContext,
    TimeframeFields,
    WeightFields,
)
from omega.errors import ConfigError
from omega.reference import loop
from omega.reference.caller import Caller
from omega.reference.columns import Columns
from omega.reference.context import Context
from omega.reference.conversion import Rates
from omega.reference.disturbed import Disturbed
from omega.reference.executor import State
from omega.reference.natives import Native, named
from omega.reference.own_components import (
    ForeignCaller,
    ForeignExecutor,
    ForeignRows,
    Forwarding,
    with_slices,
)
from omega.reference.portfolio import Portfolio
from omega.reference.resample import Bars, resample
from omega.reference.results import SCHEMAS, PlainTables
from omega.reference.scheduled import Scheduled
from omega.reference.signals import ColumnReader
from omega.reference.simulator import Simulator
from omega.reference.staleness import Staleness
from omega.reference.track_view import TrackView
from omega.reference.unreported_exits import Exits
from omega.reference.visibility import Alone, Base, Clock, Higher, Tracks, World
from omega.reference.weights import TargetReader


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run counted and how long it took."""

    bars_processed: int
    signals_generated: int
    exits_triggered: int
    total_time_ms: float
    callback_time_ms: float
    start_index: int


class Run(Context):
    """One run over a market."""

    def __init__(
        self,
        stores: Sequence[ArrowLike],
        cash: float,
        timeframes: Sequence[TimeframeFields] | None = None,
        align: str = "union",
        clock: ClockFields | None = None,
    ) -> None:
        """Read the candles of each symbol, and make the bars of higher timeframes."""
        self._began = time.perf_counter()
        self._stores: dict[tuple[str, str | None], ArrowLike] = {}
        each = [Columns.from_store(store) for store in stores]
        known = Clock.of(clock, [candles.symbol for candles in each], each[0].unit)
        base = Alone if len(each) == 1 else Base
        tracks = []
        for place, (store, candles) in enumerate(zip(stores, each, strict=True)):
            self._stores[candles.symbol, None] = store
            higher = {one["name"]: self._higher(candles, one, place) for one in timeframes or ()}
            tracks.append(Tracks(base(candles, known), higher))
        super().__init__(World(tracks, align, known), cash)
        self._executor: Simulator | ForeignExecutor | None = None

    def _higher(self, candles: Columns, fields: TimeframeFields, place: int) -> Higher:
        name, grids, store = fields["name"], fields["grids"], fields["given"][place]
        own = None
        if store is not None:
            self._stores[candles.symbol, name] = store
            own = dataclasses.replace(Columns.from_store(store), symbol=candles.symbol)
            if fields["ends"] is not None:
                ends = fields["ends"][place].tolist()
                return Higher(own, name, ends, [0] * len(ends))
        assert grids is not None, "it has a grid or candles"  # noqa: S101 - of the contract
        made = resample(candles, grids[place])
        if own is None:
            self._stores[candles.symbol, name] = Bars(made.candles)
        return Higher(own or made.candles, name, made.ends, made.pasts)

    @property
    def state(self) -> State:
        """What the executor holds."""
        return super().state if self._executor is None else self._executor.state()

    def candles(self, *, timeframe: str | None = None, symbol: str | None = None) -> ArrowLike:
        """Return the candles of a symbol, on its own bars or on a higher timeframe."""
        track = self.world.track(symbol, timeframe)
        return self._stores[track.candles.symbol, timeframe]

    def view(self, *, timeframe: str | None = None, symbol: str | None = None) -> TrackView:
        """Return the bars of a track by their index, as the slices of an engine read them."""
        return TrackView(self.world, self.world.track(symbol, timeframe))

    def native(self, name: str, parameters: Sequence[tuple[str, float]]) -> Native:
        """Make a strategy of the core over the first symbol."""
        return named(self, name, parameters)

    def signals(self, columns: SignalColumns) -> ColumnReader:
        """Make a strategy of signal columns over the first symbol."""
        return ColumnReader(self, columns)

    def weights(self, fields: WeightFields) -> TargetReader:
        """Make a strategy of target weights."""
        return TargetReader(self, fields)

    def foreign(self, fields: ForeignFields) -> NoReturn:
        """Refuse a strategy of another language.

        Raises:
            ConfigError: Always: its structs are made by the core alone.
        """
        raise ConfigError(
            f"strategy: given a foreign function at {fields['on_bar']!r} with the Python backend, "
            "expected a strategy in Python: functions over omega.h run in the core. Use "
            "backend='rust'"
        )

    def execute_native(
        self,
        settings: Settings,
        strategy: ColumnReader | Native | TargetReader,
        contexts: Sequence[SymbolContext],
        on_progress: Progress | None,
    ) -> tuple[PlainTables, RunReport]:
        """Walk the bars with a strategy that calls nobody."""
        self.declare_warmup(strategy.warmup)
        return self._run(settings, strategy, contexts, on_progress), self._report(0.0)

    def execute(
        self,
        settings: Settings,
        callbacks: Callbacks,
        contexts: Sequence[SymbolContext],
        on_progress: Progress | None,
        components: Components | None = None,
    ) -> tuple[PlainTables, RunReport]:
        """Walk the bars; give the tables and the counts.

        Raises:
            WarmupIndexNotFound: No step is left after start and warm-up.
            CallbackFailed: A callback returned what is no action.
            ConfigError: No time is common to all symbols, or a rate is not known by the start.
            OmegaError: An order was refused and the run is strict.
        """
        if components is None:
            caller = Caller(self, callbacks)
            tables = self._run(settings, caller, contexts, on_progress)
            return tables, self._report(caller.seconds)
        slices, decide = components["slices"], callbacks["on_bar"]
        if components["takes_slices"] and decide is not None:
            callbacks = {**callbacks, "on_bar": with_slices(decide, slices)}
        caller = Caller(self, callbacks, slices, components["adapt"])
        if components["portfolio"] is not None:
            self.portfolio = Forwarding(components["portfolio"], self)
        strategy = loop.Cooldown(caller, components["cooldown"], self.world)
        tables = self._run(settings, strategy, contexts, on_progress)
        return tables, self._report(caller.seconds)

    def execute_scheduled(
        self,
        settings: Settings,
        schedule: ScheduleFields,
        contexts: Sequence[SymbolContext],
        on_progress: Progress | None,
    ) -> tuple[PlainTables, RunReport]:
        """Walk the bars with strategies that follow each other."""
        for track, bars in zip(self.world.tracks(), schedule["needs"], strict=False):
            track.declare(bars)
        scheduled = Scheduled(self, schedule)
        disturbed = Disturbed(self, scheduled, schedule["disturbed"])
        tables = self._run(settings, disturbed, contexts, on_progress)
        return tables, self._report(scheduled.seconds)

    def drive(
        self,
        settings: Settings,
        parts: ForeignComponents,
        on_progress: Progress | None,
        steps: tuple[int, int] | None = None,
    ) -> RunReport:
        """Walk the bars with an executor of the user's own; `steps` narrows what is walked."""
        decide = parts["decide"]
        if parts["takes_slices"]:
            decide = with_slices(decide, parts["slices"])
        watch = Exits(parts["portfolio"], self.symbols)
        caller = ForeignCaller(self, parts, decide, watch)
        has_cooldown = any(parts["cooldown"])
        executor = ForeignExecutor(parts["executor"], self, watch, has_cooldown=has_cooldown)
        rows = ForeignRows(parts["portfolio"], self, watch)
        plan = loop.plan(self.world, settings, steps).steps
        feed = loop.Feed(self.world, dict.fromkeys(self.symbols, loop.SymbolContext(Rates())))
        strategy = loop.Cooldown(caller, parts["cooldown"], self.world)
        self._executor = executor
        self._walked = plan
        is_second = settings["semantics"] != "1"
        one = loop.Loop(feed, strategy, executor, rows, on_progress, self.actions, is_second)
        self._signals = one.run(plan, close_at_end=settings["close_at_end"])
        return self._report(caller.seconds, executor.exits + len(watch.take()))

    def _run(
        self,
        settings: Settings,
        strategy: loop.Strategy,
        contexts: Sequence[SymbolContext],
        on_progress: Progress | None,
    ) -> PlainTables:
        unit = self.world.first.candles.unit
        volumes = settings["participation"]
        of_bar = None if volumes is None else "before" if volumes[1] else "same"
        feed = loop.Feed(self.world, self._contexts(contexts), of_bar)
        plan = loop.plan(self.world, settings)
        self._walked, times = plan.steps, self.world.times
        feed.require_rates()
        self.portfolio.ledger[0].time = times[plan.begin]
        self.portfolio.write_flat_rows(times[plan.begin : plan.steps.start])
        executor = Simulator(settings, self.world.clock, unit, self.portfolio)
        after, clock = settings["stale_after"], self.world.clock
        if after is not None and len(self.symbols) > 1 and executor.is_second:
            halts = () if settings["events"] is None else settings["events"]["halts"]
            executor.stale = Staleness.over(after, clock.of_symbols, times, halts)
        self._executor = executor
        one = loop.Loop(
            feed,
            strategy,
            executor,
            self.portfolio,
            on_progress,
            self.actions,
            is_second=executor.is_second,
        )
        self._signals = one.run(self._walked, close_at_end=settings["close_at_end"])
        first = times[plan.steps.start]
        return tables_of(executor, self.portfolio, self.world, first)

    def _contexts(self, contexts: Sequence[SymbolContext]) -> Mapping[str, loop.SymbolContext]:
        found = {}
        for (symbol, one), given in zip(self.world.symbols.items(), contexts, strict=True):
            pair, finer = given["rate_store"], given["magnifier"]
            rates = Rates(
                given["rate"],
                None if pair is None else Columns.from_store(pair),
                inverse=given["rate_inverse"],
            )
            coarse = one.base.candles
            magnifier = None if finer is None else loop.Magnifier(Columns.from_store(finer), coarse)
            found[symbol] = loop.SymbolContext(rates, magnifier)
        return found

    def _report(self, seconds: float, exits: int | None = None) -> RunReport:
        return RunReport(
            bars_processed=len(self._walked),
            signals_generated=self._signals,
            exits_triggered=len(self.portfolio.trades) if exits is None else exits,
            total_time_ms=(time.perf_counter() - self._began) * 1e3,
            callback_time_ms=seconds * 1e3,
            start_index=self._walked.start,
        )


def tables_of(
    simulator: Simulator, portfolio: Portfolio, world: World, first_decision: int
) -> PlainTables:
    """Return the rows of a run as tables."""
    candles, days = world.first.candles, world.clock.days
    trades = sorted(portfolio.trades, key=lambda trade: trade.entry)
    tables: dict[str, Sequence[object]] = {
        "trades": trades,
        "intervals": trades,
        "orders": simulator.orders,
        "fills": simulator.fills,
        "equity": portfolio.equity,
        "ledger": portfolio.ledger,
        "positions": simulator.positions,
        "weights": simulator.weight_rows,
    }
    columns = {
        table: {name: list(map(operator.attrgetter(name), tables[table])) for name in schema}
        for table, schema in SCHEMAS.items()
    }
    return PlainTables(
        columns,
        symbols=tuple(world.symbols),
        contract_sizes=[
            own["instrument"]["contract_size"] for own in simulator.settings["symbols"]
        ],
        unit=candles.unit,
        timezone=candles.timezone,
        noted=portfolio.noted,
        first_decision=first_decision,
        days=None if days.starts is None else (days.first, list(days.starts)),
    )

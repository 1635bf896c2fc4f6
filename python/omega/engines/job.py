"""How an engine runs its job: the same steps for both backends, with its components tied in."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from omega.config.limits import Limits
from omega.contract import (
    Callback,
    Component,
    Components,
    Cooldowns,
    ForeignComponents,
    ResultTables,
    RunReport,
)
from omega.engines.native import ExecutionSimulator, Portfolio
from omega.engines.slices import MultiSymbolSlice, SymbolDataSlice
from omega.errors import ConfigError
from omega.run.context import Context
from omega.run.empty_run import dates_in_message
from omega.run.execute import bound, declare_warmup, execute_bound, execute_native, market_of
from omega.run.job import Job
from omega.run.settings import cooldowns
from omega.run.unchanged_files import unchanged
from omega.strategy.base import Strategy
from omega.strategy.context import RunContext
from omega.strategy.foreign import Foreign
from omega.strategy.native import Native
from omega.strategy.order_entry import OrderEntry
from omega.strategy.schedule import Schedule
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights

Attach = Callable[[MultiSymbolSlice], None]


@dataclasses.dataclass(frozen=True)
class Parts:
    """The components of an engine.

    Attributes:
        executor: Turns signals into positions.
        portfolio: Keeps the money.
        takes_slices: Whether the strategy is called with an index and slices.
        adapt: Makes actions of what such a strategy returned.
        timeframe: What the strategy calls the bars that it runs on.
        attach: Shows the engine its slices.
        steps: First step and one past the last, where not all are walked.
    """

    executor: Component
    portfolio: Component
    takes_slices: bool
    adapt: Callback | None
    timeframe: str | None
    attach: Attach
    steps: tuple[int, int] | None = None

    @property
    def is_native(self) -> bool:
        """Whether Omega's own executor runs."""
        return isinstance(self.executor, ExecutionSimulator)

    @property
    def has_foreign_portfolio(self) -> bool:
        """Whether Omega's own executor books with a portfolio of the user's own."""
        return self.is_native and type(self.portfolio) is not Portfolio

    def cooldowns(self, unit: str) -> Cooldowns:
        """Return the cool-downs of the strategy."""
        limits = getattr(self.executor, "limits", None)
        return cooldowns(limits, unit) if isinstance(limits, Limits) else (0, 0, 0)

    @contextlib.contextmanager
    def bound(self, job: Job, context: RunContext) -> Iterator[RunContext]:
        """Tie strategy, manager and components to a run while it runs; return it as they see it."""
        own: list[Any] = []
        if self.is_native:
            own = [self.executor] if self.has_foreign_portfolio else [self.executor, self.portfolio]
        else:
            context = cast("RunContext", ForeignContext(context, self.executor, self.portfolio))
        for one in own:
            one.attach(context)
        # The manager gets the portfolio itself, which knows the run.
        attach = getattr(job.manager, "attach_portfolio", None)
        if attach is not None:
            attach(self.portfolio)
        try:
            with bound(cast("Strategy", job.strategy), None, context):
                yield context
        finally:
            for one in own:
                one.detach(list(context.positions) if one is self.executor else None)


class ForeignContext:
    """A run whose state is kept by components of the user's own."""

    def __init__(self, context: RunContext, executor: Component, portfolio: Component) -> None:
        self._context, self._executor, self._portfolio = context, executor, portfolio
        # Its orders are objects, which the executor reads.
        self.orders, self.account = OrderEntry(cast("RunContext", self)), None
        self.takes_targets = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._context, name)

    @property
    def balance(self) -> float:
        """The portfolio's cash."""
        return float(self._portfolio.cash)

    @property
    def equity(self) -> float:
        """The portfolio's equity."""
        return float(self._portfolio.equity)

    @property
    def positions(self) -> list[Any]:
        """What the executor has active."""
        return list(self._executor.active_positions)

    @property
    def position(self) -> object:
        """The first of them, as the executor has it."""
        return next(iter(self.positions), None)


def run_job(job: Job, parts: Parts, backend: str) -> tuple[ResultTables | None, RunReport]:
    """Run an engine; there are tables where Omega's own executor ran."""
    context = Context(market_of(job, backend), job)
    with unchanged(job), dates_in_message(job, context.run), context.active():
        return _run_in(job, parts, context)


def _run_in(job: Job, parts: Parts, context: Context) -> tuple[ResultTables | None, RunReport]:
    if parts.is_native and isinstance(job.strategy, (Signals, Native, Foreign, Weights)):
        return execute_native(job, context)  # they see no slices
    slices = _slices(job, parts, context)
    parts.attach(slices)
    with parts.bound(job, context) as seen:
        if parts.is_native:
            return execute_bound(job, context, seen, _components(job, parts, slices))
        declare_warmup(job, context)
        foreign = _foreign(job, parts, slices)
        return None, context.run.drive(job.settings, foreign, job.on_progress, parts.steps)


def _slices(job: Job, parts: Parts, context: Context) -> MultiSymbolSlice:
    """Return the slices of all symbols over the tracks of a run."""
    names: list[str | None] = [None, *(timeframe.name for timeframe in job.timeframes)]
    slices = MultiSymbolSlice()
    for store in job.stores:
        symbol = store.symbols[0]
        tracks = {name: context.run.view(timeframe=name, symbol=symbol) for name in names}
        if parts.timeframe is not None:
            tracks[parts.timeframe] = tracks[None]
        slices[symbol] = SymbolDataSlice(symbol, tracks, context, store.time_unit)
    return slices


def _components(job: Job, parts: Parts, slices: MultiSymbolSlice) -> Components:
    return {
        "slices": slices,
        "takes_slices": parts.takes_slices,
        "adapt": parts.adapt,
        "cooldown": parts.cooldowns(job.stores[0].time_unit),
        "portfolio": parts.portfolio if parts.has_foreign_portfolio else None,
    }


def _foreign(job: Job, parts: Parts, slices: MultiSymbolSlice) -> ForeignComponents:
    """Return what the loop over an executor of the user's own calls."""
    strategy, manager = job.strategy, job.manager
    if isinstance(strategy, (Signals, Native, Foreign, Schedule, Weights)):
        raise ConfigError(
            f"strategy: {type(strategy).__name__} runs with Omega's own executor alone; write a "
            "Strategy, or an object with evaluate(index, slice_map)"
        )
    return {
        "decide": strategy.on_bar if isinstance(strategy, Strategy) else strategy,
        "takes_slices": parts.takes_slices,
        "adapt": parts.adapt,
        "slices": slices,
        "executor": parts.executor,
        "portfolio": parts.portfolio,
        "manager": None if manager is None else manager.manage_positions,
        "cooldown": parts.cooldowns(job.stores[0].time_unit),
    }


def require(component: object, what: str, names: Sequence[str]) -> None:
    """Refuse a component that lacks a part of its protocol.

    Raises:
        ConfigError: It does; what is missing is named.
    """
    missing = [name for name in names if not hasattr(component, name)]
    if missing:
        raise ConfigError(
            f"{what}: given {component!r}, which has no {', '.join(missing)}; expected what "
            f"omega.protocols.{what.capitalize()} states"
        )

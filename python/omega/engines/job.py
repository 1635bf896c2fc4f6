"""What an engine hands to a backend, and how the native one runs it.

What goes in: a `Job` and its components. What comes out: result tables, where Omega's own executor
ran, and the counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from omega.config.execution import Execution
from omega.config.times import PER_SECOND
from omega.engines.native import ExecutionSimulator, Portfolio
from omega.engines.slices import MultiSymbolSlice, SymbolDataSlice
from omega.errors import ConfigError
from omega.run.backtest import _Context, _run_rust, bound, callbacks_of
from omega.run.job import Job
from omega.run.native import native_behind, native_run
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals

if TYPE_CHECKING:
    from omega._core import Run
    from omega.engines.slices import Track
    from omega.strategy.context import RunContext

Attach = Callable[[MultiSymbolSlice], None]


@dataclasses.dataclass(frozen=True)
class Parts:
    """The components of an engine.

    Attributes:
        executor: Turns signals into positions.
        portfolio: Keeps the money.
        takes_slices: Whether the strategy is asked with an index and slices.
        timeframe: What the strategy calls the bars that it runs on.
        attach: Shows the engine its slices.
        steps: First step and one past the last, where not all are walked.
    """

    executor: Any
    portfolio: Any
    takes_slices: bool
    timeframe: str | None
    attach: Attach
    steps: tuple[int, int] | None = None

    @property
    def is_native(self) -> bool:
        """Whether Omega's own executor runs."""
        return isinstance(self.executor, ExecutionSimulator)

    @property
    def has_foreign_portfolio(self) -> bool:
        """Whether Omega's own executor has to tell a portfolio of the user's own."""
        return self.is_native and type(self.portfolio) is not Portfolio

    def rest(self, unit: str) -> tuple[int, int, int]:
        """Give the cool-downs: bars, then time after an entry and after an exit."""
        execution = getattr(self.executor, "execution", None)
        if not isinstance(execution, Execution):
            return 0, 0, 0
        minute = 60 * PER_SECOND[unit]
        return (
            execution.cooldown_bars,
            round(execution.cooldown_minutes * minute),
            round(execution.cooldown_after_exit_minutes * minute),
        )

    @contextlib.contextmanager
    def bound(self, job: Job, context: RunContext) -> Iterator[None]:
        """Tie strategy, manager and components to a run while it runs."""
        own: list[Any] = []
        if self.is_native:
            own = [self.executor] if self.has_foreign_portfolio else [self.executor, self.portfolio]
        else:
            outside = Outside(context, self.executor, self.portfolio)
            context = cast("RunContext", outside)
        for one in own:
            one.attach(context)
        # The manager gets the portfolio itself, which knows the run.
        attach = getattr(job.manager, "attach_portfolio", None)
        if attach is not None:
            attach(self.portfolio)
        try:
            with bound(cast("Any", job.strategy), None, context):
                yield
        finally:
            for one in own:
                one.detach(list(context.positions) if one is self.executor else None)


class Outside:
    """A run whose state is kept by components of the user's own."""

    def __init__(
        self,
        context: RunContext,
        executor: Any,  # noqa: ANN401 - an `Executor`
        portfolio: Any,  # noqa: ANN401 - a `Portfolio`
    ) -> None:
        self._context, self._executor, self._portfolio = context, executor, portfolio

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the run has
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
    def position(self) -> Any:  # noqa: ANN401 - as the executor has it
        """The first of them."""
        return next(iter(self.positions), None)


def slices_of(
    job: Job, parts: Parts, context: RunContext, track: Callable[[str | None, str], Track]
) -> MultiSymbolSlice:
    """Give the slices of all symbols over the tracks of a run."""
    names: list[str | None] = [None, *(timeframe.name for timeframe in job.timeframes)]
    slices = MultiSymbolSlice()
    for store in job.stores:
        symbol = store.symbols[0]
        tracks = {name: track(name, symbol) for name in names}
        if parts.timeframe is not None:
            tracks[parts.timeframe] = tracks[None]
        slices[symbol] = SymbolDataSlice(symbol, tracks, context, store.time_unit)
    return slices


def run_rust(job: Job, parts: Parts) -> tuple[Any, Any]:
    """Run an engine by the native backend."""
    if parts.is_native and isinstance(job.strategy, (Signals, Native)):
        return _run_rust(job)  # they see no slices
    run = native_run(job)
    context = _Context(run, job)

    def track(timeframe: str | None, symbol: str) -> Track:
        return run.view(timeframe=timeframe, symbol=symbol)

    slices = slices_of(job, parts, context, track)
    parts.attach(slices)
    with parts.bound(job, context):
        if isinstance(job.strategy, Strategy):
            run.declare_warmup(job.strategy.warmup)
        if parts.is_native:
            return _execute(job, parts, context, run, slices)
        return None, run.drive(
            job.settings, driven(job, parts, slices), job.on_progress, parts.steps
        )


def _execute(
    job: Job, parts: Parts, context: RunContext, run: Run, slices: MultiSymbolSlice
) -> tuple[Any, Any]:
    components = {
        "slices": slices,
        "takes_slices": parts.takes_slices,
        "rest": parts.rest(job.stores[0].time_unit),
        "portfolio": parts.portfolio if parts.has_foreign_portfolio else None,
    }
    behind = native_behind(job)
    callbacks = callbacks_of(job, context)
    return run.execute(job.settings, callbacks, behind, job.on_progress, components)


def driven(job: Job, parts: Parts, slices: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the loop over an executor of the user's own calls."""
    strategy, manager = job.strategy, job.manager
    if isinstance(strategy, (Signals, Native)):
        raise ConfigError(
            f"strategy: {type(strategy).__name__} runs with Omega's own executor alone; write a "
            "Strategy, or an object with evaluate(index, slice_map)"
        )
    return {
        "decide": strategy.on_bar if isinstance(strategy, Strategy) else strategy,
        "takes_slices": parts.takes_slices,
        "slices": slices,
        "executor": parts.executor,
        "portfolio": parts.portfolio,
        "manager": None if manager is None else manager.manage_positions,
        "rest": parts.rest(job.stores[0].time_unit),
    }


def require(component: object, what: str, names: Sequence[str]) -> None:
    """Refuse a component that lacks a part of its protocol.

    Raises:
        ConfigError: It does; what is missing is named.
    """
    missing = [name for name in names if not _has(component, name)]
    if missing:
        raise ConfigError(
            f"{what}: given {component!r}, which has no {', '.join(missing)}; expected what "
            f"omega.protocols.{what.capitalize()} says"
        )


def _has(component: object, name: str) -> bool:
    return hasattr(component, name)

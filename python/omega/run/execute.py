"""A job, run by a backend: the same steps for both, whatever drives the run."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from omega.contract import (
    Callback,
    Callbacks,
    Components,
    ResultTables,
    RunReport,
    TimeframeFields,
)
from omega.data.store import CandleStore
from omega.data.timeframes import TimeframeJob
from omega.errors import ConfigError, StrategyFailed
from omega.run.backend import run_of
from omega.run.compiled import compiled_strategy, is_compiled, not_in_python, tell_of_members
from omega.run.context import Context
from omega.run.copying import copied
from omega.run.declared import declared_of
from omega.run.empty_run import dates_in_message
from omega.run.foreign import foreign_strategy
from omega.run.job import Job, OnBar, Ran
from omega.run.portfolios import due_steps, weight_fields
from omega.run.settings import PositionManager
from omega.run.unchanged_files import unchanged
from omega.strategy.base import Strategy
from omega.strategy.called_weights import CalledWeights
from omega.strategy.conditions import AnyCondition, condition_of, triggers_of
from omega.strategy.context import RunContext
from omega.strategy.ensemble import warmup_of
from omega.strategy.foreign import Foreign
from omega.strategy.native import Native
from omega.strategy.operands import declaring
from omega.strategy.requests import heard
from omega.strategy.run_binding import EndedRun, tie, tied
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights

if TYPE_CHECKING:
    from omega._core import ForeignStrategy, NativeStrategy, Run

Outcome = tuple[ResultTables, RunReport]


def execute(job: Job, backend: str) -> Outcome:
    """Run a job."""
    with unchanged(job):
        if not is_compiled(job):
            return _executed(job, Context(market_of(job, backend), job))
        spare, _ = copied(job.strategy, None)  # as it is before init()
        try:
            return _executed(job, Context(market_of(job, backend), job))
        except StrategyFailed as failed:
            if job.ran.form != "compiled":
                raise
            code, bar = failed.code, failed.bar
        # Python raises what ended it, with its own words, on the same bar.
        again = dataclasses.replace(job, strategy=spare, ran=Ran(may_compile=False))
        _executed(again, Context(market_of(again, backend), again))
        raise not_in_python(job, code, bar)


def _executed(job: Job, context: Context) -> Outcome:
    with dates_in_message(job, context.run), context.active():
        if isinstance(job.strategy, (Signals, Native, Foreign, Weights)):
            return execute_native(job, context)
        single = cast("Strategy | OnBar", job.strategy)  # `execute_any` runs schedules
        with bound(single, job.manager, context):
            outcome = _execute_callbacks(job, context)
            if isinstance(job.strategy, Strategy) or job.ran.conditions:
                job.ran.declared = declared_of(job, context)
    if isinstance(job.strategy, Strategy):
        tie(job.strategy, EndedRun.of(context))
    return outcome


def _execute_callbacks(job: Job, context: Context) -> Outcome:
    """Run a job whose strategy is bound: compiled where it is to be, else in Python."""
    if not is_compiled(job):
        tell_of_members(job)
        return execute_bound(job, context, context)
    declare_warmup(job, context)
    compiled = compiled_strategy(job, callbacks_of(job, context), context)
    if compiled is None:
        return execute_bound(job, context, context)
    try:
        return context.run.execute_native(
            job.settings, compiled.native, job.contexts, job.on_progress
        )
    finally:
        compiled.context.write_back()


def execute_native(job: Job, context: Context) -> Outcome:
    """Run a job whose strategy never calls Python."""
    job.ran.form = "core"
    strategy = native_strategy(job, context)
    return context.run.execute_native(job.settings, strategy, job.contexts, job.on_progress)


def execute_bound(
    job: Job, context: Context, seen: RunContext, components: Components | None = None
) -> Outcome:
    """Run a job whose strategy is bound to its run, which it sees as `seen`."""
    declare_warmup(job, context)
    callbacks = heard(callbacks_of(job, seen), seen)
    return context.run.execute(job.settings, callbacks, job.contexts, job.on_progress, components)


def declare_warmup(job: Job, context: Context) -> None:
    """Request the bars that a strategy needs besides its indicators' own."""
    if isinstance(job.strategy, Strategy):
        context.run.declare_warmup(warmup_of(job.strategy))


def market_of(job: Job, backend: str) -> Run:
    """Put the market of a job together for a backend."""
    timeframes = [_timeframe_fields(timeframe, job.stores) for timeframe in job.timeframes]
    stores = [store.native for store in job.stores]
    cash, align = job.settings["cash"], job.settings["align"]
    return run_of(backend)(stores, cash, timeframes, align, job.clock)


def _timeframe_fields(timeframe: TimeframeJob, stores: Sequence[CandleStore]) -> TimeframeFields:
    tables = timeframe.given or {}
    given = [tables.get(store.symbols[0]) for store in stores]
    return {
        "name": timeframe.name,
        "grids": timeframe.grids,
        "given": [None if table is None else table.native for table in given],
        "ends": timeframe.ends,
    }


def native_strategy(job: Job, context: Context) -> NativeStrategy | ForeignStrategy:
    """Make a strategy of the backend for the candles of a run.

    Raises:
        ConfigError: The run has several symbols, or a position manager of the user's own.
    """
    require_native(job)
    if isinstance(job.strategy, Foreign):
        return foreign_strategy(job.strategy, job.when, context)
    if isinstance(job.strategy, Native):
        return context.run.native(job.strategy.name, list(job.strategy.parameters))
    if isinstance(job.strategy, Weights):
        return context.run.weights(weight_fields(job.strategy, job))
    columns = cast("Signals", job.strategy).columns(context)
    context.require_own_bars(columns)
    return context.run.signals(columns)


def require_native(job: Job) -> None:
    """Refuse a job that a strategy without callbacks cannot run.

    Raises:
        ConfigError: The run has a position manager of the user's own, or several symbols for a
            built-in strategy.
    """
    name = type(job.strategy).__name__
    if job.manager is not None:
        raise ConfigError(
            f"strategy: {name} takes built-in managers alone; write a Strategy for one of your own"
        )
    if len(job.stores) > 1 and isinstance(job.strategy, Native):
        raise ConfigError(
            f"strategy: {name} trades one symbol, and this run has {len(job.stores)}; write a "
            "Strategy or Signals for more"
        )


@contextlib.contextmanager
def bound(
    strategy: Strategy | OnBar, manager: PositionManager | None, context: RunContext
) -> Iterator[None]:
    """Tie a strategy to its run while it runs, and let it declare its indicators."""
    attach = getattr(manager, "attach_portfolio", None)
    if attach is not None:
        attach(context)
    if not isinstance(strategy, Strategy):
        yield
        return
    with tied(strategy, context):
        with declaring(context):
            strategy.init()
        yield


def callbacks_of(
    job: Job, context: RunContext, triggers: Mapping[str, AnyCondition] | None = None
) -> Callbacks:
    """Return the functions that the loop calls; those of a class unbound, with their instance.

    Args:
        job: The job.
        context: Where its conditions are found.
        triggers: The methods of its class that have a condition, where that is known.
    """
    strategy, manager = job.strategy, job.manager
    manage = None if manager is None else manager.manage_positions
    if not isinstance(strategy, Strategy):
        function = cast("Callback", strategy)
        callbacks: Callbacks = {
            "on_bar": function,
            "triggers": [],
            "on_fill": None,
            "on_exit": None,
            "instance": None,
            "manage": manage,
        }
        if job.when is None:
            return callbacks
        with tied(Strategy(), context) as declarer, declaring(context):
            condition = condition_of(job.when, declarer)
            mask = condition.mask(context)
        job.ran.conditions = {"on_bar": condition}
        return {**callbacks, "on_bar": None, "triggers": [(function, mask)]}
    kind = type(strategy)
    conditions = dict(triggers_of(kind) if triggers is None else triggers)
    if job.when is not None:
        conditions["on_bar"] = job.when
    found, masks = {}, {}
    if conditions:
        with declaring(context):
            found = {name: condition_of(given, strategy) for name, given in conditions.items()}
            masks = {name: one.mask(context) for name, one in found.items()}
    if isinstance(strategy, CalledWeights):
        due = due_steps(strategy.weights, job)
        masks |= {} if due is None else {"on_bar": context.due(due)}
    job.ran.conditions = found
    alone = masks and (kind.on_bar is Strategy.on_bar or "on_bar" in masks)
    return {
        "on_bar": None if alone else kind.on_bar,
        "triggers": [(getattr(kind, name), mask) for name, mask in masks.items()],
        "on_fill": None if kind.on_fill is Strategy.on_fill else kind.on_fill,
        "on_exit": None if kind.on_exit is Strategy.on_exit else kind.on_exit,
        "instance": strategy,
        "manage": manage,
    }

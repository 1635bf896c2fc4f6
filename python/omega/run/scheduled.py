"""Runs a schedule: each strategy is created when its stage begins."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, cast

from omega.contract import AnyForm, Callbacks
from omega.errors import StrategyFailed
from omega.run.compiled import CompiledStrategy, compiled_strategy, is_compiled, not_in_python
from omega.run.context import Context
from omega.run.copying import copied
from omega.run.empty_run import dates_in_message
from omega.run.execute import (
    Outcome,
    callbacks_of,
    declare_warmup,
    execute,
    market_of,
    native_strategy,
)
from omega.run.foreign import foreign_strategy
from omega.run.job import Job, Ran
from omega.run.unchanged_files import unchanged
from omega.strategy.base import Strategy
from omega.strategy.called_weights import CalledWeights
from omega.strategy.declared import declared_by
from omega.strategy.foreign import Foreign
from omega.strategy.native import Native
from omega.strategy.operands import declaring
from omega.strategy.requests import heard
from omega.strategy.run_binding import EndedRun, tie
from omega.strategy.schedule import Schedule, unlike
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights

if TYPE_CHECKING:
    from omega._core import Run

CACHE_BYTES = 1 << 30
"""Memory of indicators; beyond it those of strategies whose stage is over are let go."""


def execute_any(job: Job, backend: str) -> Outcome:
    """Run a job, of a schedule or of a single strategy."""
    if not isinstance(job.strategy, Schedule):
        return execute(job, backend)
    spare, _ = copied(job.strategy, None)  # as it is before any init()
    with unchanged(job):
        try:
            return _executed(job, job.strategy, backend)
        except StrategyFailed as failed:
            if job.ran.form != "compiled":
                raise
            code, bar = failed.code, failed.bar
        # Python raises what ended it, with its own words, on the same bar.
        again = dataclasses.replace(job, strategy=spare, ran=Ran(may_compile=False))
        _executed(again, spare, backend)
        raise not_in_python(dataclasses.replace(job, strategy=job.strategy.first), code, bar)


def _executed(job: Job, schedule: Schedule, backend: str) -> Outcome:
    run = market_of(job, backend)
    context = Context(run if backend == "python" else run.bounded(CACHE_BYTES), job)
    attach = getattr(job.manager, "attach_portfolio", None)
    if attach is not None:
        attach(context)
    with dates_in_message(job, context.run), context.active(), contextlib.ExitStack() as at_end:
        kind = _kind_of(job, schedule, context)
        if kind != "python" and job.ran.form != "compiled":
            job.ran.form = "core"
        stages = _Stages(job, schedule, context, kind)
        at_end.callback(stages.end)
        return context.run.execute_scheduled(
            job.settings,
            {
                "stages": [(stage.begin, stage.border) for stage in schedule.stages],
                "make": stages.make,
                "kind": kind,
                "needs": list(schedule.needs),
                "disturbed": schedule.disturbed,
            },
            job.contexts,
            job.on_progress,
        )


@dataclasses.dataclass
class _Stages:
    """Makes the strategy of each stage when it begins, and ends the one before."""

    job: Job
    schedule: Schedule
    context: Context
    kind: str
    own: Strategy | None = None
    compiled: CompiledStrategy | None = None

    def make(self, place: int) -> object:
        """Make the strategy of a stage, as the backend takes it."""
        before = self.own
        self.end()
        self.context.columns.clear()
        own = self.schedule.stages[place].strategy
        is_kept = self.schedule.stages[place].border == "keep"
        if is_kept and isinstance(own, CalledWeights) and isinstance(before, CalledWeights):
            own.go_on_from(before)
        if own is None:
            return _only_managing(self.job) if self.kind == "python" else None
        job = dataclasses.replace(self.job, strategy=own)
        is_class = isinstance(own, Strategy)
        if _form(own) != ("python" if is_class and self.kind == "foreign" else self.kind):
            raise unlike(self.schedule.first, own)
        if _form(own) != "python":
            return native_strategy(job, self.context)
        if is_class:
            self.own = own
            declared(job, self.context)
            self.job.ran.stages[place] = declared_by(own, self.context, {})
        made = heard(callbacks_of(job, self.context), self.context)
        return made if self.kind == "python" else self._in_machine_code(job, made)

    def _in_machine_code(self, job: Job, callbacks: Callbacks) -> object:
        self.compiled = compiled_strategy(job, callbacks, self.context)
        if self.compiled is None:
            raise unlike(self.schedule.first, job.strategy)
        return self.compiled.native

    def end(self) -> None:
        """End the strategy in force, which goes on showing the run as it is now."""
        compiled, self.compiled = self.compiled, None
        if compiled is not None:
            compiled.context.write_back()
        own, self.own = self.own, None
        if own is not None:
            tie(own, EndedRun.of(self.context))


def declared(job: Job, context: Context) -> None:
    """Tie the class of a job to a run, and let it declare its indicators."""
    own = cast("Strategy", job.strategy)
    tie(own, context)
    with declaring(context):
        own.init()
    declare_warmup(job, context)


def needs_of(strategy: AnyForm, job: Job, run: Run) -> list[int]:
    """Return the complete bars that a strategy needs of each track of a run of its own."""
    own, _ = copied(strategy, None)
    job = dataclasses.replace(job, strategy=own)
    context = Context(run, job)
    with context.active():
        if isinstance(own, Native):
            run.declare_warmup(run.native(own.name, list(own.parameters)).warmup)
        elif isinstance(own, Signals):
            run.declare_warmup(own.columns(context).warmup or 0)
        elif isinstance(own, Foreign):
            foreign_strategy(own, job.when, context)
        elif not isinstance(own, Weights):  # these need none
            if isinstance(own, Strategy):
                declared(job, context)
            callbacks_of(job, context)
    return run.warmup(job.settings["semantics"])


def _form(strategy: object) -> str:
    """Return how a strategy runs, where it is no class that is compiled."""
    if isinstance(strategy, (Signals, Native, Weights)):
        return "core"
    return "foreign" if isinstance(strategy, Foreign) else "python"


def _kind_of(job: Job, schedule: Schedule, context: Context) -> str:
    """Return how all strategies of a schedule run, by the first of them."""
    first = schedule.first
    own = dataclasses.replace(job, strategy=first)
    is_reference = type(context.run).__module__.startswith("omega.reference")
    if is_reference or not is_compiled(own):
        return "core" if first is None else _form(first)
    tried, _ = copied(first, None)
    trial = dataclasses.replace(own, strategy=tried)
    beside = Context(context.run.again(job.settings["cash"]), trial)
    with beside.active():
        declared(trial, beside)
        made = compiled_strategy(trial, callbacks_of(trial, beside), beside)
    return "python" if made is None else "foreign"


def _only_managing(job: Job) -> Callbacks:
    """Return the callbacks of a stage without a strategy: the manager is the account's."""
    return {
        "on_bar": None,
        "triggers": [],
        "on_fill": None,
        "on_exit": None,
        "instance": None,
        "manage": None if job.manager is None else job.manager.manage_positions,
    }

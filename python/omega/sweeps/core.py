"""Runs that never call Python: on threads of the core, over one store and one cache of indicators.

The interpreter is released while a batch runs; batches are short enough that Ctrl-C is quick.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from omega.contract import Settings, SymbolContext
from omega.errors import ConfigError, StrategyFailed
from omega.results.limits import with_limits
from omega.run.context import Context
from omega.run.execute import market_of, require_native
from omega.run.impact import declare_impact
from omega.run.job import Job
from omega.run.prepare import Arguments, prepare
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals
from omega.sweeps.markets import side_by_side, small_markets
from omega.sweeps.spec import METRICS, TIMES, Parameters, Row, SweepSpec, TrialRunner, described
from omega.sweeps.without_python import (
    Form,
    NotCompiled,
    entrant_of,
    form_of,
    is_without_python,
)

if TYPE_CHECKING:
    from omega._core import Outcome, Run

SECONDS = 0.25
"""How long a batch should take."""

Numbered = tuple[int, Parameters]
Entrant = tuple[int, list[int], object]
"""The place of a run's settings, the bars that it needs, and its strategy as the core takes it."""

_OF_MARKET = (
    "data",
    "symbol",
    "timeframes",
    "align",
    "validate",
    "cast",
    "calendar",
    "semantics",
)
"""Settings that the candles of a run, and what all runs over them share, are made by."""


def is_of_core(strategy: object) -> bool:
    """Return whether a strategy never calls Python."""
    return isinstance(strategy, (Signals, Native)) or is_without_python(strategy)


@dataclasses.dataclass(frozen=True)
class _Known:
    """What runs of the same settings share: their place, a job, and the bars that they need."""

    place: int
    job: Job
    needs: list[int]


@dataclasses.dataclass
class _Shared:
    """A batch while it is put together.

    Attributes:
        settings: By their key what is known of the settings so far.
        fields: The settings as the core takes them, by place.
        prepared: Of each run what the core takes, or why there is none.
        run: The market.
    """

    settings: dict[object, _Known] = dataclasses.field(default_factory=dict)
    fields: list[tuple[Settings, Sequence[SymbolContext]]] = dataclasses.field(default_factory=list)
    prepared: list[Entrant | BaseException] = dataclasses.field(default_factory=list)
    run: Run | None = None


class Core:
    """Makes runs of strategies of the core."""

    def __init__(self, spec: SweepSpec, workers: int, cache_bytes: int) -> None:
        self.spec, self.workers, self.cache_bytes = spec, workers, cache_bytes
        self.runner = TrialRunner(spec)
        self._market: tuple[object, Run] | None = None
        self._rows_a_second = 4.0 * workers / SECONDS
        self._others: list[Core] = []
        self._forms: dict[type, Form] = {}

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come in the order of the trials."""
        place = 0
        while place < len(trials):
            size = max(self.workers, int(self._rows_a_second * SECONDS))
            began = time.perf_counter()  # how large the next batch is changes no row
            ended = 0
            for row in self._some(trials[place : place + size + 1], size):
                place += 1
                ended += row.error is None
                yield row
            took = max(time.perf_counter() - began, 1e-6)
            # What cannot be put together takes no time, and no measure of what can.
            if ended:
                self._rows_a_second = max(ended / took, 1.0)

    def _some(self, trials: Sequence[Numbered], size: int) -> Iterator[Row]:
        """Make the first runs, at most so many: of one market, or of several small ones."""
        few = small_markets(trials, self._market_of, size, self.workers)
        if len(few) > 1:
            return side_by_side(few, self._of_one_thread(len(few)), Core._batch)
        return iter(self._batch(self._same_market(trials[:size])))

    def _of_one_thread(self, markets: int) -> Sequence[Core]:
        """Return as many cores of one thread as are needed, each with candles of its own."""
        wanted = min(markets, self.workers)
        share = self.cache_bytes // self.workers
        self._others += [Core(self.spec, 1, share) for _ in range(wanted - len(self._others))]
        return self._others[:wanted]

    def _market_of(self, trial: Numbered) -> object:
        return self._key(trial[1])

    def _same_market(self, trials: Sequence[Numbered]) -> Sequence[Numbered]:
        """Return the first of some trials that share candles, timeframes and their alignment."""
        first = self._key(trials[0][1])
        for place, (_, parameters) in enumerate(trials):
            if self._key(parameters) != first:
                return trials[:place]
        return trials

    def _key(self, parameters: Parameters) -> object:
        # Few sweeps vary any of them, and each run is asked.
        return tuple((name, str(parameters[name])) for name in _OF_MARKET if name in parameters)

    def _batch(self, trials: Sequence[Numbered]) -> list[Row]:
        """Make runs over one market; what cannot be put together is a row with its error."""
        spec, shared = self.spec, _Shared()
        waiting = self._prepared(trials, shared)
        first = next(waiting, None)  # it makes the market that the batch is run over
        rows: list[Row] = []
        # Of a list that grows: an outcome comes after its run was put together.
        places = zip(trials, shared.prepared, strict=False)

        def take(outcome: Outcome | None) -> None:
            for trial, one in places:
                rows.append(self._row_of(*trial, one, outcome))
                if outcome is not None and not isinstance(one, BaseException):
                    return

        if first is not None and shared.run is not None:
            self._require_unchanged()
            wanted = (spec.fingerprint, bool(spec.tables), spec.daily)
            many = (len(trials), self.workers)
            shared.run.sweep(shared.fields, chain([first], waiting), many, wanted, take)
            self._require_unchanged()
        take(None)  # those left could not be put together
        return rows

    def _prepared(self, trials: Sequence[Numbered], shared: _Shared) -> Iterator[Entrant]:
        """Put runs together, one after the other: those before run meanwhile."""
        for _, parameters in trials:
            try:
                one = self._trial(parameters, shared)
            except Exception as error:  # noqa: BLE001 - a run that fails is a row
                shared.prepared.append(error)
            else:
                shared.prepared.append(one)
                yield one

    def _trial(self, parameters: Parameters, shared: _Shared) -> Entrant:
        """Put a run together."""
        strategy, key = self.spec.strategy_of(parameters), self._settings_key(parameters)
        found, job = shared.settings.get(key), None
        if found is None or isinstance(strategy, Signals):
            job = self._job(strategy, parameters)
            shared.run = self._run(job, parameters)
        if found is None and job is not None and shared.run is not None:
            needs = shared.run.warmup(job.settings["semantics"])
            found = shared.settings[key] = _Known(len(shared.fields), job, needs)
            shared.fields.append((job.settings, job.contexts))
        known = cast("_Known", found)
        run = shared.run
        if self._form(strategy).is_without_python:
            job = known.job
            run = self._run(job, parameters)  # with indicators and a warm-up of its own
        return known.place, *self._entrant(strategy, job, run, known.needs)

    def _row_of(
        self, number: int, parameters: Parameters, prepared: object, outcome: Outcome | None
    ) -> Row:
        """Return the row of a run that was prepared, and that was made where it could be."""
        if isinstance(prepared, NotCompiled):
            return self.runner.run(number, parameters)
        if isinstance(prepared, BaseException) or outcome is None:
            return Row(number, parameters, {}, error=described(cast("BaseException", prepared)))
        if isinstance(outcome.error, StrategyFailed):
            # Python raises what ended it, as in a single run.
            return self.runner.run(number, parameters)
        return _row(number, parameters, outcome, self.spec)

    def _require_unchanged(self) -> None:
        """Refuse the rows of a batch in which a mapped file has changed."""
        for file in self.runner.mapped:
            file.require_unchanged()

    def _settings_key(self, parameters: Parameters) -> object:
        return tuple(
            (name, str(given)) for name, given in parameters.items() if self.spec.is_setting(name)
        )

    def _job(self, strategy: object, parameters: Parameters) -> Job:
        settings = self.spec.settings_of(parameters)
        when = settings.pop("when")
        if when is not None and not self._form(strategy).is_without_python:
            raise ConfigError("when: strategies of the core have no callback to call")
        for name in ("symbol", "validate", "cast"):  # of the store
            del settings[name]
        store = self.runner.store(parameters)
        job = prepare(store, strategy, Arguments(**settings), when=when)
        if not isinstance(strategy, Strategy):
            require_native(job)
        return job

    def _form(self, strategy: object) -> Form:
        """Look at the class of a strategy, once."""
        kind = type(strategy)
        if kind not in self._forms:
            self._forms[kind] = form_of(strategy)
        return self._forms[kind]

    def _run(self, job: Job, parameters: Parameters) -> Run:
        """Return a run over the market of a job, with the candles and indicators of the last."""
        key = self._key(parameters)
        if self._market is None or self._market[0] != key:
            self._market = (key, market_of(job, "rust").bounded(self.cache_bytes))
        run = self._market[1].again(job.settings["cash"])
        declare_impact(run, job.settings, [store.symbols[0] for store in job.stores])
        return run

    def _entrant(
        self,
        strategy: object,
        job: Job | None,
        run: Run | None,
        needs: list[int],
    ) -> tuple[list[int], object]:
        """Return the warm-up and the strategy as the core takes them.

        `needs` are the bars that the settings need, whatever the strategy.
        """
        if isinstance(strategy, Native):
            return needs, (strategy.name, list(strategy.parameters))
        if job is not None and run is not None and self._form(strategy).is_without_python:
            return entrant_of(
                strategy,
                job,
                run,
                self._form(strategy),
                is_own=isinstance(self.spec.strategy, type),
            )
        if not isinstance(strategy, Signals) or job is None or run is None:
            raise ConfigError(
                f"strategy: given {strategy!r} for one run and a strategy of the core for others, "
                "expected the same form for all runs of a sweep"
            )
        context = Context(run, job)
        with context.active():
            columns = strategy.columns(context)
        run.declare_warmup(columns.warmup or 0)
        return run.warmup(job.settings["semantics"]), run.signals(columns)


def _row(number: int, parameters: Parameters, outcome: Outcome, spec: SweepSpec) -> Row:
    if outcome.error is not None:
        return Row(number, parameters, {}, error=described(outcome.error))
    measured = outcome.metrics  # made anew by each look at it
    metrics = dict(zip(METRICS, measured[len(TIMES) :], strict=True))
    if None in metrics.values():
        metrics = with_limits(metrics)
    tables: dict[str, Any] = {}
    if outcome.tables is not None:
        tables = {name: pl.DataFrame(getattr(outcome.tables, name)()) for name in spec.tables}
    first = measured[TIMES.index("first_decision")]
    return Row(
        number,
        parameters,
        metrics,
        fingerprint=outcome.fingerprint,
        tables=tables,
        moments=outcome.moments,
        daily=outcome.daily,
        first=None if first is None else int(first),
    )

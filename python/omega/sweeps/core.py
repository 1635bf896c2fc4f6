"""Runs that never call Python: on threads of the core, over one store and one cache of indicators.

What goes in: parameters. What comes out: rows. The interpreter is released while a batch runs;
batches are as long as a person waits without noticing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from omega.errors import ConfigError
from omega.run import backtest
from omega.run.job import Job
from omega.run.native import native_behind, native_run
from omega.run.settings import Settings
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals
from omega.sweeps.spec import METRICS, Kitchen, Parameters, Recipe, Row, in_words

if TYPE_CHECKING:
    from omega._core import Outcome, Run

SECONDS = 0.25
"""How long a batch should take."""

Numbered = tuple[int, Parameters]


def is_of_core(strategy: object) -> bool:
    """Tell whether a strategy never calls Python."""
    return isinstance(strategy, (Signals, Native))


class Core:
    """Makes runs of strategies of the core."""

    def __init__(self, recipe: Recipe, workers: int) -> None:
        self.recipe, self.workers = recipe, workers
        self.kitchen = Kitchen(recipe)
        self._market: tuple[object, Run] | None = None
        self._rows_a_second = 4.0 * workers / SECONDS

    def rows(self, trials: Sequence[Numbered]) -> Iterator[Row]:
        """Make runs; rows come in the order of the trials."""
        place = 0
        while place < len(trials):
            size = max(self.workers, int(self._rows_a_second * SECONDS))
            batch = self._same_market(trials[place : place + size])
            began = time.perf_counter()  # how large the next batch is changes no row
            yield from self._batch(batch)
            took = max(time.perf_counter() - began, 1e-6)
            self._rows_a_second = max(len(batch) / took, 1.0)
            place += len(batch)

    def _same_market(self, trials: Sequence[Numbered]) -> Sequence[Numbered]:
        """Give the first of some trials that share candles, timeframes and their alignment."""
        first = self._key(trials[0][1])
        for place, (_, parameters) in enumerate(trials):
            if self._key(parameters) != first:
                return trials[:place]
        return trials

    def _key(self, parameters: Parameters) -> object:
        names = ("data", "symbol", "timeframes", "align", "validate")
        return tuple(str(parameters.get(name)) for name in names)

    def _batch(self, trials: Sequence[Numbered]) -> list[Row]:
        """Make runs over one market; what cannot be put together is a row with its error."""
        prepared: list[tuple[object, ...] | BaseException] = []
        settings: dict[object, int] = {}
        fields: list[tuple[Settings, list[dict[str, object]]]] = []
        run: Run | None = None
        for _, parameters in trials:
            try:
                strategy, key = self.recipe.made(parameters), self._settings_key(parameters)
                job = None
                if key not in settings or isinstance(strategy, Signals):
                    job = self._job(strategy, parameters)
                    run = self._run(job, parameters)
                if key not in settings and job is not None:
                    settings[key] = len(fields)
                    fields.append((job.settings, native_behind(job)))
                prepared.append((settings[key], *self._entrant(strategy, job, run)))
            except Exception as error:  # noqa: BLE001 - a run that fails is a row
                prepared.append(error)
        ready = [one for one in prepared if isinstance(one, tuple)]
        recipe, kept = self.recipe, bool(self.recipe.tables)
        made: Iterator[Outcome] = iter(())
        if run is not None and ready:
            made = iter(run.sweep(fields, ready, self.workers, recipe.fingerprint, kept))
        return [
            Row(number, parameters, {}, error=in_words(one))
            if isinstance(one, BaseException)
            else _row(number, parameters, next(made), recipe)
            for (number, parameters), one in zip(trials, prepared, strict=True)
        ]

    def _settings_key(self, parameters: Parameters) -> object:
        return tuple(
            (name, str(given)) for name, given in parameters.items() if self.recipe.is_setting(name)
        )

    def _job(self, strategy: object, parameters: Parameters) -> Job:
        words = self.recipe.words(parameters)
        if words["when"] is not None:
            raise ConfigError("when: strategies of the core have no callback to call")
        job, _ = backtest.prepare(self.kitchen.store(parameters), strategy, words)
        if len(job.stores) > 1 or job.manager is not None:
            raise ConfigError(
                f"strategy: {type(strategy).__name__} trades one symbol and takes built-in "
                "managers alone; write a Strategy for more"
            )
        return job

    def _run(self, job: Job, parameters: Parameters) -> Run:
        """Give a run over the market of a job; candles and indicators are those of the last one."""
        key = self._key(parameters)
        if self._market is None or self._market[0] != key:
            self._market = (key, native_run(job))
        return self._market[1].again(job.settings["cash"])

    def _entrant(
        self,
        strategy: object,
        job: Job | None,
        run: Run | None,
    ) -> tuple[list[int], object]:
        """Give the warm-up and the strategy as the core takes them."""
        if isinstance(strategy, Native):
            return [], (strategy.name, list(strategy.parameters))
        if not isinstance(strategy, Signals) or job is None or run is None:
            raise ConfigError(
                f"strategy: given {strategy!r} for one run and a strategy of the core for others, "
                "expected the same form for all runs of a sweep"
            )
        told = strategy.told(backtest._Context(run, job))  # noqa: SLF001 - the same engine
        made = run.signals(told)
        return list(run.warmup), made


def _row(number: int, parameters: Parameters, outcome: Outcome, recipe: Recipe) -> Row:
    if outcome.error is not None:
        return Row(number, parameters, {}, error=in_words(outcome.error))
    values = dict(zip(_NAMES, outcome.metrics, strict=True))
    tables: dict[str, Any] = {}
    if outcome.tables is not None:
        import polars as pl  # noqa: PLC0415 - only where tables are kept

        tables = {name: pl.DataFrame(getattr(outcome.tables, name)()) for name in recipe.tables}
    metrics = {name: values[name] for name in METRICS}
    return Row(number, parameters, metrics, fingerprint=outcome.fingerprint, tables=tables)


_NAMES = ("start", "end", *METRICS)

"""The runs of a robustness test: in this process, in others, or on a cluster; the same rows."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import Any

from omega.cluster.content import Content, Fetched, contents_of, located
from omega.cluster.driver import Driver, Order
from omega.cluster.protocol import Cluster
from omega.contract import AnyForm
from omega.data.cache import caching
from omega.data.store import CandleStore
from omega.forward.parameter_sets import FIELDS
from omega.forward.timeline import Timeline
from omega.results.limits import with_limits
from omega.run.backtest import run_backtest
from omega.run.candles import store_of_run
from omega.run.execute import market_of
from omega.run.job import Job
from omega.run.prepare import Arguments, prepare, strategy_of
from omega.run.scheduled import needs_of
from omega.strategy.schedule import Schedule, Stage
from omega.stressing.noise import with_noise
from omega.stressing.variations import Base, Skipped, Trial, Wishes, trials_of
from omega.sweeps.mapped import Mapped
from omega.sweeps.pools import Pool
from omega.sweeps.processes import Processes
from omega.sweeps.recipe import Result, by_value, lost, mark_of, packed, unpacked
from omega.sweeps.spec import METRICS, SETTINGS, Row, described

Numbered = tuple[int, Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Variations:
    """All that the runs of a robustness test are made of, wherever it is unpacked.

    Attributes:
        data: The candles: a store, or files of one.
        strategy: What is varied: a class or a function of parameters where they were given.
        own: The strategy of the base run.
        point: The parameters around which others move.
        settings: Those of all runs.
        common: The same with seed and backend.
        wishes: How much is done.
        begun: The time of the first row of the base run.
    """

    data: Any
    strategy: AnyForm
    own: AnyForm
    point: Mapping[str, Any]
    settings: Mapping[str, Any]
    common: Mapping[str, Any]
    wishes: Wishes
    begun: int

    @cached_property
    def _made(self) -> tuple[list[Trial], Skipped]:
        store, given = self.store, {**SETTINGS, **self.settings}
        timeline = Timeline.of(store, given["calendar"], given["align"], given["semantics"])
        first = timeline.at(self.begun)
        base = Base(store, self.strategy, self.point, self.settings, timeline, first)
        skipped: Skipped = {}
        trials = [
            dataclasses.replace(one, strategy=self.own) if one.strategy is base.strategy else one
            for one in trials_of(base, self.wishes, skipped)
        ]
        return trials, skipped

    @cached_property
    def store(self) -> CandleStore:
        """The candles."""
        if isinstance(self.data, CandleStore):
            return self.data
        given = {**SETTINGS, **self.settings}
        return store_of_run(self.data, None, given["validate"], given["instruments"], cast=False)

    @property
    def trials(self) -> list[Trial]:
        """All runs but the base run, in order."""
        return self._made[0]

    @property
    def skipped(self) -> Skipped:
        """The variations that cannot apply, and why."""
        return self._made[1]

    def run(self, number: int, parameters: Mapping[str, Any]) -> Row:
        """Make a run; one that fails is a row with its error."""
        trial = self.trials[number]
        settings = {**self.common, **trial.settings}
        store = trial.store if trial.noise is None else with_noise(trial.store, *trial.noise)
        try:
            strategy = trial.strategy
            if trial.disturbed is not None:
                strategy = _disturbed(trial, settings)
                settings["strict"] = False  # what is held back leaves a refused row
            result = run_backtest(store, strategy, **settings)
        except Exception as error:  # noqa: BLE001 - a run that fails is a row, and not the end
            return Row(number, parameters, {}, error=described(error))
        metrics = with_limits(result.metrics)
        found = {name: metrics[name] for name in METRICS}
        return Row(number, parameters, found, fingerprint=result.fingerprint)


def _disturbed(trial: Trial, settings: Mapping[str, Any]) -> Schedule:
    """Return a schedule of the strategy alone, whose orders are disturbed."""
    own = strategy_of(trial.strategy)
    job = job_of(trial.store, own, settings)
    needs = needs_of(own, job, market_of(job, settings["backend"]))
    how = trial.disturbed or (False, False, 0, 0.0)
    return Schedule((Stage(0, own),), tuple(needs), how)


def job_of(store: CandleStore, strategy: AnyForm, settings: Mapping[str, Any]) -> Job:
    """Put a run together."""
    given = {**SETTINGS, **settings}
    arguments = Arguments(**{name: given[name] for name in FIELDS})
    return prepare(store, strategy, arguments, when=given["when"])


class Recipe:
    """The runs as a cluster makes them: over candles that are named by their content."""

    def __init__(self, named: Variations) -> None:
        """Take variations whose candles are names."""
        self._named, self._here = named, None

    _here: Variations | None

    def contents(self, trials: Sequence[Numbered]) -> Iterable[Content]:
        """Yield the candles of some runs, which are those of all of them."""
        del trials
        yield from contents_of(self._named.data)

    def forget(self) -> None:
        """Let go of candles that were read."""
        self._here = None

    def results(self, trials: Sequence[Numbered], files: Fetched, threads: int) -> list[Result]:
        """Make runs, one after the other: each is one of its own settings."""
        del threads
        if self._here is None:
            self._here = _over(self._named, located(self._named.data, files))
        return [packed(self._here.run(*trial)) for trial in trials]


def _over(variations: Variations, data: Any) -> Variations:  # noqa: ANN401 - files of candles
    return dataclasses.replace(variations, data=data)


def rows_of(
    variations: Variations, workers: int | None, executor: Executor | Cluster | None
) -> Iterator[Row]:
    """Make all runs; rows come as they are done."""
    numbers: list[Numbered] = [(number, {}) for number in range(len(variations.trials))]
    if executor is None and (workers or 1) == 1:
        for trial in numbers:
            yield variations.run(*trial)
        return
    with contextlib.ExitStack() as open_things:
        is_cluster = isinstance(executor, Cluster)
        mapped = Mapped(open_things.enter_context(caching()), by_content=is_cluster)
        sent = _over(variations, mapped.of(variations.store))
        if isinstance(executor, Cluster):
            order = Order(
                recipe=by_value(Recipe(sent)),
                files=mapped.files,
                row=unpacked,
                mark=mark_of,
                lost=lost,
                idle=lambda: None,
            )
            driver = Driver(executor, order)
            open_things.callback(driver.close)
            yield from driver.rows(numbers, len(numbers))
        elif executor is not None:
            yield from Pool(sent, executor).rows(numbers)
        else:
            processes = Processes(sent, min(workers or 1, len(numbers)))
            open_things.callback(processes.close)
            yield from processes.rows(numbers)

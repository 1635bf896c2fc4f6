"""First scored bar of each run, where warm-ups differ."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from omega.errors import ConfigError, OmegaError
from omega.notices import Notice
from omega.run.execute import market_of
from omega.run.job import Job
from omega.run.prepare import Arguments, prepare, strategy_of
from omega.run.scheduled import CACHE_BYTES, execute_any, needs_of
from omega.strategy.schedule import Schedule
from omega.sweeps.core import Numbered
from omega.sweeps.samplers import Search
from omega.sweeps.spec import Parameters, Row, SweepSpec, TrialRunner

if TYPE_CHECKING:
    from omega._core import Run

Key: TypeAlias = "tuple[Any, ...]"

Makes = Callable[[SweepSpec, Sequence[Numbered]], Iterator[Row]]
"""A function that makes runs of a spec."""


def spans_field(given: object) -> str:
    """Return which bars the runs of a sweep are scored over.

    Raises:
        ConfigError: It is neither "own" nor "equal".

    Example:
        >>> spans_field("equal")
        'equal'
    """
    if isinstance(given, str) and given in ("own", "equal"):
        return given
    raise ConfigError(
        f"spans: given {given!r}, expected 'own' (each run decides from the end of its own warm-up "
        "on) or 'equal' (all from the end of the longest)"
    )


def named_spans(given: object) -> dict[str, object]:
    """Return the spans as a part of a sweep's identity, which those of the default leave as it was.

    Example:
        >>> named_spans("own"), named_spans("equal")
        ({}, {'spans': 'equal'})
    """
    return {} if spans_field(given) == "own" else {"spans": given}


def with_equal_spans(spec: SweepSpec, begin: Callable[[], Search], make: Makes) -> SweepSpec:
    """Return a spec whose runs over the same candles all start where the last of them could decide.

    What a run needs before it may decide is what its strategy declares. Runs are made to find it
    only where a strategy does not declare it.

    Raises:
        ConfigError: The runs depend on each other, so that they are not known before.
    """
    search = begin()
    if not search.fixed:
        raise ConfigError(
            "spans: 'equal' needs runs that are known from the start, and this search chooses each "
            "by the results before it; give start= with room for the longest warm-up"
        )
    trials: list[Numbered] = []
    while batch := search.ask():
        trials += enumerate(batch, start=len(trials))
    declared, rest = Declared(spec), Spans(spec)
    left = [trial for trial in trials if not declared.note(trial[1])]
    for row in make(dataclasses.replace(spec, fingerprint=False, tables=()), left) if left else ():
        rest.note(row)
    starts = declared.firsts()
    for key, (_, last) in rest.found.items():
        starts[key] = max(last, starts.get(key, last))
    return dataclasses.replace(spec, starts=starts)


class Declared:
    """What runs need of the data before they may decide, by what they have in common."""

    def __init__(self, spec: SweepSpec) -> None:
        """Begin with none."""
        self._spec, self._runner = spec, TrialRunner(spec)
        self._market: tuple[Key, Job, Run] | None = None
        self._needs: dict[Key, tuple[Parameters, list[int]]] = {}

    def note(self, parameters: Parameters) -> bool:
        """Take a run; whether its strategy declares what it needs."""
        key = self._spec.market_key(parameters)
        try:
            strategy = strategy_of(self._spec.strategy_of(parameters))
            job, market = self._of(key, parameters)
            found = needs_of(strategy, job, market)
        except Exception:  # noqa: BLE001 - whatever it is, the run itself raises it
            return False
        first, needs = self._needs.get(key, (parameters, []))
        together = [max(pair) for pair in zip_longest(needs, found, fillvalue=0)]
        self._needs[key] = first, together
        return True

    def firsts(self) -> dict[Key, int]:
        """Return the time of the first step at which all runs may decide, where there is one."""
        found: dict[Key, int] = {}
        for key, (parameters, needs) in self._needs.items():
            job = dataclasses.replace(self._job(parameters), strategy=Schedule((), tuple(needs)))
            with contextlib.suppress(OmegaError):  # so do its runs
                tables, _ = execute_any(job, self._spec.backend)
                first = tables.first_decision
                if first is not None:
                    found[key] = first
        return found

    def _of(self, key: Key, parameters: Parameters) -> tuple[Job, Run]:
        """Return a run for a strategy to declare in, over the candles of the last one if it can."""
        if self._market is None or self._market[0] != key:
            job = self._job(parameters)
            market = market_of(job, self._spec.backend)
            is_core = self._spec.backend == "rust"
            self._market = key, job, market.bounded(CACHE_BYTES) if is_core else market
        _, job, market = self._market
        if self._spec.backend == "rust":
            return job, market.again(job.settings["cash"])
        return job, market_of(job, self._spec.backend)

    def _job(self, parameters: Parameters) -> Job:
        settings = self._spec.settings_of(parameters)
        when = settings.pop("when")
        for name in ("symbol", "validate", "cast"):  # of the store
            del settings[name]
        settings["position_manager"] = None  # it waits for nothing
        store = self._runner.store(parameters)
        return prepare(store, Schedule(()), Arguments(**settings), when=when)


class Spans:
    """The first decisions of runs, by what they have in common: candles and settings.

    Attributes:
        found: The earliest and the latest of them.
    """

    def __init__(self, spec: SweepSpec) -> None:
        """Begin with none."""
        self._spec = spec
        self.found: dict[tuple[Any, ...], tuple[int, int]] = {}

    def note(self, row: Row) -> None:
        """Take a run."""
        if row.first is None:
            return
        key = self._spec.market_key(row.parameters)
        low, high = self.found.get(key, (row.first, row.first))
        self.found[key] = min(low, row.first), max(high, row.first)

    def notices(self) -> tuple[Notice, ...]:
        """Return a notice if runs over the same candles could decide from different bars on."""
        if all(low == high for low, high in self.found.values()):
            return ()
        text = (
            "runs over the same candles could trade from different bars on, each from the end of "
            "its own warm-up; sweep(..., spans='equal') starts all where the longest ends"
        )
        return (Notice("warning", "spans", text),)

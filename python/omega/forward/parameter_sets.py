"""Parameter sets of a walk-forward, and the history that each of them needs."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from omega.config.values import nearest
from omega.contract import AnyForm
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.run.execute import market_of
from omega.run.portfolios import weights_of
from omega.run.prepare import Arguments, prepare, strategy_of
from omega.run.scheduled import CACHE_BYTES, execute_any, needs_of
from omega.strategy.schedule import Schedule, Stage
from omega.strategy.weights import Weights
from omega.sweeps import samplers
from omega.sweeps.constraints import Given, constrained, ruled
from omega.sweeps.labels import labelled
from omega.sweeps.spec import SETTINGS, SweepSpec, own_parameters, require_known

FIELDS = tuple(field.name for field in dataclasses.fields(Arguments))
"""The settings that a run is put together by; the others are of its candles, or of its result."""

_OF_ONE_RUN = ("benchmark", "risk_free")  # rows of a sweep have the core's metrics


@dataclasses.dataclass(frozen=True)
class Sets:
    """All parameter sets, in the order of the grid.

    Attributes:
        labels: The parameters of each, as a table shows them.
        spec: Makes strategies of them.
    """

    labels: Sequence[Mapping[str, Any]]
    spec: SweepSpec

    @classmethod
    def of(  # noqa: PLR0917 - in the order of the call
        cls,
        strategy: AnyForm,
        grid: object,
        settings: Mapping[str, Any],
        seed: int,
        backend: str,
        constraint: Given = None,
    ) -> Sets:
        """Read a grid.

        Raises:
            ConfigError: It varies what one account has once, or depends on results.
        """
        plain, named = labelled(grid)
        search = samplers.begin(plain, seed)
        if not search.fixed:
            raise ConfigError(
                f"grid: given {grid!r}, whose runs depend on results, expected a grid, a list of "
                "runs, or a sampler such as omega.samplers.Random: the largest warm-up of all sets "
                "decides where windows begin"
            )
        runs = _all_of(search)
        names = dict.fromkeys(name for run in runs for name in run)
        require_known(strategy, names)
        _refuse_settings(strategy, list(names))
        spec = SweepSpec(
            None, strategy, settings, named, fingerprint=True, tables=(), backend=backend
        )
        rule = ruled(constraint, spec, list(names))
        return cls(runs if rule is None else _all_of(constrained(plain, seed, rule)), spec)

    @property
    def names(self) -> list[str]:
        """The names of the parameters."""
        return list(dict.fromkeys(name for labels in self.labels for name in labels))

    def values(self, number: int) -> dict[str, Any]:
        """The parameters of a set as its strategy takes them."""
        return {n: self.spec.value(n, one) for n, one in self.labels[number].items()}

    def strategy(self, number: int) -> AnyForm:
        """Make the strategy of a set."""
        return strategy_of(self.spec.strategy_of(self.labels[number]))

    def __len__(self) -> int:
        return len(self.labels)


def require_settings(call: str, given: Iterable[str]) -> None:
    """Refuse what is no setting of the runs that a call makes.

    Raises:
        ConfigError: There is one.
    """
    known = (*SETTINGS, *_OF_ONE_RUN)
    for name in given:
        if name not in known:
            raise ConfigError(
                f"{call}: no argument {name!r}, and run_backtest no such setting that several runs "
                f"can share. {nearest(name, known)}"
            )


def _all_of(search: samplers.Search) -> list[Mapping[str, Any]]:
    return list(itertools.chain.from_iterable(iter(search.ask, [])))


def _refuse_settings(strategy: AnyForm, names: Sequence[str]) -> None:
    own = own_parameters(strategy)
    shared = [name for name in names if name not in own and (name in SETTINGS or name == "data")]
    if shared:
        raise ConfigError(
            f"grid: {shared[0]!r} is a setting of the run, and a walk-forward is one run on one "
            "account; vary parameters of the strategy, and give settings as arguments"
        )
    for name in ("start", "end"):
        if name in names:
            raise ConfigError(
                f"grid: the strategy has a parameter {name!r}, which in a walk-forward is the name "
                "of a window's border; rename it"
            )


@dataclasses.dataclass(frozen=True)
class History:
    """What all sets need before they may decide.

    Attributes:
        first: The first step at which every set is ready.
        needs: Complete bars by track, the largest of all sets.
    """

    first: int
    needs: tuple[int, ...]


def history_of(store: CandleStore, sets: Sets, backend: str) -> History:
    """Find the largest warm-up of all sets; one that fails to begin is left to its runs.

    Raises:
        WarmupIndexNotFound: The data has not so many bars.
        ConfigError: Target weights differ in what is the account's.
    """
    given = {**SETTINGS, **sets.spec.settings, "start": None, "end": None}
    arguments = Arguments(**{name: given[name] for name in FIELDS})
    job = prepare(store, Schedule(()), arguments, when=given["when"])
    market = market_of(job, backend)
    market = market if backend == "python" else market.bounded(CACHE_BYTES)
    needs: list[int] = []
    limits: dict[object, Weights] = {}
    for number in range(len(sets)):
        run = market_of(job, backend) if backend == "python" else market.again(job.settings["cash"])
        try:
            own = sets.strategy(number)
            found = needs_of(own, job, run)
        except Exception:  # noqa: BLE001, S112 - each of its runs has the reason in its row
            continue
        if isinstance(own, Weights):
            limits.setdefault((own.participation, own.carry_over), own)
            weights_of(Schedule([Stage(0, one) for one in limits.values()]))
        needs = [max(pair) for pair in itertools.zip_longest(needs, found, fillvalue=0)]
    empty = dataclasses.replace(job, strategy=Schedule((), tuple(needs)))
    _, report = execute_any(empty, backend)
    return History(report.start_index, tuple(needs))

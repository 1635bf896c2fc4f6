"""Samplers, which choose the runs of a sweep; users find them in `omega.samplers`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random as Numbers
from typing import Any, ClassVar, Protocol

from omega.config.values import Refused, check, plain, value, whole
from omega.errors import ConfigError
from omega.sweeps.space import (
    Between,
    Metrics,
    Parameters,
    Values,
    combination,
    combinations,
    is_skewed,
    size_of,
    space_of,
    value_at,
    value_of,
)

__all__ = [
    "Between",
    "Grid",
    "LatinHypercube",
    "Optuna",
    "Parameters",
    "Random",
    "Sampler",
    "Search",
    "begin",
]


_BATCH = 1024


class Search(Protocol):
    """The runs of one sweep, given out in order.

    Attributes:
        total: How many runs there will be.
        fixed: Whether no run depends on the result of another: all may be requested at once.
        metrics: The metrics that `tell` reads.

    Example:
        >>> search: Search = Grid({"fast": [5, 10]}).begin(seed=0)
        >>> while batch := search.ask():
        ...     search.tell([{"sharpe": 1.0} for parameters in batch])
        >>> search.total, search.fixed
        (2, True)
    """

    total: int
    fixed: bool
    metrics: tuple[str, ...]

    def ask(self) -> list[Parameters]:
        """Return the next batch of runs; an empty list is the end.

        How large a batch is never depends on who works on it, so the runs of a search do not.

        Raises:
            StateSyncError: The search is not fixed and lacks the results of the batch before.
        """

    def tell(self, results: Sequence[Metrics | None]) -> None:
        """Take the metrics of the last batch in its order; None where a run failed.

        Raises:
            ConfigError: A metric that the search needs is not there, or is no number.
        """


class Sampler(Protocol):
    """What `grid` of a sweep takes: anything that can begin a search.

    Example:
        >>> class Twice:
        ...     def begin(self, seed):
        ...         return Grid({"fast": [5, 10]}).begin(seed)
        >>> len(omega.sweep(candles, omega.native("sma_cross", slow=20), Twice()))
        2
    """

    def begin(self, seed: int) -> Search:
        """Begin a search; the same seed begins the same one."""


class Plan:
    """A search whose runs are known from the start.

    Example:
        >>> Plan(1, iter([{"fast": 5}])).ask()
        [{'fast': 5}]
    """

    fixed = True
    metrics: tuple[str, ...] = ()

    def __init__(self, total: int, runs: Iterator[Parameters]) -> None:
        self.total = total
        self._runs = runs

    def ask(self) -> list[Parameters]:
        return list(itertools.islice(self._runs, _BATCH))

    def tell(self, results: Sequence[Metrics | None]) -> None:
        """Nothing depends on results."""


@value
class Grid:
    """All combinations, the last parameter changing first.

    Attributes:
        space: The values of each parameter by its name.

    Example:
        >>> Grid({"fast": [5, 10], "slow": [20, 50]}).begin(seed=0).ask()[:2]
        [{'fast': 5, 'slow': 20}, {'fast': 5, 'slow': 50}]
    """

    space: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Check that all parameters can be counted."""
        check(self, space_of, "space")
        for name, values in self.space.items():
            if size_of(values) is None:
                raise ConfigError(
                    f"Grid.space: {name!r} is {values!r}, which has no end of values; give it a "
                    "step, or use Random or LatinHypercube"
                )

    def __len__(self) -> int:
        return combinations(self.space) or 0

    def begin(self, seed: int) -> Search:  # noqa: ARG002 - every sampler takes one
        """Begin the search; nothing in it is random.

        Example:
            >>> Grid({"fast": [5, 10]}).begin(seed=0).total
            2
        """
        return Plan(len(self), (combination(self.space, index) for index in range(len(self))))


@value
class Random:
    """Random combinations; none comes twice where they can be counted.

    The first runs of a longer search are those of a shorter one with the same seed.

    Attributes:
        space: The values of each parameter by its name.
        runs: How many.

    Example:
        >>> search = Random({"threshold": Between(1.0, 4.0)}, runs=3).begin(seed=1)
        >>> all(1.0 <= run["threshold"] <= 4.0 for run in search.ask())
        True
    """

    space: Mapping[str, Any]
    runs: int
    _elsewhere: ClassVar[dict[str, str]] = {"seed": "omega.sweep"}

    def __post_init__(self) -> None:
        """Check that there are so many combinations."""
        check(self, space_of, "space")
        check(self, whole(minimum=1), "runs")
        count = combinations(self.space)
        if count is not None and count < self.runs:
            raise ConfigError(
                f"Random.runs: given {self.runs} and a space of {count} combinations; use "
                f"Grid(space), which makes each once{_range_of(self.space)}"
            )

    def begin(self, seed: int) -> Search:
        """Begin the search.

        Example:
            >>> Random({"fast": Between(5, 50)}, runs=4).begin(seed=0).total
            4
        """
        return Plan(self.runs, itertools.islice(self.draws(seed), self.runs))

    def draws(self, seed: int) -> Iterator[Parameters]:
        """Return combinations without end, or until each was drawn once where they can be counted.

        Example:
            >>> len(list(Random({"fast": [5, 10, 20]}, runs=1).draws(seed=0)))
            3
        """
        drawn = _numbers("Random", seed)
        count = combinations(self.space)
        if count is None or any(is_skewed(values) for values in self.space.values()):
            return iter(lambda: self._drawn(drawn), None)
        return (combination(self.space, index) for index in _distinct(drawn, count, count))

    def _drawn(self, drawn: Numbers) -> Parameters:
        return {name: value_at(values, drawn.random()) for name, values in self.space.items()}


def _range_of(space: Mapping[str, Values]) -> str:
    """Return the hint for two numbers that may have been meant as the ends of a range."""
    for name, values in space.items():
        if isinstance(values, tuple) and len(values) == 2:  # noqa: PLR2004 - two ends
            low, high = values
            if all(isinstance(one, (int, float)) for one in values) and low < high:
                return (
                    f". For {name!r} these are two values; for a range write {Between(low, high)!r}"
                )
    return ""


@value
class LatinHypercube:
    """Combinations that cover each parameter evenly: one run in each of `runs` equal parts of it.

    Of values that are fewer than the runs, each is taken equally often, or once more than others.

    Attributes:
        space: The values of each parameter by its name.
        runs: How many.

    Example:
        >>> runs = LatinHypercube({"size": Between(0.0, 1.0)}, runs=4).begin(seed=3).ask()
        >>> sorted(int(run["size"] * 4) for run in runs)
        [0, 1, 2, 3]
    """

    space: Mapping[str, Any]
    runs: int
    _elsewhere: ClassVar[dict[str, str]] = {"seed": "omega.sweep"}

    def __post_init__(self) -> None:
        """Check space and number."""
        check(self, space_of, "space")
        check(self, whole(minimum=1), "runs")

    def begin(self, seed: int) -> Search:
        """Begin the search.

        Example:
            >>> LatinHypercube({"fast": Between(5, 50)}, runs=4).begin(seed=0).total
            4
        """
        drawn = _numbers("LatinHypercube", seed)
        columns = {name: self._column(values, drawn) for name, values in self.space.items()}
        runs = ({name: columns[name][run] for name in self.space} for run in range(self.runs))
        return Plan(self.runs, runs)

    def _column(self, values: Values, drawn: Numbers) -> list[Any]:
        """The value of each run: the parts of a parameter in random order."""
        order = list(_distinct(drawn, self.runs, self.runs))
        size = size_of(values)
        if size is None or size > self.runs or is_skewed(values):
            return [value_at(values, self._place(part, drawn)) for part in order]
        first = _below(drawn, size)  # those from it on are taken once more than the others
        return [value_of(values, (first + part) % size) for part in order]

    def _place(self, part: int, drawn: Numbers) -> float:
        """A place in a part, never in the next one, whatever is rounded."""
        last = math.nextafter((part + 1) / self.runs, 0.0)
        return min((part + drawn.random()) / self.runs, last)


@value
class Optuna:
    """Runs that Optuna requests, knowing how the ones before went.

    It requests a whole batch before it has any result of it, so that a batch can run in
    parallel and the runs do not depend on how many workers there are. Optuna is imported when a
    search begins: `pip install 'omega-backtest[optuna]'`.

    Attributes:
        space: The values of each parameter by its name; or a function that is given an
            `optuna.Trial` and returns the parameters, as the objective of a study would.
        runs: How many.
        metric: What is to be good: a metric, or an expression over metrics, such as
            "sharpe - 2 * max_drawdown"; or several.
        maximize: Whether large is good; one for each metric where they differ.
        batch: How many runs are requested at a time.
        study: A study to go on with, whose directions are used; None makes one in memory that is
            seeded with the seed of the sweep. A study that was used before requests other runs.

    Example:
        >>> Optuna({"fast": Between(5, 50)}, runs=100, metric="sharpe").batch
        8
    """

    space: Mapping[str, Any] | Callable[[Any], Parameters]
    runs: int
    metric: str | Sequence[str] = "sharpe"
    maximize: bool | Sequence[bool] = True
    batch: int = 8
    study: Any = None

    def __post_init__(self) -> None:
        """Check all but the study, which Optuna does."""
        if not callable(self.space):
            check(self, space_of, "space")
        check(self, whole(minimum=1), "runs", "batch")
        check(self, _names, "metric")
        check(self, _flags, "maximize")
        if len(self.maximize_each) not in (1, len(self.metrics)):
            raise ConfigError(
                f"Optuna.maximize: given {self.maximize!r}, expected True or False, or one for "
                f"each of {', '.join(self.metrics)}"
            )

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics.

        Example:
            >>> Optuna({"fast": [5, 10]}, runs=2, metric="sharpe").metrics
            ('sharpe',)
        """
        return (self.metric,) if isinstance(self.metric, str) else tuple(self.metric)

    @property
    def maximize_each(self) -> tuple[bool, ...]:
        """Whether large is good, of each metric or of all.

        Example:
            >>> Optuna({"fast": [5, 10]}, runs=2).maximize_each
            (True,)
        """
        return (self.maximize,) if isinstance(self.maximize, bool) else tuple(self.maximize)

    def begin(self, seed: int) -> Search:
        """Begin the search.

        Raises:
            ConfigError: Optuna is not installed, or the study does not fit.

        Example:
            >>> sampler = Optuna({"fast": [5, 10]}, runs=2)
            >>> sampler.begin(seed=0).total
            2
        """
        from omega.sweeps.optuna import OptunaSearch  # noqa: PLC0415 - an import that few can do

        return OptunaSearch(self, seed)


def begin(grid: object, seed: int) -> Search:
    """Begin the search that `grid` of a sweep describes: a sampler, a space, or a list of runs.

    Raises:
        ConfigError: It is none of these, or is empty.

    Example:
        >>> begin([{"fast": 5}, {"fast": 10, "slow": 40}], seed=0).ask()
        [{'fast': 5}, {'fast': 10, 'slow': 40}]
    """
    if isinstance(grid, Mapping):
        return Grid(grid).begin(seed)
    if callable(getattr(grid, "begin", None)):
        return grid.begin(seed)  # type: ignore[attr-defined, no-any-return]  # it has one
    if isinstance(grid, (str, bytes)) or not isinstance(grid, Iterable):
        raise ConfigError(
            f"grid: given {grid!r}, expected {{name: values}}, a list of {{name: value}}, or a "
            "sampler of omega.samplers"
        )
    runs = [_run(place, run) for place, run in enumerate(grid)]
    if not runs:
        raise ConfigError("grid: given an empty list, expected at least one run")
    return Plan(len(runs), iter(runs))


def _run(place: int, given: object) -> Parameters:
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"grid[{place}]: given {given!r}, expected {{name: value}}")
    return {name: plain(one) for name, one in given.items()}


def _names(given: object) -> str | tuple[str, ...]:
    names = (given,) if isinstance(given, str) else given
    if not isinstance(names, Sequence) or not names or not all(isinstance(n, str) for n in names):
        raise Refused("the name of a metric, or a list of names")
    return given if isinstance(given, str) else tuple(names)


def _flags(given: object) -> bool | tuple[bool, ...]:
    flags = (given,) if isinstance(given, bool) else given
    if not isinstance(flags, Sequence) or not all(isinstance(one, bool) for one in flags):
        raise Refused("True or False, or a list of them")
    return given if isinstance(given, bool) else tuple(flags)


def _numbers(sampler: str, seed: int) -> Numbers:
    """Random numbers that depend on nothing but a seed, and are the same in every Python."""
    return Numbers(f"omega {sampler} {seed}")  # noqa: S311 - nothing is kept secret with it


def _below(drawn: Numbers, count: int) -> int:
    """A whole number from 0 to below `count`, each equally often, however large `count` is."""
    bits = (count - 1).bit_length()
    while True:
        found = drawn.getrandbits(bits)
        if found < count:
            return found


def _distinct(drawn: Numbers, count: int, wanted: int) -> Iterator[int]:
    """Numbers below `count` in random order, none twice: a shuffle that remembers only swaps."""
    moved: dict[int, int] = {}
    for place in range(wanted):
        other = place + _below(drawn, count - place)
        yield moved.get(other, other)
        moved[other] = moved.get(place, place)

"""A search that Optuna drives and Omega runs. This is the only module that imports Optuna."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from omega.config.values import nearest
from omega.errors import ConfigError, StateSyncError
from omega.sweeps.expressions import Expression, is_expression
from omega.sweeps.space import Between, Metrics, Parameters, Value, Values

try:
    import optuna
except ImportError as problem:
    raise ConfigError(
        f"omega.samplers.Optuna needs the package optuna: {problem}. Install it with "
        "pip install 'omega-backtest[optuna]', or use Random or LatinHypercube"
    ) from problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_ASKED = 2_000
"""Trials in a row that a constraint may refuse."""
_PLAIN = (bool, int, float, str, type(None))


class Asking(Protocol):
    """What a search is set up with: an `omega.samplers.Optuna`."""

    @property
    def space(self) -> Mapping[str, Any] | Callable[[Any], Parameters]:
        """The values of each parameter, or a function of a trial."""

    @property
    def runs(self) -> int:
        """How many runs."""

    @property
    def batch(self) -> int:
        """How many runs at a time."""

    @property
    def study(self) -> Any:  # noqa: ANN401 - checked to be an `optuna.Study`
        """A study to go on with."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is to be good."""

    @property
    def maximize_each(self) -> tuple[bool, ...]:
        """Whether large is good, of each or of all."""


class OptunaSearch:
    """The search itself: one study, in batches."""

    fixed = False

    def __init__(self, sampler: Asking, seed: int) -> None:
        """Find or make the study, and give Optuna the space."""
        self.total = sampler.runs
        self._objectives = [_Objective(given) for given in sampler.metrics]
        names = (name for one in self._objectives for name in one.names)
        self.metrics = tuple(dict.fromkeys(names))
        self._left = sampler.runs
        self._batch = sampler.batch
        self._study = _study(sampler, seed)
        self._space = sampler.space
        named = {} if callable(sampler.space) else sampler.space
        self._choices = [_Choice(name, values) for name, values in named.items()]
        self._trials: list[optuna.Trial] = []
        self._is_allowed: Callable[[Parameters], bool] = lambda _: True

    def ask(self) -> list[Parameters]:
        """Let Optuna choose the next batch."""
        if self._trials:
            raise StateSyncError(
                f"samplers.Optuna: asked for more before the results of {len(self._trials)} runs "
                "were told; tell them first, None for those that have none"
            )
        runs = []
        for _ in range(min(self._batch, self._left)):
            trial, parameters = self._next()
            self._trials.append(trial)
            runs.append(parameters)
        self._left -= len(runs)
        return runs

    def constrain(self, is_allowed: Callable[[Parameters], bool]) -> None:
        """Request only runs of which a function is true; Optuna learns that others are no good."""
        self._is_allowed = is_allowed

    def _next(self) -> tuple[optuna.Trial, Parameters]:
        """Ask until a trial is allowed."""
        for _ in range(_MOST_ASKED):
            trial = self._study.ask()
            parameters = self._parameters(trial)
            if self._is_allowed(parameters):
                return trial, parameters
            states = optuna.trial.TrialState
            # Samplers of one metric count what is pruned among the worst; of several it has no use.
            several = len(self._objectives) > 1
            self._study.tell(trial, state=states.FAIL if several else states.PRUNED)
        raise ConfigError(
            f"constraint: it was true for none of {_MOST_ASKED:,} trials in a row that Optuna "
            "suggested; narrow the space"
        )

    def tell(self, results: Sequence[Metrics | None]) -> None:
        """Report the results of the batch to Optuna; one without a number is a failed trial."""
        if len(results) != len(self._trials):
            raise StateSyncError(
                f"samplers.Optuna: told {len(results)} results of {len(self._trials)} runs; give "
                "one for each, None where there is none"
            )
        values = [None if one is None else _values(self._objectives, one) for one in results]
        for trial, found in zip(self._trials, values, strict=True):
            if found is None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial, found)
        self._trials = []

    def _parameters(self, trial: optuna.Trial) -> Parameters:
        if not callable(self._space):
            return {choice.name: choice.of(trial) for choice in self._choices}
        given: object = self._space(trial)
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise ConfigError(
                f"Optuna.space: the function returned {given!r}, expected {{name: value}}"
            )
        return dict(given)


class _Choice:
    """A parameter as Optuna sees it, and the value that stands for what it suggests."""

    def __init__(self, name: str, values: Values) -> None:
        self.name = name
        self._values = values
        self._behind: dict[str, Any] | None = None
        if not isinstance(values, Between) and not all(isinstance(one, _PLAIN) for one in values):
            # Optuna keeps words and numbers only, so that other values are known by a word.
            self._behind = {f"{place}: {one!r}"[:60]: one for place, one in enumerate(values)}

    def of(self, trial: optuna.Trial) -> Value:
        if isinstance(self._values, Between):
            return _suggested(trial, self.name, self._values)
        if self._behind is not None:
            return self._behind[trial.suggest_categorical(self.name, tuple(self._behind))]
        return trial.suggest_categorical(self.name, self._values)


def _suggested(trial: optuna.Trial, name: str, between: Between) -> float:
    """A number of a range; one of several steps is as `Between` writes it."""
    low, high, size = between.low, between.high, between.size()
    if between.log or size is None:
        if size is None:
            return trial.suggest_float(name, low, high, log=between.log)
        return trial.suggest_int(name, int(low), int(high), log=True)
    last = between.value(size - 1)
    step = between.step or 1
    if isinstance(low, int) and isinstance(step, int):
        return trial.suggest_int(name, low, int(last), step=step)
    chosen = trial.suggest_float(name, low, last, step=step)
    return between.value(round((chosen - low) / step))


def _study(sampler: Asking, seed: int) -> optuna.Study:
    """The study that was given, or one in memory that the seed makes repeatable."""
    if sampler.study is None:
        many = len(sampler.metrics)
        each = sampler.maximize_each * (many if len(sampler.maximize_each) == 1 else 1)
        with _quiet():
            return optuna.create_study(
                sampler=optuna.samplers.TPESampler(seed=seed % 2**32),  # it takes no more bits
                directions=["maximize" if large else "minimize" for large in each],
            )
    if not isinstance(sampler.study, optuna.Study):
        raise ConfigError(f"Optuna.study: given {sampler.study!r}, expected an optuna.Study")
    if len(sampler.study.directions) != len(sampler.metrics):
        raise ConfigError(
            f"Optuna.study: it has {len(sampler.study.directions)} directions, and there are "
            f"{len(sampler.metrics)} metrics, {', '.join(sampler.metrics)}; name one for each"
        )
    return sampler.study


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna from logging that it made a study."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


class _Objective:
    """A metric, or an expression over metrics."""

    def __init__(self, given: str) -> None:
        self.given = given
        expression = Expression(given, of="Optuna.metric") if is_expression(given) else None
        self.names = (given,) if expression is None else expression.names
        self._of = expression

    def value(self, metrics: Metrics) -> object:
        """Return its value; None where it is undefined."""
        for name in self.names:
            if name not in metrics:
                raise ConfigError(f"Optuna.metric: there is no {name!r}. {nearest(name, metrics)}")
        return metrics[self.given] if self._of is None else self._of(metrics)


def _values(objectives: Sequence[_Objective], metrics: Metrics) -> list[float] | None:
    """The values that count; None where one of them is undefined."""
    found = []
    for objective in objectives:
        value = objective.value(metrics)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ConfigError(f"Optuna.metric: {objective.given!r} is {value!r}, expected a number")
        found.append(float(value))
    return found

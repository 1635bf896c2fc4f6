"""Constraints on parameters: which runs of a grid a sweep makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from omega.config.values import nearest, plain
from omega.errors import ConfigError
from omega.sweeps import samplers
from omega.sweeps.expressions import Expression
from omega.sweeps.space import Metrics, Parameters
from omega.sweeps.spec import SweepSpec, own_values

Given: TypeAlias = "str | Callable[..., bool] | None"
"""A constraint as `omega.sweep` takes it."""

_WHOLE = ("p", "params", "parameters")
"""How the one argument of a function is called that takes all parameters at once."""
_MOST_DRAWS = 10_000
"""Draws in a row that may be refused before a space counts as one without a run."""


class Chosen(dict[str, Any]):
    """The parameters of a run, also as attributes.

    Example:
        >>> chosen = Chosen(fast=5, slow=20)
        >>> chosen.fast < chosen["slow"]
        True
    """

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a parameter of any kind
        """Return a parameter."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __missing__(self, name: object) -> Any:  # noqa: ANN401 - it never gives one
        raise ConfigError(f"constraint: no parameter {name!r}. {nearest(str(name), list(self))}")


class Constraint:
    """A constraint on the parameters of a run.

    Example:
        >>> spec = SweepSpec(None, lambda fast, slow: None, {}, {}, True, (), "auto")
        >>> Constraint("fast < slow", spec)({"fast": 5, "slow": 20})
        True
    """

    def __init__(
        self, given: str | Callable[..., bool], spec: SweepSpec, names: Sequence[str] = ()
    ) -> None:
        """Take a text or a function, over the parameters that a grid names; none: any.

        Raises:
            ConfigError: It is neither, the text is none that is allowed, or it has an unknown name.
        """
        self.given, self._spec = given, spec
        self._fixed = own_values(spec.strategy)
        self._of: Callable[[Mapping[str, Any]], object]
        if isinstance(given, str):
            self._of = Expression(given, of="constraint")
        elif callable(given):
            self._of = _called(given)
        else:
            raise ConfigError(
                f"constraint: given {given!r}, expected a text over the parameters, such as "
                "'fast < slow', or a function of them: lambda fast, slow: fast < slow"
            )
        if names:
            self._require(names)

    def _require(self, names: Sequence[str]) -> None:
        known = tuple(dict.fromkeys([*names, *self._fixed]))
        if isinstance(self._of, Expression):
            self._of.require(known)
        elif callable(self.given):
            _require_arguments(self.given, known)

    def __call__(self, run: Parameters) -> bool:
        """Return whether a run is to be made.

        Raises:
            ConfigError: The constraint gives no truth value for it.
        """
        own = {name: self._spec.value(name, given) for name, given in run.items()}
        values = Chosen({**self._fixed, **own})
        try:
            found = plain(self._of(values))
        except Exception as error:
            error.add_note(f"The constraint was asked about {dict(run)}.")
            raise
        if isinstance(found, bool):
            return found
        raise ConfigError(
            f"constraint: given {self.given!r}, which is {found!r} for {dict(run)}; expected True "
            "or False, such as from a comparison"
        )


def ruled(constraint: Given, spec: SweepSpec, names: Sequence[str]) -> Constraint | None:
    """Return a constraint over the names of a grid, or None where there is none."""
    return None if constraint is None else Constraint(constraint, spec, names)


def constrained(
    grid: Any,  # noqa: ANN401 - as `sweep`
    seed: int,
    constraint: Constraint | None,
) -> samplers.Search:
    """Begin the search of a grid, without the runs that a constraint refuses.

    A grid, a list and a Latin hypercube lose runs; `Random` draws on, and `Optuna` receives a
    pruned trial, and suggests another one.

    Raises:
        ConfigError: No run is left.

    Example:
        >>> spec = SweepSpec(None, lambda fast, slow: None, {}, {}, True, (), "auto")
        >>> grid = {"fast": [5, 20], "slow": [10, 30]}
        >>> constrained(grid, 0, Constraint("fast < slow", spec)).total
        3
    """
    if constraint is None:
        return samplers.begin(grid, seed)
    if isinstance(grid, samplers.Random):
        return _Kept(lambda: _draws(grid, seed, constraint), constraint)
    search = samplers.begin(grid, seed)
    if not search.fixed:
        return _Searched(search, constraint)
    kept = bytearray(constraint(run) for run in _all_of(search))
    return _Kept(lambda: _those(samplers.begin(grid, seed), kept), constraint)


class _Kept:
    """A search whose runs are known from the start, those that are refused left out."""

    fixed = True
    metrics: tuple[str, ...] = ()

    def __init__(self, runs: Callable[[], Iterator[Parameters]], constraint: Constraint) -> None:
        self.total = sum(1 for _ in runs())
        if not self.total:
            raise ConfigError(
                f"constraint: given {constraint.given!r}, which is true for no run of the grid"
            )
        self._plan = samplers.Plan(self.total, runs())

    def ask(self) -> list[Parameters]:
        return self._plan.ask()

    def tell(self, results: Sequence[Metrics | None]) -> None:
        """Nothing depends on results."""


class _Searched:
    """A search that learns from its runs: one that is refused is told as pruned or failed."""

    fixed = False

    def __init__(self, search: samplers.Search, constraint: Constraint) -> None:
        self._search, self._constraint = search, constraint
        self.total, self.metrics = search.total, search.metrics
        self._is_kept: list[bool] = []
        set_constraint = getattr(search, "constrain", None)
        self._asks_again = set_constraint is not None
        if set_constraint is not None:
            set_constraint(constraint)

    def ask(self) -> list[Parameters]:
        if self._asks_again:
            return self._search.ask()
        while batch := self._search.ask():
            self._is_kept = [self._constraint(run) for run in batch]
            if any(self._is_kept):
                return [run for run, kept in zip(batch, self._is_kept, strict=True) if kept]
            self._search.tell([None] * len(batch))
        return []

    def tell(self, results: Sequence[Metrics | None]) -> None:
        if self._asks_again:
            self._search.tell(results)
            return
        found = iter(results)
        self._search.tell([next(found) if kept else None for kept in self._is_kept])


def _all_of(search: samplers.Search) -> Iterator[Parameters]:
    while batch := search.ask():
        yield from batch


def _those(search: samplers.Search, kept: Sequence[int]) -> Iterator[Parameters]:
    return (run for run, keep in zip(_all_of(search), kept, strict=True) if keep)


def _draws(sampler: samplers.Random, seed: int, constraint: Constraint) -> Iterator[Parameters]:
    """Draw until there are enough runs, or all combinations are drawn."""
    made = refused = 0
    for run in sampler.draws(seed):
        if made == sampler.runs:
            return
        if constraint(run):
            made, refused = made + 1, 0
            yield run
            continue
        refused += 1
        if refused == _MOST_DRAWS:
            raise ConfigError(
                f"constraint: given {constraint.given!r}, which was true for none of "
                f"{_MOST_DRAWS:,} draws in a row; draw from a space that fits it"
            )


def _called(function: Callable[..., object]) -> Callable[[Mapping[str, Any]], object]:
    """Return a function of all parameters that calls one of some of them by their names."""
    taken = _arguments(function)
    if taken is None:
        return lambda values: function(**values)
    if taken[0] in _WHOLE and len(taken) == 1:
        return lambda values: function(values.get(taken[0], values))

    def asked(values: Mapping[str, Any]) -> object:
        return function(**{name: values[name] for name in taken})

    return asked


def _arguments(function: Callable[..., object]) -> list[str] | None:
    """Return the names of a function's arguments; None where it takes any."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        signature = None
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY)
    given = [] if signature is None else list(signature.parameters.values())
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in given):
        return None
    names = [one.name for one in given if one.kind not in several]
    if not names:
        raise ConfigError(
            f"constraint: given {function!r}, expected a function with the parameters as its "
            "arguments: lambda fast, slow: fast < slow"
        )
    return names


def _require_arguments(function: Callable[..., object], known: Sequence[str]) -> None:
    taken = _arguments(function) or []
    if len(taken) == 1 and taken[0] in _WHOLE:
        return
    for name in taken:
        if name not in known:
            raise ConfigError(
                f"constraint: its argument {name!r} is no parameter of this sweep. "
                f"{nearest(name, known)} Known: {', '.join(known)}"
            )

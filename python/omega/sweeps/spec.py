"""What all runs of a sweep share, and how a run is made from its parameters.

A spec is all that a worker process gets.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from omega.config.values import closest, nearest
from omega.contract import AnyForm, ArrowLike
from omega.data.mapped_files import MappedFile
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.libraries import text_of
from omega.results.limits import with_limits
from omega.results.result import BacktestResult, example_result
from omega.run.backtest import run_backtest
from omega.run.candles import store_of_run
from omega.strategy.arguments import unknown_parameter
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights
from omega.sweeps.block_moments import KEPT, measured
from omega.sweeps.space import Value

Parameters = Mapping[str, Any]

_NOT_A_SETTING = (
    *("data", "strategy", "progress", "backend", "compiled", "resume"),
    *("benchmark", "risk_free"),  # of one run: rows of a sweep have the core's metrics
)
SETTINGS: dict[str, Any] = {
    name: one.default
    for name, one in inspect.signature(run_backtest).parameters.items()
    if name not in _NOT_A_SETTING
}
"""The settings of a run and their defaults."""

TIMES = ("start", "end", "first_decision")
METRICS: tuple[str, ...] = tuple(n for n in example_result().metrics if n not in TIMES)
"""The metrics of a row, in order: all but the two moments, which differ with the data's unit."""


@dataclasses.dataclass(frozen=True)
class Row:
    """What came out of a run.

    Attributes:
        number: Its place in the sweep.
        parameters: What it was made of.
        metrics: By name; empty where it failed.
        fingerprint: The hash of its result.
        error: Why it failed: the kind of error and its words.
        tables: Trades and equity, where they were requested, as Arrow.
        moments: What the returns of its days add up to, for the statistics of the sweep.
        daily: The returns of its days, where they were requested.
        first: The time of the first step at which it could decide, in the unit of the candles.
    """

    number: int
    parameters: Parameters
    metrics: Mapping[str, Any]
    fingerprint: str | None = None
    error: str | None = None
    tables: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    moments: Sequence[float] = ()
    daily: NDArray[np.float64] | None = None
    first: int | None = None


@dataclasses.dataclass(frozen=True)
class SweepSpec:
    """What all runs of a sweep share.

    Attributes:
        data: The candles, or None where the parameters name them.
        strategy: A strategy, a class of one, or a function of the parameters that returns one.
        settings: Settings of `run_backtest` that do not vary.
        named: For parameters whose values have names: the value of each name.
        fingerprint: Whether the result of each run is hashed.
        tables: Which tables are kept: "trades", "equity".
        backend: As `run_backtest`.
        daily: Whether the returns of each run's days are kept.
        starts: Where the runs over the same candles start, if all start together.
    """

    data: Any
    strategy: Any
    settings: Mapping[str, Any]
    named: Mapping[str, Mapping[Any, Any]]
    fingerprint: bool
    tables: tuple[str, ...]
    backend: str
    daily: bool = False
    starts: Mapping[tuple[Any, ...], int] = dataclasses.field(default_factory=dict)

    @property
    def kept(self) -> tuple[str, ...]:
        """What is kept of the days of each run."""
        return KEPT if self.daily else KEPT[:1]

    def value(self, name: str, given: Value) -> Value:
        """Return the value that a parameter stands for."""
        return self.named[name][given] if name in self.named else given

    def settings_of(self, parameters: Parameters) -> dict[str, Any]:
        """Return all settings of a run."""
        own = {n: self.value(n, given) for n, given in parameters.items() if self.is_setting(n)}
        together = {}
        if self.starts and (start := self.starts.get(self.market_key(parameters))) is not None:
            together = {"start": start}
        return {**SETTINGS, **self.settings, **own, **together}

    def market_key(self, parameters: Parameters) -> tuple[Any, ...]:
        """Return what runs over the same candles, under the same settings, have in common."""
        return tuple(
            (name, str(given))
            for name, given in parameters.items()
            if name == "data" or self.is_setting(name)
        )

    def is_setting(self, name: str) -> bool:
        """Return whether a parameter is a setting of the run and none of the strategy's own."""
        return name in SETTINGS and name not in own_parameters(self.strategy)

    def data_of(self, parameters: Parameters) -> ArrowLike:
        """Return the candles of a run."""
        return self.value("data", parameters["data"]) if "data" in parameters else self.data

    def strategy_of(self, parameters: Parameters) -> AnyForm:
        """Make the strategy of a run.

        Raises:
            ConfigError: The strategy has no such parameter.
        """
        own = {
            name: self.value(name, given)
            for name, given in parameters.items()
            if name != "data" and not self.is_setting(name)
        }
        return strategy_with(self.strategy, own)


def defaults_of(strategy: Native) -> Mapping[str, float] | None:
    """Return the parameters of a strategy of the core; None for an unknown name."""
    # The reference is a fifth of what a process loads, and most runs do without it.
    from omega.reference import natives  # noqa: PLC0415 - only where it is wanted

    return natives.defaults_of(strategy.name)


def own_parameters(strategy: AnyForm) -> Sequence[str]:
    """Return the names of the parameters that a strategy takes."""
    if isinstance(strategy, Strategy) or (
        isinstance(strategy, type) and issubclass(strategy, Strategy)
    ):
        return list(strategy.parameters())
    if isinstance(strategy, Native):
        known = defaults_of(strategy) or {}
        return list(dict.fromkeys([*known, *(name for name, _ in strategy.parameters)]))
    if isinstance(strategy, Weights):
        return [one.name for one in dataclasses.fields(strategy) if one.name != "targets"]
    if isinstance(strategy, Signals) or not callable(strategy):
        return []
    return [] if is_on_bar(strategy) else list(inspect.signature(strategy).parameters)


def own_values(strategy: AnyForm) -> dict[str, Any]:
    """Return the parameters of a strategy whose values are known without those of a run."""
    if isinstance(strategy, Strategy):
        return {name: getattr(strategy, name) for name in strategy.parameters()}
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        return strategy.parameters()
    if isinstance(strategy, Native):
        return {**(defaults_of(strategy) or {}), **dict(strategy.parameters)}
    if isinstance(strategy, Weights):
        return {name: getattr(strategy, name) for name in own_parameters(strategy)}
    if isinstance(strategy, Signals) or not callable(strategy) or is_on_bar(strategy):
        return {}
    signature = inspect.signature(strategy)
    return {
        name: one.default
        for name, one in signature.parameters.items()
        if one.default is not inspect.Parameter.empty
    }


def require_known(strategy: AnyForm, names: Iterable[str]) -> None:
    """Refuse names of a grid that are no parameter, no setting and not the data.

    Raises:
        ConfigError: One is none of them; the message has the nearest, or how to make it one.
    """
    own = own_parameters(strategy)
    unknown = [one for one in names if one not in own and one not in SETTINGS and one != "data"]
    kind = type(strategy) if isinstance(strategy, Strategy) else strategy
    if isinstance(kind, type) and issubclass(kind, Strategy):
        taken = _taken(kind)
        unknown = [one for one in unknown if taken is not None and one not in taken]
        if unknown:
            raise ConfigError(unknown_parameter(kind, unknown[0], [*own, *(taken or ())]))
    elif inspect.isfunction(strategy) and not is_on_bar(strategy):
        _refuse_unknown(strategy, dict.fromkeys(unknown))
    elif unknown and isinstance(strategy, Native) and defaults_of(strategy) is not None:
        raise ConfigError(
            f"sweep: native {strategy.name} has no parameter {unknown[0]!r}, and run_backtest no "
            f"such setting. {nearest(unknown[0], [*own, *SETTINGS, 'data'])}"
        )
    elif unknown and (isinstance(strategy, Signals) or inspect.isfunction(strategy)):
        raise ConfigError(
            f"sweep: {unknown[0]!r} is no setting of run_backtest, and {strategy!r} takes no "
            f"parameters. {nearest(unknown[0], [*SETTINGS, 'data'])} Give a function of the "
            "parameters that makes a strategy"
        )


def _taken(kind: type[Strategy]) -> list[str] | None:
    """Return the names that a class's own constructor takes beside its parameters; None: any.

    One that hands on whatever it is given takes what the class declares, if it declares anything.
    """
    if kind.__init__ is Strategy.__init__:
        return []
    given = list(inspect.signature(kind).parameters.values())
    hands_on = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in given)
    if hands_on and not kind.parameters():
        return None
    several = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [one.name for one in given if one.kind not in several]


def strategy_with(strategy: AnyForm, own: Mapping[str, Any]) -> AnyForm:
    """Return a strategy with parameters in place of its own.

    Raises:
        ConfigError: It has no such parameter.

    Example:
        >>> import omega
        >>> strategy_with(omega.native("sma_cross", fast=5), {"slow": 20})
        native('sma_cross', fast=5, slow=20)
    """
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        return strategy(**own)
    if isinstance(strategy, Native):
        return Native(strategy.name, tuple({**dict(strategy.parameters), **own}.items()))
    if isinstance(strategy, Strategy):
        return _instance_with(strategy, own)
    if isinstance(strategy, Weights) and not set(own) - set(own_parameters(strategy)):
        return dataclasses.replace(strategy, **own)
    if callable(strategy) and not is_on_bar(strategy):
        _refuse_unknown(strategy, own)
        return strategy(**own)
    if own:
        raise ConfigError(
            f"sweep: {strategy!r} takes no parameters, given {', '.join(own)}. Give a class of a "
            "Strategy, omega.native(...), or a function of the parameters that makes a strategy"
        )
    return strategy


def _instance_with(strategy: Strategy, own: Mapping[str, Any]) -> Strategy:
    """Return a copy of an instance with other parameters; with an own `__init__` a new one.

    Raises:
        ConfigError: Its class has a constructor of its own, which does not take the parameters.
    """
    kind = type(strategy)
    if not own:
        return strategy
    if kind.__init__ is Strategy.__init__:
        made = copy.copy(strategy)  # of what it holds each run makes a copy of its own
        Strategy.__init__(made, **own)
        return made
    now = {name: getattr(strategy, name) for name in strategy.parameters()}
    try:
        return kind(**{**now, **own})
    except TypeError as error:
        raise ConfigError(
            f"sweep: {kind.__name__}(...) cannot be made with other parameters: {error}. Give a "
            "function of the parameters that makes a strategy"
        ) from error


def is_on_bar(function: Any) -> bool:  # noqa: ANN401 - anything callable
    """Return whether a function is a strategy itself: it takes a bar and nothing else."""
    if isinstance(function, type):
        return False
    names = list(inspect.signature(function).parameters)
    return names in (["bar"], ["_bar"], ["_"])


def _refuse_unknown(function: Any, own: Mapping[str, Any]) -> None:  # noqa: ANN401 - as above
    parameters = inspect.signature(function).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
        return
    for name in own:
        if name not in parameters:
            raise ConfigError(
                f"sweep: {function.__name__} has no parameter {name!r}, and run_backtest no such "
                f"setting. {nearest(name, [*parameters, *SETTINGS, 'data'])}"
            )


class TrialRunner:
    """Makes runs of a spec in this process; keeps the candles that it read last."""

    def __init__(self, spec: SweepSpec) -> None:
        self.spec = spec
        self._stores: dict[object, CandleStore] = {}

    def store(self, parameters: Parameters) -> CandleStore:
        """Return the candles of a run as a store, checked once for runs in a row over the same."""
        settings = self.spec.settings_of(parameters)
        instruments = settings["instruments"]
        cast = settings["cast"]
        named = (settings["symbol"], repr(settings["validate"]), repr(instruments), cast)
        key = (parameters.get("data"), *named)
        store = self._stores.get(key)
        if store is None:
            data = self.spec.data_of(parameters)
            if data is None:
                raise ConfigError("sweep: given no data, neither for all runs nor in the grid")
            store = store_of_run(
                data, settings["symbol"], settings["validate"], instruments, cast=cast
            )
            self._stores.clear()  # what varies last changes first, so that one is enough
            self._stores[key] = store
        return store  # not of the dict: runs may be made in threads

    @property
    def mapped(self) -> list[MappedFile]:
        """The files that its candles lie in."""
        return [file for store in self._stores.values() for file in store.mapped]

    def run(self, number: int, parameters: Parameters) -> Row:
        """Make one run; an error is a row."""
        try:
            result = self.result(parameters)
        except Exception as error:  # noqa: BLE001 - a run that fails is a row, and not the end
            return Row(number, parameters, {}, error=described(error))
        return row_of(number, parameters, result, self.spec)

    def result(self, parameters: Parameters) -> BacktestResult:
        """Make one run into a whole result."""
        spec = self.spec
        strategy = spec.strategy_of(parameters)
        store = self.store(parameters)
        of_store = {"symbol": None, "validate": "error", "cast": False}  # it was read by them
        settings = spec.settings_of(parameters) | of_store
        return run_backtest(store, strategy, **settings, backend=spec.backend)


class MakesRuns(Protocol):
    """What makes runs by their number, wherever it is unpacked."""

    def run(self, number: int, parameters: Parameters) -> Row:
        """Make one run; an error is a row."""


def runner_of(sent: SweepSpec | MakesRuns) -> MakesRuns:
    """Return what makes the runs of what a worker was sent."""
    return TrialRunner(sent) if isinstance(sent, SweepSpec) else sent


def row_of(number: int, parameters: Parameters, result: BacktestResult, spec: SweepSpec) -> Row:
    """Return the row of a run that is over."""
    metrics = with_limits(result.metrics)
    moments, daily = measured(result, spec.backend)
    return Row(
        number,
        parameters,
        {name: metrics[name] for name in METRICS},
        fingerprint=result.fingerprint if spec.fingerprint else None,
        tables={name: getattr(result, name) for name in spec.tables},
        moments=moments,
        daily=daily if spec.daily else None,
        first=result.tables.first_decision,
    )


def described(error: BaseException) -> str:
    """Return an error as a row keeps it, with the name that Python suggests in a traceback.

    Example:
        >>> try:
        ...     "text".uper()
        ... except AttributeError as error:
        ...     described(error)
        "AttributeError: 'str' object has no attribute 'uper'. Did you mean 'upper'?"
    """
    text = f"{type(error).__name__}: {text_of(error)}"
    if not isinstance(error, AttributeError) or "Did you mean" in text:
        return text
    with contextlib.suppress(Exception):  # the object is the user's
        near = closest(str(error.name), [one for one in dir(error.obj) if not one.startswith("_")])
        return f"{text}. Did you mean {near!r}?" if error.name and near else text
    return text

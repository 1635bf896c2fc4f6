"""The one call of a robustness test."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from omega.cluster.protocol import Cluster
from omega.config.values import number, plain, taken, whole
from omega.contract import AnyForm, ArrowLike
from omega.errors import ConfigError
from omega.forward.parameter_sets import require_settings
from omega.libraries import arguments_of
from omega.results.limits import with_limits
from omega.run.backend import chosen_backend
from omega.run.backtest import run_backtest
from omega.run.candles import store_of_run
from omega.run.execute import market_of
from omega.run.prepare import strategy_of
from omega.run.settings import seed_field
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.stressing.result import StressResult, row_of, table_of
from omega.stressing.runs import Variations, job_of, rows_of
from omega.stressing.variations import Wishes
from omega.sweeps.arguments import refuse_unlike, workers_field
from omega.sweeps.spec import defaults_of, strategy_with

if TYPE_CHECKING:
    from omega._core import Run


@arguments_of("stress")
def stress(
    data: ArrowLike,
    strategy: AnyForm,
    *,
    parameters: Mapping[str, Any] | None = None,
    runs: int = 20,
    noise: float = 0.1,
    dropped: float = 0.1,
    jitter: float = 0.1,
    factors: Sequence[float] = (1.5, 2.0),
    starts: int = 5,
    reach: float = 0.1,
    workers: int | None = None,
    executor: Executor | Cluster | None = None,
    progress: Callable[[int, str], object] | None = None,
    seed: int = 0,
    backend: str = "auto",
    **settings: Any,  # noqa: ANN401 - those of run_backtest
) -> StressResult:
    """Run a strategy with something against it, again and again, and compare with the base run.

    Entries, exits, and both go out a bar later; costs are multiplied; prices get noise that keeps
    candles valid; entries are lost; parameters move around the point given; and the start moves.
    A variation that cannot apply is named in `StressResult.skipped` with its reason.

    Args:
        data: As `run_backtest`.
        strategy: Any form; or a class or a function of parameters, with `parameters`.
        parameters: The point around which parameters move; by default those of the strategy.
        runs: Runs of each variation that draws: price noise, lost entries, parameters.
        noise: How far prices move, as a share of their bar's range.
        dropped: The share of entries that are lost.
        jitter: How far a parameter moves, as a share of it; a whole number at least one step.
        factors: Of the costs; what swap pays to the trader stays as it is.
        starts: How many later starts there are.
        reach: The first share of the data, in which they lie.
        workers: How many processes make the runs; by default this one does. The rows are the same.
        executor: What makes them in place of processes of its own, as `sweep`.
        progress: A function of the runs done, and the current variation.
        seed: Of all draws, which depend on it, on the run and on the place alone.
        backend: As `run_backtest`.
        **settings: Further settings of `run_backtest`, for all runs.

    Returns:
        A table of base, median, 5 % and worst for each metric, and a row for each run.

    Raises:
        ConfigError: An amount is impossible, or the base run has a setting that is.

    Example:
        >>> import omega
        >>> found = omega.stress(candles, omega.native("sma_cross", fast=3, slow=9), runs=3)
        >>> found.runs.height, sorted(found.skipped)
        (17, ['costs x 1.5', 'costs x 2'])
    """
    refuse_unlike({}, executor, None)
    require_settings("stress", settings)
    wishes = _wishes(
        runs=runs,
        noise=noise,
        dropped=dropped,
        jitter=jitter,
        factors=factors,
        starts=starts,
        reach=reach,
        seed=seed,
    )
    backend = chosen_backend(backend, warn=True)
    store = store_of_run(
        data,
        settings.pop("symbol", None),
        settings.pop("validate", "error"),
        settings.get("instruments"),
        cast=settings.pop("cast", False),
    )
    if store.rolls:
        raise ConfigError(
            "data: given omega.Continuous, expected candles of one contract: changed prices would "
            "not fit those of the rolls"
        )
    own: Any = strategy_of(strategy if parameters is None else strategy_with(strategy, parameters))
    common = {**settings, "seed": wishes.seed, "backend": backend}
    result = run_backtest(store, own, **common)
    market = market_of(job_of(store, own, common), backend)
    point = dict(parameters) if parameters is not None else _parameters(own, market)
    varied = strategy if parameters is not None else own
    begun = int(result.equity["time"].to_physical()[0])
    variations = Variations(store, varied, own, point, settings, common, wishes, begun)
    many, by_number = workers_field(workers), {}
    for done, row in enumerate(rows_of(variations, many, executor), 1):
        by_number[row.number] = row
        if progress is not None:
            progress(done, variations.trials[row.number].variation)
    rows = [row_of("base", 0, "", with_limits(result.metrics), fingerprint=result.fingerprint)]
    for place, trial in enumerate(variations.trials):
        row = by_number[place]
        names = (trial.variation, trial.number, trial.about, row.metrics)
        rows.append(row_of(*names, fingerprint=row.fingerprint, error=row.error))
    return StressResult(table_of(rows), result, variations.skipped)


def _wishes(**given: Any) -> Wishes:  # noqa: ANN401 - checked here
    wishes = {name: plain(value) for name, value in given.items()}
    shares = ("noise", "dropped", "jitter", "reach")
    rules = {name: number(minimum=0, maximum=1) for name in shares}
    counts = {name: whole(minimum=1, maximum=10_000) for name in ("runs", "starts")}
    for name, rule in {**rules, **counts}.items():
        wishes[name] = taken(name, wishes[name], rule)
    factors = wishes["factors"]
    if not isinstance(factors, (list, tuple)) or not all(
        isinstance(one, (int, float)) and one > 0 for one in factors
    ):
        raise ConfigError(f"factors: given {factors!r}, expected numbers above 0, as (1.5, 2.0)")
    wishes["seed"] = seed_field(wishes["seed"])
    return Wishes(**wishes)


def _parameters(strategy: AnyForm, run: Run) -> dict[str, Any]:
    """Return the parameters of a strategy that declares them."""
    if isinstance(strategy, Native):
        point = {**(defaults_of(strategy) or {}), **dict(strategy.parameters)}
        return {name: _whole(strategy, name, given, run) for name, given in point.items()}
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        return strategy.parameters()
    if isinstance(strategy, Strategy):
        return {name: getattr(strategy, name) for name in strategy.parameters()}
    return {}


def _whole(strategy: Native, name: str, given: float, run: Run) -> float:
    """Return a parameter as a whole number where the core takes no other."""
    between = {**dict(strategy.parameters), name: math.floor(given) + 0.5}
    try:
        run.native(strategy.name, list(between.items()))
    except ConfigError:
        return int(given)
    return given

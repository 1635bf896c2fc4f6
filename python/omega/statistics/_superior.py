"""Whether the best of many trials is better than a benchmark, all of them considered."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from omega.errors import ConfigError
from omega.statistics._arguments import Numbers, block_of, drawn, kernel, over

if TYPE_CHECKING:
    from omega._core import Statistics


@dataclasses.dataclass(frozen=True)
class RealityCheck:
    """White's test.

    Attributes:
        statistic: The largest `√T·mean` among the trials.
        p_value: Probability of it or more where none is better than the benchmark.

    Example:
        >>> reality_check([[0.0], [0.0], [0.0]], block=1)
        RealityCheck(statistic=0.0, p_value=1.0)
    """

    statistic: float
    p_value: float


@dataclasses.dataclass(frozen=True)
class SuperiorAbility:
    """Hansen's test.

    Attributes:
        statistic: The largest studentised mean among the trials, 0 at least.
        lower: Probability of it where poor trials count as being at the benchmark: a lower bound.
        consistent: The one to read.
        upper: Where all trials count as they are: an upper bound.

    Example:
        >>> spa([[0.0], [0.0], [0.0]], block=1).p_value
        1.0
    """

    statistic: float
    lower: float
    consistent: float
    upper: float

    @property
    def p_value(self) -> float:
        """The consistent one."""
        return self.consistent


class Tested(NamedTuple):
    """What one pass over the resamples gives."""

    reality_check: RealityCheck
    spa: SuperiorAbility
    step_down: Numbers


def reality_check(
    returns: object,
    benchmark: object = 0.0,
    *,
    block: float | None = None,
    replicates: int = 1_000,
    seed: int = 0,
    backend: str = "auto",
) -> RealityCheck:
    """Test whether the best trial beats a benchmark, given that it is the best of all.

    The largest `√T·mean` against the same of stationary bootstraps about the means (White, "A
    Reality Check for Data Snooping", 2000). A p-value is `(1 + #{stat* ≥ stat})/(B + 1)`. All
    trials have to be there: a choice of the best ones voids the test.

    Args:
        returns: A row for each period, a column for each trial.
        benchmark: Returns to beat: a number, or one for each period.
        block: Mean length of blocks; None: the median of those that
            `omega.statistics.block_length` gives the trials, of up to a hundred of them.
        replicates: Resamples.
        seed: Of the draws, each of which depends on it, its replicate and its position alone.
        backend: As `run_backtest`.

    Raises:
        ConfigError: An argument is no such number, or lengths differ.

    Example:
        >>> ups = [[0.01 * (k % 3), 0.01 * (k % 2) - 0.005] for k in range(60)]
        >>> reality_check(ups, block=2, replicates=99).p_value
        0.01
    """
    return _tested(returns, benchmark, block, (replicates, seed), backend).reality_check


def spa(
    returns: object,
    benchmark: object = 0.0,
    *,
    block: float | None = None,
    replicates: int = 1_000,
    seed: int = 0,
    backend: str = "auto",
) -> SuperiorAbility:
    """Test for superior predictive ability: a reality check that poor trials do not blunt.

    Studentised by the deviation that the stationary bootstrap gives `√T·mean`, in closed form, and
    recentred three ways (Hansen, "A Test for Superior Predictive Ability", 2005).

    Args:
        returns: A row for each period, a column for each trial.
        benchmark: Returns to beat: a number, or one for each period.
        block: Mean length of blocks, as `omega.statistics.reality_check`.
        replicates: Resamples.
        seed: Of the draws.
        backend: As `run_backtest`.

    Raises:
        ConfigError: An argument is no such number, or lengths differ.

    Example:
        >>> ups = [[0.01 * (k % 3), 0.01 * (k % 2) - 0.005] for k in range(60)]
        >>> spa(ups, block=2, replicates=99).consistent
        0.01
    """
    return _tested(returns, benchmark, block, (replicates, seed), backend).spa


def romano_wolf(
    returns: object,
    benchmark: object = 0.0,
    *,
    block: float | None = None,
    replicates: int = 1_000,
    seed: int = 0,
    backend: str = "auto",
) -> Numbers:
    """Return each trial a p-value that accounts for all trials.

    Step-down over the studentised means: a trial is compared with the largest among those that are
    not better than it, and p-values never fall from the best to the worst (Romano and Wolf,
    "Stepwise Multiple Testing as Formalized Data Snooping", 2005; the p-values 2016).

    Args:
        returns: A row for each period, a column for each trial.
        benchmark: Returns to beat: a number, or one for each period.
        block: Mean length of blocks, as `omega.statistics.reality_check`.
        replicates: Resamples.
        seed: Of the draws.
        backend: As `run_backtest`.

    Returns:
        A p-value for each column.

    Raises:
        ConfigError: An argument is no such number, or lengths differ.

    Example:
        >>> ups = [[0.01 * (k % 3), 0.01 * (k % 2) - 0.005] for k in range(60)]
        >>> (romano_wolf(ups, block=2, replicates=99) < 0.05).tolist()
        [True, False]
    """
    return _tested(returns, benchmark, block, (replicates, seed), backend).step_down


def _tested(
    returns: object,
    benchmark: object,
    block: object,
    draws: tuple[object, object],
    backend: str,
) -> Tested:
    apart, of = over(returns, benchmark), kernel(backend)
    replicates, seed = drawn(*draws)
    return tested(apart, block_of(apart, block, of), replicates, seed, of)


def tested(
    apart: Numbers, block: float, replicates: int, seed: int, of: type[Statistics]
) -> Tested:
    """Make all three tests over the same resamples.

    Raises:
        ConfigError: There are fewer than two periods.
    """
    rows = len(apart)
    if rows < 2:  # noqa: PLR2004 - a deviation needs two
        raise ConfigError(f"returns: given {rows} row, expected two at least")
    draws = of.draws(rows, block, replicates, seed)
    white, best, statistics, count, counts, of_trials = of.superior(
        apart, draws, of.deviations(apart, block)
    )

    def p_value(reached: int) -> float:
        return (1.0 + float(reached)) / (float(replicates) + 1.0)

    lower, consistent, upper = map(p_value, counts)
    return Tested(
        RealityCheck(white, p_value(count)),
        SuperiorAbility(best, lower, consistent, upper),
        step_down(statistics, (of_trials.astype(np.float64) + 1.0) / (float(replicates) + 1.0)),
    )


def step_down(statistics: Numbers, p_values: Numbers) -> Numbers:
    """Let p-values never fall from the best trial to the worst.

    Example:
        >>> step_down(np.array([1.0, 2.0]), np.array([0.1, 0.3])).tolist()
        [0.3, 0.3]
    """
    order = np.argsort(-statistics, kind="stable")
    monotone = np.empty_like(p_values)
    monotone[order] = np.maximum.accumulate(p_values[order])
    return monotone

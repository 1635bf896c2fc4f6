"""How sure a Sharpe ratio is, and how much of the best of many is luck."""

from __future__ import annotations

from omega.config.values import one_of
from omega.errors import ConfigError
from omega.statistics._arguments import field, kernel, matrix, numeric, trials_field, way


def sharpe_error(
    sr: float,
    n: int,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    benchmark: float = 0.0,
    *,
    convention: str = "2012",
    autocorrelation: float = 0.0,
    backend: str = "auto",
) -> float | None:
    """Return the standard error of a Sharpe ratio.

    `√((1 - g3·SR + (g4 - 1)/4·SR²) / (T - 1))` at the observed ratio (Mertens
    2002; Bailey and López de Prado 2012), with skewness `g3` and kurtosis `g4`; or with
    `convention="2025"` at `benchmark` and over `T`.

    Args:
        sr: Sharpe ratio of a period, not annualised.
        n: Periods.
        skewness: Of the returns.
        kurtosis: Of the returns, not excess: 3 for normal ones.
        benchmark: The ratio that is tested; it counts with `convention="2025"` alone.
        convention: "2012" or "2025".
        autocorrelation: Of the first order, above -1 and below 1.
        backend: As `run_backtest`.

    Returns:
        The error; None below three periods, and where the variance is not above 0.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> round(sharpe_error(0.458, 24, -2.448, 10.164), 6)
        0.336333
    """
    given = _sample(sr, n, skewness, kurtosis)
    tested = numeric("benchmark", benchmark)
    return kernel(backend).sharpe_error(given, tested, way(convention, autocorrelation))


def probabilistic_sharpe(
    sr: float,
    n: int,
    skewness: float,
    kurtosis: float,
    benchmark: float = 0.0,
    *,
    convention: str = "2012",
    autocorrelation: float = 0.0,
    backend: str = "auto",
) -> float | None:
    """Return the probability that the true Sharpe ratio is above `benchmark`.

    `Φ((SR - SR*)/s(SR))` (Bailey and López de Prado, "The Sharpe Ratio Efficient Frontier", 2012).
    It does not hold for the best of several trials: see `omega.statistics.deflated_sharpe`.

    Args:
        sr: Sharpe ratio of a period, not annualised.
        n: Periods.
        skewness: Of the returns.
        kurtosis: Of the returns, not excess: 3 for normal ones.
        benchmark: Ratio of a period to compare with.
        convention: How the error is taken, as `omega.statistics.sharpe_error`.
        autocorrelation: Of the first order.
        backend: As `run_backtest`.

    Returns:
        A probability; None where the error is undefined.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> round(probabilistic_sharpe(0.458, 24, -2.448, 10.164), 6)
        0.913361
    """
    given = _sample(sr, n, skewness, kurtosis)
    tested = numeric("benchmark", benchmark)
    return kernel(backend).probabilistic(given, tested, way(convention, autocorrelation))


def min_track_record(
    sr: float,
    skewness: float,
    kurtosis: float,
    benchmark: float = 0.0,
    confidence: float = 0.95,
    *,
    convention: str = "2012",
    autocorrelation: float = 0.0,
    backend: str = "auto",
) -> float | None:
    """Return how many periods a track record needs to be above `benchmark` with this confidence.

    `1 + (1 - g3·SR + (g4 - 1)/4·SR²)·(Z/(SR - SR*))²` (Bailey and López de Prado 2012).

    Args:
        sr: Sharpe ratio of a period, not annualised.
        skewness: Of the returns.
        kurtosis: Of the returns, not excess: 3 for normal ones.
        benchmark: Ratio of a period to compare with.
        confidence: Above 0 and below 1.
        convention: How the error is taken, as `omega.statistics.sharpe_error`.
        autocorrelation: Of the first order.
        backend: As `run_backtest`.

    Returns:
        Periods, not rounded; None unless `sr` is above `benchmark`.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> round(min_track_record(0.458, -2.448, 10.164), 6)  # months
        34.557506
    """
    given = _sample(sr, 3, skewness, kurtosis)
    tested = numeric("benchmark", benchmark)
    sure = _confidence(confidence)
    chosen = way(convention, autocorrelation)
    return kernel(backend).minimum_track_record(given, tested, sure, chosen)


def annual_factor(
    periods: float, autocorrelation: float = 0.0, *, backend: str = "auto"
) -> float | None:
    """Return what a Sharpe ratio is multiplied with to be that of several periods together.

    `√q / √(1 + 2r/(1 - r)·(1 - (1 - r^q)/(q(1 - r))))` (Lo, "The Statistics of Sharpe Ratios",
    2002): the root of `periods` without autocorrelation.

    Args:
        periods: How many of them are put together, 1 at least.
        autocorrelation: Of the first order, above -1 and below 1.
        backend: As `run_backtest`.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> annual_factor(252), round(annual_factor(252, 0.1), 6)
        (15.874507866387544, 14.364792)
    """
    many = numeric("periods", periods, minimum=1.0, maximum=1e9)
    if not many.is_integer():
        raise ConfigError(f"periods: given {periods!r}, expected a whole number")
    return kernel(backend).annual_factor(many, way("2012", autocorrelation)[1])


def min_backtest_years(trials: float, sr: float, *, backend: str = "auto") -> float | None:
    """Return the years within which the best of trials without skill is expected to show a ratio.

    `(E[max]/SR)²` (Bailey, Borwein, López de Prado and Zhu, "Pseudo-Mathematics and Financial
    Charlatanism", 2014). A shorter backtest shows such a ratio by luck alone.

    Args:
        trials: Trials, 1 at least.
        sr: Sharpe ratio a year.
        backend: As `run_backtest`.

    Returns:
        Years; None unless `sr` is above 0.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> round(min_backtest_years(45, 1.0), 6)
        4.998087
    """
    return kernel(backend).minimum_backtest_years(trials_field(trials), numeric("sr", sr))


def expected_max_sharpe(trials: float, *, exact: bool = False, backend: str = "auto") -> float:
    """Return the Sharpe ratio that the best of trials without skill shows, in deviations of theirs.

    `(1 - g)Φ⁻¹(1 - 1/N) + gΦ⁻¹(1 - 1/(N·e))` (Bailey and López de Prado 2014), `g` being Euler's
    constant; with `exact` the mean of the largest of so many normal numbers, by integration.

    Args:
        trials: Trials, 1 at least; for one of them the expectation is 0.
        exact: Whether to integrate.
        backend: As `run_backtest`.

    Raises:
        ConfigError: `trials` is no such number.

    Example:
        >>> round(expected_max_sharpe(100), 6), round(expected_max_sharpe(100, exact=True), 6)
        (2.530603, 2.507594)
    """
    many, of = trials_field(trials), kernel(backend)
    if not isinstance(exact, bool):
        raise ConfigError(f"exact: given {exact!r}, expected True or False")
    return of.normal_maximum(many)[0] if exact else of.expected_maximum(many)


def deflated_sharpe(  # noqa: PLR0917 - the order of the formula
    sr: float,
    n: int,
    skewness: float,
    kurtosis: float,
    trials: float,
    variance: float,
    *,
    convention: str = "2012",
    autocorrelation: float = 0.0,
    backend: str = "auto",
) -> float | None:
    """Return the probability that the best of many trials has skill.

    The probabilistic Sharpe ratio above `√V·E[max]`, which the best of the trials would show
    without any (Bailey and López de Prado, "The Deflated Sharpe Ratio", 2014).

    Args:
        sr: Sharpe ratio of a period, not annualised, of the trial that was chosen.
        n: Periods.
        skewness: Of its returns.
        kurtosis: Of its returns, not excess: 3 for normal ones.
        trials: All trials that were made, those that failed to trade included.
        variance: Of the trials' Sharpe ratios of a period, over one trial less than there are.
        convention: How the error is taken, as `omega.statistics.sharpe_error`.
        autocorrelation: Of the first order.
        backend: As `run_backtest`.

    Returns:
        A probability; None where the error is undefined.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> round(deflated_sharpe(2.5 / 250**0.5, 1250, -3, 10, trials=100, variance=0.5 / 250), 6)
        0.900397
    """
    given = _sample(sr, n, skewness, kurtosis)
    spread = numeric("variance", variance, minimum=0.0)
    chosen = way(convention, autocorrelation)
    return kernel(backend).deflated(given, trials_field(trials), spread, chosen)


def trials_to_doubt(  # noqa: PLR0917 - the order of the formula
    sr: float,
    n: int,
    skewness: float,
    kurtosis: float,
    variance: float,
    confidence: float = 0.95,
    *,
    backend: str = "auto",
) -> int | None:
    """Return the largest number of trials at which the deflated Sharpe ratio is still `confidence`.

    It needs no count of trials: who has made more of them should doubt the result.

    Args:
        sr: Sharpe ratio of a period, not annualised.
        n: Periods.
        skewness: Of the returns.
        kurtosis: Of the returns, not excess: 3 for normal ones.
        variance: Of the trials' Sharpe ratios of a period.
        confidence: Above 0 and below 1.
        backend: As `run_backtest`.

    Returns:
        Trials; 0 where one is too many, None where no number is, or the error is undefined.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> trials_to_doubt(2.5 / 250**0.5, 1250, -3, 10, variance=0.5 / 250)
        46
    """
    given = _sample(sr, n, skewness, kurtosis)
    spread = numeric("variance", variance, minimum=0.0)
    found = kernel(backend).trials_to_doubt(given, spread, _confidence(confidence))
    return None if found is None else int(found)


def effective_trials(
    returns: object, *, method: str = "participation", backend: str = "auto"
) -> float | None:
    """Return how many independent trials correlated ones are worth.

    Of the eigenvalues `λ` of their correlation matrix: `(Σλ)²/Σλ²`, the participation ratio;
    "entropy" is `exp(-Σ p ln p)` of their shares, and "average" is `r + (1 - r)·N` of the mean
    correlation `r` (Bailey and López de Prado 2014). It belongs with a variance *between* clusters
    of trials; with that of all of them it would correct twice.

    Args:
        returns: A row for each period, a column for each trial.
        method: "participation", "entropy" or "average".
        backend: As `run_backtest`.

    Returns:
        At least 1; None where no trial varies. Those that never vary do not count.

    Raises:
        ConfigError: The returns are no numbers, or there is no such method.

    Example:
        >>> round(effective_trials([[1, 1], [2, -1], [0, -1], [1, 1]]), 6)
        2.0
    """
    chosen = field("method", method, one_of("participation", "entropy", "average"))
    return kernel(backend).effective_trials(matrix(returns), chosen)


def _sample(
    sr: object, n: object, skewness: object, kurtosis: object
) -> tuple[float, float, float, float]:
    return (
        numeric("sr", sr),
        numeric("n", n, minimum=0.0),
        numeric("skewness", skewness),
        numeric("kurtosis", kurtosis),
    )


def _confidence(given: object) -> float:
    sure = numeric("confidence", given, above=0.0, maximum=1.0)
    if sure == 1.0:
        raise ConfigError("confidence: given 1.0, expected a number above 0 and below 1")
    return sure

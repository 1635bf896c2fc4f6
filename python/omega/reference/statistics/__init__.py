"""Statistics of many trials: the same bits as `omega._core.Statistics`."""

from __future__ import annotations

from omega.reference.statistics import bootstrap as _bootstrap
from omega.reference.statistics import effective as _effective
from omega.reference.statistics import moments as _moments
from omega.reference.statistics import normal as _normal
from omega.reference.statistics import overfitting as _overfitting
from omega.reference.statistics import plateau as _plateau
from omega.reference.statistics import sharpe as _sharpe
from omega.reference.statistics import superior as _superior


class Statistics:
    """The functions of `omega.statistics` over checked arguments.

    Example:
        >>> Statistics.cdf(0.0), Statistics.expected_maximum(1.0)
        (0.5, 0.0)
    """

    cdf = staticmethod(_normal.cdf)
    ppf = staticmethod(_normal.ppf)
    normal_maximum = staticmethod(_normal.normal_maximum)
    sharpe_error = staticmethod(_sharpe.sharpe_error)
    probabilistic = staticmethod(_sharpe.probabilistic)
    minimum_track_record = staticmethod(_sharpe.minimum_track_record)
    annual_factor = staticmethod(_sharpe.annual_factor)
    expected_maximum = staticmethod(_sharpe.expected_maximum)
    minimum_backtest_years = staticmethod(_sharpe.minimum_backtest_years)
    deflated = staticmethod(_sharpe.deflated)
    trials_to_doubt = staticmethod(_sharpe.trials_to_doubt)
    moments = staticmethod(_moments.moments)
    trial_moments = staticmethod(_moments.trial_moments)
    block_moments = staticmethod(_moments.block_moments)
    effective_trials = staticmethod(_effective.effective_trials)
    overfitting = staticmethod(_overfitting.overfitting)
    draws = staticmethod(_bootstrap.draws)
    every_draw = staticmethod(_bootstrap.every_draw)
    orders = staticmethod(_bootstrap.orders)
    every_order = staticmethod(_bootstrap.every_order)
    block_lengths = staticmethod(_bootstrap.block_lengths)
    measured = staticmethod(_bootstrap.measured)
    resampled = staticmethod(_bootstrap.resampled)
    quantile = staticmethod(_bootstrap.quantile)
    interval = staticmethod(_bootstrap.interval)
    paths = staticmethod(_bootstrap.paths)
    superior = staticmethod(_superior.superior)
    deviations = staticmethod(_superior.deviations)
    plateau = staticmethod(_plateau.plateau)

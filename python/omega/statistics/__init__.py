"""Statistics of many trials: how much of the best of them is luck.

Sharpe ratios are those of a period, and nothing is annualised; a kurtosis is not excess, 3 for
normal returns; what is undefined is None. Returns are a table with a row for each period and a
column for each trial: an array, a frame, an Arrow table or a list of rows. Both backends give the
same bits.

    >>> import omega
    >>> round(omega.statistics.expected_max_sharpe(1_000), 6)
    3.255122
"""

from __future__ import annotations

from omega.statistics._combinatorial import (
    CrossValidation,
    Split,
    Splits,
    combinatorial_splits,
    cpcv,
)
from omega.statistics._overfitting import Overfitting, pbo
from omega.statistics._plateau import Plateau, plateau
from omega.statistics._ratios import (
    annual_factor,
    deflated_sharpe,
    effective_trials,
    expected_max_sharpe,
    min_backtest_years,
    min_track_record,
    probabilistic_sharpe,
    sharpe_error,
    trials_to_doubt,
)
from omega.statistics._resampling import (
    BlockLength,
    Interval,
    TradeOrder,
    block_length,
    confidence_interval,
    stationary_bootstrap,
    trade_order,
)
from omega.statistics._superior import (
    RealityCheck,
    SuperiorAbility,
    reality_check,
    romano_wolf,
    spa,
)

__all__ = [
    "BlockLength",
    "CrossValidation",
    "Interval",
    "Overfitting",
    "Plateau",
    "RealityCheck",
    "Split",
    "Splits",
    "SuperiorAbility",
    "TradeOrder",
    "annual_factor",
    "block_length",
    "combinatorial_splits",
    "confidence_interval",
    "cpcv",
    "deflated_sharpe",
    "effective_trials",
    "expected_max_sharpe",
    "min_backtest_years",
    "min_track_record",
    "pbo",
    "plateau",
    "probabilistic_sharpe",
    "reality_check",
    "romano_wolf",
    "sharpe_error",
    "spa",
    "stationary_bootstrap",
    "trade_order",
    "trials_to_doubt",
]

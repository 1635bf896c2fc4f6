"""A run of target weights: its symbols in order of name, its rules and its table (W1, W10, W11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omega.config.execution import Execution
from omega.config.times import PER_SECOND
from omega.contract import Settings, WeightFields
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.run.job import Job
from omega.strategy.called_weights import CalledWeights
from omega.strategy.schedules import Days, days_of
from omega.strategy.weights import Weights


def in_order_of_names(stores: Sequence[CandleStore]) -> list[CandleStore]:
    """Return the stores of symbols by name, so that no byte depends on the order of the input."""
    return sorted(stores, key=lambda store: store.symbols[0])


def with_weights(settings: Settings, weights: Weights, execution: Execution) -> Settings:
    """Return the settings of a run of target weights: positions of a symbol are netted.

    Raises:
        ConfigError: Hedging was requested, or version 1 of the rules, which knows no weights.
    """
    if execution.position_mode == "hedging":
        raise ConfigError(
            "Execution.position_mode: given 'hedging' with omega.Weights, expected 'netting'. "
            "Leave it out: weights are of what a symbol has in all"
        )
    if settings["semantics"] == "1":
        raise ConfigError(
            "semantics: given 1 with omega.Weights, expected 2. The rules of the first release "
            "know no target weights"
        )
    settings = {**settings, "position_mode": "netting"}
    if weights.participation is None:
        return settings
    if execution.participation is not None:
        raise ConfigError(
            f"Execution.participation: given {execution.participation:g} beside "
            f"Weights(participation={weights.participation:g}), expected one of them"
        )
    own = weights.participation, execution.participation_lagged, weights.carry_over == "retry"
    return {**settings, "participation": own}


def require_volumes(
    settings: Settings, stores: Sequence[CandleStore], finer: Mapping[str, CandleStore]
) -> None:
    """Refuse a limit on participation where volumes are not known (W10).

    Raises:
        ConfigError: A symbol has no volume, bars are looked into, or version 1 is run.
    """
    if settings["participation"] is None:
        return
    if finer or settings["semantics"] == "1":
        raise ConfigError(
            "participation: given with a magnifier or semantics=1, expected neither: volumes are "
            "of whole bars, and version 1 of the rules knows none"
        )
    for store in stores:
        (symbol,) = store.symbols
        if "volume" not in (role for role, _ in store.native.columns(symbol)):
            raise ConfigError(
                f"participation: given {settings['participation'][0]:g}, and {symbol} has no "
                "volume; add a column of volumes, or leave it out"
            )


def called(weights: Weights) -> Weights | CalledWeights:
    """Return weights by a function as a strategy that calls it."""
    return CalledWeights(weights) if weights.is_function else weights


def due_steps(weights: Weights, job: Job) -> NDArray[np.int64] | None:
    """Return the times at whose first step a function of weights is called; None is each."""
    schedule = weights.schedule(run_days(job), job.stores[0].time_unit)
    return None if schedule is None else np.array(schedule, dtype=np.int64)


def weight_fields(weights: Weights, job: Job) -> WeightFields:
    """Return the table of a run's target weights as a backend reads it."""
    symbols = [store.symbols[0] for store in job.stores]
    unit, is_cash = job.stores[0].time_unit, job.settings["account"]["kind"] == "cash"
    return weights.fields(symbols, run_days(job), unit, is_cash=is_cash)


def run_days(job: Job) -> Days:
    """Return the days of a run over its data (T4)."""
    clock, unit = job.clock, job.stores[0].time_unit
    spans = [store.native.time_range(store.symbols[0]) for store in job.stores]
    span = min(first for first, *_ in spans), max(last for _, last, *_ in spans)
    starts = None if all(clock["dates"]) else clock["starts"]
    return days_of(starts, clock["first_day"], span, 86_400 * PER_SECOND[unit])

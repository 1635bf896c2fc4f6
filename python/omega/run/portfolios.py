"""A run of target weights: symbols in order of name, rules and table (W1, W10, W11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omega.config.execution import Execution
from omega.config.times import PER_SECOND, from_units
from omega.contract import Settings, WeightFields
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.notices import Notice
from omega.run.job import Job
from omega.strategy.called_weights import CalledWeights
from omega.strategy.expressions import is_observed
from omega.strategy.schedule import Schedule, unlike
from omega.strategy.schedules import Days, days_of
from omega.strategy.weights import Weights


def in_order_of_names(stores: Sequence[CandleStore]) -> list[CandleStore]:
    """Return the stores of symbols by name, so that no byte depends on the order of the input."""
    return sorted(stores, key=lambda store: store.symbols[0])


def with_weights(settings: Settings, weights: Weights, execution: Execution) -> Settings:
    """Return the settings of a run of target weights: positions of a symbol are netted.

    Raises:
        ConfigError: Hedging was requested, or version 1 of the rules, which has no weights.
    """
    if execution.position_mode == "hedging":
        raise ConfigError(
            "Execution.position_mode: given 'hedging' with omega.Weights, expected 'netting'. "
            "Leave it out: weights are of what a symbol has in all"
        )
    if settings["semantics"] == "1":
        raise ConfigError(
            "semantics: given 1 with omega.Weights, expected 2. The rules of the first release "
            "have no target weights"
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
            "of whole bars, and version 1 of the rules has no participation"
        )
    for store in stores:
        (symbol,) = store.symbols
        if "volume" not in (role for role, _ in store.native.columns(symbol)):
            raise ConfigError(
                f"participation: given {settings['participation'][0]:g}, and {symbol} has no "
                "volume; add a column of volumes, or leave it out"
            )


def weights_of(strategy: object) -> Weights | None:
    """Return the target weights of a run: its strategy, or the first of a schedule of them.

    Raises:
        ConfigError: The weights of one account differ in what is the account's, or follow
            another form of a strategy.
    """
    if isinstance(strategy, Weights):
        return strategy
    several = []
    if isinstance(strategy, Schedule):
        several = [one for one in strategy.strategies if one is not None]
    if not any(isinstance(one, Weights) for one in several):
        return None
    first, *others = several
    for one in others:
        if not (isinstance(one, Weights) and isinstance(first, Weights)):
            raise unlike(first, one)
        if (one.participation, one.carry_over) != (first.participation, first.carry_over):
            raise ConfigError(
                f"Weights.participation: given {first.participation} with carry_over="
                f"{first.carry_over!r} and {one.participation} with {one.carry_over!r} on one "
                "account, expected the same: the limit is the account's. Give it as "
                "Execution(participation=)"
            )
    return first if isinstance(first, Weights) else None


def called(strategy: Any) -> Any:  # noqa: ANN401 - of any form
    """Return weights by functions as strategies that call them, those of a schedule too."""
    if isinstance(strategy, Schedule):
        return strategy.of([called(one) for one in strategy.strategies])
    is_called = isinstance(strategy, Weights) and strategy.is_function
    return CalledWeights(strategy) if is_called else strategy


def due_steps(weights: Weights, job: Job) -> NDArray[np.int64] | None:
    """Return the times at whose first step a function of weights is called; None is each."""
    schedule = weights.schedule(run_days(job), job.stores[0].time_unit)
    return None if schedule is None else np.array(schedule, dtype=np.int64)


def weight_fields(weights: Weights, job: Job) -> WeightFields:
    """Return the table of a run's target weights as a backend reads it."""
    symbols = [store.symbols[0] for store in job.stores]
    unit, is_cash = job.stores[0].time_unit, job.settings["account"]["kind"] == "cash"
    fields = weights.fields(symbols, run_days(job), unit, is_cash=is_cash)
    _require_overlap(fields, job, unit)
    left = int(np.isnan(fields["weights"]).sum())
    if left and type(weights.targets).__module__.startswith("pandas"):
        text = (
            f"{left:,} of {len(fields['weights']):,} targets are null and leave what is held as "
            "it is; fillna(0) sells it"
        )
        job.ran.notices.append(Notice("info", "null_targets", text))
    return fields


def _require_overlap(fields: WeightFields, job: Job, unit: str) -> None:
    """Refuse targets that all come after the candles, which would be a run without a trade."""
    times = fields["times"]
    first, last = _span(job)
    if len(times) and times[0] > last and not is_observed():
        dates = [f"{from_units(int(time), unit, None):%Y-%m-%d %H:%M}" for time in times[[0, -1]]]
        shown = [f"{from_units(time, unit, None):%Y-%m-%d %H:%M}" for time in (first, last)]
        raise ConfigError(
            f"Weights.targets: given targets from {dates[0]} to {dates[1]}, and the candles go "
            f"from {shown[0]} to {shown[1]}, expected some of their time"
        )


def run_days(job: Job) -> Days:
    """Return the days of a run over its data (T4)."""
    clock, unit = job.clock, job.stores[0].time_unit
    starts = None if all(clock["dates"]) else clock["starts"]
    return days_of(starts, clock["first_day"], _span(job), 86_400 * PER_SECOND[unit])


def _span(job: Job) -> tuple[int, int]:
    """Return the first and the last time of the candles."""
    spans = [store.native.time_range(store.symbols[0]) for store in job.stores]
    return min(first for first, *_ in spans), max(last for _, last, *_ in spans)

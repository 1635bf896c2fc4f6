"""How much of the best run of a sweep is luck, from the statistics that the sweep kept.

A trial is a distinct fingerprint: a run that was made twice was tried once. Runs that never traded
are one of them, with a Sharpe ratio of 0; runs that failed have no result that could be chosen.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import counted
from omega.errors import ConfigError
from omega.statistics import (
    Overfitting,
    SuperiorAbility,
    effective_trials,
    min_track_record,
    probabilistic_sharpe,
    trials_to_doubt,
)
from omega.statistics._arguments import block_of, kernel
from omega.statistics._overfitting import of_moments
from omega.statistics._superior import Tested, tested
from omega.sweeps.block_moments import BLOCKS
from omega.sweeps.spec import METRICS

if TYPE_CHECKING:
    from omega._core import Statistics

SHOWN = (
    "total_return",
    "cagr",
    "sharpe",
    "max_drawdown",
    "profit_factor",
    "win_rate",
    "trades",
    "exposure",
)
"""The metrics of a row that a person reads."""
_REPLICATES = 1_000
_MEANING = {
    "psr": "its true Sharpe ratio is above 0, if it were the only trial",
    "dsr": "and above what the best of all trials would show without skill",
    "dsr_null": "the same, with the variance that trials without skill have at least",
    "trials_to_doubt": "number of trials at which dsr falls below 0.95",
    "pbo": "how often the winner on half the days is below the median on the other half",
    "probability_of_loss": "how often the winner on half the days loses on the other half",
    "spa": "p-value of the best against cash, not against holding, with all trials considered",
}
"""The numbers that a person reads first."""
_FULL = 16
"""Entries of a row that are printed; of a longer one, the metrics that a person reads."""
_OF_THE_END = ("data", "end", "symbol", "timeframes", "calendar")
"""Settings that decide which day of a run is its last."""


@dataclasses.dataclass(frozen=True)
class Trust:
    """How much of the best run is luck; what is not known is None, with a note.

    Sharpe ratios are those of a day. The page "How much of this is luck?" explains what
    each number shows and what it does not.

    Attributes:
        metric: The metric that the best run was chosen by.
        best_run: Its number.
        trials: Runs that have a result.
        distinct: Distinct results among them and in the ledger of trials: the `N` of `dsr`.
        n_eff: How many independent trials they are worth; needs `daily=True`.
        sharpe: Sharpe ratio of the best run, of a day.
        days: Its days.
        sharpe_variance: Variance of the trials' ratios.
        psr: Probability that its true ratio is above 0, as if it were the only trial.
        dsr: The same above what the best of all trials would show without skill.
        dsr_null: The same with the variance of trials without skill, if that is larger: a fine
            grid has a small variance, and the hurdle vanishes. Of the two believe the smaller.
        trials_to_doubt: The largest number of trials at which `dsr` would still be 0.95.
        min_track_record_days: Days until the ratio alone is significant at 0.95.
        pbo: Probability of backtest overfitting over sixteen equal spans of days.
        pbo_logits: Log-odds of the rank outside, of each of its choices.
        degradation: Slope of the ratio outside over that inside.
        probability_of_loss: Share of its choices whose best trial loses outside.
        spa: Hansen's test against cash; needs `daily=True`.
        notes: Why a number is missing, and how to have it.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime, timedelta
        >>> close = [100.0 + (k * 7919 % 13) for k in range(900)]
        >>> candles = pl.DataFrame({
        ...     "time": [datetime(2026, 1, 1) + timedelta(hours=k) for k in range(900)],
        ...     "open": close, "high": close, "low": close, "close": close,
        ... })
        >>> import omega
        >>> result = omega.sweep(candles, omega.native("sma_cross"), {"fast": [2, 3]}, daily=True)
        >>> trust = result.trust()
        >>> trust.trials, trust.days, trust.spa is None, trust.notes
        (2, 38, False, ())
    """

    metric: str
    best_run: int
    trials: int
    distinct: int
    n_eff: float | None
    sharpe: float | None
    days: int
    sharpe_variance: float | None
    psr: float | None
    dsr: float | None
    dsr_null: float | None
    trials_to_doubt: int | None
    min_track_record_days: float | None
    pbo: float | None
    pbo_logits: NDArray[np.float64] | None = dataclasses.field(repr=False, compare=False)
    degradation: float | None
    probability_of_loss: float | None
    spa: SuperiorAbility | None
    notes: tuple[str, ...]

    def in_words(self) -> str:
        """Return how many trials the best run is of, and what is left of it.

        Example:
            >>> grid = {"fast": [2, 3], "slow": [5, 8]}
            >>> omega.sweep(candles, omega.native("sma_cross"), grid).trust("net_profit").in_words()
            'The best of 4 trials; deflated Sharpe ratio ..., probability of overfitting ...'
        """
        many = _many(self.trials, self.distinct)
        return (
            f"The best of {many}; deflated Sharpe ratio {_shown(self.dsr)}, probability of "
            f"overfitting {_shown(self.pbo)}"
        )

    def __str__(self) -> str:
        """The numbers one below the other, each with what it means."""
        spa = None if self.spa is None else self.spa.consistent
        numbers = {**vars(self), "spa": spa}
        lines = (f"  {name:<20}{_short(numbers[name]):>9}  {_MEANING[name]}" for name in _MEANING)
        return "\n".join([self.in_words(), *lines, *(f"  note: {note}" for note in self.notes)])


def _short(value: int | float | None) -> str:  # noqa: PYI041 - they are shown differently
    return f"{value:,}" if isinstance(value, int) else _shown(value)


def _many(trials: int, distinct: int) -> str:
    runs = counted(trials, "trial")
    return f"{runs}, {distinct:,} distinct" if distinct != trials else runs


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


class Trial(NamedTuple):
    """A run as the statistics see it."""

    run: int
    key: str
    days: int
    sharpe: float | None
    skewness: float | None
    kurtosis: float | None
    blocks: Sequence[float]

    @property
    def sample(self) -> tuple[float, int, float, float] | None:
        """What the probability of its ratio is made of; None where its shape is undefined."""
        if self.sharpe is None or self.skewness is None or self.kurtosis is None:
            return None
        return self.sharpe, self.days, self.skewness, self.kurtosis


class Trials:
    """All trials of a sweep."""

    def __init__(
        self,
        rows: pl.DataFrame,
        moments: pl.DataFrame | None,
        kept: Callable[[str], pl.DataFrame | None],
        others: Mapping[str, float] | None = None,
    ) -> None:
        """Take the rows, what was kept of their days, and ratios of a ledger by fingerprint."""
        self._rows, self._moments, self._kept, self._others = rows, moments, kept, others or {}

    @property
    def others(self) -> Mapping[str, float]:
        """The ratios of the ledger, by fingerprint; NaN is undefined, or over too few days."""
        return self._others

    def among(self, others: Mapping[str, float]) -> Trials:
        """Count the trials of a ledger as well."""
        return Trials(self._rows, self._moments, self._kept, others)

    @cached_property
    def all(self) -> list[Trial]:
        """All runs that have a result, in the order of runs."""
        if self._moments is None or not {"run", "fingerprint", "error"} <= set(self._rows.columns):
            return []
        done = self._rows.filter(pl.col("error").is_null()).select("run", "fingerprint")
        found = done.join(self._moments, on="run", how="inner").sort("run")
        return [_trial(*row) for row in found.iter_rows()]

    @cached_property
    def distinct(self) -> list[Trial]:
        """The first of each result."""
        by_key: dict[str, Trial] = {}
        for trial in self.all:
            by_key.setdefault(trial.key, trial)
        return list(by_key.values())

    @cached_property
    def count(self) -> int:
        """Distinct results of the sweep and of the ledger."""
        return len({trial.key for trial in self.distinct} | set(self._others))

    @cached_property
    def variance(self) -> float | None:
        """Variance of the ratios of distinct trials; 0 of a single one."""
        ratios = {key: ratio for key, ratio in self._others.items() if math.isfinite(ratio)}
        ratios |= {one.key: one.sharpe for one in self.distinct if one.sharpe is not None}
        if not ratios:
            return None
        values = np.array(list(ratios.values()))
        deviation = self._of.moments(values)[1] if len(values) > 1 else 0.0
        return float(deviation * deviation)

    def columns(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the table with the columns of these statistics, before the fingerprints."""
        if self._moments is None or "fingerprint" not in table.columns:
            return table
        dsr = {trial.run: self._deflated(trial) for trial in self.all}
        p_values = self._p_values()
        runs = table["run"].to_list()
        table = table.drop("dsr", "p_adjusted", strict=False)
        names = table.columns
        place = names.index("fingerprint")
        return table.with_columns(
            pl.Series("dsr", [dsr.get(run) for run in runs], dtype=pl.Float64),
            pl.Series("p_adjusted", [p_values.get(run) for run in runs], dtype=pl.Float64),
        ).select(*names[:place], "dsr", "p_adjusted", *names[place:])

    def summary(self, table: pl.DataFrame) -> str:
        """Return how many trials there are, and what is left of the best of them."""
        if "dsr" not in table.columns or not self.count:
            return ""
        best = table["dsr"].max()
        shown = _shown(best if isinstance(best, float) else None)
        return f"{self.many}; the best deflated Sharpe ratio is {shown}"

    @property
    def many(self) -> str:
        """How many trials, in words."""
        return _many(len(self.all), self.count)

    def trust(self, metric: str, run: int) -> Trust:
        """Return all of one run, which was chosen by a metric.

        Raises:
            ConfigError: Nothing is known of the days of the runs.
        """
        best = next((trial for trial in self.all if trial.run == run), None)
        if best is None:
            raise ConfigError(
                f"trust: nothing is known of the days of run {run}; it needs the result of "
                "omega.sweep, with its fingerprints and errors"
            )
        sample, variance = best.sample, self.variance
        overfitting, superior = self._overfitting, self._superior
        null = None if variance is None else max(variance, 1.0 / max(best.days - 1, 1))
        doubt = None
        if sample is not None and variance is not None:
            doubt = trials_to_doubt(*sample, variance)
        return Trust(
            metric=metric,
            best_run=run,
            trials=len(self.all),
            distinct=self.count,
            n_eff=None if self._matrix is None else effective_trials(self._matrix),
            sharpe=best.sharpe,
            days=best.days,
            sharpe_variance=variance,
            psr=probabilistic_sharpe(*sample) if sample else None,
            dsr=self._deflated(best),
            dsr_null=self._deflated(best, null),
            trials_to_doubt=doubt,
            min_track_record_days=min_track_record(sample[0], *sample[2:]) if sample else None,
            pbo=overfitting.pbo if overfitting else None,
            pbo_logits=overfitting.logits if overfitting else None,
            degradation=overfitting.slope if overfitting else None,
            probability_of_loss=overfitting.probability_of_loss if overfitting else None,
            spa=superior.spa if superior else None,
            notes=tuple(self._notes(best)),
        )

    def _deflated(self, trial: Trial, variance: float | None = None) -> float | None:
        """The probability that a ratio is above that of the best of all trials without skill."""
        if trial.sample is None or self.variance is None:
            return None
        hurdle = self._hurdle if variance is None else math.sqrt(variance) * self._expected
        return self._of.probabilistic(trial.sample, hurdle, (False, 0.0))

    @cached_property
    def _of(self) -> type[Statistics]:
        return kernel("auto")

    @cached_property
    def _expected(self) -> float:
        return self._of.expected_maximum(float(self.count))

    @cached_property
    def _hurdle(self) -> float:
        return math.sqrt(self.variance or 0.0) * self._expected

    @cached_property
    def _measured(self) -> list[Trial]:
        """The distinct trials whose days have returns, which those after a debt have not."""
        return [trial for trial in self.distinct if trial.days]

    @property
    def _same_days(self) -> bool:
        return len({trial.days for trial in self._measured}) == 1

    @property
    def _end_together(self) -> bool:
        """Whether the last days of all runs are the same ones."""
        varied = [name for name in _OF_THE_END if name in self._rows.columns]
        return all(self._rows[name].n_unique() == 1 for name in varied)

    @cached_property
    def _overfitting(self) -> Overfitting | None:
        """The probability of overfitting, of at least two trials over the same days."""
        trials = self._measured
        if len(trials) < 2:  # noqa: PLR2004 - to choose from
            return None
        if self._same_days and all(trial.blocks for trial in trials):
            table = np.array([trial.blocks for trial in trials])
            each, rest = divmod(trials[0].days, BLOCKS)
            lengths = [each + (block < rest) for block in range(BLOCKS)]
            sums, squares = table[:, 1 : 1 + BLOCKS], table[:, 1 + BLOCKS :]
            parts = (np.ascontiguousarray(part.T).ravel() for part in (sums, squares))
            offsets = np.ascontiguousarray(table[:, 0])
            return of_moments(self._of.overfitting(lengths, offsets, *parts))
        if self._matrix is None or len(self._matrix) < BLOCKS:
            return None
        return of_moments(self._of.overfitting(*self._of.block_moments(self._matrix, BLOCKS)))

    @cached_property
    def _matrix(self) -> NDArray[np.float64] | None:
        """Returns of the measured trials over the last days that all of them have, a row a day.

        Runs differ in their first day where they need bars to warm up. None where the returns are
        not kept, or where the last days are not the same.
        """
        shared = min((trial.days for trial in self._measured), default=0)
        if shared <= 1 or not (self._same_days or self._end_together):
            return None
        daily = self._kept("daily")
        if daily is None:
            return None
        by_run = dict(daily.select("run", "daily").iter_rows())
        if any(trial.run not in by_run for trial in self._measured):
            return None
        last = [by_run[trial.run][-shared:] for trial in self._measured]
        return np.ascontiguousarray(np.array(last, dtype=np.float64).T)

    @cached_property
    def _superior(self) -> Tested | None:
        if self._matrix is None:
            return None
        of = self._of
        return tested(self._matrix, block_of(self._matrix, None, of), _REPLICATES, 0, of)

    def _p_values(self) -> dict[int, float]:
        """The p-value of each run; runs with the same result have the same."""
        if self._superior is None:
            return {}
        keys = (trial.key for trial in self._measured)
        by_key = dict(zip(keys, self._superior.step_down.tolist(), strict=True))
        return {trial.run: by_key[trial.key] for trial in self.all if trial.key in by_key}

    def _notes(self, best: Trial) -> list[str]:
        notes, kept = [], self._kept("daily") is not None
        days = {trial.days for trial in self._measured}
        if len(days) > 1 and self._matrix is not None:
            notes.append(f"pbo, spa and n_eff are over the last {min(days)} days, which all have")
        elif len(days) > 1:
            how = (
                "the same end" if kept else "the same first day, start=, or sweep(..., daily=True)"
            )
            notes.append(f"pbo, spa and n_eff need runs over the same days: give {how}")
        elif self._overfitting is None:
            notes.append(f"pbo needs two trials and {BLOCKS} days, given {best.days} days")
        if not kept:
            notes.append("spa, n_eff and p_adjusted need the returns: sweep(..., daily=True)")
        if best.sample is None:
            notes.append("psr and dsr need four days with returns that vary")
        return notes


def _trial(run: int, fingerprint: str | None, moments: Sequence[float]) -> Trial:
    days, sharpe, skewness, kurtosis, *blocks = moments
    # Without fingerprints equal moments are equal results, but for chance.
    key = fingerprint or np.array(moments).tobytes().hex()
    return Trial(run, key, int(days), _known(sharpe), _known(skewness), _known(kurtosis), blocks)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


class Best(dict[str, Any]):
    """The best row of a sweep; shown with how many trials it is the best of.

    Example:
        >>> frame = pl.DataFrame({"run": [0]})
        >>> Best({"run": 0}, Trials(frame, None, lambda name: None))
        {'run': 0}
    """

    def __init__(
        self,
        row: Mapping[str, Any],
        trials: Trials,
        chosen_by: tuple[str, bool | None] | None = None,
    ) -> None:
        """Take the row, the trials that it was chosen from, and by which metric it was."""
        super().__init__(row)
        self.chosen_by = chosen_by
        self._told = ""
        if trials.all:
            shown = _shown(row.get("dsr"))
            self._told = f"\nThe best of {trials.many}; deflated Sharpe ratio {shown}"

    def __repr__(self) -> str:
        """The row, and what is to be known before it is believed."""
        return super().__repr__() + self._told

    def __str__(self) -> str:
        """The run, its parameters and its main metrics, one below the other."""
        left_out = {*METRICS} - {*SHOWN} if len(self) > _FULL else set()
        names = [name for name in self if name not in {*left_out, "dsr", "fingerprint"}]
        by = None if self.chosen_by is None else self.chosen_by[0]
        if by in self:  # what it was chosen by comes before the other metrics
            place = next((k for k, name in enumerate(names) if name in METRICS), len(names))
            names = [*names[:place], str(by), *names[place:]]
        known = ((name, self[name]) for name in dict.fromkeys(names) if self[name] is not None)
        lines = (f"{name:<14}{_cell(value)}" for name, value in known)
        return "\n".join(lines) + self._told


def _cell(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)

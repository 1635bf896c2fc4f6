"""Choice of a run in each window: by a metric, a plateau of one, or a function."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import polars as pl

from omega.config.values import nearest, number, plain, taken
from omega.errors import ConfigError
from omega.report._metrics import LESS_IS_BETTER
from omega.sweeps.result import SweepResult
from omega.sweeps.spec import METRICS

Objective: TypeAlias = "str | Callable[[SweepResult], Any]"
PLATEAU = "plateau:"


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The choice of a window.

    Attributes:
        run: The number of the set; None where there is none.
        eligible: How many runs could be chosen.
        reason: Why there is no choice.
    """

    run: int | None
    eligible: int
    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class Chooser:
    """Chooses a run of each window.

    Attributes:
        objective: The metric, "plateau:" and a metric, or a function of the window's runs.
        minimum: The least value of metrics that a run must have.
    """

    objective: Objective
    minimum: Mapping[str, float]

    @classmethod
    def of(cls, objective: object, minimum: object, known: Sequence[str] = METRICS) -> Chooser:
        """Check what was given.

        Raises:
            ConfigError: A metric is unknown.
        """
        if not isinstance(objective, str) and not callable(objective):
            raise ConfigError(
                f"objective: given {objective!r}, expected a metric such as 'sharpe', "
                "'plateau:sharpe', or a function of a SweepResult that gives a run"
            )
        if not isinstance(minimum, (Mapping, type(None))):
            raise ConfigError(f"minimum: given {minimum!r}, expected {{'trades': 30}}")
        least = {
            str(name): taken(f"minimum of {name}", value, number())
            for name, value in (minimum or {}).items()
        }
        metric = objective.removeprefix(PLATEAU) if isinstance(objective, str) else None
        for name in (*([] if metric is None else [metric]), *least):
            if name not in known:
                what = "objective" if name == metric else "minimum"
                raise ConfigError(f"{what}: no metric {name!r}. {nearest(name, known)}")
        return cls(objective, least)

    @property
    def metric(self) -> str:
        """The metric that is chosen by; of a function the Sharpe ratio is shown."""
        given = self.objective
        return given.removeprefix(PLATEAU) if isinstance(given, str) else "sharpe"

    def choose(self, runs: SweepResult) -> Chosen:
        """Choose a run of a window; of equal ones the first."""
        table = runs.to_polars()
        done = table.filter(pl.col("error").is_null())
        if done.is_empty():
            return Chosen(None, 0, f"all {table.height} runs failed: {table['error'][0]}")
        enough = done
        for name, least in self.minimum.items():
            enough = enough.filter(pl.col(name).is_not_null() & (pl.col(name) >= least))
        if enough.is_empty():
            wanted = ", ".join(f"{name} >= {least:g}" for name, least in self.minimum.items())
            return Chosen(None, 0, f"no run has {wanted}")
        if callable(self.objective):
            return self._by_function(self.objective, runs, enough)
        score = done.select("run", *runs.parameters, self.metric)
        scored = plateau(score, self.metric) if self.objective.startswith(PLATEAU) else score
        known = scored.filter(
            pl.col("run").is_in(enough["run"].to_list()) & pl.col(self.metric).is_not_null()
        ).sort("run")
        if known.is_empty():
            return Chosen(None, 0, f"no run has a value of {self.metric}")
        values = known[self.metric]
        best = values.arg_min() if self.metric in LESS_IS_BETTER else values.arg_max()
        return Chosen(int(known["run"][best or 0]), known.height)

    def _by_function(
        self, function: Callable[[SweepResult], Any], runs: SweepResult, enough: pl.DataFrame
    ) -> Chosen:
        given = plain(function(_of(enough, runs)))
        given = plain(given["run"]) if isinstance(given, Mapping) and "run" in given else given
        if given is None:
            return Chosen(None, enough.height, "the objective chose none")
        if not isinstance(given, numbers.Integral) or given not in enough["run"].to_list():
            raise ConfigError(
                f"objective: the function gave {given!r}, expected the number of one of the "
                f"{enough.height} runs that it was given, its row, or None"
            )
        return Chosen(int(given), enough.height)


def _of(table: pl.DataFrame, runs: SweepResult) -> SweepResult:
    return SweepResult(table, metrics=runs.metrics, total=table.height)


def plateau(score: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Return each run the median of its neighbourhood: itself, and the runs a step away.

    A neighbour differs by at most one place in each parameter, in the order of the values that the
    grid has; runs without a value count for nothing.

    Example:
        >>> rows = pl.DataFrame({"run": [0, 1, 2], "n": [5, 10, 20], "sharpe": [1.0, 9.0, 2.0]})
        >>> plateau(rows, "sharpe")["sharpe"].to_list()
        [5.0, 2.0, 5.5]
    """
    names = [name for name in score.columns if name not in ("run", metric)]
    ranks = score.with_columns(
        pl.col(name).rank("dense").cast(pl.Int64).alias(f"__{place}")
        if score[name].dtype.is_numeric()
        else _order(score[name], place)
        for place, name in enumerate(names)
    )
    here = ranks.select("run", *(f"__{place}" for place in range(len(names))))
    there = here.with_columns(score[metric].alias("__value")).drop("run")
    pairs = (
        here.join(there, how="cross", suffix="_other") if names else here.join(there, how="cross")
    )
    near = pairs.filter(
        pl.all_horizontal(
            (pl.col(f"__{place}") - pl.col(f"__{place}_other")).abs() <= 1
            for place in range(len(names))
        )
        if names
        else pl.lit(value=True)
    )
    medians = near.group_by("run").agg(pl.col("__value").median().alias("__median"))
    known = pl.when(pl.col(metric).is_not_null()).then(pl.col("__median"))
    joined = score.join(medians, on="run", how="left", maintain_order="left")
    return joined.with_columns(known.alias(metric)).drop("__median")


def _order(values: pl.Series, place: int) -> pl.Series:
    """Places of values that are no numbers, in the order in which they came."""
    order = {value: k for k, value in enumerate(values.unique(maintain_order=True).to_list())}
    return pl.Series(f"__{place}", [order[value] for value in values.to_list()], dtype=pl.Int64)

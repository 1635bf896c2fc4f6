"""Ranking of the runs of a sweep, and the runs that are worth a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import polars as pl

from omega.errors import ConfigError
from omega.notices import Notice
from omega.sweeps.arguments import count_field, directions_field
from omega.sweeps.objectives import Gates, Objective, gated, objective_of
from omega.sweeps.ranking import (
    STABILITY,
    plateaus_of,
    ranked,
    stability_of,
    yearly_of,
    zone_of,
)
from omega.sweeps.table import NAMES
from omega.sweeps.trust import Best
from omega.sweeps.zones import SHARE, Zone, share_field

_STATISTICS = ("dsr", "p_adjusted")
"""Columns that show how much of a row is luck."""


class Decisions:
    """The part of a sweep's result that ranks runs."""

    metrics: tuple[str, ...]
    notices: tuple[Notice, ...]
    _rows: pl.DataFrame
    _trials: Any  # the trials of a sweep, made with the first look
    if TYPE_CHECKING:

        @property
        def _table(self) -> pl.DataFrame: ...

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that varied.

        Example:
            >>> omega.sweep(candles, omega.native("sma_cross", slow=20), {"fast": [5]}).parameters
            ('fast',)
        """
        other = {*NAMES, *_STATISTICS, *self.metrics}
        return tuple(name for name in self._rows.columns if name not in other)

    def sort(self, metric: str = "sharpe", *, maximize: bool | None = None) -> pl.DataFrame:
        """Return the table, the best run of a metric first; runs without a value stand last.

        Args:
            metric: The metric, another column of the table, or an expression as in `best`.
            maximize: Whether more is better; None as in `best`.

        Raises:
            ConfigError: There is no such column.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "max_drawdown": [0.2, 0.1]})
            >>> result = omega.SweepResult(frame, metrics=("max_drawdown",), total=2)
            >>> result.sort("max_drawdown")["run"].to_list()
            [1, 0]
        """
        known = [*self._scores(), *self._table.columns]
        _, order, more = objective_of(self._table, known, metric, maximize)
        more = more and (metric != "run" or maximize is True)
        return (
            self._table.with_columns(order.alias("__by"))
            .sort("__by", descending=more, nulls_last=True, maintain_order=True)
            .drop("__by")
        )

    @overload
    def best(
        self,
        metric: str = "sharpe",
        n: Literal[1] = 1,
        *,
        maximize: bool | None = None,
        minimum: Gates = None,
        maximum: Gates = None,
    ) -> dict[str, Any]: ...

    @overload
    def best(
        self,
        metric: str = "sharpe",
        *,
        n: int,
        maximize: bool | None = None,
        minimum: Gates = None,
        maximum: Gates = None,
    ) -> Any: ...  # noqa: ANN401 - a frame, or a row for 1

    def best(
        self,
        metric: str = "sharpe",
        n: int = 1,
        *,
        maximize: bool | None = None,
        minimum: Gates = None,
        maximum: Gates = None,
    ) -> dict[str, Any] | pl.DataFrame:
        """Return the row with the best value of a metric; of equal ones the first run.

        A metric that is undefined for a run counts as what it tends to: a run that never loses
        has a profit factor of infinity, and is the best. See the page "Sweeps".

        Args:
            metric: The metric, or an expression over metrics and parameters that is maximised,
                such as "sharpe - 2 * max_drawdown".
            n: How many runs; more than one give a frame, the best first.
            maximize: Whether more is better; None: less is for drawdowns, costs and volatility.
            minimum: What a run has at least, by metric or expression: `{"trades": 100}`.
            maximum: What it has at most, in the same way.

        Raises:
            ConfigError: There is no such metric, or no run has a value of it and passes.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1, 2], "max_drawdown": [0.2, 0.1, 0.05],
            ...                       "trades": [150, 120, 3]})
            >>> result = omega.SweepResult(frame, metrics=("max_drawdown", "trades"), total=3)
            >>> result.best("max_drawdown")["run"]
            2
            >>> result.best("max_drawdown", minimum={"trades": 100})["run"]
            1
            >>> result.best("trades / 1000 - max_drawdown", n=2)["run"].to_list()
            [1, 2]
        """
        count = count_field("n", n)
        table, refused = self._gated(minimum, maximum)
        _, values, more = objective_of(table, self._scores(), metric, maximize)
        known = (
            table.with_columns(values.alias("__by"))
            .filter(pl.col("__by").is_not_null())
            .sort("run", maintain_order=True)
            .sort("__by", descending=more, maintain_order=True)
            .drop("__by")
        )
        if known.is_empty():
            why = f" The gates refuse: {', '.join(refused)}." if refused else ""
            raise ConfigError(
                f"best: none of {self._table.height} runs has a value of {metric!r}"
                f"{' and passes' if refused else ''}.{why} See .failures, and .to_polars() for "
                "the rest"
            )
        if count > 1:
            return known.head(count)
        return Best(known.row(0, named=True), self._trials, (metric, maximize))

    def select(
        self, *, minimum: Gates = None, maximum: Gates = None, where: str | None = None
    ) -> pl.DataFrame:
        """Return the rows that pass all gates, in the order of runs.

        How many runs were tried stays a matter of the whole table.

        Args:
            minimum: What a run has at least, by metric or expression; what is undefined is too
                little. `positive_years` and `worst_year` need `sweep(..., equity=True)`.
            maximum: What it has at most, in the same way.
            where: A condition over metrics and parameters: "fast < 30 and sharpe > 0.5".

        Raises:
            ConfigError: A gate is over an unknown metric, or is no number.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "sharpe": [0.4, None], "trades": [50, 90]})
            >>> result = omega.SweepResult(frame, metrics=("sharpe", "trades"), total=2)
            >>> result.select(minimum={"sharpe": 0})["run"].to_list()
            [0]
            >>> result.select(where="trades > 60")["run"].to_list()
            [1]
        """
        rows, _ = self._gated(minimum, maximum, where)
        return rows.sort("run", maintain_order=True)

    def rank(
        self,
        metrics: Sequence[str] | Mapping[str, float],
        *,
        weights: Sequence[float] | None = None,
        maximize: Sequence[bool | None] | None = None,
    ) -> pl.DataFrame:
        """Return the table by the mean of each run's ranks in several metrics, the best first.

        Ranks go from 1, the best, to the number of runs. Equal values have the mean of their
        ranks; runs without a value are equal, behind all others. Ranks have no scale, so that a
        metric of large numbers counts no more than one of small ones.

        Args:
            metrics: Metrics or expressions; or each with its weight.
            weights: One for each, where they are not given with the metrics; equal by default.
            maximize: For each whether more is better; None as in `best`.

        Returns:
            The table with `mean_rank` behind `run`; of equal ones the first run stands first.

        Raises:
            ConfigError: There is no such metric, or the weights are of no use.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1, 2], "sharpe": [1.0, 3.0, 2.0],
            ...                       "max_drawdown": [0.1, 0.4, 0.2]})
            >>> result = omega.SweepResult(frame, metrics=("sharpe", "max_drawdown"), total=3)
            >>> result.rank({"sharpe": 1, "max_drawdown": 3}).select("run", "mean_rank").rows()
            [(0, 1.5), (2, 2.0), (1, 2.5)]
        """
        return ranked(self._table, self._scores(), metrics, weights, maximize)

    def zone(
        self,
        metric: str = "sharpe",
        *,
        share: float = SHARE,
        run: int | None = None,
        reach: int = 1,
        diagonal: bool = True,
        nearest: int | None = None,
        maximize: bool | None = None,
    ) -> Zone:
        """Return the connected region of parameters around the best run that is about as good.

        A best run whose neighbours are poor is likely luck: a small change of the market is like a
        small change of a parameter.

        Args:
            metric: The metric or expression.
            share: The share of the best value that each run of the zone has at least; where less is
                better, each has at most the best value divided by it.
            run: The run to look around; the best by default.
            reach: Steps in the order of a parameter's values that a neighbour is away at most.
            diagonal: Whether a neighbour may differ in several parameters at once.
            nearest: So many nearest runs as neighbours instead, in parameters scaled to [0, 1]. By
                default this is done where runs lie on no grid, with two for each parameter.
            maximize: Whether more is better; None as in `best`.

        Raises:
            ConfigError: There is no such metric or run, or no run has a value.

        Example:
            >>> frame = pl.DataFrame({"run": range(5), "fast": [1, 2, 3, 4, 5],
            ...                       "sharpe": [0.1, 1.0, 0.9, 0.2, 0.9]})
            >>> zone = omega.SweepResult(frame, metrics=("sharpe",), total=5).zone("sharpe")
            >>> zone
            Zone(2 runs around run 1: fast 2…3, plateau 0.50)
        """
        by = self._objective(metric, maximize)
        where = {"run": run, "reach": reach, "diagonal": diagonal, "nearest": nearest}
        return zone_of(self._table, self.parameters, by, share_field(share), where)

    def plateaus(
        self,
        metric: str = "sharpe",
        *,
        reach: int = 1,
        diagonal: bool = True,
        nearest: int | None = None,
        maximize: bool | None = None,
    ) -> pl.DataFrame:
        """Return for each run how good its neighbours are, the best neighbourhood first.

        Args:
            metric: The metric or expression.
            reach: As `zone`.
            diagonal: As `zone`.
            nearest: As `zone`.
            maximize: Whether more is better; None as in `best`.

        Returns:
            `run`, parameters, the value, `neighbours`, `plateau` (their mean over the value),
            `worst` (the worst of them over it) and `neighbourhood` (the median of them and the
            value), by which the rows are sorted. The ratios are null unless the value is above 0.

        Raises:
            ConfigError: There is no such metric, or no run has a value.

        Example:
            >>> frame = pl.DataFrame({"run": range(4), "fast": [1, 2, 3, 4],
            ...                       "sharpe": [2.0, 0.1, 0.9, 1.0]})
            >>> result = omega.SweepResult(frame, metrics=("sharpe",), total=4)
            >>> result.plateaus("sharpe").select("run", "neighbourhood").row(0)
            (0, 1.05)
        """
        by = self._objective(metric, maximize)
        where = {"reach": reach, "diagonal": diagonal, "nearest": nearest}
        return plateaus_of(self._table, self.parameters, by, where)

    def yearly(self) -> pl.DataFrame:
        """Return the return of each run in each calendar year (UTC); it needs `equity=True`.

        Returns:
            `run`, `year`, `start` and `end` of the run's bars in it, `days` with a bar, and
            `total_return` from the end of the year before, or from the cash.

        Raises:
            ConfigError: The sweep did not keep equity rows.

        Example:
            >>> grid = {"fast": [4, 5]}
            >>> strategy = omega.native("sma_cross", slow=20)
            >>> omega.sweep(candles, strategy, grid, equity=True).yearly()["year"].to_list()
            [2024, 2024]
        """
        return yearly_of(self._table, self._beside("equity"))

    def stability(self) -> pl.DataFrame:
        """Return for each run how steady its years were; it needs `equity=True`.

        Returns:
            `run`, `calendar_years` (how many), `positive_years` (the share of them that gained),
            `worst_year` and `best_year` (returns), and `year_deviation` (of them; null for one).

        Raises:
            ConfigError: The sweep did not keep equity rows.

        Example:
            >>> strategy = omega.native("sma_cross", slow=20)
            >>> steady = omega.sweep(candles, strategy, {"fast": [4, 5]}, equity=True).stability()
            >>> steady["calendar_years"].to_list()
            [1, 1]
        """
        return stability_of(self.yearly())

    def pareto(
        self, first: str, second: str, *, maximize: tuple[bool, bool] | None = None
    ) -> pl.DataFrame:
        """Return the runs than which no other is better in one metric and as good in the other.

        Args:
            first: A metric, or an expression as in `best`.
            second: Another one.
            maximize: For each whether more is better; None as in `best`.

        Returns:
            Their rows, the best in `first` before the others.

        Raises:
            ConfigError: There is no such metric, or `maximize` is no pair of flags.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1, 2], "cagr": [0.1, 0.3, 0.2],
            ...                       "max_drawdown": [0.1, 0.3, 0.4]})
            >>> result = omega.SweepResult(frame, metrics=("cagr", "max_drawdown"), total=3)
            >>> result.pareto("cagr", "max_drawdown")["run"].to_list()
            [1, 0]
        """
        wanted = directions_field(maximize) or (None, None)
        each = [self._objective(*one) for one in zip((first, second), wanted, strict=True)]
        signed = [one.values * (1.0 if one.more else -1.0) for one in each]
        ranked = (
            self._table.with_columns(signed[0].alias("__first"), signed[1].alias("__second"))
            .drop_nulls(["__first", "__second"])
            .sort("__first", "__second", "run", descending=[True, True, False])
        )
        before = pl.col("__second").cum_max().shift(1)
        front = ranked.filter(before.is_null() | (pl.col("__second") > before))
        return front.drop("__first", "__second")

    def _beside(self, name: str) -> pl.DataFrame:
        """Return a table beside the rows."""
        raise NotImplementedError

    def _scores(self) -> list[str]:
        """What runs may be ranked by: metrics, and other numbers that stand beside them."""
        own = {"run", *self.parameters, *self.metrics}
        more = [n for n, kind in self._table.schema.items() if kind.is_numeric() and n not in own]
        return [*self.metrics, *more]

    def _objective(self, metric: object, maximize: object = None) -> Objective:
        return objective_of(self._table, self._scores(), metric, maximize)

    def _gated(
        self, minimum: Gates, maximum: Gates, where: str | None = None
    ) -> tuple[pl.DataFrame, list[str]]:
        """Return the rows that pass all gates, those over the years of each run among them."""
        asked = {name for one in (minimum, maximum) if isinstance(one, Mapping) for name in one}
        table, known = self._table, self._scores()
        if asked & ({*STABILITY} - {*table.columns}):
            table = table.join(self.stability(), on="run", how="left", maintain_order="left")
            known += STABILITY
        rows, refused = gated(table, known, minimum, maximum, where)
        return rows.select(self._table.columns), refused

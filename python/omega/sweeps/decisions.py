"""How a sweep comes to a decision: its runs in an order, and those that are worth a look."""

from __future__ import annotations

from typing import Any

import polars as pl

from omega.config.values import nearest
from omega.errors import ConfigError
from omega.report._metrics import LESS_IS_BETTER
from omega.sweeps.arguments import directions_field
from omega.sweeps.table import NAMES


class Decisions:
    """The part of a sweep's result that ranks runs."""

    metrics: tuple[str, ...]
    _table: pl.DataFrame

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that varied.

        Example:
            >>> omega.sweep(candles, omega.native("sma_cross", slow=20), {"fast": [5]}).parameters
            ('fast',)
        """
        other = {*NAMES, *self.metrics}
        return tuple(name for name in self._table.columns if name not in other)

    def sort(self, metric: str = "sharpe", *, maximize: bool | None = None) -> pl.DataFrame:
        """Give the table, the best run of a metric first; runs without a value stand last.

        Args:
            metric: The metric, or another column of the table.
            maximize: Whether more is better; None as in `best`.

        Raises:
            ConfigError: There is no such column.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "max_drawdown": [0.2, 0.1]})
            >>> result = omega.SweepResult(frame, metrics=("max_drawdown",), total=2)
            >>> result.sort("max_drawdown")["run"].to_list()
            [1, 0]
        """
        if metric not in self._table.columns:
            self._known(metric)
        more = metric not in (*LESS_IS_BETTER, "run") if maximize is None else maximize
        return self._table.sort(metric, descending=more, nulls_last=True, maintain_order=True)

    def best(self, metric: str = "sharpe", *, maximize: bool | None = None) -> dict[str, Any]:
        """Give the row with the best value of a metric; of equal ones the first run.

        A metric that is undefined for a run counts as what it tends to: a run that never loses
        has a profit factor of infinity, and is the best. See docs/guides/sweeps.md.

        Args:
            metric: The metric.
            maximize: Whether more is better; None: less is for drawdowns, costs and volatility.

        Raises:
            ConfigError: There is no such metric, or no run has a value of it.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "max_drawdown": [0.2, 0.1]})
            >>> result = omega.SweepResult(frame, metrics=("max_drawdown",), total=2)
            >>> result.best("max_drawdown")["run"]
            1
        """
        self._known(metric)
        known = self._table.filter(pl.col(metric).is_not_null()).sort("run", maintain_order=True)
        if known.is_empty():
            raise ConfigError(
                f"best: none of {self._table.height} runs has a value of {metric!r}; see "
                ".failures, and .to_polars() for the rest"
            )
        more = metric not in LESS_IS_BETTER if maximize is None else maximize
        value = known[metric].max() if more else known[metric].min()
        return known.filter(pl.col(metric) == value).row(0, named=True)

    def pareto(
        self, first: str, second: str, *, maximize: tuple[bool, bool] | None = None
    ) -> pl.DataFrame:
        """Give the runs than which no other is better in one metric and as good in the other.

        Args:
            first: A metric.
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
        self._known(first)
        self._known(second)
        wanted = directions_field(maximize)
        more = wanted or (first not in LESS_IS_BETTER, second not in LESS_IS_BETTER)
        signs = [1.0 if one else -1.0 for one in more]
        rows = self._table.filter(pl.col(first).is_not_null() & pl.col(second).is_not_null())
        ranked = rows.with_columns(
            (pl.col(first) * signs[0]).alias("__first"),
            (pl.col(second) * signs[1]).alias("__second"),
        ).sort("__first", "__second", "run", descending=[True, True, False])
        before = pl.col("__second").cum_max().shift(1)
        front = ranked.filter(before.is_null() | (pl.col("__second") > before))
        return front.drop("__first", "__second")

    def _known(self, metric: object) -> None:
        if not isinstance(metric, str):
            kind = type(metric).__name__
            raise ConfigError(
                f"metric: given a {kind}, expected the name of one, such as {self.metrics[:1]}; "
                "rank by a function of your own over to_polars()"
            )
        if metric not in self.metrics:
            raise ConfigError(
                f"metric: {metric!r} is not in the table. {nearest(metric, self.metrics)}"
            )

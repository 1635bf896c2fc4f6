"""What a sweep hands back: one table with a row for each run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from omega.config.values import nearest
from omega.contract import ArrowLike
from omega.errors import ConfigError
from omega.notebook import table
from omega.report import Heatmap, View, heatmap, parallel
from omega.report._metrics import LESS_IS_BETTER
from omega.sweeps.arguments import directions_field
from omega.sweeps.table import NAMES, ruined
from omega.sweeps.trust import Best, Trials, Trust

if TYPE_CHECKING:
    from omega.report import Heatmap, View
    from omega.sweeps.ledger import Book
    from omega.sweeps.parts import Parts


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
"""The metrics of a table that a person reads."""
_ROWS = 10


class SweepResult:
    """The rows of a sweep, in the order of its runs.

    Attributes:
        metrics: Names of the metrics in the table.
        total: Runs that were requested.
        interrupted: Whether it was stopped before all of them were made.
        folder: Where the rows are written to; None where they are in memory alone.

    Example:
        >>> frame = pl.DataFrame({"run": [0, 1], "fast": [5, 9], "sharpe": [0.4, 0.9],
        ...                       "fingerprint": ["a", "b"], "error": [None, None]})
        >>> result = SweepResult(frame, metrics=("sharpe",), total=2)
        >>> result.best("sharpe")["fast"]
        9
        >>> result.parameters, result.failures.height
        (('fast',), 0)
        >>> strategy = omega.native("sma_cross", slow=20)
        >>> whole = omega.sweep(candles, strategy, {"fast": [5, 8]}, trades=True, equity=True)
        >>> whole.trades["run"].unique().sort().to_list(), whole.equity.columns[0]
        ([0, 1], 'run')
    """

    def __init__(
        self,
        table: pl.DataFrame,
        *,
        metrics: Sequence[str],
        total: int,
        interrupted: bool = False,
        tables: dict[str, pl.DataFrame] | None = None,
        parts: Parts | None = None,
        book: Book | None = None,
    ) -> None:
        """Takes the rows as they are, and writes them into a ledger where there is one."""
        self.metrics, self.total, self.interrupted = tuple(metrics), total, interrupted
        self.folder: Path | None = None if parts is None else parts.folder
        self._rows, self._tables, self._parts = table, tables or {}, parts
        if book is not None:
            self._trials = self._trials.among(book.written(table, self.parameters, self._trials))

    @cached_property
    def _table(self) -> pl.DataFrame:
        return self._trials.columns(self._rows)

    @cached_property
    def _trials(self) -> Trials:
        return Trials(self._rows, self._kept("moments"), self._kept)

    def trust(self, metric: str = "sharpe") -> Trust:
        """Say how much of the best run is luck, given all runs that were made.

        Args:
            metric: The metric that the best run was chosen by.

        Returns:
            The numbers. Those that need the returns of all runs are None without `daily=True`.

        Raises:
            ConfigError: There is no such metric, no run has a value of it, or the sweep kept
                nothing of the days of its runs.

        Example:
            >>> strategy = omega.native("sma_cross", slow=20)
            >>> trust = omega.sweep(candles, strategy, {"fast": [5, 8]}).trust("net_profit")
            >>> trust.metric, trust.trials
            ('net_profit', 2)
        """
        return self._trials.trust(metric, int(self.best(metric)["run"]))

    def to_polars(self) -> pl.DataFrame:
        """Give the table: `run`, parameters, metrics, `dsr`, `p_adjusted`, `fingerprint`, `error`.

        `dsr` is the deflated Sharpe ratio among all runs, `p_adjusted` the p-value by Romano and
        Wolf, which needs `daily=True` and is null without it; docs/guides/how-much-is-luck.md.

        Example:
            >>> frame = pl.DataFrame({"run": [0], "error": [None]})
            >>> SweepResult(frame, metrics=(), total=1).to_polars().height
            1
        """
        return self._table

    def to_arrow(self) -> ArrowLike:
        """Give the table as one of pyarrow, which has to be installed.

        Example:
            >>> frame = pl.DataFrame({"run": [0], "error": [None]})
            >>> SweepResult(frame, metrics=(), total=1).to_arrow().num_rows
            1
        """
        return self._table.to_arrow()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Give the table as a stream of Arrow record batches."""
        return self._table.__arrow_c_stream__(requested_schema)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that varied."""
        other = {*NAMES, *self.metrics}
        return tuple(name for name in self._rows.columns if name not in other)

    @property
    def failures(self) -> pl.DataFrame:
        """The runs that ended in an error: number, parameters, error."""
        return self._table.filter(pl.col("error").is_not_null()).select(
            "run", *self.parameters, "error"
        )

    @property
    def ruined(self) -> pl.DataFrame:
        """The runs whose equity reached 0 (rule M8), as rows of the table.

        Example:
            >>> frame = pl.DataFrame({"initial_equity": [9.0, 9.0], "lowest_equity": [4.0, -1.0]})
            >>> SweepResult(frame, metrics=("lowest_equity",), total=2).ruined.height
            1
        """
        return ruined(self._table)

    @property
    def trades(self) -> pl.DataFrame:
        """The trades of all runs, with `run`; they are kept where `trades=True` requests them."""
        return self._beside("trades")

    @property
    def equity(self) -> pl.DataFrame:
        """The equity rows of all runs, with `run`; kept where `equity=True` requests them."""
        return self._beside("equity")

    def sort(self, metric: str = "sharpe", *, maximize: bool | None = None) -> pl.DataFrame:
        """Give the table, the best run of a metric first; runs without a value stand last.

        Args:
            metric: The metric, or another column of the table.
            maximize: Whether more is better; None as in `best`.

        Raises:
            ConfigError: There is no such column.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "max_drawdown": [0.2, 0.1]})
            >>> result = SweepResult(frame, metrics=("max_drawdown",), total=2)
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
            >>> result = SweepResult(frame, metrics=("max_drawdown",), total=2)
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
        row = known.filter(pl.col(metric) == value).row(0, named=True)
        return Best(row, self._trials)

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
            >>> result = SweepResult(frame, metrics=("cagr", "max_drawdown"), total=3)
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

    def heatmap(
        self,
        x: str,
        y: str,
        metric: str = "sharpe",
        *,
        aggregate: str = "mean",
        maximize: bool | None = None,
        title: str | None = None,
    ) -> Heatmap:
        """Show a metric over two parameters, in a notebook or as a page.

        Args:
            x: The parameter across.
            y: The parameter upwards.
            metric: The metric that colours the cells.
            aggregate: What stands for several runs in a cell: "mean", "median", "min" or "max".
            maximize: Whether more is better; None as in `best`.
            title: The heading.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "fast": [5, 9], "slow": [20, 20],
            ...                       "sharpe": [0.4, 0.9]})
            >>> result = SweepResult(frame, metrics=("sharpe",), total=2)
            >>> result.heatmap("fast", "slow").table.row(0)
            (20, 0.4, 0.9)
        """
        return heatmap(
            self._table,
            x=x,
            y=y,
            metric=metric,
            aggregate=aggregate,
            maximize=maximize,
            title=title,
        )

    def parallel(
        self, metric: str = "sharpe", *, maximize: bool | None = None, title: str | None = None
    ) -> View:
        """Show all parameters that vary and a metric, in a notebook or as a page.

        Args:
            metric: The metric that colours the lines.
            maximize: Whether more is better; None as in `best`.
            title: The heading.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "fast": [5, 9], "sharpe": [0.4, 0.9]})
            >>> result = SweepResult(frame, metrics=("sharpe",), total=2)
            >>> "<canvas" in result.parallel().html
            True
        """
        varied = [name for name in self.parameters if self._table[name].n_unique() > 1]
        return parallel(
            self._table, metric=metric, parameters=varied, maximize=maximize, title=title
        )

    def _kept(self, name: str) -> pl.DataFrame | None:
        found = self._tables.get(name)
        if found is None and self._parts is not None:
            found = self._parts.other(name)
        return found

    def _beside(self, name: str) -> pl.DataFrame:
        found = self._kept(name)
        if found is None:
            raise ConfigError(
                f"{name}: this sweep did not keep them; ask for them with sweep(..., {name}=True)"
            )
        return found

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

    def __len__(self) -> int:
        """Number of runs in the table."""
        return self._rows.height

    def __repr__(self) -> str:
        """How many runs there are, and how they ended."""
        failed = self._rows["error"].is_not_null().sum() if "error" in self._rows.columns else 0
        lost = f", {self.ruined.height} ruined" if self.ruined.height else ""
        stopped = ", interrupted" if self.interrupted else ""
        return f"SweepResult({len(self)} of {self.total} runs, {failed} failed{lost}{stopped})"

    def _repr_html_(self) -> str:
        """The best runs, by the first metric that the table shows."""
        usual = [name for name in SHOWN if name in self.metrics]
        chosen = usual or list(self.metrics[: len(SHOWN)])
        by = "sharpe" if "sharpe" in chosen else next(iter(chosen), "run")
        best = self.sort(by).head(_ROWS)
        why = ["error"] if "error" in best.columns and best["error"].count() else []
        columns = ["run", *self.parameters, *chosen, *why]
        note = f"The best {best.height:,} by {by}; .to_polars() has all" if best.height else ""
        note += f". {told}" if (told := self._trials.told(self._table)) else ""
        rows = ([_cell(value) for value in row] for row in best.select(columns).iter_rows())
        return table(repr(self), [name.replace("_", " ") for name in columns], rows, note)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}".replace("inf", "∞") if isinstance(value, float) else str(value)

"""The pictures of a sweep: a heat map, parallel coordinates, and its best runs in a notebook."""

from __future__ import annotations

import polars as pl

from omega.cluster.placement import in_words
from omega.notebook import table
from omega.report import Heatmap, View, heatmap, parallel
from omega.sweeps.decisions import Decisions
from omega.sweeps.ranking import marking
from omega.sweeps.trust import SHOWN

_ROWS = 10


class Pictures(Decisions):
    """The part of a sweep's result that draws."""

    _placement: pl.DataFrame | None

    def heatmap(
        self,
        x: str,
        y: str,
        metric: str = "sharpe",
        *,
        aggregate: str = "mean",
        maximize: bool | None = None,
        title: str | None = None,
        plateau: bool | float = False,
    ) -> Heatmap:
        """Show a metric over two parameters, in a notebook or as a page.

        Args:
            x: The parameter across.
            y: The parameter upwards.
            metric: The metric, or an expression as in `best`, that colours the cells.
            aggregate: What stands for several runs in a cell: "mean", "median", "min" or "max".
            maximize: Whether more is better; None as in `best`.
            title: The heading.
            plateau: True outlines the cells around the best one that are connected with it and have
                at least 0.8 of its value; a number is another share.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "fast": [5, 9], "slow": [20, 20],
            ...                       "sharpe": [0.4, 0.9]})
            >>> result = omega.SweepResult(frame, metrics=("sharpe",), total=2)
            >>> result.heatmap("fast", "slow").table.row(0)
            (20, 0.4, 0.9)
        """
        table, maximize = self._with(metric, maximize)
        return heatmap(
            table,
            x=x,
            y=y,
            metric=metric,
            aggregate=aggregate,
            maximize=maximize,
            title=title,
            mark=marking((x, y), plateau, more=maximize),
        )

    def parallel(
        self, metric: str = "sharpe", *, maximize: bool | None = None, title: str | None = None
    ) -> View:
        """Show all parameters that vary and a metric, in a notebook or as a page.

        Args:
            metric: The metric, or an expression as in `best`, that colours the lines.
            maximize: Whether more is better; None as in `best`.
            title: The heading.

        Example:
            >>> frame = pl.DataFrame({"run": [0, 1], "fast": [5, 9], "sharpe": [0.4, 0.9]})
            >>> result = omega.SweepResult(frame, metrics=("sharpe",), total=2)
            >>> "<svg" in result.parallel().html
            True
        """
        table, maximize = self._with(metric, maximize)
        varied = [name for name in self.parameters if self._table[name].n_unique() > 1]
        return parallel(table, metric=metric, parameters=varied, maximize=maximize, title=title)

    def _with(self, metric: str, maximize: bool | None) -> tuple[pl.DataFrame, bool]:
        """Return the table, with a column of an expression, and whether more of it is better."""
        by = self._objective(metric, maximize)
        is_there = by.name in self._table.columns
        return self._table if is_there else self._table.with_columns(by.values), by.more

    def _repr_html_(self) -> str:
        """The best runs, by the first metric that the table shows."""
        usual = [name for name in SHOWN if name in self.metrics]
        chosen = usual or list(self.metrics[: len(SHOWN)])
        by = "sharpe" if "sharpe" in chosen else next(iter(chosen), "run")
        best = self.sort(by).head(_ROWS)
        why = ["error"] if "error" in best.columns and best["error"].count() else []
        columns = ["run", *self.parameters, *chosen, *why]
        note = f"The best {best.height:,} by {by}; .to_polars() has all" if best.height else ""
        placed = "" if self._placement is None else in_words(self._placement)
        summary = self._trials.summary(self._table)
        note = ". ".join(filter(None, [note, placed, summary, *map(str, self.notices)]))
        rows = ([_cell(value) for value in row] for row in best.select(columns).iter_rows())
        return table(repr(self), [name.replace("_", " ") for name in columns], rows, note)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}".replace("inf", "∞") if isinstance(value, float) else str(value)

"""The result of a robustness test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from omega.config.values import counted, nearest
from omega.errors import ConfigError
from omega.notebook import table
from omega.report._metrics import LESS_IS_BETTER
from omega.results.result import BacktestResult

SHOWN = (
    "total_return",
    "cagr",
    "sharpe",
    "max_drawdown",
    "profit_factor",
    "win_rate",
    "trades",
    "net_profit",
)
"""The metrics that are compared."""

_WORST = 0.05


def row_of(
    variation: str,
    number: int,
    about: str,
    metrics: Mapping[str, Any],
    *,
    fingerprint: str | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    """Return the row of a run."""
    found = {name: metrics.get(name) for name in SHOWN}
    head = {"variation": variation, "number": number, "about": about}
    return {**head, **found, "fingerprint": fingerprint, "error": error}


def table_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return the rows of all runs as a table."""
    kinds: dict[str, Any] = dict.fromkeys(SHOWN, pl.Float64)
    kinds |= {"trades": pl.Int64, "number": pl.UInt32}
    kinds |= dict.fromkeys(("variation", "about", "fingerprint", "error"), pl.String)
    return pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None)


class StressResult:
    """A strategy with something against it.

    Attributes:
        base: The result of the run as it is.
        skipped: The variations that could not apply, and why.

    Example:
        >>> found = omega.stress(candles, omega.native("sma_cross", fast=3, slow=9), runs=2)
        >>> found
        StressResult(14 runs of 7 variations, 2 skipped, 0 failed)
    """

    def __init__(
        self, rows: pl.DataFrame, base: BacktestResult, skipped: Mapping[str, str]
    ) -> None:
        """Takes the rows of all runs, that of the base run first."""
        self.base, self.skipped = base, dict(skipped)
        self._rows = rows

    @property
    def runs(self) -> pl.DataFrame:
        """A row for each run but the base: what was changed, metrics, fingerprint, error.

        Example:
            >>> found = omega.stress(candles, omega.native("sma_cross", fast=3, slow=9), runs=2)
            >>> found.runs.filter(pl.col("variation") == "late entries").height
            1
        """
        return self._rows.slice(1)

    @property
    def table(self) -> pl.DataFrame:
        """Base, median, 5 % and worst of each metric: of each variation, and of all of them.

        The 5 % is the value that 5 % of the runs fall short of, linear between two of them; where
        less is better it is the 95 % quantile.

        Example:
            >>> found = omega.stress(candles, omega.native("sma_cross", fast=3, slow=9), runs=2)
            >>> found.table.columns
            ['variation', 'metric', 'base', 'median', 'q05', 'worst', 'runs']
        """
        names = self.runs["variation"].unique(maintain_order=True).to_list()
        rows = [self._line(None, metric) for metric in SHOWN]
        rows += [self._line(name, metric) for name in names for metric in SHOWN]
        schema = {
            "variation": pl.String,
            "metric": pl.String,
            **dict.fromkeys(("base", "median", "q05", "worst"), pl.Float64),
            "runs": pl.Int64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _line(self, variation: str | None, metric: str) -> tuple[Any, ...]:
        runs = self.runs
        if variation is not None:
            runs = runs.filter(pl.col("variation") == variation)
        values = runs[metric].drop_nulls().cast(pl.Float64)
        less = metric in LESS_IS_BETTER
        base = self._rows[metric][0]
        return (
            variation or "all",
            metric,
            None if base is None else float(base),
            values.median(),
            values.quantile(1.0 - _WORST if less else _WORST, "linear"),
            values.max() if less else values.min(),
            len(values),
        )

    def of(self, metric: str = "sharpe") -> pl.DataFrame:
        """Return the lines of one metric.

        Args:
            metric: One of those in the table.

        Raises:
            ConfigError: There is no such metric.

        Example:
            >>> found = omega.stress(candles, omega.native("sma_cross", fast=3, slow=9), runs=2)
            >>> found.of("trades")["variation"].to_list()[:2]
            ['all', 'late entries']
        """
        if metric not in SHOWN:
            raise ConfigError(f"metric: no metric {metric!r}. {nearest(str(metric), SHOWN)}")
        return self.table.filter(pl.col("metric") == metric)

    def __repr__(self) -> str:
        runs = self.runs
        failed = runs["error"].count()
        kinds = runs["variation"].n_unique()
        return (
            f"StressResult({counted(runs.height, 'run')} of {counted(kinds, 'variation')}, "
            f"{len(self.skipped)} skipped, "
            f"{failed} failed)"
        )

    def _repr_html_(self) -> str:
        shown = self.table.filter(pl.col("metric").is_in(["total_return", "max_drawdown"]))
        rows = ([_cell(value) for value in row] for row in shown.iter_rows())
        left = "; ".join(f"{name}: {why}" for name, why in self.skipped.items())
        return table(repr(self), shown.columns, rows, f"Skipped: {left}" if left else "")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)

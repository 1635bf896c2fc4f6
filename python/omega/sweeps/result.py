"""What a sweep hands back: one table with a row for each run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from omega.contract import ArrowLike
from omega.errors import ConfigError
from omega.sweeps.pictures import Pictures
from omega.sweeps.table import ruined

if TYPE_CHECKING:
    from omega.sweeps.parts import Parts


class SweepResult(Pictures):
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
    ) -> None:
        """Takes the rows as they are."""
        self.metrics, self.total, self.interrupted = tuple(metrics), total, interrupted
        self.folder: Path | None = None if parts is None else parts.folder
        self._table, self._tables, self._parts = table, tables or {}, parts

    def to_polars(self) -> pl.DataFrame:
        """Give the table: `run`, parameters, metrics, `fingerprint`, `error`.

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

    def _beside(self, name: str) -> pl.DataFrame:
        found = self._tables.get(name)
        if found is None and self._parts is not None:
            found = self._parts.other(name)
        if found is None:
            raise ConfigError(
                f"{name}: this sweep did not keep them; ask for them with sweep(..., {name}=True)"
            )
        return found

    def __len__(self) -> int:
        """Number of runs in the table."""
        return self._table.height

    def __repr__(self) -> str:
        """How many runs there are, and how they ended."""
        failed = self._table["error"].is_not_null().sum() if "error" in self._table.columns else 0
        lost = f", {self.ruined.height} ruined" if self.ruined.height else ""
        stopped = ", interrupted" if self.interrupted else ""
        return f"SweepResult({len(self)} of {self.total} runs, {failed} failed{lost}{stopped})"

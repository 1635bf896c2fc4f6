"""The result of a sweep: one table with a row for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from omega.contract import AnyForm, ArrowLike
from omega.errors import ConfigError
from omega.results.portfolio import closed_by_symbol
from omega.sweeps import saved
from omega.sweeps.pictures import Pictures
from omega.sweeps.rerun import row_of, run_again
from omega.sweeps.standing import standing_of
from omega.sweeps.table import ruined
from omega.sweeps.trust import Trials, Trust

if TYPE_CHECKING:
    from omega.notices import Notice
    from omega.results.result import BacktestResult
    from omega.sweeps.ledger import Book
    from omega.sweeps.parts import Parts
    from omega.sweeps.rerun import Origin


class SweepResult(Pictures):
    """The rows of a sweep, in the order of its runs.

    Attributes:
        metrics: Names of the metrics in the table.
        total: Runs that were requested.
        interrupted: Whether it was stopped before all of them were made.
        notices: What the rows should be compared with in mind.
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
        origin: Origin | None = None,
        notices: Sequence[Notice] = (),
        placement: pl.DataFrame | None = None,
    ) -> None:
        """Take the rows as they are, and write them into a ledger where there is one."""
        self._placement = placement
        self.metrics, self.total, self.interrupted = tuple(metrics), total, interrupted
        self.folder: Path | str | None = None if parts is None else parts.folder
        self._rows, self._tables, self._parts = table, tables or {}, parts
        self._origin, self.notices = origin, tuple(notices)
        if book is not None:
            self._trials = self._trials.among(book.written(table, self.parameters, self._trials))

    @cached_property
    def _table(self) -> pl.DataFrame:
        return self._trials.columns(self._rows)

    @cached_property
    def _trials(self) -> Trials:
        return Trials(self._rows, self._kept("moments"), self._kept)

    def trust(self, metric: str = "sharpe") -> Trust:
        """Return how much of the best run is luck, given all runs that were made.

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

    @property
    def placement(self) -> pl.DataFrame:
        """Which worker of a cluster made which run of this call, and how often it was executed.

        Columns: `run`, `worker` as machine and process, `executions`: how often it was sent, so
        that it was executed no more often. Runs that were on disk before are not there.

        Raises:
            ConfigError: No run was made on a cluster.

        Example:
            >>> frame = pl.DataFrame({"run": [0], "error": [None]})
            >>> by = pl.DataFrame({"run": [0], "worker": ["a:17"], "executions": [1]})
            >>> SweepResult(frame, metrics=(), total=1, placement=by).placement["worker"].to_list()
            ['a:17']
        """
        if self._placement is None:
            raise ConfigError(
                "placement: no run of this call was made on a cluster; see executor= of sweep"
            )
        return self._placement

    def to_polars(self) -> pl.DataFrame:
        """Return the table: `run`, parameters, metrics, and `dsr` to `error`.

        `dsr` is the deflated Sharpe ratio among all runs, `p_adjusted` the p-value by Romano and
        Wolf, which needs `daily=True` and is null without it (see "How much of this is luck?");
        `fingerprint` is the hash of the result, and `error` is why there is none.

        Example:
            >>> frame = pl.DataFrame({"run": [0], "error": [None]})
            >>> SweepResult(frame, metrics=(), total=1).to_polars().height
            1
        """
        return self._table

    def to_arrow(self) -> ArrowLike:
        """Return the table as one of pyarrow, which has to be installed.

        Example:
            >>> frame = pl.DataFrame({"run": [0], "error": [None]})
            >>> SweepResult(frame, metrics=(), total=1).to_arrow().num_rows
            1
        """
        return self._table.to_arrow()

    def to_pandas(self) -> Any:  # noqa: ANN401 - a DataFrame of pandas, which may not be there
        """Return the table as one of pandas, which has to be installed.

        Raises:
            ConfigError: pandas, or pyarrow, which it needs for this, is not installed.

        Example:
            >>> frame = pl.DataFrame({"run": [0], "error": [None]})
            >>> len(SweepResult(frame, metrics=(), total=1).to_pandas())
            1
        """
        try:
            return self._table.to_pandas()
        except ImportError as problem:
            raise ConfigError(
                f"to_pandas: {problem}. Install both: pip install pandas pyarrow; or use to_polars"
            ) from problem

    def run(
        self,
        row: int | Mapping[str, Any] | pl.DataFrame,
        *,
        data: ArrowLike = None,
        strategy: AnyForm = None,
        grid: Any = None,  # noqa: ANN401 - as `omega.sweep`
        **settings: Any,  # noqa: ANN401 - as above
    ) -> BacktestResult:
        """Make a run again, into a whole result with trades, equity, ledger and report.

        Its `standing`, which the report shows, is its rank among all runs.

        Args:
            row: The number of the run, or its row: `result.run(result.best())`.
            data: The candles, for a result that was loaded or unpickled.
            strategy: The strategy, for such a result.
            grid: The grid, for such a result whose values had names.
            **settings: The settings that all runs of the sweep had, for such a result.

        Raises:
            ConfigError: There is no such run, or nothing to make it of.
            StateSyncError: Its fingerprint is not that of the row: code, candles or settings have
                changed.

        Example:
            >>> result = omega.sweep(candles, omega.native("sma_cross", slow=20), {"fast": [5, 8]})
            >>> again = result.run(result.best("net_profit"))
            >>> again.metrics["net_profit"] == result.best("net_profit")["net_profit"]
            True
        """
        given = {"data": data, "strategy": strategy, "grid": grid, "settings": settings}
        own = self.parameters
        result = run_again(self._table, row, self._origin, parameters=own, given=given)
        number = int(row_of(self._table, row)["run"])
        by = getattr(row, "chosen_by", None)
        of = (self._table, self._scores(), self._trials, number, by)
        return result.standing_as(partial(standing_of, *of))

    def save(self, directory: str | Path, *, overwrite: bool = False) -> Path:
        """Write the result into a directory, which appears whole or not at all.

        Args:
            directory: The directory to make; one that is there must be empty.
            overwrite: Replace a sweep that was saved there; other files in it stay.

        Raises:
            ConfigError: The place is taken.
            WriteFailed: It cannot be written to.

        Example:
            >>> import tempfile
            >>> result = omega.sweep(candles, omega.native("sma_cross", slow=20), {"fast": [5]})
            >>> folder = result.save(Path(tempfile.mkdtemp()) / "sweep")
            >>> SweepResult.load(folder).to_polars().equals(result.to_polars())
            True
        """
        beside = {name: self._kept(name) for name in saved.BESIDE}
        tables = {"runs": self._rows} | {n: t for n, t in beside.items() if t is not None}
        about = {
            "metrics": list(self.metrics),
            "total": self.total,
            "interrupted": self.interrupted,
            "notices": self.notices,
            "ledger": saved.ratios_kept(self._trials.others),
        }
        return saved.save(directory, tables, about, overwrite=overwrite)

    @classmethod
    def load(cls, directory: str | Path) -> SweepResult:
        """Read a saved result, and check that it is what was saved.

        It has neither candles nor strategy: give them to `run`.

        Raises:
            BrokenResult: A file is missing or changed, or of another version.

        Example:
            >>> try:
            ...     SweepResult.load("/nowhere")
            ... except ValueError as error:
            ...     print(error)
            '/nowhere/sweep-result.json' is missing; ...
        """
        tables, kept = saved.load(directory)
        own = {name: kept[name] for name in ("metrics", "total", "interrupted", "notices")}
        made = cls(tables.pop("runs"), tables=tables, **own)
        made._trials = made._trials.among(kept["ledger"])
        return made

    def __getstate__(self) -> dict[str, Any]:
        """Travel without candles and strategy, as a saved result."""
        return {**vars(self), "_origin": None}

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the table as a stream of Arrow record batches."""
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
    def by_symbol(self) -> pl.DataFrame:
        """What the closed trades of each run and symbol came to, of a sweep with `trades=True`.

        `costs` are fees less all that was booked while a trade was held, dividends included: the
        trades do not have them apart. `SweepResult.run(row).by_symbol` has.

        Example:
            >>> native = omega.native("sma_cross", slow=20)
            >>> swept = omega.sweep(candles, native, {"fast": [5]}, trades=True)
            >>> swept.by_symbol.columns
            ['run', 'symbol', 'trades', 'win_rate', 'gross_pnl', 'costs', 'net_pnl']
        """
        return closed_by_symbol(self.trades, "run")

    @property
    def equity(self) -> pl.DataFrame:
        """The equity rows of all runs, with `run`; kept where `equity=True` requests them."""
        return self._beside("equity")

    def _kept(self, name: str) -> pl.DataFrame | None:
        found = self._tables.get(name)
        return self._parts.other(name) if found is None and self._parts is not None else found

    def _beside(self, name: str) -> pl.DataFrame:
        found = self._kept(name)
        errors = self._rows.get_column("error", default=None)
        if found is None and errors is not None and len(errors) and not errors.null_count():
            raise ConfigError(
                f"{name}: all {len(self)} runs of this sweep failed; see SweepResult.failures"
            )
        if found is None:
            raise ConfigError(
                f"{name}: this sweep did not keep them; ask for them with sweep(..., {name}=True)"
            )
        return found

    def __len__(self) -> int:
        """Number of runs in the table."""
        return self._rows.height

    def __repr__(self) -> str:
        """How many runs there are, how they ended, and the error where all failed by one."""
        has_errors = "error" in self._rows.columns
        errors: list[str] = self._rows["error"].drop_nulls().to_list() if has_errors else []
        failed = len(errors)
        same = failed == len(self) and failed > 0 and len(set(errors)) == 1
        lost = f", {self.ruined.height} ruined" if self.ruined.height else ""
        stopped = ", interrupted" if self.interrupted else ""
        why = f": {errors[0]}" if same else ""
        made = f"{len(self)} of {self.total} runs"
        return f"SweepResult({made}, {failed} failed{lost}{stopped}{why})"

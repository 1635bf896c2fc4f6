"""The result of a run: tables, metrics, and everything that is needed to run it again.

Frames lie in the engine's own Arrow buffers, and numbers come from those tables alone. All metrics
are defined in ``docs/concepts/results.md``.
"""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from omega.contract import AnyForm, ArrowLike, Component, ResultTables, RunReport
from omega.errors import OmegaError
from omega.libraries import refused_as
from omega.notebook import Shown
from omega.notices import Facts, Notice
from omega.report import View, _metrics, _summary, plot, write_report
from omega.results import files
from omega.results.dated import Dated
from omega.results.example import EXAMPLE
from omega.results.noticing import notices_of
from omega.results.tables import packed, tables_from_columns, unpacked

if TYPE_CHECKING:
    from rich.panel import Panel

    from omega.data.store import CandleStore

__all__ = [
    "BacktestResult",
    "BrokenResult",
    "EngineStats",
    "ResultTables",
    "example_result",
    "tables_from_columns",
]

Metric: TypeAlias = float | int | datetime | None


class BrokenResult(OmegaError, ValueError):
    """A saved result is not what was saved.

    Example:
        >>> issubclass(BrokenResult, ValueError)
        True
    """


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EngineStats:
    """How much a run did, and how long it took.

    Attributes:
        bars_processed: Bars walked.
        signals_generated: Actions that the strategy returned.
        exits_triggered: Positions, or parts of positions, closed.
        total_time_ms: Time of the whole run.
        callback_time_ms: The part of it spent in the strategy's own code.
        callbacks: "python", "compiled" or, where no callback is in Python, "core".

    Example:
        >>> EngineStats(bars_processed=2_000, total_time_ms=4.0).bars_per_second
        500000.0
    """

    bars_processed: int = 0
    signals_generated: int = 0
    exits_triggered: int = 0
    total_time_ms: float = 0.0
    callback_time_ms: float = 0.0
    callbacks: str = "python"

    @classmethod
    def of(cls, report: RunReport, callbacks: str = "python") -> EngineStats:
        """Take the counts of a backend; the engine's part."""
        own = [one.name for one in dataclasses.fields(cls) if one.name != "callbacks"]
        return cls(callbacks=callbacks, **{name: getattr(report, name) for name in own})

    @property
    def bars_per_second(self) -> float | None:
        """Bars walked in a second of the whole run; None where no time was taken."""
        if self.total_time_ms <= 0.0:
            return None
        return self.bars_processed / self.total_time_ms * 1e3


class BacktestResult(Dated):
    """The result of a run.

    Frames are made when they are first requested, once, and share the engine's memory.

    Attributes:
        tables: What the backend handed over; the frames are views of it.
        stats: How much the run did, and how long it took.
        config: The settings of the run.
        manifest: What names and repeats the run: data, settings, seed, versions.
        backend: What ran: "rust" or "python".
        copied_bytes: Bytes of the input that were copied; 0 unless a cast was requested.
        candles: The store the run went over, for `report`; None for a result that was loaded.
        strategy: The strategy that ran: of one with state a copy, which has what the run made
            (rule D4). None for a result that was loaded, for one of an engine, and after pickling
            where the strategy holds what cannot be pickled.
        position_manager: The copy of a position manager of your own that ran, if there was one.

    Example:
        >>> result = example_result()
        >>> result
        BacktestResult(3 trades, return 1.50 %, max drawdown 0.98 %, rust)
        >>> result.trades["net_pnl"].to_list()
        [200.0, -100.0, 50.0]
        >>> result.metrics["profit_factor"]
        2.5
    """

    def __init__(
        self,
        tables: ResultTables,
        *,
        stats: EngineStats | None = None,
        config: Mapping[str, Any] | None = None,
        manifest: Mapping[str, Any] | None = None,
        backend: str = "rust",
        notices: Iterable[Notice | str] | None = None,
        facts: Callable[[], Facts] | None = None,
        copied_bytes: int = 0,
        candles: CandleStore | None = None,
        strategy: AnyForm = None,
        position_manager: Component | None = None,
    ) -> None:
        """Keeps what the run handed over; nothing is computed yet.

        Notices that are given stand for those that would be found; `facts` gives what helps to
        find them.
        """
        self.tables = tables
        self.stats = stats or EngineStats()
        self.config = dict(config or {})
        self.manifest = dict(manifest or {})
        self.backend = backend
        self._given = None if notices is None else tuple(map(Notice.of, notices))
        self._facts = facts
        self.copied_bytes = copied_bytes
        self.candles = candles
        self.strategy = strategy
        self.position_manager = position_manager

    def __getstate__(self) -> dict[str, Any]:
        """Travel with tables as bytes; a strategy or manager that cannot travel becomes None."""
        state = self._kept() | {"tables": packed(self.tables)}
        for name in ("strategy", "position_manager"):
            state[name] = _pickled(state[name])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what travelled."""
        vars(self).update(state, tables=unpacked(state["tables"]))
        for name in ("strategy", "position_manager"):
            if state[name] is not None:
                # What is being read is a pickle already.
                vars(self)[name] = pickle.loads(state[name])  # noqa: S301 - as above

    def __deepcopy__(self, memo: dict[int, Any]) -> BacktestResult:
        """Copy what can change; the tables and candles cannot, and are shared."""
        made = BacktestResult.__new__(type(self))
        memo[id(self)] = made
        for name, value in self._kept().items():
            try:
                vars(made)[name] = value if name == "tables" else copy.deepcopy(value, memo)
            except Exception:  # noqa: BLE001 - a strategy may hold what it made for one run alone
                vars(made)[name] = value
        return made

    def _kept(self) -> dict[str, Any]:
        """Give the attributes without what is computed from them, except the notices."""
        kind = type(self)
        attributes = {
            name: value
            for name, value in vars(self).items()
            if not isinstance(getattr(kind, name, None), cached_property)
        }
        return attributes | {"_given": self.notices, "_facts": None}

    @property
    def symbols(self) -> list[str]:
        """Names of the symbols, in the order in which they were given.

        Example:
            >>> example_result().symbols
            ['EURUSD']
        """
        return self.tables.symbols

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Closed trades, in order of entry, then of exit.

        Example:
            >>> example_result().trades.select("direction", "exit_reason", "bars_held").row(0)
            ('long', 'take_profit', 1)
        """
        return pl.DataFrame(self.tables.trades())

    @cached_property
    def orders(self) -> pl.DataFrame:
        """All orders by number, refused ones too.

        Example:
            >>> example_result().orders["status"].to_list()
            ['filled', 'filled', 'filled', 'rejected']
        """
        return pl.DataFrame(self.tables.orders())

    @cached_property
    def fills(self) -> pl.DataFrame:
        """All executions, in the order in which they happened.

        Example:
            >>> example_result().fills.height
            6
        """
        return pl.DataFrame(self.tables.fills())

    @cached_property
    def equity(self) -> pl.DataFrame:
        """Balance and equity at the close of each bar walked.

        Example:
            >>> example_result().equity["equity"].to_list()
            [10000.0, 10200.0, 10150.0, 10100.0, 10150.0]
        """
        return pl.DataFrame(self.tables.equity())

    @cached_property
    def ledger(self) -> pl.DataFrame:
        """Every change of the balance, in the order in which it was booked.

        Example:
            >>> example_result().ledger["amount"].to_list()
            [10000.0, 200.0, -100.0, 50.0]
        """
        return pl.DataFrame(self.tables.ledger())

    @cached_property
    def positions(self) -> pl.DataFrame:
        """Positions still open at the end.

        Example:
            >>> example_result().positions.height
            0
        """
        return pl.DataFrame(self.tables.positions())

    @cached_property
    def ambiguous_trades(self) -> pl.DataFrame:
        """The trades whose outcome an intrabar policy decided, each with its profit interval.

        Example:
            >>> example_result().ambiguous_trades.select("net_pnl", "net_pnl_worst").row(0)
            (50.0, -40.0)
        """
        bounds = pl.DataFrame(self.tables.intervals()).select("net_pnl_worst", "net_pnl_best")
        return self.trades.hstack(bounds).filter(pl.col("ambiguous"))

    @property
    def pnl_interval(self) -> tuple[float, float]:
        """The closed profit with each ambiguous trade resolved against and for the trader.

        Example:
            >>> example_result().pnl_interval
            (60.0, 150.0)
        """
        metrics = dict(self._raw_metrics)
        return metrics["pnl_worst"] or 0.0, metrics["pnl_best"] or 0.0

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """All metrics by name; one that is undefined for this run is None, never 0.

        Example:
            >>> metrics = example_result().metrics
            >>> metrics["trades"], metrics["win_rate"], metrics["sortino"] is None
            (3, 0.6666666666666666, False)
        """
        values: dict[str, Metric] = dict(self._raw_metrics)
        # Without the other columns of the curve, which reading it would write out row by row.
        times, first = pl.DataFrame(self.tables.times())["time"], self.tables.first_decision
        if times.len():
            values |= {"start": times[0], "end": times[-1]}
            if first is not None:
                scale = 1_000 if self.tables.unit == "s" else 1  # Polars has no seconds
                values["first_decision"] = times[times.to_physical().search_sorted(first * scale)]
        return values

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """What the numbers should be read with, the worst first.

        Example:
            >>> [notice.kind for notice in example_result().notices]
            ['refused_orders', 'exposure', 'ambiguous', 'short_period']
        """
        if self._given is not None:
            return self._given
        return notices_of(self, self._facts() if self._facts else Facts())

    def metrics_table(self) -> pl.DataFrame:
        """Give the metrics as a frame: name, value, and the value as `summary` writes it.

        Example:
            >>> example_result().metrics_table().filter(metric="win_rate").row(0)
            ('win_rate', 0.6666666666666666, '66.67 %')
        """
        rows = self.metrics.items()
        numbers = (None if isinstance(v, datetime) or v is None else float(v) for _, v in rows)
        return pl.DataFrame(
            {
                "metric": [name for name, _ in rows],
                "value": pl.Series(list(numbers), dtype=pl.Float64),
                "text": [_metrics.formatted(name, value) for name, value in rows],
            }
        )

    @cached_property
    def fingerprint(self) -> str:
        """The hash of trades, orders and equity: equal runs have equal ones (rule D1).

        Example:
            >>> example_result().fingerprint == example_result().fingerprint
            True
        """
        return self.tables.fingerprint()

    def summary(self) -> str:
        """Give the result as text that fits a terminal; a notebook shows it as it is printed.

        Example:
            >>> print(example_result().summary().splitlines()[0])
            Warning        1 of 4 entries refused: size 1
        """
        return Shown(_summary.summary(self))

    def report(
        self,
        path: str | Path,
        *,
        detail: str = "auto",
        title: str | None = None,
        data: ArrowLike = None,
    ) -> Path:
        """Write the result as one HTML file that opens without a network.

        Args:
            path: The file.
            detail: "auto" keeps the file below 5 MB, with the finest candles around trades;
                "full" writes every candle.
            title: The heading; names the symbols by default.
            data: The candles, for a result that was loaded and no longer knows them.

        Raises:
            ConfigError: The detail is unknown, or the data has none of the symbols.

        Example:
            >>> import tempfile
            >>> example_result().report(Path(tempfile.mkdtemp()) / "run.html").name
            'run.html'
        """
        return write_report(self, path, detail=detail, title=title, data=data)

    def plot(
        self,
        *,
        detail: str = "auto",
        title: str | None = None,
        data: ArrowLike = None,
    ) -> View:
        """Give the report for a notebook, which shows it in place; settings as `report`.

        Example:
            >>> "<iframe" in example_result().plot()._repr_html_()
            True
        """
        return plot(self, detail=detail, title=title, data=data)

    def save(self, directory: str | Path, *, overwrite: bool = False) -> Path:
        """Write the result into a directory: a Parquet file for each table and one manifest.

        The directory appears whole or not at all: it is written beside its place and then renamed.

        Args:
            directory: The directory to make; one that is there must be empty.
            overwrite: Replace a result that was saved there; other files in it stay.

        Returns:
            The directory.

        Raises:
            ConfigError: The place is taken.

        Example:
            >>> import tempfile
            >>> folder = Path(tempfile.mkdtemp()) / "run"
            >>> sorted(file.name for file in example_result().save(folder).iterdir())[:3]
            ['equity.parquet', 'fills.parquet', 'intervals.parquet']
        """
        return files.save(self, directory, overwrite=overwrite)

    @classmethod
    def load(cls, directory: str | Path) -> BacktestResult:
        """Read a saved result, and check that it is what was saved.

        Raises:
            BrokenResult: A file is missing or changed, or the tables have another fingerprint.

        Example:
            >>> import tempfile
            >>> saved = example_result().save(Path(tempfile.mkdtemp()) / "run")
            >>> BacktestResult.load(saved).trades.equals(example_result().trades)
            True
        """
        with refused_as(files.broken_as(directory, BrokenResult)):
            tables, kept = files.load(Path(directory), BrokenResult)
            return cls(
                tables,
                stats=EngineStats(**kept["stats"]),
                config=kept["config"],
                manifest=kept["manifest"],
                backend=kept["backend"],
                notices=kept["notices"],
                copied_bytes=kept["copied_bytes"],
            )

    @cached_property
    def _raw_metrics(self) -> list[tuple[str, float | int | None]]:
        return self.tables.metrics()

    def __repr__(self) -> str:
        """One line: how many trades, how much came of them, and how deep it went."""
        metrics = dict(self._raw_metrics)
        gain, fall = (
            _metrics.formatted(name, metrics[name]) for name in ("total_return", "max_drawdown")
        )
        trades = metrics["trades"]
        return (
            f"BacktestResult({trades} trade{'' if trades == 1 else 's'}, return {gain}, "
            f"max drawdown {fall}, {self.backend})"
        )

    def _repr_html_(self) -> str:
        return _summary.html(self)

    def __rich__(self) -> Panel:
        """What `rich.print` shows."""
        from rich.panel import Panel  # noqa: PLC0415 - only for rich
        from rich.text import Text  # noqa: PLC0415 - as above

        return Panel(Text(self.summary()), title="Backtest", expand=False)


def _pickled(value: object) -> bytes | None:
    """Give a strategy by value, its class with it where that cannot be imported."""
    if value is None:
        return None
    import cloudpickle  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; slow to import

    try:
        written: bytes = cloudpickle.dumps(value)
    except Exception:  # noqa: BLE001 - it may hold a lock or a file, and the result travels still
        return None
    return written


def example_result() -> BacktestResult:
    """Give a small result to try things on: three trades on five daily bars.

    Example:
        >>> example_result().metrics["net_profit"]
        150.0
    """
    return BacktestResult(
        tables_from_columns(EXAMPLE, symbols=["EURUSD"], unit="ms", timezone="UTC"),
        stats=EngineStats(
            bars_processed=5,
            signals_generated=4,
            exits_triggered=3,
            total_time_ms=0.05,
            callback_time_ms=0.02,
        ),
        config={"cash": 10_000.0},
    )

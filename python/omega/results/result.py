"""The result of a run: tables, metrics, and everything that is needed to run it again.

Frames lie in the engine's own Arrow buffers, and numbers come from those tables alone. All metrics
are defined in the page "Results".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from omega.config.values import counted
from omega.contract import AnyForm, Component, ResultTables, RunReport
from omega.errors import OmegaError
from omega.libraries import refused_as
from omega.notices import Facts, Notice
from omega.report import _metrics
from omega.results import files
from omega.results.display import Display, Metric
from omega.results.events_table import WithEvents, read_events, with_chains
from omega.results.example import EXAMPLE
from omega.results.find_notices import notices_of
from omega.results.named_metrics import NamedMetrics
from omega.results.pickling import Pickling
from omega.results.portfolio import Portfolio, portfolio_metrics
from omega.results.resumable import Resumable
from omega.results.resumed import Resumed
from omega.results.standing import Standing, known, nothing
from omega.results.standing import read as read_standing
from omega.results.subsets import metrics_of_trades
from omega.results.tables import tables_from_columns
from omega.results.yearly import years_of
from omega.strategy.declared import Declared

if TYPE_CHECKING:
    from omega.data.store import CandleStore

__all__ = [
    "BacktestResult",
    "BrokenResult",
    "EngineStats",
    "ResultTables",
    "example_result",
    "tables_from_columns",
]


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


class BacktestResult(Pickling, Display, Resumable, Portfolio, WithEvents):
    """The result of a run.

    Frames are made when they are first requested, once, and share the engine's memory.

    Attributes:
        tables: What the backend returned; the frames are views of it.
        stats: How much the run did, and how long it took.
        config: The settings of the run.
        manifest: Settings, seed, versions, and what the data was (rows, times, columns).
        backend: What ran: "rust" or "python".
        copied_bytes: Bytes of the input that were copied; 0 unless a cast was requested.
        candles: The store the run went over, for `report`; None for a result that was loaded.
        strategy: The strategy that ran: of one with state a copy, which has what the run made
            (rule D4). None for a result that was loaded, for one of an engine, and after pickling
            where the strategy holds what cannot be pickled.
        position_manager: The copy of a position manager of your own that ran, if there was one.
        added: What a benchmark and a risk-free rate add to the metrics, or put in their place.
        benchmark: What the run is compared with, where `benchmark=` was given: its `returns` by
            day, `metrics`, and `result` where a symbol was bought and held. None after loading.
        resumed: Of a run with `resume=` what is new since the earlier one.

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
        added: Mapping[str, Metric] | None = None,
        benchmark: Any = None,  # noqa: ANN401 - an `omega.measures.Benchmark`, of a layer above
        declares: Callable[[], Declared] = Declared,
    ) -> None:
        """Keep what the run handed over; nothing is computed yet.

        Notices that are given stand for those that would be found; `facts` gives what helps to
        find them, and `declares` what the strategy declared.
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
        self.added = dict(added or {})
        self.benchmark = benchmark
        self.resumed: Resumed | None = None
        self._stands: Callable[[], Standing | None] = nothing
        self._declares = declares

    @property
    def symbols(self) -> list[str]:
        """Names of the symbols, in the order in which they were given.

        Example:
            >>> example_result().symbols
            ['EURUSD']
        """
        return self.tables.symbols

    @cached_property
    def declared(self) -> Declared:
        """The indicators and conditions of the strategy, for `report`.

        Example:
            >>> [line.name for line in example_result().declared.lines]
            []
        """
        return self._declares()

    @cached_property
    def standing(self) -> Standing | None:
        """Where a run made by `SweepResult.run` stands among all runs; None for any other.

        Example:
            >>> example_result().standing is None
            True
        """
        return self._stands()

    def standing_as(self, stands: Callable[[], Standing | None]) -> BacktestResult:
        """Take how its standing in a sweep is found, once it is wanted; the engine's part."""
        self._stands = stands
        return self

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Closed trades, in order of entry, then of exit.

        Example:
            >>> example_result().trades.select("direction", "exit_reason", "bars_held").row(0)
            ('long', 'take_profit', 1)
        """
        return with_chains(pl.DataFrame(self.tables.trades()), self.happened)

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
        if len(self.symbols) > 1:
            values |= portfolio_metrics(self)
        return NamedMetrics(values | self.added)

    def metrics_of(self, trades: pl.DataFrame) -> dict[str, Metric]:
        """Return the metrics of some of the trades: those that are made of trades alone.

        Args:
            trades: Rows of `trades`, in any order.

        Raises:
            ConfigError: They are none.

        Example:
            >>> result = example_result()
            >>> won = result.metrics_of(result.trades.filter(pl.col("net_pnl") > 0))
            >>> won["trades"], won["closed_pnl"], won["win_rate"]
            (2, 250.0, 1.0)
        """
        all_trades = pl.DataFrame(self.tables.trades())
        return {**metrics_of_trades(self.tables, all_trades, trades)}

    def yearly(self) -> pl.DataFrame:
        """Return the return of each calendar year, by the days of the run's calendar.

        Returns:
            `year`, `start` and `end` of the bars in it, `days` with a bar, and `total_return` from
            the end of the year before, or from the cash; null after an equity of 0 or less. The
            first and the last year may be a part of one.

        Example:
            >>> years = example_result().yearly()
            >>> years["year"][0], years["days"][0], round(years["total_return"][0], 6)
            (2024, 5, 0.015)
        """
        days, unit = self.tables.days, self.tables.unit
        if days is not None and unit == "s":  # Polars shows seconds as milliseconds
            days = days[0], [one * 1_000 for one in days[1]]
        cash = dict(self._raw_metrics)["initial_equity"]
        return years_of(self.equity["time"], self.equity["equity"], cash, days)

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

    @cached_property
    def fingerprint(self) -> str:
        """The hash of trades, orders and equity: equal runs have equal ones (rule D1).

        Example:
            >>> example_result().fingerprint == example_result().fingerprint
            True
        """
        return self.tables.fingerprint()

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
            result = cls(
                tables,
                stats=EngineStats(**kept["stats"]),
                config=kept["config"],
                manifest=kept["manifest"],
                backend=kept["backend"],
                notices=kept["notices"],
                copied_bytes=kept["copied_bytes"],
                added=kept.get("added"),
            )
            result.identify_by(kept.get("identity"))
            broken = files.broken_as(directory, BrokenResult)
            read_events(result, kept.get("events"), broken)
            return result.standing_as(known(read_standing(kept.get("standing"), broken)))

    @cached_property
    def _raw_metrics(self) -> list[tuple[str, float | int | None]]:
        return self.tables.metrics()

    def __repr__(self) -> str:
        """One line: how many trades, how much came of them, and how deep it went."""
        metrics = dict(self._raw_metrics)
        gain, fall = (
            _metrics.formatted(name, metrics[name]) for name in ("total_return", "max_drawdown")
        )
        trades = int(metrics["trades"] or 0)
        return (
            f"BacktestResult({counted(trades, 'trade')}, return {gain}, "
            f"max drawdown {fall}, {self.backend})"
        )


def example_result() -> BacktestResult:
    """Return a small result to try things on: three trades on five daily bars.

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


def notices_without_tables(result: BacktestResult) -> Sequence[Notice]:
    """Return the notices of candles and callbacks, for which no table is made."""
    facts = result._facts  # noqa: SLF001 - one module
    return facts().data if facts else ()

"""The interface that a report reads; `omega.BacktestResult` has it, and other classes may."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import polars as pl

    from omega.contract import AnyForm, EventRow, ResultTables
    from omega.data.store import CandleStore
    from omega.notices import Notice
    from omega.strategy.declared import Declared


class Statistics(Protocol):
    """How much a run did, and how long it took."""

    @property
    def total_time_ms(self) -> float:
        """Time of the whole run."""

    @property
    def callback_time_ms(self) -> float:
        """The part of it spent in the strategy's own code."""

    @property
    def bars_per_second(self) -> float | None:
        """Bars walked in a second of the whole run."""


class Reported(Protocol):
    """The result of a run, as far as a report reads it."""

    @property
    def backend(self) -> str:
        """What ran: "rust" or "python"."""

    @property
    def happened(self) -> Collection[EventRow]:
        """What happened by date."""

    @property
    def candles(self) -> CandleStore | None:
        """The store that the run went over."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings of the run."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What names and repeats the run."""

    @property
    def notices(self) -> Sequence[Notice]:
        """What the numbers should be read with, the worst first."""

    @property
    def stats(self) -> Statistics:
        """How much the run did, and how long it took."""

    @property
    def symbols(self) -> list[str]:
        """Names of the symbols."""

    @property
    def tables(self) -> ResultTables:
        """What the backend returned."""

    @property
    def trades(self) -> pl.DataFrame:
        """Closed trades."""

    @property
    def equity(self) -> pl.DataFrame:
        """The equity curve."""

    @property
    def fills(self) -> pl.DataFrame:
        """All executions, in the order in which they happened."""

    @property
    def orders(self) -> pl.DataFrame:
        """All orders by number."""

    @property
    def ledger(self) -> pl.DataFrame:
        """Every change of the balance, in the order in which it was booked."""

    @property
    def strategy(self) -> AnyForm:
        """The strategy that ran; None where it is not known."""

    @property
    def declared(self) -> Declared:
        """The indicators and conditions that the strategy declared."""

    @property
    def positions(self) -> pl.DataFrame:
        """Positions still open."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """All metrics by name."""

    @property
    def pnl_interval(self) -> tuple[float, float]:
        """Worst and best profit of all trades."""

    @property
    def fingerprint(self) -> str:
        """The hash of trades, orders and equity."""

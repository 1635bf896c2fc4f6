"""The run context of a strategy: what the backend offers, and what needs Polars."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from omega.data.own_columns import beside
from omega.data.store import both_sides, over
from omega.run.adjusted import Adjusting, adjusted_columns
from omega.run.impact import declare_impact
from omega.run.job import Job
from omega.run.series_times import require_times
from omega.strategy.actions import Action
from omega.strategy.expressions import evaluate
from omega.strategy.native import Native
from omega.strategy.order_entry import OrderEntry
from omega.strategy.weights import Weights

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Indicator, PendingOrder, Position, Run
    from omega.contract import SignalColumns


class Context:
    """The `RunContext` of both backends: a run, and Polars expressions over its candles."""

    def __init__(self, run: Run, job: Job) -> None:
        self.run, self._job = run, job
        self.symbols = tuple(store.symbols[0] for store in job.stores)
        self.semantics = job.settings["semantics"]
        self.is_cash = job.settings["account"]["kind"] == "cash"
        self.takes_targets = self.semantics != "1"
        self.queue: list[Action] = run.queue
        self.columns: dict[object, Indicator] = {}
        self.next_order_id, self.shows = run.next_order_id, run.shows
        self.account: Run | None = run
        self.indicator, self.compare = run.indicator, run.compare
        self._adjusting: Adjusting | None = None
        declare_impact(run, job.settings, self.symbols)
        # Target weights and strategies of the core look at no view.
        if job.growth and not isinstance(job.strategy, (Weights, Native)):
            growth = job.growth, job.higher_growth
            self._adjusting = Adjusting(run, job.stores, growth, job.clock)
            self.indicator, self.compare = self._adjusting.indicator, self._adjusting.compare
        self.place_of, self.due = run.place_of, run.due

    @functools.cached_property
    def orders(self) -> OrderEntry:
        """What takes orders; a compiled strategy has its own."""
        return OrderEntry(self)

    def require_own_bars(self, columns: SignalColumns) -> None:
        """Refuse signal columns whose prices an event may have changed since (A3).

        Raises:
            ConfigError: One is in prices of higher bars of a symbol with events.
        """
        if self._adjusting is not None:
            for own in columns.symbols:
                given = (getattr(own, one.name) for one in dataclasses.fields(own))
                found = [one[1] if isinstance(one, tuple) else one for one in given]
                self._adjusting.require_own_bars(found)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Note that the thread is inside of the run for a while (X4)."""
        before = self.run.enter()
        try:
            yield
        finally:
            self.run.leave(before)

    @property
    def balance(self) -> float:
        """Cash after all booked profits and costs."""
        return self.run.balance

    @property
    def equity(self) -> float:
        """Balance plus open profit at the newest bar's close."""
        return self.run.equity

    @property
    def positions(self) -> list[Position]:
        """All open positions, oldest first."""
        return self.run.positions

    @property
    def position(self) -> Position | None:
        """The oldest open position, or None."""
        return self.run.position

    @property
    def pending(self) -> list[PendingOrder]:
        """Orders that wait, oldest first."""
        return self.run.pending

    def require_times(
        self, given: object, name: str, *, timeframe: str | None, symbol: str | None
    ) -> None:
        """Refuse a series of pandas whose dates are not those of the candles."""
        if hasattr(given, "index") and hasattr(given, "__array__"):
            candles = over(self.run.candles(timeframe=timeframe, symbol=symbol))
            require_times(given, name, candles)

    def expression(
        self,
        expression: pl.Expr,
        name: str,
        *,
        timeframe: str | None,
        symbol: str | None,
        warmup: bool = True,
        declared: int = 0,
    ) -> Indicator:
        """Evaluate a Polars expression over the candles."""
        run = self.run
        candles = both_sides(over(run.candles(timeframe=timeframe, symbol=symbol)))
        if self._adjusting is not None:
            growth = self._adjusting.growth_of(symbol or self.symbols[0], timeframe)
            candles = candles if growth is None else adjusted_columns(candles, growth)
        frame = beside(candles, expression, self._job.own_columns(symbol, timeframe))
        column = evaluate(expression, name, frame, timeframe=timeframe, symbol=symbol)
        place: Any = {"timeframe": timeframe, "symbol": symbol}
        view = run.column(name, column, **place, warmup=warmup, declared=declared)
        if self._adjusting is not None:
            self._adjusting.remember(view, column)
        return view

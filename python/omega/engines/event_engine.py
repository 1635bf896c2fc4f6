"""The engines under `omega.run_backtest`: the loop over components that can be changed one by one.

They count truly, and have a result where Omega's own executor ran.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import polars as pl

from omega.config.account import Account
from omega.config.calendar import CalendarLike, calendar_of
from omega.config.times import moment_of
from omega.config.values import plain
from omega.contract import AnyForm, ArrowLike, Component, Progress
from omega.data.columns import Candles
from omega.data.store import CandleStore
from omega.data.timeframes import Timeframes
from omega.engines.adapters import adapted
from omega.engines.job import Parts, require, run_job
from omega.engines.native import (
    METHODS,
    ExecutionSimulator,
    Portfolio,
    candles_of,
    require_unchanged,
)
from omega.engines.slices import MultiSymbolSlice
from omega.engines.wrappers import position_manager_of
from omega.errors import ConfigError, StateSyncError
from omega.libraries import text_of
from omega.results.result import BacktestResult, EngineStats
from omega.run.backend import chosen_backend
from omega.run.job import Job
from omega.run.manifest import SEMANTICS_VERSION, manifest, written_down
from omega.run.notice_facts import facts_of
from omega.run.prepare import Arguments, Moment, alignment, prepare
from omega.strategy.actions import Action

_LOG = logging.getLogger("omega.engines")
_PORTFOLIO = ("update", "register_entry", "register_exit", "register_fee", "get_open_positions")


SidesByTimeframe: TypeAlias = Mapping[str, Mapping[str, ArrowLike]]
"""Tables by side, "bid" and "ask", by the timeframe's name."""


class EventEngine:
    """The loop over components, for one symbol.

    On each bar, in this order: the strategy is called, its signals go to the executor, exits are
    looked for where something is active, then the position manager, the portfolio and the progress.
    The page "Engines" describes what each component gets.

    Example:
        >>> from datetime import datetime
        >>> import polars as pl
        >>> from omega import ExecutionSimulator, Portfolio, Signal
        >>> class First:
        ...     def evaluate(self, index, slice_map):
        ...         return Signal("long") if index == 0 else None
        >>> bids = pl.DataFrame({
        ...     "time": [datetime(2026, 1, day) for day in (1, 2, 3)],
        ...     "open": [10.0, 11.0, 12.0], "high": [11.0, 12.0, 13.0],
        ...     "low": [9.0, 10.0, 11.0], "close": [11.0, 12.0, 13.0],
        ... })
        >>> engine = EventEngine(bids, bids, First(), ExecutionSimulator(), Portfolio())
        >>> stats = engine.run()
        >>> stats.bars_processed, stats.signals_generated, stats.exits_triggered
        (2, 1, 1)
        >>> engine.result.trades["net_pnl"].to_list()
        [2.0]
    """

    def __init__(  # noqa: PLR0917 - the contract of engines, whose callers pass these by place
        self,
        bid_candles: ArrowLike,
        ask_candles: ArrowLike,
        strategy: AnyForm,
        executor: Component,
        portfolio: Component,
        multi_candle_data: SidesByTimeframe | Timeframes | None = None,
        symbol: str = "SYMBOL",
        on_progress: Progress | None = None,
        original_start_dt: Moment | None = None,
        *,
        backend: str = "auto",
        calendar: CalendarLike = None,
    ) -> None:
        """Take the components.

        Args:
            bid_candles: Bid candles, or candles with both sides.
            ask_candles: Ask candles; None where the first has both.
            strategy: An object with `evaluate(index, slice_map)`, `on_data(slice_map)` or
                `check_entry(slice, index=...)`, or a form that `omega.run_backtest` takes.
            executor: An `ExecutionSimulator`, or an object that implements `protocols.Executor`.
            portfolio: A `Portfolio`, or an object that implements `protocols.Portfolio`.
            multi_candle_data: Higher timeframes: {"H1": {"bid": table, "ask": table}}, or what
                `omega.run_backtest` takes as `timeframes`.
            symbol: The symbol's name, where the candles have none.
            on_progress: Called with bars done and bars in all.
            original_start_dt: First bar to trade on; bars before it are warm-up.
            backend: "rust", "python" or "auto", as of `omega.run_backtest`.
            calendar: Which day an instant belongs to, as of `omega.run_backtest`.
        """
        data = bid_candles
        if ask_candles is not None:
            data = Candles(bid=bid_candles, ask=ask_candles)
        self._store = candles_of(data, symbol)
        self._begin(strategy, (executor, portfolio), on_progress, original_start_dt, backend)
        self._timeframes = _candles_of(multi_candle_data, self._form.timeframe)
        self._align, self._calendar = "union", calendar

    def _begin(
        self,
        strategy: object,
        components: tuple[Component, Component],
        on_progress: Progress | None,
        start: Moment | None,
        backend: str,
    ) -> None:
        self.strategy = strategy() if isinstance(strategy, type) else strategy
        self.executor, self.portfolio = components
        self._store.require_valid()
        if self._is_native:
            require_unchanged(self.executor)
        else:
            require(self.executor, "executor", METHODS)
        require(self.portfolio, "portfolio", _PORTFOLIO)
        self._form = adapted(self.strategy, self._store.symbols)
        self._on_progress, self._start, self._backend = on_progress, start, backend
        self._failure: str | None = None
        self.result: BacktestResult | None = None
        """The result of the run; None before it, and with an executor of the user's own."""
        self.slices = MultiSymbolSlice()
        """The candles of each symbol up to now, while the engine runs."""

    @property
    def _is_native(self) -> bool:
        return isinstance(self.executor, ExecutionSimulator)

    def run(self) -> EngineStats:
        """Walk the bars.

        The logger "omega.engines" gets what was counted, at the level of debugging.

        Returns:
            What was counted: signals as signals, exits as exits, whichever component made them.

        Raises:
            WarmupIndexNotFound: No bar is left after start and warm-up.
            ConfigError: A setting is impossible.
            CallbackFailed: The strategy returned what is no signal.
            StateSyncError: A run of this engine ended with an exception: no component is called
                again, since each keeps what it had by then.

        Example:
            >>> class First:
            ...     def evaluate(self, index, slice_map):
            ...         return omega.Signal("long") if index == 0 else None
            >>> components = ExecutionSimulator(), omega.Portfolio()
            >>> engine = EventEngine(candles, None, First(), *components)
            >>> engine.run().signals_generated
            1
        """
        if self._failure is not None:
            raise StateSyncError(
                f"run: the run before ended with {self._failure}, and strategy, executor and "
                "portfolio keep what they had by then. Make them anew, and a new engine"
            )
        try:
            return self._run()
        except BaseException as error:
            self._failure = f"{type(error).__name__}: {text_of(error)}"
            raise

    def _run(self) -> EngineStats:
        chosen = chosen_backend(self._backend, warn=True)
        self.result = None
        for component in dict.fromkeys((self.executor, self.portfolio)):
            attach = getattr(component, "attach_engine", None)
            if attach is not None:
                attach(self)
        parts = self._parts()
        arguments = self._arguments(self._start)
        job = self._job(arguments)
        tables, report = run_job(job, parts, chosen)
        stats = EngineStats.of(report)
        _LOG.debug("%s of %s by %s: %s", type(self).__name__, self._store, chosen, stats)
        if tables is not None:
            config = self._configuration(job.settings["cash"])
            self.result = BacktestResult(
                tables,
                stats=stats,
                config=config,
                manifest=manifest(self._store, config),
                backend=chosen,
                facts=functools.partial(facts_of, self._store, job, arguments),
                copied_bytes=self._store.copied_bytes,
                candles=self._store,
            )
            if not parts.has_foreign_portfolio:
                self.portfolio.detach(self.result)
        return stats

    def moment(self, time: int) -> datetime:
        """Return the time of a component's call as a datetime, in the column's zone or UTC.

        Times are integers in the unit of the time column; those of candles are datetimes as
        `candle.time`. A portfolio keeps the engine from `attach_engine(engine)`.

        Example:
            >>> class Idle:
            ...     def evaluate(self, index, slice_map): ...
            >>> engine = EventEngine(candles, None, Idle(), ExecutionSimulator(), omega.Portfolio())
            >>> engine.moment(1_704_081_480_000_000).isoformat()
            '2024-01-01T03:58:00+00:00'
        """
        symbol = self._store.symbols[0]
        return moment_of(time, *self._store.native.time_range(symbol)[2:])

    def process_batch(self, start: Moment, end: Moment) -> pl.DataFrame:
        """Call the strategy on a stretch of bars; nothing is executed.

        Args:
            start: First bar to call it on: its index among the steps, or a moment.
            end: One past the last such bar, or the last moment, included.

        Returns:
            The signals, one a row, with the bar that each was given on.

        Raises:
            ConfigError: An index is negative, or the bounds are the wrong way round.

        Example:
            >>> class Dips:
            ...     def evaluate(self, index, slice_map):
            ...         falls = slice_map["SYMBOL"].latest(None, "bid").close < 100.5
            ...         return omega.Signal("long") if falls else None
            >>> engine = EventEngine(candles, None, Dips(), ExecutionSimulator(), omega.Portfolio())
            >>> engine.process_batch(0, 100).height
            2
        """
        recorder, steps = Recorder(self), None
        start, end = plain(start), plain(end)
        if isinstance(start, int) and isinstance(end, int):
            if not 0 <= start <= end:
                raise ConfigError(
                    f"process_batch: given bars {start} to {end}, expected numbers from 0 on, the "
                    "first no greater than the one past the last"
                )
            # What was decided on a bar is done on the step after it.
            steps = (start + 1, end + 1)
        chosen = chosen_backend(self._backend, warn=True)
        first, last = (start, end) if steps is None else (self._start, None)
        job = self._job(self._arguments(first, last, ExecutionSimulator()))
        job = dataclasses.replace(job, manager=None, on_progress=None)
        run_job(job, self._parts(recorder, steps), chosen)
        return pl.DataFrame(recorder.rows, schema=recorder.schema(self._store), orient="row")

    def _parts(
        self, recorder: Recorder | None = None, steps: tuple[int, int] | None = None
    ) -> Parts:
        def attach(slices: MultiSymbolSlice) -> None:
            self.slices = slices

        return Parts(
            executor=recorder or self.executor,
            portfolio=recorder or self.portfolio,
            takes_slices=self._form.takes_slices,
            adapt=self._form.adapt(keeps_own=recorder is None and not self._is_native),
            timeframe=self._form.timeframe,
            attach=attach,
            steps=steps,
        )

    def _arguments(
        self,
        start: Moment | None,
        end: Moment | None = None,
        simulator: ExecutionSimulator | None = None,
    ) -> Arguments:
        """Return the settings of a run by a simulator: the engine's own, or another."""
        own = self.executor if self._is_native else ExecutionSimulator()
        own = own if simulator is None else simulator
        arguments = own.arguments(
            start=start,
            end=end,
            cash=self._cash(own),
            account_currency=getattr(self.portfolio, "account_currency", None),
            timeframes=self._timeframes,
            align=self._align,
            calendar=self._calendar,
            position_manager=position_manager_of(self.strategy),
        )
        managers, _ = arguments.managers_of(None)
        if managers and simulator is None and not self._is_native:
            raise ConfigError(
                "position_manager: built-in managers belong to Omega's own executor; give an "
                "object with manage_positions(...)"
            )
        return arguments

    def _cash(self, executor: ExecutionSimulator) -> float:
        """Return the cash of the portfolio, which takes that of the account if it has no own."""
        account = executor.account
        if isinstance(account, Account) and isinstance(self.portfolio, Portfolio):
            self.portfolio.fund(account)
        return float(self.portfolio.cash)

    def _job(self, arguments: Arguments) -> Job:
        return prepare(self._store, self._form.strategy, arguments, on_progress=self._on_progress)

    def _configuration(self, cash: float) -> dict[str, Any]:
        own = self.executor
        return written_down(
            engine=type(self).__name__,
            symbol=list(self._store.symbols),
            start=self._start,
            cash=cash,
            align=self._align,
            calendar=calendar_of(self._calendar),
            strategy=self.strategy,
            executor=own,
            portfolio=self.portfolio,
            seed=own.seed,
            semantics=SEMANTICS_VERSION,
            timeframes=str(self._timeframes),
        )


class CrossSymbolEventEngine(EventEngine):
    """The loop over components, for several symbols under one clock and one account.

    Example:
        >>> from datetime import datetime
        >>> import polars as pl
        >>> from omega import ExecutionSimulator, Portfolio, Signal
        >>> class Both:
        ...     def evaluate(self, index, slice_map):
        ...         return [Signal("long", symbol=s) for s in slice_map] if index == 0 else None
        >>> candles = pl.DataFrame({
        ...     "time": [datetime(2026, 1, day) for day in (1, 2, 3)],
        ...     "open": [10.0, 11.0, 12.0], "high": [11.0, 12.0, 13.0],
        ...     "low": [9.0, 10.0, 11.0], "close": [11.0, 12.0, 13.0],
        ... })
        >>> data = {"AAA": candles, "BBB": candles}
        >>> engine = CrossSymbolEventEngine(data, Both(), ExecutionSimulator(), Portfolio())
        >>> engine.run().exits_triggered
        2
    """

    def __init__(  # noqa: PLR0917 - as above
        self,
        candles: Mapping[str, ArrowLike] | CandleStore,
        strategy: AnyForm,
        executor: Component,
        portfolio: Component,
        on_progress: Progress | None = None,
        original_start_dt: Moment | None = None,
        align: str = "union",
        timeframes: Timeframes = (),
        backend: str = "auto",
        calendar: CalendarLike = None,
    ) -> None:
        """Take the components.

        Args:
            candles: Candles by symbol: tables, or `Candles(bid=..., ask=...)`.
            strategy: As of `EventEngine`.
            executor: As of `EventEngine`; it sees the bars of each symbol by themselves.
            portfolio: As of `EventEngine`.
            on_progress: Called with steps done and steps in all.
            original_start_dt: First step to trade on.
            align: "union" of the symbols' times, or "intersection".
            timeframes: Higher timeframes, as of `omega.run_backtest`.
            backend: "rust", "python" or "auto".
            calendar: Which day an instant belongs to, as of `omega.run_backtest`.
        """
        self._store = candles if isinstance(candles, CandleStore) else CandleStore(candles)
        self._begin(strategy, (executor, portfolio), on_progress, original_start_dt, backend)
        self._timeframes = timeframes
        self._align, self._calendar = alignment(align), calendar


class Recorder:
    """An executor and a portfolio that do nothing but record signals."""

    active_positions: Sequence[Any] = ()
    cash = equity = 0.0

    def __init__(self, engine: EventEngine) -> None:
        self._engine = engine
        self.rows: list[tuple[Any, ...]] = []

    def process_signal(self, signal: Action) -> None:
        """Write a signal down, with the newest bar of its symbol."""
        slices = self._engine.slices
        symbol = getattr(signal, "symbol", None) or next(iter(slices))
        own = slices[symbol]
        time = own.latest().timestamp if own.index >= 0 else None
        names = ("direction", "type", "entry_price", "stop_loss", "take_profit", "size", "reason")
        fields = [getattr(signal, name, None) for name in names]
        fields[1] = fields[1] or type(signal).__name__.lower()
        self.rows.append((own.index, time, symbol, *fields, list(getattr(signal, "tags", ()))))

    def evaluate_exits(self, bid: object, ask: object) -> None:
        """Have nothing to look for."""

    def update(self, time: int) -> None:
        """Have nothing to write."""

    def schema(self, store: CandleStore) -> dict[str, Any]:
        """Return the columns of the table."""
        time = pl.DataFrame(store.symbol(store.symbols[0])).schema["time"]
        texts = dict.fromkeys(("symbol", "direction", "type"), pl.String)
        levels = dict.fromkeys(("entry_price", "stop_loss", "take_profit", "size"), pl.Float64)
        rest = {"reason": pl.String, "tags": pl.List(pl.String)}
        return {"index": pl.Int64, "time": time, **texts, **levels, **rest}


def _candles_of(given: SidesByTimeframe | Timeframes | None, primary: str | None) -> Timeframes:
    """Take tables by side as candles; the primary timeframe is the engine's own."""
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        return given
    return {
        name: Candles(bid=table["bid"], ask=table["ask"])
        if isinstance(table, Mapping) and set(table) == {"bid", "ask"}
        else table
        for name, table in given.items()
        if name != primary
    }

"""The engines under `omega.run_backtest`: the loop over components that can be changed one by one.

What goes in: candles, a strategy, an executor and a portfolio. What comes out: counts that are
true, and a result where Omega's own executor ran.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omega.data.columns import Candles
from omega.data.store import CandleStore
from omega.data.timeframes import timeframe_jobs
from omega.engines.adapters import asked
from omega.engines.job import Parts, require, run_rust
from omega.engines.native import ExecutionSimulator, Portfolio
from omega.engines.slices import MultiSymbolSlice
from omega.errors import ConfigError
from omega.results.result import BacktestResult, EngineStats
from omega.run import backtest
from omega.run.job import Job, Progress, behind_of, symbols_of
from omega.run.manifest import written_down
from omega.run.settings import (
    costs_for,
    execution_fields,
    instruments_for,
    manager_fields,
    sizer_fields,
    split_managers,
    symbol_fields,
)

if TYPE_CHECKING:
    import polars as pl

    from omega.run.backtest import Moment

_EXECUTOR = ("process_signal", "active_positions", "evaluate_exits")
_PORTFOLIO = ("update", "register_entry", "register_exit", "register_fee", "get_open_positions")


class EventEngine:
    """The loop over components, for one symbol.

    On each bar, in this order: the strategy is asked, its signals go to the executor, exits are
    looked for where something is active, then the position manager, the portfolio and the progress.
    docs/concepts/engines.md says what each component gets.

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
        bid_candles: Any,  # noqa: ANN401 - anything that speaks Arrow
        ask_candles: Any,  # noqa: ANN401 - as above
        strategy: Any,  # noqa: ANN401 - any form
        executor: Any,  # noqa: ANN401 - an `Executor`
        portfolio: Any,  # noqa: ANN401 - a `Portfolio`
        multi_candle_data: Any = None,  # noqa: ANN401 - timeframes, or sides by timeframe
        symbol: str = "SYMBOL",
        on_progress: Progress | None = None,
        original_start_dt: Moment | None = None,
        *,
        backend: str = "auto",
    ) -> None:
        """Take the components.

        Args:
            bid_candles: Bid candles, or candles with both sides.
            ask_candles: Ask candles; None where the first has both.
            strategy: An object with `evaluate(index, slice_map)`, `on_data(slice_map)` or
                `check_entry(slice, index=...)`, or a form that `omega.run_backtest` takes.
            executor: An `ExecutionSimulator`, or an object that can what `protocols.Executor` says.
            portfolio: A `Portfolio`, or an object that can what `protocols.Portfolio` says.
            multi_candle_data: Higher timeframes: {"H1": {"bid": table, "ask": table}}, or what
                `omega.run_backtest` takes as `timeframes`.
            symbol: The symbol's name, where the candles have none.
            on_progress: Called with bars done and bars in all.
            original_start_dt: First bar to trade on; bars before it are warm-up.
            backend: "rust", "python" or "auto", as of `omega.run_backtest`.
        """
        data = bid_candles
        if ask_candles is not None:
            data = Candles(bid=bid_candles, ask=ask_candles)
        self._store = data if isinstance(data, CandleStore) else CandleStore(data, symbol=symbol)
        self._begin(strategy, (executor, portfolio), on_progress, original_start_dt, backend)
        self._timeframes = _sides(multi_candle_data, self._asked.timeframe)
        self._align = "union"

    def _begin(
        self,
        strategy: object,
        components: tuple[Any, Any],
        on_progress: Progress | None,
        start: Moment | None,
        backend: str,
    ) -> None:
        self.strategy = strategy() if isinstance(strategy, type) else strategy
        self.executor, self.portfolio = components
        self._store.require_valid()
        if self._is_native:
            _refuse_overrides(self.executor)
        else:
            require(self.executor, "executor", _EXECUTOR)
        require(self.portfolio, "portfolio", _PORTFOLIO)
        self._asked = asked(self.strategy, self._store.symbols)
        self._on_progress, self._start, self._backend = on_progress, start, backend
        self.result: BacktestResult | None = None
        """The result of the run; None before it, and with an executor of the user's own."""
        self.slices = MultiSymbolSlice()
        """The candles of each symbol up to now, while the engine runs."""

    @property
    def _is_native(self) -> bool:
        return isinstance(self.executor, ExecutionSimulator)

    def run(self) -> EngineStats:
        """Walk the bars.

        Returns:
            What was counted: signals as signals, exits as exits.

        Raises:
            WarmupIndexNotFound: No bar is left after start and warm-up.
            ConfigError: A setting is impossible.
            CallbackFailed: The strategy returned what is no signal.

        Example:
            >>> class First:
            ...     def evaluate(self, index, slice_map):
            ...         return omega.Signal("long") if index == 0 else None
            >>> engine = EventEngine(candles, None, First(), ExecutionSimulator(), Portfolio())
            >>> engine.run().signals_generated
            1
        """
        return self._play(lambda job: job)

    def _play(self, change: Callable[[Job], Job]) -> EngineStats:
        chosen = backtest._backend(self._backend, warn=True)  # noqa: SLF001 - one face, two doors
        self.result = None
        for component in dict.fromkeys((self.executor, self.portfolio)):
            attach = getattr(component, "attach_engine", None)
            if attach is not None:
                attach(self)
        parts = self._parts()
        tables, report = _runner(chosen)(change(self._job()), parts)
        if tables is not None:
            self.result = self._told(tables, report, chosen)
            if not parts.has_foreign_portfolio:
                self.portfolio.detach(self.result)
        return backtest._stats(report)  # noqa: SLF001 - as above

    def process_batch(self, start: Moment, end: Moment) -> pl.DataFrame:
        """Ask the strategy on a stretch of bars; nothing is executed.

        Args:
            start: First bar to ask it on: its index among the steps, or a moment.
            end: One past the last such bar, or the last moment, included.

        Returns:
            The signals, one a row, with the bar that each was given on.

        Example:
            >>> class Dips:
            ...     def evaluate(self, index, slice_map):
            ...         falls = slice_map["SYMBOL"].latest(None, "bid").close < 100.5
            ...         return omega.Signal("long") if falls else None
            >>> engine = EventEngine(candles, None, Dips(), ExecutionSimulator(), Portfolio())
            >>> engine.process_batch(0, 100).height
            2
        """
        import polars as pl  # noqa: PLC0415 - slow to import

        recorder = Recorder(self)
        steps = None
        if isinstance(start, int) and isinstance(end, int):
            # What was decided on a bar is done on the step after it.
            steps = (start + 1, end + 1)
        chosen = backtest._backend(self._backend, warn=True)  # noqa: SLF001 - as in run()
        span = (start, end) if steps is None else (None, None)
        job = self._job(*span, executed=False)
        _runner(chosen)(job, self._parts(recorder, steps))
        return pl.DataFrame(recorder.rows, schema=recorder.schema(self._store), orient="row")

    def _parts(
        self, recorder: Recorder | None = None, steps: tuple[int, int] | None = None
    ) -> Parts:
        def attach(slices: MultiSymbolSlice) -> None:
            self.slices = slices

        return Parts(
            executor=recorder or self.executor,
            portfolio=recorder or self.portfolio,
            takes_slices=self._asked.takes_slices,
            timeframe=self._asked.timeframe,
            attach=attach,
            steps=steps,
        )

    def _job(
        self, start: Moment | None = None, end: Moment | None = None, *, executed: bool = True
    ) -> Job:
        start = self._start if start is None else start
        own = self.executor if isinstance(self.executor, ExecutionSimulator) else None
        if own is None or not executed:
            own = ExecutionSimulator()
        store, strategy = self._store, self._asked.strategy
        stores, unit = symbols_of(store), store.time_unit
        instruments = instruments_for(own.instruments, store.symbols)
        costs = costs_for(own.costs, store.symbols)
        managers, manager = split_managers(getattr(self.strategy, "position_manager", None))
        if not executed:
            manager = None
        elif managers and not self._is_native:
            raise ConfigError(
                "position_manager: built-in managers belong to Omega's own executor; give an "
                "object with manage_positions(...)"
            )
        settings = {
            **backtest._when(start, end, unit),  # noqa: SLF001 - as in run()
            "cash": float(self.portfolio.cash),
            "seed": own.seed,
            "strict": own.strict,
            "sizer": sizer_fields(own.sizer),
            "symbols": symbol_fields(instruments, costs, own.execution),
            "align": self._align,
            "managers": manager_fields(managers, unit),
            **execution_fields(own.execution, unit),
        }
        account = getattr(self.portfolio, "account_currency", "USD")
        behind = behind_of(stores, instruments, account, own.conversion, own.execution)
        higher = timeframe_jobs(self._timeframes, stores)
        progress = self._on_progress if executed else None
        return Job(stores, strategy, settings, behind, higher, manager, progress)

    def _told(
        self,
        tables: Any,  # noqa: ANN401 - of either backend
        report: Any,  # noqa: ANN401 - as above
        chosen: str,
    ) -> BacktestResult:
        own = self.executor
        config = written_down(
            engine=type(self).__name__,
            symbol=list(self._store.symbols),
            start=self._start,
            cash=self.portfolio.cash,
            align=self._align,
            strategy=self.strategy,
            executor=own,
            portfolio=self.portfolio,
            seed=own.seed,
            timeframes=str(self._timeframes),
        )
        return BacktestResult(
            tables,
            stats=backtest._stats(report),  # noqa: SLF001 - as in run()
            config=config,
            manifest=backtest._manifest(self._store, config),  # noqa: SLF001 - as in run()
            backend=chosen,
            notices=self._store.notices,
            copied_bytes=self._store.copied_bytes,
            candles=self._store,
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
        candles: Mapping[str, Any] | CandleStore,
        strategy: Any,  # noqa: ANN401 - any form
        executor: Any,  # noqa: ANN401 - an `Executor`
        portfolio: Any,  # noqa: ANN401 - a `Portfolio`
        on_progress: Progress | None = None,
        original_start_dt: Moment | None = None,
        align: str = "union",
        timeframes: Any = (),  # noqa: ANN401 - of `Timeframes`
        backend: str = "auto",
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
        """
        self._store = candles if isinstance(candles, CandleStore) else CandleStore(candles)
        self._begin(strategy, (executor, portfolio), on_progress, original_start_dt, backend)
        self._timeframes = timeframes
        self._align = backtest._alignment(align)  # noqa: SLF001 - one face, two doors


def batch(
    simulator: ExecutionSimulator,
    candles: tuple[Any, Any, str],
    signals: Sequence[Any],
    *,
    cash: float,
    backend: str,
) -> pl.DataFrame:
    """Play signals over candles; `ExecutionSimulator.evaluate_exits_batch` says how."""
    import polars as pl  # noqa: PLC0415 - slow to import

    bids, asks, symbol = candles
    engine = EventEngine(
        bids, asks, lambda _bar: signals, simulator, Portfolio(cash), symbol=symbol, backend=backend
    )

    def at_once(job: Job) -> Job:
        first = pl.int_range(pl.len()) == 0
        settings = {**job.settings, "close_at_end": False}
        return dataclasses.replace(job, when=first, settings=settings)

    engine._play(at_once)  # noqa: SLF001 - of this module
    assert engine.result is not None, "Omega's own ran"  # noqa: S101 - of this module alone
    return engine.result.trades


def _refuse_overrides(executor: ExecutionSimulator) -> None:
    """Refuse what would have no effect: a method that the native loop does not call."""
    kind = type(executor)
    changed = [name for name in _EXECUTOR if getattr(kind, name, None) is not _own(name)]
    if changed:
        raise ConfigError(
            f"executor: {kind.__name__} overrides {', '.join(changed)}, which the native loop "
            "never calls; write an executor that follows omega.protocols.Executor instead"
        )


def _own(name: str) -> object:
    return getattr(ExecutionSimulator, name, None)


class Recorder:
    """An executor and a portfolio that do nothing but write signals down."""

    active_positions: Sequence[Any] = ()
    cash = equity = 0.0

    def __init__(self, engine: EventEngine) -> None:
        self._engine = engine
        self.rows: list[tuple[Any, ...]] = []

    def process_signal(self, signal: Any) -> None:  # noqa: ANN401 - an action
        """Write a signal down, with the newest bar of its symbol."""
        slices = self._engine.slices
        symbol = getattr(signal, "symbol", None) or next(iter(slices))
        own = slices[symbol]
        time = own.latest().timestamp if own.index >= 0 else None
        words = ("direction", "type", "entry_price", "stop_loss", "take_profit", "size", "reason")
        told = [getattr(signal, name, None) for name in words]
        told[1] = told[1] or type(signal).__name__.lower()
        self.rows.append((own.index, time, symbol, *told, list(getattr(signal, "tags", ()))))

    def evaluate_exits(self, bid: object, ask: object) -> None:
        """Have nothing to look for."""

    def update(self, time: int) -> None:
        """Have nothing to write."""

    def schema(self, store: CandleStore) -> dict[str, Any]:
        """Give the columns of the table."""
        import polars as pl  # noqa: PLC0415 - slow to import

        time = pl.DataFrame(store.symbol(store.symbols[0])).schema["time"]
        words = dict.fromkeys(("symbol", "direction", "type"), pl.String)
        levels = dict.fromkeys(("entry_price", "stop_loss", "take_profit", "size"), pl.Float64)
        rest = {"reason": pl.String, "tags": pl.List(pl.String)}
        return {"index": pl.Int64, "time": time, **words, **levels, **rest}


def _runner(backend: str) -> Any:  # noqa: ANN401 - a function of job and parts
    if backend == "rust":
        return run_rust
    from omega.reference.engine import run_python  # noqa: PLC0415 - only where it is wanted

    return run_python


def _sides(given: Any, primary: str | None) -> Any:  # noqa: ANN401 - of `Timeframes`
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

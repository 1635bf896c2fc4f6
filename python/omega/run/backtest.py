"""The one call: data and a strategy in, a result out."""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from omega._native import core
from omega.config.costs import Costs
from omega.config.execution import Execution
from omega.config.instruments import Instrument
from omega.config.managers import Manager
from omega.config.sizers import FixedLots, Sizer
from omega.config.times import last_moment_of, to_units
from omega.data.own_columns import beside
from omega.data.store import CandleStore, both_sides, over
from omega.data.timeframes import Timeframes, timeframe_jobs
from omega.errors import BackendUnavailable, BackendWarning, ConfigError
from omega.results.result import BacktestResult, EngineStats
from omega.run.job import Callback, Job, Progress, behind_of, symbols_of
from omega.run.manifest import listed, of_each, written_down
from omega.run.native import native_behind, native_run
from omega.run.settings import (
    PositionManager,
    Settings,
    costs_for,
    execution_fields,
    instruments_for,
    manager_fields,
    seed_field,
    sizer_fields,
    split_managers,
    symbol_fields,
)
from omega.strategy.actions import Action
from omega.strategy.base import Strategy
from omega.strategy.conditions import condition_of, triggers_of
from omega.strategy.context import RunContext
from omega.strategy.ensemble import Ensemble
from omega.strategy.expressions import evaluate
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Indicator, NativeStrategy, Run, RunReport

Moment: TypeAlias = datetime | date | str | int
One: TypeAlias = "Strategy | type[Strategy] | Callback | Signals | Native"
AnyStrategy: TypeAlias = (
    "One | Sequence[Strategy | type[Strategy]] | Mapping[str, Strategy | type[Strategy]]"
)

_FLAG = "OMEGA_USE_RUST_EVENT_ENGINE"
_FLAG_VALUES = {"auto": "auto", "1": "rust", "true": "rust", "0": "python", "false": "python"}
SEMANTICS_VERSION = 1
"""Grows with every change of a rule that can change a number."""


def run_backtest(
    data: Any,  # noqa: ANN401 - anything that speaks Arrow
    strategy: AnyStrategy,
    *,
    when: Any = None,  # noqa: ANN401 - anything that holds on bars
    symbol: str | None = None,
    instruments: Instrument | Mapping[str, Instrument] | str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    cash: float = 10_000.0,
    account_currency: str = "USD",
    conversion: Mapping[str, Any] | None = None,
    sizer: Sizer | None = None,
    costs: Costs | Mapping[str, Costs] | None = None,
    execution: Execution | None = None,
    timeframes: Timeframes = (),
    align: str = "union",
    position_manager: Manager | PositionManager | Sequence[Manager] | None = None,
    backend: str = "auto",
    seed: int = 0,
    strict: bool = False,
    validate: str | Mapping[str, str] = "error",
    progress: bool | Progress = False,
) -> BacktestResult:
    """Run a strategy over candles.

    The candles are read where they lie; nothing of them is copied. The strategy is called on each
    completed bar and acts from the open of the next one. Several symbols share one account and one
    timeline; the strategy is called once for each time on it.

    Args:
        data: A frame, table, path, `Dataset` or `CandleStore` with `time` and prices, or one
            for each symbol (see `CandleStore`).
        strategy: A `Strategy`, a class of one, a function `on_bar(bar)`, `omega.Signals(...)`,
            `omega.native(...)`, or several strategies on one account: a list, or {label: one}.
        when: A condition on which alone `on_bar` is called, as `omega.when` takes it.
        symbol: Name of the symbol; "SYMBOL" where the data names none.
        instruments: An `Instrument`, one for each symbol, "auto" for a preset of the symbol's name,
            or None: one unit a lot, no rounding, quoted in the account currency.
        start: First bar to trade on; bars before it are warm-up.
        end: Last moment to trade on, included; a day without a time counts whole.
        cash: Balance at the start, in account currency.
        account_currency: Currency of the account.
        conversion: Account currency per unit of other currencies: a number, as {"JPY": 0.0091}, or
            candles that name their pair, as {"USDJPY": frame} or {"JPY": store_of_usdjpy}. Without
            it the rate is taken from another symbol of the data: of "EURGBP" in dollars, "GBPUSD".
        sizer: Size of orders that name none; one lot by default.
        costs: Fees and slippage; none by default.
        execution: Rules of filling; `Execution()` by default.
        timeframes: Higher timeframes, as ("H1", "D1"), made from the candles; or {"H1": table}. See
            `Timeframe` for days that begin when a market's do.
        align: Of several symbols: "union" of their times, or "intersection".
        position_manager: Built-in managers, or an object with `manage_positions(...)`; the
            strategy's own `position_manager` by default.
        backend: "rust"; "python", the readable reference; or "auto": what the environment variable
            OMEGA_USE_RUST_EVENT_ENGINE says, else Rust, or Python where Rust cannot be loaded.
        seed: Key of the random slippage.
        strict: Whether a rejected order raises instead of becoming a row.
        validate: "error", "off", or single rules as {"crossed": "allow"} (rule T3).
        progress: True for a bar on the terminal, or a function `(done, total)`.

    Returns:
        The result, whose tables are Polars frames over the engine's own buffers.

    Raises:
        InvalidCandleData: The data breaks a rule; column, row and value are named.
        WarmupIndexNotFound: No bar is left after start and warm-up.
        ConfigError: A setting is impossible, or not in this version.
        BackendUnavailable: The backend asked for is not there.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> candles = pl.DataFrame({
        ...     "time": [datetime(2026, 1, day) for day in (1, 2, 3)],
        ...     "open": [10.0, 11.0, 12.0], "high": [11.0, 12.0, 13.0],
        ...     "low": [9.0, 10.0, 11.0], "close": [11.0, 12.0, 13.0],
        ... })
        >>> from omega import Signal
        >>> result = run_backtest(candles, lambda bar: Signal("long") if bar.index == 0 else None)
        >>> result.trades["net_pnl"].to_list()
        [2.0]
    """
    chosen = _backend(backend, warn=True)
    store = _store(data, symbol, validate)
    words: dict[str, Any] = {
        "instruments": instruments,
        "start": start,
        "end": end,
        "cash": cash,
        "account_currency": account_currency,
        "conversion": conversion,
        "sizer": sizer,
        "costs": costs,
        "execution": execution,
        "timeframes": timeframes,
        "align": align,
        "position_manager": position_manager,
        "seed": seed,
        "strict": strict,
    }
    with _progress(progress) as on_progress:
        job, config = prepare(store, strategy, words, when=when, on_progress=on_progress)
        tables, report = _BACKENDS[chosen](job)
    return BacktestResult(
        tables,
        stats=_stats(report),
        config=config,
        manifest=_manifest(store, config),
        backend=chosen,
        notices=store.notices,
        copied_bytes=store.copied_bytes,
        candles=store,
    )


def prepare(
    store: CandleStore,
    strategy: object,
    words: Mapping[str, Any],
    *,
    when: Any = None,  # noqa: ANN401 - as run_backtest
    on_progress: Progress | None = None,
) -> tuple[Job, dict[str, Any]]:
    """Put together what a backend needs, and the settings as the manifest keeps them.

    Args:
        store: The candles.
        strategy: As `run_backtest`.
        words: The settings of `run_backtest` by name, each of them.
        when: As `run_backtest`.
        on_progress: Called with steps done and steps in all.
    """
    execution, sizer = words["execution"] or Execution(), words["sizer"] or FixedLots(1.0)
    stores, unit = symbols_of(store), store.time_unit
    instruments = instruments_for(words["instruments"], store.symbols)
    costs = costs_for(words["costs"], store.symbols)
    strategy = _ready(strategy)
    managers, own_manager = _managers(words["position_manager"], strategy)
    span = {name: words[name] for name in ("start", "end", "seed", "strict", "align")}
    cash, account = float(words["cash"]), words["account_currency"]
    settings: Settings = {
        **_when(words["start"], words["end"], unit),
        "cash": cash,
        "seed": seed_field(words["seed"]),
        "strict": words["strict"],
        "sizer": sizer_fields(sizer),
        "symbols": symbol_fields(instruments, costs, execution),
        "align": _alignment(words["align"]),
        "managers": manager_fields(managers, unit),
        **execution_fields(execution, unit),
    }
    conversion, timeframes = words["conversion"], words["timeframes"]
    behind = behind_of(stores, instruments, account, conversion, execution)
    higher = timeframe_jobs(timeframes, stores)
    job = Job(stores, strategy, settings, behind, higher, own_manager, on_progress, when)
    money = {"cash": cash, "account_currency": account, "conversion": conversion}
    chosen = {"strategy": strategy, "execution": execution, "sizer": sizer}
    config = written_down(
        symbol=of_each(store.symbols, store.symbols),
        instrument=of_each(store.symbols, instruments),
        costs=of_each(store.symbols, costs),
        timeframes=timeframes if isinstance(timeframes, Mapping) else listed(higher),
        **{"position_manager": managers or own_manager, **span, **money, **chosen},
    )
    return job, config


def _managers(given: object, strategy: object) -> tuple[list[Manager], PositionManager | None]:
    return split_managers(given or getattr(strategy, "position_manager", None))


def get_active_backend() -> str:
    """Tell which backend a run would use now: "rust" or "python".

    Raises:
        BackendUnavailable: The flag asks for Rust, and the native module cannot be loaded.
        ConfigError: The flag has an unknown value.

    Example:
        >>> get_active_backend()
        'rust'
    """
    return _backend("auto")


def _backend(asked: str, *, warn: bool = False) -> str:
    if asked not in ("auto", "rust", "python"):
        raise ConfigError(f"backend: given {asked!r}, expected 'auto', 'rust' or 'python'")
    if asked == "auto":
        flag = os.environ.get(_FLAG, "auto").lower()
        if flag not in _FLAG_VALUES:
            known = ", ".join(_FLAG_VALUES)
            raise ConfigError(f"{_FLAG}: given {flag!r}, expected one of {known}")
        asked = _FLAG_VALUES[flag]
    if asked == "python":
        return "python"
    try:
        importlib.import_module("omega._core")
    except ImportError as problem:
        message = (
            f"the native module omega._core cannot be loaded: {problem}. Install the wheel for "
            "this Python and machine, or build it with 'make'"
        )
        if asked == "rust":
            raise BackendUnavailable(message) from problem
        if warn:
            slow = f"{message}. This run goes by the Python backend: same results, far slower"
            warnings.warn(slow, BackendWarning, stacklevel=3)
        return "python"
    return "rust"


def _store(
    data: Any,  # noqa: ANN401 - as run_backtest
    symbol: str | None,
    validate: str | Mapping[str, str],
) -> CandleStore:
    if validate == "report":
        raise ConfigError(
            "validate: 'report' gives a table and no run; use CandleStore(data).validate()"
        )
    if isinstance(data, CandleStore):
        data.require_valid()
        return data
    return CandleStore(data, symbol=symbol, validate=validate)


class _Context:
    """A native run with what only Python can do: Polars expressions."""

    def __init__(self, run: Run, job: Job) -> None:
        self._run, self._job = run, job
        self.symbols = tuple(store.symbols[0] for store in job.stores)
        self.queue: list[Action] = run.queue
        self.columns: dict[object, Indicator] = {}
        self.next_order_id = run.next_order_id
        self.indicator = run.indicator
        self.compare, self.mask = run.compare, run.mask

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the run has
        return getattr(self._run, name)

    def expression(
        self,
        expression: pl.Expr,
        name: str,
        *,
        timeframe: str | None,
        symbol: str | None,
        warmup: bool = True,
    ) -> Indicator:
        """Evaluate a Polars expression over the candles."""
        place = {"timeframe": timeframe, "symbol": symbol}
        candles = both_sides(over(self._run.candles(**place)))
        frame = beside(candles, expression, self._job.own_columns(symbol, timeframe))
        column = evaluate(expression, name, frame, **place)
        return self._run.column(name, column, **place, warmup=warmup)


def _ready(strategy: object) -> Strategy | Callback | Signals | Native:
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        return strategy()
    if isinstance(strategy, (Strategy, Signals, Native)):
        return strategy
    if isinstance(strategy, (list, tuple, dict)):
        return Ensemble.of(strategy)
    if callable(strategy) and not isinstance(strategy, type):
        return strategy
    raise ConfigError(
        f"strategy: given {strategy!r}, expected a Strategy, a class of one, a function "
        "on_bar(bar), omega.Signals(...) or omega.native(...)"
    )


def _run_rust(job: Job) -> tuple[Any, Any]:
    run = native_run(job)
    native = native_behind(job)
    context = _Context(run, job)
    if isinstance(job.strategy, (Signals, Native)):
        core = _core_strategy(job, run, context)
        return run.execute_native(job.settings, core, native, job.on_progress)
    with bound(job.strategy, job.manager, context):
        if isinstance(job.strategy, Strategy):
            run.declare_warmup(job.strategy.warmup)
        callbacks = callbacks_of(job, context)
        return run.execute(job.settings, callbacks, native, job.on_progress)


def _core_strategy(job: Job, run: Run, context: _Context) -> NativeStrategy:
    """Make a strategy of the core for the candles of a run."""
    if len(job.stores) > 1 or job.manager is not None:
        raise ConfigError(
            f"strategy: {type(job.strategy).__name__} trades one symbol and takes built-in "
            "managers alone; write a Strategy for more"
        )
    if isinstance(job.strategy, Native):
        return run.native(job.strategy.name, list(job.strategy.parameters))
    return run.signals(job.strategy.told(context))  # type: ignore[union-attr]  # the other one


def _run_python(job: Job) -> tuple[Any, Any]:
    from omega.reference.run import execute  # noqa: PLC0415 - only where it is wanted

    return execute(job)


_BACKENDS = {"rust": _run_rust, "python": _run_python}


@contextlib.contextmanager
def bound(
    strategy: Strategy | Callback, manager: PositionManager | None, context: RunContext
) -> Iterator[None]:
    """Tie a strategy to its run while it runs, and let it declare its indicators."""
    attach = getattr(manager, "attach_portfolio", None)
    if attach is not None:
        attach(context)
    if not isinstance(strategy, Strategy):
        yield
        return
    strategy._run = context  # noqa: SLF001 - the base class and the run are one mechanism
    try:
        strategy.init()
        yield
    finally:
        strategy._run = None  # noqa: SLF001 - as above


def callbacks_of(job: Job, context: RunContext) -> dict[str, object]:
    """Give the functions that the loop calls; those of a class unbound, with their instance."""
    strategy, manager = job.strategy, job.manager
    fields: dict[str, object] = {
        "manage": None if manager is None else manager.manage_positions,
        "triggers": [],
    }
    if not isinstance(strategy, Strategy):
        on_bar: object = strategy
        if job.when is not None:
            declarer = Strategy()
            declarer._run = context  # noqa: SLF001 - it declares for this run
            condition = condition_of(job.when, declarer)
            fields["triggers"], on_bar = [(strategy, condition.mask(context))], None
        return {**fields, "on_bar": on_bar, "instance": None, "on_fill": None, "on_exit": None}
    kind = type(strategy)
    conditions = triggers_of(strategy)
    if job.when is not None:
        conditions["on_bar"] = job.when
    masks = {name: condition_of(c, strategy).mask(context) for name, c in conditions.items()}
    alone = masks and (kind.on_bar is Strategy.on_bar or "on_bar" in masks)
    return {
        **fields,
        "triggers": [(getattr(kind, name), mask) for name, mask in masks.items()],
        "on_bar": None if alone else kind.on_bar,
        "instance": strategy,
        "on_fill": None if kind.on_fill is Strategy.on_fill else kind.on_fill,
        "on_exit": None if kind.on_exit is Strategy.on_exit else kind.on_exit,
    }


def _when(start: Moment | None, end: Moment | None, unit: str) -> Settings:
    """Give the first and last moment of a run in the unit of the time column."""
    return {
        "start": None if start is None else to_units(start, unit),
        "end": None if end is None else last_moment_of(end, unit),
    }


def _alignment(given: object) -> str:
    if given not in ("union", "intersection"):
        raise ConfigError(f"align: given {given!r}, expected 'union' or 'intersection'")
    return str(given)


def _stats(report: RunReport) -> EngineStats:
    return EngineStats(
        bars_processed=report.bars_processed,
        signals_generated=report.signals_generated,
        exits_triggered=report.exits_triggered,
        total_time_ms=report.total_time_ms,
        callback_time_ms=report.callback_time_ms,
    )


def _manifest(store: CandleStore, config: dict[str, Any]) -> dict[str, Any]:
    return {
        "engine": "omega-backtest",
        "engine_version": core.VERSION,
        "semantics_version": SEMANTICS_VERSION,
        "data": store.describe(),
        "configuration": config,
    }


@contextlib.contextmanager
def _progress(wanted: bool | Progress) -> Iterator[Progress | None]:
    if wanted is False or wanted is None:
        yield None
    elif wanted is True:
        from rich.progress import Progress as Display  # noqa: PLC0415 - only where it is wanted

        with Display(transient=True) as display:
            task = display.add_task("backtest", total=None)
            yield lambda done, total: display.update(task, completed=done, total=total)
    else:
        yield wanted

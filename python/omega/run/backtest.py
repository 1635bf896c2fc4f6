"""The one call: data and a strategy in, a result out."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from omega.config.account import Account
from omega.config.calendar import CalendarLike
from omega.config.carry import Carry
from omega.config.costs import Costs
from omega.config.events import Events
from omega.config.execution import Execution
from omega.config.instruments import Instrument
from omega.config.limits import Limits
from omega.config.managers import Manager
from omega.config.sizers import EquityPercent, Sizer
from omega.config.universe import Universe
from omega.contract import ArrowLike, Progress
from omega.data.store import CandleStore
from omega.data.timeframes import Timeframes
from omega.errors import ConfigError
from omega.libraries import arguments_of
from omega.measures.benchmark import Comparison
from omega.progress import progress_bar
from omega.results.events_table import keep_events
from omega.results.result import BacktestResult, EngineStats
from omega.run.backend import chosen_backend
from omega.run.candles import store_of_run
from omega.run.copying import copied, note_on_given
from omega.run.event_symbols import events_of
from omega.run.execute import Outcome
from omega.run.hints import explain_call, naming_arguments
from omega.run.job import Job, OnBar
from omega.run.manifest import manifest
from omega.run.native_declarations import native_declarations
from omega.run.notice_facts import facts_of
from omega.run.prepare import Arguments, Moment, configuration, prepare, strategy_of
from omega.run.resume import identity_of, known_by, require_earlier
from omega.run.rolls import happened
from omega.run.scheduled import execute_any
from omega.run.settings import PositionManager
from omega.strategy.base import Strategy
from omega.strategy.conditions import AnyCondition
from omega.strategy.foreign import Foreign
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights

One: TypeAlias = "Strategy | type[Strategy] | OnBar | Signals | Native | Foreign | Weights"
AnyStrategy: TypeAlias = (
    "One | Sequence[Strategy | type[Strategy]] | Mapping[str, Strategy | type[Strategy]]"
)


@naming_arguments
def run_backtest(
    data: ArrowLike,
    strategy: AnyStrategy,
    *,
    when: AnyCondition = None,
    symbol: str | None = None,
    instruments: Instrument | Mapping[str, Instrument] | str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    cash: float | None = None,
    account_currency: str | None = None,
    conversion: Mapping[str, Any] | None = None,
    sizer: Sizer | None = None,
    costs: Costs | Mapping[str, Costs] | None = None,
    execution: Execution | None = None,
    account: Account | str | None = None,
    limits: Limits | None = None,
    timeframes: Timeframes = (),
    align: str = "union",
    position_manager: Manager | PositionManager | Sequence[Manager] | None = None,
    backend: str = "auto",
    seed: int = 0,
    strict: bool = False,
    semantics: int = 2,
    calendar: CalendarLike = None,
    events: Events | None = None,
    carry: Carry | None = None,
    universe: Universe | ArrowLike = None,
    validate: str | Mapping[str, str] = "error",
    cast: bool = False,
    progress: bool | Progress = False,
    compiled: bool = True,
    benchmark: Any = None,  # noqa: ANN401 - a symbol, or any series with times
    risk_free: Any = 0.0,  # noqa: ANN401 - a number, or a dated series
    resume: BacktestResult | None = None,
) -> BacktestResult:
    """Run a strategy over candles.

    The candles are read where they lie; nothing of them is copied. The strategy is called on each
    completed bar and acts from the open of the next one. Several symbols share one account and one
    timeline; the strategy is called once for each time on it.

    Args:
        data: A frame, table, path, `Dataset`, `CandleStore` or list of candles with time and
            prices, or one for each symbol (see `CandleStore`).
        strategy: A `Strategy`, a class of one, a function `on_bar(bar)`, `omega.Signals(...)`,
            `omega.native(...)`, `omega.foreign(...)`, or several strategies on one account: a list,
            or {label: one}.
        when: A condition on which alone `on_bar` is called, as `omega.when` takes it.
        symbol: Name of the symbol; that of the data (a symbol column, an import, its file), or
            "SYMBOL" where it has none.
        instruments: An `Instrument`, one for each symbol, "auto" for presets of the symbols' names,
            or None: the preset where a symbol has one, else one unit a lot, no rounding, quoted in
            the account currency.
        start: First bar to trade on; bars before it are warm-up. A date is the begin of its day.
        end: Last moment to trade on, included; a date is the whole day.
        cash: Balance at the start, in account currency; 10,000 by default.
        account_currency: Currency of the account; "USD" by default.
        conversion: Account currency per unit of other currencies: a number, as {"JPY": 0.0091}, or
            candles that name their pair, as {"USDJPY": frame} or {"JPY": store_of_usdjpy}. Without
            it the rate is taken from another symbol of the data: of "EURGBP" in dollars, "GBPUSD".
        sizer: Size of orders that name none; one lot by default.
        costs: Fees and slippage; none by default.
        execution: Rules of filling; `Execution()` by default.
        account: An `Account`, or "cash" or "margin" for one of that kind; by default positions are
            paid in full, and equity of 0 ends the trading.
        limits: Limits on positions and times of trading; none by default.
        timeframes: Higher timeframes, as ("H1", "D1"), made from the candles; or {"H1": table}. See
            `Timeframe` for days that begin when a market's do.
        align: Of several symbols: "union" of their times, or "intersection".
        position_manager: Built-in managers, or an object with `manage_positions(...)`; the
            strategy's own `position_manager` by default.
        backend: "rust"; "python", the readable reference; or "auto": what the environment variable
            OMEGA_USE_RUST_EVENT_ENGINE sets, else Rust, or Python where Rust cannot be loaded.
        seed: Key of the random slippage.
        strict: Whether a rejected order raises instead of becoming a row.
        semantics: Version of the rules: 2, or 1 for those of the first release, which go with the
            next one.
        calendar: Which day an instant belongs to: an `omega.Calendar`, such as
            `omega.calendars.FX`; "FX", "US_EQUITIES" or "CRYPTO"; a zone, alone or with the time at
            which days begin; or the name of a calendar of `exchange_calendars`, such as "XNYS".
            Days of UTC by default. It decides on DAY orders, nights of swap, dates as `start` and
            `end`, daily returns, and bars of a day and longer.
        events: Splits, dividends, changes of symbols, delistings and halts, as `Events`, over
            prices as they were traded; none by default.
        carry: Interest, borrowing and funding, as `Carry`; none by default.
        universe: A `Universe`, or its table: columns symbol, from, to and known; by default every
            symbol may be traded at any time.
        validate: "error", "off", or single rules as {"crossed": "allow"} (rule T3).
        cast: Whether prices of other types (float32, decimals, integers, texts) are cast, once;
            what that copies is a notice. Volumes of any type of number always are.
        progress: True for a bar on the terminal, or a function `(done, total)`.
        compiled: False runs callbacks under `omega.compiled` as they are, to look into them.
        benchmark: What to compare with: True, or "hold", for the run's only symbol, or the name of
            one of several, which is bought for all the money when the run may first act, and held,
            under the same costs; or a frame with time and close
            (or returns), a series of pandas with dates, or a result. It adds metrics and
            `benchmark` to the result.
        risk_free: What money earns without risk, a share a year, or a dated series of such shares;
            `sharpe` and `sortino` are those above it.
        resume: The result of an earlier run of the same strategy and settings over the first rows
            of the data. All of it is run again, and `result.resumed` has what is new.

    Returns:
        The result, whose tables are Polars frames over the engine's own buffers.

    Raises:
        InvalidCandleData: The data breaks a rule; column, row and value are named.
        WarmupIndexNotFound: No bar is left after start and warm-up.
        ConfigError: A setting is impossible, or not in this version.
        BackendUnavailable: The backend requested is not there.

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
    with arguments_of("run_backtest"):
        chosen = chosen_backend(backend, warn=True, level=4)
        store = store_of_run(data, symbol, validate, instruments, cast=cast)
        compared = Comparison.of(benchmark, risk_free, store.symbols)
        runs, own_manager = copied(strategy_of(strategy), position_manager)
    arguments = Arguments(
        instruments=instruments,
        start=start,
        end=end,
        cash=cash,
        account_currency=account_currency,
        conversion=conversion,
        sizer=sizer,
        costs=costs,
        execution=execution,
        account=account,
        limits=limits,
        timeframes=timeframes,
        align=align,
        position_manager=own_manager,
        seed=seed,
        strict=strict,
        semantics=semantics,
        calendar=calendar,
        events=events,
        carry=carry,
        universe=universe,
    )
    with _progress(progress) as told:
        given = (strategy, when, compiled, told)
        return _performed(
            store, runs, given, arguments, backend=chosen, compared=compared, resume=resume
        )


def _performed(
    store: CandleStore,
    runs: One,
    given: tuple[AnyStrategy, AnyCondition, bool, Progress | None],
    arguments: Arguments,
    *,
    backend: str,
    compared: Comparison,
    resume: BacktestResult | None,
) -> BacktestResult:
    """Run what was given, and compare it and follow it up as it was wanted."""
    strategy, when, compiled, told = given
    identity = identity_of(strategy, when, arguments)
    with arguments_of("run_backtest"):
        require_earlier(resume, store, identity)
        job = prepare(store, runs, arguments, when=when, on_progress=told)
        job.ran.may_compile = _truth("compiled", compiled)
    try:
        outcome = execute_any(job, backend)
    except (TypeError, ConfigError) as problem:
        explain_call(problem)
        raise
    note_on_given(strategy, runs)
    result = _result(store, job, arguments, backend, outcome)
    result = result if compared.is_empty else compare_run(result, compared, arguments)
    return known_by(result, identity, resume)


def compare_run(
    result: BacktestResult, compared: Comparison, arguments: Arguments
) -> BacktestResult:
    """Add what a benchmark and a risk-free rate make to the metrics of a run."""
    hold = functools.partial(buy_and_hold, result, arguments)
    result.added, result.benchmark = compared.added(result, hold)
    result.config |= {"benchmark": compared.name, "risk_free": compared.free.shown}
    vars(result).pop("metrics", None)  # it was made without them
    return result


def buy_and_hold(result: BacktestResult, arguments: Arguments, symbol: str) -> BacktestResult:
    """Buy a symbol of a run for all the money when the run may first act, and hold it.

    Costs, account and days are those of the run; limits and finer candles are not.
    """
    store = result.candles
    if store is None:
        raise ConfigError("benchmark: the result has no candles, expected that of a run")
    given = {one.name: getattr(arguments, one.name) for one in dataclasses.fields(arguments)}
    execution = arguments.execution or Execution()
    if execution.intrabar == "magnifier":
        execution = dataclasses.replace(execution, intrabar="pessimistic", magnifier=None)
    first = result.tables.first_decision
    given |= {
        "execution": execution,
        "limits": None,
        "sizer": EquityPercent(100),
        "position_manager": None,
        "timeframes": (),
        "strict": False,
        "start": arguments.start if first is None else first,
        "events": events_of(arguments.events, symbol),
    }
    own = store.symbol(symbol)
    return run_backtest(own, Native("buy_and_hold", ()), **given, backend=result.backend)


def _result(
    store: CandleStore, job: Job, arguments: Arguments, backend: str, outcome: Outcome
) -> BacktestResult:
    tables, report = outcome
    config = configuration(store, job, arguments)
    result = BacktestResult(
        tables,
        stats=EngineStats.of(report, job.ran.form),
        config=config,
        manifest=manifest(store, config),
        backend=backend,
        facts=functools.partial(facts_of, store, job, arguments),
        copied_bytes=store.copied_bytes,
        candles=store,
        strategy=job.strategy,
        position_manager=job.manager,
        declares=functools.partial(native_declarations, job, backend),
    )
    if job.settings["events"] is not None:
        keep_events(result, happened(job.settings["events"], job.stores))
    return result


def _truth(name: str, given: object) -> bool:
    if isinstance(given, bool):
        return given
    raise ConfigError(f"{name}: given {given!r}, expected True or False")


@contextlib.contextmanager
def _progress(wanted: bool | Progress) -> Iterator[Progress | None]:
    if wanted is False or wanted is None:
        yield None
    elif wanted is True:
        with progress_bar("backtest") as update:
            yield update and (lambda done, total: update(done, total, ""))
    elif callable(wanted):
        yield wanted
    else:
        raise ConfigError(
            f"progress: given {wanted!r}, expected True, False, or a function (done, total)"
        )

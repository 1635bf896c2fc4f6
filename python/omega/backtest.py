"""The one call: data and a strategy in, a result out."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from omega._native import core
from omega._settings import (
    PositionManager,
    Settings,
    cost_fields,
    costs_for,
    execution_fields,
    instrument_fields,
    instrument_for,
    manager_fields,
    seed_field,
    sizer_fields,
    split_managers,
)
from omega.config import Costs, Execution, FixedLots, Sizer
from omega.errors import BackendUnavailable, BackendWarning, ConfigError
from omega.instruments import Instrument
from omega.managers import Manager
from omega.results import BacktestResult, EngineStats
from omega.signals import Action
from omega.store import CandleStore
from omega.strategy import RunContext, Strategy
from omega.times import last_moment_of, to_units

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Bar, Indicator, Run, RunReport

Moment: TypeAlias = datetime | date | str | int
Callback: TypeAlias = "Callable[[Bar], Action | Sequence[Action] | None]"
Progress: TypeAlias = Callable[[int, int], object]

_FLAG = "OMEGA_USE_RUST_EVENT_ENGINE"
_FLAG_VALUES = {"auto": "auto", "1": "rust", "true": "rust", "0": "python", "false": "python"}
SEMANTICS_VERSION = 1
"""Grows with every change of a rule that can change a number."""


def run_backtest(
    data: Any,  # noqa: ANN401 - anything that speaks Arrow
    strategy: Strategy | type[Strategy] | Callback,
    *,
    symbol: str | None = None,
    instruments: Instrument | Mapping[str, Instrument] | str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    cash: float = 10_000.0,
    account_currency: str = "USD",
    conversion: Mapping[str, float] | None = None,
    sizer: Sizer | None = None,
    costs: Costs | Mapping[str, Costs] | None = None,
    execution: Execution | None = None,
    position_manager: Manager | PositionManager | Sequence[Manager] | None = None,
    backend: str = "auto",
    seed: int = 0,
    strict: bool = False,
    validate: str | Mapping[str, str] = "error",
    progress: bool | Progress = False,
) -> BacktestResult:
    """Run a strategy over candles.

    The candles are read where they lie; nothing of them is copied. The strategy is called on each
    completed bar and acts from the open of the next one.

    Args:
        data: A frame, table, path or `CandleStore` with `time` and prices (see `CandleStore`).
        strategy: A `Strategy`, a class of one, or a function `on_bar(bar)`.
        symbol: Name of the symbol; "SYMBOL" where the data names none.
        instruments: An `Instrument`, one for each symbol, "auto" for a preset of the symbol's name,
            or None: one unit a lot, no rounding, quoted in the account currency.
        start: First bar to trade on; bars before it are warm-up.
        end: Last moment to trade on, included; a day without a time counts whole.
        cash: Balance at the start, in account currency.
        account_currency: Currency of the account.
        conversion: Account currency per unit of other currencies, as {"JPY": 0.0091}. Without it
            the rate is taken from another symbol of the data: of "EURGBP" in dollars, "GBPUSD".
        sizer: Size of orders that name none; one lot by default.
        costs: Fees and slippage; none by default.
        execution: Rules of filling; `Execution()` by default.
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
    execution = execution or Execution()
    sizer = sizer or FixedLots(1.0)
    store = _store(data, symbol, validate)
    name = store.symbols[0]
    unit = store.time_unit
    instrument = instrument_for(instruments, name)
    own_costs = costs_for(costs, name)
    strategy = _ready(strategy)
    managers, own_manager = split_managers(
        position_manager or getattr(strategy, "position_manager", None)
    )
    settings: Settings = {
        **_when(start, end, unit),
        "cash": float(cash),
        "seed": seed_field(seed),
        "strict": strict,
        "sizer": sizer_fields(sizer),
        "instrument": instrument_fields(instrument, execution),
        "costs": cost_fields(own_costs, instrument),
        "managers": manager_fields(managers, unit),
        **execution_fields(execution, unit),
    }
    rate = conversion_rate(store, instrument, account_currency, conversion)
    behind = Behind(rate=rate, magnifier=_magnifier(execution, name, unit))
    with _progress(progress) as on_progress:
        job = Job(store.symbol(name), strategy, settings, behind, own_manager, on_progress)
        tables, report = _BACKENDS[chosen](job)
    words = {"strategy": strategy, "execution": execution, "costs": own_costs, "sizer": sizer}
    config = _written_down(
        symbol=name,
        start=start,
        end=end,
        cash=float(cash),
        seed=seed,
        account_currency=account_currency,
        conversion=conversion,
        strict=strict,
        **{"instrument": instrument, "position_manager": managers or own_manager, **words},
    )
    return BacktestResult(
        tables,
        stats=_stats(report),
        config=config,
        manifest=_manifest(store, config),
        backend=chosen,
        notices=store.notices,
        copied_bytes=store.copied_bytes,
    )


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


def _magnifier(execution: Execution, symbol: str, unit: str) -> CandleStore | None:
    if execution.magnifier is None:
        return None
    finer = (
        execution.magnifier
        if isinstance(execution.magnifier, CandleStore)
        else CandleStore(execution.magnifier, symbol=symbol)
    )
    if finer.time_unit != unit:
        raise ConfigError(
            f"Execution.magnifier: its times are in {finer.time_unit} and those of the candles in "
            f"{unit}; cast one of the time columns"
        )
    return finer.symbol(finer.symbols[0])


@dataclasses.dataclass(frozen=True)
class Behind:
    """What stands behind the candles of a run: the conversion rate and the finer series."""

    rate: float | Pair
    magnifier: CandleStore | None


@dataclasses.dataclass(frozen=True)
class Pair:
    """A conversion pair among the data; `inverse` where it is quoted the other way round."""

    store: CandleStore
    inverse: bool


def conversion_rate(
    store: CandleStore,
    instrument: Instrument,
    account: str,
    conversion: Mapping[str, float] | None,
) -> float | Pair:
    """Find what a unit of quote currency is worth in account currency (rule M2).

    Raises:
        ConfigError: There is no rate, or the data has symbols that the run has no use for.
    """
    quote = instrument.quote_currency or account
    others = store.symbols[1:]
    rate: float | Pair | None = 1.0 if quote == account else None
    if rate is None and conversion and quote in conversion:
        rate = float(conversion[quote])
    if rate is None:
        for name, inverse in ((quote + account, False), (account + quote, True)):
            if name in others:
                others.remove(name)
                rate = Pair(store.symbol(name), inverse)
                break
    if rate is None:
        raise ConfigError(
            f"{instrument.symbol} is quoted in {quote} and the account is in {account}: give "
            f"conversion={{{quote!r}: rate}}, or data of {quote}{account} or {account}{quote} "
            f"beside it, or account_currency={quote!r}"
        )
    if others:
        raise ConfigError(
            f"data: {', '.join(others[:5])} beside {store.symbols[0]}: this version trades one "
            "symbol a run and uses others as conversion pair alone"
        )
    return rate


class _Context:
    """A native run with what only Python can do: Polars expressions."""

    def __init__(self, run: Run, store: CandleStore) -> None:
        self._run = run
        self._store = store
        self.queue: list[Action] = run.queue
        self.next_order_id = run.next_order_id
        self.indicator = run.indicator

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the run has
        return getattr(self._run, name)

    def expression(self, expression: pl.Expr, name: str) -> Indicator:
        """Evaluate a Polars expression over the candles."""
        import polars as pl  # noqa: PLC0415 - slow to import, and few strategies need it

        frame = pl.DataFrame(self._store)
        bid = "bid" if "bid" in frame.columns else "bid_{}"
        sides = {price: pl.col(bid.format(price)) for price in ("open", "high", "low", "close")}
        values = frame.with_columns(**sides).select(expression.cast(pl.Float64).alias(name))
        return self._run.column(name, values.get_column(name))


def _ready(strategy: object) -> Strategy | Callback:
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        return strategy()
    if isinstance(strategy, Strategy) or (callable(strategy) and not isinstance(strategy, type)):
        return strategy
    raise ConfigError(
        f"strategy: given {strategy!r}, expected a Strategy, a class of one or a function "
        "on_bar(bar)"
    )


@dataclasses.dataclass(frozen=True)
class Job:
    """All that a backend needs for a run."""

    store: CandleStore
    strategy: Strategy | Callback
    settings: Settings
    behind: Behind
    manager: PositionManager | None
    on_progress: Progress | None


def _run_rust(job: Job) -> tuple[Any, Any]:
    from omega._core import Run  # noqa: PLC0415 - the message is ours where it cannot be loaded

    run = Run(job.store.native, job.settings["cash"])
    pair = job.behind.rate if isinstance(job.behind.rate, Pair) else None
    behind = {
        "rate": 1.0 if isinstance(job.behind.rate, Pair) else job.behind.rate,
        "rate_store": pair and pair.store.native,
        "rate_inverse": bool(pair and pair.inverse),
        "magnifier": job.behind.magnifier and job.behind.magnifier.native,
    }
    with bound(job.strategy, job.manager, _Context(run, job.store)):
        if isinstance(job.strategy, Strategy):
            run.declare_warmup(job.strategy.warmup)
        callbacks = callbacks_of(job.strategy, job.manager)
        return run.execute(job.settings, callbacks, behind, job.on_progress)


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


def callbacks_of(
    strategy: Strategy | Callback, manager: PositionManager | None
) -> dict[str, object]:
    """Give the functions that the loop calls; those of a class unbound, with their instance."""
    manage = None if manager is None else manager.manage_positions
    if not isinstance(strategy, Strategy):
        plain = {"on_bar": strategy, "instance": None, "on_fill": None, "on_exit": None}
        return {**plain, "manage": manage}
    kind = type(strategy)
    return {
        "on_bar": kind.on_bar,
        "instance": strategy,
        "on_fill": None if kind.on_fill is Strategy.on_fill else kind.on_fill,
        "on_exit": None if kind.on_exit is Strategy.on_exit else kind.on_exit,
        "manage": manage,
    }


def _when(start: Moment | None, end: Moment | None, unit: str) -> Settings:
    """Give the first and last moment of a run in the unit of the time column."""
    return {
        "start": None if start is None else to_units(start, unit),
        "end": None if end is None else last_moment_of(end, unit),
    }


def _written_down(**settings: object) -> dict[str, Any]:
    """Give settings as the manifest keeps them: numbers and moments as they are, else in words."""
    plain = (str, int, float, bool, date, type(None))
    return {
        name: value if isinstance(value, plain) else _name_of(value)
        for name, value in settings.items()
    }


def _stats(report: RunReport) -> EngineStats:
    return EngineStats(
        bars_processed=report.bars_processed,
        signals_generated=report.signals_generated,
        exits_triggered=report.exits_triggered,
        total_time_ms=report.total_time_ms,
        callback_time_ms=report.callback_time_ms,
    )


def _name_of(value: object) -> str:
    return str(getattr(value, "__qualname__", repr(value)))


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

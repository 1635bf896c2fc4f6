"""The one call: data and a strategy in, a result out."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from omega import instruments as presets
from omega.config import Costs, Execution, FixedLots, Sizer
from omega.errors import BackendUnavailable, ConfigError
from omega.instruments import Instrument
from omega.results import BacktestResult, EngineStats
from omega.signals import Action
from omega.store import CandleStore
from omega.strategy import Strategy
from omega.times import last_moment_of, to_units

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Bar, Indicator, Run

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
    sizer: Sizer | None = None,
    costs: Costs | Mapping[str, Costs] | None = None,
    execution: Execution | None = None,
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
        sizer: Size of orders that name none; one lot by default.
        costs: Fees and slippage; none by default.
        execution: Rules of filling; `Execution()` by default.
        backend: "auto" or "rust".
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
    _backend(backend)
    store = _store(data, symbol, validate)
    name = store.symbols[0]
    instrument = _instrument(instruments, name)
    execution = execution or Execution()
    _refuse_what_is_not_there(execution, instrument, account_currency)
    own_costs = _costs(costs, name)
    settings = {
        "start": None if start is None else to_units(start, store.time_unit),
        "end": None if end is None else last_moment_of(end, store.time_unit),
        "cash": float(cash),
        "seed": _seed(seed),
        "strict": strict,
        "close_at_end": execution.close_at_end,
        "limit_improvement": execution.limit_improvement,
        "market_fill": execution.market_fill,
        "intrabar": execution.intrabar,
        "sizer": _sizer(sizer or FixedLots(1.0)),
        "instrument": _instrument_fields(instrument, execution),
        "costs": _cost_fields(own_costs, instrument),
    }
    with _progress(progress) as on_progress:
        tables, report = _execute(store, strategy, settings, on_progress)
    config = {
        "symbol": name,
        "strategy": repr(strategy) if isinstance(strategy, Strategy) else _name_of(strategy),
        "instrument": repr(instrument),
        "account_currency": account_currency,
        "execution": repr(execution),
        "costs": repr(own_costs),
        "sizer": repr(sizer or FixedLots(1.0)),
        "start": start,
        "end": end,
        "cash": float(cash),
        "seed": seed,
        "strict": strict,
    }
    return BacktestResult(
        tables,
        stats=EngineStats(
            bars_processed=report.bars_processed,
            signals_generated=report.signals_generated,
            exits_triggered=report.exits_triggered,
            total_time_ms=report.total_time_ms,
            callback_time_ms=report.callback_time_ms,
        ),
        config=config,
        manifest=_manifest(store, config),
        backend="rust",
        notices=store.notices,
        copied_bytes=store.copied_bytes,
    )


def get_active_backend() -> str:
    """Tell which backend a run would use now: "rust" or "python".

    Raises:
        BackendUnavailable: The flag asks for one that is not there.
        ConfigError: The flag has an unknown value.

    Example:
        >>> get_active_backend()
        'rust'
    """
    return _backend("auto")


def _backend(asked: str) -> str:
    if asked not in ("auto", "rust", "python"):
        raise ConfigError(f"backend: given {asked!r}, expected 'auto', 'rust' or 'python'")
    if asked == "auto":
        flag = os.environ.get(_FLAG, "auto").lower()
        if flag not in _FLAG_VALUES:
            known = ", ".join(_FLAG_VALUES)
            raise ConfigError(f"{_FLAG}: given {flag!r}, expected one of {known}")
        asked = _FLAG_VALUES[flag]
    if asked == "python":
        raise BackendUnavailable("the python backend is not in this version; use 'rust' or 'auto'")
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
    store = (
        data
        if isinstance(data, CandleStore)
        else CandleStore(data, symbol=symbol, validate=validate)
    )
    if len(store.symbols) != 1:
        raise ConfigError(
            f"data: given {len(store.symbols)} symbols ({', '.join(store.symbols[:5])}), expected "
            "one; runs over several symbols are not in this version"
        )
    return store


def _instrument(
    given: Instrument | Mapping[str, Instrument] | str | None, symbol: str
) -> Instrument:
    if given is None:
        return Instrument(symbol)
    if isinstance(given, Instrument):
        return given
    if given == "auto":
        return presets.get(symbol)
    if isinstance(given, Mapping):
        if symbol not in given:
            raise ConfigError(f"instruments: none for {symbol!r}; given {', '.join(given)}")
        return given[symbol]
    raise ConfigError(
        f"instruments: given {given!r}, expected an Instrument, a mapping by symbol, 'auto' or None"
    )


def _costs(given: Costs | Mapping[str, Costs] | None, symbol: str) -> Costs:
    if given is None:
        return Costs()
    if isinstance(given, Mapping):
        if symbol not in given:
            raise ConfigError(f"costs: none for {symbol!r}; given {', '.join(given)}")
        return given[symbol]
    return given


_NOT_THERE = (
    "position_mode",
    "magnifier",
    "stop_out_level",
    "max_positions",
    "max_positions_per_symbol",
    "cooldown_bars",
    "cooldown_minutes",
    "cooldown_after_exit_minutes",
    "sessions",
    "blackouts",
)


def _refuse_what_is_not_there(
    execution: Execution, instrument: Instrument, account_currency: str
) -> None:
    default = Execution()
    for name in _NOT_THERE:
        given = getattr(execution, name)
        if given != getattr(default, name):
            raise ConfigError(f"Execution.{name}: given {given!r}; it is not in this version")
    quote = instrument.quote_currency
    if quote is not None and quote != account_currency:
        raise ConfigError(
            f"{instrument.symbol} is quoted in {quote} and the account is in {account_currency}; "
            f"conversion is not in this version. Use account_currency={quote!r}"
        )


def _instrument_fields(instrument: Instrument, execution: Execution) -> dict[str, float | None]:
    by_leverage = 1.0 / execution.leverage if execution.leverage else 0.0
    own = instrument.margin_rate
    return {
        "contract_size": instrument.contract_size,
        "tick_size": instrument.tick_size,
        "pip_size": instrument.pip_size,
        "volume_min": instrument.volume_min,
        "volume_step": instrument.volume_step,
        "volume_max": instrument.volume_max,
        "margin_rate": by_leverage if own is None else own,
    }


def _cost_fields(costs: Costs, instrument: Instrument) -> dict[str, float]:
    pips = costs.slippage_pips or costs.slippage_random_pips
    if pips and instrument.pip_size is None:
        raise ConfigError(
            f"costs: slippage is given in pips and {instrument.symbol} has no pip_size; use "
            "instruments='auto' or an Instrument with a pip_size"
        )
    if costs.swap_long or costs.swap_short:
        raise ConfigError("costs: swap is not in this version")
    pip = instrument.pip_size or 0.0
    return {
        "fee_per_million": costs.fee_per_million,
        "fee_per_lot": costs.fee_per_lot,
        "fee_percent": costs.fee_percent,
        "fee_min": costs.fee_min,
        "slippage": costs.slippage_pips * pip,
        "slippage_random": costs.slippage_random_pips * pip,
    }


def _sizer(sizer: Sizer) -> tuple[str, float]:
    (field,) = dataclasses.fields(sizer)
    names = {
        "FixedLots": "fixed_lots",
        "FixedUnits": "fixed_units",
        "RiskAmount": "risk_amount",
        "RiskPercent": "risk_percent",
        "EquityPercent": "equity_percent",
    }
    return names[type(sizer).__name__], float(getattr(sizer, field.name))


def _seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise ConfigError(f"seed: given {seed!r}, expected a whole number from 0 to 2**64 - 1")
    return seed


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
        sides = {price: pl.col(f"bid_{price}") for price in ("open", "high", "low", "close")}
        values = frame.with_columns(**sides).select(expression.cast(pl.Float64).alias(name))
        return self._run.column(name, values.get_column(name))


def _execute(
    store: CandleStore,
    strategy: Strategy | type[Strategy] | Callback,
    settings: dict[str, Any],
    on_progress: Progress | None,
) -> tuple[Any, Any]:
    from omega._core import Run  # noqa: PLC0415 - the message is ours where it cannot be loaded

    run = Run(store.native)
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        strategy = strategy()
    if not isinstance(strategy, Strategy):
        if not callable(strategy):
            raise ConfigError(
                f"strategy: given {strategy!r}, expected a Strategy, a class of one or a function "
                "on_bar(bar)"
            )
        return run.execute(settings, strategy, None, None, None, on_progress)
    kind = type(strategy)
    context = _Context(run, store)
    strategy._run = context  # noqa: SLF001 - the base class and the run are one mechanism
    try:
        strategy.init()
        run.declare_warmup(strategy.warmup)
        return run.execute(
            settings,
            kind.on_bar,
            strategy,
            None if kind.on_fill is Strategy.on_fill else kind.on_fill,
            None if kind.on_exit is Strategy.on_exit else kind.on_exit,
            on_progress,
        )
    finally:
        strategy._run = None  # noqa: SLF001 - as above


def _name_of(strategy: object) -> str:
    return str(getattr(strategy, "__qualname__", repr(strategy)))


def _manifest(store: CandleStore, config: dict[str, Any]) -> dict[str, Any]:
    from omega._core import VERSION  # noqa: PLC0415 - the message is ours where it is missing

    return {
        "engine": "omega-backtest",
        "engine_version": VERSION,
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

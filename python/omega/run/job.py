"""What a backend needs for a run: a `Job`, whose parts fit together or were refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from omega.config.execution import Execution
from omega.config.instruments import Instrument
from omega.config.values import nearest
from omega.contract import ClockFields, Progress, Settings, SymbolContext
from omega.data.closes import Times, times_of_each
from omega.data.conversion import Pair, rate_of, refuse_unused
from omega.data.own_columns import OwnColumns
from omega.data.store import CandleStore, each_of, require_unit, store_of
from omega.data.timeframes import TimeframeJob
from omega.errors import ConfigError
from omega.notices import Notice
from omega.run.adjusted import Growth
from omega.run.settings import PositionManager
from omega.strategy.actions import Action
from omega.strategy.base import Strategy
from omega.strategy.conditions import Condition
from omega.strategy.declared import Declared
from omega.strategy.foreign import Foreign
from omega.strategy.native import Native
from omega.strategy.schedule import Schedule
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights

if TYPE_CHECKING:
    from omega._core import Bar

OnBar: TypeAlias = "Callable[[Bar], Action | Sequence[Action] | None]"


@dataclasses.dataclass
class Ran:
    """How the callbacks of a job ran, once they did.

    Attributes:
        form: "python" or "compiled"; "core" where there are none.
        may_compile: Whether callbacks that are marked are compiled.
        notices: What a reader of its result should know of that.
        conditions: Those under which methods are called, by their names.
        declared: What the strategy declared.
        stages: What each strategy class of a schedule declared, by the place of its stage.
    """

    form: str = "python"
    may_compile: bool = True
    notices: list[Notice] = dataclasses.field(default_factory=list)
    conditions: Mapping[str, Condition] = dataclasses.field(default_factory=dict)
    declared: Declared = dataclasses.field(default_factory=Declared)
    stages: dict[int, Declared] = dataclasses.field(default_factory=dict)

    def note_uncompiled(self, text: str) -> None:
        """Note why callbacks ran uncompiled."""
        self.notices.append(Notice("warning", "uncompiled", text))


@dataclasses.dataclass(frozen=True)
class Job:
    """All that a backend needs for a run.

    Attributes:
        stores: One symbol each, in the order given.
        strategy: The strategy, or a function `on_bar(bar)`.
        settings: The settings, checked.
        contexts: Conversion rate and finer candles of each symbol.
        timeframes: Higher timeframes, of every symbol.
        clock: The days of the run, and when bars are complete.
        manager: A position manager of the user's own.
        on_progress: Called with steps done and steps in all.
        when: A condition on which alone `on_bar` is called.
        beside: Finer candles, and those that convert.
        notices: What a reader of its result should know of its finer candles.
        ran: How they ran.
        growth: How splits and dividends made each symbol grow that has some.
        higher_growth: The same by symbol and timeframe, for each of its bars.
    """

    stores: Sequence[CandleStore]
    strategy: Strategy | OnBar | Signals | Native | Foreign | Schedule | Weights
    settings: Settings
    contexts: Sequence[SymbolContext]
    timeframes: Sequence[TimeframeJob]
    clock: ClockFields
    manager: PositionManager | None
    on_progress: Progress | None
    when: object = None
    beside: Sequence[CandleStore] = ()
    notices: Sequence[Notice] = ()
    ran: Ran = dataclasses.field(default_factory=Ran)
    growth: Mapping[str, Growth] = dataclasses.field(default_factory=dict)
    higher_growth: Mapping[tuple[str, str], Growth] = dataclasses.field(default_factory=dict)

    def of(self, strategy: Strategy | Foreign) -> Job:
        """Return the same job of another strategy; `dataclasses.replace` takes ten times as long.

        Example:
            >>> import omega
            >>> one = Job([], omega.Strategy(), {}, [], [], {}, None, None, when=1)
            >>> other = one.of(omega.Strategy())
            >>> (other.when, other.strategy is one.strategy, other.ran is one.ran)
            (1, False, False)
        """
        made = object.__new__(Job)
        vars(made).update(vars(self), strategy=strategy, ran=Ran())
        return made

    def own_columns(self, symbol: str | None, timeframe: str | None) -> OwnColumns | None:
        """Return the user's columns beside a symbol's candles, or beside a table of higher bars."""
        name = self.stores[0].symbols[0] if symbol is None else symbol
        if timeframe is None:
            stores = {store.symbols[0]: store for store in self.stores}
        else:
            given = {job.name: job.given for job in self.timeframes}
            stores = dict(given.get(timeframe) or {})
        return next(iter(stores[name].own.values()), None) if name in stores else None


def symbols_of(store: CandleStore) -> list[CandleStore]:
    """Return the store of each symbol; several must share a time unit and have no time twice.

    Raises:
        ConfigError: They do not.
    """
    stores = each_of(store)
    if len(stores) > 1:
        ascending: set[int] = set()
        for one, times in zip(stores, times_of_each(stores), strict=True):
            require_unit(f"data: {one.symbols[0]}", one, stores[0].time_unit)
            if id(times) not in ascending:
                _refuse_repeated_times(one, times)
                ascending.add(id(times))
    return stores


def _refuse_repeated_times(store: CandleStore, times: Times) -> None:
    """Refuse quotes of one time: a step of several symbols is one time."""
    name = store.symbols[0]
    is_after = times[1:] > times[:-1]
    if not is_after.all():
        row = int(is_after.argmin()) + 1
        shown = pl.DataFrame(store).get_column("time")[row]
        raise ConfigError(
            f"data: the time {shown} of {name} in row {row} is not after that of the row "
            "before; in a run of several symbols a time is one step. Make bars of the ticks first"
        )


def contexts_of(
    stores: Sequence[CandleStore],
    instruments: Sequence[Instrument],
    account: str,
    conversion: Mapping[str, Any] | None,
    finer: Mapping[str, CandleStore],
) -> tuple[list[SymbolContext], list[CandleStore]]:
    """Find the rate of each symbol, and put its finer candles beside it; return all such stores.

    Raises:
        ConfigError: A rate is missing, or candles do not fit together.
    """
    if not isinstance(conversion, (Mapping, type(None))):
        raise ConfigError(
            f"conversion: given {type(conversion).__name__}, expected {{currency: number}} or "
            "{pair: candles}"
        )
    traded = {store.symbols[0]: store for store in stores}
    unit = stores[0].time_unit
    contexts, beside = [], list(finer.values())
    for name, instrument in zip(traded, instruments, strict=True):
        rate = rate_of(traded, instrument, account, conversion or {})
        if isinstance(rate, Pair):
            require_unit(f"conversion of {instrument.quote_currency}", rate.store, unit)
            beside.append(rate.store)
        contexts.append(context_of(rate, finer.get(name)))
    refuse_unused(instruments, account, conversion or {})
    return contexts, beside


def context_of(rate: float | Pair, magnifier: CandleStore | None) -> SymbolContext:
    """Return rate and finer candles of a symbol as a backend reads them."""
    pair = rate if isinstance(rate, Pair) else None
    return {
        "rate": 1.0 if isinstance(rate, Pair) else rate,
        "rate_store": None if pair is None else pair.store.native,
        "rate_inverse": bool(pair and pair.inverse),
        "magnifier": None if magnifier is None else magnifier.native,
    }


def magnifiers(execution: Execution, stores: Sequence[CandleStore]) -> dict[str, CandleStore]:
    """Return the finer candles of each symbol that has some.

    Raises:
        ConfigError: A symbol is unknown, or their times are in another unit.
    """
    given, unit = execution.magnifier, stores[0].time_unit
    symbols = [store.symbols[0] for store in stores]
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(symbols) > 1:
            raise ConfigError(
                f"Execution.magnifier: given {type(given).__name__} for {len(symbols)} symbols, "
                "expected {symbol: finer candles}"
            )
        given = {symbols[0]: given}
    for name in given:
        if name not in symbols:
            raise ConfigError(
                f"Execution.magnifier: {name!r} is no symbol of this run. {nearest(name, symbols)}"
            )
    finer = {name: store_of(table, name) for name, table in given.items()}
    for name, store in finer.items():
        require_unit(f"Execution.magnifier of {name}", store, unit)
    return finer

"""Assembles a run: the arguments of `omega.run_backtest` in, a `Job` out.

Every way to run a strategy goes through `prepare`: the one call, engines and sweeps.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

from omega.config.account import Account
from omega.config.calendar import CalendarLike, calendar_of
from omega.config.carry import Carry
from omega.config.costs import Costs
from omega.config.events import Events
from omega.config.execution import Execution
from omega.config.instruments import Instrument
from omega.config.limits import Limits
from omega.config.managers import Manager
from omega.config.sizers import FixedLots, Sizer
from omega.config.universe import Universe
from omega.config.values import flag, shown, taken
from omega.contract import Progress, Settings
from omega.data.store import CandleStore
from omega.data.timeframes import Timeframes, timeframe_jobs
from omega.errors import ConfigError
from omega.run.account import account_fields, account_of, instruments_for
from omega.run.adjusted import growth_of
from omega.run.adjusted_bars import adjusted_jobs
from omega.run.clock import RunClock
from omega.run.dated_events import dated_fields, notices_of_dates, require_adjustable
from omega.run.fees import fee_functions
from omega.run.impact import with_impact
from omega.run.job import Job, OnBar, contexts_of, magnifiers, symbols_of
from omega.run.magnifier import look_into
from omega.run.manifest import Manifest, of_each, written_down
from omega.run.portfolios import (
    called,
    in_order_of_names,
    require_volumes,
    weights_of,
    with_weights,
)
from omega.run.rolls import require_rollable, with_events
from omega.run.settings import (
    PositionManager,
    costs_for,
    execution_fields,
    manager_fields,
    refuse_strange,
    seed_field,
    semantics_field,
    sizer_fields,
    split_managers,
    symbol_fields,
)
from omega.strategy.arguments import instance_of
from omega.strategy.base import Strategy
from omega.strategy.compiled import is_marked
from omega.strategy.ensemble import Ensemble
from omega.strategy.foreign import Foreign
from omega.strategy.native import Native
from omega.strategy.schedule import Schedule
from omega.strategy.signal_columns import Signals
from omega.strategy.weights import Weights

Moment: TypeAlias = datetime | date | str | int

_EXECUTION, _LIMITS, _SIZER = Execution(), Limits(), FixedLots(1.0)
"""Where none are given: their fields are checked once, not in each run."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """The settings of a run as a user gave them; `omega.run_backtest` has what each means."""

    instruments: Instrument | Mapping[str, Instrument] | str | None = None
    start: Moment | None = None
    end: Moment | None = None
    cash: float | None = None
    account_currency: str | None = None
    conversion: Mapping[str, Any] | None = None
    sizer: Sizer | None = None
    costs: Costs | Mapping[str, Costs] | None = None
    execution: Execution | None = None
    account: Account | str | None = None
    limits: Limits | None = None
    timeframes: Timeframes = ()
    align: str = "union"
    position_manager: Manager | PositionManager | Sequence[Manager] | None = None
    seed: int = 0
    strict: bool = False
    semantics: int = 2
    calendar: CalendarLike = None
    events: Events | None = None
    carry: Carry | None = None
    universe: Any = None

    def instruments_of(self, symbols: Sequence[str]) -> list[Instrument]:
        """Choose the instrument of each symbol."""
        return instruments_for(self.instruments, symbols, semantics_field(self.semantics))

    def costs_of(self, symbols: Sequence[str]) -> list[Costs]:
        """Choose the costs of each symbol."""
        return costs_for(self.costs, symbols)

    def account_of(self) -> tuple[Account, float, str]:
        """Return the account, its cash and its currency."""
        return account_of(self.account, self.cash, self.account_currency)

    @property
    def dates(self) -> tuple[Events | None, Carry | None, Universe | None]:
        """What happens by date, what holding costs, and the universe."""
        universe = None if self.universe is None else Universe.of(self.universe)
        return self.events, self.carry, universe

    def managers_of(self, strategy: object) -> tuple[list[Manager], PositionManager | None]:
        """Choose built-in managers and the user's own: those given, else the strategy's."""
        given = self.position_manager
        return split_managers(
            getattr(strategy, "position_manager", None) if given is None else given
        )


def _refuse_strange(arguments: Arguments) -> None:
    """Refuse settings of other kinds than they should be of."""
    refuse_strange(
        execution=(arguments.execution, Execution, "omega.Execution(...)"),
        limits=(arguments.limits, Limits, "omega.Limits(...)"),
        sizer=(arguments.sizer, Sizer, "a sizer such as omega.FixedLots(1)"),
        costs=(arguments.costs, (Costs, Mapping), "omega.Costs(...), or one for each symbol"),
        events=(arguments.events, Events, "omega.Events(...)"),
        carry=(arguments.carry, Carry, "omega.Carry(...)"),
    )


def with_rolls(arguments: Arguments, store: CandleStore) -> Arguments:
    """Return settings with the rolls of candles that are made of contracts."""
    if not store.rolls:
        return arguments
    return dataclasses.replace(arguments, events=with_events(arguments.events, store.rolls))


def prepare(
    store: CandleStore,
    strategy: object,
    arguments: Arguments,
    *,
    when: object = None,
    on_progress: Progress | None = None,
) -> Job:
    """Put together what a backend needs.

    Args:
        store: The candles.
        strategy: As `run_backtest`.
        arguments: The settings of `run_backtest`.
        when: As `run_backtest`.
        on_progress: Called with steps done and steps in all.
    """
    ready = given = strategy_of(strategy)
    arguments = with_rolls(arguments, store)
    stores, unit = symbols_of(store), store.time_unit
    weights = weights_of(given)
    if weights is not None:
        stores, ready = in_order_of_names(stores), called(given)
    symbols = [one.symbols[0] for one in stores]
    _refuse_strange(arguments)
    execution, limits = arguments.execution or _EXECUTION, arguments.limits or _LIMITS
    account, cash, currency = arguments.account_of()
    semantics = semantics_field(arguments.semantics)
    instruments = arguments.instruments_of(symbols)
    costs = arguments.costs_of(symbols)
    managers, own_manager = arguments.managers_of(ready)
    fees = fee_functions(costs, store, symbols)
    clock = RunClock.of(stores, arguments.calendar, is_first=semantics == "1")
    settings: Settings = {
        "semantics": semantics,
        "account": account_fields(account, semantics),
        "start": clock.start(arguments.start),
        "end": clock.end(arguments.end),
        "cash": cash,
        "seed": seed_field(arguments.seed),
        "strict": taken("strict", arguments.strict, flag),
        "sizer": sizer_fields(arguments.sizer or _SIZER),
        "symbols": symbol_fields(
            instruments, costs, fees, account, semantics=semantics, clock=clock
        ),
        "align": alignment(arguments.align),
        "managers": manager_fields(managers, unit),
        **execution_fields(execution, account, limits, clock),
        **dated_fields(stores, clock, arguments.dates, semantics),
    }
    if weights is not None:
        settings = with_weights(settings, weights, execution)
    finer = magnifiers(execution, stores)
    require_rollable(settings, finer)
    require_volumes(settings, stores, finer)
    notices = look_into(stores, finer, instruments, (settings["start"], settings["end"]))
    contexts, beside = contexts_of(stores, instruments, currency, arguments.conversion, finer)
    higher = timeframe_jobs(
        arguments.timeframes, stores, clock.calendars, longest_counts=semantics != "1"
    )
    growth = growth_of(settings["events"], stores)
    settings["symbols"] = with_impact(settings["symbols"], costs, stores, growth, semantics)
    require_adjustable(growth, ready, finer, settings["carry"])
    higher, higher_growth = adjusted_jobs(higher, stores, growth)
    return Job(
        stores,
        ready,
        settings,
        contexts,
        higher,
        clock.fields(),
        own_manager,
        on_progress,
        when,
        beside,
        [*notices, *notices_of_dates(arguments.dates, stores, settings["events"])],
        growth=growth,
        higher_growth=higher_growth,
    )


def configuration(store: CandleStore, job: Job, arguments: Arguments) -> Manifest:
    """Return the settings of a job as its manifest keeps them."""
    symbols, arguments = store.symbols, with_rolls(arguments, store)
    timeframes = arguments.timeframes
    managers, own_manager = arguments.managers_of(job.strategy)
    ran = {"callbacks": job.ran.form} if is_marked(type(job.strategy)) else {}
    names = ", ".join(one.name for one in job.timeframes)
    account, cash, currency = arguments.account_of()
    return written_down(
        symbol=of_each(symbols, symbols),
        instrument=of_each(symbols, arguments.instruments_of(symbols)),
        costs=of_each(symbols, arguments.costs_of(symbols)),
        timeframes=timeframes if isinstance(timeframes, Mapping) else names,
        position_manager=managers or own_manager,
        start=arguments.start,
        end=arguments.end,
        seed=arguments.seed,
        semantics=arguments.semantics,
        calendar=calendar_of(arguments.calendar),
        events=arguments.events,
        carry=arguments.carry,
        universe=arguments.dates[2],
        strict=arguments.strict,
        align=arguments.align,
        cash=cash,
        account_currency=currency,
        conversion=arguments.conversion,
        strategy=job.strategy,
        execution=arguments.execution or _EXECUTION,
        account=account,
        limits=arguments.limits or _LIMITS,
        sizer=arguments.sizer or _SIZER,
        **ran,
    )


def strategy_of(
    given: object,
) -> Strategy | OnBar | Signals | Native | Foreign | Schedule | Weights:
    """Make a strategy of what a user gave: of a class an instance, of several an ensemble.

    Raises:
        ConfigError: It is none.
    """
    if isinstance(given, type) and issubclass(given, Strategy):
        return instance_of(given)
    if isinstance(given, (Strategy, Signals, Native, Foreign, Schedule, Weights)):
        return given
    if isinstance(given, (list, tuple, dict)):
        return Ensemble.of(given)
    if callable(given) and not isinstance(given, type):
        return given
    raise ConfigError(
        f"strategy: given {shown(given)}, expected a Strategy, a class of one, a function "
        "on_bar(bar), omega.Signals(...), omega.Weights(...), omega.native(...) or "
        "omega.foreign(...)"
    )


def alignment(given: object) -> str:
    """Check how the times of several symbols are put together."""
    if not isinstance(given, str) or given not in ("union", "intersection"):
        raise ConfigError(f"align: given {shown(given)}, expected 'union' or 'intersection'")
    return given

"""The settings of a run as both backends read them, checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

from omega.config.account import Account
from omega.config.costs import DAYS, Costs
from omega.config.execution import Execution
from omega.config.instruments import Instrument
from omega.config.intervals import Moment
from omega.config.limits import Limits
from omega.config.managers import BreakEven, Manager, PartialClose, TimeExit, TrailingStop
from omega.config.sizers import Sizer
from omega.config.times import PER_SECOND, to_units
from omega.config.values import plain, shown
from omega.contract import (
    Cooldowns,
    CostFields,
    ExecutionFields,
    FeeCallback,
    ManagerFields,
    SymbolFields,
)
from omega.errors import ConfigError
from omega.run.account import by_symbol, instrument_fields
from omega.run.clock import RunClock

_SIZERS = {
    "FixedLots": "fixed_lots",
    "FixedUnits": "fixed_units",
    "RiskAmount": "risk_amount",
    "RiskPercent": "risk_percent",
    "EquityPercent": "equity_percent",
}


@runtime_checkable
class PositionManager(Protocol):
    """A position manager of your own: moves levels and closes positions at the close of a bar.

    Example:
        >>> class Impatient:
        ...     def manage_positions(self, open_positions, symbol_slice, bid, ask, all_positions):
        ...         late = [position for position in open_positions if position.bars_held > 30]
        ...         return [omega.Close(trade_id=position.trade_id) for position in late]
        >>> result = omega.run_backtest(
        ...     candles,
        ...     lambda bar: omega.Signal("long") if bar.index == 10 else None,
        ...     position_manager=Impatient(),
        ... )
        >>> result.trades["bars_held"].to_list()
        [32]
    """

    def manage_positions(
        self,
        open_positions: Sequence[Any],
        symbol_slice: Any,  # noqa: ANN401 - a Bar of either backend
        bid_candle: Any,  # noqa: ANN401 - as above
        ask_candle: Any,  # noqa: ANN401 - as above
        all_positions: Sequence[Any],
    ) -> Any:  # noqa: ANN401 - None, a Modify or Close, or a list of them
        """Decide on open positions; called after the exits of a bar while something is open."""


def refuse_strange(**given: tuple[object, Any, str]) -> None:
    """Refuse settings of another class than expected, each given with what it may be.

    Raises:
        ConfigError: One is of another class.
    """
    for parameter, (value, kind, expected) in given.items():
        if value is not None and not isinstance(value, kind):
            raise ConfigError(f"{parameter}: given {shown(value)}, expected {expected}")


_NO_COSTS = Costs()


def costs_for(given: Costs | Mapping[str, Costs] | None, symbols: Sequence[str]) -> list[Costs]:
    """Choose the costs of each symbol."""
    if isinstance(given, Mapping):
        return [by_symbol("costs", given, symbol, Costs) for symbol in symbols]
    return [given or _NO_COSTS] * len(symbols)


def symbol_fields(
    instruments: Sequence[Instrument],
    costs: Sequence[Costs],
    fees: Sequence[FeeCallback | None],
    account: Account,
    *,
    semantics: str,
    clock: RunClock,
) -> list[SymbolFields]:
    """Return instrument and costs of each symbol, with its fee function and its sessions."""
    return [
        {
            "instrument": instrument_fields(instrument, account, semantics),
            "costs": cost_fields(own, fee, instrument),
            "session_ends": clock.session_ends(place),
            "impact": None,
        }
        for place, (instrument, own, fee) in enumerate(zip(instruments, costs, fees, strict=True))
    ]


def cost_fields(costs: Costs, fee: FeeCallback | None, instrument: Instrument) -> CostFields:
    """Return fees in account currency, slippage and swap in price."""
    pips = costs.slippage_pips or costs.slippage_random_pips
    if pips and instrument.pip_size is None:
        raise ConfigError(
            f"costs: slippage is given in pips and {instrument.symbol} has no pip_size; use "
            "instruments='auto' or an Instrument with a pip_size"
        )
    points = costs.swap_long or costs.swap_short
    if points and instrument.tick_size is None:
        raise ConfigError(
            f"costs: swap is given in points and {instrument.symbol} has no tick_size; use "
            "instruments='auto' or an Instrument with a tick_size"
        )
    pip, tick = instrument.pip_size or 0.0, instrument.tick_size or 0.0
    return {
        "fee_per_million": costs.fee_per_million,
        "fee_per_lot": costs.fee_per_lot,
        "fee_percent": costs.fee_percent,
        "fee_fixed": costs.fee_fixed,
        "fee_maker": costs.fee_maker,
        "fee_taker": costs.fee_taker,
        "fee": fee,
        "fee_min": costs.fee_min,
        "entry_only": costs.side == "entry",
        "slippage": costs.slippage_pips * pip,
        "slippage_random": costs.slippage_random_pips * pip,
        "slippage_percent": costs.slippage_percent,
        "swap_long": costs.swap_long * tick,
        "swap_short": costs.swap_short * tick,
        "swap_long_percent": costs.swap_long_percent,
        "swap_short_percent": costs.swap_short_percent,
        "triple_day": None if costs.swap_triple_day is None else DAYS.index(costs.swap_triple_day),
    }


def execution_fields(
    execution: Execution, account: Account, limits: Limits, clock: RunClock
) -> ExecutionFields:
    """Return the rules of matching and the limits, times in the unit of the time column."""
    unit = clock.unit
    sessions, session_times = clock.sessions(limits.sessions)
    blackouts = cast("Sequence[tuple[Moment, Moment]]", limits.blackouts or ())
    bars, after_entry, after_exit = cooldowns(limits, unit)
    magnified = execution.intrabar == "magnifier"
    return {
        "intrabar": "pessimistic" if magnified else execution.intrabar,
        "market_fill": execution.market_fill,
        "position_mode": execution.position_mode or "hedging",
        "close_at_end": execution.close_at_end,
        "limit_improvement": execution.limit_improvement,
        "participation": None
        if execution.participation is None
        else (
            execution.participation,
            execution.participation_lagged,
            execution.carry_over == "retry",
        ),
        "stop_out_level": account.stop_out_level,
        "max_positions": limits.max_positions,
        "max_positions_per_symbol": limits.max_positions_per_symbol,
        "cooldown_bars": bars,
        "cooldown_entry": after_entry,
        "cooldown_exit": after_exit,
        "sessions": sessions,
        "session_times": session_times,
        "blackouts": sorted(
            (to_units(start, unit), to_units(end, unit)) for start, end in blackouts
        ),
        "stale_after": limits.stale_after,
    }


def cooldowns(limits: Limits, unit: str) -> Cooldowns:
    """Return the cool-downs in bars and in the unit of the time column."""
    minute = 60 * PER_SECOND[unit]
    return (
        limits.cooldown_bars,
        round(limits.cooldown_minutes * minute),
        round(limits.cooldown_after_exit_minutes * minute),
    )


def manager_fields(managers: Sequence[Manager], unit: str) -> list[ManagerFields]:
    """Return each manager as its name, two numbers, a duration and a number of bars."""
    minute = 60 * PER_SECOND[unit]
    fields: list[ManagerFields] = []
    for manager in managers:
        match manager:
            case TrailingStop(distance=None, percent=percent, trigger=trigger):
                fields.append(("trailing_percent", percent, trigger, None, None))
            case TrailingStop(distance=distance, trigger=trigger):
                fields.append(("trailing_stop", distance, trigger, None, None))
            case BreakEven(trigger=trigger, offset=offset):
                fields.append(("break_even", trigger, offset, None, None))
            case TimeExit(bars=bars, minutes=minutes):
                duration = None if minutes is None else round(minutes * minute)
                fields.append(("time_exit", None, None, duration, bars))
            case PartialClose(trigger=trigger, fraction=fraction):
                fields.append(("partial_close", trigger, fraction, None, None))
    return fields


def split_managers(given: object) -> tuple[list[Manager], PositionManager | None]:
    """Separate built-in managers from one of the user's own.

    Raises:
        ConfigError: It is neither.
    """
    items = list(given) if isinstance(given, (list, tuple)) else [given]
    for item in items:
        if isinstance(item, type):
            raise ConfigError(
                f"position_manager: given the class {item.__name__}, expected an object of it. "
                f"Write {item.__name__}(...)"
            )
    built_in = [item for item in items if isinstance(item, Manager)]
    own = [item for item in items if isinstance(item, PositionManager)]
    strange = len(items) - len(built_in) - len(own) - items.count(None)
    if len(own) > 1 or strange:
        raise ConfigError(
            f"position_manager: given {shown(given)}, expected built-in managers such as "
            "omega.TrailingStop(0.002), and at most one object with manage_positions(...)"
        )
    return built_in, own[0] if own else None


def sizer_fields(sizer: Sizer) -> tuple[str, float]:
    """Return a sizer as its name and its number."""
    (field,) = dataclasses.fields(sizer)
    return _SIZERS[type(sizer).__name__], float(getattr(sizer, field.name))


def semantics_field(semantics: object) -> str:
    """Check the version of the rules."""
    version = plain(semantics)
    if type(version) is not int or version not in (1, 2):
        raise ConfigError(
            f"semantics: given {shown(semantics)}, expected 2, or 1 for the rules before"
        )
    return str(version)


def seed_field(seed: object) -> int:
    """Check a seed."""
    taken = plain(seed)
    if isinstance(taken, bool) or not isinstance(taken, int) or not 0 <= taken < 2**64:
        raise ConfigError(f"seed: given {shown(seed)}, expected a whole number from 0 to 2**64 - 1")
    return taken

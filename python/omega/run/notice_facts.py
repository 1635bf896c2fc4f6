"""What a run knows beside its tables, for the notices of its result."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl

from omega.config.account import Account
from omega.config.calendar import calendar_of
from omega.config.costs import Costs
from omega.config.instruments import Instrument
from omega.data.columns import DEFAULT_SYMBOL
from omega.data.store import CandleStore
from omega.notices import Facts
from omega.run.job import Job
from omega.run.prepare import Arguments

_UTC = ("UTC", "Etc/UTC", "Z", "Zulu", "Etc/Zulu", "GMT", "Etc/GMT", "+00:00")


def facts_of(store: CandleStore, job: Job, arguments: Arguments) -> Facts:
    """Return what the notices of a run need to know of it."""
    symbols = store.symbols
    account, _, currency = arguments.account_of()
    instruments = arguments.instruments_of(symbols)
    costs = arguments.costs_of(symbols)
    each = list(zip(symbols, instruments, strict=True))
    return Facts(
        data=(*store.notices, *job.notices, *job.ran.notices),
        start=_first_step(job),
        start_given=arguments.start is not None,
        has_sizer=arguments.sizer is not None,
        signed=tuple(name for name, one in each if one.allow_negative),
        chose_leverage=account.leverage is not None
        or any((one.margin_rate, one.margin_per_lot) != (None, None) for one in instruments),
        without_preset=tuple(name for name, one in each if _lacks_preset(name, one, arguments)),
        without_swap=tuple(
            name
            for (name, one), own in zip(each, costs, strict=True)
            if _costs_nights(one, account) and not (_has_swap(own) or _is_carried(name, job))
        ),
        shares=tuple(name for name, one in each if one.base_currency is None),
        is_free=arguments.costs is None and not any(_has_spread(store, name) for name in symbols),
        borrowed=tuple(
            (name, str(one.quote_currency))
            for name, one in each
            if account.kind != "cash" and _is_foreign_equity(one, currency)
        ),
        currency=currency,
        zones=_zones(store, arguments),
        begins=_begins(job),
    )


def _zones(store: CandleStore, arguments: Arguments) -> tuple[str, str] | None:
    """Return the zone of a calendar that nobody chose, and another one of the times (T4)."""
    if arguments.calendar is not None:
        return None
    own = calendar_of(arguments.calendar).zone
    shown = [store.native.time_range(symbol)[3] for symbol in store.symbols]
    other = [zone for zone in shown if zone is not None and _plain(zone) != _plain(own)]
    return (own, other[0]) if other else None


def _begins(job: Job) -> tuple[tuple[str, int], ...]:
    """Return when the candles of each symbol begin, where there are several."""
    if len(job.stores) == 1:
        return ()
    names = [store.symbols[0] for store in job.stores]
    scale = 1_000 if job.stores[0].time_unit == "s" else 1  # as Polars keeps them
    each = [
        (store.native.time_range(name)[0], len(store))
        for name, store in zip(names, job.stores, strict=True)
    ]
    return tuple(
        (name, first * scale) for name, (first, bars) in zip(names, each, strict=True) if bars
    )


def _plain(zone: str) -> str:
    return "UTC" if zone in _UTC else zone


def _first_step(job: Job) -> int | None:
    """Return the first step with a complete bar from the start on, as Polars keeps times (L2)."""
    times = [pl.DataFrame(store).get_column("time").cast(pl.Int64) for store in job.stores]
    start = job.settings["start"]
    scale = 1_000 if job.stores[0].time_unit == "s" else 1  # Polars shows seconds as milliseconds
    if job.settings["align"] == "intersection" and len(times) > 1:
        shared = times[0].to_numpy()
        for one in times[1:]:
            shared = np.intersect1d(shared, one.to_numpy())
        times = [pl.Series(shared)]
    heads = sorted({int(time) for one in times for time in one[:2]})
    if len(heads) < 2:  # noqa: PLR2004 - one to be complete, one to decide on
        return None
    if start is None:
        return heads[1]
    places = [int(one.search_sorted(start * scale)) for one in times]
    later = [int(one[place]) for one, place in zip(times, places, strict=True) if place < len(one)]
    return max(min(later), heads[1]) if later else None


def _lacks_preset(symbol: str, instrument: Instrument, arguments: Arguments) -> bool:
    """Whether it was looked up, under a name that the data or the user gave it, and not found."""
    given = arguments.instruments
    is_own = isinstance(given, Instrument) and given.symbol in {None, symbol}
    looked_up = arguments.semantics != 1 and (given is None or isinstance(given, Instrument))
    unknown = instrument == Instrument(symbol)
    return looked_up and not is_own and unknown and symbol != DEFAULT_SYMBOL


def _costs_nights(instrument: Instrument, account: Account) -> bool:
    return instrument.base_currency is not None or (account.leverage or 0.0) > 1.0


def _has_swap(costs: Costs) -> bool:
    names = [field.name for field in dataclasses.fields(costs)]
    swaps = [name for name in names if name.startswith("swap_") and name != "swap_triple_day"]
    return any(getattr(costs, name) for name in swaps)


def _has_spread(store: CandleStore, symbol: str) -> bool:
    """Whether fills pay a distance from bid to ask, or could."""
    roles = {role for role, _ in store.native.columns(symbol)}
    has_column = any(role.startswith("ask") or role == "spread" for role in roles)
    return has_column or bool(store.native.spread(symbol))


def _is_carried(symbol: str, job: Job) -> bool:
    """Whether holding costs otherwise: by carry, or by the rolls of a future."""
    place = [store.symbols[0] for store in job.stores].index(symbol)
    carry, events = job.settings["carry"], job.settings["events"]
    if events is not None and any(row[0] == place for row in events["rolls"]):
        return True
    if carry is None:
        return False
    is_charged = carry["borrow"][place] is not None or bool(carry["funding"][place])
    return is_charged or carry["debit"] is not None


def _is_foreign_equity(instrument: Instrument, currency: str) -> bool:
    is_equity = instrument.base_currency is None and instrument.contract_size == 1.0
    return is_equity and instrument.quote_currency not in {None, currency}

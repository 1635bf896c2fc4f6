"""Corporate actions, carry and the universe of a run, as a backend reads them (A, C, U)."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.carry import Carry
from omega.config.events import Events
from omega.config.tables import day_number
from omega.config.times import to_units
from omega.config.universe import Universe
from omega.contract import (
    CarryFields,
    EventFields,
    EventRow,
    FundingRow,
    RateColumns,
    RollRow,
)
from omega.data.closes import closes_of, opens_and_closes, times_of
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.notices import Notice
from omega.results.event_rows import KINDS, NO_TIME, NOWHERE, EventRows
from omega.run.clock import RunClock
from omega.run.dates import Dates
from omega.run.event_symbols import knows_the_gone, notices_of_symbols
from omega.run.funding import payments
from omega.strategy.foreign import Foreign
from omega.strategy.native import Native

_FAR = 2**62
_A_UNIVERSE = 10
"""So many symbols are a choice from a market."""
_STEP = 0.5
"""The part of the step of a split that prices have to make at least."""
_ADJUSTED = re.compile(r"adj", re.IGNORECASE)


class DatedFields(TypedDict):
    """The part of the settings that dates make."""

    member_times: Sequence[NDArray[np.int64]]
    events: EventFields | None
    carry: CarryFields | None


def dated_fields(
    stores: Sequence[CandleStore],
    clock: RunClock,
    given: tuple[Events | None, Carry | None, Universe | None],
    semantics: str,
) -> DatedFields:
    """Return all that a run has by date.

    Raises:
        ConfigError: A table does not fit the run, or version 1 of the rules is run.
    """
    events, carry, universe = given
    if events is None and carry is None and universe is None:
        return {"member_times": [], "events": None, "carry": None}
    if semantics == "1":
        raise ConfigError(
            "semantics: given 1 with events, carry or a universe, expected 2: the rules of the "
            "first release have none of them"
        )
    dated = Dates.of(stores, clock)
    return {
        "member_times": member_times(universe, dated),
        "events": event_fields(events, carry, universe, stores, dated),
        "carry": carry_fields(carry, dated),
    }


def require_adjustable(
    growth: Mapping[str, Any],
    strategy: object,
    finer: Mapping[str, CandleStore],
    carry: CarryFields | None,
) -> None:
    """Refuse what cannot be shown, or booked, as of now.

    Raises:
        ConfigError: The run has something that reads prices as they were traded.
    """
    if carry is not None and finer and any(carry["funding"]):
        raise ConfigError(
            "Carry.funding: given with Execution.magnifier, expected one of them: a payment "
            "belongs to one bar. Run on the finer candles"
        )
    if not growth:
        return
    named = ", ".join(growth)
    is_blind = isinstance(strategy, Native) and strategy.name == "buy_and_hold"
    if isinstance(strategy, (Native, Foreign)) and not is_blind:
        raise ConfigError(
            f"strategy: given {type(strategy).__name__} for {named} with splits, dividends or "
            "adjusted rolls, expected a Strategy or Signals: it reads prices as they were traded"
        )


def notices_of_dates(
    given: tuple[Events | None, Carry | None, Universe | None],
    stores: Sequence[CandleStore],
    fields: EventFields | None,
) -> list[Notice]:
    """Return what no look-ahead check can see: adjusted prices, and that all symbols exist."""
    events, _, universe = given
    rows = EventRows.of(() if fields is None else fields["rows"])
    found = [
        *_too_late(stores, rows.where(rows.are("delisting"))),
        *_splits_without_a_step(stores, rows.where(rows.are("split"))),
    ]
    for store in stores:
        symbol = store.symbols[0]
        names = [name for _, name in store.native.columns(symbol)]
        adjusted = [name for name in names if _ADJUSTED.match(name)]
        if adjusted and events is not None:
            raise ConfigError(
                f"events: given with the column {adjusted[0]!r} of {symbol}, expected prices as "
                "they were traded: adjusted ones hold the events already. Map the raw column, or "
                "leave the events away"
            )
        if adjusted:
            text = (
                f"{symbol}: the column {adjusted[0]!r} is called adjusted; its levels hold splits "
                "and dividends of later dates, which no look-ahead check can see"
            )
            found.append(Notice("warning", "adjusted_prices", text))
    symbols = [store.symbols[0] for store in stores]
    found += notices_of_symbols(events, symbols)
    is_known = universe is not None or knows_the_gone(events, symbols)
    if not is_known and len(stores) >= _A_UNIVERSE:
        text = (
            f"the {len(stores)} symbols are those of the data; where they were chosen because "
            "they exist today, the result lacks those that do not (survivorship): give "
            "universe= or delistings"
        )
        found.append(Notice("info", "survivorship", text))
    return found


def _splits_without_a_step(
    stores: Sequence[CandleStore], rows: Sequence[EventRow]
) -> Iterator[Notice]:
    """Find splits at which prices go on as if there were none: those are adjusted already."""
    found: dict[int, list[tuple[int, float, float]]] = {}
    for place, _, _, bar, ratio, *_ in rows:
        if not bar or not ratio:
            continue
        opens, closes = opens_and_closes(stores[place])
        before, opened = float(closes[bar - 1]), float(opens[bar])
        change = opened / before if before > 0.0 else 0.0
        if change > 0.0 and abs(math.log(change)) < _STEP * abs(math.log(ratio)):
            found.setdefault(place, []).append((bar, ratio, change))
    for place, splits in found.items():
        store = stores[place]
        bar, ratio, change = splits[0]
        day = pl.DataFrame(store)["time"][bar].date()
        more = f", and at {len(splits) - 1} more" if len(splits) > 1 else ""
        text = (
            f"{store.symbols[0]}: at the split of {ratio:g} on {day} the open is {change:.3g} of "
            f"the close before, not about {1 / ratio:.3g}{more}: the prices look adjusted for "
            "splits, which then count twice. Leave the splits out; of Yahoo's tables "
            "Events.from_yahoo does so"
        )
        yield Notice("warning", "adjusted_prices", text)


def _too_late(stores: Sequence[CandleStore], rows: Sequence[EventRow]) -> list[Notice]:
    """Return which delistings no step of the run reaches."""
    if not rows:
        return []
    last = max(int(times_of(store)[-1]) for store in stores)
    names = [stores[row[0]].symbols[0] for row in rows if row[2] > last]
    return [
        Notice(
            "warning",
            "data",
            f"{name} is delisted after the last bar of the run: what is open then is closed at its "
            "last close as at the end of the data; give candles of another symbol beside it",
        )
        for name in names
    ]


def event_fields(
    events: Events | None,
    carry: Carry | None,
    universe: Universe | None,
    stores: Sequence[CandleStore],
    dated: Dates,
) -> EventFields | None:
    """Return all that happens by date; None where nothing does."""
    dividends = EventRows.of(())
    splits: list[EventRow] = []
    rows: list[EventRow] = []
    halts: list[list[tuple[int, int]]] = [[] for _ in dated.names]
    if events is not None:
        splits = dated.waiting(_splits(events, dated))
        if events.reinvest:
            splits += dated.waiting(_reinvested(events, stores, dated))
        else:
            dividends = _dividends(events, dated)
        rows += _changes(events, dated)
        rows += _delistings(events, dated, halts)
        for symbol, begin, end in events.halts:
            place = dated.place(symbol, "Events.halts")
            if place is not None:
                halts[place].append((dated.time(begin), dated.time(end)))
    if carry is not None:
        rows += [row for row in dated.waiting(_recalls(carry, dated)) if row[3] is not None]
    if universe is not None and universe.leave == "once":
        rows += [row for row in dated.waiting(_leavers(universe, dated)) if row[3] is not None]
    if events is None and not rows:
        return None
    all_rows = EventRows.joined([EventRows.of(splits), dividends, EventRows.of(rows)])
    return {"rows": all_rows, "halts": halts, "rolls": [*_rolls(events, dated)]}


def _splits(events: Events, dated: Dates) -> Iterator[EventRow]:
    for symbol, day, ratio in events.splits:
        place = dated.place(symbol, "Events.splits")
        if place is not None:
            yield dated.row(place, "split", dated.time(day), ratio)


def _dividends(events: Events, dated: Dates) -> EventRows:
    places = dated.places([row[0] for row in events.dividends], "Events.dividends")
    amounts = np.array([row[2] for row in events.dividends], dtype=np.float64)
    is_meant = (places >= 0) & (amounts != 0.0)
    rows = list(itertools.compress(events.dividends, is_meant.tolist()))
    places, amounts = places[is_meant], amounts[is_meant]
    begins = {day: dated.time(day) for day in {row[1] for row in rows}}
    times = np.array([begins[row[1]] for row in rows], dtype=np.int64)
    taxes = np.array([events.tax if row[4] is None else row[4] for row in rows], dtype=np.float64)
    pays = np.full(len(rows), NO_TIME)
    if events.pay == "date":
        pays[:] = [dated.time(row[3]) for row in rows]
    return EventRows(
        places,
        np.full(len(rows), KINDS.index("dividend"), dtype=np.uint8),
        times,
        dated.bars(places, times),
        amounts,
        taxes,
        pays,
        np.full(len(rows), NOWHERE),
    )


def _reinvested(events: Events, stores: Sequence[CandleStore], dated: Dates) -> Iterator[EventRow]:
    before = _Closes(events, stores, dated)
    for symbol, day, amount, *_ in events.dividends:
        place = dated.place(symbol, "Events.dividends")
        if place is not None and amount != 0.0:
            row = _as_lots(before, dated, (place, dated.time(day), amount))
            if row is not None:
                yield row


class _Closes:
    """The closes before the bars of a run, in the prices after the splits of a bar."""

    def __init__(self, events: Events, stores: Sequence[CandleStore], dated: Dates) -> None:
        self._events, self._stores, self._dated = events, stores, dated
        self._read: dict[int, NDArray[np.float64]] = {}
        self._ratios: dict[tuple[int, int | None], float] | None = None

    def before(self, place: int, bar: int) -> float:
        """Return the close before a bar of a symbol."""
        if place not in self._read:
            self._read[place] = closes_of(self._stores[place])
        if self._ratios is None:
            self._ratios = {}
            for row in self._dated.waiting(_splits(self._events, self._dated)):
                where = row[0], row[3]
                self._ratios[where] = self._ratios.get(where, 1.0) * (row[4] or 1.0)
        return float(self._read[place][bar - 1]) / self._ratios.get((place, bar), 1.0)


def _as_lots(closes: _Closes, dated: Dates, dividend: tuple[int, int, float]) -> EventRow | None:
    """Return a dividend as the lots that it buys at the close before (A5)."""
    place, time, amount = dividend
    bar = dated.bar(place, time)
    if not bar:  # nothing was held before
        return None
    before = closes.before(place, bar)
    if amount >= before:
        raise ConfigError(
            f"Events.dividends: given {amount:g} of {dated.names[place]}, whose close before is "
            f"{before:g}, expected less than that to reinvest"
        )
    return dated.row(place, "reinvest", time, before / (before - amount), amount)


def _changes(events: Events, dated: Dates) -> Iterator[EventRow]:
    for old, new, day, ratio, cash in events.symbols:
        place, to = dated.place(old, "Events.symbols"), dated.place(new, "Events.symbols")
        if place is None:
            continue
        if to is not None:
            yield dated.row(place, "change", dated.time(day), ratio, cash, to=to)
        else:
            raise ConfigError(
                f"Events.symbols: given {old} that becomes {new}, and the run has no candles of "
                f"{new}, expected both. Give its candles, or a row of delistings for {old}"
            )


def _delistings(
    events: Events, dated: Dates, halts: list[list[tuple[int, int]]]
) -> Iterator[EventRow]:
    for symbol, day, price, change, exchange in events.delistings:
        place, time = dated.place(symbol, "Events.delistings"), dated.time(day)
        if place is None:
            continue
        returns = events.delisting_returns or {}
        if price is None and change is None and exchange is not None:
            change = returns.get(exchange.upper())  # noqa: PLW2901 - what is not known
        before = dated.times[place][dated.times[place] < time]
        if len(before):
            halts[place].append((int(before[-1]), _FAR))
        yield dated.row(place, "delisting", time, price, change)


def _recalls(carry: Carry, dated: Dates) -> Iterator[EventRow]:
    """Yield when a lender calls back what is short."""
    for place, rates in enumerate(_borrow_of(carry, dated)):
        for day, rate in rates if isinstance(rates, tuple) else ():
            if rate is None and day is not None:
                yield dated.row(place, "recall", dated.time(day))


def _leavers(universe: Universe, dated: Dates) -> Iterator[EventRow]:
    for symbol, _, end, _ in universe.members:
        place = dated.place(symbol, "universe")
        if place is not None and end is not None:
            yield dated.row(place, "leave", dated.time(end))


def _rolls(events: Events | None, dated: Dates) -> Iterator[RollRow]:
    for symbol, moment, bid, ask, adjust, size in () if events is None else events.rolls:
        place = dated.place(symbol, "Events.rolls")
        time = to_units(moment, dated.clock.unit)
        bar = None if place is None else dated.bar(place, time)
        if place is not None and bar:  # before the first bar nothing is held
            yield place, time, bar, bid, bid if ask is None else ask, adjust, size == "notional"


def member_times(universe: Universe | None, dated: Dates) -> list[NDArray[np.int64]]:
    """Return when each symbol joins and leaves the universe, in turn (U1)."""
    if universe is None:
        return []
    spans: list[list[tuple[int, int]]] = [[] for _ in dated.names]
    for symbol, begin, end, known in universe.members:
        place = dated.place(symbol, "universe")
        if place is not None:
            first = max(dated.time(begin), -_FAR if known is None else dated.time(known))
            past = _FAR if end is None else dated.time(end)
            if first < past:
                spans[place].append((first, past))
    return [np.array(_joined(own), dtype=np.int64) for own in spans]


def _joined(spans: list[tuple[int, int]]) -> list[int]:
    """Return begins and ends in turn of intervals that may touch."""
    changes: list[int] = []
    for begin, end in sorted(spans):
        if changes and begin <= changes[-1]:
            changes[-1] = max(changes[-1], end)
        else:
            changes += [begin, end]
    return changes


# --- carry ---------------------------------------------------------------------------------------


def carry_fields(carry: Carry | None, dated: Dates) -> CarryFields | None:
    """Return what holding costs as a backend reads it."""
    if carry is None:
        return None
    return {
        "cash": _interest("cash", carry.cash, dated),
        "debit": _interest("debit", carry.debit, dated),
        "days_of_year": float(carry.days),
        "borrow": [_columns(rates, dated.clock.unit) for rates in _borrow_of(carry, dated)],
        "rounds_collateral": carry.collateral == "convention",
        "funding": _funding(carry, dated),
    }


def _interest(name: str, given: Any, dated: Dates) -> RateColumns | None:  # noqa: ANN401 - as Carry
    columns = _columns(given, dated.clock.unit)
    if columns is None:
        return None
    first = min(int(times[0]) for times in dated.times if len(times))
    if columns[0][0] > day_number(first, dated.clock.unit):
        raise ConfigError(
            f"Carry.{name}: given rates from {given[0][0]} on, expected one from the first bar of "
            "the run on: a missing rate is not 0"
        )
    if any(map(math.isnan, columns[1])):
        raise ConfigError(f"Carry.{name}: given a row without a rate, expected one in each")
    return columns


def _columns(given: Any, unit: str) -> RateColumns | None:  # noqa: ANN401 - as Carry
    if given is None:
        return None
    if isinstance(given, float):
        return [-(2**62)], [given]
    days = [-(2**62) if day is None else day_number(day, unit) for day, _ in given]
    return days, [math.nan if rate is None else rate for _, rate in given]


def _borrow_of(carry: Carry, dated: Dates) -> list[Any]:
    """Return the rates of each symbol; None where nothing is charged."""
    if isinstance(carry.borrow, dict):
        return [carry.borrow.get(name) for name in dated.names]
    return [carry.borrow] * len(dated.names)


def _funding(carry: Carry, dated: Dates) -> list[list[FundingRow]]:
    found: list[list[FundingRow]] = [[] for _ in dated.names]
    for symbol, rows in (carry.funding or {}).items():
        place = dated.place(symbol, "Carry.funding")
        if place is not None:
            found[place] = payments(rows, dated.times[place], dated.clock.unit, dated.names[place])
    return found

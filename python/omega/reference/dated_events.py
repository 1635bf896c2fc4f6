"""Inputs known by date before a run: corporate actions, and the rates of carry (A, C)."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from omega.contract import CarryFields, EventFields, RateColumns, RollRow
from omega.reference.rows import Moment

RANKS = {"split": 0, "roll": 0, "dividend": 1, "reinvest": 1, "change": 2, "delisting": 3}
"""The place of a kind among those of one date (A4); what is not here comes last."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to a symbol, and when.

    Attributes:
        symbol: The symbol, by its place.
        kind: What happens.
        time: Its date, as the instant at which that begins.
        bar: The symbol's first bar at or after it; None where it needs none.
        first: A ratio, an amount or a price.
        second: A tax, an amount or a change.
        pays: When a dividend is paid; None for at once.
        to: The symbol that it goes on as, by its place.
        by_ratio: Of a roll, whether levels follow the ratio of the two bids; else their difference.
        same_notional: Of a roll, whether the same value is held afterwards.
    """

    symbol: int
    kind: str
    time: int
    bar: int | None
    first: float | None
    second: float | None
    pays: int | None = None
    to: int | None = None
    by_ratio: bool = False
    same_notional: bool = False

    @classmethod
    def of_roll(cls, row: RollRow) -> Event:
        """Return a roll, whose two numbers are bid and ask of the old contract."""
        symbol, time, bar, bid, ask, adjust, same_notional = row
        how = {"by_ratio": adjust == "ratio", "same_notional": same_notional}
        return cls(symbol, "roll", time, bar, bid, ask, **how)

    @property
    def order(self) -> tuple[int, int]:
        """Its place among others."""
        return self.time, RANKS.get(self.kind, len(RANKS))

    @property
    def number(self) -> float:
        """What it has to have."""
        assert self.first is not None, "the face gives it"  # noqa: S101 - of the contract
        return self.first


@dataclass(frozen=True, slots=True)
class Receivable:
    """A dividend on its way."""

    time: int
    trade_id: int
    gross: float
    tax: float


class Schedule:
    """The events of a run, and how far it has come in them."""

    def __init__(self, fields: EventFields, symbols: Sequence[str]) -> None:
        given = [*(Event(*row) for row in fields["rows"]), *map(Event.of_roll, fields["rolls"])]
        events = sorted(given, key=lambda one: one.order)
        self.of_symbol: dict[str, list[Event]] = {symbol: [] for symbol in symbols}
        self.of_steps = [event for event in events if event.bar is None]
        self.changes = [event for event in self.of_steps if event.kind == "change"]
        self.gone_from = dict.fromkeys(symbols, math.inf)
        for event in events:
            name = symbols[event.symbol]
            if event.kind in ("change", "delisting"):
                self.gone_from[name] = min(event.time, self.gone_from[name])
            if event.bar is not None:
                self.of_symbol[name].append(event)

    def successor(self, symbol: str, time: int) -> tuple[str, float] | None:
        """What a symbol goes on as at a time, and how many lots one of it is then.

        None where it is what it was, or where money was paid for it (A6).
        """
        if time < self.gone_from[symbol]:
            return None
        symbols = list(self.gone_from)
        found = symbol, 1.0
        for event in self.changes:
            is_own = symbols[event.symbol] == found[0]
            if is_own and event.time <= time and not event.second and event.to is not None:
                found = symbols[event.to], found[1] * event.number
        return None if found[0] == symbol else found

    def take(self, time: int, moments: Sequence[Moment], *, inside: bool) -> list[Event]:
        """Take what is due at a step; what was to happen at a bar nobody walked is over.

        What waits for a step does not happen inside one, between the finer bars of some symbols.
        """
        due = []
        for now in moments:
            waiting = self.of_symbol[now.symbol]
            while waiting and waiting[0].bar is not None and waiting[0].bar <= now.index:
                event = waiting.pop(0)
                if event.bar == now.index:
                    due.append(event)
        while not inside and self.of_steps and self.of_steps[0].time <= time:
            due.append(self.of_steps.pop(0))
        return sorted(due, key=lambda one: one.order)


class Rates:
    """Rates a year, each from a day on."""

    def __init__(self, columns: RateColumns) -> None:
        self.days, self.rates = columns

    def of(self, day: int) -> float | None:
        """Return the rate of a day; None before the first, and where none is known."""
        begun = bisect.bisect_right(self.days, day)
        rate = self.rates[begun - 1] if begun else math.nan
        return None if math.isnan(rate) else rate


@dataclass(frozen=True, slots=True)
class Funding:
    """A payment between longs and shorts inside a bar (C3)."""

    bar: int
    opens: int
    time: int
    rate: float
    mark: float | None


@dataclass
class Carry:
    """What holding costs, and where a run stands in it.

    Attributes:
        day: The day of the last step.
        inside: The symbol whose bar is being walked inside.
        entered: Trades that were entered inside the bars of a step.
    """

    cash: Rates | None
    debit: Rates | None
    days_of_year: float
    rounds_collateral: bool
    borrow: dict[str, Rates | None]
    funding: dict[str, list[Funding]]
    day: int | None = None
    inside: str | None = None
    entered: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, fields: CarryFields, symbols: Sequence[str]) -> Carry:
        """Read what the face gives."""
        cash, debit = (None if one is None else Rates(one) for one in _interest(fields))
        borrow = zip(symbols, fields["borrow"], strict=False)
        funding = zip(symbols, fields["funding"], strict=False)
        return cls(
            cash,
            debit,
            fields["days_of_year"],
            fields["rounds_collateral"],
            {symbol: None if one is None else Rates(one) for symbol, one in borrow},
            {symbol: [Funding(*row) for row in rows] for symbol, rows in funding},
        )

    @property
    def has_interest(self) -> bool:
        """Whether cash earns or costs something by the day."""
        return self.cash is not None or self.debit is not None

    def funding_of(self, now: Moment) -> list[Funding]:
        """The payments inside a bar."""
        return [one for one in self.funding.get(now.symbol, ()) if one.bar == now.index]


def _interest(fields: CarryFields) -> tuple[RateColumns | None, RateColumns | None]:
    return fields["cash"], fields["debit"]

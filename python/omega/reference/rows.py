"""Rows of a run: moments, orders, fills, positions, trades.

The names of the fields are those of the columns of the result tables, so that a list of rows is a
table (the page "Results").
"""

from __future__ import annotations

import functools
import math
import operator
from dataclasses import dataclass, field, fields
from types import EllipsisType
from typing import Any, TypeVar, cast

from omega.config.distances import Distance
from omega.reference.matching import Candle, Live, Ohlc, Waiting
from omega.strategy.actions import Modify, Signal

T = TypeVar("T")

_NOTHING = Ohlc(math.nan, math.nan, math.nan, math.nan)
NO_CANDLE = Candle(0, _NOTHING, _NOTHING)
"""Stands where a symbol has no complete bar yet; no order on it is taken."""


@dataclass(slots=True)  # one is made at each step, and takes several times as long if it is frozen
class Known:
    """What a decision on a symbol may rest on at a step: what was complete before it."""

    symbol: str
    index: int
    """Of the symbol's bar that opens with the step, or after it."""
    time: int
    """When the step is; inside a magnified bar when the finer bar opens."""
    last: Candle
    """The newest complete bar; `NO_CANDLE` where there is none."""
    last_rate: float
    """Account currency per unit of quote currency at that bar's time, for sizes (M3.1)."""
    newest: int | None = field(default=None, kw_only=True)
    """When its newest bar before the step opened."""
    current_rate: float = field(default=math.nan, kw_only=True)
    """Account currency per unit of quote currency at the step, of a symbol without a bar."""
    is_ready: bool = field(default=True, kw_only=True)
    """Whether it has had the bars that the strategy needs of it: before, no order is taken (L2)."""

    def at_last(self, index: int, time: int) -> Moment:
        """A symbol without a bar as it stood at its newest one, under an index and a time."""
        return Moment(
            symbol=self.symbol,
            index=index,
            time=time,
            last=self.last,
            last_rate=self.last_rate,
            bar=self.last,
            opens=self.time,
            since=self.time,
            rate=self.current_rate,
        )


@dataclass(slots=True)  # as above
class Moment(Known):
    """A step at which the symbol has a bar: the bar at hand, and its rate of exchange."""

    bar: Candle
    opens: int
    """Open time of the symbol's own bar, where `bar` is a finer one inside it."""
    since: int
    """When the bar at the symbol's last step opened, for nights."""
    rate: float
    """Account currency per unit of quote currency at this bar's time."""
    closes: bool = True
    """Whether the symbol's own bar closes with it."""
    volume: float = field(default=math.nan, kw_only=True)
    """What orders may take a share of; NaN where none is limited (W10)."""


@dataclass(slots=True, eq=False)
class Order:
    """A row of the orders table; `price` is the stop of a stop-limit."""

    order_id: int
    symbol: str
    sign: float
    type: str
    submitted_time: int
    lots: float = 0.0
    price: float | None = None
    limit_price: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    trailing_stop: float | Distance | None = None
    trail: float | Distance | None = None
    distances: tuple[Distance | None, Distance | None] = (None, None)
    """Stop loss and take profit that count from the entry, until it has filled."""
    expires: int | str | None = None
    """None until cancelled, "day", or a time in the unit of the data (F5.1)."""
    oco: str | None = None
    reduce_only: bool | str = False
    reason: str | None = None
    tags: tuple[str, ...] = ()
    status: str = "working"
    reject_reason: str | None = None
    scales: bool = False
    """Whether its size came from a sizer that goes by the account, and gives way to it (M3)."""
    note: str | None = None
    """What became of its size: "scaled" (M3)."""
    begins_in: int = 0
    """The bar, counted among its symbol's, from which on it works."""
    armed_in: int | None = None
    """The bar, counted among its symbol's, in which the stop of a stop-limit was reached."""

    def take_over(self, signal: Signal) -> None:
        """Take over what a signal requests; the size and the expiry are for the order book."""
        self.set_levels(signal.stop_loss, signal.take_profit)
        self.trailing_stop, self.oco = trail_of(signal), signal.oco
        self.reason, self.tags = signal.reason, tuple(signal.tags)
        self.reduce_only, self.trail = signal.reduce_only, signal.trail
        self.lots = 0.0 if signal.size is None else signal.size
        if self.type not in ("market", "close"):
            self.price = signal.entry_price
        if self.type in ("stop_limit", "limit_if_touched"):
            self.limit_price = signal.limit_price

    def set_levels(self, stop: float | Distance | None, target: float | Distance | None) -> None:
        """Set its exits; a distance has no price before the entry."""
        self.distances = (distance_of(stop), distance_of(target))
        self.stop_loss, self.take_profit = price_of(stop), price_of(target)

    def levels(self, entry: float) -> tuple[float | None, float | None]:
        """Stop loss and take profit for an entry at a price (F6.2)."""
        stop, target = self.distances
        return (
            level_from(stop or self.stop_loss, entry, -self.sign),
            level_from(target or self.take_profit, entry, self.sign),
        )

    def take_change(self, modify: Modify) -> bool:
        """Take over new prices, levels and size; False where it has no such price (F13)."""
        stop, target = self.distances
        self.set_levels(
            changed(stop or self.stop_loss, modify.stop_loss),
            changed(target or self.take_profit, modify.take_profit),
        )
        self.lots = changed(self.lots, modify.size)
        price = changed(self.price, modify.price)
        limit_price = changed(self.limit_price, modify.limit_price)
        if (price is None) != (self.price is None):
            return False
        if (limit_price is None) != (self.limit_price is None):
            return False
        if price != self.price:  # a stop has to be reached anew
            self.armed_in = None
        self.price, self.limit_price = price, limit_price
        return True

    @property
    def side(self) -> str:
        """What it does: a close order has the side opposite to its position."""
        return "buy" if self.sign > 0.0 else "sell"

    @property
    def direction(self) -> str:
        """The direction of the position that it opens."""
        return "long" if self.sign > 0.0 else "short"

    def is_with(self, other: Order) -> bool:
        """Whether both are of one group (F8)."""
        return self.oco is not None and self.oco == other.oco

    def trail_to(self, bar: Candle, price: str) -> None:
        """Move its stop behind a price of a bar, nearer to the market only (F16)."""
        if self.trail is None:
            return
        faced = getattr(bar.entry_side(self.sign).facing(self.sign), price)
        stop = (faced + away(self.trail, faced)) * self.sign
        stop = math.nan if math.isnan(stop) else stop  # one NaN for all: its bits are hashed
        if self.price is None or stop * self.sign < self.price * self.sign:
            self.price = stop

    def may_close(self, position: Position) -> bool:
        """Whether it may close a position: one of the other direction (F7, F14)."""
        if position.symbol != self.symbol or position.sign == self.sign:
            return False
        last = tuple(self.tags[-1:])
        if self.reduce_only == "owner":
            return bool(last) and tuple(position.tags[-1:]) == last
        return self.reduce_only != "tag" or any(tag in position.tags for tag in last)

    @property
    def refused(self) -> str | None:
        """Why it was refused; None where it was not."""
        return self.reject_reason if self.status == "rejected" else None

    def reject(self, reason: str) -> str:
        """Refuse it for a reason (F12)."""
        self.status, self.reject_reason = "rejected", reason
        return reason

    def waiting(self) -> Waiting:
        """What it waits for by now, facing; an armed stop-limit is a limit (F4.1)."""
        price = 0.0 if self.price is None else self.price * self.sign
        limit = 0.0 if self.limit_price is None else self.limit_price * self.sign
        if self.armed_in is not None:
            return Waiting("limit", limit, limit)
        return Waiting(self.type, price, limit)


def away(distance: float | Distance, price: float) -> float:
    """A distance in price, from a price (F6.2)."""
    if not isinstance(distance, Distance):
        return distance
    number = float(distance.given)
    return abs(price) * number / 100.0 if distance.is_percent else number


def number_of(distance: float | Distance) -> float:
    """The number that a distance was given as."""
    return float(distance.given) if isinstance(distance, Distance) else distance


def distance_of(level: float | Distance | None) -> Distance | None:
    """A level as a distance, where it is one."""
    return level if isinstance(level, Distance) else None


def trail_of(signal: Signal) -> float | Distance | None:
    """Return the distance of a signal's trailing stop, which it made of a `TrailingStop`."""
    return cast("float | Distance | None", signal.trailing_stop)


def price_of(level: float | Distance | None) -> float | None:
    """A level as a price, where it is one."""
    return None if isinstance(level, Distance) else level


def level_from(level: float | Distance | None, entry: float, sign: float) -> float | None:
    """The price of a level for an entry at a price; above it where the sign is 1 (F6.2)."""
    return entry + sign * away(level, entry) if isinstance(level, Distance) else level


def changed(now: T, change: T | EllipsisType) -> T:
    """A value after a change that may leave it out."""
    return now if isinstance(change, EllipsisType) else change


@dataclass(slots=True)
class Fill:
    """A row of the fills table."""

    order_id: int
    trade_id: int
    symbol: str
    sign: float
    index: int
    time: int
    price: float
    lots: float
    fee: float
    slippage: float
    rate: float

    @property
    def side(self) -> str:
        """Whether it bought or sold."""
        return "buy" if self.sign > 0.0 else "sell"


@dataclass(slots=True, eq=False)
class Position:
    """An open position, and a row of the positions table where it is still open at the end."""

    trade_id: int
    entry: int
    """How many positions the run had opened before it."""
    order_id: int
    symbol: str
    sign: float
    lots: float
    contract_size: float
    entry_index: int
    entry_time: int
    entry_price: float
    entry_fee: float
    value: float
    """In account currency, at the last mark; at the fill until the first (M7)."""
    stop_loss: float | None
    take_profit: float | None
    initial_stop: float | None
    trailing_stop: float | Distance | None
    reason: str | None
    tags: tuple[str, ...]
    best_price: float
    worst_price: float
    entry_rate: float | None = None
    """The rate at which a cash account paid (M11); None where profit alone is converted."""
    live: Live = Live.FROM_OPEN
    stop_reason: str = "stop_loss"
    open_profit: float = 0.0
    """At the last mark, in account currency; 0 until the first."""
    marked_price: float = math.nan
    """The price of the last mark."""
    swap: float = 0.0
    exit_legs: int = 0
    closing: bool = False
    """Whether its time is over and a close was requested (I4.3)."""
    parts_closed: set[int] = field(default_factory=set)
    """The run's partial closes, by place, that it has had (I4.4)."""
    turned_down: tuple[float, float] | None = None
    """Worst and best net profit of the outcomes that a policy chose between (I3.1)."""
    origin: tuple[int, int, float] | None = None
    """Bar, time and price of its first entry, once it has been rolled (R3)."""

    @property
    def first_entry(self) -> tuple[int, int, float]:
        """Where it was entered first, whatever it was rolled into since."""
        return self.origin or (self.entry_index, self.entry_time, self.entry_price)

    @classmethod
    def of(
        cls, order: Order, fill: Fill, contract_size: float, value: float, entry: int
    ) -> Position:
        """What an order opens where it fills."""
        return cls(
            trade_id=fill.trade_id,
            entry=entry,
            order_id=order.order_id,
            symbol=order.symbol,
            sign=order.sign,
            lots=fill.lots,
            contract_size=contract_size,
            entry_index=fill.index,
            entry_time=fill.time,
            entry_price=fill.price,
            entry_fee=fill.fee,
            value=value,
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            initial_stop=order.stop_loss,
            trailing_stop=order.trailing_stop,
            reason=order.reason,
            tags=order.tags,
            best_price=fill.price,
            worst_price=fill.price,
            marked_price=fill.price,
        )

    @property
    def direction(self) -> str:
        """Whether it profits from rising or from falling prices."""
        return "long" if self.sign > 0.0 else "short"

    def profit(self, price: float, lots: float, rate: float) -> float:
        """Profit of lots at a price, evaluated from the left (M2.1, M11)."""
        if self.entry_rate is not None:
            gained = price * rate - self.entry_price * self.entry_rate
            return gained * self.sign * lots * self.contract_size
        return (price - self.entry_price) * self.sign * lots * self.contract_size * rate

    def remember(self, worst: float, best: float) -> None:
        """Widen the range of outcomes that a policy chose between (I3.1)."""
        low, high = self.turned_down or (worst, best)
        self.turned_down = (min(low, worst), max(high, best))


def split_outcomes(
    outcomes: tuple[float, float] | None, share: float
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """The range of outcomes of a part closed, and that of the rest (I3.1).

    Example:
        >>> split_outcomes((2.0, 4.0), 0.25)
        ((0.5, 1.0), (1.5, 3.0))
    """
    if outcomes is None:
        return None, None
    worst, best = outcomes
    part = worst * share, best * share
    return part, (worst - part[0], best - part[1])


@dataclass(slots=True)
class Trade:
    """A row of the trades table: a position closed, or a part of one."""

    trade_id: int
    entry: int
    symbol: str
    direction: str
    lots: float
    units: float
    entry_index: int
    entry_time: int
    entry_price: float
    exit_index: int
    exit_time: int
    exit_price: float
    stop_loss: float | None
    take_profit: float | None
    exit_reason: str
    ambiguous: bool
    gross_pnl: float
    fees: float
    swap: float
    net_pnl: float
    net_pnl_worst: float
    net_pnl_best: float
    r_multiple: float | None
    mae: float
    mfe: float
    bars_held: int
    reason: str | None
    tags: tuple[str, ...]

    @classmethod
    def of(cls, position: Position, fill: Fill, reason: str, **money: float | None) -> Trade:
        """What a fill closes of a position; `money` is what came of it."""
        return cls(
            trade_id=position.trade_id,
            entry=position.entry,
            symbol=position.symbol,
            direction=position.direction,
            lots=fill.lots,
            units=fill.lots * position.contract_size,
            entry_index=position.entry_index,
            entry_time=position.entry_time,
            entry_price=position.entry_price,
            exit_index=fill.index,
            exit_time=fill.time,
            exit_price=fill.price,
            stop_loss=position.stop_loss,
            take_profit=position.take_profit,
            exit_reason=reason,
            ambiguous=position.turned_down is not None,
            bars_held=fill.index - position.entry_index,
            reason=position.reason,
            tags=position.tags,
            **money,  # type: ignore[arg-type]  # only the R-multiple may be missing
        )


@dataclass(slots=True)
class LedgerLine:
    """A row of the ledger: one change of the balance."""

    time: int
    kind: str
    trade_id: int | None
    amount: float
    balance: float


@dataclass(slots=True)
class EquityRow:
    """A row of the equity curve."""

    time: int
    balance: float
    equity: float
    open_positions: int


@dataclass(slots=True, eq=False)
class WeightRow:
    """A row of the weights table: what became of a target (W12)."""

    time: int
    symbol: str
    target: float | None
    realised: float
    reason: str | None

    @property
    def drift(self) -> float | None:
        """How far the realised weight is above the target."""
        return None if self.target is None else self.realised - self.target


def copied(row: T) -> T:
    """A row as it is now: `copy.copy` takes several times as long."""
    kind: Any = type(row)
    return cast("T", kind(*_fields_of(kind)(row)))


@functools.cache
def _fields_of(kind: Any) -> operator.attrgetter[Any]:  # noqa: ANN401 - a class of rows
    """Get all fields of a row, in the order in which one is made of them."""
    return operator.attrgetter(*(one.name for one in fields(kind)))

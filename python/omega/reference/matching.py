"""Fill prices inside a bar (F1 to F4), for a buyer.

An order and a bar, both as the order faces them, give the price before slippage and what is known
to follow it inside the bar, or that the order is armed.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Ohlc(NamedTuple):
    """Open, high, low and close of one side of one bar."""

    open: float
    high: float
    low: float
    close: float

    def facing(self, sign: float) -> Ohlc:
        """The prices as a buyer sees them: negated, high and low exchanged, for a seller.

        Example:
            >>> Ohlc(10.0, 12.0, 9.0, 11.0).facing(-1.0)
            Ohlc(open=-10.0, high=-9.0, low=-12.0, close=-11.0)
        """
        if sign > 0.0:
            return self
        return Ohlc(-self.open, -self.low, -self.high, -self.close)


class Candle(NamedTuple):
    """Both sides of one bar and its open time."""

    time: int
    bid: Ohlc
    ask: Ohlc

    def entry_side(self, sign: float) -> Ohlc:
        """The side that a trade of this direction is opened on."""
        return self.ask if sign > 0.0 else self.bid

    def exit_side(self, sign: float) -> Ohlc:
        """The side that a trade of this direction is closed and marked on."""
        return self.bid if sign > 0.0 else self.ask


class Live(Enum):
    """What certainly follows a fill inside its bar (F11, I1.1)."""

    FROM_OPEN = "the whole bar"
    FROM_LIMIT = "the low"
    FROM_STOP = "the high"
    FROM_PULLBACK = "only the close"


class Hit(NamedTuple):
    """A fill: the price before slippage, and what follows it."""

    price: float
    live: Live


class Armed(NamedTuple):
    """The stop of a stop-limit was reached; the limit works from the next bar."""


class Waiting(NamedTuple):
    """What an order waits for, as it faces the market: of a stop-limit the stop is the price."""

    kind: str
    price: float
    limit: float


Match = Hit | Armed | None


def at_open(order: Waiting, bar: Ohlc, *, improve: bool) -> Match:
    """What the open price itself does to an order (F2 to F4).

    Example:
        >>> bar = Ohlc(100.0, 106.0, 97.0, 103.0)
        >>> at_open(Waiting("limit", 101.0, 0.0), bar, improve=True).price
        100.0
    """
    match order.kind:
        case "limit" if bar.open <= order.price:  # F2.1
            if improve:
                return Hit(bar.open, Live.FROM_OPEN)
            return Hit(min(bar.high, order.price), Live.FROM_OPEN)
        case "stop" if bar.open >= order.price:  # F3.1
            return Hit(bar.open, Live.FROM_OPEN)
        case "stop_limit" if bar.open >= order.price:  # F4.1
            return Hit(bar.open, Live.FROM_OPEN) if bar.open <= order.limit else Armed()
        case "limit_if_touched" if bar.open <= order.price:  # F16.1
            return Hit(bar.open, Live.FROM_OPEN) if bar.open <= order.limit else Armed()
        case _:
            return None


def in_bar(order: Waiting, bar: Ohlc) -> Match:
    """What the bar after its open does to an order that the open left alone (F2 to F4).

    Example:
        >>> in_bar(Waiting("stop", 105.0, 0.0), Ohlc(100.0, 106.0, 97.0, 103.0)).price
        105.0
    """
    match order.kind:
        case "limit" if bar.low <= order.price:  # F2.1
            return Hit(order.price, Live.FROM_LIMIT)
        case "stop" if bar.high >= order.price:  # F3.1
            return Hit(order.price, Live.FROM_STOP)
        case "stop_limit" if bar.high >= order.price:  # F4.1
            if order.price <= order.limit:
                return Hit(order.price, Live.FROM_STOP)
            falls_back = bar.close <= order.limit
            return Hit(order.limit, Live.FROM_PULLBACK) if falls_back else Armed()
        case "limit_if_touched" if bar.low <= order.price:  # F16.1
            price = min(order.price, order.limit)
            return Hit(price, Live.FROM_LIMIT) if bar.low <= price else Armed()
        case _:
            return None

"""Actions that a strategy returns: open, close, cancel, modify.

Actions are frozen values. Numbers are taken as they are, NaN included: an order that makes no sense
becomes a rejected row of the orders table (rule F12), it does not end a run. A wrong type or an
unknown word raises `omega.errors.ConfigError` where it is written.

Example:
    >>> Signal("buy", stop_loss=1.0950, take_profit=1.1080)
    Signal(direction='long', stop_loss=1.095, take_profit=1.108)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import EllipsisType
from typing import TypeAlias, TypeVar

from omega.config.distances import Distance, as_level
from omega.config.managers import TrailingStop, as_trail
from omega.config.values import (
    Check,
    Refused,
    as_float,
    check,
    one_of,
    optional,
    text,
    value,
    whole,
)
from omega.errors import ConfigError
from omega.strategy.rebalance import Rebalance

T = TypeVar("T")
_DIRECTIONS = {"long": "long", "short": "short", "buy": "long", "sell": "short"}
_ORDER_TYPES = ("market", "limit", "stop", "stop_limit", "limit_if_touched", "close")
_PRICED: dict[str, tuple[str, ...]] = {
    "market": (),
    "close": (),
    "limit": ("entry_price",),
    "stop": ("entry_price",),
    "stop_limit": ("entry_price", "limit_price"),
    "limit_if_touched": ("entry_price", "limit_price"),
}
"""The prices that an order of each type needs."""
_TEXTS = ("symbol", "reason", "oco")
_NUMBERS: dict[str, Check[object]] = {
    "entry_price": as_float,
    "size": as_float,
    "limit_price": as_float,
    "stop_loss": as_level,
    "take_profit": as_level,
    "trailing_stop": as_trail,
    "trail": as_level,
}


@value
class Signal:
    """Open a position: at the market, or by an order that waits for its price.

    Attributes:
        direction: "long" or "short"; "buy" and "sell" mean the same.
        type: "market", "limit", "stop", "stop_limit", "limit_if_touched", or "close" for the close
            of the first bar (rules F1 to F4, F16).
        entry_price: Price of a limit or stop order; of an order that a price arms that price.
        stop_loss: Price at which the position is closed at a loss, or a `Distance` from its entry.
        take_profit: Price at which it is closed at a profit, or a `Distance` from its entry.
        size: Lots; None leaves it to the run's sizer.
        symbol: Symbol to trade; None is the strategy's own.
        reason: The strategy's own words, carried to the trade.
        tags: The strategy's own marks, carried to the trade.
        expires: How long a waiting order works (rule F5): None until cancelled, "day" to the end
            of the day of the run's calendar (rule T4), "ioc" or "fok" at the next open only (rule
            F16), or a moment, UTC where it has no zone: a datetime, ISO 8601 text, which becomes
            one, or an integer in the unit of the time column. The text of a date is its midnight.
        meta: Anything the strategy wants to find again; the engine never reads it.
        oco: Name of a group of orders of which one fill cancels the rest (rule F8).
        limit_price: Limit of an order of type "stop_limit" or "limit_if_touched" (rules F4, F16).
        trailing_stop: Distance at which the stop loss follows the market (rule I4), in price,
            `Distance.percent`, or a `TrailingStop` without a trigger.
        trail: Distance at which a stop order follows the best price for it, in price or
            `Distance.percent`; it has no `entry_price` then (rule F16).
        reduce_only: Whether the order only closes positions of the other direction, oldest first,
            and opens none (rule F14); "tag" closes those alone that carry the last of its tags,
            "owner" those alone whose last tag is its own last one.

    Example:
        >>> Signal("short", type="limit", entry_price=1.105, stop_loss=1.11, expires="day")
        Signal(direction='short', type='limit', entry_price=1.105, stop_loss=1.11, expires='day')
    """

    direction: str
    type: str = "market"
    entry_price: float | None = None
    stop_loss: float | Distance | None = None
    take_profit: float | Distance | None = None
    size: float | None = None
    symbol: str | None = None
    reason: str | None = None
    tags: Sequence[str] = ()
    expires: datetime | int | str | None = None
    meta: Mapping[str, object] | None = dataclasses.field(default=None, hash=False)
    oco: str | None = None
    limit_price: float | None = None
    trailing_stop: float | Distance | TrailingStop | None = None
    trail: float | Distance | None = None
    reduce_only: bool | str = False

    def __post_init__(self) -> None:
        """Check the types, and that an order which waits has a price to wait for."""
        check(self, _direction, "direction")
        if type(self.type) is not str or self.type != "market":
            check(self, one_of(*_ORDER_TYPES), "type")
        for name, rule in _NUMBERS.items():
            given = getattr(self, name)
            if given is not None and type(given) is not float:
                check(self, rule, name)
        for name in _TEXTS:
            if getattr(self, name) is not None:
                check(self, text, name)
        if self.tags or type(self.tags) is not tuple:
            check(self, _tags, "tags")
        if self.expires is not None:
            check(self, _expires, "expires")
        if self.reduce_only is not False:
            check(self, _reduce_only, "reduce_only")
        self._check_prices()

    def _check_prices(self) -> None:
        if self.trail is not None and (self.type != "stop" or self.entry_price is not None):
            raise ConfigError(
                f"Signal.trail: given {self.trail!r} with type={self.type!r} and "
                f"entry_price={self.entry_price!r}, expected type='stop' without a price, since it "
                "follows the market"
            )
        if self.type == "close" and self.expires in ("ioc", "fok"):
            raise ConfigError(
                f"Signal.expires: given {self.expires!r} with type='close', expected another type: "
                "an order at the close does not work at the open"
            )
        for name in () if self.trail is not None else _PRICED[self.type]:
            if getattr(self, name) is None:
                raise ConfigError(
                    f"Signal.{name}: given None, expected the price of a {self.type} order"
                )


@value
class Close:
    """Close a position, or a part of it, at the market.

    Attributes:
        symbol: Close what is open in this symbol; None is the strategy's own.
        trade_id: Close this trade only; where its order still waits, cancel it (rule F13).
        fraction: Part of the lots to close; 1.0 is all.
        reason: What the trade's `exit_reason` is: "signal" or "time".

    Example:
        >>> Close(trade_id=3, fraction=0.5)
        Close(trade_id=3, fraction=0.5)
    """

    symbol: str | None = None
    trade_id: int | None = None
    fraction: float = 1.0
    reason: str = "signal"

    def __post_init__(self) -> None:
        """Check the types."""
        check(self, optional(text), "symbol")
        check(self, optional(whole()), "trade_id")
        check(self, as_float, "fraction")
        check(self, one_of("signal", "time"), "reason")


@value
class Cancel:
    """Cancel an order that waits.

    Attributes:
        order_id: The number of the order.

    Example:
        >>> Cancel(12)
        Cancel(order_id=12)
    """

    order_id: int

    def __post_init__(self) -> None:
        """Check the type."""
        check(self, whole(), "order_id")


@value
class Modify:
    """Change an order that waits, or the protective exits of a position (rule F13).

    What is left out stays. A waiting order keeps its place in the queue.

    Attributes:
        trade_id: The number of the order, which is that of its position.
        stop_loss: The new stop loss; None removes it.
        take_profit: The new take profit; None removes it.
        price: The new price of a limit or stop order; of a stop-limit order its stop.
        limit_price: The new limit of a stop-limit order.
        size: The new size in lots.
        expires: How long the order works from now on, as in `Signal`.

    Example:
        >>> Modify(3, stop_loss=1.1, take_profit=None)
        Modify(trade_id=3, stop_loss=1.1, take_profit=None)
        >>> Modify(4, price=1.105, expires="day")
        Modify(trade_id=4, price=1.105, expires='day')
    """

    trade_id: int
    stop_loss: float | Distance | EllipsisType | None = ...
    take_profit: float | Distance | EllipsisType | None = ...
    price: float | EllipsisType = ...
    limit_price: float | EllipsisType = ...
    size: float | EllipsisType = ...
    expires: datetime | int | str | EllipsisType | None = ...

    def __post_init__(self) -> None:
        """Check the types."""
        check(self, whole(), "trade_id")
        check(self, _changed(optional(as_level)), "stop_loss", "take_profit")
        check(self, _changed(as_float), "price", "limit_price", "size")
        check(self, _changed(_expires), "expires")


Action: TypeAlias = Signal | Close | Cancel | Modify | Rebalance
"""One thing that a strategy requests; a callback returns None, one of them or a list of them."""


def _direction(given: object) -> str:
    word = _DIRECTIONS.get(given) if isinstance(given, str) else None
    if word is None:
        raise Refused("'long' or 'short' ('buy' and 'sell' mean the same)")
    return word


def _changed(rule: Check[T]) -> Check[T | EllipsisType]:
    return lambda given: given if isinstance(given, EllipsisType) else rule(given)


def _reduce_only(given: object) -> bool | str:
    if isinstance(given, bool) or (isinstance(given, str) and given in ("tag", "owner")):
        return given
    raise Refused("True, False, 'tag' or 'owner'")


def _tags(given: object) -> tuple[str, ...]:
    if not isinstance(given, (list, tuple)):
        raise Refused("a list of texts, such as ('breakout', 'london')")
    return tuple(text(tag) for tag in given)


def _expires(given: object) -> datetime | int | str | None:
    if given is None or isinstance(given, datetime):
        return given
    if isinstance(given, str) and given.lower() in ("day", "ioc", "fok"):
        return given.lower()
    try:
        return datetime.fromisoformat(given) if isinstance(given, str) else whole()(given)
    except (Refused, ValueError):
        raise Refused(
            "None, 'day', 'ioc', 'fok', a datetime, ISO 8601 text such as '2024-01-31 13:30', or "
            "an integer in the unit of the time column"
        ) from None

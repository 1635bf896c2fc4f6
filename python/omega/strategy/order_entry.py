"""Order entry: what a strategy requests by a call, as actions in the queue of its run."""

from __future__ import annotations

from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from omega.config.distances import Distance
from omega.config.managers import TrailingStop
from omega.config.values import as_float, flag, plain, taken
from omega.errors import ConfigError
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omega._core import PendingOrder, Position

Number: TypeAlias = float | None
Level: TypeAlias = float | Distance | None
Trade: TypeAlias = "Position | PendingOrder | int"


class Queues(Protocol):
    """The part of a run that takes orders."""

    symbols: tuple[str, ...]
    queue: list[Action]

    @property
    def positions(self) -> list[Position]:
        """All open positions, oldest first."""

    def next_order_id(self) -> int:
        """Return the number that the next queued action will take."""

    def shows(self, given: object) -> bool:
        """Return whether a position or an order is none of another run."""


class OrderEntry:
    """Takes the orders of a strategy in any run; the native calls take the usual ones faster."""

    def __init__(self, run: Queues) -> None:
        self._run = run

    def submit(self, action: Action) -> int:
        """Queue an action; return its number."""
        number = self._run.next_order_id()
        self._run.queue.append(action)
        return number

    def open(
        self,
        direction: str,
        size: Number = None,
        *,
        limit: Number = None,
        stop: Number = None,
        touch: Number = None,
        trail: Level = None,
        at_close: bool = False,
        stop_loss: Level = None,
        take_profit: Level = None,
        symbol: str | None = None,
        expires: datetime | int | str | None = None,
        trailing_stop: Level | TrailingStop = None,
        oco: str | None = None,
        reduce_only: bool = False,
        reason: str | None = None,
        tags: Sequence[str] = (),
    ) -> int:
        """Open a position; the words are those of `Strategy.buy`."""
        prices = prices_of(limit, stop, touch=touch, trail=trail, at_close=at_close)
        signal = Signal(
            direction,
            size=size,
            **prices,
            stop_loss=stop_loss,
            take_profit=take_profit,
            symbol=symbol,
            expires=expires,
            trailing_stop=trailing_stop,
            oco=oco,
            reduce_only=reduce_only,
            reason=reason,
            tags=tags,
        )
        return self.submit(signal)

    def close(
        self,
        position: Trade | None = None,
        *,
        symbol: str | None = None,
        fraction: float = 1.0,
        reason: str = "signal",
    ) -> int:
        """Close positions; give the number of the first order."""
        trade = None if position is None else self._number(position)
        is_named = trade is not None or symbol is not None
        symbols = [symbol] if is_named else self._symbols_open()
        numbers = [
            self.submit(Close(symbol=one, trade_id=trade, fraction=fraction, reason=reason))
            for one in symbols
        ]
        return numbers[0]

    def cancel(self, order: Trade) -> int:
        """Cancel an order that waits."""
        return self.submit(Cancel(self._number(order)))

    def modify(
        self,
        order: Trade,
        *,
        price: float | EllipsisType = ...,
        limit_price: float | EllipsisType = ...,
        size: float | EllipsisType = ...,
        stop_loss: Level | EllipsisType = ...,
        take_profit: Level | EllipsisType = ...,
        expires: datetime | int | str | EllipsisType | None = ...,
    ) -> int:
        """Change an order that waits, or the exits of a position."""
        change = Modify(
            self._number(order),
            price=price,
            limit_price=limit_price,
            size=size,
            stop_loss=stop_loss,
            take_profit=take_profit,
            expires=expires,
        )
        return self.submit(change)

    def _number(self, given: Trade) -> int:
        """Return the number of a position or an order of this run."""
        if not self._run.shows(given):
            raise ConfigError(
                f"order: given {given!r} of another run, expected a position or an order of this "
                "run, as self.position and self.pending show them"
            )
        return trade_number(given)

    def _symbols_open(self) -> list[str | None]:
        """Return the symbols with open positions, in the run's order; the first where none has."""
        symbols = self._run.symbols
        if len(symbols) == 1:
            return [None]
        held = {position.symbol for position in self._run.positions}
        return [symbol for symbol in symbols if symbol in held] or [None]


def prices_of(
    limit: Number, stop: Number, *, touch: Number, trail: Level, at_close: bool
) -> dict[str, Any]:
    """Return the fields of a signal by the prices that an order waits for."""
    is_at_close = taken("order at_close", at_close, flag)
    for name, price in (("limit", limit), ("stop", stop), ("touch", touch)):
        if price is not None:
            taken(f"order {name}", price, as_float)
    special = {"touch": touch, "trail": trail, "at_close": is_at_close or None}
    given = [name for name, value in special.items() if value is not None]
    if given and (len(given) > 1 or stop is not None or (limit is None) == (touch is not None)):
        raise ConfigError(
            f"order: given {' and '.join(given)} with limit={limit!r} and stop={stop!r}, expected "
            "touch with limit, or trail or at_close alone"
        )
    if touch is not None:
        return {"type": "limit_if_touched", "entry_price": touch, "limit_price": limit}
    if trail is not None:
        return {"type": "stop", "trail": trail}
    if stop is not None and limit is not None:
        return {"type": "stop_limit", "entry_price": stop, "limit_price": limit}
    kind = "limit" if limit is not None else "stop" if stop is not None else "market"
    price = limit if stop is None else stop
    return {"type": "close" if is_at_close else kind, "entry_price": price}


def trade_number(given: Any) -> int:  # noqa: ANN401 - a position or an order
    """Return the number of a position or of an order that waits, which may be given itself.

    Raises:
        ConfigError: It is neither, nor a number.
    """
    number = plain(given)
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    for name in ("trade_id", "order_id"):
        if isinstance(found := getattr(given, name, None), int):
            return found
    named = f". A symbol goes by its name: symbol={given!r}" if isinstance(given, str) else ""
    raise ConfigError(
        f"order: given {given!r}, expected a position or an order of this run, or its number{named}"
    )

"""Lots and prices restated by a split or a roll (A1, R3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import EllipsisType
from typing import Any, TypeVar

from omega.config.distances import Distance
from omega.reference.matching import Candle, Ohlc
from omega.reference.rows import NO_CANDLE, Order, Position, trail_of
from omega.reference.sizing import over
from omega.strategy.actions import Action, Modify, Signal
from omega.strategy.rebalance import Rebalance

Level = TypeVar("Level", bound=float | Distance | EllipsisType | None)


@dataclass(frozen=True, slots=True)
class Restated:
    """How lots, prices and distances read after an event."""

    divisor: float
    shift: float
    lots: float

    @classmethod
    def split(cls, ratio: float) -> Restated:
        """After a split of one lot into so many."""
        return cls(ratio, 0.0, ratio)

    @classmethod
    def rolled(cls, old: float, new: float, *, by_ratio: bool) -> Restated:
        """After a roll from one price into another, by their ratio or else by their difference.

        Example:
            >>> Restated.rolled(100.0, 104.0, by_ratio=False).price(95.0)
            99.0
        """
        return cls(over(old, new), 0.0, 1.0) if by_ratio else cls(1.0, new - old, 1.0)

    def price(self, price: float) -> float:
        """A price."""
        return price / self.divisor + self.shift

    def level(self, level: Level) -> Level:
        """A price or a distance in the prices after it; what is no price stays."""
        changed: Any = level
        if isinstance(level, (int, float)):
            changed = self.price(level)
        elif isinstance(level, Distance):
            changed = self.distance(level)
        return changed  # type: ignore[no-any-return]  # of the type that came in

    def distance(self, away: Level) -> Level:
        """A distance, in price or in percent, which stays."""
        changed: Any = away
        if isinstance(away, (int, float)):
            changed = away / self.divisor
        elif isinstance(away, Distance) and not away.is_percent:
            changed = Distance(float(away.given) / self.divisor)
        return changed  # type: ignore[no-any-return]  # as above

    def position(self, position: Position) -> None:
        """Restate an open position."""
        position.lots *= self.lots
        position.entry_price = self.price(position.entry_price)
        position.stop_loss = self.level(position.stop_loss)
        position.take_profit = self.level(position.take_profit)
        position.initial_stop = self.level(position.initial_stop)
        position.best_price = self.price(position.best_price)
        position.worst_price = self.price(position.worst_price)
        position.marked_price = self.price(position.marked_price)
        position.trailing_stop = self.distance(position.trailing_stop)
        if position.origin is not None:
            index, time, price = position.origin
            position.origin = index, time, self.price(price)

    def order(self, order: Order) -> None:
        """Restate an order that waits."""
        order.lots *= self.lots
        order.price = self.level(order.price)
        order.limit_price = self.level(order.limit_price)
        order.stop_loss = self.level(order.stop_loss)
        order.take_profit = self.level(order.take_profit)
        stop, target = order.distances
        order.distances = (self.level(stop), self.level(target))
        order.trailing_stop = self.distance(order.trailing_stop)
        order.trail = self.distance(order.trail)

    def action(self, action: Action) -> Action:
        """What was decided before it, in lots and prices after it."""
        if not isinstance(action, (Signal, Modify)):
            return action
        size = action.size
        changed: dict[str, Any] = {
            "stop_loss": self.level(action.stop_loss),
            "take_profit": self.level(action.take_profit),
            "limit_price": self.level(action.limit_price),
            "size": size * self.lots if isinstance(size, (int, float)) else size,
        }
        if isinstance(action, Modify):
            return replace(action, price=self.level(action.price), **changed)
        changed |= {
            "entry_price": self.level(action.entry_price),
            "trailing_stop": self.distance(trail_of(action)),
            "trail": self.distance(action.trail),
        }
        return replace(action, **changed)

    def targets(self, request: Rebalance, symbol: str) -> Rebalance:
        """Targets in units are as many as it makes of them; weights and values stay."""
        targets = tuple(
            (name, kind, number * self.lots if (name, kind) == (symbol, "units") else number)
            for name, kind, number in request.targets
        )
        return replace(request, targets=targets)

    def candle(self, candle: Candle) -> Candle:
        """A candle in the prices after it."""
        if candle is NO_CANDLE:
            return candle
        bid, ask = (Ohlc(*map(self.price, side)) for side in (candle.bid, candle.ask))
        return Candle(candle.time, bid, ask)

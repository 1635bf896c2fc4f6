"""Signal columns a second time: a strategy that reads them bar by bar (form 4).

What goes in: columns found over the candles. What comes out: the orders that they ask for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from omega.strategy.base import Strategy

if TYPE_CHECKING:
    from omega.strategy.signal_columns import Signals, Told


class ColumnReader(Strategy):
    """Acts on signal columns."""

    def __init__(self, signals: Signals) -> None:
        super().__init__()
        self.signals = signals

    def init(self) -> None:
        """Find the columns."""
        self.told: Told = self.signals.told(self._context())
        if self.told.warmup is not None:
            self.warmup = self.told.warmup

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 - a Bar of this backend
        """Close, then enter."""
        told, open_positions = self.told, self.positions
        wanted = _wanted(told)
        opposite = any(p.direction != wanted for p in open_positions) if wanted else False
        leaves = _holds(told.exit) or (told.reverse and opposite)
        if leaves and open_positions:
            self.close()
        if wanted is not None and (told.accumulate or leaves or not open_positions):
            side = bar.ask if wanted == "long" else bar.bid
            sign = 1.0 if wanted == "long" else -1.0
            order = self.buy if wanted == "long" else self.sell
            order(
                _number(told.size),
                stop_loss=_level(told.stop_loss, side.close, -sign),
                take_profit=_level(told.take_profit, side.close, sign),
            )


def _wanted(told: Told) -> str | None:
    """The direction of an entry on this bar, or None."""
    value = _value(told.entry)
    if told.direction is None:
        return "long" if value > 0.0 else "short" if value < 0.0 else None
    if not value > 0.0:
        return None
    if isinstance(told.direction, str):
        return told.direction
    return "long" if _value(told.direction) > 0.0 else "short"


def _holds(column: Any) -> bool:  # noqa: ANN401 - a mask, an indicator or None
    return column is not None and _value(column) > 0.0


def _value(column: Any) -> float:  # noqa: ANN401 - a mask or an indicator
    return float(column.holds()) if hasattr(column, "holds") else column[-1]


def _number(column: Any) -> float | None:  # noqa: ANN401 - an indicator or None
    value = math.nan if column is None else column[-1]
    return None if math.isnan(value) else value


def _level(level: tuple[bool, Any] | None, close: float, beyond: float) -> float | None:
    if level is None:
        return None
    is_distance, column = level
    number = _number(column)
    return close + beyond * number if is_distance and number is not None else number

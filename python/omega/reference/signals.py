"""Signal columns a second time: a strategy that reads them bar by bar (form 4)."""

from __future__ import annotations

import math
from typing import Any

from omega.contract import SignalColumns
from omega.reference.context import Context
from omega.reference.executor import State
from omega.strategy.actions import Action, Close, Signal

Column = Any
"""A mask or an indicator of this backend."""


class ColumnReader:
    """Acts on signal columns."""

    def __init__(self, context: Context, columns: SignalColumns) -> None:
        self.context, self.columns = context, columns
        self.warmup = columns.warmup or 0

    def on_events(self, state: State, actions: list[Action]) -> None:
        """Take no note."""

    def evaluate(self, state: State, actions: list[Action]) -> None:
        """Close, then enter."""
        columns, positions = self.columns, state.positions
        wanted = _wanted(columns)
        opposite = any(p.direction != wanted for p in positions) if wanted else False
        leaves = _holds(columns.exit) or (columns.reverse and opposite)
        if leaves and positions:
            actions.append(Close())
        if wanted is not None and (columns.accumulate or leaves or not positions):
            bar = self.context.sources[self.context.symbol].newest()
            side = bar.ask if wanted == "long" else bar.bid
            sign = 1.0 if wanted == "long" else -1.0
            order = Signal(
                wanted,
                size=_number(columns.size),
                stop_loss=_level(columns.stop_loss, side.close, -sign),
                take_profit=_level(columns.take_profit, side.close, sign),
            )
            actions.append(order)

    def manage(self, state: State, actions: list[Action]) -> None:
        """Leave it to the built-in managers."""

    def finish(self, state: State, actions: list[Action]) -> None:
        """Take no note."""


def _wanted(columns: SignalColumns) -> str | None:
    """The direction of an entry on this bar, or None."""
    value = _value(columns.entry)
    if columns.direction is None:
        return "long" if value > 0.0 else "short" if value < 0.0 else None
    if not value > 0.0:
        return None
    if isinstance(columns.direction, str):
        return columns.direction
    return "long" if _value(columns.direction) > 0.0 else "short"


def _holds(column: Column) -> bool:
    return column is not None and _value(column) > 0.0


def _value(column: Column) -> float:
    return float(column.holds()) if hasattr(column, "holds") else column[-1]


def _number(column: Column) -> float | None:
    value = math.nan if column is None else column[-1]
    return None if math.isnan(value) else value


def _level(level: tuple[bool, Column] | None, close: float, beyond: float) -> float | None:
    if level is None:
        return None
    is_distance, column = level
    number = _number(column)
    return close + beyond * number if is_distance and number is not None else number

"""Signal columns, read bar by bar by a strategy (form 4)."""

from __future__ import annotations

import math
from typing import Any

from omega.contract import SignalColumns, SymbolSignals
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
        """Act for each symbol with a new bar (X2)."""
        for own in self.columns.symbols:
            symbol = self.context.symbols[own.symbol]
            if self.context.world.symbols[symbol].base.fresh:
                self._act(own, symbol, state, actions)

    def _act(self, own: SymbolSignals, symbol: str, state: State, actions: list[Action]) -> None:
        """Close, then enter."""
        wanted = _wanted(own)
        held = [position for position in state.positions if position.symbol == symbol]
        turns = self.columns.reverse and any(wanted not in (None, p.direction) for p in held)
        exits = {"long": _exits(own, own.long_exit), "short": _exits(own, own.short_exit)}
        left = [position for position in held if turns or exits[position.direction]]
        if left and len(left) == len(held):
            actions.append(Close(symbol=symbol))
        else:
            actions.extend(Close(trade_id=position.trade_id) for position in left)
        if wanted is not None and (self.columns.accumulate or len(left) == len(held)):
            actions.append(self._entry(own, symbol, wanted))

    def _entry(self, own: SymbolSignals, symbol: str, wanted: str) -> Signal:
        bar = self.context.world.newest(symbol)
        side = bar.ask if wanted == "long" else bar.bid
        sign = 1.0 if wanted == "long" else -1.0
        return Signal(
            wanted,
            symbol=symbol,
            size=_number(own.size),
            stop_loss=_level(own.stop_loss, side.close, -sign),
            take_profit=_level(own.take_profit, side.close, sign),
        )

    def manage(self, state: State, actions: list[Action]) -> None:
        """Leave it to the built-in managers."""

    def finish(self, state: State, actions: list[Action]) -> None:
        """Take no note."""


def _wanted(own: SymbolSignals) -> str | None:
    """The direction of an entry on this bar; None where there is none, or both."""
    entry, direction = _value(own.entry), own.direction
    long, short = entry > 0.0, entry < 0.0
    if isinstance(direction, str):
        long, short = long and direction == "long", long and direction == "short"
    elif direction is not None:
        long, short = long and _value(direction) > 0.0, long and _value(direction) < 0.0
    long, short = long or _holds(own.long_entry), short or _holds(own.short_entry)
    if long == short:
        return None
    return "long" if long else "short"


def _exits(own: SymbolSignals, of_direction: Column) -> bool:
    return _holds(own.exit) or _holds(of_direction)


def _holds(column: Column) -> bool:
    return _value(column) > 0.0


def _value(column: Column) -> float:
    if hasattr(column, "holds"):
        return float(column.holds())
    number = _number(column)
    return math.nan if number is None else number


def _number(column: Column) -> float | None:
    """The value now; None where there is none, as where the column has no bar yet."""
    value = math.nan if column is None or len(column) == 0 else column.ago(0)
    return None if math.isnan(value) else value


def _level(level: tuple[bool, Column] | None, close: float, beyond: float) -> float | None:
    if level is None:
        return None
    is_distance, column = level
    number = _number(column)
    return close + beyond * number if is_distance and number is not None else number

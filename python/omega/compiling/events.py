"""Arguments of `on_fill` and `on_exit`: a fill, and the trade that it closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omega.compiling.emitter import WHOLE
from omega.compiling.kinds import FILL, FLOAT, INT, TEXT, Refused, Value
from omega.compiling.positions import direction, maybe
from omega.compiling.times import time_of
from omega.compiling.writer import Writer

EXIT_REASONS = (
    *("stop_loss", "take_profit", "trailing_stop", "break_even", "signal", "time", "end_of_data"),
    *("stop_out", "ruin", "stale", "delisted", "split_cash", "window", "roll"),
)
"""In the order of `omega_exit_reason`."""

_OF_FILL = {
    "order_id": "order",
    "trade_id": "trade",
    "symbol": "symbol",
    "side": "direction",
    "index": "index",
    "time": "time",
    "price": "price",
    "lots": "lots",
    "fee": "fee",
    "slippage": "slippage",
}
_OF_TRADE = {
    "trade_id": "trade",
    "symbol": "symbol",
    "direction": "trade_direction",
    "lots": "trade_lots",
    "entry_index": "entry_index",
    "entry_time": "entry_time",
    "entry_price": "entry_price",
    "exit_index": "exit_index",
    "exit_time": "exit_time",
    "exit_price": "exit_price",
    "exit_reason": "exit_reason",
    "gross_pnl": "gross_pnl",
    "fees": "fees",
    "swap": "swap",
    "net_pnl": "net_pnl",
    "r_multiple": "r_multiple",
    "bars_held": "bars_held",
}
_TIMES = frozenset({"time", "entry_time", "exit_time"})
_WHOLE = frozenset(
    {"order_id", "trade_id", "index", "entry_index", "exit_index", "bars_held"},
)


def has_trade(writer: Writer, event: Any) -> Any:
    """Return whether something was closed."""
    entry = writer.emit.field(event, "omega_event", "entry_index")
    return writer.emit.builder.icmp_signed(">=", entry, WHOLE(0))


def of_event(writer: Writer, given: Value, name: str) -> Value:
    """Read an attribute of a fill or of a trade.

    Raises:
        Refused: It is not compiled.
    """
    known = _OF_FILL if given.kind == FILL else _OF_TRADE
    if name not in known:
        raise Refused(f"{given.kind} has no compiled {name!r}; it has {', '.join(known)}")
    field = writer.emit.field(given.part, "omega_event", known[name])
    if name in _WHOLE:
        return Value(INT, [field])
    if name in _TIMES:
        return time_of(writer, field, writer.emit.field(given.part, "omega_event", "symbol"))
    made = _MADE.get(name)
    return Value(FLOAT, [field]) if made is None else made(writer, field)


def _side(writer: Writer, sign: Any) -> Value:
    builder = writer.emit.builder
    buy, sell = writer.text("buy").part, writer.text("sell").part
    return Value(TEXT, [builder.select(builder.icmp_signed(">", sign, WHOLE(0)), buy, sell)])


def _reason(writer: Writer, number: Any) -> Value:
    text: Any = writer.text(EXIT_REASONS[0]).part
    for place, word in enumerate(EXIT_REASONS):
        here = writer.emit.builder.icmp_signed("==", number, WHOLE(place))
        text = writer.emit.builder.select(here, writer.text(word).part, text)
    return Value(TEXT, [text])


_MADE: dict[str, Callable[[Writer, Any], Value]] = {
    "symbol": lambda writer, place: writer.text_of_symbol(place),
    "side": _side,
    "direction": direction,
    "exit_reason": _reason,
    "r_multiple": maybe,
}

"""Positions, and orders that wait, read from the frame."""

from __future__ import annotations

from typing import Any

from omega.compiling.emitter import REAL, WHOLE
from omega.compiling.frame_reads import price, track_at
from omega.compiling.kinds import (
    FLOAT,
    INT,
    MAYBE_FLOAT,
    ORDER,
    ORDERS,
    POSITION,
    POSITIONS,
    TEXT,
    Refused,
    Value,
)
from omega.compiling.writer import Writer

ORDER_TYPES = ("market", "limit", "stop", "stop_limit", "limit_if_touched", "close")


def first_position(writer: Writer) -> Value:
    """Return the oldest open position; its address is 0 where there is none."""
    emit = writer.emit
    some = emit.builder.icmp_signed(">", emit.of_frame("position_count"), WHOLE(0))
    return Value(POSITION, [emit.builder.select(some, emit.of_frame("positions"), WHOLE(0))])


def listed(writer: Writer, given: Value) -> tuple[Any, Any, int]:
    """Return the first of a list, how many it has, and how long each is."""
    emit = writer.emit
    name = "position" if given.kind == POSITIONS else "order"
    first = emit.of_frame(f"{name}s")
    return first, emit.of_frame(f"{name}_count"), writer.sizes[f"omega_{name}"]


def counted(writer: Writer, given: Value) -> Value:
    """Return how many a list has, of one symbol where it is of one."""
    emit = writer.emit
    builder = emit.builder
    found = emit.alloca(WHOLE)
    builder.store(WHOLE(0), found)

    def count(_: Value) -> None:
        builder.store(builder.add(builder.load(found), WHOLE(1)), found)

    each(writer, given, count)
    return Value(INT, [builder.load(found)])


def nth(writer: Writer, given: Value, key: Value) -> Value:
    """Return one of a list by its place."""
    emit = writer.emit
    builder = emit.builder
    place = emit.as_int(key).part
    total = counted(writer, given).part
    backwards = builder.icmp_signed("<", place, WHOLE(0))
    place = builder.select(backwards, builder.add(place, total), place)
    emit.fail_if(builder.icmp_unsigned(">=", place, total))
    found, seen = emit.alloca(WHOLE), emit.alloca(WHOLE)
    builder.store(WHOLE(0), seen)

    def look(one: Value) -> None:
        here = builder.icmp_signed("==", builder.load(seen), place)
        with builder.if_then(here):
            builder.store(one.part, found)
        builder.store(builder.add(builder.load(seen), WHOLE(1)), seen)

    each(writer, given, look)
    return Value(POSITION if given.kind == POSITIONS else ORDER, [builder.load(found)])


def each(writer: Writer, given: Value, visit: Any) -> None:
    """Visit each of a list, oldest first."""
    emit = writer.emit
    builder = emit.builder
    first, total, size = listed(writer, given)
    kind = POSITION if given.kind == POSITIONS else ORDER
    struct = "omega_position" if given.kind == POSITIONS else "omega_order"
    place = emit.alloca(WHOLE)
    builder.store(WHOLE(0), place)
    with emit.loop() as (again, after):
        now = builder.load(place)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.icmp_signed("<", now, total), inside, after)
        builder.position_at_end(inside)
        builder.store(builder.add(now, WHOLE(1)), place)
        one = emit.element(first, now, size)
        own = emit.field(one, struct, "symbol")
        other = builder.icmp_signed("!=", own, given.part)
        skipped = builder.and_(builder.icmp_signed(">=", given.part, WHOLE(0)), other)
        wanted = builder.append_basic_block("wanted")
        builder.cbranch(skipped, again, wanted)
        builder.position_at_end(wanted)
        writer.loops.append((again, after))
        visit(Value(kind, [one]))
        writer.loops.pop()


def of_position(writer: Writer, position: Value, name: str) -> Value:
    """Read an attribute of a position; of none it ends the run.

    Raises:
        Refused: It is not compiled.
    """
    emit = writer.emit
    builder, address = emit.builder, position.part

    def field(name: str) -> Any:
        return emit.field(address, "omega_position", name)

    emit.fail_if(builder.icmp_signed("==", address, WHOLE(0)))
    if name in ("stop_loss", "take_profit"):
        made = maybe(writer, field(name))
    elif name in ("lots", "entry_price"):
        made = Value(FLOAT, [field(name)])
    elif name in ("trade_id", "order_id", "entry_index"):
        made = Value(INT, [field("entry_index" if name == "entry_index" else "id")])
    elif name == "symbol":
        made = writer.text_of_symbol(field(name))
    elif name == "direction":
        made = direction(writer, field(name))
    elif name == "bars_held":
        held = builder.sub(_last(writer, field("symbol")), field("entry_index"))
        below = builder.icmp_signed("<", held, WHOLE(0))
        made = Value(INT, [builder.select(below, WHOLE(0), held)])
    elif name in ("profit", "open_profit"):
        made = _profit(writer, address, in_account=name == "open_profit")
    else:
        raise Refused(
            f"position has no compiled {name!r}; it has trade_id, order_id, symbol, direction, "
            "lots, entry_index, entry_price, stop_loss, take_profit, profit, open_profit, bars_held"
        )
    return made


def _last(writer: Writer, symbol: Any) -> Any:
    """Return the index of a symbol's newest bar."""
    emit = writer.emit
    bars = emit.field(track_at(writer, symbol), "omega_track", "bars")
    return emit.builder.sub(bars, WHOLE(1))


def _profit(writer: Writer, address: Any, *, in_account: bool) -> Value:
    """Profit at the newest close of the side that closes it, in the core's order of operations."""
    emit = writer.emit
    builder = emit.builder

    def field(name: str) -> Any:
        return emit.field(address, "omega_position", name)

    symbol = field("symbol")
    track, index = track_at(writer, symbol), _last(writer, symbol)
    bid = price(writer, track, index, "bid", "close")
    ask = price(writer, track, index, "ask", "close")
    is_long = builder.icmp_signed(">", field("direction"), WHOLE(0))
    close, entry, rate = builder.select(is_long, bid, ask), field("entry_price"), REAL(1.0)
    if in_account:
        own, now = field("entry_rate"), field("rate")
        is_bought = builder.fcmp_ordered("ord", own, own)
        close = builder.select(is_bought, builder.fmul(close, now), close)
        entry = builder.select(is_bought, builder.fmul(entry, own), entry)
        rate = builder.select(is_bought, rate, now)
    profit = builder.fsub(close, entry)
    for factor in (builder.select(is_long, REAL(1.0), REAL(-1.0)), field("lots")):
        profit = builder.fmul(profit, factor)
    profit = builder.fmul(builder.fmul(profit, field("contract_size")), rate)
    return Value(FLOAT, [profit])


def of_order(writer: Writer, order: Value, name: str) -> Value:
    """Read an attribute of an order that waits.

    Raises:
        Refused: It is not compiled.
    """
    emit = writer.emit

    def field(name: str) -> Any:
        return emit.field(order.part, "omega_order", name)

    if name == "order_id":
        made = Value(INT, [field("id")])
    elif name == "lots":
        made = Value(FLOAT, [field(name)])
    elif name in ("stop_loss", "take_profit"):
        made = maybe(writer, field(name))
    elif name == "price":
        kind = field("order_type")
        market = emit.builder.icmp_signed("==", kind, WHOLE(0))
        at_close = emit.builder.icmp_signed("==", kind, WHOLE(ORDER_TYPES.index("close")))
        has = emit.builder.not_(emit.builder.or_(market, at_close))
        made = Value(MAYBE_FLOAT, [has, field(name)])
    elif name == "symbol":
        made = writer.text_of_symbol(field(name))
    elif name == "direction":
        made = direction(writer, field(name))
    elif name == "type":
        made = _type_of(writer, field("order_type"))
    else:
        raise Refused(
            f"order has no compiled {name!r}; it has order_id, symbol, direction, type, price, "
            "lots, stop_loss, take_profit"
        )
    return made


def _type_of(writer: Writer, number: Any) -> Value:
    text: Any = writer.text(ORDER_TYPES[0]).part
    for place, word in enumerate(ORDER_TYPES):
        here = writer.emit.builder.icmp_signed("==", number, WHOLE(place))
        text = writer.emit.builder.select(here, writer.text(word).part, text)
    return Value(TEXT, [text])


def direction(writer: Writer, sign: Any) -> Value:
    """Return "long" or "short"."""
    builder = writer.emit.builder
    long, short = writer.text("long").part, writer.text("short").part
    return Value(TEXT, [builder.select(builder.icmp_signed(">", sign, WHOLE(0)), long, short)])


def maybe(writer: Writer, number: Any) -> Value:
    """Return a price that is NaN where there is none."""
    return Value(MAYBE_FLOAT, [writer.emit.builder.fcmp_ordered("ord", number, number), number])


def all_positions(symbol: Any = None) -> Value:
    """Return the list of all positions, or of those of a symbol."""
    return Value(POSITIONS, [WHOLE(-1) if symbol is None else symbol])


def all_orders() -> Value:
    """Return the list of all orders that wait."""
    return Value(ORDERS, [WHOLE(-1)])

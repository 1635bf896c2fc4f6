"""What a strategy sees, read from the frame: bars, indicators, positions, orders that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omega.compiling.emitter import REAL, WHOLE
from omega.compiling.kinds import (
    ASK,
    BAR,
    BID,
    BOOL,
    FLOAT,
    INDICATOR,
    INT,
    TEXT,
    ArrayKind,
    Refused,
    Value,
)
from omega.compiling.times import time_of
from omega.compiling.writer import TIMEFRAMES, WORD_COUNT, Writer

WINDOW = ArrayKind("window", "ii", item=FLOAT, dimensions=1, writeable=False)
PRICES = ("open", "high", "low", "close")
SIDES = {BAR: "bid", BID: "bid", ASK: "ask"}


def root(writer: Writer) -> Value:
    """Return the bar that a callback gets: the newest of the first symbol."""
    return newest(writer, WHOLE(0), must_be_ready=False)


def track_at(writer: Writer, place: Any) -> Any:
    """Return the address of a track."""
    size = writer.sizes["omega_track"]
    return writer.emit.element(writer.emit.of_frame("tracks"), place, size)


def newest(writer: Writer, place: Any, *, must_be_ready: bool = True) -> Value:
    """Return the newest bar of a track; the first symbol's may be looked at before it is ready."""
    emit = writer.emit
    track = track_at(writer, place)
    bars = emit.field(track, "omega_track", "bars")
    ready = emit.builder.icmp_signed("!=", emit.field(track, "omega_track", "ready"), WHOLE(0))
    some = emit.builder.icmp_signed(">", bars, WHOLE(0))
    ready = emit.builder.and_(ready, some)
    if must_be_ready:
        emit.fail_if(emit.builder.not_(ready))
    return Value(BAR, [track, emit.builder.sub(bars, WHOLE(1)), ready])


def of_bar(writer: Writer, bar: Value, name: str) -> Value:
    """Read an attribute of a bar or of one of its sides.

    Raises:
        Refused: It is not compiled.
    """
    emit = writer.emit
    track, index, ready = bar.parts
    if name in ("bid", "ask") and bar.kind == BAR:
        return Value(BID if name == "bid" else ASK, bar.parts)
    if name == "symbols" and bar.kind == BAR:
        return writer.symbols()
    known = (*PRICES, "volume", "index", "time", "timestamp", "symbol")
    own = ("spread", "fresh") if bar.kind == BAR else ()
    if name not in (*known, *own):
        raise Refused(f"{bar.kind} has no compiled {name!r}; it has {', '.join(known + own)}")
    emit.fail_if(emit.builder.not_(ready))
    if name in PRICES:
        return Value(FLOAT, [price(writer, track, index, SIDES[bar.kind], name)])
    return _OF_BAR[name](writer, track, index)


def _spread(writer: Writer, track: Any, index: Any) -> Value:
    ask, bid = (price(writer, track, index, side, "close") for side in ("ask", "bid"))
    return Value(FLOAT, [writer.emit.builder.fsub(ask, bid)])


def _timestamp(writer: Writer, track: Any, index: Any) -> Value:
    chunk, offset = _placed(writer, track, index)
    times = writer.emit.field(chunk, "omega_chunk", "time")
    return Value(INT, [writer.emit.load_at(writer.emit.element(times, offset), WHOLE)])


def _volume(writer: Writer, track: Any, index: Any) -> Value:
    chunk, offset = _placed(writer, track, index)
    volumes = writer.emit.field(chunk, "omega_chunk", "volume")
    writer.emit.fail_if(writer.emit.builder.icmp_signed("==", volumes, WHOLE(0)))
    return Value(FLOAT, [writer.emit.load_at(writer.emit.element(volumes, offset), REAL)])


_OF_BAR: dict[str, Callable[[Writer, Any, Any], Value]] = {
    "index": lambda _, __, index: Value(INT, [index]),
    "symbol": lambda writer, track, _: writer.text_of_symbol(
        writer.emit.field(track, "omega_track", "symbol")
    ),
    "fresh": lambda writer, track, index: Value(BOOL, [_is_fresh(writer, track, index)]),
    "spread": _spread,
    "time": lambda writer, track, index: time_of(
        writer,
        _timestamp(writer, track, index).part,
        writer.emit.field(track, "omega_track", "symbol"),
    ),
    "timestamp": _timestamp,
    "volume": _volume,
}


def _is_fresh(writer: Writer, track: Any, index: Any) -> Any:
    """Return whether a bar is the newest, and became complete with this step."""
    emit = writer.emit
    last = emit.builder.sub(emit.field(track, "omega_track", "bars"), WHOLE(1))
    fresh = emit.builder.icmp_signed("!=", emit.field(track, "omega_track", "fresh"), WHOLE(0))
    return emit.builder.and_(fresh, emit.builder.icmp_signed("==", index, last))


def _placed(writer: Writer, track: Any, index: Any) -> tuple[Any, Any]:
    """Return the chunk that holds a bar, which is mostly the newest one, and the place in it."""
    emit = writer.emit
    builder = emit.builder
    place = emit.alloca(WHOLE)
    builder.store(emit.field(track, "omega_track", "chunk"), place)
    size = writer.sizes["omega_chunk"]
    with emit.loop() as (_, after):
        chunk = builder.load(place)
        first = emit.field(chunk, "omega_chunk", "first")
        before = builder.append_basic_block("before")
        builder.cbranch(builder.icmp_signed("<", index, first), before, after)
        builder.position_at_end(before)
        builder.store(builder.sub(chunk, WHOLE(size)), place)
    chunk = builder.load(place)
    return chunk, builder.sub(index, emit.field(chunk, "omega_chunk", "first"))


def price(writer: Writer, track: Any, index: Any, side: str, name: str) -> Any:
    """Return a price of a bar."""
    emit = writer.emit
    chunk, offset = _placed(writer, track, index)
    bids = emit.field(chunk, "omega_chunk", f"bid_{name}")
    if side == "bid":
        return emit.load_at(emit.element(bids, offset), REAL)
    # The additions that the core fills orders at, and no other.
    builder, result = emit.builder, emit.alloca(REAL)
    asks = emit.field(chunk, "omega_chunk", f"ask_{name}")
    with builder.if_else(builder.icmp_signed("!=", asks, WHOLE(0))) as (stored, follows):
        with stored:
            builder.store(emit.load_at(emit.element(asks, offset), REAL), result)
        with follows:
            spreads = emit.field(chunk, "omega_chunk", "spread")
            bid = emit.load_at(emit.element(bids, offset), REAL)
            with builder.if_else(builder.icmp_signed("!=", spreads, WHOLE(0))) as (each, all_bars):
                with each:
                    spread = emit.load_at(emit.element(spreads, offset), REAL)
                    builder.store(builder.fadd(bid, spread), result)
                with all_bars:
                    spread = emit.field(chunk, "omega_chunk", "ask_offset")
                    builder.store(builder.fadd(bid, spread), result)
    return builder.load(result)


def earlier(writer: Writer, bar: Value, bars: Value) -> Value:
    """Return the bar so many bars before another."""
    emit = writer.emit
    track, index, ready = bar.parts
    ago = emit.as_int(bars).part
    emit.fail_if(emit.builder.not_(ready))
    # Unsigned, so that a negative number is as wrong as one before the first bar.
    emit.fail_if(emit.builder.icmp_unsigned(">", ago, index))
    return Value(BAR, [track, emit.builder.sub(index, ago), ready])


def window(writer: Writer, bar: Value, length: Value, name: str) -> Value:
    """Return the last values of a column up to a bar; copied where they do not lie in a row."""
    emit = writer.emit
    builder = emit.builder
    track, index, ready = bar.parts
    count = emit.as_int(length).part
    emit.fail_if(builder.not_(ready))
    least = builder.icmp_unsigned(">", builder.sub(count, WHOLE(1)), index)
    emit.fail_if(least)
    chunk, offset = _placed(writer, track, index)
    side = SIDES[bar.kind]
    column = "volume" if name == "volume" else f"{side}_{name}"
    values = emit.field(chunk, "omega_chunk", column)
    here = builder.icmp_signed("<", offset, builder.sub(count, WHOLE(1)))
    there = builder.icmp_signed("==", values, WHOLE(0))
    result = emit.alloca(WHOLE)
    first = builder.sub(builder.add(index, WHOLE(1)), count)
    with builder.if_else(builder.or_(here, there), likely=False) as (apart, in_a_row):
        with apart:
            made = writer.scratch(count)
            place = 8 if name == "volume" else PRICES.index(name) + 4 * (side == "ask")
            pointer = builder.inttoptr(made, WHOLE.as_pointer())
            arguments = [builder.inttoptr(track, WHOLE.as_pointer()), WHOLE(place), first, count]
            done = emit.call("omega_gather", WHOLE, [*arguments, pointer])
            emit.fail_if(builder.icmp_signed("==", done, WHOLE(0)))
            builder.store(made, result)
        with in_a_row:
            start = builder.sub(builder.add(offset, WHOLE(1)), count)
            builder.store(emit.element(values, start), result)
    return Value(WINDOW, [builder.load(result), count])


def of_symbol(writer: Writer, bar: Value, name: Value) -> Value:
    """Return `bar["EURUSD"]`: on the bar's own timeframe, and of its own symbol the bar itself."""
    emit = writer.emit
    builder = emit.builder
    track, index, ready = bar.parts
    own = writer.track_of_text(name)
    size = WHOLE(writer.sizes["omega_track"])
    place = builder.sdiv(builder.sub(track, emit.of_frame("tracks")), size)
    # A timeframe has a track for each symbol, in their order.
    first = builder.sub(place, emit.field(track, "omega_track", "symbol"))
    found = builder.add(first, own)
    other = newest(writer, found, must_be_ready=False)
    same = builder.icmp_signed("==", found, place)
    emit.fail_if(builder.not_(builder.or_(same, other.parts[2])))
    return emit.chosen(same, Value(BAR, [track, index, ready]), other)


def on_timeframe(writer: Writer, bar: Value, name: Value) -> Value:
    """Return `bar.tf("H1")`."""
    emit = writer.emit
    name = emit.unwrapped(name)
    if name.kind != TEXT:
        raise Refused(f"bar.tf is given {name.kind}, expected the name of a timeframe")
    symbol = emit.field(bar.parts[0], "omega_track", "symbol")
    count = emit.load_at(emit.context, WHOLE, WORD_COUNT)
    place = emit.builder.add(emit.builder.mul(symbol, count), name.part)
    found = emit.load_at(emit.element(writer.table(TIMEFRAMES), place), WHOLE)
    emit.fail_if(emit.builder.icmp_signed("<", found, WHOLE(0)))
    return newest(writer, found)


def indicator(writer: Writer, place: int) -> Value:
    """Return an indicator by its place among the frame's columns."""
    emit = writer.emit
    column = emit.builder.add(emit.of_frame("columns"), WHOLE(place * writer.sizes["omega_column"]))
    values = emit.field(column, "omega_column", "values")
    return Value(INDICATOR, [values, emit.field(column, "omega_column", "track")])


def _visible(writer: Writer, given: Value) -> Any:
    track = track_at(writer, given.parts[1])
    return writer.emit.field(track, "omega_track", "bars")


def value_at(writer: Writer, given: Value, key: Value) -> Value:
    """Return `indicator[key]`, from -1 (now) backwards."""
    emit = writer.emit
    number = emit.as_int(key).part
    # So that of [-2] and [-1] only the first is tested.
    is_within = key.is_static and key.static < 0
    add = emit.builder.add_within if is_within else emit.builder.add
    index = add(_visible(writer, given), number)
    wrong = emit.builder.icmp_signed(">=", number, WHOLE(0))
    emit.fail_if(emit.builder.or_(wrong, emit.builder.icmp_signed("<", index, WHOLE(0))))
    return Value(FLOAT, [emit.load_at(emit.element(given.parts[0], index), REAL)])


def value_ago(writer: Writer, given: Value, bars: Value) -> Value:
    """Return `indicator.ago(bars)`."""
    emit = writer.emit
    ago, visible = emit.as_int(bars).part, _visible(writer, given)
    emit.fail_if(emit.builder.icmp_unsigned(">=", ago, visible))
    index = emit.builder.sub(emit.builder.sub(visible, WHOLE(1)), ago)
    return Value(FLOAT, [emit.load_at(emit.element(given.parts[0], index), REAL)])


def values_window(writer: Writer, given: Value, length: Value) -> Value:
    """Return `indicator.window(length)`, which is never copied."""
    emit = writer.emit
    count, visible = emit.as_int(length).part, _visible(writer, given)
    emit.fail_if(emit.builder.icmp_unsigned(">=", emit.builder.sub(count, WHOLE(1)), visible))
    first = emit.builder.sub(visible, count)
    return Value(WINDOW, [emit.element(given.parts[0], first), count])


def known_values(writer: Writer, given: Value) -> Value:
    """Return `len(indicator)`."""
    return Value(INT, [_visible(writer, given)])

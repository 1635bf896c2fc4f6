"""Requests of a strategy, from `buy` to `modify`, as actions of the C struct.

What Python refuses of their arguments ends the run, and Python raises the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omega.compiling.emitter import BYTE, REAL, SMALL, WHOLE
from omega.compiling.kinds import (
    BOOL,
    DISTANCE,
    INT,
    MAYBE,
    MAYBE_FLOAT,
    NONE,
    ORDER,
    PERCENT,
    POSITION,
    TEXT,
    TUPLE,
    Refused,
    Value,
)
from omega.compiling.writer import REQUESTED, Writer

OPENED = (
    *("size", "limit", "stop", "touch", "trail", "at_close", "stop_loss", "take_profit"),
    *("symbol", "expires", "trailing_stop", "oco", "reduce_only", "reason", "tags"),
)
CLOSED = ("position", "symbol", "fraction", "reason")
MODIFIED = ("order", "price", "limit_price", "size", "stop_loss", "take_profit", "expires")
SIGNATURES: dict[str, tuple[Sequence[str], int]] = {
    "buy": (OPENED, 1),
    "sell": (OPENED, 1),
    "close": (CLOSED, 1),
    "cancel": (["order"], 1),
    "modify": (MODIFIED, 1),
}
"""By method its arguments, and how many may be given without their names."""
_EXPIRIES = {"day": 2, "ioc": 3, "fok": 4}
_GONE = 0xFFFF_FFFF
"""What a number becomes that no run gives (rule F12)."""

Words = Mapping[str, Value]


class Action:
    """An action that is being filled in."""

    def __init__(self, writer: Writer, kind: int) -> None:
        self.writer, self.emit = writer, writer.emit
        self.layout = self.emit.layout["omega_action"]
        size = writer.sizes["omega_action"]
        place = self.emit.alloca(WHOLE, size // 8)
        self.address = self.emit.builder.ptrtoint(place, WHOLE)
        for offset in range(0, size, 8):
            self.emit.store_at(self.address, WHOLE(0), offset)
        self.whole("kind", SMALL(kind))

    def whole(self, field: str, number: Any) -> None:
        """Write a word."""
        self.emit.store_at(self.address, number, self.layout[field])

    def number(self, field: str, value: Value) -> None:
        """Write a number that is given."""
        value = self.emit.unwrapped(value)
        if value.kind == BOOL:
            self.emit.fail()  # Python refuses truth values as numbers
            return
        self.whole(field, self.emit.as_float(value).part)
        if f"{field}_is" in self.layout:
            self.whole(f"{field}_is", SMALL(1))

    def level(self, field: str, value: Value, missing: int) -> None:
        """Write a price, or a distance from the entry; `missing` is what None means."""
        if value.kind == NONE:
            self.whole(f"{field}_is", SMALL(missing))
        elif value.kind in (DISTANCE, PERCENT):
            self.whole(field, value.part)
            self.whole(f"{field}_is", SMALL(2 if value.kind == DISTANCE else 3))
        elif value.kind in MAYBE:
            has, inner = self.emit.coerced(value, MAYBE_FLOAT).parts
            self.whole(field, inner)
            self.whole(f"{field}_is", self.emit.builder.select(has, SMALL(1), SMALL(missing)))
        else:
            self.number(field, value)

    def text(self, field: str, value: Value) -> None:
        """Write the address of a text."""
        if value.kind == NONE:
            return
        if TEXT not in (value.kind, MAYBE.get(value.kind)):
            raise Refused(f"{field} is {value.kind}, expected a text")
        if value.kind == TEXT:
            address = self.writer.address_of_text(value.part)
        else:
            has, inner = value.parts
            there = self.writer.address_of_text(self.emit.builder.select(has, inner, WHOLE(0)))
            address = self.emit.builder.select(has, there, WHOLE(0))
        self.whole(field, address)

    def expiry(self, value: Value, missing: int) -> None:
        """Write how long an order works."""
        if value.kind == NONE:
            self.whole("expiry", SMALL(missing))
        elif value.kind == INT:
            self.whole("expiry", SMALL(1))
            self.whole("expires", value.part)
        elif value.kind == TEXT and value.is_static and value.static.lower() in _EXPIRIES:
            self.whole("expiry", SMALL(_EXPIRIES[value.static.lower()]))
        else:
            raise Refused(
                f"expires is {value.kind}, expected None, 'day', 'ioc', 'fok', or a whole number, "
                "a time in the unit of the time column"
            )

    def push(self) -> Value:
        """Request it; gives the number of its order."""
        builder = self.emit.builder
        kind = self.writer.push_type
        function = builder.inttoptr(self.emit.of_frame("push"), kind.as_pointer())
        core = builder.inttoptr(self.emit.of_frame("core"), BYTE.as_pointer())
        action = builder.inttoptr(self.address, BYTE.as_pointer())
        number = builder.call(function, [core, action])
        self.emit.fail_if(builder.icmp_signed("<", number, WHOLE(0)))
        self.emit.store_at(self.emit.context, WHOLE(1), REQUESTED)
        return Value(INT, [number])


def requested(writer: Writer, method: str, words: Words) -> Value:
    """Write a request of a method."""
    if method in ("buy", "sell"):
        return _opened(writer, 1 if method == "buy" else -1, words)
    if method == "close":
        return _closed(writer, words)
    if method == "cancel":
        action = Action(writer, 3)
        action.whole("id", _number_of(writer, words["order"]))
        return action.push()
    return _modified(writer, words)


def _opened(writer: Writer, direction: int, words: Words) -> Value:
    none = writer.emit.none
    action = Action(writer, 1)
    action.whole("direction", SMALL(direction))
    action.whole("symbol", _symbol(writer, words.get("symbol", none), 0))
    size = words.get("size", none)
    if size.kind in MAYBE:
        action.level("size", size, 0)
    elif size.kind != NONE:
        action.number("size", size)
    _kind(action, words)
    for name in ("stop_loss", "take_profit", "trailing_stop", "trail"):
        action.level(name, words.get(name, none), 0)
    action.expiry(words.get("expires", none), 0)
    action.text("oco", words.get("oco", none))
    action.text("reason", words.get("reason", none))
    if "reduce_only" in words:
        given = words["reduce_only"]
        if given.kind != BOOL:
            raise Refused(f"reduce_only is {given.kind}, expected True or False")
        action.whole("reduce_only", writer.emit.builder.zext(given.part, SMALL))
    _tags(writer, action, words.get("tags"))
    return action.push()


def _kind(action: Action, words: Words) -> None:
    """Write what makes an order fill, by the prices that it was given."""
    given = {
        name: value
        for name in ("limit", "stop", "touch", "trail")
        if (value := words.get(name)) is not None and value.kind != NONE
    }
    at_close = words.get("at_close")
    if at_close is not None and at_close.kind != BOOL:
        raise Refused(f"at_close is {at_close.kind}, expected True or False")
    if at_close is not None and not at_close.is_static:
        raise Refused("at_close is decided at run time; write an order for each case")
    closes = at_close is not None and at_close.static
    names = (*sorted(given), *(["at_close"] if closes else []))
    kinds: dict[tuple[str, ...], tuple[int, str | None, str | None]] = {
        (): (0, None, None),
        ("limit",): (1, "limit", None),
        ("stop",): (2, "stop", None),
        ("limit", "stop"): (3, "stop", "limit"),
        ("limit", "touch"): (4, "touch", "limit"),
        ("trail",): (2, None, None),
        ("at_close",): (5, None, None),
    }
    if names not in kinds:
        action.emit.fail()  # Python raises what contradicts what
        return
    for name, value in given.items():
        if value.kind in MAYBE:
            raise Refused(f"{name} is {value.kind}; test it for None first, and write two orders")
    number, price, limit = kinds[names]
    expires = words.get("expires")
    if closes and expires is not None and expires.static in ("ioc", "fok"):
        action.emit.fail()
    action.whole("order_type", SMALL(number))
    if names == ("trail",):
        action.whole("price", REAL(float("nan")))
    if price is not None:
        action.number("price", given[price])
    if limit is not None:
        action.number("limit_price", given[limit])


def _tags(writer: Writer, action: Action, given: Value | None) -> None:
    if given is None:
        return
    items = given.static if given.kind == TUPLE else None
    if items is None or not all(isinstance(one, Value) and one.kind == TEXT for one in items):
        raise Refused("tags are compiled as a tuple or list of texts, written where they are given")
    if not items:
        return
    emit = writer.emit
    place = emit.alloca(WHOLE, len(items))
    address = emit.builder.ptrtoint(place, WHOLE)
    for number, one in enumerate(items):
        emit.store_at(address, writer.address_of_text(one.part), 8 * number)
    action.whole("tags", address)
    action.whole("tag_count", WHOLE(len(items)))


def _symbol(writer: Writer, given: Value, missing: int) -> Any:
    """Return the place of a symbol; one that the run has not ends it."""
    if given.kind == NONE:
        return SMALL(missing)
    return writer.emit.builder.trunc(writer.track_of_text(given), SMALL)


def _number_of(writer: Writer, given: Value) -> Any:
    """Return the number of a position, of an order, or one that `buy` gave."""
    emit = writer.emit
    builder = emit.builder
    if given.kind == POSITION:
        emit.fail_if(builder.icmp_signed("==", given.part, WHOLE(0)))
        return emit.field(given.part, "omega_position", "id")
    if given.kind == ORDER:
        return emit.field(given.part, "omega_order", "id")
    given = emit.unwrapped(given)
    if given.kind != INT:
        raise Refused(f"given {given.kind}, expected a position, an order or its number")
    known = builder.icmp_unsigned("<=", given.part, WHOLE(_GONE))
    return builder.select(known, given.part, WHOLE(_GONE))


def _closed(writer: Writer, words: Words) -> Value:
    emit = writer.emit
    action = Action(writer, 2)
    given = words.get("position", emit.none)
    symbol = words.get("symbol", emit.none)
    place = _symbol(writer, symbol, -1)
    if given.kind == NONE:
        number = WHOLE(-1)
    elif given.kind == POSITION:
        there = emit.builder.icmp_signed("!=", given.part, WHOLE(0))
        # What stands at the frame is read where there is no position, and not used.
        safe = emit.builder.select(there, given.part, emit.frame)
        own = emit.field(safe, "omega_position", "id")
        number = emit.builder.select(there, own, WHOLE(-1))
    elif given.kind in MAYBE:
        has, inner = given.parts
        own = _number_of(writer, Value(MAYBE[given.kind], [inner]))
        number = emit.builder.select(has, own, WHOLE(-1))
    else:
        number = _number_of(writer, given)
    action.whole("id", number)
    action.whole("symbol", place)
    action.number("fraction", words.get("fraction", emit.float(1.0)))
    reason = words.get("reason")
    if reason is not None:
        if not reason.is_static or reason.static not in ("signal", "time"):
            raise Refused("the reason of a close is 'signal' or 'time', written where it is given")
        action.whole("exit_reason", SMALL(int(reason.static == "time")))
    return action.push()


def _modified(writer: Writer, words: Words) -> Value:
    action = Action(writer, 4)
    action.whole("id", _number_of(writer, words["order"]))
    for name in ("price", "limit_price", "size"):
        if name in words:
            if words[name].kind == NONE:
                writer.emit.fail()
            else:
                action.number(name, words[name])
    for name in ("stop_loss", "take_profit"):
        if name in words:
            action.level(name, words[name], 4)
    if "expires" in words:
        action.expiry(words["expires"], 5)
    return action.push()


def distance(writer: Writer, given: Sequence[Value], *, percent: bool) -> Value:
    """Return an `omega.Distance`."""
    if len(given) != 1:
        raise Refused("omega.Distance is compiled with one number")
    return Value(PERCENT if percent else DISTANCE, [writer.emit.as_float(given[0]).part])

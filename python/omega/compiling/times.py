"""`bar.time` and other times: microseconds since 1970 by the clock of their zone, and in UTC.

A `datetime` is compared with another of its zone by that clock, and with one of another zone in
UTC. The third part of a time is where the table of its zone is.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from omega.compiling.emitter import BIT, WHOLE
from omega.compiling.kinds import BOOL, INT, TIME, Refused, Value
from omega.compiling.writer import PER_SECOND, ZONES, Writer

_DAY = 86_400_000_000
_FIRST, _PAST = -62_135_596_800_000_000, 253_402_300_800_000_000
"""The years 1 to 9999, which are all that `datetime` has."""
_COUNT, _CHANGES, _OFFSETS = range(0, 24, 8)
"""Where the table of a zone has how many changes, when they are, and the offsets between them."""
_ORDERS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def time_of(writer: Writer, raw: Any, symbol: Any) -> Value:
    """Return a time of the column of a symbol; one that `datetime` does not have ends the run.

    In a zone it has to be one in UTC as well, from which Python makes it.
    """
    emit = writer.emit
    builder = emit.builder
    writer.fields.has_times = True
    per_second = emit.load_at(emit.context, WHOLE, PER_SECOND)
    seconds, rest = _divided(writer, raw, per_second)
    # Rounded down, as where `datetime` is made; a second has at most 10**9 parts.
    micros = builder.sdiv(builder.mul(rest, WHOLE(1_000_000)), per_second)
    over = builder.sub(seconds, WHOLE(_FIRST // 10**6))
    emit.fail_if(builder.icmp_unsigned(">=", over, WHOLE((_PAST - _FIRST) // 10**6)))
    utc = builder.add(builder.mul(seconds, WHOLE(1_000_000)), micros)
    table = emit.load_at(emit.context, WHOLE, ZONES)
    zone = emit.load_at(emit.element(table, symbol), WHOLE)
    offsets = emit.load_at(zone, WHOLE, _OFFSETS)
    place = _changes_until(writer, utc, zone)
    shown = builder.add(utc, emit.load_at(emit.element(offsets, place), WHOLE))
    over = builder.sub(shown, WHOLE(_FIRST))
    emit.fail_if(builder.icmp_unsigned(">=", over, WHOLE(_PAST - _FIRST)))
    return Value(TIME, [shown, utc, zone])


def _changes_until(writer: Writer, utc: Any, zone: Any) -> Any:
    """Return how many changes of the offset of a zone are not later."""
    emit = writer.emit
    builder = emit.builder
    low, high = emit.alloca(WHOLE), emit.alloca(WHOLE)
    builder.store(WHOLE(0), low)
    builder.store(emit.load_at(zone, WHOLE, _COUNT), high)
    changes = emit.load_at(zone, WHOLE, _CHANGES)
    with emit.loop() as (again, after):
        first, past = builder.load(low), builder.load(high)
        names = ("between", "earlier", "later")
        between, earlier, later = (builder.append_basic_block(name) for name in names)
        builder.cbranch(builder.icmp_signed("<", first, past), between, after)
        builder.position_at_end(between)
        middle = builder.udiv(builder.add(first, past), WHOLE(2))
        change = emit.load_at(emit.element(changes, middle), WHOLE)
        builder.cbranch(builder.icmp_signed("<=", change, utc), earlier, later)
        builder.position_at_end(earlier)
        builder.store(builder.add(middle, WHOLE(1)), low)
        builder.branch(again)
        builder.position_at_end(later)
        builder.store(middle, high)
    return builder.load(low)


def compared(writer: Writer, operator: ast.cmpop, left: Value, right: Value) -> Value | None:
    """Compare two times; None where they are no two times.

    In different zones a time is equal to none where the clock of its own shows it twice.
    """
    word = _ORDERS.get(type(operator))
    if word is None or not left.kind == right.kind == TIME:
        return None
    builder = writer.emit.builder
    is_one_zone = builder.icmp_signed("==", left.parts[2], right.parts[2])
    shown, other = (
        builder.select(is_one_zone, one.parts[0], one.parts[1]) for one in (left, right)
    )
    told = builder.icmp_signed(word, shown, other)
    if word not in ("==", "!="):
        return Value(BOOL, [told])
    result = writer.emit.alloca(BIT)
    builder.store(told, result)
    same = builder.icmp_signed("==", shown, other)
    apart = builder.and_(builder.not_(is_one_zone), same)
    with builder.if_then(apart, likely=False):
        twice = builder.or_(*(_is_shown_twice(writer, one) for one in (left, right)))
        is_equal = builder.not_(twice)
        builder.store(is_equal if word == "==" else twice, result)
    return Value(BOOL, [builder.load(result)])


def _is_shown_twice(writer: Writer, given: Value) -> Any:
    """Return whether the clock of a time's zone shows it before and after a change (PEP 495)."""
    emit = writer.emit
    builder, (shown, utc, zone) = emit.builder, given.parts
    count, changes, offsets = (
        emit.load_at(zone, WHOLE, place) for place in (_COUNT, _CHANGES, _OFFSETS)
    )
    place, result = _changes_until(writer, utc, zone), emit.alloca(BIT)
    builder.store(BIT(0), result)

    def look(there: Any, change: Any, offset: Any, word: str) -> None:
        with builder.if_then(there):
            moment = emit.load_at(emit.element(changes, change), WHOLE)
            other = emit.load_at(emit.element(offsets, offset), WHOLE)
            also = builder.icmp_signed(word, builder.sub(shown, other), moment)
            builder.store(builder.or_(builder.load(result), also), result)

    before = builder.sub(place, WHOLE(1))
    look(builder.icmp_signed(">", place, WHOLE(0)), before, before, "<")
    after = builder.add(place, WHOLE(1))
    look(builder.icmp_signed("<", place, count), place, after, ">=")
    return builder.load(result)


def _divided(writer: Writer, number: Any, by: Any) -> tuple[Any, Any]:
    """Return quotient and remainder by a number above 0, the quotient rounded down."""
    builder = writer.emit.builder
    quotient, rest = builder.sdiv(number, by), builder.srem(number, by)
    below = builder.icmp_signed("<", rest, WHOLE(0))
    quotient = builder.sub(quotient, builder.zext(below, WHOLE))
    return quotient, builder.add(rest, builder.select(below, by, WHOLE(0)))


def _part(size: int, count: int) -> Callable[[Writer, Any], Any]:
    """Return what reads how many of a size there are, within so many."""

    def read(writer: Writer, micros: Any) -> Any:
        _, of_day = _divided(writer, micros, WHOLE(_DAY))
        return writer.emit.builder.urem(writer.emit.builder.udiv(of_day, WHOLE(size)), WHOLE(count))

    return read


def _days(writer: Writer, micros: Any) -> Any:
    return _divided(writer, micros, WHOLE(_DAY))[0]


def _date(writer: Writer, micros: Any) -> tuple[Any, Any, Any]:
    """Return year, month and day.

    Source: `civil_from_days` of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    """
    builder = writer.emit.builder

    def over(a: Any, b: int) -> Any:
        return builder.udiv(a, WHOLE(b))

    days = builder.add(_days(writer, micros), WHOLE(719_468))  # since 0000-03-01, so above 0
    era = over(days, 146_097)
    of_era = builder.sub(days, builder.mul(era, WHOLE(146_097)))
    leap = builder.sub(over(of_era, 36_524), over(of_era, 1_460))
    year = over(builder.sub(builder.add(of_era, leap), over(of_era, 146_096)), 365)
    before = builder.add(builder.mul(year, WHOLE(365)), builder.sub(over(year, 4), over(year, 100)))
    of_year = builder.sub(of_era, before)
    month = over(builder.add(builder.mul(of_year, WHOLE(5)), WHOLE(2)), 153)
    first = over(builder.add(builder.mul(month, WHOLE(153)), WHOLE(2)), 5)
    day = builder.add(builder.sub(of_year, first), WHOLE(1))
    early = builder.icmp_unsigned("<", month, WHOLE(10))
    month = builder.select(early, builder.add(month, WHOLE(3)), builder.sub(month, WHOLE(9)))
    year = builder.add(year, builder.mul(era, WHOLE(400)))
    january = builder.icmp_unsigned("<=", month, WHOLE(2))
    return builder.add(year, builder.zext(january, WHOLE)), month, day


_ATTRIBUTES: dict[str, Callable[[Writer, Any], Any]] = {
    "hour": _part(3_600_000_000, 24),
    "minute": _part(60_000_000, 60),
    "second": _part(1_000_000, 60),
    "microsecond": _part(1, 1_000_000),
    "year": lambda writer, micros: _date(writer, micros)[0],
    "month": lambda writer, micros: _date(writer, micros)[1],
    "day": lambda writer, micros: _date(writer, micros)[2],
}


def _weekday(first: int) -> Callable[[Writer, Any], Any]:
    def read(writer: Writer, micros: Any) -> Any:
        builder = writer.emit.builder
        # 1970-01-01 was a Thursday; the first day of year 1 a Monday.
        since = builder.add(_days(writer, micros), WHOLE(719_162))
        return builder.add(builder.urem(since, WHOLE(7)), WHOLE(first))

    return read


_METHODS: dict[str, Callable[[Writer, Any], Any]] = {
    "weekday": _weekday(0),
    "isoweekday": _weekday(1),
    "toordinal": lambda writer, micros: writer.emit.builder.add(
        _days(writer, micros), WHOLE(719_163)
    ),
}


def of_time(writer: Writer, given: Value, name: str) -> Value:
    """Read an attribute of a time.

    Raises:
        Refused: It is not compiled.
    """
    if name not in _ATTRIBUTES:
        raise Refused(
            f"a time has no compiled {name!r}; it has {', '.join(_ATTRIBUTES)}, "
            f"{', '.join(f'{one}()' for one in _METHODS)}, and comparisons with other times"
        )
    return Value(INT, [_ATTRIBUTES[name](writer, given.parts[0])])


def called(writer: Writer, given: Value, name: str) -> Value | None:
    """Call a method of a time; None where it has no such one."""
    made = _METHODS.get(name)
    return None if made is None else Value(INT, [made(writer, given.parts[0])])

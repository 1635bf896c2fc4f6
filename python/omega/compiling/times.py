"""`bar.time` and other times: microseconds since 1970 by the clock of their zone.

A `datetime` is compared with another of its zone by that clock, so that nothing else is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omega.compiling.emitter import WHOLE
from omega.compiling.kinds import INT, TIME, Refused, Value
from omega.compiling.writer import CHANGE_COUNT, CHANGES, OFFSETS, PER_SECOND, Writer

_DAY = 86_400_000_000
_FIRST, _PAST = -62_135_596_800_000_000, 253_402_300_800_000_000
"""The years 1 to 9999, which are all that `datetime` has."""


def time_of(writer: Writer, raw: Any) -> Value:
    """Return a time of the column; one that `datetime` does not have ends the run.

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
    shown = builder.add(utc, _offset(writer, utc))
    over = builder.sub(shown, WHOLE(_FIRST))
    emit.fail_if(builder.icmp_unsigned(">=", over, WHOLE(_PAST - _FIRST)))
    return Value(TIME, [shown])


def _offset(writer: Writer, utc: Any) -> Any:
    """Return the offset of the zone: that after as many changes as are not later."""
    emit = writer.emit
    builder = emit.builder
    low, high = emit.alloca(WHOLE), emit.alloca(WHOLE)
    builder.store(WHOLE(0), low)
    builder.store(emit.load_at(emit.context, WHOLE, CHANGE_COUNT), high)
    changes = emit.load_at(emit.context, WHOLE, CHANGES)
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
    offsets = emit.load_at(emit.context, WHOLE, OFFSETS)
    return emit.load_at(emit.element(offsets, builder.load(low)), WHOLE)


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
    return Value(INT, [_ATTRIBUTES[name](writer, given.part)])


def called(writer: Writer, given: Value, name: str) -> Value | None:
    """Call a method of a time; None where it has no such one."""
    made = _METHODS.get(name)
    return None if made is None else Value(INT, [made(writer, given.part)])

"""Arithmetic and comparison with the rules of Python.

Whole numbers have 64 bits, and what needs more ends the run; Python then raises what there is to
say, or that compiled code has no such numbers. Floats are IEEE 754 doubles in the order written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from omega.compiling.emitter import BIT, REAL, WHOLE, Emitter
from omega.compiling.ir import FunctionType
from omega.compiling.kinds import (
    BOOL,
    FLOAT,
    INT,
    MAYBE,
    NONE,
    POSITION,
    TEXT,
    TIME,
    Refused,
    Value,
)

_LEAST = -(1 << 63)


def binary(emit: Emitter, operator: ast.operator, left: Value, right: Value) -> Value:
    """Combine two numbers by an operator.

    Raises:
        Refused: They are no numbers, or the operator is not compiled.
    """
    made = _OPERATORS.get(type(operator))
    if made is None:
        raise Refused(f"the operator {type(operator).__name__} is not compiled")
    if TEXT in (left.kind, right.kind):
        raise Refused(
            "texts are compared and passed on, and not put together; choose between texts"
        )
    if TIME in (left.kind, right.kind):
        raise Refused("times are compared, and not put together; use bar.timestamp")
    name, of_ints, of_floats = made
    a, b = emit.number(left), emit.number(right)
    if a.kind == b.kind == INT:
        result: Value = of_ints(emit, a, b)
    elif of_floats is None:
        raise Refused(f"{name} takes whole numbers, and was given {left.kind} and {right.kind}")
    else:
        result = of_floats(emit, emit.as_float(a), emit.as_float(b))
    return result


def _checked(name: str) -> Callable[[Emitter, Value, Value], Value]:
    def made(emit: Emitter, a: Value, b: Value) -> Value:
        pair = getattr(emit.builder, f"{name}_with_overflow")(a.part, b.part)
        emit.fail_if(emit.builder.extract_value(pair, 1))
        return Value(INT, [emit.builder.extract_value(pair, 0)])

    return made


def _plain(name: str) -> Callable[[Emitter, Value, Value], Value]:
    def made(emit: Emitter, a: Value, b: Value) -> Value:
        return Value(FLOAT, [getattr(emit.builder, name)(a.part, b.part)])

    return made


def _bits(name: str) -> Callable[[Emitter, Value, Value], Value]:
    def made(emit: Emitter, a: Value, b: Value) -> Value:
        return Value(INT, [getattr(emit.builder, name)(a.part, b.part)])

    return made


def _divided(emit: Emitter, a: Value, b: Value) -> Value:
    emit.fail_if(emit.builder.fcmp_ordered("==", b.part, REAL(0.0)))
    return Value(FLOAT, [emit.builder.fdiv(a.part, b.part)])


def _whole_quotient(emit: Emitter, a: Value, b: Value) -> tuple[Any, Any]:
    """Quotient and remainder, the quotient rounded down."""
    builder = emit.builder
    emit.fail_if(builder.icmp_signed("==", b.part, WHOLE(0)))
    least = builder.icmp_signed("==", a.part, WHOLE(_LEAST))
    emit.fail_if(builder.and_(least, builder.icmp_signed("==", b.part, WHOLE(-1))))
    quotient, rest = builder.sdiv(a.part, b.part), builder.srem(a.part, b.part)
    signs = builder.icmp_signed("<", builder.xor(rest, b.part), WHOLE(0))
    down = builder.and_(signs, builder.icmp_signed("!=", rest, WHOLE(0)))
    quotient = builder.sub(quotient, builder.zext(down, WHOLE))
    return quotient, builder.add(rest, builder.select(down, b.part, WHOLE(0)))


def _float_quotient(emit: Emitter, a: Value, b: Value) -> tuple[Any, Any]:
    """The same of floats, step by step as `_float_div_mod` of CPython's floatobject.c."""
    builder, zero = emit.builder, REAL(0.0)
    emit.fail_if(builder.fcmp_ordered("==", b.part, zero))
    rest = builder.frem(a.part, b.part)
    quotient = builder.fdiv(builder.fsub(a.part, rest), b.part)
    is_rest = builder.fcmp_unordered("!=", rest, zero)
    rest_below = builder.fcmp_ordered("<", rest, zero)
    signs = builder.xor(builder.fcmp_ordered("<", b.part, zero), rest_below)
    moved = builder.and_(is_rest, signs)
    quotient = builder.select(moved, builder.fsub(quotient, REAL(1.0)), quotient)
    rest = builder.select(moved, builder.fadd(rest, b.part), rest)
    rest = builder.select(is_rest, rest, copysign(emit, zero, b.part))
    floor = intrinsic(emit, "llvm.floor", quotient)
    is_far = builder.fcmp_ordered(">", builder.fsub(quotient, floor), REAL(0.5))
    floor = builder.select(is_far, builder.fadd(floor, REAL(1.0)), floor)
    signed_zero = copysign(emit, zero, builder.fdiv(a.part, b.part))
    is_quotient = builder.fcmp_unordered("!=", quotient, zero)
    return builder.select(is_quotient, floor, signed_zero), rest


def _power(emit: Emitter, a: Value, b: Value) -> Value:
    """Of whole numbers: a known exponent above 0 multiplies, a negative one is of floats."""
    if not b.is_static:
        raise Refused("** of whole numbers needs a number as its exponent; write float(...) ** n")
    if b.static < 0:
        return float_power(emit, emit.as_float(a), emit.as_float(b))
    if b.static > 62:  # noqa: PLR2004 - 2**63 has more than 64 bits
        raise Refused(f"** {b.static} of a whole number has more than 64 bits; write float(...)")
    result = emit.whole(1)
    for _ in range(b.static):
        result = _checked("smul")(emit, result, a)
    return result


def float_power(emit: Emitter, a: Value, b: Value) -> Value:
    """Call the C library's pow, as Python does; what is no real number ends the run."""
    builder = emit.builder
    result = emit.call("omega_pow", REAL, [a.part, b.part])
    is_zero = builder.fcmp_ordered("==", a.part, REAL(0.0))
    emit.fail_if(builder.and_(is_zero, builder.fcmp_ordered("<", b.part, REAL(0.0))))
    known = builder.and_(is_finite(emit, a.part), is_finite(emit, b.part))
    emit.fail_if(builder.and_(known, builder.not_(is_finite(emit, result))))
    return Value(FLOAT, [result])


def _shifted(emit: Emitter, a: Value, b: Value) -> Value:
    if not b.is_static or not 0 <= b.static < 63:  # noqa: PLR2004 - bits
        raise Refused("a shift needs a number of bits from 0 to 62")
    return _checked("smul")(emit, a, emit.whole(1 << b.static))


def _shifted_down(emit: Emitter, a: Value, b: Value) -> Value:
    if not b.is_static or not 0 <= b.static < 64:  # noqa: PLR2004 - bits
        raise Refused("a shift needs a number of bits from 0 to 63")
    return Value(INT, [emit.builder.ashr(a.part, b.part)])


_OPERATORS: dict[type, Any] = {
    ast.Add: ("+", _checked("sadd"), _plain("fadd")),
    ast.Sub: ("-", _checked("ssub"), _plain("fsub")),
    ast.Mult: ("*", _checked("smul"), _plain("fmul")),
    ast.Div: (
        "/",
        lambda emit, a, b: _divided(emit, emit.as_float(a), emit.as_float(b)),
        _divided,
    ),
    ast.FloorDiv: (
        "//",
        lambda emit, a, b: Value(INT, [_whole_quotient(emit, a, b)[0]]),
        lambda emit, a, b: Value(FLOAT, [_float_quotient(emit, a, b)[0]]),
    ),
    ast.Mod: (
        "%",
        lambda emit, a, b: Value(INT, [_whole_quotient(emit, a, b)[1]]),
        lambda emit, a, b: Value(FLOAT, [_float_quotient(emit, a, b)[1]]),
    ),
    ast.Pow: ("**", _power, float_power),
    ast.BitAnd: ("&", _bits("and_"), None),
    ast.BitOr: ("|", _bits("or_"), None),
    ast.BitXor: ("^", _bits("xor"), None),
    ast.LShift: ("<<", _shifted, None),
    ast.RShift: (">>", _shifted_down, None),
}


def negative(emit: Emitter, value: Value) -> Value:
    """Return -value."""
    value = emit.number(value)
    if value.kind == FLOAT:
        if value.is_static:
            return emit.float(-value.static)
        return Value(FLOAT, [emit.builder.fneg(value.part)])
    if value.is_static:
        return emit.whole(-value.static)
    return _checked("ssub")(emit, emit.whole(0), value)


def absolute(emit: Emitter, value: Value) -> Value:
    """Return abs(value)."""
    value = emit.number(value)
    if value.kind == FLOAT:
        return Value(FLOAT, [intrinsic(emit, "llvm.fabs", value.part)])
    below = emit.builder.icmp_signed("<", value.part, WHOLE(0))
    return emit.chosen(below, negative(emit, value), Value(INT, value.parts))


_WORDS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def compared(emit: Emitter, operator: ast.cmpop, left: Value, right: Value) -> Value:
    """Compare two values.

    Raises:
        Refused: They cannot be compared in compiled code.
    """
    if isinstance(operator, (ast.Is, ast.IsNot)):
        same = _is_same(emit, left, right)
        return Value(BOOL, [same if isinstance(operator, ast.Is) else emit.builder.not_(same)])
    word = _WORDS.get(type(operator))
    if word is None:
        raise Refused("in and not in are compiled with a tuple of values on the right")
    if word in ("==", "!="):
        made = _equal(emit, word, left, right)
        if made is not None:
            return made
    if TIME in (left.kind, right.kind):
        raise Refused(
            "a time is compared with another time; compare its hour, minute, weekday() and so on "
            "with numbers, or bar.timestamp"
        )
    a, b = emit.number(left), emit.number(right)
    if a.kind == b.kind == INT:
        return Value(BOOL, [emit.builder.icmp_signed(word, a.part, b.part)])
    a, b = emit.as_float(a), emit.as_float(b)
    how = emit.builder.fcmp_unordered if word == "!=" else emit.builder.fcmp_ordered
    return Value(BOOL, [how(word, a.part, b.part)])


def _is_same(emit: Emitter, left: Value, right: Value) -> Any:
    if left.kind == NONE:
        left, right = right, left
    if right.kind != NONE:
        raise Refused("is and is not are compiled with None on one side; use == for values")
    if left.kind == POSITION:
        return emit.builder.icmp_signed("==", left.part, WHOLE(0))
    if left.kind in MAYBE:
        return emit.builder.not_(left.parts[0])
    return BIT(int(left.kind == NONE))


def _equal(emit: Emitter, word: str, left: Value, right: Value) -> Value | None:
    """Compare texts, and what may be None, by == and !=."""
    builder = emit.builder
    bare = [MAYBE.get(one.kind, one.kind) for one in (left, right)]
    if TEXT in bare and bare != [TEXT, TEXT] and NONE not in bare:
        raise Refused(f"{left.kind} and {right.kind} are never equal")
    is_maybe = left.kind in MAYBE or right.kind in MAYBE or NONE in bare
    if not is_maybe and bare != [TEXT, TEXT]:
        return None
    if POSITION in bare:
        raise Refused("a position is compared with None by is and is not")
    if bare == [NONE, NONE]:
        equal = BIT(1)
    elif NONE in bare:
        other = right if left.kind == NONE else left
        equal = builder.not_(other.parts[0]) if other.kind in MAYBE else BIT(0)
    else:
        (has_a, a), (has_b, b) = _opened(left), _opened(right)
        if bare == [FLOAT, FLOAT]:
            same = builder.fcmp_ordered("==", a, b)
        elif FLOAT not in bare:
            same = builder.icmp_signed("==", a, b)
        else:
            raise Refused(f"{left.kind} and {right.kind} are compared after a test for None")
        both = builder.and_(has_a, has_b)
        neither = builder.not_(builder.or_(has_a, has_b))
        equal = builder.or_(builder.and_(both, same), neither)
    return Value(BOOL, [equal if word == "==" else builder.not_(equal)])


def _opened(value: Value) -> tuple[Any, Any]:
    if value.kind in MAYBE:
        return value.parts[0], value.parts[1]
    return BIT(1), value.part


def intrinsic(emit: Emitter, name: str, value: Any) -> Any:
    """Call an intrinsic of one float."""
    function = emit.module.declare_intrinsic(f"{name}.f64", FunctionType(REAL, [REAL]))
    return emit.builder.call(function, [value])


def copysign(emit: Emitter, size: Any, sign: Any) -> Any:
    """Return a size with another's sign."""
    function = emit.module.declare_intrinsic("llvm.copysign.f64", FunctionType(REAL, [REAL, REAL]))
    return emit.builder.call(function, [size, sign])


def is_finite(emit: Emitter, value: Any) -> Any:
    """Return whether a float is neither NaN nor infinite."""
    size = intrinsic(emit, "llvm.fabs", value)
    return emit.builder.fcmp_ordered("<", size, REAL(float("inf")))


def whole_of(emit: Emitter, value: Any) -> Value:
    """Return a float without a fraction as a whole number; one beyond 64 bits ends the run."""
    inside = emit.builder.fcmp_ordered("<", intrinsic(emit, "llvm.fabs", value), REAL(2.0**63))
    emit.fail_if(emit.builder.not_(inside))
    return Value(INT, [emit.builder.fptosi(value, WHOLE)])

"""Statements of a callback, as machine code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from omega.compiling import arithmetic, elementwise, frame_reads, lists, positions
from omega.compiling.arrays import bounds, fold, place_of
from omega.compiling.emitter import BYTE, WHOLE
from omega.compiling.expressions import truth, value
from omega.compiling.kinds import (
    BOOL,
    INT,
    OBJECT,
    ORDERS,
    POSITIONS,
    SYMBOLS,
    TUPLE,
    ArrayKind,
    ListKind,
    Refused,
    Value,
)
from omega.compiling.writer import Own, Writer


def write_body(writer: Writer, body: Sequence[ast.stmt]) -> None:
    """Write statements, one after the other; what follows a return or break is never reached."""
    for node in body:
        if writer.emit.builder.block.is_terminated:
            return
        with writer.at(node):
            made = _MADE.get(type(node))
            if made is None:
                raise Refused(_HINTS.get(type(node), f"{type(node).__name__} is not compiled"))
            if isinstance(node, _OF_A_MOMENT):
                with writer.for_a_moment():
                    made(writer, node)
            else:
                made(writer, node)


def _expression(writer: Writer, node: ast.Expr) -> None:
    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return  # a docstring
    value(writer, node.value)


def _assignment(writer: Writer, node: ast.Assign) -> None:
    given = value(writer, node.value)
    for target in node.targets:
        _assign(writer, target, given)


def _annotated(writer: Writer, node: ast.AnnAssign) -> None:
    if node.value is not None:
        _assign(writer, node.target, value(writer, node.value))


def _assign(writer: Writer, target: ast.expr, given: Value) -> None:
    if isinstance(target, ast.Name):
        writer.assign(target.id, given)
    elif isinstance(target, (ast.Tuple, ast.List)):
        if given.kind != TUPLE or len(given.static) != len(target.elts):
            raise Refused("several names are compiled with as many values, as in a, b = x, y")
        for one, part in zip(target.elts, given.static, strict=True):
            _assign(writer, one, part)
    elif isinstance(target, ast.Attribute):
        owner = value(writer, target.value)
        if owner.kind != OBJECT or not isinstance(owner.static, Own) or owner.static.path:
            raise Refused("attributes of the strategy itself can be set, as in self.count = 1")
        writer.write_field(target.attr, given)
    elif isinstance(target, ast.Subscript):
        _assign_item(writer, target, given)
    else:
        raise Refused(f"{type(target).__name__} is not assigned to in compiled code")


def _assign_item(writer: Writer, target: ast.Subscript, given: Value) -> None:
    emit = writer.emit
    array = value(writer, target.value)
    if isinstance(array.kind, ListKind):
        grown, key = lists.Grown(writer, array), target.slice
        if isinstance(key, ast.Slice):
            if key.lower is not None or key.upper is not None or key.step is not None:
                raise Refused("single items of a list can be set, or all of them with [:]")
            grown.replace(given)
            return
        grown.put(grown.place(value(writer, target.slice)), given)
        return
    if not isinstance(array.kind, ArrayKind):
        raise Refused(f"items of {array.kind} cannot be set")
    if not array.kind.writeable:
        raise Refused("a window, or an array that is read only, cannot be written to")
    emit.change()  # as it may be one of the strategy's own
    if isinstance(target.slice, ast.Slice):
        _fill(writer, array, target.slice, given)
        return
    keys = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    if len(keys) != array.kind.dimensions:
        raise Refused("single items of an array can be set, or all of them with [:]")
    address, _ = place_of(writer, array, list(keys), value)
    emit.store_at(address, _stored(writer, array.kind, given))


def _stored(writer: Writer, kind: ArrayKind, given: Value) -> Any:
    """Return a value as an array of a kind holds it."""
    emit = writer.emit
    if kind.item == BOOL:
        if given.kind != BOOL:
            raise Refused(f"{given.kind} stands where a truth is needed")
        return emit.builder.zext(given.part, BYTE)
    if kind.item == INT:
        return emit.as_int(given).part
    return emit.as_float(given).part


def _fill(writer: Writer, array: Value, key: ast.Slice, given: Value) -> None:
    kind, emit = array.kind, writer.emit
    whole = key.lower is None and key.upper is None and key.step is None
    if not isinstance(kind, ArrayKind) or not whole or kind.dimensions != 1:
        raise Refused("an array is filled as a whole, as in self.seen[:] = 0.0")
    size = 1 if kind.item == BOOL else 8
    if isinstance(given.kind, ArrayKind):
        emit.fail_if(emit.builder.icmp_signed("!=", given.parts[1], array.parts[1]))
        if given.kind.item != kind.item:
            raise Refused(f"{given.kind} is written into {kind}")

        def copy(place: Any, one: Value) -> None:
            address = emit.element(array.parts[0], place, size)
            emit.store_at(address, _stored(writer, kind, one))

        fold(writer, given, copy)
        return
    stored = _stored(writer, kind, given)

    def fill(place: Any, _: Value) -> None:
        emit.store_at(emit.element(array.parts[0], place, size), stored)

    fold(writer, array, fill)


def _augmented(writer: Writer, node: ast.AugAssign) -> None:
    target = node.target
    read = ast.copy_location(_read(target), target)
    left, right = value(writer, read), value(writer, node.value)
    if isinstance(left.kind, ListKind) and isinstance(node.op, ast.Add):
        lists.Grown(writer, left).extend(right)
        return
    if isinstance(left.kind, (ArrayKind, ListKind)):
        raise Refused(
            f"{left.kind} is changed in its place here; write a[:] = a + b for an array, and "
            "append or extend for a list"
        )
    if isinstance(right.kind, ArrayKind):
        _assign(writer, target, elementwise.binary(writer, node.op, left, right))
        return
    _assign(writer, target, arithmetic.binary(writer.emit, node.op, left, right))


def _read(target: ast.expr) -> ast.expr:
    """Return a target as what is read there."""
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    if isinstance(target, ast.Subscript):
        return ast.Subscript(target.value, target.slice, ast.Load())
    raise Refused(f"{type(target).__name__} is not changed in compiled code")


def _branch(writer: Writer, node: ast.If) -> None:
    builder = writer.emit.builder
    condition = truth(writer, node.test)
    then = builder.append_basic_block("then")
    otherwise = builder.append_basic_block("otherwise")
    after = builder.append_basic_block("after")
    builder.cbranch(condition, then, otherwise)
    reached = False
    for block, body in ((then, node.body), (otherwise, node.orelse)):
        builder.position_at_end(block)
        write_body(writer, body)
        if not builder.block.is_terminated:
            builder.branch(after)
            reached = True
    builder.position_at_end(after)
    if not reached:
        builder.unreachable()


def _while(writer: Writer, node: ast.While) -> None:
    if node.orelse:
        raise Refused("else after a loop is not compiled")
    builder = writer.emit.builder
    with writer.emit.loop() as (again, after):
        inside = builder.append_basic_block("inside")
        builder.cbranch(truth(writer, node.test), inside, after)
        builder.position_at_end(inside)
        _loop_body(writer, node.body, again, after)


def _loop_body(writer: Writer, body: Sequence[ast.stmt], again: Any, after: Any) -> None:
    writer.loops.append((again, after))
    write_body(writer, body)
    writer.loops.pop()


def _for(writer: Writer, node: ast.For) -> None:
    if node.orelse:
        raise Refused("else after a loop is not compiled")
    over = node.iter
    if isinstance(over, ast.Call) and ast.unparse(over.func) == "range":
        _for_range(writer, node, over)
        return
    given = value(writer, over)
    if given.kind in (POSITIONS, ORDERS):

        def visit(one: Value) -> None:
            _assign(writer, node.target, one)
            write_body(writer, node.body)

        positions.each(writer, given, visit)
    elif isinstance(given.kind, ListKind):

        def item(one: Value) -> None:
            _assign(writer, node.target, one)
            write_body(writer, node.body)

        lists.Grown(writer, given).each(item)
    elif given.kind == SYMBOLS:
        _for_symbols(writer, node)
    elif isinstance(given.kind, ArrayKind) and given.kind.dimensions == 1:
        _count(
            writer,
            node,
            (WHOLE(0), given.parts[1], WHOLE(1)),
            lambda place: writer.item(given.kind, given.parts[0], place),
        )
    elif given.kind == TUPLE:
        _for_each(writer, node, given.static)
    else:
        raise Refused(
            f"a loop over {given.kind} is not compiled; there are range(...), self.positions, "
            "self.pending, bar.symbols, arrays, lists and tuples"
        )


def _for_each(writer: Writer, node: ast.For, items: Sequence[Value]) -> None:
    """Write the body for each part of a tuple."""
    if any(isinstance(part, (ast.Break, ast.Continue)) for part in ast.walk(node)):
        raise Refused("break and continue in a loop over a tuple are not compiled")
    for one in items:
        _assign(writer, node.target, one)
        write_body(writer, node.body)
        if writer.emit.builder.block.is_terminated:
            return


def _for_range(writer: Writer, node: ast.For, over: ast.Call) -> None:
    emit = writer.emit
    given = [emit.as_int(value(writer, one)) for one in over.args]
    if over.keywords or not 1 <= len(given) <= 3:  # noqa: PLR2004 - of range
        raise Refused("range takes one to three whole numbers")
    first = given[0].part if len(given) > 1 else WHOLE(0)
    past = given[1].part if len(given) > 1 else given[0].part
    step = given[2].part if len(given) > 2 else WHOLE(1)  # noqa: PLR2004 - of range
    emit.fail_if(emit.builder.icmp_signed("==", step, WHOLE(0)))
    _count(writer, node, (first, past, step), lambda place: Value(INT, [place]))


def _count(
    writer: Writer,
    node: ast.For,
    steps: tuple[Any, Any, Any],
    item: Callable[[Any], Value],
) -> None:
    emit = writer.emit
    builder = emit.builder
    first, past, step = steps
    place = emit.alloca(WHOLE)
    builder.store(first, place)
    up = builder.icmp_signed(">", step, WHOLE(0))
    with emit.loop() as (again, after):
        now = builder.load(place)
        below = builder.icmp_signed("<", now, past)
        above = builder.icmp_signed(">", now, past)
        inside = builder.append_basic_block("inside")
        builder.cbranch(builder.select(up, below, above), inside, after)
        builder.position_at_end(inside)
        # One too far for 64 bits is past the end on its side.
        pair = builder.sadd_with_overflow(now, step)
        far = builder.extract_value(pair, 1)
        builder.store(builder.select(far, past, builder.extract_value(pair, 0)), place)
        _assign(writer, node.target, item(now))
        _loop_body(writer, node.body, again, after)


def _for_symbols(writer: Writer, node: ast.For) -> None:
    emit = writer.emit
    builder = emit.builder
    place = emit.alloca(WHOLE)
    builder.store(WHOLE(0), place)
    with emit.loop() as (again, after):
        now = builder.load(place)
        inside, wanted = (builder.append_basic_block(name) for name in ("inside", "wanted"))
        count = emit.of_frame("symbol_count")
        builder.cbranch(builder.icmp_signed("<", now, count), inside, after)
        builder.position_at_end(inside)
        builder.store(builder.add(now, WHOLE(1)), place)
        ready = emit.field(frame_reads.track_at(writer, now), "omega_track", "ready")
        builder.cbranch(builder.icmp_signed("!=", ready, WHOLE(0)), wanted, again)
        builder.position_at_end(wanted)
        _assign(writer, node.target, writer.text_of_symbol(now))
        _loop_body(writer, node.body, again, after)


def _break(writer: Writer, _: ast.Break) -> None:
    writer.emit.builder.branch(writer.loops[-1][1])


def _continue(writer: Writer, _: ast.Continue) -> None:
    writer.emit.builder.branch(writer.loops[-1][0])


def _return(writer: Writer, node: ast.Return) -> None:
    given = writer.emit.none if node.value is None else value(writer, node.value)
    writer.assign("<result>", given)
    writer.emit.builder.branch(writer.scope.exit)


def _raise(writer: Writer, _: ast.Raise) -> None:
    writer.emit.fail()


def _assert(writer: Writer, node: ast.Assert) -> None:
    holds = truth(writer, node.test)
    writer.emit.fail_if(writer.emit.builder.not_(holds))


def _delete(writer: Writer, node: ast.Delete) -> None:
    for target in node.targets:
        if not isinstance(target, ast.Subscript):
            raise Refused("del is compiled for items and parts of a list, as in del self.seen[0]")
        grown, key = lists.Grown(writer, value(writer, target.value)), target.slice
        if isinstance(key, ast.Slice):
            grown.cut(*bounds(writer, key, grown.length, value))
        else:
            grown.cut(grown.place(value(writer, key)), WHOLE(1))


def _pass(_: Writer, __: ast.Pass) -> None:
    """Nothing is written."""


_MADE: dict[type, Callable[[Writer, Any], None]] = {
    ast.Expr: _expression,
    ast.Assign: _assignment,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _branch,
    ast.While: _while,
    ast.For: _for,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Pass: _pass,
    ast.Delete: _delete,
}

_OF_A_MOMENT = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)

_HINTS: dict[type, str] = {
    ast.Try: "try is not compiled; test before, with if",
    ast.With: "with is not compiled",
    ast.FunctionDef: "a function inside is not compiled; write it beside the class",
    ast.Global: "a global variable is not compiled; keep it on self",
    ast.Nonlocal: "a variable of the function outside is not compiled; keep it on self",
    ast.Import: "an import stands at the top of the file",
    ast.ImportFrom: "an import stands at the top of the file",
    ast.Match: "match is not compiled; write if and elif",
}

"""Expressions of a callback, as machine code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from omega.compiling import (
    arithmetic,
    elementwise,
    events,
    frame_reads,
    functions,
    list_values,
    lists,
    orders,
    positions,
    times,
)
from omega.compiling.arrays import bounds, item_of
from omega.compiling.emitter import BIT, PARTS, WHOLE
from omega.compiling.kinds import (
    ASK,
    BAR,
    BID,
    BOOL,
    FILL,
    FLOAT,
    INDICATOR,
    MAYBE_TEXT,
    NONE,
    OBJECT,
    ORDER,
    ORDERS,
    POSITION,
    POSITIONS,
    TEXT,
    TIME,
    TRADE,
    TUPLE,
    ArrayKind,
    Kind,
    ListKind,
    PartKind,
    Refused,
    Value,
)
from omega.compiling.writer import Own, Writer
from omega.strategy.arguments import is_of_engine
from omega.strategy.base import Strategy

BARS = (BAR, BID, ASK)


def value(writer: Writer, node: ast.expr) -> Value:
    """Write an expression."""
    with writer.at(node):
        made = _MADE.get(type(node))
        if made is None:
            raise Refused(_HINTS.get(type(node), f"{type(node).__name__} is not compiled"))
        result: Value = made(writer, node)
    return result


def truth(writer: Writer, node: ast.expr) -> Any:
    """Write an expression of which only the truth counts."""
    with writer.at(node):
        if isinstance(node, ast.BoolOp):
            return _short(writer, node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return writer.emit.builder.not_(truth(writer, node.operand))
        return _truth_of(writer, value(writer, node))


def _truth_of(writer: Writer, given: Value) -> Any:
    if given.kind in (POSITIONS, ORDERS):
        total = positions.counted(writer, given)
        return writer.emit.builder.icmp_signed("!=", total.part, WHOLE(0))
    if given.kind == ORDER:
        return BIT(1)
    if isinstance(given.kind, (ListKind, PartKind)):
        return lists.truth(writer, given)
    if given.kind == MAYBE_TEXT:
        inner = _truth_of(writer, Value(TEXT, [given.parts[1]]))
        return writer.emit.builder.and_(given.parts[0], inner)
    if given.kind == TEXT:
        empty = writer.text("")
        return writer.emit.builder.icmp_signed("!=", given.part, empty.part)
    return writer.emit.as_truth(given)


def _short(writer: Writer, node: ast.BoolOp) -> Any:
    """Write `and` and `or`: the rest is checked only where it decides."""
    builder = writer.emit.builder
    result = writer.emit.alloca(BIT)
    done = builder.append_basic_block("done")
    is_and = isinstance(node.op, ast.And)
    for place, one in enumerate(node.values):
        now = truth(writer, one)
        builder.store(now, result)
        if place + 1 < len(node.values):
            rest = builder.append_basic_block("rest")
            builder.cbranch(now, *((rest, done) if is_and else (done, rest)))
            builder.position_at_end(rest)
    builder.branch(done)
    builder.position_at_end(done)
    return builder.load(result)


def _boolean(writer: Writer, node: ast.BoolOp) -> Value:
    """Write `and` and `or` as values: the operand that decided, not only its truth."""
    builder = writer.emit.builder
    done = builder.append_basic_block("done")
    is_and = isinstance(node.op, ast.And)
    held = _Held(writer, node)
    for place, one in enumerate(node.values):
        now = value(writer, one)
        held.keep(now)
        if place + 1 < len(node.values):
            rest = builder.append_basic_block("rest")
            branches = (rest, done) if is_and else (done, rest)
            builder.cbranch(_truth_of(writer, now), *branches)
            builder.position_at_end(rest)
    builder.branch(done)
    builder.position_at_end(done)
    return held.value


class _Held:
    """A value that is decided in several branches, as a variable without a name."""

    def __init__(self, writer: Writer, node: ast.expr) -> None:
        self.writer = writer
        self.key = (writer.scope.path, node.lineno, node.col_offset)
        self.places: list[Any] = []
        self.kind: Kind | None = None

    def keep(self, given: Value) -> None:
        """Hold a value."""
        if given.kind in (OBJECT, TUPLE) or isinstance(given.kind, ListKind):
            raise Refused(f"{given.kind} stands where a number is needed")
        emit, kind = self.writer.emit, self.writer.note(self.key, given.kind)
        if self.kind != kind:
            self.kind = kind
            self.places = [emit.alloca(PARTS[part]) for part in kind.parts]
        made = emit.coerced(given, kind)
        for part, place in zip(made.parts, self.places, strict=True):
            emit.builder.store(part, place)

    @property
    def value(self) -> Value:
        """What is held."""
        kind = self.kind or NONE
        return Value(kind, [self.writer.emit.builder.load(place) for place in self.places])


def _choice(writer: Writer, node: ast.IfExp) -> Value:
    builder = writer.emit.builder
    held = _Held(writer, node)
    with builder.if_else(truth(writer, node.test)) as (then, otherwise):
        with then:
            held.keep(value(writer, node.body))
        with otherwise:
            held.keep(value(writer, node.orelse))
    return held.value


def _comparison(writer: Writer, node: ast.Compare) -> Value:
    left = value(writer, node.left)
    if len(node.ops) == 1:
        return _compared(writer, node, left)
    builder = writer.emit.builder
    result = writer.emit.alloca(BIT)
    done = builder.append_basic_block("done")
    left_node = node.left
    for place, (operator, right_node) in enumerate(zip(node.ops, node.comparators, strict=True)):
        right = value(writer, right_node)
        now = list_values.compared(writer, operator, (left_node, left), (right_node, right))
        now = now or times.compared(writer, operator, left, right)
        now = now or arithmetic.compared(writer.emit, operator, left, right)
        builder.store(now.part, result)
        left, left_node = right, right_node
        if place + 1 < len(node.ops):
            rest = builder.append_basic_block("rest")
            builder.cbranch(now.part, rest, done)
            builder.position_at_end(rest)
    builder.branch(done)
    builder.position_at_end(done)
    return Value(BOOL, [builder.load(result)])


def _compared(writer: Writer, node: ast.Compare, left: Value) -> Value:
    emit = writer.emit
    (operator,), left_node, (right_node,) = node.ops, node.left, node.comparators
    right = value(writer, right_node)
    if isinstance(operator, (ast.In, ast.NotIn)) and isinstance(right.kind, (ListKind, PartKind)):
        inside = lists.has(writer, right, left)
        is_in = isinstance(operator, ast.In)
        return Value(BOOL, [inside if is_in else emit.builder.not_(inside)])
    if isinstance(operator, (ast.In, ast.NotIn)):
        if right.kind != TUPLE:
            raise Refused("in and not in are compiled with a tuple or list of values on the right")
        found: Any = BIT(0)
        for one in right.static:
            equal = arithmetic.compared(emit, ast.Eq(), left, one)
            found = emit.builder.or_(found, equal.part)
        if isinstance(operator, ast.NotIn):
            found = emit.builder.not_(found)
        return Value(BOOL, [found])
    for one in (left, right):
        if one.kind == INDICATOR:
            raise Refused("an indicator is about all bars; write [-1] for its value now")
    made = list_values.compared(writer, operator, (left_node, left), (right_node, right))
    made = made or times.compared(writer, operator, left, right)
    if made is not None:
        return made
    if isinstance(left.kind, ArrayKind) or isinstance(right.kind, ArrayKind):
        return elementwise.compared(writer, operator, left, right)
    return arithmetic.compared(emit, operator, left, right)


def _binary(writer: Writer, node: ast.BinOp) -> Value:
    left, right = value(writer, node.left), value(writer, node.right)
    for one in (left, right):
        if one.kind == INDICATOR:
            raise Refused("an indicator is about all bars; write [-1] for its value now")
    of_lists = list_values.binary_of(writer, node.op, (node.left, left), (node.right, right))
    if of_lists is not None:
        return of_lists
    if isinstance(left.kind, ArrayKind) or isinstance(right.kind, ArrayKind):
        return elementwise.binary(writer, node.op, left, right)
    return arithmetic.binary(writer.emit, node.op, left, right)


def _unary(writer: Writer, node: ast.UnaryOp) -> Value:
    emit = writer.emit
    if isinstance(node.op, ast.Not):
        return Value(BOOL, [emit.builder.not_(truth(writer, node.operand))])
    given = value(writer, node.operand)
    if isinstance(given.kind, ArrayKind) and isinstance(node.op, ast.USub):
        return elementwise.negative(writer, given)
    if isinstance(node.op, ast.USub):
        return arithmetic.negative(emit, given)
    if isinstance(node.op, ast.UAdd):
        return emit.number(given)
    return Value(emit.as_int(given).kind, [emit.builder.not_(emit.as_int(given).part)])


def _constant(writer: Writer, node: ast.Constant) -> Value:
    if not isinstance(node.value, (bool, int, float, str, type(None))):
        raise Refused(f"{type(node.value).__name__} is not compiled")
    return writer.constant(node.value)


def _name(writer: Writer, node: ast.Name) -> Value:
    scope = writer.scope
    if node.id in scope.statics:
        return scope.statics[node.id]
    if node.id in scope.slots:
        return writer.load(node.id)
    if node.id in scope.source.assigned:
        raise Refused(f"{node.id} is read before it has a value")
    found = scope.source.meaning(node.id)
    writer.globals.note(scope.source.function, node.id, found)
    return writer.constant(found)


def _tuple(writer: Writer, node: ast.Tuple | ast.List) -> Value:
    return Value(TUPLE, [], [value(writer, one) for one in node.elts])


def _attribute(writer: Writer, node: ast.Attribute) -> Value:
    given, name = value(writer, node.value), node.attr
    known = _ATTRIBUTES.get(given.kind)
    if known is not None:
        return known(writer, given, name)
    if given.kind == OBJECT and isinstance(given.static, Own):
        return _of_own(writer, given.static, name)
    if given.kind == OBJECT:
        found = getattr(given.static, name, None)
        if found is None:
            raise Refused(f"{getattr(given.static, '__name__', given.static)} has no {name}")
        return writer.constant(found)
    is_row = isinstance(given.kind, ArrayKind) and given.kind.dimensions == 1
    if is_row and name == "size" and not isinstance(given.kind, PartKind):
        return functions.TABLE[len](writer, [given])
    raise Refused(f"{given.kind} has no compiled {name!r}")


_ATTRIBUTES: dict[Kind, Callable[[Writer, Value, str], Value]] = {
    **dict.fromkeys(BARS, frame_reads.of_bar),
    **dict.fromkeys((FILL, TRADE), events.of_event),
    POSITION: positions.of_position,
    ORDER: positions.of_order,
    TIME: times.of_time,
}

_ACCOUNT: dict[str, Callable[[Writer], Value]] = {
    "position": positions.first_position,
    "positions": lambda _: positions.all_positions(),
    "pending": lambda _: positions.all_orders(),
    "equity": lambda writer: Value(FLOAT, [writer.emit.of_frame("equity")]),
    "balance": lambda writer: Value(FLOAT, [writer.emit.of_frame("balance")]),
}


def _of_own(writer: Writer, own: Own, name: str) -> Value:
    """Read an attribute of the strategy, or of an object that it has."""
    if not own.path:
        if name in _ACCOUNT:
            return _ACCOUNT[name](writer)
        found = inspect.getattr_static(type(writer.fields.instance), name, None)
        if isinstance(found, property) and isinstance(found.fget, FunctionType):
            return writer.inline(found.fget, [writer.me], {})
        if isinstance(found, (FunctionType, staticmethod, classmethod)):
            raise Refused(f"self.{name} is a method; call it")
    field = writer.fields.of(own.to(name))
    if field.column is not None:
        return frame_reads.indicator(writer, field.column)
    return writer.read_field(own.to(name))


def _item(writer: Writer, node: ast.Subscript) -> Value:
    given = value(writer, node.value)
    if isinstance(given.kind, ArrayKind):
        return item_of(writer, given, node.slice, value)
    if isinstance(given.kind, ListKind):
        return _item_of_list(writer, lists.Grown(writer, given), node.slice)
    if isinstance(node.slice, ast.Slice):
        raise Refused(f"{given.kind} has no slices; write .window(n)")
    key = value(writer, node.slice)
    if given.kind == INDICATOR:
        return frame_reads.value_at(writer, given, key)
    if given.kind == BAR:
        return frame_reads.of_symbol(writer, given, key)
    if given.kind in (POSITIONS, ORDERS):
        return positions.nth(writer, given, key)
    if given.kind == TUPLE and key.is_static:
        found: Value = given.static[key.static]
        return found
    raise Refused(f"{given.kind} is not indexed in compiled code")


def _item_of_list(writer: Writer, grown: lists.Grown, key: ast.expr) -> Value:
    if isinstance(key, ast.Slice):
        return grown.part(*bounds(writer, key, grown.length, value))
    return grown.at(grown.place(value(writer, key)))


def _call(writer: Writer, node: ast.Call) -> Value:
    if any(isinstance(one, ast.Starred) for one in node.args):
        raise Refused("* in a call is not compiled")
    if any(one.arg is None for one in node.keywords):
        raise Refused("** in a call is not compiled")
    if isinstance(node.func, ast.Attribute):
        if _is_super(node.func.value):
            return _inherited(writer, node, node.func.attr)
        given = value(writer, node.func.value)
        if given.kind != OBJECT or isinstance(given.static, Own):
            return _method(writer, node, given, node.func.attr)
    called = value(writer, node.func)
    if called.kind != OBJECT:
        raise Refused(f"{called.kind} is not called")
    return _function(writer, node, called.static)


def _is_super(node: ast.expr) -> bool:
    """Return whether it is `super()`."""
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return is_call and ast.unparse(node) == "super()"


def _inherited(writer: Writer, node: ast.Call, name: str) -> Value:
    """Call a method of the classes above the one that the code stands in."""
    own = writer.scope.source.meaning("__class__")
    above = type(writer.fields.instance).__mro__
    for kind in above[above.index(own) + 1 :]:
        found = vars(kind).get(name)
        if isinstance(found, FunctionType) and not is_of_engine(kind.__module__):
            given, named = _arguments(writer, node)
            return writer.inline(found, [writer.me, *given], named)
    raise Refused(f"super() has no method {name!r} that can be compiled")


def _arguments(writer: Writer, node: ast.Call) -> tuple[list[Value], dict[str, Value]]:
    given = [value(writer, one) for one in node.args]
    return given, {str(one.arg): value(writer, one.value) for one in node.keywords}


def _function(writer: Writer, node: ast.Call, called: Any) -> Value:
    if called is bool and len(node.args) == 1 and not node.keywords:
        return Value(BOOL, [truth(writer, node.args[0])])  # of `and` and `or`, whatever they hold
    if isinstance(node.func, ast.Name) and node.func.id == "print":  # whoever has replaced it
        raise Refused("print is not compiled; keep numbers on self, and print after the run")
    made = functions.of_static(called)
    given, named = _arguments(writer, node)
    if made is not None:
        if named:
            raise Refused(f"{', '.join(named)}: not compiled here")
        return made(writer, given)
    if isinstance(called, FunctionType) and not is_of_engine(called.__module__):
        return writer.inline(called, given, named)
    name = getattr(called, "__qualname__", repr(called))
    module = getattr(called, "__module__", "") or ""
    if module.startswith("omega.strategy.actions"):
        raise Refused(f"{name} makes an object; call self.buy, self.sell, self.close and so on")
    raise Refused(
        f"{module}.{name} is not compiled; there are functions of math, sums and extremes of NumPy,"
        " and functions of your own"
    )


def _method(writer: Writer, node: ast.Call, given: Value, name: str) -> Value:
    if given.kind == OBJECT:
        return _own_method(writer, node, given.static, name)
    arguments, named = _arguments(writer, node)
    if named:
        raise Refused(f"{', '.join(named)}: not compiled here; give the arguments in order")
    if isinstance(given.kind, (ListKind, PartKind)):
        return lists.called(writer, given, name, arguments)
    if given.kind == TIME and not arguments:
        made = times.called(writer, given, name)
        if made is not None:
            return made
    known = _METHODS.get((given.kind.name, name))
    if known is not None and len(arguments) == 1:
        return known(writer, given, arguments[0])
    if given.kind in BARS and name.endswith("_window") and len(arguments) == 1:
        column = name.removesuffix("_window")
        if column in (*frame_reads.PRICES, "volume"):
            return frame_reads.window(writer, given, arguments[0], column)
    if isinstance(given.kind, ArrayKind) and name in functions.METHODS and not arguments:
        return functions.METHODS[name](writer, [given])
    raise Refused(f"{given.kind} has no compiled method {name!r} of {len(arguments)} arguments")


_METHODS: dict[tuple[str, str], Callable[[Writer, Value, Value], Value]] = {
    ("bar", "ago"): frame_reads.earlier,
    ("bar", "tf"): frame_reads.on_timeframe,
    ("indicator", "ago"): frame_reads.value_ago,
    ("indicator", "window"): frame_reads.values_window,
}


def _own_method(writer: Writer, node: ast.Call, own: Own, name: str) -> Value:
    """Call a method of the strategy."""
    kind = type(writer.fields.instance)
    found = inspect.getattr_static(kind, name, None)
    inherited = inspect.getattr_static(Strategy, name, None)
    if own.path:
        raise Refused(f"self.{own.path}.{name} is a method of another object")
    given, named = _arguments(writer, node)
    if name in orders.SIGNATURES and found is inherited:
        names, most = orders.SIGNATURES[name]
        if len(given) > most or not set(named) <= set(names):
            raise Refused(f"{name} takes {', '.join(names)}")
        words = dict(zip(names, given, strict=False)) | named
        if name in ("cancel", "modify") and "order" not in words:
            raise Refused(f"{name} needs an order")
        return orders.requested(writer, name, words)
    if name == "positions_in" and found is inherited and len(given) == 1:
        return positions.all_positions(writer.track_of_text(given[0]))
    if found is not None and found is inherited:
        raise Refused(f"self.{name} is not compiled here; declare indicators in init()")
    if isinstance(found, staticmethod):
        return writer.inline(cast("FunctionType", found.__func__), given, named)
    if not isinstance(found, FunctionType):
        raise Refused(f"self.{name} is no method that can be compiled")
    return writer.inline(found, [writer.me, *given], named)


_MADE: dict[type, Callable[[Writer, Any], Value]] = {
    ast.BoolOp: _boolean,
    ast.IfExp: _choice,
    ast.Compare: _comparison,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Tuple: _tuple,
    ast.List: _tuple,
    ast.Attribute: _attribute,
    ast.Subscript: _item,
    ast.Call: _call,
}

_HINTS: dict[type, str] = {
    ast.JoinedStr: "texts are not put together in compiled code; choose between fixed texts",
    ast.ListComp: "a list of the moment is not compiled; append to a list that init() made",
    ast.GeneratorExp: "a generator is not compiled; write a loop over numbers",
    ast.DictComp: "a dict is not compiled; keep numbers in an array",
    ast.SetComp: "a set is not compiled; keep numbers in an array",
    ast.Dict: "a dict is not compiled; keep numbers in an array",
    ast.Set: "a set is not compiled; use a tuple",
    ast.Lambda: "a lambda is not compiled; write a function with def",
    ast.NamedExpr: "an assignment inside an expression is not compiled; write it before",
}

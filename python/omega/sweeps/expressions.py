"""Expressions over names, such as "fast < slow" or "sharpe - 2 * max_drawdown", that run no code.

A text is parsed and compiled into functions of its own; nothing but arithmetic, comparisons and
`and`, `or`, `not` of names and numbers is in it, so that one from a file or a web page is as safe
as a number. An undefined value (None) makes what is computed with it undefined, and so does a
result that is no number.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from omega.config.values import nearest, plain
from omega.errors import ConfigError

Values: TypeAlias = Mapping[str, Any]
Number: TypeAlias = float | int
_Compiled: TypeAlias = Callable[[Values], Any]

LONGEST = 1_000
"""Characters that an expression may have."""
DEEPEST = 60
"""Levels of brackets and operators that an expression may have inside each other."""


def _divided(a: Number, b: Number, of: Callable[[Any, Any], Any]) -> Number | None:
    """Divide; by 0 the quotient is undefined."""
    return None if b == 0 else of(a, b)


def _power(a: Number, b: Number) -> float | None:
    """Raise to a power in floats, which have an end; a root of what is negative is undefined."""
    try:
        found = math.pow(a, b)
    except (ValueError, OverflowError):
        return None
    return found


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: _divided(a, b, operator.truediv),
    ast.FloorDiv: lambda a, b: _divided(a, b, operator.floordiv),
    ast.Mod: lambda a, b: _divided(a, b, operator.mod),
    ast.Pow: _power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ALLOWED = "names, numbers, + - * / // % **, < <= > >= == !=, and, or, not, and brackets"


class Expression:
    """An expression over names.

    Attributes:
        text: As it was written.
        names: The names in it, in their order.

    Example:
        >>> within = Expression("2 * fast <= slow", known=["fast", "slow"])
        >>> within.names, within({"fast": 5, "slow": 20}), within({"fast": 15, "slow": 20})
        (('fast', 'slow'), True, False)
        >>> Expression("sharpe / max_drawdown")({"sharpe": 2.0, "max_drawdown": None}) is None
        True
    """

    def __init__(
        self, text: str, *, known: Collection[str] | None = None, of: str = "expression"
    ) -> None:
        """Parse a text.

        Args:
            text: The expression.
            known: The names that it may have; None for any.
            of: What it is for, which begins the message of an error.

        Raises:
            ConfigError: It cannot be read, has more than is allowed, or an unknown name.
        """
        self.text, self._of = text, of
        tree = self._parsed()
        self._body = self._compiled(tree, 0)
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        found.sort(key=lambda node: (node.lineno, node.col_offset))
        self.names = tuple(dict.fromkeys(node.id for node in found))
        if known is not None:
            self.require(known)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the text."""
        return _again, (self.text, self._of)

    def require(self, known: Collection[str]) -> None:
        """Refuse names that are not known.

        Raises:
            ConfigError: There is one; the text, the name and the known ones are named.
        """
        for name in self.names:
            if name not in known:
                words = nearest(name, known) if known else "No name is known here."
                more = f" Known: {', '.join(known)}." if "Did you mean" in words else ""
                raise self._refused(f"{name!r} is not known. {words}{more}")

    def __call__(self, values: Values) -> Any:  # noqa: ANN401 - a number or a truth value
        """Give the value for values of the names; None where it is undefined.

        Raises:
            ConfigError: A value is of no kind that can be computed with.
        """
        found = self._body(values)
        is_number = isinstance(found, float) and not isinstance(found, bool)
        return None if is_number and math.isnan(found) else found

    def _parsed(self) -> ast.expr:
        if len(self.text) > LONGEST:
            raise ConfigError(
                f"{self._of}: given a text of {len(self.text):,} characters, expected at most "
                f"{LONGEST:,}; give a function for what is longer"
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what is refused anyway
                return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            why = problem.msg if isinstance(problem, SyntaxError) else type(problem).__name__
            raise self._refused(f"it cannot be read ({why}); expected {_ALLOWED}") from problem

    def _compiled(self, node: ast.AST, depth: int) -> _Compiled:
        """Give the function of a part, and refuse a part that is none of those allowed."""
        if depth > DEEPEST:
            raise self._refused(f"its parts lie more than {DEEPEST} deep in each other")
        parts = [
            self._compiled(one, depth + 1)
            for one in ast.iter_child_nodes(node)
            if isinstance(one, ast.expr)
        ]
        match node:
            case ast.Constant(value=bool() | int() | float() as constant):
                return lambda _: constant
            case ast.Name(id=name):
                return lambda values: self._value(name, values)
            case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
                return self._arithmetic(_ARITHMETIC[type(op)], *parts)
            case ast.Compare(ops=ops) if all(type(op) in _COMPARISONS for op in ops):
                return self._compared([_COMPARISONS[type(op)] for op in ops], parts)
            case ast.BoolOp(op=op):
                return self._joined(parts, stops_at=isinstance(op, ast.Or))
        return self._signed(node, parts)

    def _signed(self, node: ast.AST, parts: list[_Compiled]) -> _Compiled:
        """Give the function of a part that is a sign or `not`."""
        match node:
            case ast.UnaryOp(op=ast.Not()):
                return lambda values: _not(self._truth(parts[0](values)))
            case ast.UnaryOp(op=ast.USub()):
                return self._arithmetic(operator.mul, lambda _: -1, parts[0])
            case ast.UnaryOp(op=ast.UAdd()):
                return self._arithmetic(operator.mul, lambda _: 1, parts[0])
        found = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
        raise self._refused(f"{found!r} is not allowed in it; expected {_ALLOWED}")

    def _arithmetic(
        self, of: Callable[[Any, Any], Any], first: _Compiled, second: _Compiled
    ) -> _Compiled:
        def computed(values: Values) -> Number | None:
            a, b = self._number(first(values)), self._number(second(values))
            try:
                return None if a is None or b is None else of(a, b)
            except OverflowError:
                return None

        return computed

    def _joined(self, parts: list[_Compiled], *, stops_at: bool) -> _Compiled:
        def joined(values: Values) -> bool | None:
            is_known = True
            for part in parts:
                truth = self._truth(part(values))
                if truth is stops_at:
                    return stops_at
                is_known &= truth is not None
            return (not stops_at) if is_known else None

        return joined

    def _compared(
        self, comparisons: list[Callable[[Any, Any], bool]], parts: list[_Compiled]
    ) -> _Compiled:
        def compared(values: Values) -> bool | None:
            found = [self._number(part(values)) for part in parts]
            if None in found or any(map(math.isnan, map(_as_float, found))):
                return None
            pairs = zip(comparisons, found, found[1:], strict=False)
            return all(of(a, b) for of, a, b in pairs)

        return compared

    def _value(self, name: str, values: Values) -> object:
        if name not in values:
            self.require(tuple(values))
        return plain(values[name])

    def _number(self, found: object) -> Number | None:
        """Take a number, or a truth value as 1 or 0."""
        if found is None or isinstance(found, (int, float)):
            return found
        raise self._refused(
            f"{found!r} is a {type(found).__name__}, expected a number or a truth value; give a "
            "function for values of other kinds"
        )

    def _truth(self, found: object) -> bool | None:
        if found is None or isinstance(found, bool):
            return found
        raise self._refused(
            f"{found!r} is no truth value, as 'and', 'or' and 'not' expect on both sides; compare "
            "it with a number"
        )

    def _refused(self, why: str) -> ConfigError:
        return ConfigError(f"{self._of}: given {self.text!r}: {why}")


def _again(text: str, of: str) -> Expression:
    return Expression(text, of=of)


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _as_float(given: Any) -> float:  # noqa: ANN401 - a number
    try:
        return float(given)
    except OverflowError:
        return math.inf if given > 0 else -math.inf


def is_expression(given: str) -> bool:
    """Return whether a text is more than a name.

    Example:
        >>> is_expression("sharpe"), is_expression("sharpe - 2 * max_drawdown")
        (False, True)
    """
    return not given.strip().isidentifier()

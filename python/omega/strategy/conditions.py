"""Conditions over whole columns, which decide when a strategy is called.

Comparisons of indicators, crossings, Boolean columns and Polars expressions, combined by `&`, `|`
and `~`, give a truth value for each step. A strategy that is called only where its condition holds
does the same as one that tests it on each bar, and the run between two calls stays in the core.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from omega.config.values import shown
from omega.errors import ConfigError, NeedsOneBar
from omega.libraries import arguments_of
from omega.strategy.arguments import is_of_engine
from omega.strategy.operands import (
    AnyOperand,
    Evaluates,
    as_column,
    declaring_run,
    is_indicator,
    is_operand,
    operand_text,
    resolved,
)

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Mask

AnyCondition: TypeAlias = Any
"""What holds on bars: see `when`."""
_Function = TypeVar("_Function", bound=Callable[..., Any])
_MARK = "__omega_when__"

_NEGATED = {
    ">": "<=",
    ">=": "<",
    "<": ">=",
    "<=": ">",
    "==": "!=",
    "!=": "==",
    "crossover": "no crossover",
    "crossunder": "no crossunder",
    "no crossover": "crossover",
    "no crossunder": "crossunder",
}
"""What holds where a comparison is known not to (E1)."""


class Condition:
    """Something that holds on some bars; combine with `&`, `|` and `~`.

    A comparison with NaN is undefined: it does not hold, and neither does its negation. `&` and `|`
    are those of Kleene's logic, so that one that is false settles `&`, and one that is true `|`.

    Example:
        >>> class Dips(omega.Strategy):
        ...     def init(self):
        ...         self.z, self.trend = self.zscore(20), self.sma(100)
        ...     @omega.when(lambda self: (self.z < -1.5) & ~(self.trend > 104))
        ...     def on_bar(self, bar):
        ...         self.buy(reason=f"dip at {bar.index}")
        >>> omega.run_backtest(candles, Dips()).trades["reason"].to_list()[:1]
        ['dip at ...']
    """

    def mask(self, run: Evaluates) -> Mask:
        """Find where it is known to hold; the engine's part."""
        raise NotImplementedError

    def __and__(self, other: AnyCondition) -> Condition:
        return _combined("&", self, other)

    def __rand__(self, other: AnyCondition) -> Condition:
        return _combined("&", other, self)

    def __or__(self, other: AnyCondition) -> Condition:
        return _combined("|", self, other)

    def __ror__(self, other: AnyCondition) -> Condition:
        return _combined("|", other, self)

    def __invert__(self) -> Condition:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        raise NeedsOneBar(
            "a condition is about all bars and equals nothing: combine conditions with &, | and ~. "
            "In a callback compare values of the newest bar with [-1], as in self.rsi[-1] < 30"
        )

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        raise NeedsOneBar(
            "a condition is about all bars, so it is neither true nor false. In a callback compare "
            "values of the newest bar with [-1], as in self.z[-1] < -2; combine conditions with &, "
            "| and ~, and take omega.minimum and omega.maximum for min() and max()"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison(Condition):
    """Two columns, or one and a number: `self.z < -2`."""

    how: str
    left: AnyOperand
    right: AnyOperand

    def mask(self, run: Evaluates) -> Mask:
        """Find where it holds; a comparison with NaN does not."""
        left, right = resolved(run, self.left, self.right)
        return run.compare(self.how, left, right)

    def __invert__(self) -> Condition:
        return Comparison(_NEGATED[self.how], self.left, self.right)


@dataclasses.dataclass(frozen=True, eq=False)
class _Combined(Condition):
    how: str
    left: Condition
    right: Condition

    def mask(self, run: Evaluates) -> Mask:
        left, right = self.left.mask(run), self.right.mask(run)
        return left & right if self.how == "&" else left | right

    def __invert__(self) -> Condition:
        # De Morgan's laws hold in Kleene's logic, so that negation ends at comparisons, each of
        # which knows where it is known not to hold.
        return _Combined("|" if self.how == "&" else "&", ~self.left, ~self.right)


@dataclasses.dataclass(frozen=True, eq=False)
class _Column(Condition):
    expression: pl.Expr
    how: str = ">"

    def mask(self, run: Evaluates) -> Mask:
        column = run.expression(self.expression, "condition", timeframe=None, symbol=None)
        return run.compare(self.how, column, 0.0)

    def __invert__(self) -> Condition:
        return _Column(self.expression, _NEGATED[self.how])


def _combined(how: str, left: AnyCondition, right: AnyCondition) -> Condition:
    first, second = _of_column(left), _of_column(right)
    if first is None or second is None:
        return cast("Condition", NotImplemented)
    return _Combined(how, first, second)


def _of_column(given: AnyCondition) -> Condition | None:
    """Return the condition that a condition, or a column of truths, stands for."""
    if isinstance(given, Condition):
        return given
    is_column = (
        is_operand(given) and not is_indicator(given) and not isinstance(given, (int, float))
    )
    return _Column(as_column(given)) if is_column else None


def compared(how: str, left: AnyOperand, right: AnyOperand) -> Condition:
    """Compare an indicator with another, a column or a number: what its operators do.

    Raises:
        NeedsOneBar: The strategy is past its `init()`, or what is compared is no column.
    """
    if right is None:
        return cast("Condition", NotImplemented)
    if not is_operand(right):
        if how in ("==", "!="):  # Python would compare identities in silence
            raise NeedsOneBar(
                f"{operand_text(left)} {how} {right!r}: expected an indicator, a number, or a "
                "column. In a callback compare the newest value with [-1]"
            )
        return cast("Condition", NotImplemented)
    declaring_run(f"{operand_text(left)} {how} {operand_text(right)}")
    return Comparison(how, left, right)


def when(condition: AnyCondition) -> Callable[[_Function], _Function]:
    """Call a method of a strategy only on bars on which a condition holds.

    The condition is found once, after `init()`. Several methods may have one each; they are called
    in the order in which they are written. An `on_bar` without a condition is called on every bar.

    Args:
        condition: A function of the strategy that returns a `Condition`; or a Boolean column, by
            name or as a Polars expression or series.

    Example:
        >>> import omega
        >>> class Fade(omega.Strategy):
        ...     def init(self):
        ...         self.z = self.zscore(60)
        ...     @omega.when(lambda self: self.z < -2.5)
        ...     def on_bar(self, bar):
        ...         self.buy(stop_loss=bar.close * 0.99)
    """
    if condition is None:
        raise ConfigError(
            "when: given None, expected a condition such as lambda self: self.z < -2. Drop the "
            "decorator for a method that is called on every bar"
        )

    def mark(function: _Function) -> _Function:
        setattr(function, _MARK, condition)
        return function

    return mark


def triggers_of(kind: type) -> dict[str, AnyCondition]:
    """Return the methods that have a condition, by name, in the order in which they are written."""
    marked: dict[str, AnyCondition] = {}
    for base in kind.__mro__:
        if is_of_engine(base.__module__):
            continue
        for name, own in vars(base).items():
            if callable(own) and getattr(own, _MARK, None) is not None:
                marked[name] = getattr(getattr(kind, name, None), _MARK, None)
    if not marked:  # as of most classes, looked up by each run
        return marked
    found: dict[str, AnyCondition] = {}
    for base in reversed(kind.__mro__):
        if is_of_engine(base.__module__):  # else its own on_bar would come first
            continue
        found |= {name: marked[name] for name in vars(base) if marked.get(name) is not None}
    return found


def condition_of(given: AnyCondition, strategy: object) -> Condition:
    """Make a condition of what `when` was given.

    Raises:
        ConfigError: It is nothing that holds on bars.
    """
    with arguments_of("when"):
        found = _of_column(given)
    if found is not None:
        return found
    if callable(given) and not callable(made := given(strategy)):  # one of functions has no end
        return condition_of(made, strategy)
    raise ConfigError(
        f"when: given {shown(given)}, expected a condition such as self.z < -2, the name of a "
        "Boolean column, a Polars expression, or a function of the strategy that gives one of "
        "these"
    )

"""When a strategy is called: conditions over whole columns, known before the run begins.

Comparisons of indicators, crossings, Boolean columns and Polars expressions, combined by `&`, `|`
and `~`, give a truth value for each step. A strategy that is called only where its condition holds
does the same as one that tests it on each bar, and the run between two calls stays in the core.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from omega.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Indicator, Mask

    Operand: TypeAlias = Indicator | float

AnyCondition: TypeAlias = Any
"""What holds on bars: see `when`."""
_Function = TypeVar("_Function", bound=Callable[..., Any])
_MARK = "__omega_when__"


class Evaluates(Protocol):
    """The part of a run that finds where conditions hold; each backend has one."""

    def compare(self, how: str, left: Operand, right: Operand) -> Mask:
        """Find where two indicators, or one and a number, compare as they should."""

    def mask(self, column: Indicator) -> Mask:
        """Find where a column of the first symbol is above 0."""

    def expression(
        self,
        expression: pl.Expr,
        name: str,
        *,
        timeframe: str | None,
        symbol: str | None,
        warmup: bool = True,
    ) -> Indicator:
        """Evaluate a Polars expression over the candles."""


class Condition:
    """Something that holds on some bars; combine with `&`, `|` and `~`.

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
        """Find where it holds; the engine's part."""
        raise NotImplementedError

    def __and__(self, other: Condition) -> Condition:
        return _Combined("&", self, other)

    def __or__(self, other: Condition) -> Condition:
        return _Combined("|", self, other)

    def __invert__(self) -> Condition:
        return _Not(self)

    def __bool__(self) -> bool:
        raise TypeError(
            "a condition is about all bars, so it is neither true nor false. In a callback compare "
            "values, as in self.z[-1] < -2; combine conditions with &, | and ~"
        )


@dataclasses.dataclass(frozen=True)
class Comparison(Condition):
    """Two indicators, or one and a number: `self.z < -2`."""

    how: str
    left: Operand
    right: Operand

    def mask(self, run: Evaluates) -> Mask:
        """Find where it holds; a comparison with NaN does not."""
        return run.compare(self.how, self.left, self.right)


@dataclasses.dataclass(frozen=True)
class _Combined(Condition):
    how: str
    left: Condition
    right: Condition

    def mask(self, run: Evaluates) -> Mask:
        left, right = self.left.mask(run), self.right.mask(run)
        return left & right if self.how == "&" else left | right


@dataclasses.dataclass(frozen=True)
class _Not(Condition):
    condition: Condition

    def mask(self, run: Evaluates) -> Mask:
        return ~self.condition.mask(run)


@dataclasses.dataclass(frozen=True)
class _Column(Condition):
    expression: pl.Expr

    def mask(self, run: Evaluates) -> Mask:
        return run.mask(run.expression(self.expression, "condition", timeframe=None, symbol=None))


def crosses_above(first: Operand, second: Operand) -> Condition:
    """Make the condition that `first` was at or below `second` a bar ago and is above it now.

    Args:
        first: An indicator, or a number.
        second: An indicator, or a number.

    Example:
        >>> import omega
        >>> class Cross(omega.Strategy):
        ...     def init(self):
        ...         self.fast, self.slow = self.sma(2), self.sma(3)
        ...     @omega.when(lambda self: omega.crosses_above(self.fast, self.slow))
        ...     def on_bar(self, bar):
        ...         self.buy()
    """
    return Comparison("crosses_over", first, second)


def crosses_below(first: Operand, second: Operand) -> Condition:
    """Make the condition that `first` was at or above `second` a bar ago and is below it now.

    Example:
        >>> crosses_below(1.0, 2.0).how
        'crosses_under'
    """
    return Comparison("crosses_under", first, second)


def when(condition: AnyCondition) -> Callable[[_Function], _Function]:
    """Call a method of a strategy only on bars on which a condition holds.

    The condition is found once, after `init()`. Several methods may have one each; they are called
    in the order in which they are written. An `on_bar` without a condition is called on every bar.

    Args:
        condition: A function of the strategy that gives a `Condition`; or a Boolean column, by name
            or as a Polars expression or series.

    Example:
        >>> import omega
        >>> class Fade(omega.Strategy):
        ...     def init(self):
        ...         self.z = self.zscore(60)
        ...     @omega.when(lambda self: self.z < -2.5)
        ...     def on_bar(self, bar):
        ...         self.buy(stop_loss=bar.close * 0.99)
    """

    def mark(function: _Function) -> _Function:
        setattr(function, _MARK, condition)
        return function

    return mark


def triggers_of(strategy: object) -> dict[str, AnyCondition]:
    """Give the methods that have a condition, by name, in the order in which they are written."""
    found: dict[str, AnyCondition] = {}
    for base in reversed(type(strategy).__mro__):
        for name in vars(base):
            condition = getattr(getattr(type(strategy), name, None), _MARK, None)
            if condition is not None:
                found[name] = condition
    return found


def condition_of(given: AnyCondition, strategy: object) -> Condition:
    """Make a condition of what `when` was given.

    Raises:
        ConfigError: It is nothing that holds on bars.
    """
    import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

    if isinstance(given, Condition):
        return given
    if isinstance(given, str):
        return _Column(pl.col(given))
    if isinstance(given, pl.Expr):
        return _Column(given)
    if isinstance(given, pl.Series) or hasattr(given, "__array__"):
        return _Column(pl.lit(pl.Series(given)))
    if callable(given):
        return condition_of(given(strategy), strategy)
    raise ConfigError(
        f"when: given {given!r}, expected a condition such as self.z < -2, the name of a Boolean "
        "column, a Polars expression, or a function of the strategy that gives one of these"
    )

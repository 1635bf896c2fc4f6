"""Strategies without a callback: signal columns, and strategies of the core by name.

What goes in: columns, or a name and parameters. What comes out: a value that `omega.run_backtest`
takes in place of a strategy. A run over one never leaves the core.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from omega.config.values import check, flag, optional, value, whole
from omega.errors import ConfigError
from omega.strategy.base import Strategy
from omega.strategy.conditions import Condition, condition_of

if TYPE_CHECKING:
    from omega._core import Indicator, Mask
    from omega.strategy.context import RunContext


@dataclasses.dataclass(frozen=True)
class Distance:
    """A level that is given as a distance from the close of the side that the entry trades on.

    Example:
        >>> Distance(0.0020)
        Distance(given=0.002)
    """

    given: Any


@value
class Signals:
    """What to do on each bar, in columns.

    Each column may be the name of a column of the data, a Polars expression over it, a series or an
    array with a value for each bar, a number or a truth value for all bars, a condition, an
    indicator, or a function that gives one of these: it gets an object with the declaring methods
    of a strategy.

    On each bar, in this order: where `exit` holds, all positions are closed; an `entry` closes what
    is open the other way if `reverse` is set; an entry is taken if nothing is open by then, or
    `accumulate` is set. Orders go to the market and fill at the next open.

    Attributes:
        entry: Where to enter: true or false, or a number whose sign is the direction.
        direction: "long", "short", or a column, true or above 0 for long; None is the sign of
            `entry`.
        exit: Where to close everything.
        stop_loss: Price of the stop loss, or `Distance(...)`; NaN or null for none.
        take_profit: Price of the take profit, or `Distance(...)`.
        size: Lots; None or NaN leaves it to the run's sizer.
        reverse: Whether an entry closes what is open the other way.
        accumulate: Whether an entry adds to what is open.
        warmup: Complete bars before the first decision; None: until `entry` has its first value.

    Example:
        >>> import polars as pl
        >>> mean = pl.col("close").rolling_mean(20)
        >>> signals = Signals(
        ...     entry=pl.col("close") < mean * 0.99,
        ...     exit=pl.col("close") > mean,
        ...     stop_loss=Distance(0.0050),
        ... )
        >>> signals.reverse
        False
    """

    entry: Any
    direction: Any = None
    stop_loss: Any = None
    take_profit: Any = None
    exit: Any = None
    size: Any = None
    reverse: bool = False
    accumulate: bool = False
    warmup: int | None = None

    def __post_init__(self) -> None:
        """Check what is no column."""
        check(self, flag, "reverse", "accumulate")
        check(self, optional(whole(minimum=0)), "warmup")

    def told(self, context: RunContext) -> Told:
        """Find the columns over the candles of a run; the engine's part."""
        declarer = Strategy()
        declarer._run = context  # noqa: SLF001 - it declares for this run
        direction = self.direction
        if direction not in ("long", "short", None) or not isinstance(direction, (str, type(None))):
            direction = _truth("direction", direction, declarer)
        return Told(
            entry=_truth("entry", self.entry, declarer),
            direction=direction,
            exit=None if self.exit is None else _truth("exit", self.exit, declarer),
            stop_loss=_level("stop_loss", self.stop_loss, declarer),
            take_profit=_level("take_profit", self.take_profit, declarer),
            size=None if self.size is None else _column("size", self.size, declarer),
            reverse=self.reverse,
            accumulate=self.accumulate,
            warmup=self.warmup,
        )


@dataclasses.dataclass(frozen=True)
class Told:
    """Signals whose columns were found: masks, or columns of one value for each bar."""

    entry: Mask | Indicator
    direction: Mask | Indicator | str | None
    exit: Mask | Indicator | None
    stop_loss: tuple[bool, Indicator] | None
    take_profit: tuple[bool, Indicator] | None
    size: Indicator | None
    reverse: bool
    accumulate: bool
    warmup: int | None


def _truth(name: str, given: Any, declarer: Strategy) -> Mask | Indicator:  # noqa: ANN401 - any
    """A mask where a condition was given, else a column whose sign counts."""
    if callable(given):
        return _truth(name, given(declarer), declarer)
    if isinstance(given, Condition):
        return condition_of(given, declarer).mask(declarer._context())  # noqa: SLF001 - as above
    return _column(name, given, declarer)


def _level(
    name: str,
    given: Any,  # noqa: ANN401 - any column, or a distance
    declarer: Strategy,
) -> tuple[bool, Indicator] | None:
    if given is None:
        return None
    if isinstance(given, Distance):
        return True, _column(name, given.given, declarer)
    return False, _column(name, given, declarer)


def _column(name: str, given: Any, declarer: Strategy) -> Indicator:  # noqa: ANN401 - any column
    import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

    if callable(given):
        return _column(name, given(declarer), declarer)
    if hasattr(given, "window") and hasattr(given, "name"):
        return given  # type: ignore[no-any-return]  # an indicator of either backend
    if isinstance(given, str):
        expression = pl.col(given)
    elif isinstance(given, pl.Expr):
        expression = given
    elif isinstance(given, (int, float)):  # true and false are 1 and 0
        expression = pl.repeat(float(given), pl.len())
    elif isinstance(given, pl.Series) or hasattr(given, "__array__"):
        expression = pl.lit(pl.Series(given))
    else:
        raise ConfigError(_no_column(name, given))
    # Only entries say when the run can begin: NaN elsewhere means that there is no level.
    context = declarer._context()  # noqa: SLF001 - as above
    warmup = name == "entry"
    return context.expression(expression, name, timeframe=None, symbol=None, warmup=warmup)


def _no_column(name: str, given: object) -> str:
    return (
        f"Signals.{name}: given {given!r}, expected the name of a column, a Polars expression, a "
        "series or array with a value for each bar, a number, True or False, a condition or an "
        "indicator"
    )

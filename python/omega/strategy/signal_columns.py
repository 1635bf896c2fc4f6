"""Signal columns: a strategy without a callback, which never leaves the core."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from omega.config.distances import Distance
from omega.config.values import check, flag, optional, plain, value, whole
from omega.contract import SignalColumns
from omega.errors import ConfigError
from omega.strategy.base import Strategy
from omega.strategy.conditions import Condition
from omega.strategy.ties import tied

if TYPE_CHECKING:
    from omega._core import Indicator, Mask
    from omega.strategy.context import RunContext


AnyColumn: TypeAlias = Any
"""What stands for a column: see `Signals`."""
_DIRECTIONS = ("long", "short")


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

    entry: AnyColumn
    direction: AnyColumn = None
    stop_loss: AnyColumn = None
    take_profit: AnyColumn = None
    exit: AnyColumn = None
    size: AnyColumn = None
    reverse: bool = False
    accumulate: bool = False
    warmup: int | None = None

    def __post_init__(self) -> None:
        """Check what is no column."""
        check(self, flag, "reverse", "accumulate")
        check(self, optional(whole(minimum=0)), "warmup")

    def columns(self, context: RunContext) -> SignalColumns:
        """Find the columns over the candles of a run; the engine's part."""
        direction = self.direction
        with tied(Strategy(), context) as declarer:
            columns = _Columns(declarer, context)
            named = direction is None or (isinstance(direction, str) and direction in _DIRECTIONS)
            return SignalColumns(
                entry=columns.truth("entry", self.entry),
                direction=direction if named else columns.truth("direction", direction),
                exit=None if self.exit is None else columns.truth("exit", self.exit),
                stop_loss=columns.level("stop_loss", self.stop_loss),
                take_profit=columns.level("take_profit", self.take_profit),
                size=None if self.size is None else columns.column("size", self.size),
                reverse=self.reverse,
                accumulate=self.accumulate,
                warmup=self.warmup,
            )


@dataclasses.dataclass(frozen=True)
class _Columns:
    """Finds columns over the candles of a run, in which a strategy declares for them."""

    declarer: Strategy
    context: RunContext

    def truth(self, name: str, given: AnyColumn) -> Mask | Indicator:
        """A mask where a condition was given, else a column whose sign counts."""
        if callable(given):
            return self.truth(name, given(self.declarer))
        if isinstance(given, Condition):
            return given.mask(self.context)
        return self.column(name, given)

    def level(self, name: str, given: AnyColumn) -> tuple[bool, Indicator] | None:
        """Whether a level is a distance, and its column."""
        if given is None:
            return None
        if isinstance(given, Distance):
            if given.is_percent:
                raise ConfigError(
                    f"Signals.{name}: given {given!r}, expected a distance in price; percents are "
                    "for orders"
                )
            return True, self.column(name, given.given)
        return False, self.column(name, given)

    def column(self, name: str, given: AnyColumn) -> Indicator:
        """A column of one value for each bar."""
        import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

        given = plain(given)
        if callable(given):
            return self.column(name, given(self.declarer))
        if hasattr(given, "window") and hasattr(given, "name"):
            return cast("Indicator", given)
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
        # Only entries delay the run until known: NaN elsewhere means that there is no level.
        warmup = name == "entry"
        return self.context.expression(expression, name, timeframe=None, symbol=None, warmup=warmup)


def _no_column(name: str, given: object) -> str:
    return (
        f"Signals.{name}: given {given!r}, expected the name of a column, a Polars expression, a "
        "series or array with a value for each bar, a number, True or False, a condition or an "
        "indicator"
    )

"""Signal columns: a strategy without a callback, which never leaves the core."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from omega.config.distances import Distance
from omega.config.values import check, flag, nearest, optional, plain, value, whole
from omega.contract import SignalColumns, SymbolSignals
from omega.errors import ConfigError
from omega.strategy.base import Strategy
from omega.strategy.conditions import Comparison, Condition
from omega.strategy.context import RunContext
from omega.strategy.operands import as_column, declaring, is_indicator, is_operand
from omega.strategy.run_binding import tied

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Indicator, Mask


AnyColumn: TypeAlias = Any
"""What stands for a column: see `Signals`."""
_DIRECTIONS = ("long", "short")
_ENTRIES = ("entry", "long_entry", "short_entry")
_TRUTHS = (*_ENTRIES, "exit", "long_exit", "short_exit")
_TIMES = ("time", "timestamp", "datetime", "date")
_COLUMNS = (*_TRUTHS, "direction", "stop_loss", "take_profit", "size")


@value
class Signals:
    """What to do on each bar, in columns.

    Each column may be the name of a column of the data, a Polars expression over it, a series or an
    array with a value for each bar, a number or a truth value for all bars, a condition, an
    indicator, or a function that returns one of these: it gets an object with the declaring methods
    of a strategy. In a run of several symbols each is found for each symbol over its own candles;
    `{symbol: column}` gives a symbol a column of its own, as does a frame of Polars or pandas with
    a column for each symbol, and symbols that have no entry are not traded. The dates that a series
    of pandas has as its index are those of the bars; what has no dates goes by position.

    On each bar, for each symbol, in this order: where an exit holds, what it is for is closed; an
    entry closes what is open the other way if `reverse` is set; an entry is taken if nothing is
    open by then, or `accumulate` is set. Where a long and a short entry meet, none is taken. Orders
    go to the market and fill at the next open. NaN and null are no entry and no exit.

    Attributes:
        entry: Where to enter: true or false, or a number whose sign is the direction.
        direction: "long", "short", or a column, above 0 for long, below 0 for short, else no entry;
            None is the sign of `entry`.
        long_entry: Where to buy, in place of `entry`.
        short_entry: Where to sell, in place of `entry`.
        exit: Where to close everything.
        long_exit: Where to close what is long.
        short_exit: Where to close what is short.
        stop_loss: Price of the stop loss, or `Distance(...)` of prices or `.percent(...)` of the
            close of the bar; NaN or null for none.
        take_profit: Price of the take profit, or a distance.
        size: Lots; None or NaN leaves it to the run's sizer.
        reverse: Whether an entry closes what is open the other way.
        accumulate: Whether an entry adds to what is open.
        warmup: Complete bars before the first decision, besides those of indicators; None is 0.

    Raises:
        ConfigError: There is no entry, or `entry` and separate ones.

    Example:
        >>> import polars as pl
        >>> mean = pl.col("close").rolling_mean(20)
        >>> signals = Signals(
        ...     long_entry=pl.col("close") < mean * 0.99,
        ...     long_exit=pl.col("close") > mean,
        ...     stop_loss=Distance(0.0050),
        ... )
        >>> signals.reverse
        False
    """

    entry: AnyColumn = None
    direction: AnyColumn = None
    stop_loss: AnyColumn = None
    take_profit: AnyColumn = None
    exit: AnyColumn = None
    size: AnyColumn = None
    reverse: bool = False
    accumulate: bool = False
    warmup: int | None = None
    long_entry: AnyColumn = None
    long_exit: AnyColumn = None
    short_entry: AnyColumn = None
    short_exit: AnyColumn = None

    def __post_init__(self) -> None:
        """Check what is no column, and which columns there are."""
        check(self, flag, "reverse", "accumulate")
        check(self, optional(whole(minimum=0, maximum=2**31)), "warmup")
        for name in _COLUMNS:
            object.__setattr__(self, name, _by_symbol(getattr(self, name)))
        separate = self.long_entry is not None or self.short_entry is not None
        if separate == (self.entry is not None):
            given = "both" if separate else "none of them"
            raise ConfigError(
                f"Signals: given {given}, expected entry= (with direction=), or long_entry= and "
                "short_entry="
            )
        if separate and self.direction is not None:
            raise ConfigError("Signals.direction: long_entry= and short_entry= have theirs already")

    def columns(self, context: RunContext) -> SignalColumns:
        """Find the columns over the candles of a run; the engine's part."""
        symbols = context.symbols
        self._refuse_unknown(symbols)
        traded = [name for name in symbols if any(self._of(name, one) for one in _ENTRIES)]
        return SignalColumns(
            symbols=[self._columns(context, name) for name in traded],
            reverse=self.reverse,
            accumulate=self.accumulate,
            warmup=self.warmup,
        )

    def shown(self, context: RunContext) -> dict[tuple[str, str], Condition | Indicator]:
        """Find what charts show, by symbol and name; nothing of one number; the engine's part."""
        found: dict[tuple[str, str], Condition | Indicator] = {}
        for symbol in context.symbols:
            with self._declaring(context, symbol) as columns:
                for name in (*_TRUTHS, "direction", "stop_loss", "take_profit", "size"):
                    one = columns.charted(name)
                    found |= {} if one is None else {(symbol, name): one}
        return found

    def _refuse_unknown(self, symbols: Sequence[str]) -> None:
        for name in _COLUMNS:
            given = getattr(self, name)
            for symbol in given if isinstance(given, Mapping) else ():
                if symbol not in symbols:
                    raise ConfigError(
                        f"Signals.{name}: {symbol!r} is no symbol of this run. "
                        f"{nearest(str(symbol), symbols)}"
                    )

    def _of(self, symbol: str, name: str) -> tuple[AnyColumn, ...]:
        """What was given for a symbol, if anything was: a column may be neither true nor false."""
        given = getattr(self, name)
        given = given.get(symbol) if isinstance(given, Mapping) else given
        return () if given is None else (given,)

    def _columns(self, context: RunContext, symbol: str) -> SymbolSignals:
        with self._declaring(context, symbol) as columns:
            return SymbolSignals(
                symbol=context.symbols.index(symbol),
                **{name: columns.truth(name) for name in _TRUTHS},
                direction=columns.direction(),
                stop_loss=columns.level("stop_loss"),
                take_profit=columns.level("take_profit"),
                size=columns.column("size"),
            )

    @contextlib.contextmanager
    def _declaring(self, context: RunContext, symbol: str) -> Iterator[_Columns]:
        seen = _OfSymbol(context, symbol) if len(context.symbols) > 1 else context
        with tied(Strategy(), seen) as declarer, declaring(seen):
            yield _Columns(self, declarer, seen, symbol)


class _OfSymbol:
    """A run in which what names no symbol means one of several."""

    def __init__(self, run: RunContext, symbol: str) -> None:
        self._run, self._symbol = run, symbol
        self.columns: dict[object, Indicator] = {}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the run has
        return getattr(self._run, name)

    def indicator(
        self,
        name: str,
        parameters: list[float],
        source: Any,  # noqa: ANN401 - as of the run
        *,
        symbol: str | None,
        **where: Any,  # noqa: ANN401 - as of the run
    ) -> list[Indicator]:
        """Compute an indicator over its candles, or where the indicators are that it reads."""
        sources = source if isinstance(source, tuple) else (source,)
        if symbol is None and not any(is_indicator(one) for one in sources):
            symbol = self._symbol
        return self._run.indicator(name, parameters, source, symbol=symbol, **where)

    def require_times(
        self, given: object, name: str, *, timeframe: str | None, symbol: str | None
    ) -> None:
        """Refuse a series of pandas whose dates are not those of its candles."""
        symbol = symbol or self._symbol
        self._run.require_times(given, name, timeframe=timeframe, symbol=symbol)

    def expression(
        self,
        expression: pl.Expr,
        name: str,
        *,
        symbol: str | None,
        **where: Any,  # noqa: ANN401 - as of the run
    ) -> Indicator:
        """Evaluate a Polars expression over its candles."""
        return self._run.expression(expression, name, symbol=symbol or self._symbol, **where)


@dataclasses.dataclass(frozen=True)
class _Columns:
    """Finds the columns of a symbol over the candles of a run, in which a strategy declares."""

    signals: Signals
    declarer: Strategy
    context: RunContext
    symbol: str

    def _given(self, name: str) -> AnyColumn:
        """What was given for the symbol, or what a function that was given gives."""
        given = getattr(self.signals, name)
        is_own = isinstance(given, Mapping)
        given = plain(given.get(self.symbol) if is_own else given)
        given = self._called(name, given)
        if len(self.context.symbols) > 1 and not is_own and _has_rows(given):
            raise ConfigError(
                f"Signals.{name}: given {type(given).__name__} in a run of "
                f"{len(self.context.symbols)} symbols, expected {{symbol: values}}, as its rows "
                "are those of one symbol"
            )
        return given

    def _called(self, name: str, given: AnyColumn) -> AnyColumn:
        """What a function gives, which is no function: one that returns itself has no end."""
        if not callable(given):
            return given
        made = plain(given(self.declarer))
        if callable(made):
            raise ConfigError(f"{_no_column(name, made)}, of the function that was given")
        return made

    def truth(self, name: str) -> Mask | Indicator | None:
        """A mask where a condition was given, else a column whose sign counts."""
        given = self._given(name)
        return given.mask(self.context) if isinstance(given, Condition) else self._of(name, given)

    def direction(self) -> Indicator | str | None:
        """One direction for all entries, or a column whose sign counts."""
        given = self._given("direction")
        if isinstance(given, str) and given in _DIRECTIONS:
            return given
        if isinstance(given, Condition):
            raise ConfigError(
                "Signals.direction: given a condition, which is never below 0, expected a column: "
                "above 0 is long, below 0 short. Use long_entry= and short_entry= for conditions"
            )
        return self._of("direction", given)

    def charted(self, name: str) -> Condition | Indicator | None:
        """What a chart shows: nothing where one number or text stands for all bars."""
        given = self._given(name)
        if isinstance(given, Distance):
            given = self._percent(name, given.given) if given.is_percent else given.given
        is_column = is_operand(given) and not isinstance(given, (int, float))
        if isinstance(given, Condition):
            return given
        if name in _TRUTHS and is_column and not is_indicator(given):
            how = "!=" if name == "entry" else ">"
            return Comparison(how, as_column(given), 0.0)
        is_word = name == "direction" and isinstance(given, str) and given in _DIRECTIONS
        return self._of(name, given) if is_column and not is_word else None

    def level(self, name: str) -> tuple[bool, Indicator] | None:
        """Whether a level is a distance, and its column."""
        given = self._given(name)
        is_distance = isinstance(given, Distance)
        if is_distance and given.is_percent:
            column = self._of(name, self._percent(name, given.given))
        else:
            column = self._of(name, given.given if is_distance else given)
        return None if column is None else (is_distance, column)

    def _percent(self, name: str, given: AnyColumn) -> AnyColumn:
        """Percents of the close of each bar, as distances."""
        import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

        given = self._called(name, given)
        if isinstance(given, (int, float)):
            return pl.col("close") * (given / 100)
        if is_indicator(given) or not is_operand(given):
            raise ConfigError(
                f"Signals.{name}: given {Distance.percent(given)!r}, expected a number or a column "
                "as percents. Of an indicator write omega.Distance(lambda s: ...) in prices"
            )
        self.context.require_times(given, f"Signals.{name}", timeframe=None, symbol=None)
        return pl.col("close") * as_column(given) / 100

    def column(self, name: str) -> Indicator | None:
        """A column of one value for each bar."""
        return self._of(name, self._given(name))

    def _of(self, name: str, given: AnyColumn) -> Indicator | None:
        import polars as pl  # noqa: PLC0415 - slow to import, and few runs need it

        if given is None or is_indicator(given):
            return given
        if callable(given):  # of a distance
            return self._of(name, self._called(name, given))
        if isinstance(given, (int, float)):  # true and false are 1 and 0
            expression = pl.repeat(float(given), pl.len())
        elif is_operand(given):
            expression = as_column(given)
            place = f"Signals.{name}"
            self.context.require_times(given, place, timeframe=None, symbol=None)
        else:
            raise ConfigError(_no_column(name, given))
        # Only entries delay the run until known: NaN elsewhere means that there is no level.
        warmup = name in _ENTRIES
        return self.context.expression(expression, name, timeframe=None, symbol=None, warmup=warmup)


def _by_symbol(given: AnyColumn) -> AnyColumn:
    """Take a frame with a column for each of several symbols as those columns."""
    if not (hasattr(given, "__array__") and hasattr(given, "columns")):
        return given
    names = [name for name in given.columns if str(name).lower() not in _TIMES]
    return {str(name): given[name] for name in names} if len(names) > 1 else given


def _has_rows(given: AnyColumn) -> bool:
    """Return whether something has values of its own for each bar: a series or an array."""
    return hasattr(given, "__array__") and hasattr(given, "__len__")


def _no_column(name: str, given: object) -> str:
    return (
        f"Signals.{name}: given {given!r}, expected the name of a column, a Polars expression, a "
        "series or array with a value for each bar, a number, True or False, a condition or an "
        "indicator"
    )

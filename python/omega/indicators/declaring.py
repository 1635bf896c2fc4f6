"""How a strategy declares an indicator, by name; the typed methods stand on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict, TypeVar, cast

from omega.config.values import one_of, require_texts, taken
from omega.errors import ConfigError
from omega.indicators.catalog import Reads, resolve

if TYPE_CHECKING:
    from omega._core import Indicator

    Sources: TypeAlias = Any
    """A column by its name, a Polars expression, a series, an array, an indicator, or two."""

PRICES = ("open", "high", "low", "close")
COLUMNS = frozenset(
    ("volume", *(side + price for side in ("", "bid_", "ask_") for price in PRICES))
)

_SIDE = one_of("bid", "ask")
_Group = TypeVar("_Group")


class OfSource(TypedDict, total=False):
    """Where an indicator of one column reads it."""

    source: str | Indicator
    timeframe: str | None
    symbol: str | None


class OfCandles(TypedDict, total=False):
    """Where an indicator of fixed columns reads them."""

    side: str
    timeframe: str | None
    symbol: str | None


class OfPair(TypedDict, total=False):
    """Where an indicator of two columns reads them, `source` aside."""

    timeframe: str | None
    symbol: str | None


class Declares(Protocol):
    """The part of a run that computes indicators; each backend has one."""

    def indicator(
        self,
        name: str,
        parameters: list[float],
        source: Sources,
        *,
        labels: list[str],
        timeframe: str | None,
        symbol: str | None,
    ) -> list[Indicator]:
        """Compute an indicator; one view for each label.

        Args:
            name: A name of the catalog.
            parameters: All of them in the catalog's order.
            source: A column or an indicator, two of them, or the side of the candles.
            labels: What the views call themselves.
            timeframe: None for the candles as they were given.
            symbol: None for the run's own symbol.
        """


class Declaring:
    """What declares indicators: a base of `Strategy`."""

    def _context(self) -> Any:  # noqa: ANN401 - a `RunContext`, which `Strategy` knows
        raise NotImplementedError

    def _column(self, given: object, timeframe: str | None, symbol: str | None) -> Indicator:
        """Return the column that a name, an expression, a series or an array stands for."""
        raise NotImplementedError

    def indicator(
        self,
        name: str,
        *parameters: object,
        source: Sources = "close",
        side: str = "bid",
        timeframe: str | None = None,
        symbol: str | None = None,
        **named: object,
    ) -> Any:  # noqa: ANN401 - an Indicator, or a group of them by name
        """Declare an indicator by name; each also has a method of its own.

        Args:
            name: The indicator: a name of the page "Indicators".
            parameters: Its parameters in order; what is left out has its default.
            source: A column by its name (`close`, `ask_high`, `volume`, one of the data's own), a
                Polars expression, a series or array with a value for each bar, or another
                indicator; a tuple of them where the indicator reads several.
            side: `bid` or `ask`, for an indicator of highs, lows and closes.
            timeframe: A timeframe of the run, such as "H1".
            symbol: A symbol of the run.
            named: Parameters by name.

        Returns:
            A view of its values; `[-1]` is now. NaN until its first value. Several outputs come
            as a group: `bands.upper[-1]`.

        Raises:
            ConfigError: The name, a parameter or the source is unknown or impossible.

        Example:
            >>> newest(lambda self: self.indicator("ema", 20, source="high"))
            103.3939
            >>> newest(lambda self: self.indicator("zscore", 50, mean="ema"))
            1.3021
            >>> import polars as pl
            >>> newest(lambda self: self.sma(20, source=pl.col("high") - pl.col("low")))
            0.6281
        """
        call = resolve(name, parameters, named)
        require_texts(name, timeframe=timeframe, symbol=symbol)
        source = _checked(name, call.definition.reads, source, side)
        if call.definition.reads is not Reads.CANDLES:
            source, is_placed = self._read(source, timeframe, symbol)
            if is_placed:  # where its source is
                timeframe = symbol = None
        views = self._context().indicator(
            name,
            call.parameters,
            source,
            labels=call.labels,
            timeframe=timeframe,
            symbol=symbol,
        )
        group = call.definition.group
        return views[0] if group is None else group(*views)

    def _read(
        self, source: Sources, timeframe: str | None, symbol: str | None
    ) -> tuple[Sources, bool]:
        """Return columns that a backend reads, and whether one was computed for it."""
        if isinstance(source, str) and source in COLUMNS:  # as most do, in each run of a sweep
            return source, False
        several = source if isinstance(source, tuple) else (source,)
        made = [
            one if _is_read_as_it_is(one) else self._column(one, timeframe, symbol)
            for one in several
        ]
        is_placed = any(one is not given for one, given in zip(made, several, strict=True))
        return (tuple(made) if isinstance(source, tuple) else made[0]), is_placed

    def _one(
        self,
        name: str,
        *parameters: object,
        **where: Any,  # noqa: ANN401 - as `indicator`
    ) -> Indicator:
        """Declare an indicator of one output."""
        view: Indicator = self.indicator(name, *parameters, **where)
        return view

    def _several(
        self,
        _kind: type[_Group],
        name: str,
        *parameters: object,
        **where: Any,  # noqa: ANN401 - as `indicator`
    ) -> _Group:
        """Declare an indicator of several outputs."""
        views = self.indicator(name, *parameters, **where)
        return cast("_Group", views)


def _checked(name: str, reads: Reads, source: Sources, side: str) -> Sources:
    """Refuse a source or a side that the indicator does not read; give what it does."""
    if type(side) is not str or side != "bid":
        side = taken(f"{name} side", side, _SIDE)
    if reads is Reads.CANDLES:
        if not isinstance(source, str) or source != "close":
            raise ConfigError(
                f"{name} source: given {source!r}, but it reads {reads.value}. "
                "Use side='ask' for the other side"
            )
        return side
    if side != "bid":
        raise ConfigError(
            f"{name} side: given {side!r}, but it reads {reads.value}. Use source='ask_close'"
        )
    several = source if isinstance(source, tuple) else (source,)
    if len(several) != (2 if reads is Reads.PAIR else 3 if reads is Reads.THREE else 1):
        raise ConfigError(f"{name} source: given {source!r}, expected {reads.value}")
    return source


def _is_read_as_it_is(source: object) -> bool:
    """Return whether it is a column of the candles, or an indicator."""
    return source in COLUMNS if isinstance(source, str) else hasattr(source, "ago")

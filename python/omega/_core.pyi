"""The native core; private, `omega` is its typed face."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import EllipsisType
from typing import ClassVar, Final, Self, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer, CapsuleType, disjoint_base

from omega.config.distances import Distance
from omega.config.managers import TrailingStop
from omega.contract import (
    Callbacks,
    ClockFields,
    Components,
    ForeignComponents,
    ForeignFields,
    Progress,
    ScheduleFields,
    Settings,
    SignalColumns,
    SymbolContext,
    TimeframeFields,
    WeightFields,
)
from omega.strategy.actions import Action
from omega.strategy.conditions import Condition
from omega.strategy.crossings import Crossing, Values
from omega.strategy.operands import AnyOperand

__all__ = [
    "VERSION",
    "AccountView",
    "ArrowTable",
    "Bar",
    "CandleStore",
    "Column",
    "Fill",
    "ForeignStrategy",
    "Indicator",
    "Mask",
    "NativeStrategy",
    "Outcome",
    "PendingOrder",
    "Position",
    "Run",
    "RunReport",
    "RunTables",
    "SideView",
    "Statistics",
    "Track",
    "Trade",
    "crossover",
    "crossunder",
    "foreign_functions",
    "foreign_layout",
    "foreign_version",
    "ipc_columns",
    "ipc_metadata",
    "ipc_names",
    "table_columns",
    "write_ipc",
]

VERSION: Final[str]
"""The version of the crate, which is the version of the package."""

@disjoint_base
class AccountView:
    def __new__(cls, *_arguments: object, **_words: object) -> Self: ...
    def _see(self, run: object, /, *, heard: bool) -> None: ...
    @property
    def position(self) -> Position | None:
        """The oldest open position, or None."""
    @property
    def positions(self) -> list[Position]:
        """All open positions of all symbols, oldest first.

        Example:
            >>> class Grid(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if len(self.positions) < 2:
            ...             self.buy()
            ...         elif bar.index == 50:
            ...             oldest = self.position
            ...             print(oldest.trade_id, [one.trade_id for one in self.positions])
            ...             print(self.pending, self.balance, self.equity)
            >>> result = omega.run_backtest(candles, Grid())
            0 [0, 1]
            [] 10000.0 9996.1875
        """
    @property
    def pending(self) -> list[PendingOrder]:
        """Orders that wait, oldest first."""
    @property
    def equity(self) -> float:
        """Balance plus open profit at the newest bar's close, in account currency."""
    @property
    def balance(self) -> float:
        """Cash after all booked profits and costs, in account currency."""
    def buy(
        self,
        size: float | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        touch: float | None = None,
        trail: float | Distance | None = None,
        at_close: bool = False,
        stop_loss: float | Distance | None = None,
        take_profit: float | Distance | None = None,
        symbol: str | None = None,
        expires: datetime | int | str | None = None,
        trailing_stop: float | Distance | TrailingStop | None = None,
        oco: str | None = None,
        reduce_only: bool = False,
        reason: str | None = None,
        tags: Sequence[str] = (),
    ) -> int:
        """Buy: at the market, at `limit` or better, or at the market once `stop` is reached.

        Args:
            size: Lots; None leaves it to the run's sizer.
            limit: Price of a limit order; with `stop` as well, of a stop-limit order.
            stop: Price of a stop order.
            touch: Price on the better side of the market that arms a limit order at `limit`.
            trail: Distance of a stop order that follows the best price for it.
            at_close: Fill at the close of the next bar.
            stop_loss: Price at which the position is closed at a loss, or `Distance` from entry.
            take_profit: Price at which it is closed at a profit, or `Distance` from its entry.
            symbol: One of the run's symbols; None is the first.
            expires: None until cancelled, "day", "ioc", "fok", or a moment, as in `Signal`.
            trailing_stop: Distance at which the stop loss follows the market.
            oco: Name of a group of orders of which one fill cancels the rest.
            reduce_only: Whether it only closes positions of the other direction, and opens none.
            reason: Your own words, carried to the trade.
            tags: Your own marks, carried to the trade.

        Returns:
            The order's number, for `cancel`, `close` and `modify`; its trade has the same.

        Example:
            >>> class Buyer(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy(2, limit=103.5, stop_loss=102, reason="a dip")
            >>> omega.run_backtest(candles, Buyer()).trades.select("entry_price", "reason").row(0)
            (103.5, 'a dip')
        """
    def sell(
        self,
        size: float | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        touch: float | None = None,
        trail: float | Distance | None = None,
        at_close: bool = False,
        stop_loss: float | Distance | None = None,
        take_profit: float | Distance | None = None,
        symbol: str | None = None,
        expires: datetime | int | str | None = None,
        trailing_stop: float | Distance | TrailingStop | None = None,
        oco: str | None = None,
        reduce_only: bool = False,
        reason: str | None = None,
        tags: Sequence[str] = (),
    ) -> int:
        """Sell short; the arguments are those of `buy`.

        Example:
            >>> class Seller(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.sell(stop_loss=bar.close + 2, take_profit=bar.close - 1)
            >>> omega.run_backtest(candles, Seller()).trades["exit_reason"].to_list()
            ['take_profit']
        """
    def close(
        self,
        position: Position | PendingOrder | int | None = None,
        *,
        symbol: str | None = None,
        fraction: float = 1.0,
        reason: str = "signal",
    ) -> int:
        """Close positions at the market.

        Args:
            position: A position, or the number that `buy` or `sell` gave: while the order waits it
                is cancelled. None closes all, symbol by symbol.
            symbol: Close what is open in this symbol only.
            fraction: Part of the lots to close.
            reason: The trade's exit reason, "signal" or "time".

        Returns:
            The order's number; of several symbols that of the first.

        Example:
            >>> class Hour(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy()
            ...         elif self.position and self.position.bars_held == 60:
            ...             self.close(self.position, reason="time")
            >>> omega.run_backtest(candles, Hour()).trades.select("bars_held", "exit_reason").row(0)
            (61, 'time')
        """
    def cancel(self, order: PendingOrder | int) -> int:
        """Cancel an order that waits.

        Example:
            >>> class Patient(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.order = self.buy(limit=1.0)
            ...         elif bar.index == 10:
            ...             self.cancel(self.order)
            >>> omega.run_backtest(candles, Patient()).orders["status"].to_list()
            ['cancelled']
        """
    def modify(
        self,
        order: Position | PendingOrder | int,
        *,
        price: float | EllipsisType = ...,
        limit_price: float | EllipsisType = ...,
        size: float | EllipsisType = ...,
        stop_loss: float | Distance | EllipsisType | None = ...,
        take_profit: float | Distance | EllipsisType | None = ...,
        expires: datetime | int | str | EllipsisType | None = ...,
    ) -> int:
        """Change an order that waits, or the protective exits of a position.

        What is left out stays; None removes an exit, or lets an order work until it is cancelled.

        Args:
            order: An order that waits, a position, or the number that `buy` or `sell` gave.
            price: New price of a limit or stop order.
            limit_price: New limit of a stop-limit order, whose stop is `price`.
            size: New size in lots.
            stop_loss: New stop loss.
            take_profit: New take profit.
            expires: How long the order works from now on, as in `Signal`.

        Example:
            >>> class Careful(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy(stop_loss=bar.close - 2)
            ...         elif self.position and bar.close > self.position.entry_price:
            ...             self.modify(self.position, stop_loss=bar.close - 1)
            >>> omega.run_backtest(candles, Careful()).trades["exit_reason"].to_list()
            ['stop_loss']
        """

def crossover(first: Values | AnyOperand, second: Values | AnyOperand) -> Crossing:
    """Return whether `first` was at or below `second` a bar ago and is above it now.

    Where a strategy declares (`init()`, `when`, the functions of `Signals`) it is a condition over
    all bars, to be combined with `&`, `|` and `~`. In a callback it is about the newest bar alone.

    Args:
        first: An indicator, or a number; in a condition also what else stands for a column.
        second: The same.

    Returns:
        A `Condition`, or True or False. Undefined where one of the four values is NaN: then neither
        the condition nor its negation holds, and the truth is False.

    Example:
        >>> import omega
        >>> omega.crossover([1.0, 3.0], 2.0)
        True
        >>> class Cross(omega.Strategy):
        ...     def init(self):
        ...         self.fast, self.slow = self.sma(2), self.sma(3)
        ...     @omega.when(lambda self: omega.crossover(self.fast, self.slow))
        ...     def on_bar(self, bar):
        ...         self.buy()
    """

def crossunder(first: Values | AnyOperand, second: Values | AnyOperand) -> Crossing:
    """Return whether `first` was at or above `second` a bar ago and is below it now.

    Example:
        >>> omega.crossunder([1.0, 3.0], 2.0)
        False
    """

@final
class Column:
    @staticmethod
    def from_arrow(data: object) -> Column: ...
    @staticmethod
    def from_buffer(data: object, copied: bool = False) -> Column: ...
    @staticmethod
    def chained(parts: list[Column]) -> Column: ...
    def as_timestamp(self, unit: str, timezone: str | None = None) -> Column: ...
    def slice(self, offset: int, length: int) -> Column: ...
    @property
    def data_type(self) -> str: ...
    @property
    def n_chunks(self) -> int: ...
    def __len__(self) -> int: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

def table_columns(data: object) -> list[tuple[str, Column]]: ...
def ipc_names(file: Buffer) -> list[str] | None: ...
def ipc_columns(file: Buffer, names: Sequence[str]) -> list[tuple[str, Column]] | None: ...
def ipc_metadata(file: Buffer) -> dict[str, str]: ...
def write_ipc(data: object, path: Path, metadata: Mapping[str, str]) -> None: ...

@final
class CandleStore:
    def __new__(
        cls,
        symbols: list[tuple[str, list[tuple[str, str, Column]], float]],
        mode: str,
        levels: list[tuple[str, str]],
        allow_negative: list[str],
        cast: bool,
    ) -> CandleStore: ...
    @property
    def symbols(self) -> list[str]: ...
    def symbol(self, name: str) -> CandleStore: ...
    def each(self) -> list[CandleStore]: ...
    def columns(self, symbol: str) -> list[tuple[str, str]]: ...
    def spread(self, symbol: str) -> float: ...
    def bid(self, symbol: str) -> list[NDArray[np.float64]] | None: ...
    @property
    def n_chunks(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def copied_bytes(self) -> int: ...
    @property
    def crossed_rows(self) -> list[int | None]: ...
    def buffers(self, symbol: str, role: str) -> list[tuple[int, int]]: ...
    def time_range(self, symbol: str) -> tuple[int, int, str, str | None]: ...
    def warnings(self) -> list[tuple[str, str, str, int, int, float | None]]: ...
    def findings(self, symbol: str) -> list[tuple[str, Column]]: ...
    def require_valid(self) -> None: ...
    def __len__(self) -> int: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Bar:
    """A completed bar, seen by its index; `bar.open` to `bar.close` are the bid side.

    A bar that is kept goes on showing its own prices. There is no bar after the newest one.

    Example:
        >>> bars = []
        >>> result = omega.run_backtest(candles, bars.append, symbol="CORN")
        >>> bar = bars[-1]
        >>> bar.index, bar.symbol, bar.symbols, bar.fresh
        (238, 'CORN', ('CORN',), True)
        >>> bar.open, bar.high, bar.low, bar.close, bar.volume, bar.spread
        (104.75, 104.875, 104.5, 104.625, 100.0, 0.0625)
        >>> bar.bid.close, bar.ask.close
        (104.625, 104.6875)
        >>> bar.time.isoformat(), bar.timestamp
        ('2024-01-01T03:58:00+00:00', 1704081480000000)
        >>> bar.ago(1).index
        237
    """

    @property
    def index(self) -> int:
        """Place in the candles, counted from 0."""

    @property
    def symbol(self) -> str:
        """Name of the symbol."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of all symbols of the run, in order."""

    @property
    def fresh(self) -> bool:
        """Whether it became complete with this step; a symbol may have no new bar at a step."""

    @property
    def timestamp(self) -> int:
        """Open time as the integer in the time column."""

    @property
    def time(self) -> datetime:
        """Open time; aware where the time column has a zone, else naive UTC."""

    @property
    def open(self) -> float:
        """First bid."""

    @property
    def high(self) -> float:
        """Highest bid."""

    @property
    def low(self) -> float:
        """Lowest bid."""

    @property
    def close(self) -> float:
        """Last bid."""

    @property
    def volume(self) -> float:
        """Volume; raises `ValueError` where the data has none."""

    @property
    def spread(self) -> float:
        """Ask less bid at the close."""

    @property
    def bid(self) -> SideView:
        """The four bid prices."""

    @property
    def ask(self) -> SideView:
        """The four ask prices."""

    def open_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` bid opens, up to this bar, in the candles' own memory.

        Example:
            >>> bars = []
            >>> result = omega.run_backtest(candles, bars.append)
            >>> bars[-1].open_window(3).tolist()
            [104.1875, 104.0625, 104.75]
        """

    def high_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` bid highs, up to this bar, in the candles' own memory.

        Example:
            >>> bars = []
            >>> result = omega.run_backtest(candles, bars.append)
            >>> bars[-1].high_window(3).tolist()
            [104.3125, 104.875, 104.875]
        """

    def low_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` bid lows, up to this bar, in the candles' own memory.

        Example:
            >>> bars = []
            >>> result = omega.run_backtest(candles, bars.append)
            >>> bars[-1].low_window(3).tolist()
            [103.9375, 103.9375, 104.5]
        """

    def close_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` bid closes, up to this bar, in the candles' own memory.

        Example:
            >>> bars = []
            >>> result = omega.run_backtest(candles, bars.append)
            >>> bars[-1].close_window(3).tolist()
            [104.0625, 104.75, 104.625]
        """

    def volume_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` volumes, up to this bar, in the candles' own memory.

        Example:
            >>> bars = []
            >>> result = omega.run_backtest(candles, bars.append)
            >>> bars[-1].volume_window(3).tolist()
            [112.0, 106.0, 100.0]
        """

    def tf(self, timeframe: str) -> Bar:
        """Return the newest complete bar of the symbol on a higher timeframe, as `bar.tf("H1")`.

        Example:
            >>> hours = []
            >>> def on_bar(bar):
            ...     if bar.index > 120:
            ...         hours.append(bar.tf("H1").time.hour)
            >>> result = omega.run_backtest(candles, on_bar, timeframes=("H1",))
            >>> hours[0], hours[-1]
            (1, 2)
        """

    def ago(self, bars: int) -> Bar:
        """Return the bar that many bars before this one; 0 is this one.

        Of a bar of another symbol, or on a higher timeframe, they are bars of the same kind.

        Example:
            >>> def on_bar(bar):
            ...     if bar.index == 40:
            ...         print(bar.ago(0).close, bar.ago(1).close)
            >>> result = omega.run_backtest(candles, on_bar)
            105.4375 104.75

        Raises:
            IndexError: It is before the first bar, or in the future.
        """

    def __getitem__(self, key: str, /) -> Bar:
        """Return the newest complete bar of a symbol: `bar["CORN"]`.

        Of a bar on a higher timeframe it is the newest one on the same timeframe.

        Raises:
            TypeError: It is a number: `bar.ago(1)` is the bar before.
        """

@final
class SideView:
    """The bid or the ask side of a bar."""

    @property
    def index(self) -> int:
        """Place in the candles, counted from 0."""

    @property
    def symbol(self) -> str:
        """Name of the symbol."""

    @property
    def timestamp(self) -> int:
        """Open time as the integer in the time column."""

    @property
    def time(self) -> datetime:
        """Open time; aware where the time column has a zone, else naive UTC."""

    @property
    def volume(self) -> float:
        """Volume; raises `ValueError` where the data has none."""

    @property
    def open(self) -> float:
        """First price."""

    @property
    def high(self) -> float:
        """Highest price."""

    @property
    def low(self) -> float:
        """Lowest price."""

    @property
    def close(self) -> float:
        """Last price."""

    def open_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` opens, up to this bar."""

    def high_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` highs, up to this bar."""

    def low_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` lows, up to this bar."""

    def close_window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` closes, up to this bar."""

@final
class Indicator:
    """One value a bar, up to the newest completed bar; `indicator[-1]` is now.

    Example:
        >>> class Shown(omega.Strategy):
        ...     def init(self):
        ...         self.mean = self.sma(20)
        ...     def on_bar(self, bar):
        ...         if bar.index == 100:
        ...             print(self.mean.name, len(self.mean), self.mean[-1])
        >>> result = omega.run_backtest(candles, Shown())
        sma(20) 101 102.765625
    """

    __array_ufunc__: ClassVar[None]
    @property
    def name(self) -> str:
        """Its name, such as "sma(20)"."""

    def window(self, length: int) -> NDArray[np.float64]:
        """Return the last `length` values as a read-only array.

        Example:
            >>> class Shown(omega.Strategy):
            ...     def init(self):
            ...         self.mean = self.sma(4)
            ...     def on_bar(self, bar):
            ...         if bar.index == 100:
            ...             print(self.mean.window(3).tolist())
            >>> result = omega.run_backtest(candles, Shown())
            [101.25, 101.03125, 100.8125]
        """

    def __getitem__(self, key: int, /) -> float:
        """Return the value now as `[-1]`, a bar ago as `[-2]`; NaN in warm-up."""

    def __len__(self) -> int:
        """Return the number of values known so far."""

    def ago(self, bars: int) -> float:
        """Return the value that many bars before the newest one; 0 is now.

        Example:
            >>> class Shown(omega.Strategy):
            ...     def init(self):
            ...         self.mean = self.sma(4)
            ...     def on_bar(self, bar):
            ...         if bar.index == 100:
            ...             print(self.mean.ago(0), self.mean.ago(1))
            >>> result = omega.run_backtest(candles, Shown())
            100.8125 101.03125

        Raises:
            IndexError: It is before the first bar, or in the future.
        """

    def __gt__(self, other: AnyOperand, /) -> Condition:
        """Make the condition over all bars that it is above another, a column or a number."""

    def __ge__(self, other: AnyOperand, /) -> Condition:
        """Make the condition that it is not below another, a column or a number."""

    def __lt__(self, other: AnyOperand, /) -> Condition:
        """Make the condition that it is below another, a column or a number."""

    def __le__(self, other: AnyOperand, /) -> Condition:
        """Make the condition that it is not above another, a column or a number."""

    def __eq__(self, other: AnyOperand, /) -> Condition:  # type: ignore[override]  # over all bars
        """Make the condition that it equals another, a column or a number."""

    def __ne__(self, other: AnyOperand, /) -> Condition:  # type: ignore[override]  # over all bars
        """Make the condition that it is known and does not equal another, a column or a number."""

    def __hash__(self) -> int:
        """Hash by identity."""

    def __add__(self, other: AnyOperand, /) -> Indicator:
        """Declare its sum with another, a column or a number."""

    def __radd__(self, other: AnyOperand, /) -> Indicator:
        """Declare the same with the operands the other way round."""

    def __sub__(self, other: AnyOperand, /) -> Indicator:
        """Declare its difference from another, a column or a number."""

    def __rsub__(self, other: AnyOperand, /) -> Indicator:
        """Declare the same with the operands the other way round."""

    def __mul__(self, other: AnyOperand, /) -> Indicator:
        """Declare its product with another, a column or a number."""

    def __rmul__(self, other: AnyOperand, /) -> Indicator:
        """Declare the same with the operands the other way round."""

    def __truediv__(self, other: AnyOperand, /) -> Indicator:
        """Declare its quotient by another, a column or a number."""

    def __rtruediv__(self, other: AnyOperand, /) -> Indicator:
        """Declare the same with the operands the other way round."""

    def __neg__(self) -> Indicator:
        """Declare its negative."""

    def __abs__(self) -> Indicator:
        """Declare its absolute value."""

@final
class Position:
    """An open position, as it stood after the newest completed bar.

    Example:
        >>> class Held(omega.Strategy):
        ...     def on_bar(self, bar):
        ...         if bar.index == 0:
        ...             self.buy(2, stop_loss=101, take_profit=110, reason="first", tags=("a",))
        ...         elif bar.index == 1:
        ...             one = self.position
        ...             print(one.trade_id, one.order_id, one.symbol, one.direction, one.lots)
        ...             print(one.entry_index, one.entry_time.minute, one.entry_price)
        ...             print(one.stop_loss, one.take_profit, one.reason, one.tags)
        ...             print(one.profit, one.open_profit, one.bars_held)
        >>> result = omega.run_backtest(candles, Held(), symbol="CORN")
        0 0 CORN long 2.0
        1 1 105.0625
        101.0 110.0 first ['a']
        0.25 0.25 0
    """

    @property
    def trade_id(self) -> int:
        """Number of the trade, that of its order, for `close` and `modify`."""

    @property
    def order_id(self) -> int:
        """Number of the order that opened it."""

    @property
    def symbol(self) -> str:
        """Name of the symbol."""

    @property
    def direction(self) -> str:
        """Long or short, as "long" or "short"."""

    @property
    def lots(self) -> float:
        """Lots still open."""

    @property
    def entry_index(self) -> int:
        """Index of the bar of the entry."""

    @property
    def entry_time(self) -> datetime:
        """Open time of that bar."""

    @property
    def entry_price(self) -> float:
        """Price of the entry, slippage included."""

    @property
    def stop_loss(self) -> float | None:
        """Stop loss now."""

    @property
    def take_profit(self) -> float | None:
        """Take profit now."""

    @property
    def profit(self) -> float:
        """Open profit at the newest close, before costs."""

    @property
    def open_profit(self) -> float:
        """Open profit at the last mark, in account currency."""

    @property
    def bars_held(self) -> int:
        """Bars from the entry to the newest one."""

    @property
    def reason(self) -> str | None:
        """The strategy's own words."""

    @property
    def tags(self) -> list[str]:
        """The strategy's own marks."""

@final
class PendingOrder:
    """An order that waits.

    Example:
        >>> seen = []
        >>> class Waiting(omega.Strategy):
        ...     def on_bar(self, bar):
        ...         if bar.index == 0:
        ...             self.buy(2, limit=100, stop_loss=99, take_profit=103)
        ...         elif bar.index == 1:
        ...             seen.extend(self.pending)
        >>> result = omega.run_backtest(candles, Waiting(), symbol="CORN")
        >>> order = seen[0]
        >>> order.order_id, order.symbol, order.direction, order.type, order.price, order.lots
        (0, 'CORN', 'long', 'limit', 100.0, 2.0)
        >>> order.stop_loss, order.take_profit
        (99.0, 103.0)
    """

    @property
    def order_id(self) -> int:
        """Its number, for `cancel`, `close` and `modify`; its trade will have the same."""

    @property
    def symbol(self) -> str:
        """Name of the symbol."""

    @property
    def direction(self) -> str:
        """Long or short, as "long" or "short"."""

    @property
    def type(self) -> str:
        """Its type, as in `Signal`, such as "limit" or "stop"."""

    @property
    def price(self) -> float | None:
        """Price that it waits for; of an order that a price arms that price."""

    @property
    def lots(self) -> float:
        """Its size."""

    @property
    def stop_loss(self) -> float | None:
        """Stop loss of the position that it will open."""

    @property
    def take_profit(self) -> float | None:
        """Take profit of the position that it will open."""

@final
class Fill:
    """A fill, as `on_fill` gets it.

    Example:
        >>> fills = []
        >>> class Heard(omega.Strategy):
        ...     def on_bar(self, bar):
        ...         if bar.index == 0:
        ...             self.buy(2)
        ...     def on_fill(self, fill):
        ...         fills.append(fill)
        >>> costs = omega.Costs(fee_per_lot=3)
        >>> result = omega.run_backtest(candles, Heard(), symbol="CORN", costs=costs)
        >>> fill = fills[0]
        >>> fill.order_id, fill.trade_id, fill.symbol, fill.side, fill.lots
        (0, 0, 'CORN', 'buy', 2.0)
        >>> fill.index, fill.time.minute, fill.price, fill.fee, fill.slippage
        (1, 1, 105.0625, 6.0, 0.0)
    """

    @property
    def order_id(self) -> int:
        """The order; of a protective exit the order that opened the position."""

    @property
    def trade_id(self) -> int:
        """The trade that it opened or closed."""

    @property
    def symbol(self) -> str:
        """Name of the symbol."""

    @property
    def side(self) -> str:
        """What was done, "buy" or "sell"."""

    @property
    def index(self) -> int:
        """Index of the bar."""

    @property
    def time(self) -> datetime:
        """Open time of the bar."""

    @property
    def price(self) -> float:
        """Price, slippage included."""

    @property
    def lots(self) -> float:
        """Size."""

    @property
    def fee(self) -> float:
        """Fee in account currency, at least 0."""

    @property
    def slippage(self) -> float:
        """Distance from the price without slippage, at least 0."""

@final
class Trade:
    """A closed trade, as `on_exit` gets it.

    Example:
        >>> trades = []
        >>> class Heard(omega.Strategy):
        ...     def on_bar(self, bar):
        ...         if bar.index == 0:
        ...             self.buy(2, stop_loss=104, reason="first", tags=("a",))
        ...     def on_exit(self, trade):
        ...         trades.append(trade)
        >>> result = omega.run_backtest(candles, Heard(), symbol="CORN")
        >>> trade = trades[0]
        >>> trade.trade_id, trade.symbol, trade.direction, trade.lots
        (0, 'CORN', 'long', 2.0)
        >>> trade.entry_index, trade.entry_time.minute, trade.entry_price
        (1, 1, 105.0625)
        >>> trade.exit_index, trade.exit_time.minute, trade.exit_price, trade.exit_reason
        (4, 4, 104.0, 'stop_loss')
        >>> trade.gross_pnl, trade.fees, trade.swap, trade.net_pnl, trade.r_multiple
        (-2.125, 0.0, 0.0, -2.125, -1.0)
        >>> trade.bars_held, trade.reason, trade.tags
        (3, 'first', ['a'])
    """

    @property
    def trade_id(self) -> int:
        """Its number; parts of one position share it."""

    @property
    def symbol(self) -> str:
        """Name of the symbol."""

    @property
    def direction(self) -> str:
        """Long or short, as "long" or "short"."""

    @property
    def lots(self) -> float:
        """Size of the closed part."""

    @property
    def entry_index(self) -> int:
        """Index of the bar of the entry."""

    @property
    def entry_time(self) -> datetime:
        """Open time of that bar."""

    @property
    def entry_price(self) -> float:
        """Price of the entry, slippage included."""

    @property
    def exit_index(self) -> int:
        """Index of the bar of the exit."""

    @property
    def exit_time(self) -> datetime:
        """Open time of that bar."""

    @property
    def exit_price(self) -> float:
        """Price of the exit, slippage included."""

    @property
    def exit_reason(self) -> str:
        """Why it was closed, as in the trades table."""

    @property
    def gross_pnl(self) -> float:
        """Profit before costs."""

    @property
    def fees(self) -> float:
        """Entry and exit fees, at least 0."""

    @property
    def swap(self) -> float:
        """Financing; negative when paid."""

    @property
    def net_pnl(self) -> float:
        """Profit after costs."""

    @property
    def r_multiple(self) -> float | None:
        """Net profit over the money at risk at the entry; None without a stop."""

    @property
    def bars_held(self) -> int:
        """Bars from the entry bar to the exit bar."""

    @property
    def reason(self) -> str | None:
        """The strategy's own words."""

    @property
    def tags(self) -> list[str]:
        """The strategy's own marks."""

@final
class Mask:
    def __and__(self, other: Mask, /) -> Mask: ...
    def __rand__(self, other: Mask, /) -> Mask: ...
    def __or__(self, other: Mask, /) -> Mask: ...
    def __ror__(self, other: Mask, /) -> Mask: ...
    def __len__(self) -> int: ...
    def count(self) -> int: ...

@final
class NativeStrategy:
    @property
    def warmup(self) -> int: ...

@final
class ForeignStrategy: ...

def foreign_layout() -> list[tuple[str, int, list[tuple[str, int]]]]: ...
def foreign_version() -> int: ...
def foreign_functions() -> list[tuple[str, int]]: ...

@final
class Run:
    def __new__(
        cls,
        stores: Sequence[CandleStore],
        cash: float,
        timeframes: Sequence[TimeframeFields] | None = None,
        align: str = "union",
        clock: ClockFields | None = None,
    ) -> Run: ...
    @property
    def symbol(self) -> str: ...
    @property
    def queue(self) -> list[Action]: ...
    def warmup(self, semantics: str) -> list[int]: ...
    @property
    def balance(self) -> float: ...
    @property
    def equity(self) -> float: ...
    @property
    def positions(self) -> list[Position]: ...
    @property
    def position(self) -> Position | None: ...
    @property
    def pending(self) -> list[PendingOrder]: ...
    def enter(self) -> int: ...
    @staticmethod
    def leave(before: int) -> None: ...
    def shows(self, given: object) -> bool: ...
    def next_order_id(self) -> int: ...
    def indicator(
        self,
        name: str,
        parameters: list[float],
        source: str | Indicator | tuple[str | Indicator, ...],
        *,
        labels: list[str],
        timeframe: str | None = None,
        symbol: str | None = None,
    ) -> list[Indicator]: ...
    def column(
        self,
        name: str,
        column: object,
        *,
        timeframe: str | None = None,
        symbol: str | None = None,
        warmup: bool = True,
        declared: int = 0,
        unit: str = "",
    ) -> Indicator: ...
    def adjust(
        self,
        symbol: str,
        prices: NDArray[np.float64],
        volumes: NDArray[np.float64],
        shifts: NDArray[np.float64] | None = None,
        timeframe: str | None = None,
    ) -> None: ...
    def compare(self, how: str, left: Indicator | float, right: Indicator | float) -> Mask: ...
    def place_of(self, view: Indicator) -> tuple[str, str | None]: ...
    def candles(
        self, *, timeframe: str | None = None, symbol: str | None = None
    ) -> CandleStore: ...
    def view(self, *, timeframe: str | None = None, symbol: str | None = None) -> Track: ...
    def drive(
        self,
        settings: Settings,
        parts: ForeignComponents,
        on_progress: Progress | None,
        steps: tuple[int, int] | None = None,
    ) -> RunReport: ...
    def native(self, name: str, parameters: Sequence[tuple[str, float]]) -> NativeStrategy: ...
    def signals(self, columns: SignalColumns) -> NativeStrategy: ...
    def due(self, times: NDArray[np.int64]) -> Mask: ...
    def weights(self, fields: WeightFields) -> NativeStrategy: ...
    def declare_warmup(self, bars: int, symbol: str | None = None) -> None: ...
    def execute(
        self,
        settings: Settings,
        callbacks: Callbacks,
        contexts: Sequence[SymbolContext],
        on_progress: Progress | None,
        components: Components | None = None,
    ) -> tuple[RunTables, RunReport]: ...
    def execute_native(
        self,
        settings: Settings,
        strategy: NativeStrategy | ForeignStrategy,
        contexts: Sequence[SymbolContext],
        on_progress: Progress | None,
    ) -> tuple[RunTables, RunReport]: ...
    def execute_scheduled(
        self,
        settings: Settings,
        schedule: ScheduleFields,
        contexts: Sequence[SymbolContext],
        on_progress: Progress | None,
    ) -> tuple[RunTables, RunReport]: ...
    def foreign(self, fields: ForeignFields) -> ForeignStrategy: ...
    def again(self, cash: float) -> Run: ...
    def bounded(self, limit: int) -> Run: ...
    def sweep(
        self,
        settings: list[tuple[Settings, Sequence[SymbolContext]]],
        trials: Iterator[tuple[int, list[int], object]],
        most_and_threads: tuple[int, int],
        kept: tuple[bool, bool, bool],
        take: Callable[[Outcome], object],
    ) -> None: ...

@final
class Outcome:
    @property
    def metrics(self) -> list[float | int | None]: ...
    @property
    def fingerprint(self) -> str | None: ...
    @property
    def error(self) -> BaseException | None: ...
    @property
    def tables(self) -> RunTables | None: ...
    @property
    def moments(self) -> list[float]: ...
    @property
    def daily(self) -> NDArray[np.float64] | None: ...

@final
class Track:
    @property
    def visible(self) -> int: ...
    @property
    def looks(self) -> int: ...
    @property
    def now(self) -> int: ...
    def bar(self, index: int) -> Bar: ...
    def complete_at(self, time: int) -> int: ...

@final
class RunReport:
    @property
    def bars_processed(self) -> int: ...
    @property
    def signals_generated(self) -> int: ...
    @property
    def exits_triggered(self) -> int: ...
    @property
    def total_time_ms(self) -> float: ...
    @property
    def callback_time_ms(self) -> float: ...
    @property
    def start_index(self) -> int: ...

@final
class ArrowTable:
    def __arrow_c_array__(
        self, requested_schema: object | None = None
    ) -> tuple[object, object]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __len__(self) -> int: ...

@final
class Statistics:
    @staticmethod
    def cdf(z: float) -> float: ...
    @staticmethod
    def ppf(p: float) -> float: ...
    @staticmethod
    def normal_maximum(trials: float) -> tuple[float, float]: ...
    @staticmethod
    def sharpe_error(
        fields: tuple[float, float, float, float], benchmark: float, way: tuple[bool, float]
    ) -> float | None: ...
    @staticmethod
    def probabilistic(
        fields: tuple[float, float, float, float], benchmark: float, way: tuple[bool, float]
    ) -> float | None: ...
    @staticmethod
    def minimum_track_record(
        fields: tuple[float, float, float, float],
        benchmark: float,
        confidence: float,
        way: tuple[bool, float],
    ) -> float | None: ...
    @staticmethod
    def annual_factor(periods: float, autocorrelation: float) -> float | None: ...
    @staticmethod
    def expected_maximum(trials: float) -> float: ...
    @staticmethod
    def minimum_backtest_years(trials: float, sr: float) -> float | None: ...
    @staticmethod
    def deflated(
        fields: tuple[float, float, float, float],
        trials: float,
        variance: float,
        way: tuple[bool, float],
    ) -> float | None: ...
    @staticmethod
    def trials_to_doubt(
        fields: tuple[float, float, float, float], variance: float, confidence: float
    ) -> float | None: ...
    @staticmethod
    def moments(
        returns: NDArray[np.float64],
    ) -> tuple[float, float, float | None, float | None]: ...
    @staticmethod
    def trial_moments(returns: NDArray[np.float64], blocks: int) -> NDArray[np.float64]: ...
    @staticmethod
    def effective_trials(returns: NDArray[np.float64], estimator: str) -> float | None: ...
    @staticmethod
    def block_moments(
        returns: NDArray[np.float64], blocks: int
    ) -> tuple[list[int], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...
    @staticmethod
    def overfitting(
        lengths: Sequence[int],
        offsets: NDArray[np.float64],
        sums: NDArray[np.float64],
        squares: NDArray[np.float64],
    ) -> tuple[
        float,
        NDArray[np.float64],
        NDArray[np.float64],
        NDArray[np.float64],
        float | None,
        float | None,
        float,
    ]: ...
    @staticmethod
    def block_lengths(returns: NDArray[np.float64]) -> tuple[float, float]: ...
    @staticmethod
    def draws(n: int, block: float, replicates: int, seed: int) -> NDArray[np.uint32]: ...
    @staticmethod
    def every_draw(n: int) -> NDArray[np.uint32]: ...
    @staticmethod
    def deviations(returns: NDArray[np.float64], block: float) -> NDArray[np.float64]: ...
    @staticmethod
    def superior(
        returns: NDArray[np.float64],
        resamples: NDArray[np.uint32],
        deviations: NDArray[np.float64],
    ) -> tuple[float, float, NDArray[np.float64], int, list[int], NDArray[np.uint64]]: ...
    @staticmethod
    def resampled(
        returns: NDArray[np.float64], draws: NDArray[np.uint32], name: str
    ) -> NDArray[np.float64]: ...
    @staticmethod
    def measured(returns: NDArray[np.float64], name: str) -> float: ...
    @staticmethod
    def interval(
        returns: NDArray[np.float64],
        estimates: NDArray[np.float64],
        name: str,
        method: str,
        confidence: float,
    ) -> tuple[float, float] | None: ...
    @staticmethod
    def quantile(ascending: NDArray[np.float64], part: float) -> float: ...
    @staticmethod
    def orders(n: int, replicates: int, seed: int) -> NDArray[np.uint32]: ...
    @staticmethod
    def every_order(n: int) -> NDArray[np.uint32]: ...
    @staticmethod
    def paths(
        trades: NDArray[np.float64], orders: NDArray[np.uint32], initial: float | None
    ) -> list[NDArray[np.float64]]: ...
    @staticmethod
    def plateau(
        grid: NDArray[np.float64],
        shape: Sequence[int],
        point: int | None,
        steps: int,
        diagonal: bool,
    ) -> tuple[int, int, float | None, float | None, float | None] | None: ...

@final
class RunTables:
    @staticmethod
    def from_tables(
        tables: Mapping[str, object],
        *,
        symbols: Sequence[str],
        contract_sizes: Sequence[float],
        unit: str,
        timezone: str | None = None,
        noted: tuple[float, float, int | None] | None = None,
        days: tuple[int, Sequence[int]] | None = None,
        first_decision: int | None = None,
    ) -> RunTables: ...
    def trades(self) -> ArrowTable: ...
    def intervals(self) -> ArrowTable: ...
    def orders(self) -> ArrowTable: ...
    def fills(self) -> ArrowTable: ...
    def equity(self) -> ArrowTable: ...
    def times(self) -> ArrowTable: ...
    def ledger(self) -> ArrowTable: ...
    def positions(self) -> ArrowTable: ...
    def weights(self) -> ArrowTable: ...
    def metrics(self) -> list[tuple[str, float | int | None]]: ...
    def daily_returns(self) -> NDArray[np.float64] | None: ...
    def fingerprint(self) -> str: ...
    def first_broken_ledger_line(self) -> int | None: ...
    @property
    def symbols(self) -> list[str]: ...
    @property
    def contract_sizes(self) -> list[float]: ...
    @property
    def unit(self) -> str: ...
    @property
    def timezone(self) -> str | None: ...
    @property
    def days(self) -> tuple[int, list[int]] | None: ...
    @property
    def first_decision(self) -> int | None: ...
    @property
    def noted(self) -> tuple[float, float, int | None] | None: ...

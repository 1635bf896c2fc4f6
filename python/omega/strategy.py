"""The class form of a strategy: parameters, indicators, a callback a bar, orders.

What goes in: index views of candles and indicators, which end at the newest completed bar. What
comes out: orders, which are taken up at the open of the next bar (rule L1).
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Protocol

from omega._expressions import as_expression, identity
from omega._indicators.averages import Averages
from omega._indicators.channels import Channels
from omega._indicators.declaring import Declares
from omega._indicators.momentum import Momentum
from omega._indicators.statistics import Statistics
from omega._indicators.volatility import Volatility
from omega._values import nearest
from omega.conditions import Evaluates
from omega.errors import ConfigError
from omega.signals import Action, Cancel, Close, Modify, Signal

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from omega._core import Bar, Fill, Indicator, PendingOrder, Position, Trade


class RunContext(Declares, Evaluates, Protocol):
    """What a run offers to the strategy that it drives; each backend has one."""

    symbols: tuple[str, ...]
    queue: list[Action]
    balance: float
    equity: float
    positions: list[Position]
    position: Position | None
    pending: list[PendingOrder]
    columns: dict[object, Indicator]
    """What was declared by expressions and functions, each of which is computed once."""

    def next_order_id(self) -> int:
        """Give the number that the next queued action will take."""


class Strategy(Averages, Momentum, Channels, Statistics, Volatility):
    """Base of strategies written as a class.

    Annotated class attributes with a value are parameters; the constructor takes them by name.

    Example:
        >>> class Cross(Strategy):
        ...     fast: int = 20
        ...     slow: int = 50
        ...     def init(self):
        ...         self.short, self.long = self.sma(self.fast), self.sma(self.slow)
        ...     def on_bar(self, bar):
        ...         if self.short[-1] > self.long[-1] and self.position is None:
        ...             self.buy(stop_loss=bar.close * 0.99)
        >>> Cross(fast=10)
        Cross(fast=10, slow=50)
    """

    warmup: int = 0
    """Complete bars that the strategy needs before its first decision, besides its indicators'."""

    _run: RunContext | None = None

    def __init__(self, **parameters: Any) -> None:  # noqa: ANN401 - of the types annotated
        known = self.parameters()
        for name, given in parameters.items():
            if name not in known:
                raise ConfigError(_unknown_parameter(type(self).__name__, name, list(known)))
            setattr(self, name, _checked(type(self).__name__, name, given, known[name]))

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Give the parameters and their defaults, base classes first."""
        found: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            for name, annotation in inspect.get_annotations(base).items():
                is_parameter = not name.startswith("_") and "ClassVar" not in str(annotation)
                if is_parameter and base is not Strategy and hasattr(base, name):
                    found[name] = getattr(cls, name)
        return found

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.parameters())
        return f"{type(self).__name__}({values})"

    def init(self) -> None:
        """Declare indicators; called once, before the first bar."""

    def on_bar(self, bar: Bar) -> Action | Sequence[Action] | None:
        """Decide on the newest completed bar; orders work from the next one.

        Returns:
            None, or actions in place of (or beside) calls of `buy`, `sell` and so on.
        """
        raise NotImplementedError(f"{type(self).__name__} has no on_bar(self, bar)")

    def on_fill(self, fill: Fill) -> Action | Sequence[Action] | None:
        """Hear of a fill, once the bar in which it happened is complete."""

    def on_exit(self, trade: Trade) -> Action | Sequence[Action] | None:
        """Hear of a closed trade, once the bar in which it happened is complete."""

    # --- what a strategy may declare -------------------------------------------------------------

    def column(
        self,
        expression: pl.Expr | pl.Series | NDArray[np.float64] | Callable[..., Any],
        name: str = "column",
        *,
        source: str = "close",
        timeframe: str | None = None,
        symbol: str | None = None,
    ) -> Indicator:
        """Declare any Polars expression over the candles, a function over a column, or a Series.

        It sees all bars at once. One that looks forward (`shift(-1)`) leaks the future into the
        run, and `omega.check_lookahead` finds it; one that looks back is as causal as any
        indicator. The same one is computed once a run.

        Args:
            expression: Over `time`, `open` to `close`, `bid_open` to `ask_close` and `volume`; or a
                function that takes the values of `source` and gives one number for each; or a
                Series or array that was made before.
            name: How the indicator calls itself.
            source: The column that a function gets.
            timeframe: One of the run's timeframes; None is the candles as they were given.
            symbol: One of the run's symbols; None is the first.

        Raises:
            ConfigError: It is none of these, or does not give one number for each bar.

        Example:
            >>> import numpy as np
            >>> class Peaks(Strategy):
            ...     def init(self):
            ...         self.peak = self.column(np.maximum.accumulate, "peak", source="high")
        """
        context = self._context()
        key = (name, timeframe, symbol, *identity(expression, source))
        if key not in context.columns:
            made = as_expression(expression, source)
            found = context.expression(made, name, timeframe=timeframe, symbol=symbol)
            context.columns[key] = found
        return context.columns[key]

    # --- what a strategy may ask for -------------------------------------------------------------

    def buy(
        self,
        size: float | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        stop_loss: float | None = None,
        take_profit: float | None = None,
        symbol: str | None = None,
        expires: datetime | int | str | None = None,
        trailing_stop: float | None = None,
        oco: str | None = None,
        reason: str | None = None,
        tags: Sequence[str] = (),
    ) -> int:
        """Buy: at the market, at `limit` or better, or at the market once `stop` is reached.

        Args:
            size: Lots; None leaves it to the run's sizer.
            limit: Price of a limit order; with `stop` as well, of a stop-limit order.
            stop: Price of a stop order.
            stop_loss: Price at which the position is closed at a loss.
            take_profit: Price at which the position is closed at a profit.
            symbol: One of the run's symbols; None is the first.
            expires: None until cancelled, "day", or a moment, as in `Signal`.
            trailing_stop: Distance in price at which the stop loss follows the market.
            oco: Name of a group of orders of which one fill cancels the rest.
            reason: Your own words, carried to the trade.
            tags: Your own marks, carried to the trade.

        Returns:
            The order's number, for `cancel`.
        """
        order = _order("long", size, limit, stop)
        return self._ask(
            Signal(
                **order,
                stop_loss=stop_loss,
                take_profit=take_profit,
                symbol=symbol,
                expires=expires,
                trailing_stop=trailing_stop,
                oco=oco,
                reason=reason,
                tags=tuple(tags),
            )
        )

    def sell(
        self,
        size: float | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        stop_loss: float | None = None,
        take_profit: float | None = None,
        symbol: str | None = None,
        expires: datetime | int | str | None = None,
        trailing_stop: float | None = None,
        oco: str | None = None,
        reason: str | None = None,
        tags: Sequence[str] = (),
    ) -> int:
        """Sell short; the arguments are those of `buy`."""
        order = _order("short", size, limit, stop)
        return self._ask(
            Signal(
                **order,
                stop_loss=stop_loss,
                take_profit=take_profit,
                symbol=symbol,
                expires=expires,
                trailing_stop=trailing_stop,
                oco=oco,
                reason=reason,
                tags=tuple(tags),
            )
        )

    def close(
        self,
        position: Position | int | None = None,
        *,
        symbol: str | None = None,
        fraction: float = 1.0,
        reason: str = "signal",
    ) -> int:
        """Close positions at the market.

        Args:
            position: A position or a trade number; None closes all, symbol by symbol.
            symbol: Close what is open in this symbol only.
            fraction: Part of the lots to close.
            reason: The trade's exit reason, "signal" or "time".

        Returns:
            The order's number; of several symbols that of the first.
        """
        trade = _trade_id(position)
        numbers = [
            self._ask(Close(symbol=one, trade_id=trade, fraction=fraction, reason=reason))
            for one in ([symbol] if trade is not None or symbol else self._symbols_open())
        ]
        return numbers[0]

    def _symbols_open(self) -> list[str | None]:
        """Give the symbols with open positions, in the run's order; the first where none has."""
        context = self._context()
        if len(context.symbols) == 1:
            return [None]
        held = {position.symbol for position in context.positions}
        return [symbol for symbol in context.symbols if symbol in held] or [None]

    def cancel(self, order: PendingOrder | int) -> int:
        """Cancel an order that waits."""
        return self._ask(Cancel(order if isinstance(order, int) else order.order_id))

    def modify(
        self,
        position: Position | int,
        *,
        stop_loss: float | EllipsisType | None = ...,
        take_profit: float | EllipsisType | None = ...,
    ) -> int:
        """Move the protective exits of a position; None removes one, left out keeps it."""
        trade = position if isinstance(position, int) else position.trade_id
        return self._ask(Modify(trade, stop_loss=stop_loss, take_profit=take_profit))

    # --- what a strategy may know ----------------------------------------------------------------

    @property
    def position(self) -> Position | None:
        """The oldest open position, or None."""
        return self._context().position

    @property
    def positions(self) -> list[Position]:
        """All open positions of all symbols, oldest first."""
        return self._context().positions

    def positions_in(self, symbol: str) -> list[Position]:
        """Give the open positions of a symbol, oldest first.

        Raises:
            ConfigError: The run has no such symbol.
        """
        context = self._context()
        if symbol not in context.symbols:
            raise ConfigError(
                f"positions_in: {symbol!r} is no symbol of this run. "
                f"{nearest(symbol, context.symbols)}"
            )
        return [position for position in context.positions if position.symbol == symbol]

    @property
    def pending(self) -> list[PendingOrder]:
        """Orders that wait, oldest first."""
        return self._context().pending

    @property
    def equity(self) -> float:
        """Balance plus open profit at the newest bar's close, in account currency."""
        return self._context().equity

    @property
    def balance(self) -> float:
        """Cash after all booked profits and costs, in account currency."""
        return self._context().balance

    def _ask(self, action: Action) -> int:
        context = self._context()
        number = context.next_order_id()
        context.queue.append(action)
        return number

    def _context(self) -> RunContext:
        if self._run is None:
            raise ConfigError(
                f"{type(self).__name__} is not in a run: indicators are declared in init(), orders "
                "are placed in on_bar(), on_fill() or on_exit()"
            )
        return self._run


def _order(
    direction: str, size: float | None, limit: float | None, stop: float | None
) -> dict[str, Any]:
    order: dict[str, Any] = {"direction": direction, "size": size}
    if stop is not None and limit is not None:
        return order | {"type": "stop_limit", "entry_price": stop, "limit_price": limit}
    if stop is not None:
        return order | {"type": "stop", "entry_price": stop}
    if limit is not None:
        return order | {"type": "limit", "entry_price": limit}
    return order


def _trade_id(position: Position | int | None) -> int | None:
    return position if position is None or isinstance(position, int) else position.trade_id


def _checked(strategy: str, name: str, given: object, default: object) -> object:
    """Refuse a parameter of another type than its default's; whole numbers pass for floats."""
    wanted = type(default)
    if default is None or isinstance(given, wanted):
        return given
    if wanted is float and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    raise ConfigError(
        f"{strategy}.{name}: given {given!r} ({type(given).__name__}), expected {wanted.__name__}"
    )


def _unknown_parameter(strategy: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{strategy} has no parameter {name!r}; it has {', '.join(known) or 'none'}.{hint}"

"""The class form of a strategy: parameters, indicators, a callback a bar, orders.

Views of candles and indicators end at the newest completed bar; orders work from the open of the
next one (rule L1).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from omega.config.distances import Distance
from omega.config.values import nearest, plain
from omega.errors import ConfigError, RanOnCopy
from omega.indicators.averages import Averages
from omega.indicators.channels import Channels
from omega.indicators.momentum import Momentum
from omega.indicators.statistics import Statistics
from omega.indicators.volatility import Volatility
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.arguments import (
    checked_parameter,
    is_set_by,
    on_the_copy,
    order_fields,
    refuse_method_name,
    trade_number,
    unknown_parameter,
)
from omega.strategy.expressions import as_expression, identity
from omega.strategy.ties import Ended

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from omega._core import Bar, Fill, Indicator, PendingOrder, Position, Trade
    from omega.strategy.context import RunContext


class Strategy(Averages, Momentum, Channels, Statistics, Volatility):
    """Base of strategies written as a class.

    Annotated class attributes with a value are parameters; the constructor takes them by name.

    Attributes:
        warmup: Complete bars needed before the first decision, besides the indicators' own.

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

    _run: RunContext | Ended | None = None

    def __init__(self, **parameters: Any) -> None:  # noqa: ANN401 - of the types annotated
        known = self.parameters()
        for name, given in parameters.items():
            if name not in known:
                raise ConfigError(unknown_parameter(type(self), name, list(known)))
            setattr(self, name, checked_parameter(type(self).__name__, name, given, known[name]))

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Give the parameters and their defaults, base classes first.

        Example:
            >>> class Cross(Strategy):
            ...     fast: int = 20
            ...     slow: int = 50
            >>> Cross.parameters()
            {'fast': 20, 'slow': 50}
        """
        found: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            for name, annotation in inspect.get_annotations(base).items():
                is_parameter = not name.startswith("_") and "ClassVar" not in str(annotation)
                if is_parameter and base is not Strategy and hasattr(base, name):
                    refuse_method_name(cls, base, name)
                    found[name] = plain(getattr(cls, name))
        return found

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={plain(getattr(self, name))!r}" for name in self.parameters())
        return f"{type(self).__name__}({values})"

    def __getstate__(self) -> dict[str, Any]:
        """Leave the tie to a run out; what an ended run showed is kept."""
        state = dict(vars(self))
        if not isinstance(self._run, Ended):
            state.pop("_run", None)
        return state

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is, it is missing
            if self._run is None and is_set_by(type(self), name):
                raise RanOnCopy(on_the_copy(type(self).__name__, name))
            missing = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(missing, name=name, obj=self)

    def init(self) -> None:
        """Declare indicators; called once, before the first bar.

        Example:
            >>> class Mean(Strategy):
            ...     def init(self):
            ...         self.mean = self.sma(20)
            ...     def on_bar(self, bar):
            ...         if self.position is None and bar.close > self.mean[-1]:
            ...             self.buy()
            >>> omega.run_backtest(candles, Mean()).trades.height > 0
            True
        """

    def on_bar(self, bar: Bar) -> Action | Sequence[Action] | None:
        """Decide on the newest completed bar; orders work from the next one.

        Returns:
            None, or actions in place of (or beside) calls of `buy`, `sell` and so on.

        Example:
            >>> class First(Strategy):
            ...     def on_bar(self, bar):
            ...         return omega.Signal("long") if bar.index == 0 else None
            >>> omega.run_backtest(candles, First()).trades["entry_index"].to_list()
            [1]
        """
        raise NotImplementedError(f"{type(self).__name__} has no on_bar(self, bar)")

    def on_fill(self, fill: Fill) -> Action | Sequence[Action] | None:
        """React to a fill, once the bar in which it happened is complete.

        Example:
            >>> class Heard(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy()
            ...     def on_fill(self, fill):
            ...         print(fill.side, fill.price)
            >>> result = omega.run_backtest(candles, Heard())
            buy 105.0625
            sell 105.3125
        """

    def on_exit(self, trade: Trade) -> Action | Sequence[Action] | None:
        """React to a closed trade, once the bar in which it happened is complete.

        Example:
            >>> class Heard(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy(stop_loss=bar.close - 1)
            ...     def on_exit(self, trade):
            ...         print(trade.exit_reason, trade.net_pnl)
            >>> result = omega.run_backtest(candles, Heard())
            stop_loss -1.0625
        """

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

    # --- what a strategy may request -------------------------------------------------------------

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
        trailing_stop: float | Distance | None = None,
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
            >>> class Buyer(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy(2, limit=103.5, stop_loss=102, reason="a dip")
            >>> omega.run_backtest(candles, Buyer()).trades.select("entry_price", "reason").row(0)
            (103.5, 'a dip')
        """
        order = order_fields("long", size, limit, stop, touch=touch, trail=trail, at_close=at_close)
        return self._submit(
            Signal(
                **order,
                stop_loss=stop_loss,
                take_profit=take_profit,
                symbol=symbol,
                expires=expires,
                trailing_stop=trailing_stop,
                oco=oco,
                reduce_only=reduce_only,
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
        touch: float | None = None,
        trail: float | Distance | None = None,
        at_close: bool = False,
        stop_loss: float | Distance | None = None,
        take_profit: float | Distance | None = None,
        symbol: str | None = None,
        expires: datetime | int | str | None = None,
        trailing_stop: float | Distance | None = None,
        oco: str | None = None,
        reduce_only: bool = False,
        reason: str | None = None,
        tags: Sequence[str] = (),
    ) -> int:
        """Sell short; the arguments are those of `buy`.

        Example:
            >>> class Seller(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.sell(stop_loss=bar.close + 2, take_profit=bar.close - 1)
            >>> omega.run_backtest(candles, Seller()).trades["exit_reason"].to_list()
            ['take_profit']
        """
        order = order_fields(
            "short", size, limit, stop, touch=touch, trail=trail, at_close=at_close
        )
        return self._submit(
            Signal(
                **order,
                stop_loss=stop_loss,
                take_profit=take_profit,
                symbol=symbol,
                expires=expires,
                trailing_stop=trailing_stop,
                oco=oco,
                reduce_only=reduce_only,
                reason=reason,
                tags=tuple(tags),
            )
        )

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
            >>> class Hour(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy()
            ...         elif self.position and self.position.bars_held == 60:
            ...             self.close(self.position, reason="time")
            >>> omega.run_backtest(candles, Hour()).trades.select("bars_held", "exit_reason").row(0)
            (61, 'time')
        """
        trade = None if position is None else trade_number(position)
        numbers = [
            self._submit(Close(symbol=one, trade_id=trade, fraction=fraction, reason=reason))
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
        """Cancel an order that waits.

        Example:
            >>> class Patient(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.order = self.buy(limit=1.0)
            ...         elif bar.index == 10:
            ...             self.cancel(self.order)
            >>> omega.run_backtest(candles, Patient()).orders["status"].to_list()
            ['cancelled']
        """
        return self._submit(Cancel(trade_number(order)))

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
            >>> class Careful(Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy(stop_loss=bar.close - 2)
            ...         elif self.position and bar.close > self.position.entry_price:
            ...             self.modify(self.position, stop_loss=bar.close - 1)
            >>> omega.run_backtest(candles, Careful()).trades["exit_reason"].to_list()
            ['stop_loss']
        """
        return self._submit(
            Modify(
                trade_number(order),
                price=price,
                limit_price=limit_price,
                size=size,
                stop_loss=stop_loss,
                take_profit=take_profit,
                expires=expires,
            )
        )

    # --- what a strategy may know ----------------------------------------------------------------

    @property
    def position(self) -> Position | None:
        """The oldest open position, or None."""
        return self._shown().position

    @property
    def positions(self) -> list[Position]:
        """All open positions of all symbols, oldest first.

        Example:
            >>> class Grid(Strategy):
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
        return self._shown().positions

    def positions_in(self, symbol: str) -> list[Position]:
        """Give the open positions of a symbol, oldest first.

        Raises:
            ConfigError: The run has no such symbol.

        Example:
            >>> class Both(Strategy):
            ...     def on_bar(self, bar):
            ...         for symbol in bar.symbols:
            ...             if not self.positions_in(symbol):
            ...                 self.buy(symbol=symbol)
            >>> both = {"AAA": candles, "BBB": candles}
            >>> omega.run_backtest(both, Both()).trades["symbol"].to_list()
            ['AAA', 'BBB']
        """
        context = self._shown()
        if symbol not in context.symbols:
            raise ConfigError(
                f"positions_in: {symbol!r} is no symbol of this run. "
                f"{nearest(symbol, context.symbols)}"
            )
        return [position for position in context.positions if position.symbol == symbol]

    @property
    def pending(self) -> list[PendingOrder]:
        """Orders that wait, oldest first."""
        return self._shown().pending

    @property
    def equity(self) -> float:
        """Balance plus open profit at the newest bar's close, in account currency."""
        return self._shown().equity

    @property
    def balance(self) -> float:
        """Cash after all booked profits and costs, in account currency."""
        return self._shown().balance

    def _submit(self, action: Action) -> int:
        context = self._context()
        number = context.next_order_id()
        context.queue.append(action)
        return number

    def _context(self) -> RunContext:
        run = self._shown()
        if isinstance(run, Ended):
            raise ConfigError(
                f"{type(self).__name__}: its run is over; indicators are declared in init(), "
                "orders are placed in on_bar(), on_fill() or on_exit()"
            )
        return run

    def _shown(self) -> RunContext | Ended:
        if self._run is None:
            raise ConfigError(
                f"{type(self).__name__} is not in a run: indicators are declared in init(), orders "
                "are placed in on_bar(), on_fill() or on_exit(); what a run did is read off the "
                "copy that ran, result.strategy"
            )
        return self._run

    def _tie(self, run: RunContext | Ended | None) -> None:
        self._run = run

"""What a strategy requests of its run and knows of it: orders, positions, the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING

from omega.config.distances import Distance
from omega.config.values import nearest
from omega.errors import ConfigError
from omega.strategy.actions import Action, Cancel, Close, Modify, Signal
from omega.strategy.arguments import order_fields, trade_number
from omega.strategy.ties import Ended

if TYPE_CHECKING:
    from omega._core import PendingOrder, Position
    from omega.strategy.context import RunContext


class Trading:
    """What a strategy requests of its run and knows of it: a base of `Strategy`."""

    _run: RunContext | Ended | None = None

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
            >>> class Buyer(omega.Strategy):
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
            >>> class Seller(omega.Strategy):
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
            >>> class Hour(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.buy()
            ...         elif self.position and self.position.bars_held == 60:
            ...             self.close(self.position, reason="time")
            >>> omega.run_backtest(candles, Hour()).trades.select("bars_held", "exit_reason").row(0)
            (61, 'time')
        """
        trade = None if position is None else self._number(position)
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
            >>> class Patient(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.order = self.buy(limit=1.0)
            ...         elif bar.index == 10:
            ...             self.cancel(self.order)
            >>> omega.run_backtest(candles, Patient()).orders["status"].to_list()
            ['cancelled']
        """
        return self._submit(Cancel(self._number(order)))

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
        return self._submit(
            Modify(
                self._number(order),
                price=price,
                limit_price=limit_price,
                size=size,
                stop_loss=stop_loss,
                take_profit=take_profit,
                expires=expires,
            )
        )

    @property
    def position(self) -> Position | None:
        """The oldest open position, or None."""
        return self._shown().position

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
        return self._shown().positions

    def positions_in(self, symbol: str) -> list[Position]:
        """Give the open positions of a symbol, oldest first.

        Raises:
            ConfigError: The run has no such symbol.

        Example:
            >>> class Both(omega.Strategy):
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

    def _number(self, given: Position | PendingOrder | int) -> int:
        """Give the number of a position or an order of this run."""
        if not self._context().shows(given):
            raise ConfigError(
                f"order: given {given!r} of another run, expected a position or an order of this "
                "run, as self.position and self.pending show them"
            )
        return trade_number(given)

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

"""What a strategy requests of its run and knows of it: orders, positions, the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING

from omega.config.distances import Distance
from omega.config.values import nearest
from omega.errors import ConfigError
from omega.strategy.account import AccountView
from omega.strategy.ties import Ended

if TYPE_CHECKING:
    from omega import _core
    from omega._core import PendingOrder, Position
    from omega.strategy.context import RunContext
    from omega.strategy.order_entry import OrderEntry


class Trading(AccountView):
    """What a strategy requests of its run and knows of it: a base of `Strategy`."""

    _run: RunContext | Ended | None = None
    _entry: OrderEntry | _core.OrderEntry | None = None

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
        return (self._entry or self._context().orders).open(
            "long",
            size,
            limit,
            stop,
            touch,
            trail,
            at_close,
            stop_loss,
            take_profit,
            symbol,
            expires,
            trailing_stop,
            oco,
            reduce_only,
            reason,
            tags,
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
        return (self._entry or self._context().orders).open(
            "short",
            size,
            limit,
            stop,
            touch,
            trail,
            at_close,
            stop_loss,
            take_profit,
            symbol,
            expires,
            trailing_stop,
            oco,
            reduce_only,
            reason,
            tags,
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
        return (self._entry or self._context().orders).close(position, symbol, fraction, reason)

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
        return (self._entry or self._context().orders).cancel(order)

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
        return (self._entry or self._context().orders).modify(
            order, price, limit_price, size, stop_loss, take_profit, expires
        )

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
        self._run, self._entry = run, None
        if run is None or isinstance(run, Ended):
            self._see(None)
        else:
            self._entry = run.orders
            self._see(run.account)

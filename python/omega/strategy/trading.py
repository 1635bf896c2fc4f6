"""What a strategy requests of its run and knows of it: orders, positions, the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.config.values import nearest
from omega.errors import ConfigError
from omega.strategy.account import AccountView
from omega.strategy.requests import is_heard
from omega.strategy.ties import Ended

if TYPE_CHECKING:
    from omega._core import Position
    from omega.strategy.context import RunContext
    from omega.strategy.order_entry import OrderEntry


class Trading(AccountView):
    """What a strategy requests of its run and knows of it: a base of `Strategy`."""

    _run: RunContext | Ended | None = None

    def positions_in(self, symbol: str) -> list[Position]:
        """Return the open positions of a symbol, oldest first.

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

    def _orders(self) -> OrderEntry:
        return self._context().orders

    def _tie(self, run: RunContext | Ended | None) -> None:
        self._run = run
        account = None if run is None or isinstance(run, Ended) else run.account
        # Whoever hears what is requested hears objects.
        self._see(account, heard=is_heard())

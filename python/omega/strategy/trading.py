"""Trading interface of a strategy: orders, positions and the account of its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from omega.config.values import nearest, require_texts
from omega.errors import ConfigError
from omega.strategy.account import AccountView
from omega.strategy.requests import is_heard
from omega.strategy.run_binding import EndedRun
from omega.strategy.targets import order_target, rebalance

if TYPE_CHECKING:
    from omega._core import Position
    from omega.strategy.context import RunContext
    from omega.strategy.order_entry import OrderEntry


class Trading(AccountView):
    """Orders of a strategy, and what it sees of its run: a base of `Strategy`."""

    _run: RunContext | EndedRun | None = None

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
        require_texts("positions_in", symbol=symbol)
        if symbol not in context.symbols:
            raise ConfigError(
                f"positions_in: {symbol!r} is no symbol of this run. "
                f"{nearest(str(symbol), context.symbols)}"
            )
        return [position for position in context.positions if position.symbol == symbol]

    def order_target(
        self,
        symbol: str | None = None,
        *,
        weight: float | None = None,
        value: float | None = None,
        units: float | None = None,
    ) -> None:
        """Bring the position in a symbol to a target at the next open (rules W2 to W7).

        Earlier targets of the symbol that have not filled are cancelled, so that two calls never
        buy twice. All targets of a step trade together: first what reduces, then what increases.

        Args:
            symbol: One of the run's symbols; None is the first.
            weight: A share of the equity; below 0 is short.
            value: What it is to be worth, in account currency.
            units: How many units.

        Raises:
            ConfigError: Not one of the three is given, or it is no number.

        Example:
            >>> class Half(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index == 0:
            ...             self.order_target(weight=0.5)
            >>> omega.run_backtest(candles, Half()).weights["target"].to_list()
            [0.5]
        """
        order_target(self._context(), symbol, weight=weight, value=value, units=units)

    def rebalance(
        self,
        targets: Mapping[str, float | None],
        *,
        missing: str = "sell",
        size_at: str = "decision",
        min_trade: float = 0.0,
        band: float = 0.0,
        max_turnover: float | None = None,
        cash_buffer: float = 0.0,
    ) -> None:
        """Bring positions to weights at the next open (rules W2 to W9).

        Args:
            targets: A share of the equity for each symbol; None leaves one alone.
            missing: What happens to symbols that are not named: "sell" or "hold".
            size_at: As of `omega.Weights`, and so are the others.
            min_trade: The least trade.
            band: The least distance from a weight that is traded.
            max_turnover: The most that is traded, as a share of the equity.
            cash_buffer: The share of the equity that is not spent.

        Raises:
            ConfigError: A symbol is unknown, a weight no number, or a cash account cannot hold
                them.

        Example:
            >>> class Equal(omega.Strategy):
            ...     def on_bar(self, bar):
            ...         if bar.index % 50 == 0:
            ...             self.rebalance(dict.fromkeys(bar.symbols, 0.4))
            >>> both = {"AAA": candles, "BBB": candles}
            >>> omega.run_backtest(both, Equal()).weights["symbol"].to_list()[:2]
            ['AAA', 'BBB']
        """
        rebalance(
            self._context(),
            targets,
            missing=missing,
            size_at=size_at,
            min_trade=min_trade,
            band=band,
            max_turnover=max_turnover,
            cash_buffer=cash_buffer,
        )

    def _context(self) -> RunContext:
        run = self._shown()
        if isinstance(run, EndedRun):
            raise ConfigError(
                f"{type(self).__name__}: its run is over; indicators are declared in init(), "
                "orders are placed in on_bar(), on_fill() or on_exit()"
            )
        return run

    def _shown(self) -> RunContext | EndedRun:
        if self._run is None:
            raise ConfigError(
                f"{type(self).__name__} is not in a run: indicators are declared in init(), orders "
                "are placed in on_bar(), on_fill() or on_exit(); what a run did is read off the "
                "copy that ran, result.strategy"
            )
        return self._run

    def _orders(self) -> OrderEntry:
        return self._context().orders

    def _tie(self, run: RunContext | EndedRun | None) -> None:
        self._run = run
        account = None if run is None or isinstance(run, EndedRun) else run.account
        # An observer of requests gets them as objects.
        self._see(account, heard=is_heard())

"""Omega's own executor and portfolio, as components of an engine.

Used together they are native and cost no call into Python; either works beside one of the user's
own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from omega.config.account import Account
from omega.config.costs import Costs
from omega.config.execution import Execution
from omega.config.instruments import Instrument
from omega.config.limits import Limits
from omega.config.sizers import FixedLots, Sizer
from omega.config.values import as_float
from omega.contract import ArrowLike, Component
from omega.data.columns import DEFAULT_SYMBOL, Candles
from omega.data.store import CandleStore
from omega.errors import ConfigError, StateSyncError
from omega.libraries import arguments_of
from omega.run.backend import chosen_backend
from omega.run.candles import store_of_run
from omega.run.context import Context
from omega.run.execute import execute_bound, market_of
from omega.run.prepare import Arguments, prepare
from omega.run.settings import seed_field
from omega.strategy.actions import Action
from omega.strategy.context import RunContext

if TYPE_CHECKING:
    from omega.engines.slices import MultiSymbolSlice
    from omega.results.result import BacktestResult

METHODS = ("process_signal", "active_positions", "evaluate_exits")
"""What an engine calls of an executor."""
_NOTHING_LEFT = 1e-9
"""Of the lots just closed: what is left below this is what adding up lost."""


def candles_of(data: ArrowLike, symbol: str) -> CandleStore:
    """Take candles of one symbol; those of a store have its name already.

    Raises:
        ConfigError: A store has no such symbol.
    """
    if isinstance(data, CandleStore):
        return store_of_run(data, None if symbol == DEFAULT_SYMBOL else symbol, "error", None)
    return CandleStore(data, symbol=symbol)


class ExecutionSimulator:
    """Omega's own executor: matches orders against bid and ask bars.

    The page "Execution" has its rules.

    In an engine it is native, and none of its methods is called: one that overrides them is no
    variant of it and is refused. An executor of your own follows `omega.protocols.Executor`.

    Example:
        >>> from omega import Costs
        >>> ExecutionSimulator(costs=Costs(fee_per_lot=3.5))
        ExecutionSimulator(costs=Costs(fee_per_lot=3.5))
    """

    @arguments_of("ExecutionSimulator")
    def __init__(
        self,
        instruments: Instrument | Mapping[str, Instrument] | str | None = None,
        costs: Costs | Mapping[str, Costs] | None = None,
        execution: Execution | None = None,
        sizer: Sizer | None = None,
        *,
        account: Account | str | None = None,
        limits: Limits | None = None,
        conversion: Mapping[str, Any] | None = None,
        seed: int = 0,
        strict: bool = False,
    ) -> None:
        """Take the settings that `omega.run_backtest` takes under the same names."""
        self.instruments, self.costs = instruments, costs
        self.execution = execution or Execution()
        self.sizer = sizer or FixedLots(1.0)
        self.account, self.limits = account, limits or Limits()
        self.conversion = conversion
        self.seed = seed_field(seed)
        self.strict = strict
        self._given: dict[str, object] = {
            "instruments": instruments,
            "costs": costs,
            "execution": execution,
            "sizer": sizer,
            "account": account,
            "limits": limits,
        }
        self._given |= {"conversion": conversion, "seed": seed or None}
        self._run: RunContext | None = None
        self._left: list[Any] = []
        self._waiting: list[Action] = []

    def process_signal(self, signal: Action) -> None:
        """Submit an action: beside what the strategy of a running engine returns, or for a batch.

        Args:
            signal: A signal, close, cancel or modify, for the next open.

        Example:
            >>> simulator = ExecutionSimulator()
            >>> simulator.process_signal(omega.Signal("long", stop_loss=103))
            >>> simulator.evaluate_exits_batch(candles)["exit_reason"].to_list()
            ['stop_loss']
        """
        (self._waiting if self._run is None else self._run.queue).append(signal)

    @property
    def active_positions(self) -> Sequence[Any]:
        """The open positions; after a run those that were left open.

        Example:
            >>> simulator = ExecutionSimulator(execution=Execution(close_at_end=False))
            >>> simulator.process_signal(omega.Signal("long"))
            >>> simulator.evaluate_exits_batch(candles).height, len(simulator.active_positions)
            (0, 1)
        """
        return self._left if self._run is None else self._run.positions

    def evaluate_exits_batch(
        self,
        bid_candles: ArrowLike,
        ask_candles: ArrowLike = None,
        *,
        symbol: str = "SYMBOL",
        cash: float | None = None,
        backend: str = "auto",
    ) -> pl.DataFrame:
        """Play what `process_signal` was given over candles, in one call and without Python a bar.

        The first candle is the one on which the signals were decided; they work from the open of
        the second. Each call is a run of its own; what it leaves open is in `active_positions`.

        Args:
            bid_candles: Bid candles, or candles with both sides.
            ask_candles: Ask candles; None where the first has both.
            symbol: The symbol's name, where the candles have none.
            cash: Balance at the start; 10,000 by default.
            backend: As of `omega.run_backtest`.

        Returns:
            The trades that were closed.

        Example:
            >>> from datetime import datetime
            >>> import polars as pl
            >>> from omega import Signal
            >>> bids = pl.DataFrame({
            ...     "time": [datetime(2026, 1, day) for day in (1, 2, 3)],
            ...     "open": [10.0, 11.0, 12.0], "high": [11.0, 12.0, 13.0],
            ...     "low": [9.0, 10.0, 11.0], "close": [11.0, 12.0, 13.0],
            ... })
            >>> simulator = ExecutionSimulator()
            >>> simulator.process_signal(Signal("long", take_profit=12.5))
            >>> simulator.evaluate_exits_batch(bids)["exit_price"].to_list()
            [12.5]
        """
        require_unchanged(self)
        waiting, self._waiting = self._waiting, []
        data = bid_candles
        if ask_candles is not None:
            data = Candles(bid=bid_candles, ask=ask_candles)
        store = candles_of(data, symbol)
        store.require_valid()
        first = pl.int_range(pl.len()) == 0
        job = prepare(store, lambda _bar: waiting, self.arguments(cash=cash), when=first)
        job = dataclasses.replace(job, settings={**job.settings, "close_at_end": False})
        context = Context(market_of(job, chosen_backend(backend, warn=True)), job)
        self.attach(context)
        try:
            tables, _ = execute_bound(job, context, context)
        finally:
            self.detach(list(context.positions))
        return pl.DataFrame(tables.trades())

    def arguments(self, **others: Any) -> Arguments:  # noqa: ANN401 - of `Arguments`
        """Return the settings of a run by this executor; the engine's part."""
        is_default = self._given["sizer"] is None and self.sizer == FixedLots(1.0)
        return Arguments(
            instruments=self.instruments,
            costs=self.costs,
            execution=self.execution,
            sizer=None if is_default else self.sizer,
            account=self.account,
            limits=self.limits,
            conversion=self.conversion,
            seed=self.seed,
            strict=self.strict,
            **others,
        )

    def attach(self, run: RunContext) -> None:
        """Show the state of a run; the engine's part."""
        self._run = run

    def detach(self, left: Sequence[Any]) -> None:
        """Keep what a run left open; the engine's part."""
        self._run, self._left = None, list(left)

    def __repr__(self) -> str:
        fields = [f"{name}={given!r}" for name, given in self._given.items() if given is not None]
        fields += ["strict=True"] if self.strict else []
        return f"ExecutionSimulator({', '.join(fields)})"


def require_unchanged(executor: ExecutionSimulator) -> None:
    """Refuse what would have no effect: a method that the native loop does not call.

    Raises:
        ConfigError: The executor overrides one.
    """
    kind = type(executor)
    changed = [
        name
        for name in METHODS
        if getattr(kind, name, None) is not getattr(ExecutionSimulator, name, None)
    ]
    if changed:
        raise ConfigError(
            f"executor: {kind.__name__} overrides {', '.join(changed)}, which the native loop "
            "never calls; write an executor that follows omega.protocols.Executor instead"
        )


class HasSlices(Protocol):
    """An engine, as far as a portfolio reads it."""

    slices: MultiSymbolSlice


class Portfolio:
    """Omega's own portfolio: one account in one currency, marked at each close.

    Beside an executor of the user's own that executor registers entries, exits and fees with it,
    and it marks what is open at the closes itself: in the quote currency, or by the position's
    attribute `open_profit`.

    Example:
        >>> Portfolio(cash=50_000).cash
        50000.0
    """

    @arguments_of("Portfolio")
    def __init__(self, cash: float | None = None, account_currency: str | None = None) -> None:
        """Open an account with its first deposit.

        Args:
            cash: The deposit; that of the executor's `Account`, or 10,000, by default.
            account_currency: Its currency; that of the `Account`, or "USD", by default.
        """
        self._has_own = cash is not None, account_currency is not None
        self.account_currency = account_currency or "USD"
        deposit = Account(cash=cash).cash
        self.initial_cash = 10_000.0 if deposit is None else deposit
        self._books = Books(self.initial_cash)
        self._run: RunContext | None = None
        self._result: BacktestResult | None = None
        self._engine: HasSlices | None = None

    @property
    def cash(self) -> float:
        """Balance after all booked profits and costs."""
        if self._run is not None:
            return self._run.balance
        return self._books.cash if self._result is None else float(self._last("balance"))

    @property
    def equity(self) -> float:
        """Balance and open profit at the last close."""
        if self._run is not None:
            return self._run.equity
        return self._books.equity if self._result is None else float(self._last("equity"))

    @property
    def equity_curve(self) -> pl.DataFrame:
        """One row a bar: time, balance, equity and the number of open positions."""
        if self._result is not None:
            return self._result.equity
        names = ("time", "balance", "equity", "open_positions")
        types = (pl.Int64, pl.Float64, pl.Float64, pl.UInt32)
        schema = dict(zip(names, types, strict=True))
        return pl.DataFrame(self._books.rows, schema=schema, orient="row")

    def get_open_positions(self, symbol: str | None = None) -> list[Any]:
        """Return the open positions of a symbol, or all, oldest first.

        Example:
            >>> from types import SimpleNamespace as Position
            >>> portfolio = Portfolio()
            >>> portfolio.register_entry(
            ...     Position(trade_id=0, symbol="AAA", direction="long", lots=1.0, entry_price=10.0)
            ... )
            >>> [position.trade_id for position in portfolio.get_open_positions("AAA")]
            [0]
        """
        own = self._books.open.values() if self._run is None else self._run.positions
        return [position for position in own if symbol is None or position.symbol == symbol]

    def register_entry(self, position: Component) -> None:
        """Take note of a position that an executor opened.

        Raises:
            StateSyncError: It is open already, or the executor is Omega's own.

        Example:
            >>> from types import SimpleNamespace as Position
            >>> portfolio = Portfolio()
            >>> portfolio.register_entry(
            ...     Position(trade_id=0, symbol="AAA", direction="long", lots=1.0, entry_price=10.0)
            ... )
            >>> len(portfolio.get_open_positions())
            1
        """
        self._books_for("register_entry").enter(position)

    def register_exit(self, trade: Component) -> None:
        """Book the profit of a trade that an executor closed.

        Raises:
            StateSyncError: No such position is open, or the executor is Omega's own.

        Example:
            >>> from types import SimpleNamespace as Given
            >>> portfolio = Portfolio(cash=1_000)
            >>> portfolio.register_entry(
            ...     Given(trade_id=0, symbol="AAA", direction="long", lots=1.0, entry_price=10.0)
            ... )
            >>> portfolio.register_exit(Given(trade_id=0, lots=1.0, gross_pnl=25.0))
            >>> portfolio.cash
            1025.0
        """
        self._books_for("register_exit").leave(trade)

    def register_fee(
        self,
        amount: float,
        time: int | None = None,  # noqa: ARG002 - of the contract, which other portfolios may read
        kind: str = "fee",  # noqa: ARG002 - as above
        position: Component = None,  # noqa: ARG002 - as above
    ) -> None:
        """Pay a fee; a negative one is earned.

        Example:
            >>> portfolio = Portfolio(cash=1_000)
            >>> portfolio.register_fee(2.5)
            >>> portfolio.cash
            997.5
        """
        self._books_for("register_fee").cash -= as_float(amount)

    def update(self, time: int) -> None:
        """Mark what is open to the close of a bar, and write its row.

        Example:
            >>> from types import SimpleNamespace as Position
            >>> portfolio = Portfolio(cash=1_000)
            >>> fields = dict(trade_id=0, symbol="AAA", direction="long", lots=1.0)
            >>> portfolio.register_entry(Position(**fields, entry_price=10.0, open_profit=5.0))
            >>> portfolio.update(1_704_067_200)
            >>> portfolio.equity, portfolio.equity_curve["equity"].to_list()
            (1005.0, [1005.0])
        """
        books = self._books_for("update")
        profit = 0.0
        for position in books.open.values():
            profit += self._open_profit(position)
        books.write(time, books.cash + profit)

    def mark(self, positions: Sequence[Any]) -> None:
        """Take the open positions as they are at a close; the engine's part."""
        self._books_for("mark").open.update((position.trade_id, position) for position in positions)

    def rewrite_last_row(self) -> None:
        """Write the last row again, after closes at its close (rule L4); the engine's part."""
        books = self._books_for("rewrite_last_row")
        self.update(books.rows.pop()[0])

    def _open_profit(self, position: Component) -> float:
        own = getattr(position, "open_profit", None)
        if own is not None:
            return float(own)
        if self._engine is None:
            return 0.0
        is_long = position.direction == "long"
        candle = self._engine.slices[position.symbol].latest(None, "bid" if is_long else "ask")
        size = getattr(position, "contract_size", 1.0)
        sign = 1.0 if is_long else -1.0
        profit: float = (candle.close - position.entry_price) * sign * position.lots * size
        return profit

    def fund(self, account: Account) -> None:
        """Take from an account what was not given itself; the engine's part."""
        has_cash, has_currency = self._has_own
        if not has_cash and account.cash is not None:
            self.initial_cash = account.cash
            self._books = Books(self.initial_cash)
        if not has_currency and account.currency is not None:
            self.account_currency = account.currency

    def attach_engine(self, engine: HasSlices) -> None:
        """Take the candles of an engine; the engine's part."""
        self._engine, self._result = engine, None
        self._books = Books(self.initial_cash)

    def attach(self, run: RunContext) -> None:
        """Show the state of a run; the engine's part."""
        self._run = run

    def detach(self, result: BacktestResult | None) -> None:
        """Keep what came of a run; the engine's part."""
        self._run, self._result = None, result

    def _last(self, column: str) -> float:
        assert self._result is not None, "the run is over"  # noqa: S101 - of this class alone
        value: float = self._result.equity[column][-1]
        return value

    def _books_for(self, what: str) -> Books:
        if self._run is not None:
            raise StateSyncError(
                f"{what}: Omega's own executor keeps this portfolio by itself; only an executor of "
                "your own registers with it"
            )
        return self._books

    def __repr__(self) -> str:
        return f"Portfolio(cash={self.initial_cash!r}, account_currency={self.account_currency!r})"


class Books:
    """What was registered with a portfolio: cash, open positions and rows."""

    def __init__(self, cash: float) -> None:
        self.cash = self.equity = cash
        self.open: dict[int, Any] = {}
        self._lots: dict[int, float] = {}
        self.rows: list[tuple[int, float, float, int]] = []

    def enter(self, position: Component) -> None:
        """Keep a position as long as it is open."""
        for name in ("trade_id", "symbol", "direction", "lots", "entry_price"):
            if not hasattr(position, name):
                raise ConfigError(f"register_entry: {position!r} has no {name}")
        if position.trade_id in self.open:
            raise StateSyncError(f"register_entry: trade {position.trade_id} is open already")
        self.open[position.trade_id] = position
        self._lots[position.trade_id] = float(position.lots)

    def leave(self, trade: Component) -> None:
        """Book a profit; forget the position, unless a part of it was closed."""
        for name in ("trade_id", "lots", "gross_pnl"):
            if not hasattr(trade, name):
                raise ConfigError(f"register_exit: {trade!r} has no {name}")
        if trade.trade_id not in self.open:
            known = ", ".join(map(str, self.open)) or "none"
            raise StateSyncError(
                f"register_exit: trade {trade.trade_id} is not open; open are {known}"
            )
        self.cash += trade.gross_pnl
        left = self._lots[trade.trade_id] - trade.lots
        self._lots[trade.trade_id] = left
        if left <= _NOTHING_LEFT * trade.lots:
            del self.open[trade.trade_id], self._lots[trade.trade_id]

    def write(self, time: int, equity: float) -> None:
        """Write the row of a bar."""
        self.equity = equity
        self.rows.append((time, self.cash, equity, len(self.open)))

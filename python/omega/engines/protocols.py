"""Protocols of the components of an engine; any object that has their methods is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from omega.contract import ArrowLike
from omega.run.settings import PositionManager

if TYPE_CHECKING:
    from omega._core import SideView
    from omega.engines.slices import SymbolDataSlice
    from omega.strategy.actions import Action

    Slices: TypeAlias = Mapping[str, SymbolDataSlice]

__all__ = [
    "ClosedTrade",
    "Evaluating",
    "Executor",
    "OpenPosition",
    "Portfolio",
    "PositionManager",
    "Progress",
    "WithCheckEntry",
    "WithOnData",
]


@runtime_checkable
class Evaluating(Protocol):
    """A strategy: it may have `position_manager`, `primary_symbol` and `get_primary_timeframe()`.

    Example:
        >>> from omega import Signal
        >>> class Hourly:
        ...     def evaluate(self, index, slice_map):
        ...         return Signal("long") if index % 60 == 0 else None
        >>> isinstance(Hourly(), Evaluating)
        True
    """

    def evaluate(self, index: int, slice_map: Slices) -> Action | Sequence[Action] | None:
        """Decide on what is complete with the bar `index` of the first symbol."""


@runtime_checkable
class WithOnData(Protocol):
    """A strategy of the older form, which returns dicts.

    Example:
        >>> class Older:
        ...     def on_data(self, slice_map):
        ...         return {"direction": "buy", "sl": 1.09}
        >>> isinstance(Older(), WithOnData)
        True
    """

    def on_data(self, slice_map: Slices) -> Mapping[str, Any] | Sequence[Any] | None:
        """Decide on what is complete now."""


@runtime_checkable
class WithCheckEntry(Protocol):
    """A strategy of the oldest form: of one symbol, which returns dicts.

    Example:
        >>> class Oldest:
        ...     def check_entry(self, symbol_slice, index=0):
        ...         return {"direction": "buy", "sl": 1.09} if index == 100 else None
        >>> isinstance(Oldest(), WithCheckEntry)
        True
    """

    def check_entry(
        self, symbol_slice: SymbolDataSlice, *, index: int
    ) -> Mapping[str, Any] | Sequence[Any] | None:
        """Decide on what is complete with the bar `index` of the symbol."""


@runtime_checkable
class Executor(Protocol):
    """Turns signals and bars into positions.

    It may have more:

    - `limits`, an `omega.Limits`: its cool-downs keep the strategy from being called;
    - `attach_engine(engine)`, called once before the first bar;
    - `close_at_end(bid, ask)`, called after the last bar while something is active (rule L4).

    Example:
        >>> class Nothing:
        ...     active_positions = ()
        ...     def process_signal(self, signal):
        ...         return False
        ...     def evaluate_exits(self, bid, ask):
        ...         return 0
        >>> isinstance(Nothing(), Executor)
        True
    """

    @property
    def active_positions(self) -> Sequence[Any]:
        """What is open and what waits: while there is any, each bar is shown to `evaluate_exits`.

        What has a `symbol` is shown that symbol's bars alone.
        """

    def process_signal(self, signal: Action) -> object:
        """Take a signal before its bar is shown; whether it was accepted.

        None leaves the answer to `active_positions`: accepted, if there are more than before.
        """

    def evaluate_exits(self, bid: SideView, ask: SideView) -> object:
        """See the bar that the last signals are for: fill, and close what it reaches.

        Returns:
            The exits or their number; None leaves the count to `active_positions`.
        """


class OpenPosition(Protocol):
    """A position as a portfolio needs it; `contract_size` counts as 1 where there is none.

    Example:
        >>> from types import SimpleNamespace
        >>> position: OpenPosition = SimpleNamespace(
        ...     trade_id=0, symbol="EURUSD", direction="long", lots=1.0, entry_price=1.1
        ... )
        >>> omega.Portfolio().register_entry(position)
    """

    trade_id: int
    symbol: str
    direction: str
    lots: float
    entry_price: float


class ClosedTrade(Protocol):
    """A closed position, or a closed part of one, as a portfolio needs it.

    Example:
        >>> from types import SimpleNamespace
        >>> trade: ClosedTrade = SimpleNamespace(trade_id=0, lots=1.0, gross_pnl=25.0)
        >>> trade.gross_pnl
        25.0
    """

    trade_id: int
    lots: float
    gross_pnl: float


@runtime_checkable
class Portfolio(Protocol):
    """Keeps the money.

    It may have more:

    - `attach_engine(engine)`, called once before the first bar;
    - `mark(positions)`, called before `update` while something is open, with the open positions
      and their `open_profit` at the close of the bar; only by Omega's own executor;
    - `rewrite_last_row()`, called in place of a second `update` of the last bar, after positions
      were closed at its close.

    Example:
        >>> class Purse:
        ...     cash = equity = 1_000.0
        ...     equity_curve = ()
        ...     def update(self, time): ...
        ...     def register_entry(self, position): ...
        ...     def register_exit(self, trade): ...
        ...     def register_fee(self, amount, time, kind, position):
        ...         self.cash -= amount
        ...     def get_open_positions(self, symbol=None):
        ...         return []
        >>> isinstance(Purse(), Portfolio)
        True
    """

    @property
    def cash(self) -> float:
        """The balance: what sizes and margins are measured by."""

    @property
    def equity(self) -> float:
        """The balance and what is open."""

    @property
    def equity_curve(self) -> ArrowLike:
        """What `update` wrote down."""

    def update(self, time: int) -> object:
        """Take note that a bar is over; of the last one again where positions are closed then."""

    def register_entry(self, position: OpenPosition) -> object:
        """Take note of a position just opened."""

    def register_exit(self, trade: ClosedTrade) -> object:
        """Take note of a trade just closed; its profit before costs is booked now."""

    def register_fee(
        self,
        amount: float,
        time: int,
        kind: str,
        position: Any,  # noqa: ANN401 - an open position, or the closed trade
    ) -> object:
        """Pay a fee; `kind` is "entry", "exit" or "swap", of which a negative one is earned."""

    def get_open_positions(self, symbol: str | None = None) -> Sequence[Any]:
        """Return the open positions of a symbol, or all."""


class Progress(Protocol):
    """Takes the progress of a run.

    Example:
        >>> calls = []
        >>> def heard(done: int, total: int) -> None:
        ...     calls.append((done, total))
        >>> result = omega.run_backtest(candles, lambda bar: None, progress=heard)
        >>> calls[-1]
        (239, 239)
    """

    def __call__(self, done: int, total: int, /) -> object:
        """Take bars done, counted from the first one walked, and bars in all."""

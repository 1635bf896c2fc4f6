"""The class form of a strategy: parameters, indicators, a callback a bar, orders.

What goes in: index views of candles and indicators, which end at the newest completed bar. What
comes out: orders, which are taken up at the open of the next bar (rule L1).
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Sequence
from datetime import datetime
from types import EllipsisType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from omega.errors import ConfigError
from omega.signals import Action, Cancel, Close, Modify, Signal

if TYPE_CHECKING:
    import polars as pl

    from omega._core import Bar, Fill, Indicator, PendingOrder, Position, Trade


class RunContext(Protocol):
    """What a run offers to the strategy that it drives; each backend has one."""

    queue: list[Action]
    balance: float
    equity: float
    positions: list[Position]
    position: Position | None
    pending: list[PendingOrder]

    def next_order_id(self) -> int:
        """Give the number that the next queued action will take."""

    def indicator(self, name: str, window: int, source: str | Indicator) -> Indicator:
        """Compute an indicator over a column or over another indicator."""

    def expression(self, expression: pl.Expr, name: str) -> Indicator:
        """Evaluate a Polars expression over the candles."""


class Strategy:
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

    warmup: ClassVar[int] = 0
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

    def indicator(self, name: str, window: int, *, source: str | Indicator = "close") -> Indicator:
        """Declare an indicator by name: sma, ema, atr, rolling_std or zscore.

        Args:
            name: The indicator.
            window: Its window in bars.
            source: A column (`close`, `ask_high`, `volume`), or another indicator.

        Returns:
            A view of its values; `[-1]` is now. NaN until the window is full.

        Raises:
            ConfigError: The name, the window or the source is unknown.
        """
        return self._context().indicator(name, window, source)

    def sma(self, window: int, source: str | Indicator = "close") -> Indicator:
        """Declare the mean of the last `window` values."""
        return self.indicator("sma", window, source=source)

    def ema(self, window: int, source: str | Indicator = "close") -> Indicator:
        """Declare an exponential mean, alpha = 2 / (window + 1), started with a plain mean."""
        return self.indicator("ema", window, source=source)

    def atr(self, window: int) -> Indicator:
        """Declare Wilder's average true range of the bid side."""
        return self.indicator("atr", window)

    def rolling_std(self, window: int, source: str | Indicator = "close") -> Indicator:
        """Declare the sample standard deviation of the last `window` values."""
        return self.indicator("rolling_std", window, source=source)

    def zscore(self, window: int, source: str | Indicator = "close") -> Indicator:
        """Declare the distance from the window's mean in its sample standard deviations."""
        return self.indicator("zscore", window, source=source)

    def column(self, expression: pl.Expr, name: str = "column") -> Indicator:
        """Declare any Polars expression over the candles as an indicator.

        The expression sees all bars at once. One that looks forward (`shift(-1)`) leaks the future
        into the run; one that looks back is as causal as any indicator.

        Args:
            expression: Over `time`, `open` to `close`, `bid_open` to `ask_close` and `volume`.
            name: How the indicator calls itself.

        Raises:
            ConfigError: The expression does not give one number for each bar.
        """
        return self._context().expression(expression, name)

    # --- what a strategy may ask for -------------------------------------------------------------

    def buy(
        self,
        size: float | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        stop_loss: float | None = None,
        take_profit: float | None = None,
        expires: datetime | int | str | None = None,
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
            expires: None until cancelled, "day", or a moment, as in `Signal`.
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
                expires=expires,
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
        expires: datetime | int | str | None = None,
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
                expires=expires,
                reason=reason,
                tags=tuple(tags),
            )
        )

    def close(
        self,
        position: Position | int | None = None,
        *,
        fraction: float = 1.0,
        reason: str = "signal",
    ) -> int:
        """Close positions at the market.

        Args:
            position: A position or a trade number; None closes all of the symbol.
            fraction: Part of the lots to close.
            reason: The trade's exit reason, "signal" or "time".
        """
        return self._ask(Close(trade_id=_trade_id(position), fraction=fraction, reason=reason))

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
        """All open positions, oldest first."""
        return self._context().positions

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

"""Hand-written components: an executor of market orders with stops and targets, and a portfolio."""

from __future__ import annotations

import dataclasses
from typing import Any

import omega
from omega.strategy.actions import Close, Signal


@dataclasses.dataclass
class Held:
    """An open position."""

    trade_id: int
    symbol: str
    direction: str
    lots: float
    entry_price: float
    stop_loss: float | omega.Distance | None
    take_profit: float | omega.Distance | None
    fee: float

    @property
    def sign(self) -> float:
        """1 for long, -1 for short."""
        return 1.0 if self.direction == "long" else -1.0


@dataclasses.dataclass
class Gone:
    """A closed trade."""

    trade_id: int
    symbol: str
    lots: float
    entry_price: float
    exit_price: float
    exit_reason: str
    exit_time: int
    gross_pnl: float


class PlainExecutor:
    """Market orders at the open, stops before targets, a fee a leg; all in a page."""

    def __init__(
        self, portfolio: Any, *, fee: float = 0.0, limits: omega.Limits | None = None
    ) -> None:
        self.portfolio, self.fee = portfolio, fee
        self.limits = limits or omega.Limits()
        self.waiting: list[Any] = []
        self.open: list[Held] = []
        self.trades: list[Gone] = []
        self.accepts = True

    @property
    def active_positions(self) -> list[Any]:
        """What is open and what waits."""
        return [*self.open, *self.waiting]

    def process_signal(self, signal: Any) -> bool:
        """Take it for the open of the bar to come."""
        if self.accepts:
            self.waiting.append(signal)
        return self.accepts

    def evaluate_exits(self, bid: Any, ask: Any) -> list[Gone]:
        """Fill what waits, then look for stops and targets."""
        before = len(self.trades)
        mine = [one for one in self.waiting if (one.symbol or bid.symbol) == bid.symbol]
        for signal in mine:
            self.waiting.remove(signal)
            if isinstance(signal, Close):
                for held in [one for one in self.open if one.symbol == bid.symbol]:
                    self._leave(held, self._side(held, bid, ask).open, "signal", bid.timestamp)
            elif isinstance(signal, Signal):
                self._enter(signal, bid, ask)
        for held in [one for one in self.open if one.symbol == bid.symbol]:
            self._look(held, self._side(held, bid, ask), bid.timestamp)
        return self.trades[before:]

    def close_at_end(self, bid: Any, ask: Any) -> None:
        """Close what is open at the last close."""
        for held in [one for one in self.open if one.symbol == bid.symbol]:
            self._leave(held, self._side(held, bid, ask).close, "end_of_data", bid.timestamp)

    def _side(self, held: Held, bid: Any, ask: Any) -> Any:
        return bid if held.direction == "long" else ask

    def _enter(self, signal: Signal, bid: Any, ask: Any) -> None:
        number = len(self.open) + len(self.trades)
        price = ask.open if signal.direction == "long" else bid.open
        held = Held(
            number,
            bid.symbol,
            signal.direction,
            signal.size or 1.0,
            price,
            signal.stop_loss,
            signal.take_profit,
            self.fee,
        )
        self.open.append(held)
        self.portfolio.register_entry(held)
        self.portfolio.register_fee(held.fee, bid.timestamp, "entry", held)

    def _look(self, held: Held, side: Any, time: int) -> None:
        stop, target = held.stop_loss, held.take_profit
        if held.direction == "long":
            if stop is not None and side.low <= stop:
                self._leave(held, min(stop, side.open), "stop_loss", time)
            elif target is not None and side.high >= target:
                self._leave(held, max(target, side.open), "take_profit", time)
        elif stop is not None and side.high >= stop:
            self._leave(held, max(stop, side.open), "stop_loss", time)
        elif target is not None and side.low <= target:
            self._leave(held, min(target, side.open), "take_profit", time)

    def _leave(self, held: Held, price: float, reason: str, time: int) -> None:
        self.open.remove(held)
        pnl = (price - held.entry_price) * held.sign * held.lots * 1.0 * 1.0
        gone = Gone(
            held.trade_id, held.symbol, held.lots, held.entry_price, price, reason, time, pnl
        )
        self.trades.append(gone)
        self.portfolio.register_exit(gone)
        self.portfolio.register_fee(held.fee, time, "exit", held)


class PlainPortfolio:
    """Counts money, in the order of events."""

    def __init__(self, cash: float = 10_000.0) -> None:
        self.cash = self.equity = cash
        self.open: dict[int, Any] = {}
        self.equity_curve: list[tuple[int, float]] = []
        self.heard: list[tuple[Any, ...]] = []

    def register_entry(self, position: Any) -> None:
        """Keep it."""
        self.heard.append(("entry", position.trade_id, position.entry_price))
        self.open[position.trade_id] = position

    def register_exit(self, trade: Any) -> None:
        """Book its profit."""
        self.heard.append(("exit", trade.trade_id, trade.exit_price))
        self.cash += trade.gross_pnl
        del self.open[trade.trade_id]

    def register_fee(self, amount: float, time: int, kind: str, position: Any) -> None:
        """Pay it."""
        if amount:
            self.heard.append(("fee", kind, position.trade_id, time))
        self.cash -= amount

    def get_open_positions(self, symbol: str | None = None) -> list[Any]:
        """Give those of a symbol, or all."""
        return [p for p in self.open.values() if symbol in (None, p.symbol)]

    def mark(self, positions: list[Any]) -> None:
        """Take the profits at the close."""
        self.open |= {position.trade_id: position for position in positions}

    def update(self, time: int) -> None:
        """Write a row."""
        profit = 0.0
        for position in self.open.values():
            profit += getattr(position, "open_profit", 0.0)
        self.equity = self.cash + profit
        self.equity_curve.append((time, self.equity))

    def rewrite_last_row(self) -> None:
        """Write it again."""
        self.update(self.equity_curve.pop()[0])


class EveryTen:
    """Enters on every tenth bar, long and short in turn, with a stop and a target."""

    def __init__(self, *, size: float = 1.0, symbol: str | None = None) -> None:
        self.size, self.symbol = size, symbol
        self.asked: list[int] = []

    def evaluate(self, index: int, slice_map: Any) -> Any:
        """Decide."""
        self.asked.append(index)
        own = slice_map[self.symbol or next(iter(slice_map))]
        if index % 10 or own.index < 0:
            return None
        if index % 70 == 60:
            return Close(symbol=self.symbol)
        long = index % 20 == 0
        close = own.latest(None, "ask" if long else "bid").close
        sign = 1.0 if long else -1.0
        return Signal(
            "long" if long else "short",
            stop_loss=close - sign * 0.0008,
            take_profit=close + sign * 0.0011,
            size=self.size,
            symbol=self.symbol,
        )


def on_bar(bar: omega.Bar) -> Any:
    """Decide as `EveryTen` does, in the form that `run_backtest` takes."""
    if bar.index % 10:
        return None
    if bar.index % 70 == 60:
        return Close()
    long = bar.index % 20 == 0
    close = bar.ask.close if long else bar.bid.close
    sign = 1.0 if long else -1.0
    return Signal(
        "long" if long else "short",
        stop_loss=close - sign * 0.0008,
        take_profit=close + sign * 0.0011,
        size=1.0,
    )

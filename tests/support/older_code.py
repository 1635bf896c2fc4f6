"""What a user of the older system has: a strategy in a wrapper, an executor, and the rest.

Nothing in it knows Omega. Candles, signals, positions and trades are classes of the user's own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Candle:
    """One candle of one side."""

    timestamp: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0


class Direction(enum.Enum):
    """Which way."""

    LONG = "long"
    SHORT = "short"
    NONE = "none"


@dataclass
class TradeSignal:
    """What a strategy wants."""

    direction: Direction
    entry: float | None = None
    sl: float | None = None
    tp: float | None = None
    symbol: str | None = None
    type: str = "market"
    reason: str | None = None
    tags: list[str] = field(default_factory=list)
    scenario: int | None = None
    meta: dict[str, Any] | None = None


@dataclass
class OpenTrade:
    """A position, or a signal that waits for the next bar."""

    trade_id: int
    symbol: str
    direction: str
    lots: float
    sl: float | None
    tp: float | None
    entry_price: float | None = None
    opened: int = 0
    leaves: bool = False


@dataclass
class DoneTrade:
    """A trade that is over."""

    trade_id: int
    symbol: str
    direction: str
    lots: float
    entry_price: float
    exit_price: float
    exit_reason: str
    exit_time: int
    gross_pnl: float


class Reversion:
    """Buys below the mean of the last closes and sells above it, one position at a time."""

    primary_symbol = "EURUSD"

    def __init__(self, length: int = 12, distance: float = 0.0006, bars: int = 15) -> None:
        self.length, self.distance = length, distance
        self.position_manager = TimeStop(bars)

    def get_primary_timeframe(self) -> str:
        """Name the bars that it runs on."""
        return "M1"

    def holds(self) -> bool:
        """Whether a position is open."""
        return self.position_manager.holds(self.primary_symbol)

    def evaluate(self, index: int, slice_map: Any) -> TradeSignal | list[TradeSignal] | None:
        """Decide on the newest candle."""
        own = slice_map[self.primary_symbol]
        history = own.history("M1", "bid", self.length)
        if own.index < self.length or self.holds():
            return None
        mean = sum(candle.close for candle in history) / len(history)
        bid, ask = own.latest("M1", "bid"), own.latest("M1", "ask")
        if bid.close < mean - self.distance / 4:
            return TradeSignal(
                Direction.LONG,
                entry=ask.close,
                sl=bid.close - self.distance,
                tp=ask.close + self.distance,
                symbol=self.primary_symbol,
                reason="below",
                tags=["reversion"],
                scenario=1,
            )
        if bid.close > mean + self.distance / 4:
            return [
                TradeSignal(
                    Direction.SHORT,
                    entry=bid.close,
                    sl=ask.close + self.distance,
                    tp=bid.close - self.distance,
                    symbol=self.primary_symbol,
                    reason="above",
                    tags=["reversion"],
                    scenario=2,
                )
            ]
        return TradeSignal(Direction.NONE)


class Logged:
    """A wrapper: it writes down what another strategy wants, and changes nothing."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        self.log: list[tuple[int, Any]] = []

    def evaluate(self, index: int, slice_map: Any) -> Any:
        """Ask the strategy."""
        wanted = self._strategy.evaluate(index, slice_map)
        self.log.append((index, wanted))
        return wanted


class TimeStop:
    """Marks what has been open for too many bars; the executor leaves it at the next open."""

    def __init__(self, bars: int) -> None:
        self.bars = bars
        self.portfolio: Any = None
        self.attached = self.managed = 0

    def attach_portfolio(self, portfolio: Any) -> None:
        """Take the portfolio."""
        self.portfolio = portfolio
        self.attached += 1

    def holds(self, symbol: str) -> bool:
        """Whether something is open."""
        return bool(self.portfolio is not None and self.portfolio.get_open_positions(symbol))

    def manage_positions(
        self,
        open_positions: Any,
        symbol_slice: Any,
        bid_candle: Any,
        ask_candle: Any,
        all_positions: Any,
    ) -> None:
        """Look at what is open after the exits of a bar."""
        assert len(all_positions) >= len(open_positions) > 0
        assert bid_candle.close <= ask_candle.close
        self.managed += 1
        for position in open_positions:
            if symbol_slice.index - position.opened >= self.bars:
                position.leaves = True


class Broker:
    """An executor: fills at the open of the bar after a signal, stops before targets."""

    def __init__(self, portfolio: Any, lots: float = 2.0, fee: float = 0.25) -> None:
        self.portfolio, self.lots, self.fee = portfolio, lots, fee
        self.active_positions: list[OpenTrade] = []
        self.trades: list[DoneTrade] = []
        self.signals: list[Any] = []

    def process_signal(self, signal: Any) -> bool:
        """Take a signal by its attributes."""
        self.signals.append(signal)
        if any(one.symbol == signal.symbol for one in self.active_positions):
            return False
        direction = getattr(signal.direction, "value", signal.direction)
        number = len(self.trades) + len(self.active_positions)
        self.active_positions.append(
            OpenTrade(number, signal.symbol, direction, self.lots, signal.sl, signal.tp)
        )
        return True

    def evaluate_exits(self, bid: Any, ask: Any) -> list[DoneTrade]:
        """Fill what waits, and close what a bar reaches."""
        done = []
        for trade in [one for one in self.active_positions if one.symbol == bid.symbol]:
            long = trade.direction == "long"
            if trade.entry_price is None:
                trade.entry_price = ask.open if long else bid.open
                trade.opened = bid.index
                self.portfolio.register_entry(trade)
                self.portfolio.register_fee(self.fee, bid.timestamp, "entry", trade)
            found = self._exit(trade, bid if long else ask, 1.0 if long else -1.0)
            if found is not None:
                done.append(self._leave(trade, *found, bid.timestamp))
        return done

    def _exit(self, trade: OpenTrade, side: Any, sign: float) -> tuple[float, str] | None:
        if trade.leaves:
            return side.open, "time"
        worst, best = (side.low, side.high) if sign > 0 else (side.high, side.low)
        if trade.sl is not None and worst * sign <= trade.sl * sign:
            return min(trade.sl * sign, side.open * sign) * sign, "stop_loss"
        if trade.tp is not None and best * sign >= trade.tp * sign:
            return max(trade.tp * sign, side.open * sign) * sign, "take_profit"
        return None

    def _leave(self, trade: OpenTrade, price: float, reason: str, time: int) -> DoneTrade:
        sign = 1.0 if trade.direction == "long" else -1.0
        entry = trade.entry_price or 0.0
        profit = (price - entry) * sign * trade.lots
        self.active_positions.remove(trade)
        done = DoneTrade(
            trade.trade_id, trade.symbol, trade.direction, trade.lots, entry, price, reason, time,
            profit,
        )  # fmt: skip
        self.trades.append(done)
        self.portfolio.register_exit(done)
        self.portfolio.register_fee(self.fee, time, "exit", done)
        return done


class Ledger:
    """A portfolio."""

    def __init__(self, cash: float = 10_000.0) -> None:
        self.cash = self.equity = cash
        self.equity_curve: list[tuple[int, float]] = []
        self.open: dict[int, OpenTrade] = {}
        self.fees = 0.0

    def update(self, time: int) -> None:
        """Write a row."""
        self.equity = self.cash
        self.equity_curve.append((time, self.equity))

    def register_entry(self, position: OpenTrade) -> None:
        """Keep a position."""
        self.open[position.trade_id] = position

    def register_exit(self, trade: DoneTrade) -> None:
        """Book a trade."""
        self.cash += trade.gross_pnl
        del self.open[trade.trade_id]

    def register_fee(self, amount: float, time: int, kind: str, position: Any) -> None:
        """Pay a fee."""
        self.fees += amount
        self.cash -= amount

    def get_open_positions(self, symbol: str) -> list[OpenTrade]:
        """Give what is open in a symbol."""
        return [one for one in self.open.values() if one.symbol == symbol]


class AsDicts:
    """The older form: one call a bar, and dicts."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy

    def on_data(self, slice_map: Any) -> Any:
        """Ask the strategy."""
        own = slice_map[self._strategy.primary_symbol]
        return in_a_dict(self._strategy.evaluate(own.index, slice_map))


class AsEntries:
    """The oldest form: one symbol."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy

    def check_entry(self, symbol_slice: Any, index: int = 0) -> Any:
        """Ask the strategy."""
        slices = {self._strategy.primary_symbol: symbol_slice}
        return in_a_dict(self._strategy.evaluate(index, slices))


def in_a_dict(wanted: Any) -> Any:
    """Write a signal as a dict."""
    if wanted is None:
        return None
    [signal] = wanted if isinstance(wanted, list) else [wanted]
    words = {Direction.LONG: "buy", Direction.SHORT: "sell", Direction.NONE: "none"}
    given = {name: getattr(signal, name) for name in ("entry", "sl", "tp", "symbol", "scenario")}
    return {"direction": words[signal.direction], **given}

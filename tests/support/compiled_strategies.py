"""Strategies that are compiled: each uses a part of what compiled code may use."""

from __future__ import annotations

import math
from types import FunctionType

import numpy as np

import omega
from omega.strategy.conditions import triggers_of


class Crossing(omega.Strategy):
    """Averages, a helper with words, texts for orders, and counts."""

    fast: int = 5
    slow: int = 12

    def init(self) -> None:
        self.short, self.long = self.sma(self.fast), self.sma(self.slow)
        self.turns = 0
        self.last: int | None = None

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        if omega.crossover(self.short, self.long):
            self.turn("long")
        elif omega.crossunder(self.short, self.long):
            self.turn("short")

    def turn(self, direction: str) -> None:
        self.turns += 1
        if self.position is not None:
            self.close()
        if direction == "long":
            self.last = self.buy(reason="up")
        else:
            self.last = self.sell(reason="down", tags=("a", "b"))


class TrailingByHand(omega.Strategy):
    """A stop that follows by hand, on both sides, with state and optional numbers."""

    window: int = 20
    share: float = 0.4

    def init(self) -> None:
        self.high, self.low = (
            self.rolling_max(self.window, source="high"),
            self.rolling_min(self.window, source="low"),
        )
        self.best = 0.0
        self.moves = 0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        position = self.position
        if position is None:
            width = (self.high[-1] - self.low[-1]) * self.share
            if bar.close >= self.high.ago(1):
                self.best = bar.high
                self.buy(stop_loss=bar.close - width)
            elif bar.close <= self.low.ago(1):
                self.best = bar.low
                self.sell(stop_loss=bar.ask.close + width, take_profit=bar.close - 3.0 * width)
            return
        if position.direction == "long":
            self.best = max(self.best, bar.bid.high)
            level = self.best - (self.high[-1] - self.low[-1]) * self.share
            if position.stop_loss is None or level > position.stop_loss:
                self.modify(position, stop_loss=level)
                self.moves += 1
        else:
            self.best = min(self.best, bar.ask.low)
            level = self.best + (self.high[-1] - self.low[-1]) * self.share
            if position.stop_loss is not None and level < position.stop_loss:
                self.modify(position, stop_loss=level)
                self.moves += 1
        if position.bars_held > 40 or position.open_profit < -50.0:
            self.close(position, fraction=0.5 if position.bars_held < 41 else 1.0, reason="time")


class Windows(omega.Strategy):
    """Windows, sums of NumPy, loops and arrays."""

    length: int = 17

    def init(self) -> None:
        self.seen = np.zeros(8)
        self.counts = np.zeros((3, 4), np.int64)
        self.flags = np.zeros(5, bool)
        self.total, self.mean = 0.0, self.sma(9)
        self.any = False

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index < 2 * self.length:
            return
        closes = bar.close_window(self.length)
        asks = bar.ask.low_window(self.length)
        self.seen[bar.index % 8] = np.mean(closes) - np.std(asks)
        self.seen[-1] += closes.sum() - asks.max() + closes[2:-3].min()
        row = bar.index % 3
        self.counts[row, bar.index % 4] += 1
        self.flags[bar.index % 5] = closes[-1] > closes[0]
        self.any = bool(np.any(self.flags))
        up = 0
        for k in range(1, self.length):
            if closes[k] > closes[k - 1]:
                up += 1
            elif closes[k] == closes[k - 1]:
                continue
            if up > 11:
                break
        self.total = self.total + up
        averages = self.mean.window(5)
        rising = True
        place = 4
        while place > 0 and rising:
            rising = averages[place] >= averages[place - 1]
            place -= 1
        if rising and not self.positions:
            self.buy(stop_loss=closes.min(), take_profit=bar.high + (bar.high - closes.min()))
        elif up < 5 and len(self.positions) > 0:
            self.close()


class Pending(omega.Strategy):
    """Orders that wait, of all kinds, and what is read of them."""

    step: float = 0.0004

    def init(self) -> None:
        self.number = -1
        self.seen = 0.0
        self.waiting = 0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:  # noqa: C901, PLR0912 - a case for each kind
        phase = bar.index % 40
        size = 1 + bar.index % 3
        if phase == 0:
            self.number = self.buy(size, limit=bar.close - self.step, expires="day", oco="pair")
            self.sell(size, limit=bar.ask.close + self.step, oco="pair", stop_loss=bar.close + 0.01)
        elif phase == 5:
            self.buy(
                stop=bar.close + self.step, trailing_stop=0.002, take_profit=omega.Distance(0.003)
            )
        elif phase == 8:
            self.sell(0.5, stop=bar.close - self.step, limit=bar.close - 2 * self.step)
        elif phase == 11:
            self.buy(touch=bar.close - self.step, limit=bar.close - self.step / 2)
            self.sell(trail=0.001, expires=bar.timestamp + 10_000_000_000)
        elif phase == 13:
            self.buy(at_close=True, stop_loss=omega.Distance.percent(0.2), tags=["close"])
        elif phase == 17:
            for order in self.pending:
                self.seen += order.lots
                if order.price is not None and order.direction == "long":
                    self.seen += order.price
                    if order.type == "stop":
                        self.modify(order, price=bar.close + 3 * self.step, size=2.0)
            self.waiting = max(self.waiting, len(self.pending))
        elif phase == 20:
            self.cancel(self.number)
            self.sell(reduce_only=True, size=0.3)
        elif phase == 25:
            for position in self.positions:
                if position.take_profit is None:
                    self.modify(position.trade_id, take_profit=None, stop_loss=None)
                elif position.profit > 0:
                    self.close(position.trade_id, fraction=0.5)
        elif phase == 30:
            for position in self.positions:
                self.seen += position.entry_price * position.lots + position.entry_index
                if position.symbol != bar.symbol:
                    continue
                self.close(position)


class Numbers(omega.Strategy):
    """Arithmetic with the rules of Python: signs, floors, remainders, powers, functions."""

    def init(self) -> None:
        self.whole, self.sum = 7, 0.0
        self.truth = True
        self.kept: float | None = None

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        n = bar.index - 50
        m = 7 - bar.index % 15
        if m != 0:
            self.whole = (self.whole * 3 + n // m - n % m) % 1_000_003 - (n << 2) + (n ^ m)
            self.sum += float(n) // m + float(n) % m + (n / m) ** 2 + abs(n) ** 0.5
        x = (bar.close - 1.0) * 10
        self.sum += math.exp(-x * x) + math.log(bar.high) + math.sqrt(x * x) + math.sin(x)
        self.sum += math.floor(x * 3) + math.ceil(x) - math.trunc(x) + round(x * 5) + int(x)
        self.sum += min(x, 1, -x) + max(n, m) + math.atan2(x, -1.5) + math.fmod(-x, 0.3)
        self.sum -= x if 0 < n <= 9 or not x else -x
        self.truth = self.truth != (n % 4 == 2)
        self.kept = None if n % 7 == 3 else x
        value = self.kept
        if value is None:
            value = 2
        y = (n in (1, 3, 5) and m) or -1
        self.sum += value + y + (n > 3) + (-3) ** 3 + 2**-2
        if self.truth and n % 11 == 0 and self.position is None:
            self.buy(stop_loss=bar.close - 0.0003, take_profit=bar.close + 0.0003)


class OnCrossings(omega.Strategy):
    """Triggers, two of them, and an indicator of several outputs."""

    mode: str = "both"

    def init(self) -> None:
        self.m = self.macd(5, 12, 4)
        self.rsi_ = self.rsi(9)
        self.ups = self.downs = 0

    @omega.when(lambda self: omega.crossover(self.m.macd, self.m.signal))
    @omega.compiled
    def up(self, bar: omega.Bar) -> None:
        self.ups += 1
        if self.rsi_[-1] < 70 and self.mode in ("both", "long"):
            if self.position:
                self.close()
            self.buy()

    @omega.compiled
    @omega.when(lambda self: omega.crossunder(self.m.macd, self.m.signal))
    def on_bar(self, bar: omega.Bar) -> None:
        self.downs += 1
        if self.m.histogram[-1] > -1.0 and self.mode == "both":
            self.close(symbol=bar.symbol)
            self.sell()


class ManySymbols(omega.Strategy):
    """Several symbols and a timeframe, by their names."""

    def init(self) -> None:
        self.mean = self.sma(5, timeframe="H1", symbol="BBB")
        self.seen = 0.0
        self.fresh = 0

    @omega.compiled
    def on_bar(self, bar: omega.Bar) -> None:
        other = bar["BBB"]
        hour = other.tf("H1")
        self.seen += (
            hour["AAA"].close - bar.ago(2)["AAA"].tf("H1").open + self.mean[-1] + hour.index
        )
        self.fresh += int(hour.fresh) + int(other.fresh)
        for symbol in bar.symbols:
            own = bar[symbol]
            held = self.positions_in(symbol)
            if own.index < 3:
                continue
            if own.close > own.ago(3).close and len(held) == 0:
                self.buy(symbol=symbol, reason=symbol)
            elif own.close < own.ago(2).bid.low and held:
                self.close(symbol=symbol)
        if self.equity < self.balance - 5.0 and bar.index % 9 == 0:
            self.close()


ALL = [Crossing, TrailingByHand, Windows, Pending, Numbers, OnCrossings]


def copied(function: FunctionType) -> FunctionType:
    """Copy a function, so that a mark on the copy is none on the function."""
    copy = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__dict__.update(function.__dict__)
    copy.__qualname__ = function.__qualname__
    return copy


def compiled_copy(kind: type[omega.Strategy]) -> type[omega.Strategy]:
    """Give a class that does the same, with compiled callbacks; the class itself stays as it is."""
    own: dict[str, object] = {}
    for name in ("on_bar", "on_fill", "on_exit", *triggers_of(kind)):
        function = getattr(kind, name)
        if function is not getattr(omega.Strategy, name, None):
            own[name] = omega.compiled(copied(function))
    return type(kind.__name__, (kind,), {**own, "__module__": kind.__module__})

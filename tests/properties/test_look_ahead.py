"""The prefix property: what is still to come changes nothing of what was done (L5)."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import omega
from tests.support import candles
from tests.support.draws import one_of_all
from tests.support.property_runs import POLICIES, Case, cases


def assert_is_prefix(part: omega.BacktestResult, whole: omega.BacktestResult) -> None:
    """Everything up to the end of the shorter run is the same in the longer one."""
    last = part.equity["time"][-1]
    until = pl.col("time") <= last
    assert_frame_equal(part.equity, whole.equity.filter(until))
    assert_frame_equal(part.fills, whole.fills.filter(until))
    assert_frame_equal(part.ledger, whole.ledger.filter(until))
    closed = whole.trades.filter(pl.col("exit_time") <= last)
    assert_frame_equal(part.trades, closed)
    asked = whole.orders.filter(pl.col("submitted_time") <= last)
    same = ["order_id", "side", "type", "lots", "price", "stop_loss", "submitted_time"]
    settled = pl.col("status") != "working"
    assert_frame_equal(part.orders.filter(settled).select(same), asked.join(
        part.orders.filter(settled).select("order_id"), on="order_id", how="semi"
    ).select(same), check_exact=True)  # fmt: skip


@given(cases(), st.data())
def test_a_function_on_the_first_bars_does_what_it_does_on_all(
    backend: str, case: Case, data: st.DataObject
) -> None:
    case = case.changed(close_at_end=False)
    frame = case.frame()
    bars = data.draw(st.integers(2, frame.height))
    part = case.run(data=frame[:bars], backend=backend)
    assert_is_prefix(part, case.run(data=frame, backend=backend))


class Contrary(omega.Strategy):
    """Uses every part of the interface: indicators, positions, pending orders, events."""

    window: int = 8

    def init(self) -> None:
        self.score = self.zscore(self.window)
        self.mean = self.ema(self.window)
        self.reach = self.atr(3)
        self.highest = self.column(pl.col("bid_high").rolling_max(5))
        self.losses = 0

    def on_bar(self, bar: omega.Bar) -> None:
        reach = self.reach[-1]
        for order in self.pending[2:]:
            self.cancel(order)
        if self.position is None and abs(self.score[-1]) > 1:
            buys = self.score[-1] < 0
            enter, away = (self.buy, -reach) if buys else (self.sell, reach)
            price = (bar.ask if buys else bar.bid).close
            enter(1.0 + self.losses % 3, stop_loss=price + 2 * away, take_profit=price - 3 * away)
            enter(0.5, limit=price + away / 2, stop_loss=price + 3 * away)
        elif self.position is not None and omega.crossover(self.mean, self.highest[-1] - reach):
            self.close(self.position, fraction=0.5)
        elif self.position is not None and self.position.bars_held > 6:
            self.close()

    def on_exit(self, trade: omega.Trade) -> None:
        self.losses += trade.net_pnl < 0


@pytest.mark.parametrize("policy", POLICIES)
@given(seed=st.integers(0, 99), bars=st.integers(20, 299))
def test_a_class_on_the_first_bars_does_what_it_does_on_all(
    backend: str, policy: str, seed: int, bars: int
) -> None:
    data = candles.walk(300, seed=seed)
    runs = [
        omega.run_backtest(
            frame,
            Contrary,
            execution=omega.Execution(intrabar=policy, close_at_end=False),
            backend=backend,
        )
        for frame in (data[:bars], data)
    ]
    assert_is_prefix(*runs)


class Roamer(omega.Strategy):
    """Trades two symbols by what it sees of both, and of their higher timeframes."""

    def init(self) -> None:
        self.calls = 0
        self.seen: list[object] = []
        self.trend = self.ema(3, symbol="B", timeframe="M7")
        self.reach = self.atr(3)

    def on_bar(self, bar: omega.Bar) -> None:
        self.calls += 1
        if bar.symbols != ("A", "B"):
            return
        other, higher = bar["B"], bar.tf("M7")
        self.seen.append((bar.index, other.index, higher.index, other.fresh, self.trend[-1]))
        symbol = "AB"[self.calls % 2]
        own = bar[symbol]
        if len(self.positions_in(symbol)) < 2:
            enter = self.buy if other.close > self.trend[-1] else self.sell
            sign = 1 if enter == self.buy else -1
            reach = sign * self.reach[-1]
            enter(
                1 + self.calls % 3,
                symbol=symbol,
                stop_loss=own.ask.close - 2 * reach if sign > 0 else own.bid.close - 2 * reach,
                limit=own.close - reach / 2 if self.calls % 5 == 0 else None,
            )
        elif other.fresh and higher.close > higher.open:
            self.close(symbol=symbol, fraction=0.5)
        elif self.calls % 7 == 0:
            self.close()


_STEPS = one_of_all(*[[1, 1, 1, 2, 9]] * 90)


@st.composite
def two_markets(draw: st.DrawFn) -> dict[str, pl.DataFrame]:
    """Two symbols whose bars have lengths and gaps of their own."""
    found = {}
    for name, lengths in (("A", [1, 1, 2]), ("B", [1, 3, 5])):
        length = draw(st.sampled_from(lengths))
        steps = draw(_STEPS)
        times = [candles.START + timedelta(minutes=length * sum(steps[:k])) for k in range(90)]
        walk = candles.walk(90, seed=draw(st.integers(0, 99)))
        found[name] = walk.with_columns(time=pl.Series(times).cast(walk.schema["time"]))
    return found


@given(two_markets(), st.integers(25, 85), st.sampled_from(["union", "intersection"]))
def test_several_symbols_until_some_time_do_what_they_do_in_all(
    backend: str, data: dict[str, pl.DataFrame], bars: int, align: str
) -> None:
    last = data["A"]["time"][bars]
    part = {name: frame.filter(pl.col("time") <= last) for name, frame in data.items()}
    looks, runs = [], []
    for frames in (part, data):
        try:
            run = omega.run_backtest(
                frames,
                Roamer(),
                timeframes=["M7"],
                align=align,
                execution=omega.Execution(close_at_end=False),
                backend=backend,
            )
        except (omega.errors.WarmupIndexNotFound, omega.errors.ConfigError):
            return  # the part is too short for an average over its higher timeframe
        assert isinstance(run.strategy, Roamer)
        looks.append(run.strategy.seen)
        runs.append(run)
    assert looks[0] == looks[1][: len(looks[0])]
    assert_is_prefix(*runs)

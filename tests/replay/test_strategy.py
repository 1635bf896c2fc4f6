"""Strategies as classes and as functions: parameters, orders, and what they may know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.strategy.actions import Action
from tests.support import candles

PRICES = ("open", "high", "low", "close")


class Scripted(omega.Strategy):
    """Does at each bar what a script has for it, and notes what it hears."""

    script: ClassVar[dict[int, Callable[[Scripted], object]]] = {}

    def init(self) -> None:
        self.heard: list[str] = []
        self.answers: list[object] = []

    def on_bar(self, bar: omega.Bar) -> None:
        self.heard.append(f"bar {bar.index}")
        if bar.index in self.script:
            self.answers.append(self.script[bar.index](self))

    def on_fill(self, fill: omega.Fill) -> None:
        self.heard.append(f"fill {fill.order_id} {fill.side} {fill.price}")

    def on_exit(self, trade: omega.Trade) -> None:
        self.heard.append(f"exit {trade.trade_id} {trade.exit_reason} {trade.net_pnl}")


def scripted(
    backend: str,
    script: dict[int, Callable[[Scripted], object]],
    data: pl.DataFrame | None = None,
    **settings: object,
) -> tuple[Scripted, omega.BacktestResult]:
    strategy = type("ThisOne", (Scripted,), {"script": script})()
    bars = candles.rising(6) if data is None else data
    any_settings: Any = settings
    result = omega.run_backtest(bars, strategy, backend=backend, **any_settings)
    return result.strategy, result


class Base(omega.Strategy):
    fast: int = 3
    ratio: float = 0.5
    name: str = "base"
    limit: float | None = None
    _hidden: int = 1
    shared: ClassVar[int] = 2


class Derived(Base):
    slow: int = 9
    fast: int = 5


def test_annotated_attributes_are_parameters() -> None:
    assert Base.parameters() == {"fast": 3, "ratio": 0.5, "name": "base", "limit": None}
    assert Derived.parameters() == {
        "fast": 5,
        "ratio": 0.5,
        "name": "base",
        "limit": None,
        "slow": 9,
    }
    assert repr(Derived(slow=8)) == "Derived(fast=5, ratio=0.5, name='base', limit=None, slow=8)"


def test_parameters_are_given_by_name_and_checked() -> None:
    strategy = Derived(fast=1, ratio=2, limit=1.5)
    assert (strategy.fast, strategy.ratio, strategy.limit) == (1, 2.0, 1.5)
    assert Derived().fast == 5
    with pytest.raises(ConfigError, match=r"no parameter 'fsat'.* Did you mean 'fast'"):
        Derived(fsat=1)  # type: ignore[call-arg]  # what is refused
    with pytest.raises(ConfigError, match=r"Derived.fast: given 'x' \(str\), expected int"):
        Derived(fast="x")  # type: ignore[arg-type]  # what is refused
    with pytest.raises(ConfigError, match="expected int"):
        Derived(fast=1.5)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(ConfigError, match="_hidden"):
        Derived(_hidden=2)


def test_a_class_is_made_with_its_defaults(backend: str) -> None:
    class Once(omega.Strategy):
        size: float = 2.0

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy(self.size)

    result = omega.run_backtest(candles.rising(4), Once, backend=backend)
    assert result.trades["lots"].to_list() == [2.0]


def test_a_strategy_without_on_bar_says_so(backend: str) -> None:
    with pytest.raises(ConfigError, match=r"Base has no on_bar.*expected a method"):
        omega.run_backtest(candles.rising(4), Base, backend=backend)


@pytest.mark.parametrize(
    "strategy", [5, "name", None, int, pytest.param(object(), id="object")], ids=repr
)
def test_what_is_no_strategy_is_refused(backend: str, strategy: Any) -> None:  # noqa: ANN401 - any
    with pytest.raises(ConfigError, match="strategy: given"):
        omega.run_backtest(candles.rising(4), strategy, backend=backend)


def test_orders_outside_a_run_are_refused() -> None:
    for ask in (lambda: Base().buy(), lambda: Base().positions, lambda: Base().sma(3)):
        with pytest.raises(ConfigError, match="not in a run"):
            ask()


def test_every_order_takes_the_next_number(backend: str) -> None:
    strategy, result = scripted(
        backend,
        {
            0: lambda s: (s.buy(), s.sell(limit=300.0), s.buy(stop=250.0), s.cancel(1)),
            1: lambda s: (s.modify(0, stop_loss=50.0), s.close(0), s.buy(stop=260.0, limit=270.0)),
        },
    )
    assert strategy.answers == [(0, 1, 2, 3), (4, 5, 6)]
    rows = result.orders.select("order_id", "type", "side", "status").rows()
    assert rows == [
        (0, "market", "buy", "filled"),
        (1, "limit", "sell", "cancelled"),
        (2, "stop", "buy", "working"),
        (5, "market", "sell", "filled"),
        (6, "stop_limit", "buy", "working"),
    ]


def test_fills_and_exits_are_heard_before_the_next_bar(backend: str) -> None:
    strategy, _ = scripted(
        backend, {0: lambda s: s.buy(), 1: lambda s: s.close(), 3: lambda s: s.sell()}
    )
    assert strategy.heard == [
        "bar 0",
        "fill 0 buy 101.0",
        "bar 1",
        "fill 1 sell 102.0",
        "exit 0 signal 1.0",
        "bar 2",
        "bar 3",
        "fill 2 sell 104.0",
        "bar 4",
        "fill 2 buy 105.5",
        "exit 2 end_of_data -1.5",
    ]


def test_orders_placed_on_a_fill_work_from_the_next_bar(backend: str) -> None:
    class Answering(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> Action | None:
            return omega.Signal("long") if bar.index == 0 else None

        def on_fill(self, fill: omega.Fill) -> Action | None:
            if fill.order_id == 0 and fill.side == "buy":
                self.sell(limit=1.0)
                return omega.Signal("short", size=3.0)
            return None

    result = omega.run_backtest(candles.rising(5), Answering, backend=backend)
    rows = result.orders.select("order_id", "type", "lots", "status").rows()
    assert rows == [
        (0, "market", 1.0, "filled"),
        (1, "limit", 1.0, "filled"),
        (2, "market", 3.0, "filled"),
    ]
    assert result.trades["entry_index"].to_list() == [1, 2, 2]


def test_positions_are_seen_as_they_stand(backend: str) -> None:
    def look(strategy: Scripted) -> object:
        first = strategy.position
        assert first is not None
        assert [p.trade_id for p in strategy.positions] == [0, 1]
        second = strategy.positions[1]
        return (
            (first.trade_id, first.order_id, first.symbol, first.direction, first.lots),
            (first.entry_index, first.entry_price, first.stop_loss, first.take_profit),
            (first.profit, first.bars_held, first.reason, first.tags),
            (second.direction, second.profit, second.stop_loss),
        )

    strategy, _ = scripted(
        backend,
        {
            0: lambda s: (
                s.buy(2.0, stop_loss=50.0, take_profit=900.0, reason="why", tags=["a", "b"]),
                s.sell(),
            ),
            2: look,
            3: lambda s: (s.close(s.positions[0]), len(s.positions)),
            4: lambda s: ([p.trade_id for p in s.positions], s.position is None),
        },
    )
    assert strategy.answers[1] == (
        (0, 0, "SYMBOL", "long", 2.0),
        (1, 101.0, 50.0, 900.0),
        (3.0, 1, "why", ["a", "b"]),
        ("short", -1.5, None),
    )
    assert strategy.answers[2:] == [(2, 2), ([1], False)]


def test_a_position_that_is_kept_shows_what_it_was(backend: str) -> None:
    kept: list[omega.Position] = []
    strategy, _ = scripted(
        backend,
        {
            0: lambda s: s.buy(),
            1: lambda s: kept.extend(s.positions),
            3: lambda s: (s.modify(0, stop_loss=80.0), kept[0].stop_loss, kept[0].bars_held),
            4: lambda s: (kept[0].stop_loss, kept[0].profit, s.positions[0].stop_loss),
        },
    )
    assert strategy.answers[2:] == [(1, None, 0), (None, 0.5, 80.0)]


def test_pending_orders_are_seen_until_they_end(backend: str) -> None:
    def pending(strategy: Scripted) -> object:
        return [
            (p.order_id, p.type, p.direction, p.price, p.lots, p.stop_loss)
            for p in strategy.pending
        ]

    strategy, _ = scripted(
        backend,
        {
            0: lambda s: (s.buy(limit=50.0, stop_loss=40.0), s.buy(stop=103.0), pending(s)),
            1: pending,
            3: lambda s: (pending(s), s.cancel(s.pending[0])),
            4: pending,
        },
    )
    limit = (0, "limit", "long", 50.0, 1.0, 40.0)
    assert strategy.answers == [
        (0, 1, []),
        [limit, (1, "stop", "long", 103.0, 1.0, None)],
        ([limit], 2),
        [],
    ]


def test_balance_and_equity_are_those_of_the_newest_bar(backend: str) -> None:
    seen: list[tuple[float, float]] = []

    def note(strategy: Scripted) -> int:
        seen.append((strategy.balance, strategy.equity))
        return len(seen)

    _, result = scripted(
        backend,
        {0: lambda s: (note(s), s.buy()), 1: note, 2: lambda s: (note(s), s.close()), 3: note},
        cash=500.0,
        costs=omega.Costs(fee_per_lot=1),
    )
    assert seen == [(500.0, 500.0), (499.0, 499.5), (499.0, 500.5), (500.0, 500.0)]
    # The first row is of the bar before the first decision.
    assert result.equity.select("balance", "equity").rows()[:4] == seen


def test_before_the_first_bar_the_account_holds_the_cash(backend: str) -> None:
    seen: list[tuple[float, float]] = []

    class Early(omega.Strategy):
        def init(self) -> None:
            seen.append((self.balance, self.equity))

        def on_bar(self, bar: omega.Bar) -> None:
            """Do nothing."""

    omega.run_backtest(candles.rising(5), Early, cash=500.0, backend=backend)
    assert seen == [(500.0, 500.0)]


@pytest.mark.parametrize("number", [-1, 7, 2**32 - 1, 2**32, -(2**70), 2**70])
def test_a_number_that_nothing_has_is_refused_like_any_that_is_not_there(
    backend: str, number: int
) -> None:
    """F12.2, whatever the number."""
    actions: list[Action] = [
        omega.Close(trade_id=number),
        omega.Cancel(number),
        omega.Modify(number),
    ]
    plan = candles.told({0: [omega.Signal("long"), *actions]})
    result = omega.run_backtest(candles.rising(5), plan, backend=backend)
    assert result.orders["type"].to_list() == ["market", "market", "cancel", "modify"]
    assert result.orders["reject_reason"].to_list() == [None, *["not_found"] * 3]


@pytest.mark.parametrize("container", [list, tuple], ids=["list", "tuple"])
def test_a_list_of_actions_is_taken_in_order(
    backend: str, container: Callable[[list[Action]], object]
) -> None:
    actions: list[Action] = [
        omega.Signal("buy", size=1),
        omega.Signal("sell", size=2, reason="hedge", tags=("x",)),
        omega.Close(trade_id=0),
    ]
    plan = candles.told({0: container(actions)})  # type: ignore[dict-item]  # either
    result = omega.run_backtest(candles.rising(4), plan, backend=backend)
    trades = result.trades.select("trade_id", "direction", "lots", "exit_reason", "reason", "tags")
    assert trades.rows() == [
        (0, "long", 1.0, "signal", None, []),
        (1, "short", 2.0, "end_of_data", "hedge", ["x"]),
    ]
    assert result.fills["time"].to_list()[2] == candles.rising(4)["time"][1]


def test_a_queue_and_a_return_are_taken_in_that_order(backend: str) -> None:
    class Both(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> Action | None:
            if bar.index:
                return None
            self.buy(1.0)
            return omega.Signal("long", size=2.0)

    result = omega.run_backtest(candles.rising(4), Both, backend=backend)
    assert result.trades["lots"].to_list() == [1.0, 2.0]


def test_indicators_show_the_values_known_by_now(backend: str) -> None:
    data = candles.walk(300)
    closes = data["bid_close"]

    class Looking(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(5)
            self.twice = self.sma(3, source=self.mean)
            self.own = self.column(pl.col("bid_close") + pl.col("ask_close"), name="both")
            self.calls = 0

        def on_bar(self, bar: omega.Bar) -> None:
            now = bar.index
            self.calls += 1
            assert len(self.mean) == now + 1
            assert self.mean[-1] == pytest.approx(closes[now - 4 : now + 1].mean(), rel=1e-14)
            assert self.mean[-2] == self.mean.window(2)[0] or now < 8
            assert self.own[-1] == closes[now] + data["ask_close"][now]
            assert self.own.window(3).tolist() == [self.own[-3], self.own[-2], self.own[-1]]
            assert not self.mean.window(2).flags.writeable
            for beyond in (0, 1, -now - 2):
                with pytest.raises(IndexError):
                    self.mean[beyond]
            for length in (0, -1, now + 2):
                with pytest.raises(IndexError):
                    self.mean.window(length)

    strategy = omega.run_backtest(data, Looking, backend=backend).strategy
    assert strategy.calls == 300 - 8, "of nested indicators the sum (L2)"
    assert (strategy.mean.name, strategy.own.name) == ("sma(5)", "both")


def test_a_series_that_was_made_before_is_a_column(backend: str) -> None:
    data = candles.rising(6)
    made = data["close"] * 2

    class Ready(omega.Strategy):
        def init(self) -> None:
            self.series = self.column(made, "series")
            self.array = self.column(made.to_numpy(), "array")

        def on_bar(self, bar: omega.Bar) -> None:
            assert self.series[-1] == self.array[-1] == bar.close * 2

    omega.run_backtest(data, Ready, backend=backend)


def test_crossings_are_told(backend: str) -> None:
    closes = [1.0, 3.0, 2.0, 1.0, 3.0]
    time = candles.rising(5)["time"]
    data = pl.DataFrame({"time": time} | dict.fromkeys(("open", "high", "low", "close"), closes))
    seen: list[tuple[int, str]] = []

    class Crossing(omega.Strategy):
        warmup = 2

        def init(self) -> None:
            self.value = self.column(pl.col("close"))

        def on_bar(self, bar: omega.Bar) -> None:
            if omega.crossover(self.value, 2.0):
                seen.append((bar.index, "over"))
            if omega.crossunder(self.value, 2.0):
                seen.append((bar.index, "under"))

    omega.run_backtest(data, Crossing, backend=backend)
    assert seen == [(1, "over"), (3, "under")]


@pytest.mark.parametrize(
    ("declare", "match"),
    [
        (lambda s: s.indicator("smma", 3), "smma"),
        (lambda s: s.sma(0), "at least 1"),
        (lambda s: s.zscore(1), "at least 2"),
        (lambda s: s.sma(3, source="clsoe"), "clsoe"),
        (lambda s: s.column(pl.col("close").head(2)), "one for each bar"),
        (lambda s: s.column(pl.col("close").mean()), "An aggregate, .*, the later ones among them"),
        (lambda s: s.column(pl.lit(1.0)), r"a constant is pl\.repeat\(1\.0, pl\.len\(\)\)"),
        (lambda s: s.column("close"), r"expected a Polars expression .* Write pl.col\('close'\)"),
        (lambda s: s.column(3), "a Series or array .* or a function"),
    ],
)
def test_an_indicator_that_is_not_there_is_refused(
    backend: str, declare: Callable[[omega.Strategy], object], match: str
) -> None:
    class Declaring(omega.Strategy):
        def init(self) -> None:
            declare(self)

        def on_bar(self, bar: omega.Bar) -> None: ...

    with pytest.raises(ConfigError, match=match):
        omega.run_backtest(candles.rising(9), Declaring, backend=backend)


def test_the_stats_count_what_happened(backend: str) -> None:
    plan = candles.told({0: [omega.Signal("long")] * 3, 2: omega.Close(), 3: omega.Cancel(99)})
    stats = omega.run_backtest(candles.rising(6), plan, backend=backend).stats
    assert (stats.bars_processed, stats.signals_generated, stats.exits_triggered) == (5, 5, 3)
    assert 0 <= stats.callback_time_ms <= stats.total_time_ms


def test_what_the_night_brings_is_not_known_before(backend: str) -> None:
    """L1: a swap is booked with the first bar of the new day, after the strategy was asked."""
    seen: list[float] = []

    class Sleeper(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            seen.append(self.balance)
            if bar.index == 0:
                self.buy()

    late = candles.rising(4).with_columns(pl.col("time") + timedelta(hours=23, minutes=58))
    costs = omega.Costs(swap_long=-5.0)
    dollar = omega.Instrument("SYMBOL", tick_size=1.0)
    result = omega.run_backtest(late, Sleeper(), costs=costs, instruments=dollar, backend=backend)
    assert result.ledger.filter(pl.col("kind") == "swap")["time"].to_list() == [late["time"][2]]
    assert seen == [10_000.0, 10_000.0, 9_995.0]


def test_an_order_may_trail_and_belong_to_a_group(backend: str) -> None:
    """I4 and F8, as arguments of `buy` and `sell`: bar k of the candles opens at 100 + k."""

    def place(strategy: omega.Strategy) -> None:
        strategy.buy(stop=102.0, stop_loss=95.0, trailing_stop=1.0, oco="range")
        strategy.sell(stop=90.0, oco="range")

    _, result = scripted(backend, {0: place})
    assert result.orders["status"].to_list() == ["filled", "cancelled"]
    assert result.trades["stop_loss"].item() > 95.0


@pytest.mark.parametrize("conversion", [None, "candles"])
def test_a_position_shows_its_open_profit_at_the_newest_close(
    backend: str, conversion: str | None
) -> None:
    """Bar k closes at 100.5 + k; the rate of the pair at bar k is 2 + k, or 1 without one."""
    rates = candles.rising(12).select("time", *(pl.col(p).sub(98.5).alias(p) for p in PRICES))
    instrument = omega.Instrument("SYMBOL", quote_currency="EUR" if conversion else "USD")
    kept: list[omega.Position] = []
    seen: list[tuple[float, float]] = []

    class Holder(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy()
            if self.position is not None:
                kept.append(self.position)
                seen.append((self.position.open_profit, self.equity - self.balance))

    words: dict[str, Any] = {"conversion": {"EURUSD": rates}} if conversion else {}
    result = omega.run_backtest(
        candles.rising(12), Holder, backend=backend, instruments=instrument, **words
    )
    assert result.trades["entry_price"].item() == 101.0
    factors = [2.0 + k if conversion else 1.0 for k in range(1, 11)]
    expected = [(k - 0.5) * factor for k, factor in zip(range(1, 11), factors, strict=True)]
    assert [profit for profit, _ in seen] == expected
    assert [profit for _, profit in seen] == pytest.approx(expected)
    assert [position.open_profit for position in kept] == expected

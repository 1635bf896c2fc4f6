"""What a strategy reads of its account, and the orders that it places by a call."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # it ships no types
import numpy as np
import pytest

import omega
from omega import ConfigError, Distance
from tests.support.backends import WITHOUT_CORE
from tests.support.sweep_strategies import walk

Look = Callable[[Any, omega.Bar], object]


class Does(omega.Strategy):
    """Does something on each bar, and keeps what it saw."""

    def __init__(self, what: Look) -> None:
        super().__init__()
        self.what = what
        self.seen: list[Any] = []

    def on_bar(self, bar: omega.Bar) -> None:
        self.seen.append(self.what(self, bar))


def run(what: Look, backend: str) -> omega.BacktestResult:
    return omega.run_backtest(walk(30), Does(what), backend=backend)


def held(strategy: Does, bar: omega.Bar) -> tuple[Any, list[Any], list[Any]]:
    """Two positions from bar 4 on, an order from bar 6 on, and a change at bar 11."""
    if bar.index == 3:
        strategy.buy(1)
        strategy.sell(2.0)
    if bar.index == 5:
        strategy.buy(limit=0.5)
    if bar.index == 10:
        strategy.modify(strategy.positions[1], stop_loss=bar.close * 2)
    return strategy.position, strategy.positions, strategy.pending


@pytest.mark.skipif(WITHOUT_CORE, reason="the plain backend makes views anew")
def test_a_position_is_one_object_until_something_happens() -> None:
    def look(strategy: Does, bar: omega.Bar) -> None:
        first, positions, pending = held(strategy, bar)
        assert strategy.position is first
        assert all(a is b for a, b in zip(strategy.positions, positions, strict=True))
        assert all(a is b for a, b in zip(strategy.pending, pending, strict=True))

    assert run(look, "rust").fills.height == 4


def test_what_was_kept_goes_on_showing_its_own_bar(backend: str) -> None:
    seen = run(held, backend).strategy.seen
    kept = [[(one.trade_id, one.bars_held, one.lots) for one in moment[1]] for moment in seen]
    assert kept[8] == [(0, 4, 1.0), (1, 4, 2.0)]
    assert kept[9] == [(0, 5, 1.0), (1, 5, 2.0)]
    assert [moment[1][1].stop_loss is None for moment in seen[9:13]] == [True, True, False, False]
    assert [one.order_id for one in seen[20][2]] == [2]


@pytest.mark.parametrize(
    "words",
    [
        {"size": np.float64(1.5), "stop_loss": np.float64(1e-3)},
        {"size": 2, "take_profit": Distance(5)},
        {"size": np.int64(2), "trailing_stop": Distance.percent(2)},
        {"trail": 0.5, "expires": "day", "tags": ["a", "b"], "reason": "why"},
        {"touch": 0.5, "limit": 0.6, "expires": "DAY"},
        {"at_close": True, "oco": "g"},
        {"symbol": "SYMBOL", "reduce_only": True},
        {"size": float("nan")},
        {"size": 2**60},
    ],
)
def test_words_of_every_kind_mean_the_same_to_both_backends(words: dict[str, Any]) -> None:
    def buys(strategy: Does, bar: omega.Bar) -> object:
        return strategy.buy(**words) if bar.index == 3 else None

    first, second = run(buys, "auto"), run(buys, "python")
    assert first.fingerprint == second.fingerprint
    assert first.orders.equals(second.orders)
    assert first.orders.height == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"size": True}, "Signal.size: given True"),
        ({"size": "1"}, "Signal.size: given '1'"),
        ({"touch": 1.0}, "order: given touch"),
        ({"at_close": True, "expires": "ioc"}, "Signal.expires: given 'ioc'"),
        ({"expires": "tomorrow"}, "Signal.expires: given 'tomorrow'"),
        ({"reason": 7}, "Signal.reason: given 7"),
        ({"stop_loss": "low"}, "Signal.stop_loss: given 'low'"),
    ],
)
def test_wrong_words_are_refused_alike(backend: str, words: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        run(lambda strategy, _: strategy.buy(**words), backend)


def test_calls_keep_their_order_where_python_takes_some(backend: str) -> None:
    """A moment, and a signal that is returned, go through objects; the calls after them too."""

    def several(strategy: Does, bar: omega.Bar) -> object:
        if bar.index != 3:
            return None
        later = bar.time + timedelta(days=1)
        numbers = [strategy.buy(1), strategy.buy(2, limit=0.5, expires=later), strategy.sell(3)]
        return [*numbers, strategy.close(0), strategy.cancel(1)]

    result = run(several, backend)
    assert result.strategy.seen[3] == [0, 1, 2, 3, 4]
    assert result.orders.select("order_id", "lots", "status").rows() == [
        (0, 1.0, "filled"),
        (1, 2.0, "cancelled"),
        (2, 3.0, "filled"),
        (3, 1.0, "filled"),
    ]


class Itself(omega.Strategy):
    """Is not copied: each run works on the object that was given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> Itself:
        return self

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 2:
            self.buy(1)
        self.seen.append((self.position is None, self.equity, self.balance, len(self.pending)))


def test_a_strategy_that_sees_a_second_run_reads_and_trades_in_that(backend: str) -> None:
    once, again = Itself(), Itself()
    first = omega.run_backtest(walk(30), once, backend=backend)
    omega.run_backtest(walk(20, seed=2), again, backend=backend)
    again.seen.clear()
    second = omega.run_backtest(walk(30), again, backend=backend)
    assert first.fingerprint == second.fingerprint
    assert once.seen == again.seen
    assert first.fills.height == 2


@pytest.mark.parametrize("call", ["buy", "sell", "close", "modify", "cancel"])
def test_an_unknown_word_is_a_type_error(backend: str, call: str) -> None:
    words: dict[str, Any] = {"lots": 1}
    with pytest.raises(TypeError):
        run(lambda strategy, _: getattr(strategy, call)(**words), backend)


def test_a_strategy_can_be_copied_and_sent() -> None:
    given = Does(held)
    sent = cloudpickle.loads(cloudpickle.dumps(given))
    for made in (copy.copy(given), copy.deepcopy(given), sent):
        assert made.seen == []
        assert omega.run_backtest(walk(30), made).fills.height == 4


@pytest.mark.parametrize("action", ["close", "cancel", "modify"])
@pytest.mark.parametrize("given", ["EURUSD", 1.5, True, object])
def test_what_is_no_order_is_refused_in_words(backend: str, action: str, given: object) -> None:
    class Foolish(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            getattr(self, action)(given)

    with pytest.raises(omega.ConfigError, match="expected a position or an order") as told:
        omega.run_backtest(walk(5), Foolish(), backend=backend)
    assert ("symbol='EURUSD'" in str(told.value)) == (given == "EURUSD")

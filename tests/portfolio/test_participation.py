"""The share of the volume that may be traded in a bar (rule W10), by hand-computed numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.portfolios import WHOLE, candles, filled, run, targets

DATA = {"A": candles([100] * 6, volume=[1_000, 2_000, 3_000, 3_000, 3_000, 3_000])}


def limited(
    carry_over: str = "cancel",
    **settings: Any,  # noqa: ANN401 - of `run_backtest`
) -> omega.BacktestResult:
    weights = omega.Weights(
        targets({0: {"A": 0.9}, 3: {"A": 0.0}}), participation=0.1, carry_over=carry_over
    )
    return run(DATA, weights, **settings)


def test_a_fill_is_a_share_of_the_bar_before() -> None:
    result = limited()
    # 10 % of 1,000; then 300 of volume are more than what is held.
    assert [row[:4] for row in filled(result)] == [(1, "A", "buy", 100), (4, "A", "sell", 100)]
    assert result.orders["lots"].to_list() == [900, 100]
    assert result.orders["note"].to_list() == ["participation", None]
    assert result.weights["reason"].to_list() == ["participation", None]


def test_what_is_left_is_a_new_order_at_the_next_bar() -> None:
    result = limited("retry")
    assert [row[:4] for row in filled(result)] == [
        (1, "A", "buy", 100), (2, "A", "buy", 200), (3, "A", "buy", 300),
        (4, "A", "sell", 100), (4, "A", "sell", 200), (5, "A", "sell", 300),
    ]  # fmt: skip
    # The fourth purchase is cancelled by the sale of day 4, of which 300 are left for day 5.
    assert result.orders["status"].to_list()[3:] == ["cancelled", "filled", "filled"]
    assert result.orders["lots"].to_list() == [900, 800, 600, 300, 600, 300]


def test_the_volume_of_the_bar_itself() -> None:
    result = limited(execution=omega.Execution(participation_lagged=False, close_at_end=False))
    assert filled(result)[0][3] == 200


def test_a_bar_without_volume_fills_nothing() -> None:
    data = {"A": candles([100] * 3, volume=[0, 5_000, 0])}
    weights = targets({0: {"A": 0.9}})
    cancelled = run(data, omega.Weights(weights, participation=0.1))
    assert cancelled.orders.select("status", "reject_reason").rows() == [
        ("cancelled", "participation")
    ]
    again = run(data, omega.Weights(weights, participation=0.1, carry_over="retry"))
    assert [row[:4] for row in filled(again)] == [(2, "A", "buy", 500)]


def test_contracts_are_of_units() -> None:
    tens = omega.Instrument(contract_size=10, volume_step=1)
    assert filled(limited(instruments=tens))[0][3] == 10


class Buyer(omega.Strategy):
    """Buys 250 and closes them three bars later."""

    def __init__(self, order: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.order = order or {}

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 0:
            self.buy(250, **self.order)
        if bar.index == 3:
            self.close()


def bought(
    carry_over: str,
    volume: float = 1_000,
    **order: Any,  # noqa: ANN401 - of `buy`
) -> omega.BacktestResult:
    strategy = Buyer(order)
    data = {"A": candles([100] * 8, volume=[volume] * 8)}
    execution = omega.Execution(participation=0.1, carry_over=carry_over, close_at_end=False)
    return run(data, strategy, execution=execution)


def test_an_order_of_any_strategy_is_cut() -> None:
    result = bought("cancel")
    assert [row[:4] for row in filled(result)] == [(1, "A", "buy", 100), (4, "A", "sell", 100)]
    assert result.orders["note"].to_list() == ["participation", None]


def test_orders_and_closes_go_on_at_the_next_bars() -> None:
    result = bought("retry")
    assert [row[:4] for row in filled(result)] == [
        (1, "A", "buy", 100), (2, "A", "buy", 100), (3, "A", "buy", 50),
        (4, "A", "sell", 100), (5, "A", "sell", 100), (6, "A", "sell", 50),
    ]  # fmt: skip


@pytest.mark.parametrize(("expires", "sizes"), [("ioc", [100]), ("fok", [])])
def test_immediate_orders_do_not_go_on(expires: str, sizes: list[float]) -> None:
    result = bought("retry", expires=expires)
    assert [lots for _, _, side, lots, _ in filled(result) if side == "buy"] == sizes


def test_a_limit_order_rests_on() -> None:
    result = bought("retry", limit=100)
    assert [row[:4] for row in filled(result)][:3] == [
        (1, "A", "buy", 100), (2, "A", "buy", 100), (3, "A", "buy", 50),
    ]  # fmt: skip
    assert set(result.orders["type"].to_list()[:3]) == {"limit"}


class Canceller:
    """Cancels what the volume has left of order 0, in the bar that cut it."""

    def __init__(self) -> None:
        self.asked = 0

    def manage_positions(self, positions: Sequence[Any], *_: object) -> list[omega.Close]:
        self.asked += 1
        return [omega.Close(trade_id=1)] if self.asked == 1 and len(positions) == 1 else []


def test_what_is_left_can_be_cancelled_in_the_bar_that_cut_the_order() -> None:
    """250 wanted, 100 filled; order 1 of the other 150 ends at the close of the same bar."""
    data = {"A": candles([100] * 4, volume=[1_000] * 4)}
    execution = omega.Execution(participation=0.1, carry_over="retry", close_at_end=False)
    results = [
        omega.run_backtest(
            data, Buyer(), instruments=WHOLE, execution=execution, backend=backend,
            account="cash", cash=100_000.0, position_manager=Canceller(),
        )
        for backend in BACKENDS
    ]  # fmt: skip
    for result in results:
        assert [row[:4] for row in filled(result)][:1] == [(1, "A", "buy", 100)]
        assert result.orders["status"].to_list()[:2] == ["filled", "cancelled"]
        assert result.orders["lots"].to_list()[:2] == [250, 150]
    assert len({result.fingerprint for result in results}) == 1


def test_what_is_left_of_an_order_goes_on_under_a_new_name_at_once() -> None:
    """A limit order of 250 fills 100 of A; A is called B from the third day on, with 100 a bar."""

    class Limit(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0 and bar.symbol == "A":
                self.buy(250, limit=100, symbol="A")

    prices = candles([100] * 5, volume=[1_000] * 5)
    data = {"A": prices[:3], "B": prices[2:]}
    change = omega.Events(symbols=[{"old": "A", "new": "B", "date": prices["time"][3].date()}])
    execution = omega.Execution(participation=0.1, carry_over="retry", close_at_end=False)
    result = run(data, Limit(), events=change, execution=execution)
    assert [row[:4] for row in filled(result)] == [
        (1, "A", "buy", 100), (2, "A", "buy", 100), (3, "B", "buy", 50),
    ]  # fmt: skip


def test_no_volume_is_refused_before_the_run() -> None:
    weights = omega.Weights(targets({0: {"A": 0.5}}), participation=0.1)
    with pytest.raises(omega.ConfigError, match="A has no volume"):
        run({"A": candles([100] * 3)}, weights)
    both = omega.Execution(participation=0.2)
    with pytest.raises(omega.ConfigError, match="expected one of them"):
        run(DATA, weights, execution=both, instruments=WHOLE)

"""Cases in which the backends once differed, or a rule is easily read two ways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.strategy.actions import Action, Close, Signal
from tests.support.backends import BACKENDS

MIDNIGHT = datetime(2024, 1, 1)  # noqa: DTZ001 - naive, as in the data

both = pytest.mark.parametrize("backend", BACKENDS)


def candles(*rows: tuple[float, float, float, float], minutes: int = 60) -> pl.DataFrame:
    """Bars of both sides alike: open, high, low, close."""
    times = [MIDNIGHT + k * timedelta(minutes=minutes) for k in range(len(rows))]
    prices = pl.DataFrame(rows, schema=["open", "high", "low", "close"], orient="row")
    return prices.cast(pl.Float64).insert_column(0, pl.Series("time", times))


def once(*actions: Action) -> Callable[[Any], list[Action]]:
    """A strategy that orders once, when it has seen bar 0."""
    return lambda bar: list(actions) if bar.index == 0 else []


@both
@pytest.mark.parametrize(("semantics", "bar", "price"), [(1, 3, 12), (2, 1, 13)])
def test_a_stop_limit_that_the_open_arms_follows_it(
    backend: str, semantics: int, bar: int, price: float
) -> None:
    """F4.1: the open is beyond stop and limit, and the bar comes back."""
    data = candles((10, 10, 10, 10), (15, 15, 9, 14), (14, 14, 14, 14), (12, 13, 11, 12))
    order = Signal("long", type="stop_limit", entry_price=12, limit_price=13)
    result = omega.run_backtest(data, once(order), backend=backend, semantics=semantics)
    assert result.trades["entry_index"].to_list() == [bar]
    assert result.trades["entry_price"].to_list() == [price]


@both
def test_half_of_a_position_again_and_again_ends_after_34_closes(backend: str) -> None:
    """M3: 10 / 2^34 is below a billionth of a lot."""
    data = candles(*[(10, 10, 10, 10)] * 40)
    result = omega.run_backtest(
        data,
        lambda bar: Signal("long", size=10) if bar.index == 0 else Close(fraction=0.5),
        backend=backend,
    )
    assert result.trades.height == 34
    assert result.trades["lots"].sum() == 10


@both
def test_the_whole_of_a_finer_bar_follows_the_fill_in_the_one_before(backend: str) -> None:
    """I1.1, I5.1: a target that the second finer bar reaches is certain."""
    data = candles((10, 10, 10, 10), (10, 13, 8, 9))
    fine = candles((10, 10, 10, 10), (10, 10, 8, 9), (9, 13, 9, 9), minutes=30)
    fine = fine.with_columns(pl.col("time") + pl.duration(minutes=30))
    execution = omega.Execution(intrabar="magnifier", magnifier=fine)
    order = Signal("long", type="limit", entry_price=9, take_profit=12)
    result = omega.run_backtest(data, once(order), backend=backend, execution=execution)
    assert result.trades["exit_reason"].to_list() == ["take_profit"]
    assert result.trades["ambiguous"].to_list() == [False]


@both
def test_a_manager_cannot_close_a_part_that_is_none(backend: str) -> None:
    class Manager:
        def manage_positions(self, positions: Any, *_: object) -> Close:  # noqa: ANN401 - any
            return Close(trade_id=positions[0].trade_id, fraction=float("nan"))

    data = candles(*[(10, 10, 10, 10)] * 4)
    strategy = once(Signal("long"))
    result = omega.run_backtest(data, strategy, backend=backend, position_manager=Manager())
    assert result.trades["exit_reason"].to_list() == ["end_of_data"]
    assert result.orders["status"].to_list() == ["filled", "rejected", "rejected", "working"]
    assert result.orders["reject_reason"].to_list() == [None, "size", "size", None]


@both
def test_order_numbers_count_what_on_fill_asked_for(backend: str) -> None:
    numbers = []

    class Counting(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index < 2:
                numbers.append(self.buy())

        def on_fill(self, fill: omega.Fill) -> None:
            if fill.index == 1:
                numbers.append(self.sell())

    data = candles(*[(10, 10, 10, 10)] * 3)
    result = omega.run_backtest(data, Counting(), backend=backend)
    assert numbers == [0, 1, 2]
    assert result.orders["side"].to_list() == ["buy", "sell", "buy"]


@both
def test_a_strict_run_ends_where_a_waiting_order_is_refused_at_its_fill(backend: str) -> None:
    """F12.1: the margin is tested when it fills."""
    data = candles((10, 10, 10, 10), (10, 10, 10, 10), (10, 10, 9, 10))
    order = Signal("long", type="limit", entry_price=9, size=2000)
    result = omega.run_backtest(data, once(order), backend=backend)
    assert result.orders["reject_reason"].to_list() == ["margin"]
    with pytest.raises(omega.OmegaError, match="order 0 at bar 2 was rejected: margin"):
        omega.run_backtest(data, once(order), backend=backend, strict=True)


@both
def test_a_triple_night_may_be_at_the_week_end(backend: str) -> None:
    """M4.3, for markets that trade on Sundays."""
    data = candles(*[(10, 10, 10, 10)] * 9, minutes=24 * 60)
    costs = omega.Costs(swap_long=-1, swap_triple_day="SUN")
    gold = omega.Instrument("SYMBOL", tick_size=1)
    result = omega.run_backtest(
        data, once(Signal("long")), backend=backend, costs=costs, instruments=gold
    )
    nights = [-amount for amount in result.ledger.filter(pl.col("kind") == "swap")["amount"]]
    assert nights == [1, 1, 1, 1, 3, 1]  # Tuesday to Friday, Sunday, Monday


@both
def test_progress_is_told_about_a_hundred_times(backend: str) -> None:
    told: list[tuple[int, int]] = []
    data = candles(*[(10, 10, 10, 10)] * 3_001, minutes=1)
    omega.run_backtest(
        data, once(), backend=backend, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1024, 3000), (2048, 3000), (3000, 3000)]


@both
def test_an_interrupt_ends_the_run_as_it_came(backend: str) -> None:
    def interrupted(bar: omega.Bar) -> None:
        if bar.index == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        omega.run_backtest(candles(*[(10, 10, 10, 10)] * 4), interrupted, backend=backend)


@both
def test_equities_that_are_no_numbers_are_not_the_lowest(backend: str) -> None:
    """M9: 9 lots of 100,000 at a rate of 2.5e304 are no number; closing them costs all there is."""
    data = candles(*[(4e-305, 4e-305, 4e-305, 4e-305)] * 3)
    euro = candles(*[(2.5e304, 2.5e304, 2.5e304, 2.5e304)] * 3)
    result = omega.run_backtest(
        data,
        once(Signal("long", size=9)),
        symbol="FOO",
        instruments=omega.Instrument(
            "FOO", quote_currency="EUR", contract_size=1e5, tick_size=1e-307
        ),
        conversion={"EURUSD": euro},
        cash=1_000_000,
        costs=omega.Costs(fee=lambda fill: 0.0 if fill.is_entry else 2_000_000.0),
        backend=backend,
    )
    assert result.trades["exit_reason"].to_list() == ["end_of_data"]
    assert result.equity["equity"].to_list() == [1e6, 1e6, -1e6]
    assert result.metrics["lowest_equity"] == -1e6
    assert result.metrics["cagr"] == -1.0


@both
def test_a_price_of_ruin_that_is_no_number_leaves_the_own_stop(backend: str) -> None:
    """M9: a lot of 100,000 at a rate of 2.5e304 is no number, nor is the price that it ends at."""
    high, low = (4e-305, 4e-305, 4e-305, 4e-305), (4e-305, 4e-305, 3e-305, 3e-305)
    result = omega.run_backtest(
        candles(high, high, low),
        once(Signal("long", size=1, stop_loss=3.5e-305)),
        symbol="FOO",
        instruments=omega.Instrument(
            "FOO", quote_currency="EUR", contract_size=1e5, tick_size=1e-307
        ),
        conversion={"EURUSD": candles(*[(2.5e304,) * 4] * 3)},
        cash=1_000_000,
        backend=backend,
    )
    assert result.trades["exit_reason"].to_list() == ["stop_loss"]

"""Target weights together with what happens by date, by numbers computed by hand."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.portfolios import WHOLE, candles, day, filled, run, targets

SPLIT = omega.Events(splits=[{"symbol": "A", "date": "2024-01-03", "ratio": 2}])
CHANGE = omega.Events(symbols=[{"old": "A", "new": "B", "date": "2024-01-04"}])
RENAMED = {
    "A": candles([100, 100, 100]),
    "B": candles([None, None, None, 100, 100, 100]),
    "C": candles([100] * 6),
}


def rows(result: omega.BacktestResult, symbol: str) -> list[Any]:
    """Day, target and reason of each target of a symbol."""
    own = result.weights.filter(symbol=symbol).select("time", "target", "reason").rows()
    return [((time - day(0)).days, target, reason) for time, target, reason in own]


def test_targets_at_a_split_are_in_lots_after_it() -> None:
    """400 at 100 are 800 at 50; 0.6 of 100,000 are 1,200."""
    data = {"A": candles([100, 100, 50, 50]), "B": candles([50] * 4)}
    weights = omega.Weights(targets({0: {"A": 0.4}, 1: {"A": 0.6, "B": 0.2}}))
    result = run(data, weights, events=SPLIT)
    assert filled(result)[1:] == [(2, "A", "buy", 400, 50), (2, "B", "buy", 400, 50)]
    assert result.exposure["long"].to_list() == pytest.approx([0, 0.4, 0.8, 0.8])
    assert result.metrics["average_names"] == 1.25


def test_a_share_of_the_volume_is_in_lots_after_a_split() -> None:
    """900 wanted: 300 of 1,000; then 1,200 after 2:1, of 0.3 x 1,000 x 2 and of 2,000."""
    volume = [1_000, 1_000, 2_000, 2_000, 2_000]
    data = {"A": candles([100, 100, 50, 50, 50], volume=volume)}
    weights = omega.Weights(targets({0: {"A": 0.9}}), participation=0.3, carry_over="retry")
    result = run(data, weights, events=SPLIT)
    assert filled(result) == [
        (1, "A", "buy", 300, 100), (2, "A", "buy", 600, 50), (3, "A", "buy", 600, 50),
    ]  # fmt: skip


def test_a_target_in_units_of_before_a_split_is_as_many_after_it() -> None:
    class Once(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 1:
                self.order_target("A", units=100)

    result = run({"A": candles([100, 100, 50, 50])}, Once(), events=SPLIT)
    assert filled(result) == [(2, "A", "buy", 200, 50)]


@pytest.mark.parametrize("size_at", ["decision", "fill"])
def test_a_dividend_that_is_owed_is_equity(size_at: str) -> None:
    """500 x 10 are owed from day 2 to day 5: 0.6 x 105,000 / 100 = 630."""
    row = {"symbol": "A", "date": "2024-01-03", "amount": 10, "pay": "2024-01-06"}
    events = omega.Events(dividends=[row], pay="date")
    weights = omega.Weights(targets({0: {"A": 0.5}, 3: {"A": 0.6}}), size_at=size_at)
    result = run({"A": candles([100] * 6)}, weights, events=events)
    assert filled(result)[1:] == [(4, "A", "buy", 130, 100)]


def test_a_dividend_that_is_owed_buys_nothing_yet() -> None:
    """Of 105,000 there are 1,000 in cash: of 56 wanted 9 are paid for, with no tolerance."""
    row = {"symbol": "A", "date": "2024-01-03", "amount": 10, "pay": "2024-01-06"}
    events = omega.Events(dividends=[row], pay="date")
    data = {"A": candles([100] * 6), "B": candles([100] * 6)}
    weights = targets({0: {"A": 0.5, "B": 0.49}, 3: {"A": 500 * 100 / 105_000, "B": 0.52}})
    result = run(data, omega.Weights(weights), events=events)
    assert filled(result)[2:] == [(4, "B", "buy", 9, 100)]


def test_targets_follow_a_symbol_that_is_renamed() -> None:
    """Decided as A, traded as B, also on its first bar: 500 less the 400 that went over."""
    weights = omega.Weights(targets({0: {"A": 0.4, "C": 0.2}, 2: {"A": 0.5, "C": 0.2}}))
    result = run(RENAMED, weights, events=CHANGE)
    assert filled(result)[2:] == [(3, "B", "buy", 100, 100)]
    assert rows(result, "B") == [(3, 0.5, None)]
    # An old table goes on to name A, and sells nothing of B.
    daily = run(
        RENAMED, omega.Weights(targets({0: {"A": 0.4, "C": 0.2}}), when="1d"), events=CHANGE
    )
    assert len(filled(daily)) == 2
    assert daily.positions["symbol"].to_list() == ["B", "C"]
    assert daily.exposure["long"].to_list() == pytest.approx([0] + [0.6] * 5)


def test_a_rebalance_that_waits_goes_on_under_the_new_symbol() -> None:
    data = RENAMED | {"A": candles([100, 100])}
    result = run(data, omega.Weights(targets({1: {"A": 0.4, "C": 0.2}})), events=CHANGE)
    assert filled(result) == [(2, "C", "buy", 200, 100), (3, "B", "buy", 400, 100)]


def test_targets_of_two_that_become_one_are_added() -> None:
    """A at 100 becomes 2 B at 50: 0.4 and 0.3 are 1,400 B."""
    events = omega.Events(symbols=[{"old": "A", "new": "B", "date": "2024-01-04", "ratio": 2}])
    data = {"A": candles([100] * 3), "B": candles([50] * 6)}
    weights = omega.Weights(targets({0: {"A": 0.2, "B": 0.1}, 2: {"A": 0.4, "B": 0.3}}))
    result = run(data, weights, events=events)
    assert filled(result)[2:] == [(3, "B", "buy", 800, 50)]


def test_a_delisted_symbol_keeps_no_money() -> None:
    """A goes at 20: 68,000 are left, and C becomes 300 with all of it at hand."""
    events = omega.Events(delistings=[{"symbol": "A", "date": "2024-01-04", "price": 20}])
    data = {"A": candles([100] * 3), "C": candles([100] * 6)}
    weights = omega.Weights(targets({0: {"A": 0.4, "C": 0.2}, 2: {"A": 0.5, "C": 0.3}}))
    result = run(data, weights, events=events)
    assert filled(result)[2:] == [(3, "A", "buy", 400, 20), (3, "C", "buy", 100, 100)]
    assert rows(result, "A")[-1] == (3, 0.5, "delisted")
    assert result.orders.filter(symbol="A")["reject_reason"].to_list() == [None, "delisted"]


@pytest.mark.parametrize("rules", [{}, {"when": "1d"}, {"missing": "hold"}])
def test_who_has_left_the_universe_is_sold_at_the_next_rebalance(rules: dict[str, Any]) -> None:
    universe = [
        {"symbol": "A", "from": "2023-01-01", "to": "2024-01-03"},
        {"symbol": "C", "from": "2023-01-01", "to": None},
    ]
    data = {"A": candles([100] * 6), "C": candles([100] * 6)}
    weights = omega.Weights(targets({0: {"A": 0.4, "C": 0.2}, 3: {"A": 0.4, "C": 0.3}}), **rules)
    result = run(data, weights, universe=universe)
    at = 2 if "when" in rules else 4
    assert filled(result)[2:] == [(at, "A", "sell", 400, 100), (4, "C", "buy", 100, 100)]
    assert (at, 0.4 if "when" in rules else 0.0, "not_member") in rows(result, "A")


def test_a_target_of_one_symbol_sells_no_other() -> None:
    class Alone(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.symbol == "A" and bar.index in (0, 3):
                self.order_target("A" if bar.index == 0 else "C", units=100)

    universe = [
        {"symbol": "A", "from": "2023-01-01", "to": "2024-01-03"},
        {"symbol": "C", "from": "2023-01-01", "to": None},
    ]
    data = {"A": candles([100] * 6), "C": candles([100] * 6)}
    result = run(data, Alone(), universe=universe)
    assert [row[1:4] for row in filled(result)] == [("A", "buy", 100), ("C", "buy", 100)]


def test_nothing_is_sold_short_that_nobody_lends() -> None:
    carry = omega.Carry(borrow={"A": [{"date": "2024-01-01", "rate": None}]})
    account = omega.Account(kind="margin", leverage=2)
    weights = omega.Weights(targets({0: {"A": -0.3}}))
    result = run({"A": candles([100] * 3)}, weights, carry=carry, account=account)
    assert result.orders["reject_reason"].to_list() == ["no_borrow"]
    assert rows(result, "A") == [(1, -0.3, "no_borrow")]


def test_null_of_a_symbol_without_a_price_asks_for_nothing() -> None:
    data = {"A": candles([100] * 3), "B": candles([None, None, 50])}
    weights = omega.Weights(targets({0: {"A": 0.5, "B": None}}), when="1d")
    result = run(data, weights, strict=True)
    assert filled(result) == [(1, "A", "buy", 500, 100)]
    assert rows(result, "B") == [(1, None, "hold"), (2, None, "hold")]


def test_a_saved_result_has_its_events(tmp_path: Path) -> None:
    data = {"A": candles([100, 100, 50, 50])}
    result = run(data, omega.Weights(targets({0: {"A": 0.4}})), events=SPLIT)
    loaded = omega.BacktestResult.load(result.save(tmp_path / "run"))
    for other in (loaded, copy.deepcopy(result)):
        assert other.events.height == 1
        assert other.events.equals(result.events)
        assert other.weights.equals(result.weights)


def test_symbols_without_a_bar_are_counted_while_they_are_held() -> None:
    """A is held from day 1 and has no bar on days 2 and 4; B is not held before day 3 (A8)."""
    data = {"A": candles([100, 100, None, 100, None, 100]), "B": candles([50, None, 50, 50, 50])}
    result = run(data, omega.Weights(targets({0: {"A": 0.4}, 2: {"A": 0.4, "B": 0.4}})))
    assert [number for number, *_ in filled(result)] == [1, 3]
    assert result.exposure["stale"].to_list() == [0, 0, 1, 0, 1, 1]
    assert result.exposure["stale"].dtype == pl.UInt32
    flat = run(data, lambda bar: None)
    assert flat.exposure["stale"].to_list() == [0] * 6


def test_a_sweep_has_its_closed_trades_by_symbol() -> None:
    data = {"A": candles([100, 100, 110, 110]), "B": candles([50, 50, 45, 45])}

    def half(share: float) -> omega.Weights:
        return omega.Weights(targets({0: {"A": share, "B": share}}))

    words: dict[str, Any] = {"cash": 1e5, "account": "cash", "instruments": WHOLE}
    swept = omega.sweep(data, half, {"share": [0.5, 0.25]}, trades=True, **words)
    found = swept.by_symbol
    assert found.select("run", "symbol", "trades", "win_rate", "net_pnl").rows() == [
        (0, "A", 1, 1.0, 5_000.0),
        (0, "B", 1, 0.0, -5_000.0),
        (1, "A", 1, 1.0, 2_500.0),
        (1, "B", 1, 0.0, -2_500.0),
    ]
    own = swept.run(1).by_symbol.select(found.columns[1:])
    assert own.equals(found.filter(run=1).drop("run"))
    with pytest.raises(ConfigError, match=r"trades: this sweep did not keep them"):
        _ = omega.sweep(data, half, {"share": [0.5]}, **words).by_symbol


@pytest.mark.parametrize(
    ("table", "given", "words"),
    [
        ("splits", [{"symbol": "A", "date": "2024-01-03", "ratio": 2}] * 2, "a second split of A"),
        ("splits", "2:1", "given str, expected a table"),
        ("symbols", [{"old": "A", "new": "A", "date": "2024-01-03"}], "becomes itself"),
        ("halts", [{"symbol": "A", "from": "2024-01-05", "to": "2024-01-02"}], "a later end"),
        ("delistings", [{"symbol": "A", "date": "2024-01-03", "return": -2}], "given -2"),
    ],
)
def test_slips_in_a_table_of_events_are_refused(table: str, given: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        omega.Events(**{table: given})  # type: ignore[arg-type]  # as a user gives it


def test_a_universe_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ConfigError, match="a later end"):
        omega.Universe([{"symbol": "A", "from": "2024-01-05", "to": "2024-01-02"}])


def test_a_new_name_that_was_not_held_has_no_price_yet() -> None:
    """Nothing of A went over, so that B is sized from its own first close on."""
    result = run(RENAMED, omega.Weights(targets({2: {"B": 0.5}, 3: {"B": 0.4}})), events=CHANGE)
    assert rows(result, "B") == [(3, 0.5, "not_ready"), (4, 0.4, None)]
    assert filled(result) == [(4, "B", "buy", 400, 100)]


def test_metrics_are_plain_numbers_where_dividends_are_reinvested() -> None:
    row = {"symbol": "A", "date": "2024-01-03", "amount": 1}
    events = omega.Events(dividends=[row], reinvest=True)
    data = {"A": candles([100, 100, 99, 110])}
    result = omega.run_backtest(
        data, omega.Weights(targets({0: {"A": 0.5}})), events=events, account="cash",
        cash=100_000, backend="python",
    )  # fmt: skip
    assert type(result.metrics["net_profit"]) is float

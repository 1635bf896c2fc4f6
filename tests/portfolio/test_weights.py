"""Target weights: sizes, two phases, one factor (rules W1 to W7), by numbers computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

import omega
from tests.support.portfolios import WHOLE, candles, cash_of, filled, run, targets

FEE = omega.Costs(fee_percent=0.1)
ROTATION = {"A": candles([100, 100, (101, 100), 100]), "B": candles([50, 50, (49, 50), 50])}


def rotation(**rules: Any) -> omega.BacktestResult:  # noqa: ANN401 - of `Weights`
    """60,000 and 400 A, of which 30 % are kept while B becomes 70 %."""
    weights = targets({0: {"A": 40_000 / 100_040 + 1e-12}, 1: {"A": 0.3, "B": 0.7}})
    return run(ROTATION, omega.Weights(weights, **rules), cash=100_040, costs=FEE)


def test_what_is_sold_pays_for_what_is_bought() -> None:
    result = rotation()
    assert filled(result) == [
        (1, "A", "buy", 400, 100),
        (2, "A", "sell", 100, 101),
        (2, "B", "buy", 1_400, 49),
    ]
    # 60,000 + 10,100 - 10.10 - 68,600 - 68.60.
    assert cash_of(result) == pytest.approx(1_421.30, abs=1e-9)
    row = result.weights.filter(symbol="B").row(0, named=True)
    assert (row["target"], row["reason"]) == (0.7, None)
    equity = 1_421.30 + 300 * 100 + 1_400 * 50
    assert row["realised"] == pytest.approx(1_400 * 50 / equity)
    assert row["drift"] == pytest.approx(1_400 * 50 / equity - 0.7)


def test_sizes_at_the_fill_follow_from_the_opens() -> None:
    result = rotation(size_at="fill")
    # Equity 100,400 at the opens: 298 A, 1,434 B for 70,336.266 of 70,291.698 + ...
    assert filled(result)[1:] == [(2, "A", "sell", 102, 101), (2, "B", "buy", 1_433, 49)]
    assert cash_of(result) == pytest.approx(4.481, abs=1e-9)
    assert result.orders["lots"].to_list() == [400, 102, 1_434]
    assert result.orders["note"].to_list() == [None, None, "scaled"]
    assert result.weights["reason"].to_list() == [None, None, "cash"]


def test_all_purchases_shrink_by_one_factor() -> None:
    data = {"A": candles([100, 100]), "B": candles([50, 50])}
    result = run(data, omega.Weights(targets({0: {"A": 0.6, "B": 0.4}})), costs=FEE)
    assert result.orders["lots"].to_list() == [600, 800]
    assert [lots for *_, lots, _ in filled(result)] == [599, 799]
    assert cash_of(result) == pytest.approx(50.15, abs=1e-9)


def test_a_target_works_from_the_step_after_it_is_complete() -> None:
    data = {"A": candles([100, 110, 120, 130])}
    result = run(data, omega.Weights(targets({1: {"A": 0.5}})))
    # Sized by the close of day 1, bought at the open of day 2.
    assert filled(result) == [(2, "A", "buy", 454, 120)]


def test_a_target_between_two_bars_works_at_the_next() -> None:
    data = {"A": candles([100, 100, None, 100])}
    result = run(data, omega.Weights(targets({2: {"A": 0.5}})))
    assert filled(result)[0][0] == 3


def test_changes_alone_are_traded() -> None:
    data = {"A": candles([100, 100, 200, 200]), "B": candles([100] * 4)}
    same = {"A": 0.4, "B": 0.2}
    weights = targets({0: same, 1: same, 2: {"A": 0.4, "B": 0.3}})
    result = run(data, omega.Weights(weights))
    # A has doubled, and its target has not changed: 140,000 x 0.3 / 100 = 420 B.
    assert filled(result)[2:] == [(3, "B", "buy", 220, 100)]


def test_a_symbol_that_is_left_out_is_sold_or_held() -> None:
    data = {"A": candles([100] * 4), "B": candles([100] * 4)}
    weights = targets({0: {"A": 0.4, "B": 0.2}, 1: {"B": 0.2}})
    assert filled(run(data, omega.Weights(weights)))[2:] == [(2, "A", "sell", 400, 100)]
    assert len(filled(run(data, omega.Weights(weights, missing="hold")))) == 2


def test_null_leaves_a_symbol_alone() -> None:
    data = {"A": candles([100, 100, 200, 200]), "B": candles([100] * 4)}
    days = [omega.Weights(targets({0: {"A": 0.4}, 1: {"A": None, "B": 0.1}}), when=when)
            for when in ("change", "1d")]  # fmt: skip
    for weights in days:
        result = run(data, weights)
        assert [row[:4] for row in filled(result)[:1]] == [(1, "A", "buy", 400)]
        assert "sell" not in [side for _, _, side, *_ in filled(result)]
    kept = result.weights.filter(symbol="A")["reason"].to_list()
    assert kept[-1] == "hold"
    assert result.weights.filter(symbol="A")["target"].to_list()[-1] is None


def test_a_month_is_rebalanced_at_its_first_step() -> None:
    prices = [100.0] * 70
    data = {"A": candles(prices), "B": candles([100.0] * 40 + [200.0] * 30)}
    result = run(data, omega.Weights(targets({0: {"A": 0.5, "B": 0.5}}), when="1mo"))
    # 1 February is day 31, 1 March day 60; on 1 January nothing is complete.
    assert {row[0] for row in filled(result)} == {31, 60}
    assert filled(result)[2:] == [(60, "B", "sell", 125, 200), (60, "A", "buy", 250, 100)]


def test_given_times_are_acted_on_at_the_first_step_from_then_on() -> None:
    data = {"A": candles([100, 100, None, 100, 100])}
    weights = omega.Weights(targets({0: {"A": 0.5}}), when=["2024-01-03"])
    assert filled(run(data, weights))[0][0] == 3


def test_a_flip_is_two_orders() -> None:
    data = {"A": candles([100] * 4)}
    weights = omega.Weights(targets({0: {"A": 0.5}, 1: {"A": -0.25}}))
    result = run(data, weights, account=omega.Account(kind="margin", leverage=2))
    assert filled(result)[1:] == [(2, "A", "sell", 500, 100), (2, "A", "sell", 250, 100)]
    assert result.orders["lots"].to_list() == [500, 500, 250]
    assert result.positions.row(0, named=True)["direction"] == "short"


def test_a_small_trade_is_left_out_and_an_exit_is_not() -> None:
    data = {"A": candles([100] * 5), "B": candles([100] * 5)}
    steps = {0: {"A": 0.5, "B": 0.01}, 1: {"A": 0.51, "B": 0.01}, 2: {"A": 0.6, "B": 0.0}}
    for least in (1_001, 0.0101):
        weights = omega.Weights(targets(steps), min_trade=least)
        # B never begins: it is worth 1,000.
        assert [row[:4] for row in filled(run(data, weights))] == [
            (1, "A", "buy", 500), (3, "A", "buy", 100),
        ]  # fmt: skip
    result = run(data, omega.Weights(targets({0: {"A": 0.02}, 1: {"A": 0.0}}), min_trade=1_500))
    assert [row[:4] for row in filled(result)] == [(1, "A", "buy", 20), (2, "A", "sell", 20)]
    result = run(data, omega.Weights(targets({0: {"A": 0.02}, 1: {"A": 0.0}}), min_trade=2_000))
    assert [row[3] for row in filled(result)] == [20, 20]


def test_a_band_is_the_distance_that_is_not_traded() -> None:
    data = {"A": candles([100] * 5)}
    steps = {0: {"A": 0.5}, 1: {"A": 0.54}, 2: {"A": 0.55}, 3: {"A": 0.0}}
    result = run(data, omega.Weights(targets(steps), band=0.05))
    assert [row[:4] for row in filled(result)] == [
        (1, "A", "buy", 500), (3, "A", "buy", 50), (4, "A", "sell", 500), (4, "A", "sell", 50),
    ]  # fmt: skip
    assert result.weights["reason"].to_list() == [None, "band", None, None]


def test_turnover_cuts_sales_and_purchases_alike() -> None:
    data = {"A": candles([100] * 4), "B": candles([50] * 4)}
    steps = {0: {"A": 0.4}, 1: {"B": 0.6}}
    result = run(data, omega.Weights(targets(steps), max_turnover=0.5))
    # 40,000 of A and 60,000 of B are 100,000, and 50,000 are traded: an exit is cut as well.
    assert [row[:4] for row in filled(result)[1:]] == [(2, "A", "sell", 200), (2, "B", "buy", 600)]
    assert result.weights["reason"].to_list() == [None, "turnover", "turnover"]


def test_an_equity_below_zero_has_no_turnover() -> None:
    """5,000 of 100 fall to 50 on 100,000: a share of -150,000 turned the exit into a purchase."""
    data = {"A": candles([100, 100, 50, 50])}
    weights = omega.Weights(targets({0: {"A": 5.0}, 2: {"A": 0.0}}), max_turnover=10)
    account = omega.Account(leverage=10, stop_out_level=None, ruin="allow")
    result = run(data, weights, account=account)
    assert [row[:4] for row in filled(result)] == [(1, "A", "buy", 5_000)]
    assert result.equity["equity"][-1] == -150_000
    assert result.weights["reason"].to_list() == [None, "turnover"]


def test_a_buffer_is_never_spent() -> None:
    data = {"A": candles([100, 100])}
    result = run(data, omega.Weights(targets({0: {"A": 1.0}}), cash_buffer=0.25))
    assert [lots for *_, lots, _ in filled(result)] == [749]  # a little below 750: no tolerance
    assert cash_of(result) == 25_100


def test_fixed_and_minimum_fees_come_before_the_sizes() -> None:
    data = {"A": candles([100, 100]), "B": candles([50, 50])}
    costs = omega.Costs(fee_fixed=100, fee_min=400)
    result = run(data, omega.Weights(targets({0: {"A": 0.6, "B": 0.4}})), costs=costs)
    # (100,000 - 2 x (100 + 400)) / 100,000 = 0.99, a little less: 593 and 791; 400 each.
    assert [lots for *_, lots, _ in filled(result)] == [593, 791]
    assert cash_of(result) == 100_000 - 59_300 - 39_550 - 800


def test_a_fee_function_is_called_at_the_full_size_and_at_the_size_that_fills() -> None:
    asked: list[float] = []

    def fee(fill: omega.FeeBasis) -> float:
        asked.append(fill.lots)
        return 1_000.0

    data = {"A": candles([100, 100])}
    weights = omega.Weights(targets({0: {"A": 1.0}}))
    result = run(data, weights, costs=omega.Costs(fee=fee))
    assert [lots for *_, lots, _ in filled(result)] == [989]  # below 99,000 / 100
    assert asked == [1_000, 989] * 2  # on each backend


def test_a_fee_that_grows_as_sizes_fall_is_refused() -> None:
    def fee(fill: omega.FeeBasis) -> float:
        return 10.0 if fill.lots == 1_000 else 5_000.0

    data = {"A": candles([100, 100])}
    weights = omega.Weights(targets({0: {"A": 1.0}}))
    result = run(data, weights, costs=omega.Costs(fee=fee))
    assert result.orders["reject_reason"].to_list() == ["margin"]
    assert result.weights["reason"].to_list() == ["margin"]


def test_a_symbol_without_a_bar_waits_and_its_money_is_kept() -> None:
    data = {"A": candles([100, 100, 200, 200]), "B": candles([100, 100, None, 100])}
    result = run(data, omega.Weights(targets({1: {"A": 0.5, "B": 0.5}})))
    # A costs twice its last close: 100,000 of 150,000, so that it gets two thirds of 500, and B
    # two thirds of its own, at its next bar.
    assert filled(result) == [(2, "A", "buy", 333, 200), (3, "B", "buy", 333, 100)]
    assert result.weights["reason"].to_list() == ["cash", "waiting"]
    statuses = result.orders["status"].to_list()
    assert statuses == ["filled", "filled"]


def test_what_waits_is_cancelled_by_the_next_rebalance() -> None:
    data = {"A": candles([100] * 6), "B": candles([100, 100, None, None, 100, 100])}
    steps = {1: {"A": 0.5, "B": 0.5}, 2: {"A": 0.5, "B": 0.2}}
    result = run(data, omega.Weights(targets(steps)))
    assert filled(result) == [(2, "A", "buy", 500, 100), (4, "B", "buy", 200, 100)]
    assert result.orders["status"].to_list() == ["filled", "cancelled", "filled"]


def test_a_symbol_that_has_not_begun_is_refused() -> None:
    data = {"A": candles([100] * 4), "B": candles([None, None, 50, 50])}
    result = run(data, omega.Weights(targets({0: {"A": 0.5, "B": 0.5}})))
    assert result.orders["reject_reason"].to_list() == [None, "not_ready"]
    assert result.weights["reason"].to_list() == [None, "not_ready"]


def test_contracts_and_rates_count() -> None:
    future = omega.Instrument(contract_size=10, volume_step=1, quote_currency="EUR")
    data = {"A": candles([100, 100])}
    weights = omega.Weights(targets({0: {"A": 0.5}}))
    result = run(data, weights, instruments=future, conversion={"EUR": 1.25})
    # 50,000 / (100 x 10 x 1.25) = 40.
    assert filled(result) == [(1, "A", "buy", 40, 100)]


def test_fractions_without_a_step() -> None:
    data = {"A": candles([100, 100, 30, 30])}
    whole = omega.Weights(targets({0: {"A": 1 / 3}, 2: {"A": 0.0}}))
    result = run(data, whole, instruments=None)
    assert [lots for *_, lots, _ in filled(result)] == [1 / 3 * 100_000 / 100] * 2
    assert result.positions.is_empty()


def test_slippage_counts_in_what_a_purchase_needs() -> None:
    data = {"A": candles([100, 100])}
    costs = omega.Costs(slippage_percent=1.0)
    result = run(data, omega.Weights(targets({0: {"A": 1.0}})), costs=costs)
    assert filled(result) == [(1, "A", "buy", 990, 101)]


def test_the_largest_order_caps_a_purchase() -> None:
    capped = omega.Instrument(volume_step=1, volume_max=300)
    result = run({"A": candles([100, 100])}, omega.Weights(targets({0: {"A": 0.5}})),
                 instruments=capped)  # fmt: skip
    assert [lots for *_, lots, _ in filled(result)] == [300]


def test_a_size_below_the_smallest_is_refused() -> None:
    least = omega.Instrument(volume_step=1, volume_min=600)
    result = run({"A": candles([100, 100])}, omega.Weights(targets({0: {"A": 0.5}})),
                 instruments=least)  # fmt: skip
    assert result.orders["reject_reason"].to_list() == ["size"]


@pytest.mark.parametrize("names", ["AB", "BA"])
def test_the_order_of_symbols_changes_no_byte(names: str) -> None:
    data = {name: ROTATION[name] for name in names}
    weights = targets({0: {"A": 0.4}, 1: {"A": 0.3, "B": 0.7}}).sort(
        "symbol", descending=names == "BA"
    )
    result = run(data, omega.Weights(weights), costs=FEE)
    expected = run(
        ROTATION, omega.Weights(targets({0: {"A": 0.4}, 1: {"A": 0.3, "B": 0.7}})), costs=FEE
    )
    assert result.fingerprint == expected.fingerprint
    assert result.symbols == ["A", "B"]


def test_margin_accounts_share_their_free_margin() -> None:
    data = {"A": candles([100, 100]), "B": candles([50, 50])}
    account = omega.Account(kind="margin", leverage=2)
    weights = omega.Weights(targets({0: {"A": 1.5, "B": -1.0}}))
    result = run(data, weights, account=account, instruments=WHOLE)
    # Margin 75,000 + 50,000 of 100,000: 0.8 of 1,500 and of 2,000, a little less.
    assert [row[1:4] for row in filled(result)] == [("A", "buy", 1_199), ("B", "sell", 1_599)]
    assert result.weights["reason"].to_list() == ["margin", "margin"]

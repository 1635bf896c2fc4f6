"""Target weights that follow each other on one account, and with something against them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import omega
from omega.strategy.schedule import Border, Schedule, Stage
from tests.support.backends import BACKENDS
from tests.support.forward_forms import called_weights, candles, weights
from tests.support.portfolios import WHOLE, day, filled, run, targets
from tests.support.portfolios import candles as priced

OPEN_END = omega.Execution(close_at_end=False)


def prices(count: int = 31) -> dict[str, Any]:
    """Give a share that jumps from 100 to 125 on day 16, and one that stays at 50."""
    shares = [100.0 if number < 16 else 125.0 for number in range(count)]
    return {"A": priced(shares), "B": priced([50.0] * count)}


def halves(b: float) -> omega.Weights:
    """Give half of the money to A, and some to B."""
    return omega.Weights(targets({0: {"A": 0.5, "B": b}}))


def _next(rest: Iterator[int | None], sweep: omega.SweepResult) -> int | None:
    return next(rest)


def forward(
    strategy: Callable[..., omega.Weights],
    grid: dict[str, list[Any]],
    chosen: list[int | None],
    **given: Any,  # noqa: ANN401 - of walk_forward
) -> omega.WalkForward:
    """Walk forward on both backends over windows of ten days, which choose as it is given."""
    made = []
    data = given.pop("data", None) or prices()
    for backend in BACKENDS:
        rest = iter(chosen)
        lengths: dict[str, Any] = {"train": 10, "test": 10, "backend": backend, "workers": 1}
        own = {"account": "cash", "instruments": WHOLE, "execution": OPEN_END, "cash": 10_000.0}
        made.append(
            omega.walk_forward(
                data,
                strategy,
                grid,
                objective=partial(_next, rest),
                **{**lengths, **own, **given},
            )
        )
    assert len({one.oos.fingerprint for one in made}) == 1
    return made[0]


def test_at_a_kept_border_what_differs_is_traded() -> None:
    wf = forward(halves, {"b": [0.4, 0.2]}, [0, 1, 0])
    # Day 11: E 10,000, so 50 A and 80 B. Day 16: A is worth 6,250, which is more than half of
    # 11,250, but its target is what it was. Day 21: B is to be 2,250 / 50 = 45.
    assert filled(wf.oos) == [
        (11, "A", "buy", 50.0, 100.0),
        (11, "B", "buy", 80.0, 50.0),
        (21, "B", "sell", 35.0, 50.0),
    ]
    assert wf.oos.weights.select("symbol", "target").rows() == [("A", 0.5), ("B", 0.4), ("B", 0.2)]


def test_at_a_flat_border_all_is_bought_again() -> None:
    wf = forward(halves, {"b": [0.4, 0.2]}, [0, 1, 0], border="flat")
    assert filled(wf.oos)[2:] == [
        (21, "A", "sell", 50.0, 125.0),
        (21, "B", "sell", 80.0, 50.0),
        (21, "A", "buy", 45.0, 125.0),
        (21, "B", "buy", 45.0, 50.0),
    ]
    assert wf.oos.trades["exit_reason"].cast(str).to_list() == ["window"] * 2


def test_after_a_window_without_a_choice_all_is_bought_again() -> None:
    wf = forward(halves, {"b": [0.4, 0.2]}, [0, None, 0, 0], data=prices(41))
    assert filled(wf.oos)[2:] == [
        (21, "A", "sell", 50.0, 125.0),
        (21, "B", "sell", 80.0, 50.0),
        (31, "A", "buy", 45.0, 125.0),
        (31, "B", "buy", 90.0, 50.0),
    ]


def test_a_symbol_that_the_next_table_does_not_name_is_sold_or_held() -> None:
    def either(b: float, missing: str) -> omega.Weights:
        own = {"A": 0.5, "B": b} if b else {"A": 0.5}
        return omega.Weights(targets({0: own}), missing=missing)

    sold = forward(either, {"b": [0.4, 0.0], "missing": ["sell"]}, [0, 1, 0])
    assert filled(sold.oos)[2:] == [(21, "B", "sell", 80.0, 50.0)]
    held = forward(either, {"b": [0.4, 0.0], "missing": ["hold"]}, [0, 1, 0])
    assert len(filled(held.oos)) == 2


def test_by_a_schedule_a_border_trades_nothing_before_the_next_time() -> None:
    def by_times(b: float) -> omega.Weights:
        return omega.Weights(targets({0: {"A": 0.5, "B": b}}), when=[day(13), day(24)])

    wf = forward(by_times, {"b": [0.4, 0.2]}, [0, 1, 0])
    # Day 24: all by the newest targets, A from 6,250 to 5,625.
    assert filled(wf.oos) == [
        (13, "A", "buy", 50.0, 100.0),
        (13, "B", "buy", 80.0, 50.0),
        (24, "A", "sell", 5.0, 125.0),
        (24, "B", "sell", 35.0, 50.0),
    ]


def test_functions_go_on_from_what_was_acted_on() -> None:
    def called(b: float) -> omega.Weights:
        return omega.Weights(lambda bar: {"A": 0.5, "B": b})

    wf = forward(called, {"b": [0.4, 0.2]}, [0, 1, 0])
    table = forward(halves, {"b": [0.4, 0.2]}, [0, 1, 0])
    assert filled(wf.oos) == filled(table.oos)


@pytest.mark.parametrize("form", ["table", "function"])
@pytest.mark.parametrize("when", ["change", "1d"])
def test_one_set_over_several_symbols_is_the_plain_run(form: str, when: str) -> None:
    data = {
        "AAA": candles(300, seed=1),
        "BBB": candles(240, seed=2, minutes=75),
        "CCC": candles(300, seed=3),
    }
    make = (
        (lambda n: weights(n, tuple(data), when, band=0.01))
        if form == "table"
        else (lambda n: called_weights(n, when))
    )
    for backend in BACKENDS:
        wf = omega.walk_forward(
            data,
            make,
            {"n": [6]},
            train="3d",
            test="17h",
            objective="total_return",
            account="cash",
            check=True,
            workers=1,
            backend=backend,
        )
        assert wf.checked
        assert wf.oos.trades.height > 4


def test_the_limit_on_participation_is_the_accounts() -> None:
    with pytest.raises(omega.ConfigError, match="the limit is the account's"):
        omega.walk_forward(
            candles(300, seed=1).with_columns(volume=1e6),
            lambda n, q: weights(n, participation=q),
            {"n": [5], "q": [0.1, 0.2]},
            train=80,
            test=40,
        )


def test_weights_do_not_follow_another_form() -> None:
    made: Any = Schedule((Stage(0, weights(5)), Stage(9, omega.native("buy_and_hold"))))
    with pytest.raises(omega.ConfigError, match="expected the same form in all windows"):
        omega.run_backtest(candles(60, seed=1), made)
    hedged, made = omega.Execution(position_mode="hedging"), Schedule((Stage(0, weights(5)),))
    with pytest.raises(omega.ConfigError, match=r"'hedging' with omega\.Weights"):
        omega.run_backtest(candles(60, seed=1), made, execution=hedged)


def test_a_grid_of_weights_is_cross_validated() -> None:
    found = omega.cross_validate(
        candles(400, seed=4), weights, {"n": [5, 9]}, groups=4, tested=2, reuse="exact"
    )
    assert found.paths.height == 3
    assert found.paths["total_return"].n_unique() > 1


# --- with something against it -------------------------------------------------------------------


def disturbed(late_entries: bool, late_exits: bool, share: float = 0.0) -> omega.BacktestResult:
    """Half in A, later half in B: 500 A at 100 are sold, and 1,000 B at 50 bought."""
    own = omega.Weights(targets({0: {"A": 0.5}, 3: {"B": 0.5}}))
    how = (late_entries, late_exits, 7, share)
    return run(prices(8), Schedule((Stage(0, own),), (), how))


def test_rebalances_whose_entries_exits_or_both_are_a_bar_late() -> None:
    bought, sold, other = (
        ("A", "buy", 500.0, 100.0),
        ("A", "sell", 500.0, 100.0),
        ("B", "buy", 1000.0, 50.0),
    )
    plain = [(1, *bought), (4, *sold), (4, *other)]
    assert filled(disturbed(late_entries=False, late_exits=False)) == plain
    entries = [(2, *bought), (4, *sold), (5, *other)]
    assert filled(disturbed(late_entries=True, late_exits=False)) == entries
    exits = [(1, *bought), (4, *other), (5, *sold)]
    assert filled(disturbed(late_entries=False, late_exits=True)) == exits
    both = [(2, *bought), (5, *sold), (5, *other)]
    assert filled(disturbed(late_entries=True, late_exits=True)) == both


def test_what_a_late_rebalance_buys_is_sized_when_it_goes_out() -> None:
    data = {"A": priced([100.0, 100.0, 125.0, 125.0])}
    own = Schedule((Stage(0, omega.Weights(targets({0: {"A": 0.5}}))),), (), (True, True, 0, 0.0))
    # Decided at the close of day 1 in place of day 0, and filled at the open of day 2.
    assert filled(run(data, own)) == [(2, "A", "buy", 500.0, 125.0)]


def test_lost_entries_are_not_bought_and_exits_are_done() -> None:
    assert filled(disturbed(late_entries=False, late_exits=False, share=1.0)) == []
    own = omega.Weights(targets({0: {"A": 0.5}, 3: {"A": 0.1, "B": 0.3}, 5: {"A": 0.6}}))
    fills = {
        seed: filled(run(prices(8), Schedule((Stage(0, own),), (), (False, False, seed, 0.5))))
        for seed in range(12)
    }
    assert len({tuple(one) for one in fills.values()}) > 3
    for one in fills.values():
        held: dict[str, float] = {"A": 0.0, "B": 0.0}
        for _, symbol, side, lots, _ in one:
            held[symbol] += lots if side == "buy" else -lots
        has_bought = any(number == 1 for number, *_ in one)
        assert ((4, "A", "sell", 400.0, 100.0) in one) == has_bought
        assert held["B"] == 0.0


def test_a_sale_that_waits_for_a_bar_outlives_the_late_purchases() -> None:
    data = {"A": priced([100.0, 100, 100, 100, None, None, 100, 100]), "B": priced([50.0] * 8)}
    own = omega.Weights(targets({0: {"A": 0.5}, 3: {"B": 0.3}}))
    result = run(data, Schedule((Stage(0, own),), (), (True, False, 0, 0.0)))
    assert filled(result) == [
        (2, "A", "buy", 500.0, 100.0),
        (5, "B", "buy", 600.0, 50.0),
        (6, "A", "sell", 500.0, 100.0),
    ]


def test_stress_makes_all_variations_of_weights() -> None:
    found = omega.stress(
        {name: candles(200, seed=seed) for seed, name in enumerate(("AAA", "BBB"))},
        lambda n: weights(n, ("AAA", "BBB")),
        parameters={"n": 6},
        runs=2,
        starts=1,
        account="cash",
        costs=omega.Costs(fee_percent=0.1),
    )
    assert found.skipped == {}
    assert found.runs["error"].null_count() == found.runs.height
    marks = found.runs.filter(variation="late orders")["fingerprint"]
    assert marks.item() != found.base.fingerprint
    drawn = found.runs.filter(pl.col("variation") != "parameters")  # two may move alike
    assert drawn["fingerprint"].n_unique() == drawn.height


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    n=st.integers(2, 9),
    late=st.tuples(st.booleans(), st.booleans()),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 1000),
    form=st.sampled_from(["change", "1d", "called"]),
    border=st.sampled_from(["keep", "cancel"]),
)
def test_disturbed_rebalances_are_the_same_on_both_backends(  # noqa: PLR0917 - what is drawn
    n: int, late: tuple[bool, bool], share: float, seed: int, form: str, border: Border
) -> None:
    data = {
        "AAA": candles(60, seed=seed),
        "BBB": candles(48, seed=seed + 1, minutes=75),
    }
    names = tuple(data)
    first, second = (
        called_weights(k) if form == "called" else weights(k, names, form) for k in (n, n + 1)
    )
    made = Schedule((Stage(0, first), Stage(25, second, border)), (), (*late, seed, share))
    result = run(data, made, instruments=None)
    if (late, share, border) == ((False, False), 0.0, "keep"):
        assert result.trades.height or result.positions.height

"""Targets in classes, weights by a function, and what is refused (rules W2, W4 and W11)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest

import omega
from tests.support.portfolios import START, WHOLE, candles, filled, run, targets

FLAT = {"A": candles([100] * 5), "B": candles([50] * 5)}


class Told(omega.Strategy):
    """Does what it is told on the bars of some days."""

    def __init__(self, told: dict[int, Callable[[Told], object]]) -> None:
        super().__init__()
        self.told = told

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index in self.told:
            self.told[bar.index](self)


def told(
    days: dict[int, Callable[[Any], object]],
    **settings: Any,  # noqa: ANN401 - of `run_backtest`
) -> omega.BacktestResult:
    return run(FLAT, Told(days), **settings)


def test_a_target_by_weight_value_or_units() -> None:
    result = told({
        0: lambda own: own.order_target("A", weight=0.3),
        1: lambda own: own.order_target("A", value=20_000),
        2: lambda own: own.order_target("A", units=250),
    })  # fmt: skip
    assert [row[:4] for row in filled(result)] == [
        (1, "A", "buy", 300), (2, "A", "sell", 100), (3, "A", "buy", 50),
    ]  # fmt: skip
    assert result.weights["target"].to_list() == [0.3, 0.2, 0.25]


def test_an_amount_without_a_price_has_no_weight() -> None:
    """The table showed the amount itself as the weight: 5,000 for 5,000 of the currency."""
    own = Told({
        0: lambda own: own.order_target("B", value=5_000),
        1: lambda own: own.order_target("B", units=70),
        2: lambda own: own.order_target("B", weight=0.3),
    })  # fmt: skip
    result = run({"A": candles([100] * 5), "B": candles([None] * 4 + [50])}, own)
    assert result.weights["reason"].to_list() == ["not_ready"] * 3
    assert result.weights["target"].to_list() == [None, None, 0.3]


def test_with_finer_bars_a_weight_is_the_one_at_the_close_of_the_step() -> None:
    """500 at 100 are 60,000 of 110,000 at the close; at noon they were a half of the equity."""
    opens, closes = [100.0] * 4 + [120.0] * 2, [100.0] * 3 + [120.0] * 3
    times = [START + timedelta(hours=12 * half) for half in range(6)]
    prices = {"open": opens, "high": closes, "low": opens, "close": closes}
    finer = pl.DataFrame({"time": times} | prices)
    execution = omega.Execution(close_at_end=False, intrabar="magnifier", magnifier={"A": finer})
    own = Told({0: lambda own: own.order_target("A", weight=0.5)})
    data = {"A": candles([100, (100, 120), 120]), "B": candles([50] * 3)}
    result = run(data, own, execution=execution)
    assert result.weights["realised"].to_list() == [pytest.approx(60 / 110)]


def test_targets_of_a_step_trade_together() -> None:
    def both(own: Told) -> None:
        own.order_target("B", weight=0.9)
        own.order_target("A", weight=0.1)

    result = told({0: lambda own: own.order_target("A", weight=0.9), 1: both})
    # What A brings pays for B, although B was named first.
    assert [row[:4] for row in filled(result)[1:]] == [
        (2, "A", "sell", 800),
        (2, "B", "buy", 1_800),
    ]


def test_two_targets_of_a_symbol_never_buy_twice() -> None:
    def twice(own: Told) -> None:
        own.order_target("A", weight=0.5)
        own.order_target("A", weight=0.4)

    result = told({0: twice})
    assert [row[:4] for row in filled(result)] == [(1, "A", "buy", 400)]
    assert result.orders["status"].to_list() == ["cancelled", "filled"]


def test_a_rebalance_sells_what_it_does_not_name() -> None:
    days = {
        0: lambda own: own.rebalance({"A": 0.4, "B": 0.4}),
        1: lambda own: own.rebalance({"B": 0.4}, missing="hold"),
        2: lambda own: own.rebalance({"B": 0.4}),
        3: lambda own: own.rebalance({"B": None}),
    }
    result = told(days)
    assert [row[:4] for row in filled(result)] == [
        (1, "A", "buy", 400), (1, "B", "buy", 800), (3, "A", "sell", 400),
    ]  # fmt: skip
    assert result.weights["reason"].to_list()[-1] == "hold"


def test_numbers_of_later_orders_count_a_rebalance_as_one() -> None:
    numbers = []

    def both(own: Told) -> None:
        own.rebalance({"A": 0.2, "B": 0.2})
        numbers.append(own.buy(100, symbol="A"))

    result = told({0: both})
    assert set(numbers) == {1}
    assert result.orders.select("order_id", "lots").rows() == [(1, 100), (2, 100), (3, 400)]


def test_the_orders_of_others_come_first() -> None:
    def both(own: Told) -> None:
        own.order_target("A", weight=0.5)
        own.buy(100, symbol="A")

    # The position is 100 when the target becomes an order: 400 are missing.
    assert [row[3] for row in filled(told({0: both}))] == [100, 400]


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (lambda own: own.order_target("A"), "one of weight="),
        (lambda own: own.order_target("A", weight=0.1, units=3), "weight and units"),
        (lambda own: own.order_target("Z", weight=0.1), "'Z' is no symbol"),
        (lambda own: own.order_target("A", weight=math.nan), "a finite number"),
        (lambda own: own.order_target("A", weight=-0.1), "cash account"),
        (lambda own: own.rebalance({"A": 0.7, "B": 0.4}), "weights of 1.1 in all"),
        (lambda own: own.rebalance({"A": 0.5}, missing="keep"), "'sell', 'hold'"),
        (lambda own: own.rebalance([0.5]), "{symbol: weight}"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(
    does: Callable[[Told], object], words: str
) -> None:
    with pytest.raises(omega.ConfigError, match=words.replace("{", r"\{")):
        told({0: does})


def test_an_ensemble_has_no_account_of_its_own() -> None:
    one = Told({0: lambda own: own.rebalance({"A": 0.5})})
    with pytest.raises(omega.ConfigError, match="the whole account"):
        run(FLAT, [one])


def test_a_function_is_called_once_a_rebalance() -> None:
    asked: list[str] = []

    def weights(bar: omega.Bar) -> dict[str, float | None]:
        asked.append(f"{bar.time:%d %b}")
        return {"A": 0.5, "B": None if bar.time.month > 1 else 0.25}

    data = {"A": candles([100.0] * 70), "B": candles([50.0] * 70)}
    result = run(data, omega.Weights(weights, when="1mo"))
    # On the last bars of January and of February, on each backend.
    assert asked == ["31 Jan", "29 Feb"] * 2
    assert [row[:4] for row in filled(result)] == [(31, "A", "buy", 500), (31, "B", "buy", 500)]


def test_a_function_may_be_asked_at_every_step() -> None:
    def weights(bar: omega.Bar) -> dict[str, float]:
        return {"A": 0.5} if bar.index < 2 else {"B": 0.5}

    result = run(FLAT, omega.Weights(weights))
    assert [row[:4] for row in filled(result)] == [
        (1, "A", "buy", 500), (3, "A", "sell", 500), (3, "B", "buy", 1_000),
    ]  # fmt: skip


def test_a_function_gives_the_same_as_its_table() -> None:
    by_day = {0: {"A": 0.5}, 1: {"A": 0.2, "B": 0.3}, 2: {"B": 0.7}}
    table = run(FLAT, omega.Weights(targets(by_day), when="1d"))
    called = run(FLAT, omega.Weights(lambda bar: by_day[min(bar.index, 2)], when="1d"))
    assert table.fingerprint == called.fingerprint


@pytest.mark.parametrize(
    "form", ["long", "wide", "pandas", "pandas wide", "dict", "dates", "texts"]
)
def test_tables_of_all_forms_are_equal(form: str) -> None:
    long = targets({0: {"A": 0.5, "B": None}, 1: {"A": 0.2, "B": 0.3}})
    wide = long.pivot(on="symbol", index="time", values="weight")  # noqa: PD010 - of Polars
    forms = {
        "long": long,
        "wide": wide,
        "pandas": long.to_pandas(),
        "pandas wide": pd.DataFrame(wide.to_pandas()).set_index("time"),
        "dict": {"ts": [START, START], "SYMBOL": ["A", "B"], "Weight": [0.5, None]},
        "dates": long.with_columns(pl.col("time").cast(pl.Date)),
        "texts": long.with_columns(pl.col("time").dt.strftime("%Y-%m-%d")),
    }
    result = run(FLAT, omega.Weights(forms[form]))
    expected = [(1, "A", "buy", 500), (2, "A", "sell", 300), (2, "B", "buy", 600)]
    given = [row[:4] for row in filled(result)]
    assert given == (expected[:1] if form == "dict" else expected)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, "A", math.nan)], "nan for A at 2024-01-01.*row 0"),
        ([(0, "A", math.inf)], "inf for A"),
        ([(0, "Z", 0.5)], "'Z' is no symbol of this run"),
        ([(0, "A", 0.5), (0, "A", 0.6)], "two rows for A at 2024-01-01"),
        ([(0, "A", 0.6), (0, "B", 0.4 + 1e-8)], "1.00000001 in all at 2024-01-01"),
        ([(0, "A", 0.6), (1, "B", -0.1)], "-0.1 at 2024-01-02"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(
    rows: list[tuple[int, str, float]], words: str
) -> None:
    times = [START + pd.Timedelta(days=day).to_pytimedelta() for day, *_ in rows]
    table = {"time": times, "symbol": [row[1] for row in rows], "weight": [row[2] for row in rows]}
    with pytest.raises(omega.ConfigError, match=words):
        run(FLAT, omega.Weights(table))


def test_a_sum_within_a_billionth_is_taken() -> None:
    run(FLAT, omega.Weights(targets({0: {"A": 0.6, "B": 0.4 + 1e-10}})))


def test_more_than_everything_needs_a_margin_account() -> None:
    account = omega.Account(kind="margin", leverage=3)
    result = run(FLAT, omega.Weights(targets({0: {"A": 1.5, "B": 1.0}})), account=account)
    assert [row[3] for row in filled(result)] == [1_500, 2_000]


@pytest.mark.parametrize("when", ["change", "1d"])
def test_targets_after_the_candles_are_refused(when: str) -> None:
    late = targets({30: {"A": 0.5}, 40: {"A": 0.0}})
    match = "given targets from 2024-01-31 00:00 to 2024-02-10 00:00, and the candles go from 2024"
    with pytest.raises(omega.ConfigError, match=match):
        run(FLAT, omega.Weights(late, when=when))
    weights = omega.Weights(targets({2: {"A": 0.5}}))
    assert omega.check_lookahead(weights, FLAT).clean  # also over the bars before the target


@pytest.mark.parametrize("is_pandas", [True, False])
def test_targets_that_pandas_left_out_are_a_notice(is_pandas: bool) -> None:
    frame = targets({0: {"A": 0.5}, 2: {"A": None}})
    result = run(FLAT, omega.Weights(frame.to_pandas() if is_pandas else frame))
    found = [str(one) for one in result.notices if one.kind == "null_targets"]
    text = "1 of 2 targets are null and leave what is held as it is; fillna(0) sells it"
    assert found == ([text] if is_pandas else [])


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (None, r"gross 2.00 reached 1.00 .*; give omega.Account\(kind='margin', leverage=2\)"),
        (omega.Account(kind="margin", leverage=1), "gross 2.00 reached 1.00 .*; give a higher"),
        (omega.Account(kind="margin", leverage=2), None),
    ],
)
def test_targets_of_more_than_the_money_are_a_warning(
    account: omega.Account | None, words: str | None
) -> None:
    data = {"A": candles([100, 100, 100]), "B": candles([50, 50, 50])}
    result = run(data, omega.Weights(targets({0: {"A": 1.0, "B": -1.0}})), account=account)
    found = [one for one in result.notices if one.kind == "unreached_targets"]
    assert len(found) == (words is not None)
    for one in found:
        assert re.search(str(words), one.text)
        assert one.level == "warning"


def test_shares_on_margin_are_offered_a_leverage_of_shares() -> None:
    with pytest.raises(omega.ConfigError, match=r"write Account\(leverage=2\)"):
        run(FLAT, omega.Weights(targets({0: {"A": 0.5}})), account="margin")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"when": "1m"}, "'change', '1d'"),
        ({"when": []}, "a list of moments"),
        ({"size_at": "open"}, "'decision', 'fill'"),
        ({"missing": "buy"}, "'sell', 'hold'"),
        ({"participation": 1.5}, "not above 1"),
        ({"short_pays": False}, "short_pays"),
        ({"max_turnover": 0}, "above 0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(omega.ConfigError, match=words):
        omega.Weights({}, **given)


def test_hedging_and_the_first_version_are_refused() -> None:
    weights = omega.Weights(targets({0: {"A": 0.5}}))
    with pytest.raises(omega.ConfigError, match="hedging"):
        run(FLAT, weights, execution=omega.Execution(position_mode="hedging"))
    with pytest.raises(omega.ConfigError, match="semantics"):
        run(FLAT, weights, semantics=1, account=None)


def test_a_table_is_neither_text_nor_without_times() -> None:
    with pytest.raises(omega.ConfigError, match="expected a table"):
        run(FLAT, omega.Weights("weights.csv"))
    with pytest.raises(omega.ConfigError, match="expected a time"):
        run(FLAT, omega.Weights({"symbol": ["A"], "weight": [0.5]}))
    assert WHOLE.volume_step == 1
